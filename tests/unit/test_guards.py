# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guards: each has policies that trip it and one beside them that does not; any can be overridden by name."""

from __future__ import annotations

from base64 import b64encode

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    ManifestProblem,
    guards,
    releases,
)
from cases import DATA, cases
from hypothesis import given
from openshift4 import manifests
from test_node_files import any_release, anything, clusters
from trust.pki import certificate

REPOSITORY = DATA.parents[1]
TABLE = cases("openshift4/guards.yml")


def tripped(case, *overridden):
    found = guards.lint(manifests(case), case.get("release", "4.18"), overridden)
    assert all("\n" not in text for finding in found for text in finding.values())
    return {finding["guard"] for finding in found}


@pytest.mark.parametrize("case", TABLE)
def test_who_speaks_up(case):
    assert tripped(case) == set(case["trips"])


@pytest.mark.parametrize("case", TABLE)
def test_who_does_not_nearby(case):
    assert case["trips"][0] not in tripped(case["near"])


@pytest.mark.parametrize("case", TABLE)
def test_who_is_overridden_is_silent(case):
    assert tripped(case, *case["trips"]) == set()


def test_every_guard_has_a_case_and_there_are_enough_of_them():
    assert {name for case in TABLE for name in case.values[0]["trips"]} == {guard.name for guard in guards.GUARDS}
    assert {case.values[0]["trips"][0] for case in TABLE} | {"operator-stops"} == {
        guard.name for guard in guards.GUARDS
    }
    assert len(TABLE) >= 60


def test_guards_are_sentences_with_a_source():
    assert len({guard.name for guard in guards.GUARDS}) == len(guards.GUARDS)
    for guard in guards.GUARDS:
        assert guard.sentence[0].isupper() or guard.sentence.startswith(("registries.conf", "policy.json"))
        assert guard.sentence.endswith(".") and guard.source and guard.effect in ("stops", "breaks", "surprises")


def test_the_page_lists_every_guard_and_release():
    page = (REPOSITORY / "docs/forecast.md").read_text()
    for guard in guards.GUARDS:
        assert f"| `{guard.name}` | {guard.effect} | {guard.sentence} | {guard.source} |" in page
    changed = {name for name, changes in releases._CHANGES.items() if changes}
    assert all(f"| {name} |" in page for name in changed)


def test_a_guard_that_does_not_exist_cannot_be_overridden():
    with pytest.raises(ManifestProblem, match="there is no guard 'allow'"):
        guards.lint([], "4.18", ["allow"])


NODE_KINDS = (
    "images.*ungated",
    "imagedigest",
    "imagetag",
    "imagecontentsource",
    "clusterimagepolicies",
    "imagepolicies",
)


@pytest.mark.parametrize("kind", NODE_KINDS)
def test_upstream_validation_by_the_api_server(shared_dir, kind):
    """What may be created. Patterns for the items of Image/cluster came with 4.23, so their errors are none here."""
    for path in (shared_dir / "upstream-cases/crd_validation").glob(f"{kind}*.yaml"):
        for case in yaml.safe_load(path.read_text())["tests"]["onCreate"]:
            metadata = {"name": "cluster" if kind.startswith("images") else "x", "namespace": "team"}
            one = yaml.safe_load(case["initial"]) | {"metadata": metadata}
            wanted = bool(case.get("expectedError")) and "Registries[" not in case["expectedError"]
            try:
                found = guards.lint([*manifests({})[1:], one], "4.22")
                refused = "schema-refuses" in {finding["guard"] for finding in found}
            except ManifestProblem:
                refused = True
            assert refused == wanted, case["name"]


@pytest.mark.parametrize(
    ("hostname", "well"),
    [
        ("a", True), ("ci.example.com", True), ("*.ci.example.com", True), ("a-b.example.com", True), ("-a", False),
        ("a-", False), ("Ci.example.com", False), ("a..b", False), ("a.*.com", False), ("a_b", False),
    ],
)  # fmt: skip
def test_the_host_name_of_a_certificate_s_subject(hostname, well):
    ca = b64encode(certificate("one").encode()).decode()
    pki = {"caRootsData": ca, "pkiCertificateSubject": {"hostname": hostname}}
    policy = {
        "apiVersion": "config.openshift.io/v1", "kind": "ClusterImagePolicy", "metadata": {"name": "x"},
        "spec": {"scopes": ["quay.io"], "policy": {"rootOfTrust": {"policyType": "PKI", "pki": pki}}},
    }  # fmt: skip
    said = "\n".join(str(finding) for finding in guards.lint(manifests({"more": [policy]}), "4.22"))
    assert (f"{hostname!r} is no host name" not in said) is well, said


@given(clusters, any_release)
def test_where_the_operator_stops_a_guard_of_that_kind_says_why(cluster, release):
    found = guards.lint(manifests(cluster), release)
    stops = {finding["guard"] for finding in found if finding["effect"] == "stops"}
    assert "operator-stops" not in stops or len(stops) > 1, found


@given(anything, any_release)
def test_no_yaml_gives_anything_but_findings_or_a_sentence(value, release):
    try:
        guards.lint(value, release)
    except ManifestProblem as problem:
        assert "\n" not in str(problem)
