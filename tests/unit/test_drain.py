# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drain does with the pods of a node: own tables, what two kubectls answered, and what holds for any input."""

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.drain_plan import drain_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import labels
from cases import cases, examples, upstream
from hypothesis import example, given
from hypothesis import strategies as st

NOON = "2026-06-01T12:00:00Z"
RELEASES = {"4": "4.18", "3": "3.11"}
OUTCOMES = ("evict", "skip", "refuse")
LABELS = [{"app": "x"}, {"app": "y", "num": "5"}, {"tier": "", "num": "x"}, {"acme.example/role": "web"}]


def pod(name, owner=None, owners=(), volumes=(), phase="Running", deleted=None, labels=None, annotations=None):
    """A manifest of namespace team. owner: [apiVersion, kind, name]; owners: the same with the value of controller."""
    references = [*owners, *([[*owner, True]] if owner else [])]
    keys = ("apiVersion", "kind", "name", "controller")
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "team",
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [dict(zip(keys, reference, strict=True)) for reference in references] or None,
            "deletionTimestamp": deleted,
        },
        "spec": {"volumes": [{"name": "v", "emptyDir": None} | {kind: {}} for kind in volumes]},
        "status": {"phase": phase},
    }


def answers():
    """The cases of the table, once for each kubectl that has an answer to it."""
    for case in cases("drain/plan.yml"):
        for release in RELEASES:
            if "both" in case.values[0] or release in case.values[0]:
                yield pytest.param(*case.values, release, id=f"{case.id}-{release}")


@pytest.mark.parametrize(("case", "release"), list(answers()))
def test_plan(case, release, sentences):
    wanted = case.get("both", case.get(release))
    pods = case.get("manifests") or [pod(name, **facts) for name, facts in case["pods"].items()]
    found = drain_plan(pods, release=RELEASES[release], now=NOON, **case.get("ask", {}))
    assert found["proceed"] == (not wanted.get("refuse"))
    sentences(found["lines"], [found[outcome] for outcome in OUTCOMES])
    for outcome in OUTCOMES:
        texts = {one["pod"].removeprefix("team/"): one["text"] for one in found[outcome]}
        assert (list(texts) if "both" in case else texts) == wanted.get(outcome, [] if "both" in case else {})


@pytest.mark.parametrize("case", cases("drain/selectors.yml"))
def test_selectors(case, sentences):
    if "refused" in case:
        with pytest.raises(labels.SelectorProblem) as refusal:
            labels.parse(case["selector"])
        assert case["refused"] in str(refusal.value)
        sentences(refusal.value)
    else:
        selector = labels.parse(case["selector"])
        assert [number for number, labels in enumerate(LABELS) if selector.matches(labels)] == case["selects"]


@pytest.mark.parametrize("case", cases("drain/refused.yml"))
def test_refused_in_one_sentence(case, sentences):
    with pytest.raises(AnsibleFilterError) as refusal:
        drain_plan(case["pods"], **case.get("ask", {}))
    text = str(refusal.value)
    sentences(text)
    assert text.startswith(f"drain_plan: {case['error']}") and "\n" not in text
    assert case["error"].endswith(": ") or text == f"drain_plan: {case['error']}"


def test_a_person_is_told_who_stops_it_and_what_would_help():
    pods = [pod("bare"), pod("web", ["apps/v1", "ReplicaSet", "rs"]), pod("agent", ["apps/v1", "DaemonSet", "ds"])]
    assert drain_plan(pods, ignore_daemonsets=True)["lines"] == [
        "1 to evict, 1 to leave, 1 refused, so that nothing is evicted",
        "team/bare declares no controller: nobody would start it again (force)",
        "team/agent belongs to a DaemonSet and stays where it is",
    ]
    pods = [pod("a", volumes=["emptyDir"])]
    assert drain_plan(pods, force=True, delete_emptydir_data=True)["lines"][1:] == [
        "team/a loses the data in its emptyDir, and declares no controller: nobody will start it again"
    ]


def test_pods_come_as_a_list_of_the_api_or_as_its_text():
    pods = {"apiVersion": "v1", "kind": "List", "items": [pod("b"), pod("a")]}
    assert drain_plan(pods) == drain_plan(yaml.safe_dump(pods)) == drain_plan([pod("a"), pod("b")])


def test_order_is_that_of_the_api_or_of_the_pods():
    pods = [pod("b"), pod("a")]
    assert [one["pod"] for one in drain_plan(pods)["refuse"]] == ["team/a", "team/b"]
    assert [one["pod"] for one in drain_plan(pods, release="3.11")["refuse"]] == ["team/b", "team/a"]


def test_a_pod_without_a_namespace_is_in_default():
    assert drain_plan({"metadata": {"name": "a"}})["refuse"][0]["pod"] == "default/a"


def test_examples_of_the_documentation():
    told = {"query": lambda *_args, **_more: [pod("bare")], "pods": [pod("bare")]}
    asked, refused = examples("drain_plan", told)
    assert asked["msg"] == drain_plan([pod("bare")])["refuse"]
    assert refused["vars"]["plan"] == drain_plan([pod("bare")], release="3.11")


@pytest.mark.parametrize("release", RELEASES)
def test_upstream(shared_dir, release):
    """What the real kubectls answered, with their texts and their order."""
    asked = 0
    for case in upstream(shared_dir, 73):
        for answer in case["expected"]:
            if not answer["releases"][0].startswith(release):
                continue
            asked += 1
            ask = {
                "daemonsets": case["daemonsets"],
                "release": RELEASES[release],
                "now": case["now"],
                **case["options"],
            }
            if "error" in answer:
                with pytest.raises(AnsibleFilterError):
                    drain_plan(case["pods"], **ask)
                continue
            found = drain_plan(case["pods"], **ask)
            for outcome in OUTCOMES:
                wanted = [{"text": None, **one} for one in answer[outcome]]
                assert found[outcome] == wanted, (case["id"], outcome)
    assert asked > 60


WORDS = st.sampled_from(["Pod", "DaemonSet", "List", "a/b"])
KEYS = st.sampled_from(["kind", "metadata", "name", "spec", "items", "x"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 99) | st.text(max_size=6) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
NAMES = ("daemonsets", "release", "force", "ignore_daemonsets", "delete_emptydir_data", "pod_selector", "now")


@given(pods=ANYTHING, name=st.sampled_from(NAMES), value=ANYTHING)
@example(pods=[{"metadata": {"name": "a"}, "spec": {"volumes": [None]}}], name="force", value=False)
def test_any_value_gives_an_answer_or_one_sentence(pods, name, value):
    try:
        found = drain_plan(pods, **{name: value})
    except AnsibleFilterError as error:
        assert "\n" not in str(error)
    else:
        assert found.keys() == {"proceed", "lines", *OUTCOMES}


FACTS = st.fixed_dictionaries(
    {
        "owner": st.sampled_from([None, ["apps/v1", "DaemonSet", "ds"], ["apps/v1", "ReplicaSet", "rs"]]),
        "volumes": st.lists(st.sampled_from(["emptyDir", "secret"]), max_size=2),
        "phase": st.sampled_from(["Running", "Succeeded", "Failed"]),
        "annotations": st.sampled_from([None, {"kubernetes.io/config.mirror": "x"}]),
    }
)
ALLOWED = st.fixed_dictionaries(dict.fromkeys(("force", "ignore_daemonsets", "delete_emptydir_data"), st.booleans()))


@given(facts=st.lists(FACTS, max_size=5), allowed=ALLOWED, release=st.sampled_from(list(RELEASES.values())))
def test_every_pod_is_in_one_list_and_whatever_is_allowed_refuses_no_more(facts, allowed, release):
    pods = [pod(f"p{number}", **one) for number, one in enumerate(facts)]
    found = drain_plan(pods, release=release, **allowed)
    names = [one["pod"] for outcome in OUTCOMES for one in found[outcome]]
    assert sorted(names) == [f"team/p{number}" for number in range(len(pods))]
    assert found["proceed"] == (not found["refuse"])
    everything = drain_plan(pods, release=release, **dict.fromkeys(allowed, True))
    assert everything["proceed"]


@given(text=st.text(alphabet="ab1,=!()<> inot/.", max_size=20))
def test_any_text_is_a_selector_or_refused(text):
    try:
        selector = labels.parse(text)
    except labels.SelectorProblem as problem:
        assert "\n" not in str(problem)
    else:
        assert selector.matches({}) in (True, False)
