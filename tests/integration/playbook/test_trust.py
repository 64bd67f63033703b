# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in the role and its playbooks: what is asked of the tasks, hooks, and where archives are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Outcome

DATA = Path(__file__).resolve().parents[2] / "data/playbook"
CASES = yaml.safe_load((DATA / "trust.yml").read_text())
SOME = [{"registry": "a.example.com", "ca_file": "ca.crt"}]
Play = Callable[..., Outcome]


def given(args: dict[str, Any]) -> dict[str, Any]:
    """null is not given, for an action as for every module."""
    return {name: value for name, value in args.items() if value is not None and name != "from_variables"}


def test_options_of_the_role(play: Play) -> None:
    hosts = {f"case{number}": case["vars"] for number, case in enumerate(CASES)}
    outcome = play("registries", hosts, "-e", "docker_registries_serial=100%")
    asked = {call["host"]: given(call["args"]) for call in outcome.asked("registry_trust")}
    checked = {call["host"]: given(call["args"]) for call in outcome.asked("registry_policy")}
    for number, case in enumerate(CASES):
        assert asked.get(f"case{number}") == case["args"], f"{case['name']}: {outcome.output}"
        policy = {name: value for name, value in checked[f"case{number}"].items() if name in ("trust", "warn_days")}
        assert policy == case["policy"], case["name"]


def test_trusted_before_the_engines_are_told_where_to_look(play: Play) -> None:
    outcome = play("registries", {"a": {"docker_registries_trust": SOME}})
    changing = [call["task"] for call in outcome.calls if call["task"] != "registry_policy"]
    assert changing == ["registry_trust", "container_registries"]


def test_a_registry_that_is_not_believed_keeps_the_host_as_it_is(play: Play) -> None:
    outcome = play("registries", {"a": {"docker_registries_trust": SOME, "trust_fate": "failed"}, "b": {}})
    assert outcome.asked("container_registries") == [] and outcome.rc == 2
    assert (outcome.account("Say what happened") or {})["a"].startswith("failed: the registry is not believed")


@pytest.mark.parametrize(
    ("trust", "registries", "called"),
    [
        ("restart", "none", ["before restart", "after restart"]),
        ("restart", "restart", ["before restart", "after restart"]),
        ("none", "restart", ["before restart", "after restart"]),
        ("none", "reload", []),
    ],
)
def test_hooks_around_the_restart_of_either(
    play: Play, tmp_path: Path, trust: str, registries: str, called: list[str]
) -> None:
    log = tmp_path / "hooks"
    log.touch()
    hooks = {f"docker_registries_{name}_restart": f"{DATA}/hooks/{name}.yml" for name in ("before", "after")}
    disruption = {"trust_disruption": trust, "disruption": registries, "fate": "changed"}
    outcome = play("registries", {"a": {"hook_log": str(log), "docker_registries_trust": SOME, **hooks, **disruption}})
    assert log.read_text().splitlines() == called, outcome.output
    for task in ("registry_trust", "container_registries"):
        assert [call["check"] for call in outcome.asked(task)] == [True, False]


def archives(directory: Path) -> dict[str, tuple[str, int]]:
    return {path.name: (path.read_text(), path.stat().st_mode & 0o777) for path in directory.iterdir()}


KEPT = {"a.tar": ("of a", 0o600), "b.tar": ("of b", 0o600)}
HOSTS = {name: {"certificates": f"of {name}"} for name in ("a", "b")}


def test_archives_on_another_host(play: Play, tmp_path: Path) -> None:
    """The way leads over the controller, where nothing stays and nobody else can look."""
    kept = tmp_path / "kept"
    where = {"certificates_backup_host": "keeper", "docker_registries_backup_directory": str(kept)}
    hosts = {**HOSTS, "keeper": {}}
    outcome = play("certificates_backup", hosts, "-e", "registries_hosts=a:b", vars=where)
    assert outcome.rc == 0, outcome.output
    assert archives(kept) == KEPT and kept.stat().st_mode & 0o777 == 0o700
    ways = [Path(call["args"]["path"]) for call in outcome.asked("certificates_backup")]
    assert len(set(ways)) == 2 and not any(way.parent.exists() for way in ways)
    assert [call["directory"] for call in outcome.asked("certificates_backup")] == [0o700, 0o700]

    again = play("certificates_backup", hosts, "-e", "registries_hosts=a:b", vars=where)
    assert {call["host"]: call["there"] for call in again.asked("certificates_backup")} == {"a": "of a", "b": "of b"}
    assert "changed=0" in again.output and "changed=1" not in again.output

    back = play("certificates_restore", hosts, "-e", "registries_hosts=a:b", vars=where)
    assert {call["host"]: call["archive"] for call in back.asked("certificates_restore")} == {"a": "of a", "b": "of b"}
    ways = [Path(call["args"]["path"]) for call in back.asked("certificates_restore")]
    assert not any(way.parent.exists() for way in ways)


def test_archives_on_the_controller(play: Play, tmp_path: Path) -> None:
    where = {"docker_registries_backup_directory": str(tmp_path / "kept"), "docker_registries_backup_encrypt": True}
    outcome = play("certificates_backup", HOSTS, vars=where)
    asked = {call["host"]: given(call["args"]) for call in outcome.asked("certificates_backup")}
    assert asked == {name: {"path": f"{tmp_path}/kept/{name}.tar", "encrypt": True} for name in HOSTS}
    back = play("certificates_restore", HOSTS, vars=where | {"docker_registries_trust_verify": "store"})
    assert [given(call["args"]) for call in back.asked("certificates_restore")] == [
        {"path": f"{tmp_path}/kept/{name}.tar", "verify": "store"} for name in HOSTS
    ]  # one host at a time


def test_a_check_of_the_backup_writes_nothing(play: Play, tmp_path: Path) -> None:
    for where in ({}, {"certificates_backup_host": "a"}):
        kept = {"docker_registries_backup_directory": str(tmp_path / "kept")}
        outcome = play("certificates_backup", HOSTS, "--check", vars=kept | where)
        assert outcome.rc == 0, outcome.output
        assert not (tmp_path / "kept").exists()
