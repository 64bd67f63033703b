# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in the role and its playbooks: one task for everything, and where archives are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .conftest import Outcome

SOME = [{"registry": "a.example.com", "ca_file": "ca.crt"}]
Play = Callable[..., Outcome]


def given(args: dict[str, Any]) -> dict[str, Any]:
    """null is not given, for an action as for every module."""
    return {name: value for name, value in args.items() if value is not None and name != "from_variables"}


def test_everything_for_a_host_is_one_task(play: Play) -> None:
    outcome = play(
        "registries", {"a": {"docker_registries_trust": SOME, "docker_registries_search": ["a.example.com"]}}
    )
    assert [call["task"] for call in outcome.calls] == ["registry_policy", "host_policy"]
    assert {"trust", "search"} <= given(outcome.asked("host_policy")[0]["args"]).keys()


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
