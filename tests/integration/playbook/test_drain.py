# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker_registries_drain: a node is evacuated around a restart, and nothing is touched where that cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Outcome

Play = Callable[..., Outcome]
ASKED = {"registry_policy": {"search": ["a.example.com"]}, "docker_registries_drain": True}


def order(outcome: Outcome) -> list[str]:
    """List the calls for hosts in their order, without looks in check mode."""
    short = {"host_policy": "policy", "registry_policy": "validate", "node_drain_info": "check"}
    short["certificates_restore"] = "restore"
    return [
        f"{call['host']} {call['args'].get('state') or short.get(call['task'], call['task'])}"
        for call in outcome.calls
        if not call.get("check")
    ]


def test_each_node_is_evacuated_around_its_restart(play: Play) -> None:
    outcome = play("registries", {"A": {}, "b": {"docker_registries_drain_node": "b.example.com"}}, vars=ASKED)
    assert outcome.rc == 0, outcome.output
    assert sorted(order(outcome)[:4]) == ["A check", "A validate", "b check", "b validate"]
    assert order(outcome)[4:] == [f"{host} {step}" for host in "Ab" for step in ("drained", "policy", "in_service")]
    assert [call["args"]["node"] for call in outcome.asked("node_drain")] == ["a"] * 2 + ["b.example.com"] * 2
    assert all(call["args"]["ignore_daemonsets"] is True for call in outcome.asked("node_drain"))


def test_nothing_is_touched_without_an_api(play: Play) -> None:
    outcome = play("registries", {"a": {"no_api": True}, "b": {}}, vars=ASKED)
    assert outcome.rc != 0 and not outcome.asked("host_policy") and not outcome.asked("node_drain")
    assert "the API server cannot be reached" in outcome.output


def test_nothing_is_touched_when_a_pod_must_not_go(play: Play) -> None:
    outcome = play("registries", {"a": {}, "b": {"stuck": True}}, vars=ASKED)
    assert outcome.rc != 0 and not outcome.asked("host_policy") and not outcome.asked("node_drain")
    assert "docker_registries_drain: team/a has an emptyDir" in outcome.output


def test_a_node_comes_back_when_the_change_fails(play: Play) -> None:
    outcome = play("registries", {"a": {"fate": "failed"}}, vars=ASKED)
    assert outcome.rc != 0 and order(outcome)[-3:] == ["a drained", "a policy", "a in_service"]


def test_a_drain_that_fails_leaves_the_engine_alone(play: Play) -> None:
    outcome = play("registries", {"a": {"fate": "stuck"}}, vars=ASKED)
    assert outcome.rc != 0 and order(outcome)[-2:] == ["a drained", "a in_service"]
    assert "a pod is still there" in outcome.output


def test_no_node_is_touched_when_no_engine_restarts(play: Play) -> None:
    reload, deferred = {"disruption": "reload"}, {"docker_registries_activation": "defer"}
    for variables, arguments in ((reload, []), (deferred, []), ({}, ["--check"])):
        outcome = play("registries", {"a": variables}, *arguments, vars=ASKED)
        assert outcome.rc == 0 and not outcome.asked("node_drain"), outcome.output


@pytest.mark.parametrize(("said", "steps"), [("True", ["drained", "policy", "in_service"]), ("no", ["policy"])])
def test_the_word_may_be_a_text_as_those_of_a_command_line_are(play: Play, said: str, steps: list[str]) -> None:
    outcome = play("registries", {"a": {}}, "-e", f"docker_registries_drain={said}", vars=ASKED)
    assert outcome.rc == 0 and order(outcome)[-len(steps) :] == [f"a {step}" for step in steps], outcome.output
    assert len(outcome.asked("host_policy")) == (1 if said == "no" else 2)


def test_without_the_word_no_cluster_is_asked(play: Play) -> None:
    outcome = play("registries", {"a": {}}, vars=ASKED | {"docker_registries_drain": False})
    assert outcome.rc == 0 and {call["task"] for call in outcome.calls} == {"registry_policy", "host_policy"}


@pytest.mark.parametrize(
    ("host", "more", "steps"),
    [
        ({"disruption": "restart"}, {}, ["check", "drained", "restore", "in_service"]),
        ({"disruption": "reload"}, {}, ["check", "restore"]),
        ({"disruption": "restart"}, {"docker_registries_activation": "defer"}, ["check", "restore"]),
        ({"disruption": "restart"}, {"docker_registries_drain": False}, ["restore"]),
        ({"disruption": "restart", "fate": "failed"}, {}, ["check", "drained", "restore", "in_service"]),
        ({"disruption": "restart", "fate": "stuck"}, {}, ["check", "drained", "in_service"]),
        ({"disruption": "restart", "stuck": True}, {}, ["check"]),
        ({"disruption": "restart", "no_api": True}, {}, ["check"]),
    ],
    ids=["a restart", "a reload", "deferred", "not asked", "it fails", "the drain fails", "a pod stays", "no API"],
)
def test_certificates_are_restored_around_a_drain(play: Play, tmp_path: Path, host, more, steps) -> None:
    (tmp_path / "a.tar").write_text("of a")
    said = {"docker_registries_drain": True, "docker_registries_backup_directory": str(tmp_path), **more}
    outcome = play("certificates_restore", {"a": host}, vars=said)
    assert order(outcome) == [f"a {step}" for step in steps], outcome.output
    assert (outcome.rc == 0) is not bool({"fate", "stuck", "no_api"} & host.keys())


def test_batches_of_a_restore_are_those_that_the_inventory_says(play: Play, tmp_path: Path) -> None:
    hosts = {name: {"fate": "same"} for name in "abc"}
    for name in hosts:
        (tmp_path / f"{name}.tar").write_text(f"of {name}")
    said = {"docker_registries_backup_directory": str(tmp_path), "docker_registries_serial": 3}
    outcome = play("certificates_restore", hosts, vars=said)
    assert outcome.rc == 0 and outcome.output.count("PLAY [Restore the certificates]") == 1, outcome.output
    assert len(outcome.asked("certificates_restore")) == 3
