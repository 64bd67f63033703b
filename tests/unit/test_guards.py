# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guards: each has policies that trip it and one beside them that does not; any can be overridden by name."""

from __future__ import annotations

import json
import re
from base64 import b64encode

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    ManifestProblem,
    guards,
    releases,
    schema,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.scopes import is_source
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.references import is_location
from cases import DATA, cases
from hypothesis import given
from hypothesis import strategies as st
from openshift4 import manifests
from sentences import hear
from test_node_files import any_release, anything, clusters
from trust.pki import certificate

REPOSITORY = DATA.parents[1]
TABLE = cases("openshift4/guards.yml")


def tripped(case, *overridden):
    found = guards.lint(manifests(case), case.get("release", "4.18"), overridden)
    assert all("\n" not in str(value) for finding in found for value in finding.values())
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
    """Those about a change have theirs in the tables of test_field.py."""
    of_changes = [case for name in ("proposals", "clusters") for case in cases(f"forecast/field/{name}.yml")]
    spoke = {name for case in of_changes for name in case.values[0].get("guards", ())}
    assert {case.values[0]["trips"][0] for case in TABLE} | spoke == {guard.name for guard in guards.GUARDS}
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


#: kind of upstream's cases → where they stand
API_KINDS = ("images.", "imagedigest", "imagetag", "imagecontentsource", "clusterimagepolicies", "imagepolicies")
RELEASE = releases.find("4.22")


def of_upstream(shared_dir, kind, when):
    for path in sorted((shared_dir / "upstream-cases/crd_validation").glob(f"{kind}*.yaml")):
        yield from yaml.safe_load(path.read_text())["tests"].get(when, [])


def named(text):
    return yaml.safe_load(text) | {"metadata": {"name": "cluster", "namespace": "team"}}


def refused_by_upstream(case):
    """Patterns for the items of Image/cluster came with 4.23, so their errors are none here."""
    error = case.get("expectedError")
    return bool(error) and not error.startswith("spec.registrySources.")


@pytest.mark.parametrize("kind", API_KINDS)
def test_upstream_validation_by_the_api_server(shared_dir, kind):
    """What may be created, and which field is named when it may not."""
    for case in of_upstream(shared_dir, kind, "onCreate"):
        one = named(case["initial"])
        found = guards.lint([*manifests({})[1:], one], "4.22")
        said = [finding["found"] for finding in found if finding["guard"] == "schema-refuses"]
        assert bool(said) == refused_by_upstream(case), (case["name"], said)
        if said:
            path = re.match(r"\W*([A-Za-z.]+)", case["expectedError"])[1]
            assert any(path in text for text in said), (case["name"], said)


@pytest.mark.parametrize("kind", API_KINDS)
def test_upstream_validation_of_changes_by_the_api_server(shared_dir, kind):
    """What may be changed: whatever was wrong before may stay as it was."""
    for case in of_upstream(shared_dir, kind, "onUpdate"):
        said = list(schema.refusals(named(case["updated"]), RELEASE, named(case["initial"])))
        assert bool(said) == refused_by_upstream(case), (case["name"], said)


PATTERNS = {
    "scopes": lambda name: schema._SCOPE.fullmatch(name),
    "repository": lambda name: schema._REPOSITORY.fullmatch(name),
    "mirrors": is_location,
    "source": is_source,
}


def patterns_of(shared_dir):
    """The patterns of the CRDs, as Python writes them; they backtrack without end, so only short texts are compared."""
    policy, mirrors_of = (
        yaml.safe_load((shared_dir / f"crds/{name}.config.openshift.io.yaml").read_text())
        for name in ("clusterimagepolicies", "imagedigestmirrorsets")
    )
    rules = re.findall(r"self\.matches\('(\^.*?\$)'\)", json.dumps(policy))
    texts = [json.loads(f'"{rule}"').replace("\\\\", "\\").replace("[[:xdigit:]]", "[0-9A-Fa-f]") for rule in rules]
    item = mirrors_of["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    fields = item["imageDigestMirrors"]["items"]["properties"]
    return {
        "scopes": next(text for text in texts if "0-9A-Fa-f" in text),
        "repository": next(text for text in texts if "localhost" in text and "0-9A-Fa-f" not in text and "/" in text),
        "mirrors": fields["mirrors"]["items"]["pattern"],
        "source": fields["source"]["pattern"],
    }


@pytest.mark.parametrize("field", PATTERNS)
def test_patterns_are_those_of_the_crds(shared_dir, field):
    pattern = re.compile(patterns_of(shared_dir)[field].removesuffix("$") + r"\Z", re.ASCII)
    digest = "sha256:" + "0aF" * 11

    @given(st.lists(st.sampled_from([*"aZ0-._:/*@ ", "localhost", ".io", "__", "a.b", "/x", ":1", digest]), max_size=8))
    def same(parts):
        text = "".join(parts)
        assert bool(PATTERNS[field](text)) == (pattern.match(text) is not None), text

    same()


KINDS = (*schema.MIRROR_KINDS, *schema._OTHERS, "ClusterImagePolicy", "ImagePolicy", "Node")


def outline(place, shape):
    """Yield a line for each field of a schema: its type, its limits, and what is said when it is wrong."""
    if shape is not None:
        about = vars(shape) | {"rules": [text for _test, text in shape.rules], "keys": bool(shape.keys)}
        said = {name: value for name, value in about.items() if value and name not in ("fields", "each")}
        yield f"{place}: {json.dumps(said)}"
        for name, one in shape.fields.items():
            yield from outline(f"{place}.{name}", one)
        yield from outline(f"{place}[]", shape.each)


@pytest.mark.parametrize("release", ["4.8", "4.23"])
def test_what_is_known_of_each_kind(release):
    """Every field, beside the rows that try some of them."""
    hear([line for kind in KINDS for line in outline(f"{release} {kind}", schema.shape_of(kind, release))])


@pytest.mark.parametrize("case", cases("openshift4/api.yml"))
def test_what_an_api_server_takes(case, sentences):
    """Our own objects, beside those of upstream: refused with a path and a reason, or taken."""
    metadata = {"name": "x"} | ({"namespace": "team"} if case["kind"] == "ImagePolicy" else {})
    one = {"apiVersion": "x/v1", "kind": case["kind"], "metadata": metadata, **case.get("object", {})}
    said = [text.partition(": ")[2] for text in schema.refusals(one, releases.find(case.get("release", "4.22")))]
    assert len(said) == len(case["refused"]), said
    sentences(said)
    assert all(text.startswith(part) for text, part in zip(said, case["refused"], strict=True)), said


IMMUTABLE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "immutable": True, "data": {"a": "x"}}
BYTES = 1 << 20


@pytest.mark.parametrize(
    ("change", "old", "refused"),
    [
        ({"metadata": {"name": "x", "labels": {"a": "b"}}}, IMMUTABLE, []),
        ({"data": {"a": "y"}}, IMMUTABLE, ["data: cannot change, because the ConfigMap is immutable"]),
        ({"binaryData": {"b": "eA=="}}, IMMUTABLE, ["binaryData: cannot change"]),
        ({"immutable": False}, IMMUTABLE, ["immutable: cannot change"]),
        ({"data": {"a": "y"}}, IMMUTABLE | {"immutable": False}, []),
        ({"metadata": {"name": "x", "annotations": {"ab": "é" * (1 << 17)}}}, None, ["metadata.annotations: may hold"]),
        ({"metadata": {"name": "x", "annotations": {"ab": "x" * ((1 << 18) - 2)}}}, None, []),
        ({"data": {"a" * 253: "x"}}, None, []),
        ({"data": {"a" * 254: "x"}}, None, ["data: 'aaa"]),
        ({"data": {"a": "é" * (BYTES // 2)}}, None, []),
        ({"data": {"a": "x", "b": "é" * (BYTES // 2)}}, None, ["the object: may hold at most 1048576 bytes"]),
        ({"data": {}, "binaryData": {"a": b64encode(b"x" * BYTES).decode()}}, None, []),
        ({"binaryData": {"b": b64encode(b"x" * BYTES).decode()}}, None, ["the object: may hold at most 1048576 bytes"]),
    ],
)  # fmt: skip
def test_a_config_map_as_a_whole(change, old, refused, sentences):
    said = list(schema.refusals(IMMUTABLE | change, RELEASE, old))
    assert len(said) == len(refused), said
    assert all(text.startswith(f"ConfigMap x: {part}") for text, part in zip(said, refused, strict=True)), said
    sentences(said)


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
    said = "\n".join(finding["found"] for finding in guards.lint(manifests({"more": [policy]}), "4.22"))
    assert (f"{hostname!r} is not a host name" not in said) is well, said


READ_BY_GO = (
    "*", "/a", "//a^b", "https:", "x:%zz", "https://a/?%zz", "https://é.io", "https://[::1]:80/", "https://u:p@a:/b",
    "http://[fe80::1%25en0]/", "https://%C3%A9/", "https://a/b c?d e", "x:///y",
)  # fmt: skip
NOT_READ_BY_GO = (
    "", "a", "a/b", ":a", "a_b:c", "1a://b", "https://[::1", "https://[a]/", "https://a:port/", "https://a:80x",
    "https://a:80:x", "https://a^b/", "https://a%20b/", "https://a#b c", "https://a b/", "https://a/%zz", "https://a[b",
    "https://a/x#%zz", "https://a\t/", "https://[::1]x/", "https://a^@b", "https://a/\x7f",
)  # fmt: skip


@pytest.mark.parametrize("url", READ_BY_GO)
def test_an_issuer_that_go_reads_as_a_url(url):
    assert schema._is_url(url)


@pytest.mark.parametrize("url", NOT_READ_BY_GO)
def test_an_issuer_that_go_does_not_read(url):
    assert not schema._is_url(url)


@pytest.mark.parametrize("address", ["a@b", "a@b\xa0", "a@@b"])
def test_an_address_of_somebody(address):
    assert all(rule(address) for rule, _otherwise in schema._EMAIL.rules)


@pytest.mark.parametrize("address", ["a @b", "a@", "a@b\n"])
def test_an_address_of_nobody(address):
    assert not all(rule(address) for rule, _otherwise in schema._EMAIL.rules)


@given(clusters, any_release)
def test_where_the_operator_stops_a_guard_of_that_kind_says_why(cluster, release):
    found = guards.lint(manifests(cluster), release)
    assert "operator-stops" not in {finding["guard"] for finding in found}, found


@given(anything, any_release)
def test_no_yaml_gives_anything_but_findings_or_a_sentence(value, release):
    try:
        guards.lint(value, release)
    except ManifestProblem as problem:
        assert "\n" not in str(problem)
