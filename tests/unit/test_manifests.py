# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a policy as objects of OpenShift 4; old mirror objects as new ones; what a cluster would hold."""

from __future__ import annotations

from datetime import datetime

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    ManifestProblem,
    convert,
    guards,
    node_files,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.manifests import (
    merged_into,
    of_policy,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import PolicyError, read_policy, words_in
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading
from cases import cases, upstream
from hypothesis import given
from hypothesis import strategies as st
from openshift4 import manifests
from test_node_files import anything, mutated
from trust.pki import NOW, certificate
from trust.test_policy import entries

KINDS = {"digest": "ImageDigestMirrorSet", "tag": "ImageTagMirrorSet", "old": "ImageContentSourcePolicy"}


def split(pem):
    """The certificates of a bundle, one text each."""
    return [f"{part}-----END CERTIFICATE-----\n" for part in pem.split("-----END CERTIFICATE-----\n")[:-1]]


def wanted(case):
    words = {**case["words"], "trust": entries({"given": case["words"].get("trust")})}
    policy = read_policy(words, reading=Reading(now=NOW), **case.get("network", {}))
    return of_policy(policy, case.get("release", "4.18"), payload=case.get("payload", []))


@pytest.mark.parametrize("case", [case for case in cases("openshift4/policies.yml") if "error" not in case.values[0]])
def test_objects_of_a_policy(case, sentences):
    found = wanted(case)
    by_kind = {one["kind"]: one for one in found.objects}
    sentences(found.notes)
    spec = by_kind.pop("Image", {}).get("spec", {})
    assert spec.get("registrySources", {}) == case.get("lists", {})
    config_map = by_kind.pop("ConfigMap", {"metadata": {}})
    names = {certificate(name): name for name in ("one", "two")}
    data = {key: "".join(names[pem] for pem in split(value)) for key, value in config_map.get("data", {}).items()}
    assert data == case.get("trust", {})
    assert (spec.get("additionalTrustedCA") or {}).get("name") == config_map["metadata"].get("name")
    assert ("additionalTrustedCA" in spec) == ("trust" in case["words"])
    sets = {kind: next(iter(one["spec"].values())) for kind, one in by_kind.items()}
    assert sets == {kind: case[word] for word, kind in KINDS.items() if word in case}
    assert {one["kind"] for one in found.removed} == {KINDS[word] for word in case.get("removed", [])}
    notes = case.get("notes", [])
    assert len(found.notes) == len(notes) and all(map(str.__contains__, found.notes, notes)), found.notes


@pytest.mark.parametrize("case", cases("openshift4/policies.yml", having="error"))
def test_policies_that_are_refused(case, sentences):
    with pytest.raises(ManifestProblem) as refusal:
        wanted(case)
    assert case["error"] in str(refusal.value)
    sentences(refusal.value)
    assert "\n" not in str(refusal.value)


def test_where_authorities_stand():
    trust = [{"registry": "a.example.com", "ca": certificate("one")}]
    image, config_map = of_policy(read_policy({"trust": trust}, reading=Reading(now=NOW)), "4.18").objects
    assert image["spec"] == {"additionalTrustedCA": {"name": "dockyard-registry-cas"}}
    assert config_map["metadata"] == {"name": "dockyard-registry-cas", "namespace": "openshift-config"}
    (gone,) = of_policy(read_policy({"trust": []}), "4.18").objects
    assert gone["spec"] == {"additionalTrustedCA": None}


def test_an_exact_allow_list_of_ours_trips_no_guard():
    payload = ["quay.io/openshift-release-dev/ocp-release", "quay.io/openshift-release-dev/ocp-v4.0-art-dev"]
    words = {
        "blocked": "all",
        "allowed": ["registry.redhat.io", "plain.example.com"],
        "insecure": ["plain.example.com"],
        "mirrors": [{"source": "quay.io/team", "mirrors": ["m.example.com/team"], "pull": "all"}],
    }
    for release in ("4.13", "4.22"):
        cluster = merged_into(manifests({}), of_policy(read_policy(words), release, payload=payload).objects)
        assert guards.lint(cluster, release) == []
        assert node_files.of_manifests(cluster, release).error is None


WORDS = {
    **{word: ["a.io", "b.io"] for word in ("search", "allowed", "insecure")},
    "blocked": "all",
    "mirrors": [{"source": "quay.io", "mirrors": ["m.io/a"], "pull": "digest", "contact_source": True}],
    "trust": [{"registry": "a.io:5000", "ca": certificate("one", days=10_000), "aliases": ["b.io"]}],
    "aliases": {},
}


@given(st.builds(mutated, st.just(WORDS), st.lists(st.integers(0, 9), max_size=6), anything) | anything)
def test_no_words_give_anything_but_objects_or_a_sentence(words):
    try:
        found = of_policy(read_policy(words_in("policy", words)), "4.18")
    except (ManifestProblem, PolicyError) as problem:
        assert "\n" not in str(problem)
        return
    for one in found.objects:
        lists = one.get("spec", {}).get("registrySources", {})
        assert all(value is None or value for value in lists.values())


def test_merging_replaces_lists_and_null_removes():
    present = manifests({"blocked": ["docker.io"], "insecure": ["a.io"]})
    change = {"kind": "Image", "apiVersion": "config.openshift.io/v1", "metadata": {"name": "cluster"}}
    change["spec"] = {"registrySources": {"blockedRegistries": None, "insecureRegistries": ["b.io"]}}
    found = merged_into(present, [change, {"kind": "Secret", "metadata": {"name": "x"}}])
    assert found[0]["spec"] == {"registrySources": {"insecureRegistries": ["b.io"]}}
    assert [one["kind"] for one in found] == ["Image", "ClusterVersion", "Secret"]
    assert present[0]["spec"]["registrySources"]["blockedRegistries"] == ["docker.io"]


def test_removed_objects_are_gone_and_objects_proposed_twice_are_one():
    present = manifests({"idms": {"dockyard": [["quay.io/a", ["m.io/a"]]], "theirs": [["quay.io/b", ["m.io/b"]]]}})
    said = of_policy(read_policy({"mirrors": []}), "4.18")
    assert [one["metadata"]["name"] for one in merged_into(present, said.objects, said.removed)][2:] == ["theirs"]
    one = {"kind": "Secret", "metadata": {"name": "x"}}
    assert merged_into([], [one | {"data": {"a": 1}}, one | {"data": {"b": 2}}]) == [one | {"data": {"a": 1, "b": 2}}]
    bare = {"kind": "Image", "metadata": {"name": "cluster"}, "spec": {}}
    assert len(merged_into(manifests({}), [bare])) == 2


def test_upstream_conversion(shared_dir):
    for case in upstream(shared_dir, 50):
        assert convert.icsp_to_idms(case["icsps"]) == list(yaml.safe_load_all(case["expected_yaml"])), case["name"]


def test_empty_values_convert_as_upstream_writes_them():
    old = OLD | {"apiVersion": "operator.openshift.io/v1alpha1"}
    assert convert.icsp_to_idms(old)[0]["spec"] == {"imageDigestMirrors": []}
    sets = {"spec": {"repositoryDigestMirrors": [{"source": "quay.io", "mirrors": []}]}}
    stamped = {"metadata": {"name": "y", "creationTimestamp": None, "labels": {"a": "b"}}, "status": {}}
    (new,) = convert.icsp_to_idms([old | sets | stamped])
    assert new["spec"] == {"imageDigestMirrors": [{"source": "quay.io"}]}
    assert new["metadata"] == {"name": "y", "labels": {"a": "b"}} and "status" not in new


LAST = "kubectl.kubernetes.io/last-applied-configuration"
OF_A_SERVER = {
    "name": "x", "uid": "1", "resourceVersion": "5", "generation": 2, "managedFields": [], "selfLink": "/x",
    "creationTimestamp": "2026-01-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("metadata", "stays"),
    [
        (OF_A_SERVER, {"name": "x"}),
        (OF_A_SERVER | {"labels": {"a": "b"}}, {"name": "x", "labels": {"a": "b"}}),
        (OF_A_SERVER | {"annotations": {LAST: "{}"}}, {"name": "x"}),
        (OF_A_SERVER | {"annotations": {LAST: "{}", "mine": "1"}}, {"name": "x", "annotations": {"mine": "1"}}),
        (OF_A_SERVER | {"annotations": None}, {"name": "x"}),
        ({"name": "x", "annotations": {LAST: "{}"}}, {"name": "x", "annotations": {LAST: "{}"}}),
        ({"name": "x", "resourceVersion": "5", "generation": 1}, {"name": "x"}),
        ({"name": "x", "uid": "1", "generation": 1}, {"name": "x"}),
        ({"name": "x", "labels": {"a": None}}, {"name": "x", "labels": {"a": ""}}),
        ({"name": "x", "annotations": {"a": None}}, {"name": "x", "annotations": {"a": ""}}),
    ],
)
def test_what_the_server_wrote_is_not_taken_over_to_the_new_object(metadata, stays):
    old = OLD | {"apiVersion": "operator.openshift.io/v1alpha1", "metadata": metadata}
    assert convert.icsp_to_idms(old)[0]["metadata"] == stays
    if metadata["name"] == "x" and "uid" in metadata:  # as oc get writes more than one
        listed = convert.icsp_to_idms({"kind": "List", "apiVersion": "v1", "items": [old]})
        assert listed[0]["metadata"] == stays


def test_corpus_of_old_objects_gives_the_same_files(shared_dir):
    """Every ICSP of the corpus; what other people left in their files is refused by name."""
    converted = 0
    for path in sorted((shared_dir / "corpus/ocp4").glob("*.yaml")):
        documents = list(yaml.safe_load_all(path.read_text()))
        old = [one for one in documents if isinstance(one, dict) and one.get("kind") == "ImageContentSourcePolicy"]
        if not old:
            continue
        new = convert.icsp_to_idms(old)
        for release in ("4.13", "4.18", "4.22"):
            before, after = (node_files.of_manifests([manifests({}), objects], release) for objects in (old, new))
            assert (before.files, before.error) == (after.files, after.error), path.name
        converted += len(new)
    assert converted > 10


def test_corpus_is_rendered_or_refused_in_a_sentence(shared_dir):
    for path in sorted((shared_dir / "corpus/ocp4").glob("*.yaml")):
        documents = list(yaml.safe_load_all(path.read_text()))
        try:
            found = node_files.of_manifests([manifests({}), documents], "4.18")
        except ManifestProblem as problem:
            assert "\n" not in str(problem)
        else:
            assert not (found.error and found.files), path.name


OLD = {"kind": "ImageContentSourcePolicy", "metadata": {"name": "y"}}
NO_SOURCE = {"spec": {"repositoryDigestMirrors": [{"mirrors": ["a"]}]}}
REFUSED = {
    "ImageDigestMirrorSet x (no apiVersion) is no": [{"kind": "ImageDigestMirrorSet", "metadata": {"name": "x"}}],
    "is not an ImageContentSourcePolicy of operator": [OLD | {"apiVersion": "config.openshift.io/v1"}],
    "a manifest must be a mapping": "text",
    "ImageContentSourcePolicy y: an item of spec.repositoryDigestMirrors has no source": [
        OLD | NO_SOURCE | {"apiVersion": "operator.openshift.io/v1alpha1"}
    ],
}


def of_old(metadata, spec):
    return {**OLD, "apiVersion": "operator.openshift.io/v1alpha1", "metadata": {"name": "y", **metadata}, "spec": spec}


def items(**item):
    return {"repositoryDigestMirrors": [{"source": "quay.io/a", **item}]}


#: oc does not decode labels, annotations and names that are not text, and forgets fields that the old kind has not.
REFUSED |= {
    f"cannot be converted: {said}": of_old(metadata, spec)
    for said, metadata, spec in (
        ("metadata.labels.v: must be text, not a number: 4.12", {"labels": {"v": 4.12}}, {}),
        ("metadata.labels.a/b: must be text, not a truth value: True", {"labels": {"a/b": True}}, {}),
        ("metadata.annotations.d: must be text, not a datetime", {"annotations": {"d": datetime(2024, 1, 1)}}, {}),
        ("metadata.annotations: must be a mapping, not text: x", {"uid": "1", "annotations": "x"}, {}),
        ("metadata.name: must be text, not a number: 123", {"name": 123}, {}),
        ("spec.repositoryDigestMirrors[0].mirror: ", {}, items(mirror=["m.io/a"])),
        ("spec.repositoryDigestMirrors[0].mirrorSourcePolicy: ", {}, items(mirrorSourcePolicy="NeverContactSource")),
        ("spec.imageDigestMirrors: ", {}, {"imageDigestMirrors": []}),
    )
}


@pytest.mark.parametrize("said", REFUSED)
def test_conversion_refuses_by_name(said):
    with pytest.raises(ManifestProblem) as refusal:
        convert.icsp_to_idms(REFUSED[said])
    assert said in str(refusal.value)


@given(anything)
def test_conversion_of_any_yaml_is_a_list_or_a_sentence(value):
    try:
        convert.icsp_to_idms(value)
    except ManifestProblem as problem:
        assert "\n" not in str(problem)
