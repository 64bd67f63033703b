# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the registry operator answers: own tables, what the running operator did, and what holds for any input."""

from __future__ import annotations

import base64
import json
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.image_registry_problems import image_registry_problems
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry import validation, values
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.manifests import merged_into
from cases import cases, examples, upstream
from conftest import REPOSITORY
from hypothesis import given
from hypothesis import strategies as st
from trust.pki import key_pem

NAMESPACE = "openshift-image-registry"
STANDARD = {"managementState": "Managed", "replicas": 1, "rolloutStrategy": "RollingUpdate"}


def merged(before, patch):
    """Merge a patch as an API server does."""
    (found,) = merged_into([{"kind": "X", "spec": before}], [{"kind": "X", "spec": patch}])
    return found["spec"]


def claim(name, modes, annotations=None):
    """A manifest; beside access modes, "own" is one that the operator made, and "going" one that is being deleted."""
    notes = {"imageregistry.openshift.io": "true"} if "own" in modes else annotations
    going = {"deletionTimestamp": "2026-06-01T12:00:00Z"} if "going" in modes else {}
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": notes, **going},
        "spec": {"accessModes": [mode for mode in modes if mode not in ("own", "going")]},
    }


def secret(name, data):
    """A manifest; "RSA" and "EC" stand for keys in PEM form."""
    for word, kind in (("RSA", "weak"), ("EC", "ec")):
        data = {key: value.replace(f'"{word}"', json.dumps(key_pem("google", kind))) for key, value in data.items()}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "data": encoded}


def platform(status):
    return {"kind": "Infrastructure", "metadata": {"name": "cluster"}, "status": status}


def objects(case):
    yield from (claim(name, modes) for name, modes in case.get("claims", {}).items())
    yield from (secret(name, data) for name, data in case.get("secrets", {}).items())
    for name, data in case.get("maps", {}).items():
        yield {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "openshift-config"}, "data": data}
    if "platform" in case:
        name = case["platform"]
        settings = {name.lower(): case.get("settings", {"region": case.get("region")})}
        yield platform({"platformStatus": {"type": name, **settings}})


@pytest.mark.parametrize("case", cases("image_registry/problems.yml"))
def test_problems(case, sentences):
    current = merged(STANDARD, case["current"]) if "current" in case else None
    found = image_registry_problems(
        merged(STANDARD, case["spec"]), current, list(objects(case)), case.get("release", "4.18")
    )
    assert [" ".join(filter(None, (one["reason"], one["path"]))) for one in found] == case["finds"]
    assert all(one["effect"] == ("refuse" if one["reason"] else "warn") for one in found)
    assert case.get("sentence", "") in (found[0]["sentence"] if found else "")
    sentences(found)
    assert not any("\n" in one["sentence"] or "secret@" in one["sentence"] for one in found)


def test_line_ends_in_base64_are_passed_over():
    """As Go does it; `base64` writes 76 characters a line."""
    file = json.dumps({"type": "service_account", "private_key": key_pem("google", "weak")})
    told = secret("image-registry-private-configuration-user", {"REGISTRY_STORAGE_GCS_KEYFILE": file})
    told["data"] = {key: base64.encodebytes(base64.b64decode(value)).decode() for key, value in told["data"].items()}
    assert image_registry_problems({**STANDARD, "storage": {"gcs": {"bucket": "b"}}}, objects=[told]) == []


@pytest.mark.parametrize("case", cases("image_registry/refused.yml"))
def test_refused_in_one_sentence(case):
    with pytest.raises(AnsibleFilterError) as refusal:
        image_registry_problems(case["spec"], **case.get("ask", {}))
    assert str(refusal.value) == f"image_registry_problems: {case['error']}"


def test_values_of_secrets_are_in_no_sentence():
    word = "hunter2hunter2"
    spec = {**STANDARD, "httpSecret": [word], "storage": {"gcs": {}}}
    told = [secret("image-registry-private-configuration-user", {"REGISTRY_STORAGE_GCS_KEYFILE": word})]
    wrong_type, wrong_value = (
        image_registry_problems(spec),
        image_registry_problems(spec | {"httpSecret": word}, None, told),
    )
    assert wrong_type[0]["path"] == "httpSecret" and wrong_value[0]["path"] == "storage.gcs"
    assert word not in json.dumps([wrong_type, wrong_value])


def test_examples_of_the_documentation():
    given_spec = {**STANDARD, "replicas": 2, "storage": {"pvc": {"claim": "reg"}}}
    told = {"spec": given_spec, "claims": [claim("reg", ["ReadWriteOnce"])], "config": {"spec": STANDARD}, "patch": {}}
    shown, asked = examples("image_registry_problems", told)
    assert [one["path"] for one in shown["msg"]] == ["storage.pvc.claim"]
    assert [one["reason"] for one in asked["vars"]["problems"]] == ["StorageNotConfigured"]


# --- the schema -----------------------------------------------------------------------------------------------------


def test_every_word_of_the_schema_is_known():
    """What the API server looks at, and no line of ours reads, would be let through in silence."""
    known = {
        "additionalProperties", "anyOf", "default", "enum", "format", "items", "maxLength", "maximum", "minLength",
        "minimum", "not", "nullable", "pattern", "properties", "required", "type", "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations",
    }  # fmt: skip
    for_merging = {"x-kubernetes-list-type", "x-kubernetes-map-type"}
    words, formats, rules, choices = set(), set(), set(), []

    def walk(schema):
        words.update(schema)
        choices.extend(schema["anyOf"] if "x-kubernetes-int-or-string" not in schema and "anyOf" in schema else ())
        formats.add(schema.get("format"))
        rules.update(rule["message"] for rule in schema.get("x-kubernetes-validations", ()))
        for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
            walk(inner)
        for key in ("items", "additionalProperties", "not"):
            if key in schema:
                walk(schema[key])

    for minor in (8, 14, 18, 22):
        walk(validation.schema_of(minor))
    assert words <= known | for_merging
    assert formats == {None, "int32", "int64", "duration"}
    assert rules == set(validation._RULES)
    assert all("kms" in json.dumps(choice) for choice in choices)


@pytest.mark.slow
def test_vendored_schema(shared_dir):
    """It is what the tool makes of the CRDs, and the releases that are not in it have the schema of one before."""
    path = REPOSITORY / "tests/tools/registry_schema"
    tool = module_from_spec(spec_from_loader("registry_schema", SourceFileLoader("registry_schema", str(path))))
    tool.__loader__.exec_module(tool)
    crds = shared_dir / "crds"
    assert json.loads(tool.WRITTEN.read_text()) == tool.schemas(crds), "run tests/tools/registry_schema"
    newest = tool.schema(crds / "configs.imageregistry.operator.openshift.io.yaml")
    assert newest == tool.schema(crds / "by-release/4.20/configs.imageregistry.yaml") == validation.schema_of(20)


@pytest.mark.parametrize("feature", ["AAA_ungated", "ChunkSizeMiB"])
def test_upstream_validation(shared_dir, feature):
    """The tests of the CRD itself: what is stored, and what is refused."""
    file = shared_dir / f"upstream-cases/crd_validation/configs.imageregistry.operator.openshift.io__{feature}.yaml"
    schema = validation.schema_of(22)
    rows = yaml.safe_load(file.read_text())["tests"]["onCreate"]
    assert rows
    for row in rows:
        stored, unknown = validation.stored(yaml.safe_load(row["initial"])["spec"], schema)
        found = validation.mistakes(stored, schema)
        if "expectedError" in row:
            assert [one for one in found if f"spec.{one.path}" in row["expectedError"]], row["name"]
        else:
            assert (found, unknown) == ([], []), row["name"]
            assert stored == yaml.safe_load(row["expected"])["spec"], row["name"]


@pytest.mark.parametrize(
    ("text", "nanoseconds", "is_loose"),
    [
        ("1h30m", 5400 * 10**9, True), ("1.5s", 15 * 10**8, True), (".5s", 5 * 10**8, True), ("-2us", -2000, True),
        ("+1µs", 1000, True), ("0", 0, True), ("-0", 0, True), ("300000h", 1080000000 * 10**9, True),
        ("9999999h", None, True), ("1d", None, True), ("1 week", None, True), ("2 Days", None, True),
        ("", None, False), ("10", None, False), ("s", None, False), ("1x", None, False), (".s", None, False),
        ("1 month", None, False), ("99999999999999999999 s", None, False),
    ],
)  # fmt: skip
def test_durations(text, nanoseconds, is_loose):
    assert (values.duration(text), values.is_loose_duration(text)) == (nanoseconds, is_loose)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("-1.5Gi", -1.5 * 2**30), ("100m", 0.1), ("2e3", 2000), ("1E", 10**18), ("1E2", 100), (".5k", 500),
     ("1.", 1), ("", None), ("1e1.5", None), ("1Ki2", None), ("Gi", None), ("1e999", 1e60),
     ("1e99999999999999999999", None)],
)  # fmt: skip
def test_quantities(text, number):
    found = values.quantity(text)
    assert found == number if number is None else float(found) == number


# --- what was observed ----------------------------------------------------------------------------------------------

#: What only the cloud knows, and the place of observation could reach none.
UNREACHABLE = {
    "s3 real region name, no network",
    "azure account and container, account key",
    "azure empty, credentials of the platform, platform Azure, no network",
}
#: Id of a case → the path of the warning that a person wants there.
WARNED = {
    "emptyDir, replicas 3, Recreate": "storage.emptyDir",
    "pvc with storage.managementState Managed, claim by name": "storage.managementState",
    "pvc Managed, claim by name: then Removed": "managementState",
    "emptyDir to pvc, old key null, managementState left (Managed)": "storage.managementState",
    "misspelt backend key is pruned, old one left": "storage.nfs",
    "managementState null": "managementState",
    "requests only maxWaitInQueue: ignored": "requests.read.maxWaitInQueue",
    "oss beside emptyDir is not counted": "storage.oss",
    "pvc to s3, old key null, managementState null": "storage",
}


def observed(expected):
    """The reason that the conditions stand for."""
    if not expected["api"]["accepted"]:
        return "api"
    conditions = expected["conditions"]
    if conditions["Degraded"]["status"] == "True":
        return conditions["Degraded"]["reason"]
    if conditions["Progressing"]["reason"] == "Error":
        return "Error"
    return None if expected["observed"] else "unobserved"


def present(case, by_id):
    """The objects that a case presupposes, and those that the cases before it left."""
    if case["after"] != "baseline":
        yield from present(by_id[case["after"]], by_id)
    for one in case["presupposed"]:
        if one["kind"] == "PersistentVolumeClaim":
            yield claim(one["name"], one["accessModes"], one["annotations"])
        elif one["kind"] == "Secret":
            yield secret(one["name"], one["data"])
        else:
            yield platform({key: value for key, value in one.items() if key != "kind"})


def test_upstream_operator(shared_dir):
    """What the running operator answered to each patch, the first refusal being the one that it stopped at."""
    (file,) = (shared_dir / "upstream-cases").glob("74_*.json")
    table = json.loads(file.read_text())
    by_id = {case["id"]: case for case in table["cases"]}
    assert UNREACHABLE | WARNED.keys() < by_id.keys()
    for name, case in by_id.items():
        before = by_id.get(case["after"], {}).get("expected", {}).get("spec_after") or table["baseline"]["spec"]
        before = before | {"observedConfig": None}
        patched = merged(before, case["patch"])
        found = image_registry_problems(patched, before, list(present(case, by_id)))
        reasons = [one["reason"] for one in found if one["effect"] == "refuse"]
        if name not in UNREACHABLE:
            assert (reasons or [None])[0] == observed(case["expected"]), (name, found)
        if name in WARNED:
            assert WARNED[name] in [one["path"] for one in found if one["effect"] == "warn"], (name, found)


@pytest.mark.parametrize("managed", ["Managed", None])
def test_upstream_claims(shared_dir, managed):
    """The decisions of the driver for claims, asked through the whole operator; "foo" is what no API server stores."""
    for case in upstream(shared_dir, 61):
        storage = {**case["config"]["spec"]["storage"], "managementState": managed}
        found = image_registry_problems({**STANDARD, "storage": storage}, objects=[
            {"kind": "PersistentVolumeClaim", **one} for one in case["existing_pvcs"]
        ])  # fmt: skip
        refused = [one for one in found if one["effect"] == "refuse"]
        assert bool(refused) == bool(case["expected_error_contains"]), case["name"]


def test_upstream_azure(shared_dir):
    """An account key needs an account and a container, which only the condition StorageExists says."""
    told = [secret("image-registry-private-configuration-user", {"REGISTRY_STORAGE_AZURE_ACCOUNTKEY": "a2V5"})]
    for case in upstream(shared_dir, 62):
        azure = {key: text.replace("_", "-") for key, text in case["config"]["spec"]["storage"]["azure"].items()}
        found = image_registry_problems({**STANDARD, "storage": {"azure": azure}}, objects=told)
        assert [one["effect"] for one in found] == ["warn"] * (2 - len(azure)), case["name"]


def test_upstream_buckets(shared_dir):
    """Whoever has credentials may name a bucket or none, whether it exists or not."""
    told = [
        platform({"platformStatus": {"type": "AWS", "aws": {"region": "us-east-1"}}}),
        secret(
            "image-registry-private-configuration-user",
            {
                "REGISTRY_STORAGE_S3_ACCESSKEY": "a",
                "REGISTRY_STORAGE_S3_SECRETKEY": "s",
                "REGISTRY_STORAGE_GCS_KEYFILE": '{"type": "service_account", "private_key": "RSA"}',
            },
        ),
    ]
    for case in upstream(shared_dir, 65):
        storage = {**case["config"]["spec"]["storage"], "managementState": None}
        assert image_registry_problems({**STANDARD, "storage": storage}, objects=told) == [], case["name"]


# --- what holds for any input ---------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    "managementState replicas storage pvc claim s3 region azure container emptyDir routes name requests read "
    "maxRunning maxWaitInQueue resources limits cpu nodeSelector tolerations key effect affinity kind spec x".split()
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
    | st.sampled_from(["Managed", "Removed", "Recreate", "1d", "1Gi", "reg", "PersistentVolumeClaim", "Secret"])
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15
)


@given(spec=ANYTHING, current=ANYTHING, told=ANYTHING)
def test_any_value_gives_findings_or_one_sentence(spec, current, told):
    try:
        found = image_registry_problems(spec, current, told)
    except AnsibleFilterError as error:
        assert "\n" not in str(error)
    else:
        assert all(one.keys() == {"path", "effect", "sentence", "reason"} for one in found)


def of_schema(schema):
    """Values that the schema takes, or nearly."""
    if "properties" in schema:
        inner = {key: of_schema(one) for key, one in schema["properties"].items()}
        required = {key: inner[key] for key in schema.get("required", ())}
        return st.fixed_dictionaries(required, optional={key: one for key, one in inner.items() if key not in required})
    if "items" in schema:
        return st.lists(of_schema(schema["items"]), max_size=2)
    if schema.get("type") == "object":
        return st.dictionaries(st.text(max_size=3), of_schema(schema.get("additionalProperties", {})), max_size=2)
    by_type = {"integer": st.integers(-3, 2**33), "boolean": st.booleans()}
    words = st.sampled_from(
        [*schema.get("enum", ()), "Managed", "Removed", "Recreate", "a", "", "In", "1d", "5s", "1Gi"]
    )
    return by_type.get(schema.get("type"), words)


SPECS = st.deferred(lambda: of_schema(validation.schema_of(18)))


@pytest.mark.slow
@given(spec=SPECS, current=st.none() | SPECS)
def test_whatever_the_schema_takes_is_judged(spec, current):
    found = image_registry_problems(spec, current)
    reasons = {one["reason"] for one in found if one["effect"] == "refuse"}
    assert "api" not in reasons or reasons == {"api"}
    assert "unobserved" not in reasons or reasons == {"unobserved"}
