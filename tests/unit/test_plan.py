# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan is the only truth: result, diff, text and id are read from it."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.plan import Change, Disruption, Plan

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


def test_text_says_everything_a_person_must_know():
    assert PLAN.text() == (
        f"Plan {PLAN.id}: 2 change(s), disruption: restart\n"
        "  /etc/a\n    why: search\n    - search: x\n    + search: y\n    undo: the old bytes\n"
        "  restart docker\n    why: files change\n    disruption: restart of docker.service\n"
        "  pending: a restart\n  note: a note\n  only a real run shows: the answer"
    )


def test_diff_holds_what_differs_only():
    assert [entry["before_header"] for entry in PLAN.diff()] == ["/etc/a"]


def test_result_is_plain_data():
    result = PLAN.result()
    assert result["disruption"] == "restart"
    assert [change["disruption"] for change in result["changes"]] == ["none", "restart"]


def test_the_id_names_the_changes_and_what_they_start_from():
    assert replace(PLAN, notes=("another",)).id == PLAN.id
    assert replace(PLAN, sends="2").id != PLAN.id
    assert replace(PLAN, changes=(FILE,)).id != PLAN.id
