# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of nodes, on upstream's own cases: every table of RU and MCO that applies."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    mirrors,
    node_files,
    objects,
    payload,
    releases,
    scopes,
    signatures,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.mirrors import MirrorTable, Stopped
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.payload import Protected
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import toml_text
from cases import upstream
from openshift4 import manifests

NEWEST = releases.find("4.22")
#: A release for each of the bytes that upstream's code was run for.
BYTES = {"upstream_bytes_4_14_to_4_18": ("4.16", "4.18"), "upstream_bytes_4_19_plus": ("4.19", "4.22")}


def read(*lists, release=NEWEST):
    """Objects of upstream's lists of manifests."""
    return objects.read([manifests({}), *lists], release)


def as_tables(entries):
    """Without what is empty, as upstream's expectations leave it out."""
    return [
        {key: value for key, value in entry.items() if value not in (False, "", [])} for entry in map(as_table, entries)
    ]


def as_table(entry):
    table = entry.table() if isinstance(entry, mirrors.RegistryTable) else dict(entry)
    table["mirror"] = [{k: v for k, v in one.items() if v not in (False, "")} for one in table.get("mirror", [])]
    return table


def test_nested_scopes(shared_dir):
    for case in upstream(shared_dir, 1):
        assert scopes.nested(case["sub"], case["super"]) == case["expected"], case
        assert scopes.Scopes([case["super"]]).contain(case["sub"]) == case["expected"], case


def test_valid_scopes(shared_dir):
    for case in upstream(shared_dir, 2):
        assert scopes.is_entry(case["scope"]) == case["expected"], case


def test_sets_without_a_real_mirror_count_for_nothing(shared_dir):
    for case in upstream(shared_dir, 3):
        one = objects.SourceMirrors(case["source"], tuple(case["mirrors"]))
        assert bool(mirrors.one_per_source([one])) == case["expected"], case


def test_merged_sets(shared_dir):
    for case in upstream(shared_dir, 4):
        sets = [
            objects.SourceMirrors(one["source"], tuple(one["mirrors"] or ()), one.get("mirrorSourcePolicy", ""))
            for one in sum(case["input"], [])
        ]
        wanted = [
            mirrors.Merged(one["source"], tuple(one["mirrors"]), one.get("mirrorSourcePolicy") == objects.NEVER)
            for one in case["expected"]
        ]
        assert mirrors.one_per_source(sets) == wanted, case["name"]


def test_mirrors_passed_on_to_nested_entries(shared_dir):
    for case in upstream(shared_dir, 5):
        entries = {case[name]: mirrors.RegistryTable(case[name]) for name in ("mirrored", "sub")}
        entries[case["mirrored"]].mirrors = [MirrorTable(location) for location in case["mirrors"]]
        if case.get("expected_error") and not scopes.nested(case["sub"], case["mirrored"]):
            continue  # cannot be asked for here
        if case.get("expected_error"):
            with pytest.raises(Stopped):
                mirrors._pass_mirrors_on(entries, [case["mirrored"]])
            continue
        mirrors._pass_mirrors_on(entries, [case["mirrored"]])
        assert [one.location for one in entries[case["sub"]].mirrors] == case["expected"], case


@pytest.mark.parametrize("number", [6, 10])
@pytest.mark.parametrize("column", BYTES)
def test_registries_conf(shared_dir, number, column):
    for case in upstream(shared_dir, number):
        for name in BYTES[column]:
            release = releases.find(name)
            seen = read(case["icsp"], case["idms"], case["itms"], release=release)
            entries = mirrors.edited(seen, case["insecure"] or (), case["blocked"] or (), release)
            assert mirrors.render(entries, mirrors.TEMPLATE_SEARCH, release) == case[column], case["name"]
            assert as_tables(entries) == as_tables(case["expected"].get("registry", [])), case["name"]
            rendered = toml_text.parse(case[column])
            assert rendered["unqualified-search-registries"] == case["expected"]["unqualified-search-registries"]


def test_topological_order(shared_dir):
    for case in upstream(shared_dir, 7):
        edges = [(edge[0], edge[1]) for edge in case["edges"]]
        for turn in range(len(edges) or 1):
            assert "".join(mirrors.topological(edges[turn:] + edges[:turn])) == case["expected"], case["name"]


def policies(case):
    return signatures.policies_in_force(read(case.get("cluster_image_policies", []), case.get("image_policies", [])))


def lists(case):
    return Protected(None, tuple(case["blocked"] or ()) or None, tuple(case["allowed"] or ()) or None)


@pytest.mark.parametrize("number", [11, 16])
def test_policy_json(shared_dir, number):
    for case in upstream(shared_dir, number):
        render = lambda case=case: signatures.policy_json(lists(case), case["release_image"], policies(case), NEWEST)  # noqa: E731
        if case.get("expected_error"):
            with pytest.raises(Stopped) as refusal:
                render()
            assert str(refusal.value) == case["upstream_error"]
            continue
        text = render()
        assert json.loads(text) == case["expected"], case["name"]
        if case["name"] == "unchanged":
            assert text == signatures.TEMPLATE
        elif "upstream_bytes" in case:
            assert text == case["upstream_bytes"], case["name"]


def test_checks_of_lists_and_mirrors(shared_dir):
    for case in upstream(shared_dir, 12):
        said = None
        try:
            for word in ("insecure", "blocked", "allowed"):
                mirrors.check_entries(word, case[word] or ())
            mirrors.check(read(case["icsp"], case["idms"]), (), (), NEWEST)
        except Stopped as reason:
            said = str(reason)
        assert said == case["expected_error"], case


def test_payload_protection(shared_dir):
    for case in upstream(shared_dir, 13):
        image = {"kind": "Image", "spec": {"registrySources": case["registrySources"]}}
        version = {"kind": "ClusterVersion", "status": {"desired": {"image": case["release_image"]}}}
        found = payload.protect(objects.read([image, version, case["idms"]], NEWEST), NEWEST)
        assert list(found.warnings) == [case["upstream_error"]] * bool(case["upstream_error"]), case["name"]
        wanted = case.get("upstream_result") or {
            "registries_blocked": case["expected_registries_blocked"],
            "policy_blocked": case["expected_policy_blocked"],
            "allowed": case["expected_allowed"],
        }
        assert found.registries_blocked == tuple(wanted["registries_blocked"]), case["name"]
        assert found.policy_blocked == tuple(wanted["policy_blocked"]), case["name"]
        assert found.allowed == (tuple(wanted["allowed"]) if wanted["allowed"] else None), case["name"]


def test_effective_policies(shared_dir):
    for case in upstream(shared_dir, 14):
        found = policies(case)
        assert found.cluster == case["expected_cluster"], case["name"]
        by_scope: dict = {}
        for namespace, by_namespace in found.namespaced.items():
            for scope, requirements in by_namespace.items():
                by_scope.setdefault(scope, {})[namespace] = requirements
        assert by_scope == case["expected_namespaced"], case["name"]


def test_sigstore_attachments(shared_dir):
    for case in upstream(shared_dir, 15):
        seen = read(case["cluster_image_policies"], case["image_policies"], case["icsp"], case["idms"], case["itms"])
        files = node_files.of_objects(seen, NEWEST)
        assert files.error is None
        assert files.files[node_files.SIGSTORE_YAML] == case["upstream_bytes"], case["name"]


def test_policies_against_lists(shared_dir):
    for case in upstream(shared_dir, 17):
        found = signatures.ScopePolicies(
            dict.fromkeys(case["cluster_scopes"], [{"type": "sigstoreSigned"}]),
            {"team": dict.fromkeys(case["namespaced_scopes"], [{"type": "sigstoreSigned"}])},
        )
        refused = False
        try:
            text = signatures.policy_json(lists(case), "release-reg.io/image/release", found, NEWEST)
            list(signatures.namespaced_json(text, lists(case), found, NEWEST))
        except Stopped:
            refused = True
        assert refused == case["expected_error"], case["name"]


def test_policies_of_namespaces(shared_dir):
    for case in upstream(shared_dir, 18):
        seen = read(case["cluster_image_policies"], case["image_policies"])
        result = node_files.of_objects(seen, NEWEST)
        found = {
            path.removeprefix("/etc/crio/policies/").removesuffix(".json"): text
            for path, text in result.files.items()
            if path.startswith("/etc/crio/")
        }
        assert {namespace: json.loads(text) for namespace, text in found.items()} == case["expected"], case["name"]
        for path, text in case.get("upstream_bytes", {}).items():
            assert result.files[path] == text
        for scope in case.get("upstream_conflict_scopes", []):
            assert any(scope in warning for warning in result.warnings)


def test_order_of_files(shared_dir):
    for case in upstream(shared_dir, 19):
        given = manifests({"signed_in": {namespace: ["a.example.com"] for namespace in case["namespaces"]}})
        files = node_files.of_manifests(given, "4.22").files
        assert [path for path in files if path.startswith("/etc/crio/")] == case["expected_paths"]
        assert list(files)[:2] == ["/etc/containers/policy.json", node_files.SIGSTORE_YAML]
