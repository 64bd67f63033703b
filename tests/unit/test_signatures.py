# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The word `signatures`: how it is read, the files of a host, and that hosts and clusters demand the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils import libraries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.kinds import Said, image_policies
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import ManifestProblem, manifests
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import signatures as of_cluster
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.mirrors import Stopped
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.objects import SignaturePolicy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.seen import Cluster, NoKind
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Request
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers import Containers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.signatures import FILE
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import PolicyError, read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import signatures as signatures_of_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.signatures import Signed, in_base64, read
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.signature_policy import PATH, check
from cases import cases
from conftest import REPOSITORY
from hosts import host
from trust.pki import certificate, key_pem

KEYS = yaml.safe_load((REPOSITORY / "tests/data/signatures/keys.yml").read_text())
ONE, TWO = KEYS["ONE"], KEYS["TWO"]
TEXTS = {
    **KEYS,
    "CA": certificate("one"),
    "MANY": certificate("one") * 300,
    "PRIVATE": key_pem("one"),
    "BLANKS": f"\n {ONE}\n\n",
    "WINDOWS": ONE.replace("\n", "\r\n"),
    "DAMAGED": ONE.replace("MFkw", "AAAA"),
    "BOTH": ONE + TWO,
}
DIRECTORIES = ("/etc/containers/registries.d", "/root/.config/containers/registries.d")


def with_texts(value: Any) -> Any:
    """The value with the texts that the words in capitals stand for."""
    if isinstance(value, dict):
        return {key: with_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_texts(item) for item in value]
    if isinstance(value, str) and value.startswith("["):
        return value.replace('"ONE"', json.dumps(ONE))
    if isinstance(value, str) and value.startswith("OURS "):
        return Signed("", key=KEYS[value.removeprefix("OURS ")]).requirement()
    if isinstance(value, str) and "OURS ONE" in value:
        return value.replace("OURS ONE", json.dumps(Signed("", key=ONE).requirement()))
    return TEXTS.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("case", cases("signatures/words.yml", having="read"))
def test_what_people_write_is_read_and_reads_back(case, sentences):
    reading = Reading(read_file=lambda path: ONE.encode())
    found = [signed.plain() for signed in read("signatures", with_texts(case["given"]), reading)]
    assert found == with_texts(case["read"])
    assert len(reading.notes) == len(case.get("notes", [])), reading.notes
    assert all(part in text for part, text in zip(case.get("notes", []), reading.notes, strict=True))
    sentences(reading.notes)
    again = read("signatures", found, Reading())
    assert [signed.plain() for signed in again] == found


@pytest.mark.parametrize("case", cases("signatures/words.yml", having="error"))
def test_what_makes_no_sense_is_refused_in_one_sentence_without_a_key(case, sentences):
    with pytest.raises(PolicyError) as refusal:
        read("signatures", with_texts(case["given"]), Reading(read_file=lambda path: ONE.encode()))
    assert case["error"] in str(refusal.value)
    assert "\n" not in str(refusal.value)
    for text in TEXTS.values():
        secret = [line for line in text.splitlines() if line and not line.startswith("-----")]
        assert not [line for line in secret if line in str(refusal.value)]
    sentences(refusal.value)


def test_a_file_is_refused_where_none_can_be_read():
    with pytest.raises(PolicyError, match="no file can be read here; write key"):
        read("signatures", [{"scope": "quay.io", "key_file": "cosign.pub"}], Reading())


def test_a_missing_library_is_said_to_be_missing(monkeypatch):
    monkeypatch.setattr(signatures_of_policy, "serialization", libraries._Missing("cryptography"))
    with pytest.raises(libraries.MissingLibrary, match="pip install cryptography"):
        read("signatures", [{"scope": "quay.io", "key": ONE}], Reading())


@pytest.mark.parametrize("case", cases("signatures/files.yml"))
def test_the_files_of_a_host(case, sentences):
    try:
        found = desired(case)
    except Problem as problem:
        sentences(problem)
        assert case["error"] in str(problem)
        return
    assert "error" not in case
    sentences(found.refusals, found.unenforceable, found.notes, found.warnings)
    for kind in ("refusals", "unenforceable", "notes", "warnings"):
        said, wanted = getattr(found, kind), case.get(kind, [])
        assert len(said) == len(wanted), said
        assert all(part in text for part, text in zip(wanted, said, strict=True)), said
    if found.refusals:
        return
    edits = {edit.path: edit.text for edit in found.edits}
    assert ("policy_json" in case) == (PATH in edits)
    if "policy_json" in case:
        document = check(json.loads(edits[PATH]))
        assert {scope: shown(items) for scope, items in document["transports"]["docker"].items()} == case["policy_json"]
    if "places" in case and "record" not in case:
        assert FILE in edits
    if FILE in edits:
        text = edits[FILE]
        wanted = {name: {"use-sigstore-attachments": True} for name in case["places"] or ()}
        assert (yaml.safe_load(text)["docker"] if text else {}) == wanted
        assert list(wanted) == sorted(wanted)


@pytest.mark.parametrize("case", [one for one in cases("signatures/files.yml") if "policy_json" in one.values[0]])
def test_a_second_run_changes_nothing_and_taking_back_restores_what_others_left(case):
    found = desired(case)
    files = {**with_texts(case.get("files", {})), **{edit.path: edit.text for edit in found.edits}}
    files = {path: text for path, text in files.items() if text is not None}
    later = {**case, "files": files, "record": found.record}
    assert not desired(later).edits
    if "record" in case:
        return
    back = desired({**later, "policy": {"signatures": [], "blocked": [], "allowed": []}})
    edits = {edit.path: edit.text for edit in back.edits}
    if before := with_texts(case.get("files", {})).get(PATH):
        assert json.loads(edits[PATH]) == json.loads(before)
    assert edits[FILE] is None


def desired(case: dict[str, Any]) -> Any:
    versions = case.get("versions", {"podman": "4.9.4"})
    answers = {f"{name}.version": f"{name} version {versions.get(name, '')}" for name in ("skopeo", "buildah")}
    distribution = {"distribution": case.get("distribution", "fedora")}
    info = {"version": {"Version": versions["podman"]}, "host": {"distribution": distribution}}
    files = with_texts(case.get("files", {}))
    seen = host(files, {**answers, "podman.info": json.dumps(info)})
    for directory in DIRECTORIES:
        names = [path.rpartition("/")[2] for path in files if path.rpartition("/")[0] == directory]
        there = bool(names) or directory.startswith("/etc")
        seen.directories[directory] = {"state": "directory" if there else "absent", "entries": names}
    request = Request(mode=case.get("mode"), record=with_texts(case.get("record", {})))
    return Containers().desired(seen, read_policy(with_texts(case["policy"])), request)


def shown(requirements: list[dict[str, Any]]) -> str:
    names = {in_base64(ONE): " ONE", in_base64(TWO): " TWO"}
    return ", ".join(each["type"] + names.get(each.get("keyData", ""), "") for each in requirements)


@pytest.mark.parametrize(
    "signed",
    [
        Signed("quay.io", key=ONE),
        Signed("quay.io", key=ONE, rekor_key=TWO),
        Signed("r.example.com/copies", key=ONE, signed_as="quay.io/team"),
        Signed("quay.io", ca=TEXTS["CA"], rekor_key=ONE, issuer="https://i.example.com", email="a@example.com"),
    ],
    ids=["a key", "a key and a log", "copies", "without a key"],
)
def test_a_host_demands_what_nodes_of_openshift_4_demand(signed):
    policy = of_cluster.spec_of(signed)["policy"]
    assert of_cluster.requirement(SignaturePolicy((signed.scope,), policy, "a test", "")) == signed.requirement()


ROOT = {"policyType": "PublicKey", "publicKey": {"keyData": "S0VZ"}}


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({}, "x: spec.policy.rootOfTrust.policyType must be one of PublicKey, FulcioCAWithRekor, PKI"),
        ({"rootOfTrust": []}, "x: rootOfTrust must be a mapping, not a list"),
        ({"rootOfTrust": {"policyType": "PublicKey"}}, "x: spec.policy.rootOfTrust has no PublicKey"),
        (
            {"rootOfTrust": {"policyType": "PublicKey", "publicKey": "KEY"}},
            "x: rootOfTrust must be a mapping, not text",
        ),
        (
            {"rootOfTrust": {"policyType": "PublicKey", "publicKey": {"keyData": 5}}},
            "x: rootOfTrust.publicKey.keyData must be text, not a number",
        ),
        ({"rootOfTrust": ROOT, "signedIdentity": "all"}, "x: signedIdentity must be a mapping, not text"),
        (
            {"rootOfTrust": ROOT, "signedIdentity": {"matchPolicy": "Exact"}},
            "unknown signedIdentity match policy: Exact",
        ),
        (
            {
                "rootOfTrust": ROOT,
                "signedIdentity": {
                    "matchPolicy": "RemapIdentity",
                    "remapIdentity": {"prefix": "quay.io/Team", "signedPrefix": "quay.io"},
                },
            },
            'error getting signedIdentity for RemapIdentity: prefix "quay.io/Team" is not valid',
        ),
    ],
)
def test_a_policy_of_a_cluster_that_nobody_can_enforce_is_one_sentence(policy, says):
    with pytest.raises((ManifestProblem, Stopped)) as problem:
        of_cluster.requirement(SignaturePolicy(("quay.io",), policy, "x", ""))
    assert str(problem.value) == says


@pytest.mark.parametrize(
    ("identity", "item"),
    [
        ({}, {"type": "matchRepoDigestOrExact"}),
        ({"matchPolicy": "MatchRepoDigestOrExact"}, {"type": "matchRepoDigestOrExact"}),
        ({"matchPolicy": "MatchRepository"}, {"type": "matchRepository"}),
        (
            {"matchPolicy": "ExactRepository", "exactRepository": {"repository": "quay.io/a"}},
            {"type": "exactRepository", "dockerRepository": "quay.io/a"},
        ),
        (
            {"matchPolicy": "RemapIdentity", "remapIdentity": {"prefix": "m.example.com", "signedPrefix": "quay.io"}},
            {"type": "remapIdentity", "prefix": "m.example.com", "signedPrefix": "quay.io"},
        ),
    ],
)
def test_every_identity_of_a_policy_is_that_of_policy_json(identity, item):
    policy = SignaturePolicy(("quay.io",), {"rootOfTrust": ROOT, "signedIdentity": identity}, "x", "")
    assert of_cluster.requirement(policy) == {"type": "sigstoreSigned", "keyData": "S0VZ", "signedIdentity": item}


SUBJECT = {"oidcIssuer": "https://i.example.com", "signedEmail": "a@example.com"}
FULCIO = {"fulcioCAData": "Q0E=", "rekorKeyData": "UktZ", "fulcioSubject": SUBJECT}
PKI = {
    "caRootsData": "Q0E=", "caIntermediatesData": "TUlE",
    "pkiCertificateSubject": {"email": "a@example.com", "hostname": "h.example.com"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("root", "item"),
    [
        (
            {"policyType": "PublicKey", "publicKey": {"keyData": "S0VZ", "rekorKeyData": "UktZ"}},
            {"keyData": "S0VZ", "rekorPublicKeyData": "UktZ"},
        ),
        (
            {"policyType": "FulcioCAWithRekor", "fulcioCAWithRekor": FULCIO},
            {
                "fulcio": {
                    "caData": "Q0E=", "oidcIssuer": "https://i.example.com", "subjectEmail": "a@example.com"
                },
                "rekorPublicKeyData": "UktZ",
            },
        ),
        (
            {"policyType": "PKI", "pki": PKI},
            {
                "pki": {
                    "caRootsData": "Q0E=", "caIntermediatesData": "TUlE", "subjectEmail": "a@example.com",
                    "subjectHostname": "h.example.com",
                }
            },
        ),
    ],
)  # fmt: skip
def test_every_root_of_trust_of_a_policy_is_that_of_policy_json(root, item):
    found = of_cluster.requirement(SignaturePolicy(("quay.io",), {"rootOfTrust": root}, "x", ""))
    assert found == {"type": "sigstoreSigned", "signedIdentity": {"type": "matchRepoDigestOrExact"}, **item}


def test_a_cluster_with_previews_is_given_the_version_that_it_has():
    said = Said(read_policy({"signatures": [{"scope": "quay.io", "key": ONE}]}))
    cluster = Cluster({Ref(image_policies.RESOURCE): NoKind(), Ref(image_policies.PREVIEW): ()})
    (wanted,) = image_policies.wanted(cluster, said).wanted
    assert wanted.ref.resource.version == "v1alpha1"
    nothing = Said(read_policy({"signatures": []}))
    without = Cluster({Ref(image_policies.RESOURCE): NoKind(), Ref(image_policies.PREVIEW): NoKind()})
    assert image_policies.wanted(without, nothing).wanted == ()


def test_a_forecast_makes_the_objects_of_its_release_and_removes_ours_that_are_obsolete():
    policy = read_policy({"signatures": [{"scope": "quay.io", "key": ONE}]})
    label = {"dockyard.openshift/word": "signatures"}
    there = [
        {"kind": of_cluster.KIND, "metadata": {"name": "dockyard-old", "labels": label}},
        {"kind": of_cluster.KIND, "metadata": {"name": "theirs"}},
    ]
    for release, version in (("4.17", "v1alpha1"), ("4.20", "v1")):
        made = manifests.of_policy(policy, release, present=there)
        assert [one["apiVersion"] for one in made.objects] == [f"config.openshift.io/{version}"]
        assert [one["metadata"]["name"] for one in made.removed] == ["dockyard-old"]
    with pytest.raises(Problem, match=r"signatures: 4\.15 has no ClusterImagePolicy"):
        manifests.of_policy(policy, "4.15")
