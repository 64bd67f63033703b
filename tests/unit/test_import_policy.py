# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that images may be imported from: own tables, the real check's answers, and what holds for any input."""

from __future__ import annotations

import fnmatch
import json
import re
import time

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3.import_policy import AllowedRegistry
from cases import DATA, cases, upstream
from hypothesis import given
from hypothesis import strategies as st
from openshift3 import FILTERS, RELEASES, by_release, evaluated, examples, paths

allowed, problems = FILTERS["import_allowed"], FILTERS["import_policy_problems"]
INTEGRATED = "docker-registry.default.svc:5000"
REFUSED = yaml.safe_load((DATA / "openshift3/refused.yml").read_text())


@pytest.mark.parametrize("row, release, answer", by_release(cases("openshift3/imports.yml"), "allowed"))
def test_allowed(row, release, answer, sentences):
    config = {"allowedRegistriesForImport": row["list"]}
    found = allowed(row["asked"], config, release, INTEGRATED, row.get("insecure", False), row.get("of", "import"))
    assert found["allowed"] is answer, found
    sentences(found)
    assert found["registry"] == row.get("registry", found["registry"])
    assert found["entry"] == row.get("entry", found["entry"])
    assert found["reference"] == row["asked"] and found["sentence"]


@pytest.mark.parametrize("row", cases("openshift3/import_policy_problems.yml"))
def test_problems(row, sentences):
    found = problems(row["config"], row.get("release", "3.11"))
    assert (paths(found, "refuse"), paths(found, "warn")) == (row.get("refuse", []), row.get("warn", [])), found
    sentences(found)
    assert all(one["sentence"] and "\n" not in one["sentence"] for one in found)


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["error"])
def test_refused_in_one_sentence(row):
    policy = {"kind": "ImagePolicyConfig", "apiVersion": "v1"}
    options = {key: row[key] for key in ("known", "namespace", "integrated_registry") if key in row}
    with pytest.raises(AnsibleFilterError) as refusal:
        FILTERS[row["call"]](*row.get("arguments", [row.get("subject"), policy]), **options)
    assert str(refusal.value).startswith(row["error"])
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("task, answer", [*examples("import_allowed"), *examples("import_policy_problems")])
def test_examples(task, answer):
    if "ansible.builtin.assert" in task:
        assert evaluated(task["ansible.builtin.assert"]["that"], task["vars"]) is True
    else:
        assert evaluated(task["ansible.builtin.debug"]["msg"], task["vars"]) == answer


def test_the_configured_name_of_the_registry_counts_unless_another_is_said():
    config = {"allowedRegistriesForImport": [], "internalRegistryHostname": "registry.local:5000"}
    assert allowed("registry.local:5000/a/b", config)["entry"] == "registry.local:5000"
    assert not allowed("registry.local:5000/a/b", config, integrated_registry=INTEGRATED)["allowed"]


# --- what holds for any input ---------------------------------------------------------------------------------------


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_are_those_of_a_shell(pattern, host):
    assert AllowedRegistry.of(pattern).matches(host, "443") == bool(re.match(fnmatch.translate(pattern), host))


lists = st.lists(
    st.fixed_dictionaries(
        {
            "domainName": st.sampled_from(
                ["quay.io", "docker.io", "*.docker.io", "*", "quay.io:5000", "r?.io", "*:5000"]
            )
        },
        optional={"insecure": st.booleans()},
    ),
    max_size=4,
)
images = st.sampled_from(["busybox", "quay.io/a/b", "docker.io/a/b", "index.docker.io/a", "quay.io:5000/a", "r1.io/a"])


@given(images, lists, lists, st.sampled_from(RELEASES), st.booleans(), st.sampled_from(["import", "stream"]))
def test_a_longer_list_allows_no_less(image, some, more, release, insecure, of):
    part, whole = (
        allowed(image, {"allowedRegistriesForImport": entries}, release, INTEGRATED, insecure, of)["allowed"]
        for entries in (some, some + more)
    )
    assert whole or not part
    assert allowed(image, {}, release, INTEGRATED, insecure, of)["allowed"]


keys = st.sampled_from(["allowedRegistriesForImport", "domainName", "insecure", "maxImagesBulkImportedPerRepository"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | images
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(anything, anything, st.sampled_from([*RELEASES, "4.18", 3.11, None]), anything, anything)
def test_a_result_or_a_sentence(image, config, release, insecure, of):
    for ask in (
        lambda: problems(config, release),
        lambda: allowed(image, config, release),
        lambda: allowed(image, {}, release, insecure=insecure, of=of),
    ):
        try:
            json.dumps(ask())
        except AnsibleFilterError as refusal:
            assert "\n" not in str(refusal)


def test_hostile_patterns_end_soon():
    start = time.process_time()
    config = {"allowedRegistriesForImport": [{"domainName": "*a" * 5_000 + "b"}] * 20}
    assert not allowed(f"{'a' * 60}.{'a' * 60}.{'a' * 60}/x", config)["allowed"]
    assert time.process_time() - start < 5


# --- the real check's answers ---------------------------------------------------------------------------------------


def test_real_answers_about_imports(shared_dir):
    asked = 0
    for case in upstream(shared_dir, 71):
        for expected, release in ((each, release) for each in case["expected"] for release in each["releases"]):
            found = paths(problems(case["config"], release), "refuse")
            assert found == [problem["path"] for problem in expected["problems"]], (case["id"], release)
            for image, wanted in zip(case["images"], expected.get("allowed", ()), strict=False):
                arguments = (case["integrated_registry"], image["insecure"], image["of"])
                asked += 1
                if found:
                    with pytest.raises(AnsibleFilterError):
                        allowed(image["name"], case["config"], release, *arguments)
                else:
                    answer = allowed(image["name"], case["config"], release, *arguments)
                    assert answer["allowed"] is wanted, (case["id"], release, image)
    assert asked >= 5000
