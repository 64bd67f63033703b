# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from a host is believed only in the form we give it, and what reaches a person steers no terminal."""

from __future__ import annotations

import base64
import json

import pytest
import tasks
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.action import container_registries, host_policy, host_policy_info
from ansible_collections.dockyard.openshift.plugins.filter.registries_conf_problems import registries_conf_problems
from ansible_collections.dockyard.openshift.plugins.module_utils import _hands, _snapshot
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host import observed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan import proposal
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.plan import Change, Plan, view
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.shapes import Each, fits
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.secrets import Secrets
from cases import cases
from hosts import described, host
from hypothesis import given
from hypothesis import strategies as st
from tasks import COMMITTED, opaque, run
from test_host_policy import docker
from trust.pki import NOW
from trust.test_policy import read_trust
from trust.world import propose as propose_trust
from trust.world import world

PODMAN = '{"version": {"Version": "4.3.1"}, "registries": {}}'
WORDS = {"search": ["a.example.com"]}
NO_ANSWER = "the host sent back something that is no answer of this collection's modules"
STEERING = "\x1b]0;owned\x07\x1b[2J\u202e\u2028\u200f\ufeff"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def podman(**more) -> dict:
    answer = {"state": "done", "rc": 0, "stdout": PODMAN, "stderr": ""}
    return {"files": {}, "directories": {}, "commands": {"podman.info": answer}, "time": 1, "uid": 0, **more}


def asked(seen: object, action=container_registries) -> dict:
    return run(action.ActionModule, dict(WORDS), [seen] * 3, COMMITTED).result


@pytest.mark.parametrize("case", cases("doors/records.yml"))
def test_a_record_of_another_form_is_refused_as_damaged(case):
    state = described(json.dumps({"version": 1, **case["state"]}))
    with pytest.raises(HostProblem, match="state.json: this record of what belongs to us is damaged"):
        if case.get("task") == "trust":
            propose_trust(world({"podman": True, "more": {"state": state}}), read_trust([], NOW))
        else:
            node = host({}, {"podman.info": PODMAN}, state=state)
            propose(node, registries.drafts(node, registries.Said(read_policy(WORDS))), Applying())


def test_half_of_a_surrogate_pair_in_a_record_is_damage():
    words = {"search": ["\ud800"]}
    state = described(json.dumps({"version": 1, "container_registries": {"containers": {"words": words}}}))
    assert "is damaged" in asked(podman(state=state))["msg"]


@given(JSON, st.sampled_from(["container_registries", "registry_trust"]), st.booleans())
def test_no_record_ends_in_anything_but_a_plan_or_a_sentence(value, part, inside):
    record = {part: {"containers": value} if inside and part == "container_registries" else value}
    state = described(json.dumps({"version": 1, **record}))
    try:
        node = host({}, {"podman.info": PODMAN}, state=state)
        propose(node, registries.drafts(node, registries.Said(read_policy(WORDS))), Applying())
        propose_trust(world({"podman": True, "more": {"state": state}}), read_trust([], NOW))
    except HostProblem as problem:
        assert "damaged" in str(problem)


@pytest.mark.parametrize("case", cases("doors/snapshots.yml"))
def test_an_answer_of_another_form_is_one_sentence(case):
    seen = podman(**case["part"]) if "part" in case else None
    answer = {"snapshot": opaque(seen if "part" in case else case["whole"])}
    made = []

    def module(module_name, module_args, task_vars):
        made.append(module_name)
        return answer

    result = run(container_registries.ActionModule, dict(WORDS), [], module=module).result
    assert result["failed"] and result["msg"] == NO_ANSWER and len(made) == 1


@pytest.mark.slow
@given(st.sampled_from(["files", "directories", "commands", "journal", "state", "time", "locked", "uid"]), JSON)
def test_no_snapshot_ends_in_anything_but_a_result(part, value):
    result = asked(podman(**{part: value}))
    assert "exception" not in result and ("failed" not in result or "\n" not in result["msg"])


OTHER_INFO = ("[]", "7", "{", '{"version": []}', '{"registries": 7}', '{"registries": {"a": {"Mirrors": [{}]}}}')


@pytest.mark.parametrize("answer", OTHER_INFO)
def test_an_answer_of_podman_of_another_form_is_one_sentence(answer):
    said = {"podman.info": {"state": "done", "rc": 0, "stdout": answer, "stderr": ""}}
    assert "podman info says something that is not understood" in asked(podman(commands=said))["msg"]


@pytest.mark.parametrize(
    "answer",
    [
        {"committed": False, "reason": None, "report": opaque(None)},
        {"committed": False, "reason": "x", "report": opaque(["x"])},
        {"committed": True, "report": opaque(7)},
        {"committed": "yes"},
        {"committed": False, "reason": 7},
        {"report": "no base64"},
    ],
)
def test_an_end_of_another_form_is_one_sentence(answer):
    result = run(host_policy.ActionModule, dict(WORDS), [docker()], answer).result
    assert result["failed"] and NO_ANSWER in result["msg"] and "\n" not in result["msg"]
    # what it did is not known: the worse is told
    assert (result["changed"], result["rolled_back"]) == (True, False)


@pytest.mark.parametrize("kept", ["aHR0cDovL3U6UzNDUkVUczNjcmV0QHByb3h5", "http://u:S3CRETs3cret@proxy", 7, None])
def test_a_recorded_content_is_looked_into_whatever_it_is(kept):
    secrets = Secrets()
    secrets.add_passwords_of({"files": [{"content": kept}]})
    assert secrets.hidden_in("S3CRETs3cret") == ("********" if isinstance(kept, str) else "S3CRETs3cret")


@pytest.mark.parametrize("value", ["\ud800", {"a": ["\udfff"]}])
def test_half_of_a_surrogate_pair_in_a_filter_is_one_sentence(value):
    says = "^the values hold half of a surrogate pair, which no file can hold$"
    with pytest.raises(AnsibleFilterError, match=says):
        filters.filtered(lambda given: json.dumps(given, ensure_ascii=False).encode(), value)


def test_values_without_an_end_are_one_sentence():
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(AnsibleFilterError, match="^the values are nested too deeply$"):
        filters.filtered(lambda given: given, value)
    with pytest.raises(filters.ArgumentProblem, match="^a must be text, not something that is nested too deeply$"):
        filters.text(value, "a")


def test_nothing_that_a_host_says_steers_a_terminal():
    reason = f"x{STEERING}\nok: [node1]"
    failed = {"/etc/containers/registries.conf": {"state": "failed", "reason": reason}}
    result = asked(podman(files=failed))
    assert result["failed"] and result["msg"].isprintable()
    ended = {
        "committed": False,
        "rolled_back": True,
        "changed": True,
        "step": "act",
        "reason": reason,
        "report": opaque([]),
    }
    result = run(host_policy.ActionModule, dict(WORDS), [docker()], ended).result
    assert result["msg"].isprintable() and "owned" in result["msg"]
    theirs = f"[[registry]]\nprefix = {json.dumps('b.example.com/' + STEERING)}\nlocation = 'x'\n"
    drop_in = "/etc/containers/registries.conf.d/10.conf"
    listing = {"/etc/containers/registries.conf.d": {"state": "directory", "entries": ["10.conf"]}}
    seen = podman(files={drop_in: described(theirs)}, directories=listing)
    result = run(host_policy_info.ActionModule, {"blocked": ["b.example.com"]}, [seen]).result
    assert all(text.replace("\n", "").isprintable() for text in texts(result)), result


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("a\nb\x1b[2J\u2028\u202e", "a b [2J  "),
        ("https://user:p@S3CRETs3cret@host/x is not a name", "https://user:********@host/x is not a name"),
        ("'http://u:S3CRETs3cret@h', 'http://u:S3CRETs3cret@h'", "'http://u:********@h', 'http://u:********@h'"),
        ("'https://us@er:S3CRETs3cret@m', https://S3CRETs3cret@m", "'https://********@m', https://********@m"),
        ("https://a.example.com,http://u:S3,CRETs3cret@b", "https://a.example.com,http://u:********@b"),
        ("--insecure-registry=u:S3CRETs3cret@h:5000 is theirs", "--insecure-registry=…@h:5000 is theirs"),
        ("docker://a:1@sha256:0 https://a:5000/x@sha256:0", "docker://a:1@sha256:0 https://a:5000/x@sha256:0"),
        ("https://a.example.com,https://b:5000/x me@y", "https://a.example.com,https://b:5000/x me@y"),
        ('the entry "me:S3CRETs3cret@q.io" is there twice', 'the entry "…@q.io" is there twice'),
        ("me:p/S3CRETs3@cret@q.io:5000/org, (:S3CRETs3cret@q.io)", "…@q.io:5000/org, (…@q.io)"),
        ("x:1@sha256:0 h:5000/x@sha256:0 sha256:0/x@y", "x:1@sha256:0 h:5000/x@sha256:0 sha256:0/x@y"),
        ("nfs:/a@b, to: me@example.com (me@example.com:25): @", "nfs:/a@b, to: me@example.com (me@example.com:25): @"),
        ("x" * 9000, "x" * 4000 + "…"),
    ],
)
def test_whatever_a_problem_is_about_it_is_one_sentence_without_passwords(given, told):
    assert str(Problem(given)) == told


@pytest.mark.parametrize(
    ("seen", "said", "told"),
    [
        ("http://u:p@S3CRETs3cret@proxy:3128", "p, S3CRETs3cret, disruption", "p, S3CRETs3cret, disruption"),
        ("http://u:p@S3CRETs3cret@proxy:3128", "it is p@S3CRETs3cret!", "it is ********!"),
        ("http://u:p/S3CRETs3cret@proxy", "p/S3CRETs3cret", "********"),
        ("http://us@er:S3CRETs3cret@proxy", "er S3CRETs3cret", "er ********"),
        ("http://u:abc@proxy", "abc http://u:abc@proxy", "abc http://u:********@proxy"),
        ("", "http://u:x@proxy and docker://a:1@sha256:0", "http://u:********@proxy and docker://a:1@sha256:0"),
    ],
)
def test_a_password_is_hidden_as_a_whole_and_names_stay(seen, said, told):
    secrets = Secrets()
    secrets.add_passwords_of_urls(seen)
    assert secrets.hidden_in({"a": [said]}) == {"a": [told]}


def test_nothing_that_a_host_says_is_rendered_as_a_template(monkeypatch):
    rendered, space = [], tasks.SimpleNamespace

    def recording(**members):
        return space(
            **members | ({"template": lambda value: rendered.append(value) or value} if "template" in members else {})
        )

    monkeypatch.setattr(tasks, "SimpleNamespace", recording)
    theirs = "[[registry]]\nprefix = 'b.example.com/{{ 7 * 7 }}'\nlocation = '{{ 7 * 7 }}'\n"
    listing = {"/etc/containers/registries.conf.d": {"state": "directory", "entries": ["10-{{ 7 * 7 }}.conf"]}}
    seen = podman(
        files={"/etc/containers/registries.conf.d/10-{{ 7 * 7 }}.conf": described(theirs)}, directories=listing
    )
    variables = {"docker_registries_blocked": ["b.example.com"]}
    result = run(host_policy.ActionModule, {"from_variables": True}, [seen], COMMITTED, variables=variables).result
    assert not result.get("failed") and "b.example.com/{{ 7 * 7 }}" in result["plan"]["text"], result
    assert ["b.example.com"] in rendered and "7 * 7" not in str(rendered)


def test_no_line_of_a_plan_is_somebody_elses():
    forged = "x\n  + registry.example.com: insecure = true"
    plan = Plan((Change(forged, forged, "", view([forged]), undo=forged),), notes=(forged,), warnings=(forged,))
    assert not any(line.lstrip(" +").startswith("registry.example.com") for line in plan.text().split("\n"))
    assert plan.diff()[0]["after"].count("\n") == 1


@pytest.mark.parametrize("depth", [700, 5000])
def test_what_is_nested_too_deeply_is_one_sentence(depth):
    value: object = "a"
    for _level in range(depth):
        value = [value]
    result = run(container_registries.ActionModule, {"search": value}, [podman()] * 3, COMMITTED).result
    assert result["failed"] and "nested too deeply" in result["msg"] and result["msg"].isprintable()


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in texts(each)]
    return [text for each in value for text in texts(each)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("value", "shape", "well"),
    [
        (1, int, True), (True, int, False), (True, bool, True), ("a", str, True), (None, None, True), (0, None, False),
        ([1, "a"], [int], False), ([], [int], True), ({"a": 1}, {"a": int}, True), ({}, {"a": int}, False),
        ({}, {"a?": int}, True), ({"a": "x"}, {"a?": int}, False), ({"b": 1, "a": 1}, {"a": int}, True),
        ({"x": [1]}, Each([int]), True), ({"x": 1}, Each([int]), False), ("b", ("a", "b"), True),
        ("c", ("a", "b"), False), (1, "1", False), (1.0, (int, float), True),
        ("ä", str, True), ("\ud800", str, False), ({"\ud800": 1}, Each(int), False),
    ],
)  # fmt: skip
def test_shapes(value, shape, well):
    assert fits(value, shape) is well


@pytest.mark.parametrize("text", ["[[registry]]\nprefix = 'a\ud800'\nlocation = 'a'\n", "# \udfff"])
def test_half_of_a_surrogate_pair_is_one_sentence_of_a_filter(text):
    with pytest.raises(AnsibleFilterError, match="registries.conf holds half of a surrogate pair"):
        registries_conf_problems(text)


def test_a_snapshot_that_is_not_base64_of_json():
    answers = [{"snapshot": "%"}, {"snapshot": base64.b64encode(b"{").decode()}]
    for answer in answers:
        result = run(
            container_registries.ActionModule, dict(WORDS), [], module=lambda *_a, answer=answer, **_k: answer
        ).result
        assert result["msg"] == NO_ANSWER


# -- what we write we can read again --------------------------------------------------------------------------------


def test_reader_and_writer_share_their_limits():
    assert observed.FILE_LIMIT == _hands.READ_LIMIT == _snapshot.FILE["limit"] == _snapshot.DIRECTORY["limit"]
    assert _snapshot.COMMAND["limit"] == _hands.OUTPUT_LIMIT >= 16 * observed.FILE_LIMIT


@pytest.mark.parametrize(("number", "well"), [(2, True), (20, False)])
def test_a_list_that_cannot_be_read_again_is_refused_beforehand(monkeypatch, number, well):
    """The answer of podman about a name is some four times as long as its entry in the file."""
    monkeypatch.setattr(proposal, "FILE_LIMIT", 1000)
    words = {"blocked": [f"r{n}.blocked.example.com:5000" for n in range(number)]}
    result = run(container_registries.ActionModule, words, [podman()], COMMITTED).result
    assert bool(result.get("failed")) is not well
    assert well or "the limit is 1000, because later runs must read it" in result["msg"]


# -- unknown is not none ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("doors/unknown.yml"))
def test_unknown_is_not_none(case):
    seen = docker()
    seen["commands"] |= case["answers"]
    for name in case.get("missing", []):
        del seen["commands"][name]
    result = run(host_policy.ActionModule, {**WORDS, "activation": case.get("activation", "if_idle")}, [seen]).result
    assert result.get("failed") and case["says"] in result["msg"], result
