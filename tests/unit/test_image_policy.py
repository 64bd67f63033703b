# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ImagePolicy plug-in of OpenShift 3: own tables, the real plug-in's answers where they are at hand, and laws."""

from __future__ import annotations

import copy
import json
import time

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from cases import DATA, cases, upstream
from hypothesis import given
from hypothesis import strategies as st
from openshift3 import FILTERS, RELEASES, by_release, evaluated, examples, paths

admits, problems = FILTERS["image_policy_admits"], FILTERS["image_policy_problems"]
INTEGRATED = "docker-registry.default.svc:5000"
HEAD = {"kind": "ImagePolicyConfig", "apiVersion": "v1"}
KNOWN = yaml.safe_load((DATA / "openshift3/known.yml").read_text())


def policy_of(row):
    return (
        HEAD | {"executionRules": row["rules"]} | {k: row[k] for k in ("resolveImages", "resolutionRules") if k in row}
    )


@pytest.mark.parametrize("row, release, answer", by_release(cases("openshift3/admits.yml"), "answer"))
def test_admits(row, release, answer, sentences):
    registry = row.get("integrated_registry", INTEGRATED)
    found = admits(row["object"], policy_of(row), release, row.get("namespace", "shop"), registry, KNOWN)
    first, _comma, again = answer.partition(", ")
    assert (found["admitted"], found["admitted_again"]) == (first == "yes", (again or first) == "yes"), found
    sentences(found["refused"], found.get("notes"))
    assert found["rewritten"] == row.get("rewritten", found["rewritten"] if found["admitted"] else {})
    if "refused" in row:
        assert [one["reference"] for one in found["refused"]] == row["refused"]
    if found["refused"]:
        assert found["refused"][0]["path"] == row.get("path", found["refused"][0]["path"])
        if "sentence" in row:
            assert found["refused"][0]["sentence"] == row["sentence"]


@pytest.mark.parametrize("row", cases("openshift3/image_policy_problems.yml"))
def test_problems(row, sentences):
    text = row.get("document", f"kind: ImagePolicyConfig\napiVersion: v1\n{row.get('text', '')}")
    found = problems(text, row.get("release", "3.11"))
    assert (paths(found, "refuse"), paths(found, "warn")) == (row.get("refuse", []), row.get("warn", [])), found
    sentences(found)
    assert all(one["sentence"] and "\n" not in one["sentence"] for one in found)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("1" * 5000, "a number of the text has thousands of digits"),
        ("[" * 100_000, "the text is nested too deeply"),
    ],
    ids=["a number of thousands of digits", "a hundred thousand lists"],
)
def test_what_json_of_an_attacker_may_hold_is_a_finding(value, says):
    (found,) = problems('{"kind": "ImagePolicyConfig", "apiVersion": "v1", "executionRules": ' + value)
    assert found["effect"] == "refuse" and found["sentence"] == says, found


def test_a_list_of_objects_gets_a_list_of_answers():
    pod = {"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"image": "gcr.io/a/b"}]}}
    policy = HEAD | {"executionRules": [{"name": "a", "matchRegistries": ["quay.io"]}]}
    one = admits(pod, policy)
    assert admits([pod, "quay.io/a/b"], policy) == [one, admits("quay.io/a/b", policy)]
    assert admits({"kind": "List", "apiVersion": "v1", "items": [pod]}, policy) == [one]
    assert admits([], policy) == []
    assert not one["admitted"] and admits("quay.io/a/b", policy)["notes"] == ["quay.io/a/b: the rule 'a' allows it"]


def test_what_is_not_known_is_named():
    policy = HEAD | {"executionRules": [{"name": "a", "reject": True, "matchImageAnnotations": [{"key": "bad"}]}]}
    found = admits(f"quay.io/a/b@sha256:{'3' * 64}", policy)
    assert found["admitted"] and "no Image with this digest is among the known ones" in found["notes"][0]


@pytest.mark.parametrize("task, answer", [*examples("image_policy_admits"), *examples("image_policy_problems")])
def test_examples(task, answer):
    if "ansible.builtin.assert" in task:
        assert evaluated(task["ansible.builtin.assert"]["that"], task["vars"]) is True
    else:
        assert evaluated(task["ansible.builtin.debug"]["msg"], task["vars"]) == answer


# --- what holds for any input ---------------------------------------------------------------------------------------

names = st.sampled_from(
    ["busybox", "python:3", "python:4", "web", "quay.io/a/b", f"{INTEGRATED}/shop/web", f"{INTEGRATED}/shop/python:3"]
    + [f"{INTEGRATED}/shop/web@sha256:{'1' * 64}", f"quay.io/x@sha256:{'2' * 64}", "No Name", "", "localhost/a"]
)
values = st.lists(st.fixed_dictionaries({"key": st.sampled_from(["audited", "tier", "release"])}, optional={"set": st.booleans(), "value": st.sampled_from(["", "7", "2018"])}), max_size=2)  # fmt: skip # noqa: E501
resources = st.sampled_from(
    [{"resource": "pods"}, {"resource": "builds"}, {"resource": "deployments", "group": "apps"}, {"resource": "*"}]
)
rules = st.fixed_dictionaries(
    {},
    optional={
        "reject": st.booleans(),
        "invertMatch": st.booleans(),
        "skipOnResolutionFailure": st.booleans(),
        "matchIntegratedRegistry": st.booleans(),
        "ignoreNamespaceOverride": st.booleans(),
        "onResources": st.lists(resources, max_size=2),
        "matchRegistries": st.lists(st.sampled_from(["", "quay.io", INTEGRATED, "localhost"]), max_size=2),
        "matchDockerImageLabels": values,
        "matchImageAnnotations": values,
    },
)


def named(rules):
    return [{"name": str(number), **rule} for number, rule in enumerate(rules)]


policies = st.fixed_dictionaries(
    {"executionRules": st.lists(rules, max_size=3).map(named)},
    optional={
        "resolveImages": st.sampled_from(["Required", "RequiredRewrite", "AttemptRewrite", "Attempt", "Never"]),
        "resolutionRules": st.just([]),
    },
)
pods = st.lists(names, max_size=3).map(
    lambda images: {"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"image": image} for image in images]}}
)


@given(pods, policies, st.sampled_from(RELEASES))
def test_the_answer_is_stable(pod, policy, release):
    """Asked again it is the same, nothing that was given is changed, and it does not depend on the order of rules that
    do the same, nor on what nobody reads."""
    given_before = copy.deepcopy((pod, policy, KNOWN))
    found = admits(pod, HEAD | policy, release, "shop", INTEGRATED, KNOWN)
    assert (pod, policy, KNOWN) == given_before
    assert admits(pod, HEAD | policy, release, "shop", INTEGRATED, KNOWN) == found
    turned = policy | {"executionRules": policy["executionRules"][::-1], "nobody": "reads this"}
    other = admits(pod, HEAD | turned, release, "shop", INTEGRATED, list(reversed(KNOWN)))
    assert {key: other[key] for key in ("admitted", "admitted_again", "rewritten")} == {
        key: found[key] for key in ("admitted", "admitted_again", "rewritten")
    }
    assert found["admitted"] or not found["rewritten"]
    assert bool(found["refused"]) == (not (found["admitted"] and found["admitted_again"]))


@given(pods, policies, st.sampled_from(RELEASES))
def test_a_container_more_never_helps(pod, policy, release):
    if pod["spec"]["containers"]:
        fewer = pod | {"spec": {"containers": pod["spec"]["containers"][:1]}}
        whole, part = (admits(one, HEAD | policy, release, "shop", INTEGRATED, KNOWN) for one in (pod, fewer))
        assert part["admitted"] or not whole["admitted"]


keys = st.sampled_from(
    ["kind", "apiVersion", "executionRules", "resolutionRules", "name", "spec", "containers", "image", "metadata"]
    + ["matchImageLabels", "matchExpressions", "strategy", "sourceStrategy", "from", "items", "status", "template"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | names | keys
leaves |= st.sampled_from(["ImagePolicyConfig", "v1", "Pod", "Build", "Image", "ImageStreamTag", "List", "Deployment", "apps/v1"])  # fmt: skip # noqa: E501
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))
texts = st.lists(st.sampled_from(["kind: ImagePolicyConfig\n", "apiVersion: v1\n", "executionRules:\n", "- name: a\n", "{", "}", '"', ":", "- ", "&a ", "*a", "<<: ", "\t", "\x00", "é", "---\n"]), max_size=9).map("".join)  # fmt: skip # noqa: E501


@pytest.mark.slow
@given(anything, anything | texts, anything, st.sampled_from(RELEASES))
def test_a_result_or_a_sentence(subject, policy, known, release):
    asks = [lambda: problems(policy, release), lambda: admits(subject, policy, release, known=known)]
    asks += [lambda: admits(subject, HEAD, release, known=known)]
    for ask in asks:
        try:
            json.dumps(ask())
        except AnsibleFilterError as refusal:
            assert "\n" not in str(refusal)


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["[", "{", "- ", "? ", "a: ", "&a [*a, ", "a.", "*", '{"a":', "\\"])
def test_hostile_texts_end_soon(piece):
    start = time.process_time()
    for text in (piece * 20_000, f"kind: ImagePolicyConfig\napiVersion: v1\nexecutionRules: {piece * 20_000}"):
        assert paths(problems(text), "refuse") == [""] or "executionRules" in text
    admits(piece * 20_000, HEAD) if len(piece.splitlines()) < 2 else None
    assert time.process_time() - start < 10


def test_aliases_do_not_multiply():
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (finding,) = problems("\n".join(rows))
    assert finding["effect"] == "refuse" and "aliases multiply" in finding["sentence"]


# --- the real plug-in's answers -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_real_answers_about_objects(shared_dir):
    table = json.loads((shared_dir / "upstream-cases/70_imagepolicy_cases.json").read_text())
    asked = 0
    for case in (case for case in table["cases"] if case["kind"] == "admit"):
        known = list(known_objects(case, table["objects"]))
        for expected, release in ((each, release) for each in case["expected"] for release in each["releases"]):
            asked += 1
            arguments = (case["object"], case["policy"], release, "team", case["integrated_registry"], known)
            if "load_error" in expected:
                with pytest.raises(AnsibleFilterError):
                    admits(*arguments)
                continue
            found = admits(*arguments)
            found["refused"] = sorted(one["reference"] for one in found["refused"])
            wanted = {"rewritten": {}} | {key: expected[key] for key in expected if key in found}
            wanted["refused"] = sorted(wanted["refused"])
            assert {key: found[key] for key in wanted} == wanted, (case["id"], release)
    assert asked >= 1000


def known_objects(case, objects):
    for name in case["known"]:
        if name == "*":
            yield from (value for value in objects.values() if value["kind"] != "Namespace")
        else:
            yield objects[name]


def test_real_answers_about_documents(shared_dir):
    for case in (case for case in upstream(shared_dir, 70) if case["kind"] == "document"):
        for expected, release in ((each, release) for each in case["expected"] for release in each["releases"]):
            refused = paths(problems(case["document"], release), "refuse")
            wanted = expected.get("paths", [""]) if expected["refused"] else []
            assert refused == wanted, (case["id"], release)


@pytest.mark.parametrize("number", ["0x" + "f" * 6000, "1" * 6000, "7" * 6000, "0x" + "f" * 17, str(2**64)])
def test_a_number_that_no_program_holds_is_a_finding(number):
    """Python writes no whole number of more than 4,300 digits."""
    text = f"kind: ImagePolicyConfig\napiVersion: v1\nexecutionRules: [{{name: a, reject: {number}}}]\n"
    assert [finding["effect"] for finding in problems(text)][:1] == ["refuse"]
