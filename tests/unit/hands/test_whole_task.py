# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole task and the two modules it calls, under both Pythons: what each sends, the other reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.watch import Watch
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.draft import Check, Draft, FileChange, Step
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import SNAPSHOT, HostTask
from tasks import Run, asked, run

from .conftest import Host

pytestmark = [pytest.mark.slow, pytest.mark.root]  # tasks want root on their host


def task_of(host: Host, says: str) -> type[HostTask]:
    """A task that makes the file x say "new", copies it to y, and asks whether y says so."""
    x, y = str(host.root / "x"), str(host.root / "y")
    change = FileChange(x, b"new", "why", "old\n", "new\n", mode="0640")
    check = Check("y is asked", ("cat", y), ({"pattern": f"^{says}$"},), attempts=1)
    draft = Draft(("test",), steps=(Step("copy it", ("cp", x, y)),), checks=(check,))

    def drafts(seen: Any, said: Any) -> list[Callable[[Any], Draft]]:
        wanted = seen.text(x) != "new"
        return [lambda world: Draft(**{**vars(draft), "files": (change,)}) if wanted else Draft(("test",))]

    class Whole(HostTask):
        features = (SimpleNamespace(
            WATCH=Watch(files=(x, y)), OPTIONS={}, WORD_OPTIONS={}, CHANGE_OPTIONS={}, SURVEY_OPTIONS={}, VARIABLES={},
            fill=dict,
            read=lambda *more: None, watch=lambda said: Watch(files=(x, y)), drafts=drafts,
            report=lambda proposal, said, report: {"said": [[each["step"], each["stdout"]] for each in report]}),)

    return Whole


def called(host: Host, module_name: str, module_args: dict[str, Any]) -> dict[str, Any]:
    """Call one of the two modules on the host, as the task does."""
    arguments = asked(module_args) if module_name == SNAPSHOT else module_args
    arguments = {**arguments, "state_directory": str(host.state)}
    return host.hands.run(module_name.rpartition(".")[2], arguments)["result"]


def carried_out(host: Host, says: str = "new", meanwhile: str = "") -> Run:
    calls, before = [], [meanwhile]

    def module(module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        calls.append((module_name, module_args))
        if module_name != SNAPSHOT and before:
            host.sh(before.pop())
        return called(host, module_name, module_args)

    done = run(task_of(host, says), {}, [], module=module, diff=True)
    done.calls = calls
    return done


def test_once_and_never_again(host: Host) -> None:
    host.sh("printf old > x; printf old > y")
    done = carried_out(host)
    assert done.result["changed"] and not done.result["rolled_back"] and "failed" not in done.result, done.result
    assert done.result["said"] == [["act", ""], ["check", "new"]]
    assert host.tree()["x"][0] == "-rw-r-----" and {about[3] for about in host.tree().values()} == {"new"}
    again = carried_out(host)
    assert not again.result["changed"] and len(again.calls) == 1 and again.result["said"] == []


def test_an_unproved_change_is_undone(host: Host) -> None:
    host.sh("printf old > x; printf old > y")
    before = host.tree()
    done = carried_out(host, says="newer")
    assert done.result["failed"] and done.result["rolled_back"] and not done.result["changed"], done.result
    assert "y is asked" in done.result["msg"] and "everything is as it was before" in done.result["msg"]
    assert host.tree() == before and host.leftovers() == []


def test_a_change_by_others_meanwhile_makes_a_new_plan(host: Host) -> None:
    host.sh("printf old > x; printf old > y")
    done = carried_out(host, meanwhile="printf theirs > x")
    assert done.result["changed"] and "failed" not in done.result and len(done.calls) == 4, done.result
    assert host.tree()["x"][3] == "new"


def taken_back(host: Host, *ids: str, **more: Any) -> Run:
    """Run the same task with `undo`; its feature has nothing to confirm."""
    task = task_of(host, "new")
    task.features[0].confirm = lambda seen: []

    def module(module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        return called(host, module_name, module_args)

    return run(task, {"undo": list(ids)}, [], module=module, diff=True, **more)


def test_the_last_plan_is_taken_back(host: Host) -> None:
    host.sh("printf old > x; chmod 604 x; printf old > y")
    before = host.tree()
    plan = carried_out(host).result["plan"]["id"]
    foreseen = taken_back(host, plan, check=True)
    assert foreseen.result["changed"] and {about[3] for about in host.tree().values()} == {"new"}
    done = taken_back(host, "some other", plan)
    assert done.result["changed"] and not done.result["rolled_back"], done.result
    # y is a copy of x that a step of the plan made: the same step makes it of the old x
    assert host.tree() == before
    assert done.result["plan"]["id"] == foreseen.result["plan"]["id"] != plan
    assert [(each["before"], each["after"]) for each in done.result["diff"]] == [("new\n", "old\n")]
    assert done.result["account"][0] == "changed"


def test_what_was_taken_back_is_not_taken_back_again(host: Host) -> None:
    host.sh("printf old > x; printf old > y")
    plan = carried_out(host).result["plan"]["id"]
    taken_back(host, plan)
    again = taken_back(host, plan)
    assert not again.result["changed"] and again.result["notes"][0].startswith(f"plan {plan} was taken back already")
    forth = taken_back(host, again_of(host))
    assert forth.result["changed"] and host.tree()["x"][3] == "new"


def again_of(host: Host) -> str:
    """Name the last plan of the host, which took another one back."""
    return str(json.loads((host.state / "last.json").read_text())["plan_id"])


@pytest.mark.parametrize(
    ("meanwhile", "undo", "says"),
    [
        ("printf theirs > x", "", "/x changed since plan"),
        ("rm x", "", "/x changed since plan"),
        ("rm x; mkdir x", "", "/x changed since plan"),
        ("true", "0123456789abcdef", "undo names 0123456789abcdef, and the last plan that changed this host is"),
        ("rm {state}/last.json", "", "none was carried out here yet"),
        ("echo '{' > {state}/last.json", "", "the last transaction cannot be read: "),
        ("chmod 666 {state}/last.json", "", "so somebody else may have written it"),
    ],
)
def test_a_world_that_moved_on_is_left_alone(host: Host, meanwhile: str, undo: str, says: str) -> None:
    host.sh("printf old > x; printf old > y")
    plan = carried_out(host).result["plan"]["id"]
    host.sh(meanwhile.replace("{state}", str(host.state)))
    before = host.tree()
    done = taken_back(host, undo or plan)
    assert done.result["failed"] and says in done.result["msg"] and "\n" not in done.result["msg"], done.result["msg"]
    assert host.tree() == before


def test_a_run_without_a_change_leaves_the_last_plan(host: Host) -> None:
    host.sh("printf old > x; printf old > y")
    plan = carried_out(host).result["plan"]["id"]
    assert not carried_out(host).result["changed"]
    assert taken_back(host, plan).result["changed"]


def test_what_forgets_leaves_no_trace(host: Host) -> None:
    host.sh("printf old > x; printf old > y")
    carried_out(host)
    about = {"path": str(host.root / "x"), "before": "absent", "state": "absent"}
    host.sh("rm x")
    done = host.hands.run("host_transaction", {"files": [about], "forget": True, "state_directory": str(host.state)})
    assert done["result"]["committed"] and (host.state / "last.json").exists()  # of others' files it removes none
    host.sh(f"rm {host.state}/last.json")
    done = host.hands.run("host_transaction", {"files": [about], "forget": True, "state_directory": str(host.state)})
    assert done["result"]["committed"] and not host.state.exists()


def test_what_a_secret_was_is_not_kept(host: Host) -> None:
    """A key that was replaced is nowhere on the host any more."""
    host.sh("printf old-secret > x")
    change = {"files": [{"path": "x", "before": "old-secret", "content": "new", "confidential": True}], "plan_id": "p"}
    assert host.transaction(change)["result"]["committed"] and host.leftovers() == []
    last = json.loads((host.state / "last.json").read_text())
    assert "content" not in last["files"][0]["old"] and last["files"][0]["new"]["sha256"]
    refused = taken_back(host, "p")
    assert refused.result["failed"] and "x held a secret, and what it was is not kept" in refused.result["msg"]
    assert host.tree()["x"][3] == "new"
