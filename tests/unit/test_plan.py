# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan is the only truth: result, diff, text and id are read from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.changes import settings_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan import account
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.difference import difference
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.draft import Check, FileChange, Step, Validation
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.plan import Change, Disruption, Plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import (
    Action,
    Applying,
    Transaction,
    propose,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from cases import cases
from hosts import host

FILE = Change("/etc/a", "search", "search: x\nkept\n", "kept\nsearch: y\n", undo="the old bytes")
RESTART = Change("restart docker", "files change", disruption=Disruption.RESTART, whom="docker.service")
PLAN = Plan(
    (FILE, RESTART),
    notes=("a note",),
    pending=("a restart",),
    only_a_real_run_shows=("the answer",),
    sends="1",
)


def test_nothing_to_do():
    assert not Plan().changed
    assert Plan().disruption is Disruption.NONE
    assert Plan().diff() == []
    assert Plan().text() == "Nothing to do: the host already is as asked for."


def test_of_what_is_refused_nobody_knows_whether_there_is_nothing_to_do():
    assert Plan(refused="a reason\nin lines").text() == "No plan: a reason in lines"


def test_text_says_everything_a_person_must_know():
    assert PLAN.text() == (
        f"Plan {PLAN.id}: 2 change(s), disruption: restart\n"
        "  /etc/a\n    why: search\n    - search: x\n    + search: y\n    if it fails: the old bytes\n"
        "  restart docker\n    why: files change\n    disruption: restart of docker.service\n"
        "  pending: a restart\n  note: a note\n  not checked yet: the answer"
    )


@pytest.mark.parametrize("case", cases("plan/difference.yml"))
def test_the_plan_shows_each_line_that_differs_and_what_it_is_about(case):
    assert "".join(f"{line}\n" for line in difference(case["before"], case["after"])) == case["shown"]


def test_of_views_too_large_to_compare_the_lines_are_shown_that_one_alone_has():
    lines = [f"blocked: {number}.example.com\n" for number in range(1500)]
    before, after = ("".join(each) for each in (["a\n", *lines, "b\n"], ["c\n", *lines, "d\n"]))
    assert difference(before, after) == ["- a", "- b", "+ c", "+ d"]


@pytest.mark.parametrize("mirrors", [20, 100])
def test_another_last_mirror_of_many_is_seen_in_the_plan(mirrors):
    """Where an entry is too long to be shown, its checksum tells that it is another one."""
    names = [f"mirror-{number}.example.com/a-long-name-of-a-team/another-one-below-it" for number in range(mirrors)]
    views = []
    for last in ("old.example.com", "new.example.com"):
        spec = {"imageDigestMirrors": [{"source": "quay.io", "mirrors": [*names, last]}]}
        views.append("".join(f"{line}\n" for line in settings_of({"spec": spec}, {"spec": spec})))
    gone, come = difference(*views)
    assert ("old.example.com" in gone and "new.example.com" in come) == (mirrors == 20)
    assert ("… (SHA-256 " in gone) == (mirrors != 20)


@pytest.mark.parametrize(
    ("plan", "run", "look"),
    [
        (Plan(), "unchanged", ["as the policy says"]),
        (
            Plan(pending=("a restart",), beyond=("aliases",)), "unchanged, and not in force before a restart",
            [
                "as the policy says, but not in force before a restart", "  not enforced: aliases",
                "  pending: a restart",
            ],
        ),
        (
            Plan(beyond=("aliases",)), "unchanged",
            ["as the policy says, as far as the engines can", "  not enforced: aliases"],
        ),
        (
            Plan((FILE,), notes=("a note",)), "changed",
            ["differs from the policy:", "  /etc/a", "      - search: x", "      + search: y", "  note: a note"],
        ),
        (replace(PLAN, pending=()), "changed, with restart docker", None),
        (replace(PLAN, subject="cluster"), "changed, nodes: restart", None),
    ],
)  # fmt: skip
def test_the_headline_of_an_account(plan, run, look):
    assert account.of_run(plan, check_mode=False)[0] == run
    foreseen = run if run.startswith("unchanged") else run.replace("changed", "would change")
    assert account.of_run(plan, check_mode=True)[0] == foreseen
    if look:
        assert account.of_look(plan, []) == look
    problems = account.of_look(replace(plan, changes=()), ["why"], forecast=["soon"], differs=["search:\nb"])
    assert problems[:4] == ["differs from the policy:", "soon", "  why", "  search: b"]


def test_the_diff_holds_differences_only():
    assert PLAN.diff() == [
        {"before_header": "/etc/a", "after_header": "/etc/a", "before": FILE.before, "after": FILE.after}
    ]


def test_result_is_plain_data():
    result = PLAN.result()
    assert result["disruption"] == "restart"
    assert [change["disruption"] for change in result["changes"]] == ["none", "restart"]


def test_the_id_depends_on_the_changes_and_their_start():
    assert replace(PLAN, notes=("another",)).id == PLAN.id
    assert replace(PLAN, sends="2").id != PLAN.id
    assert replace(PLAN, changes=(FILE,)).id != PLAN.id


# -- the id of a plan is a checksum of all that is sent ---------------------------------------------------------------

THEIRS = "/etc/containers/registries.conf.d/10-theirs.conf"
CARRIED = "[[registry]]\nprefix = 'a.example.com/x'\nlocation = '{}.example.com/x'\n"


def planned(files: dict, words: dict, answers: dict | None = None):
    node = host(files, {"podman.info": '{"version": {"Version": "4.3.1"}, "registries": {}}', **(answers or {})})
    said = registries.Said(read_policy(words))
    return propose(node, registries.drafts(node, said), Applying())


def test_entries_taken_over_from_others_are_in_the_plan_and_its_id():
    good, evil = (
        planned({THEIRS: CARRIED.format(name)}, {"insecure": ["a.example.com/x"]}) for name in ("good", "evil")
    )
    assert good.plan.id != evil.plan.id
    assert "+ a.example.com/x: location = evil.example.com/x" in evil.plan.text()


@pytest.mark.parametrize(
    "words", [{"search": ["a.example.com"]}, {"mirrors": [{"source": "docker.io", "mirrors": ["m.example.com"]}]}]
)
def test_every_file_that_is_written_has_its_lines_in_the_plan(words):
    proposal = planned({}, words)
    written = {change.path for change in proposal.transaction.files}
    assert written == {change.what for change in proposal.plan.changes if change.after}
    assert STATE_PATH in written


SENT = Transaction(
    files=(FileChange("/etc/a", b"x", "why"),),
    before={"/etc/a": "absent"},
    actions=(Action(Step("restart", ("true",))),),
    validations=(Validation("v", ("true",)),),
    checks=(Check("c", ("true",), ({"rc": 0},)),),
)


@pytest.mark.parametrize(
    "change",
    [
        {"files": (FileChange("/etc/a", b"y", "why"),)},
        {"files": (FileChange("/etc/a", b"x", "why", mode="0600"),)},
        {"files": (FileChange("/etc/a", b"x", "why", label="l"),)},
        {"files": (FileChange("/etc/a", None, "why"),)},
        {"before": {"/etc/a": "0"}},
        {"unchanged": {"/etc/b": "0"}},
        {"actions": (Action(Step("restart", ("false",))),)},
        {"actions": (Action(Step("restart", ("true",), undo=None)),)},
        {"actions": (Action(Step("restart", ("true",)), instead_of=(0,)),)},
        {"validations": ()},
        {"checks": (Check("c", ("true",), ({"rc": 1},)),)},
        {"checks": (Check("c", ("true",), ({"rc": 0},), attempts=6),)},
        {"remove_empty": ("/etc/d",)},
        {"recover": "cafe"},
        {"settled": (0,)},
    ],
)
def test_the_id_depends_on_everything_that_is_sent(change):
    assert replace(SENT, **change).digest() != SENT.digest()
    assert replace(SENT).digest() == SENT.digest()
