# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/node_storage.yml: every node is looked at, then drained, changed and put back, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Outcome

CASES = yaml.safe_load((Path(__file__).resolve().parents[2] / "data/playbook/storage.yml").read_text())
Play = Callable[..., Outcome]
ASKED = {"node_storage_mode": "grow", "node_storage_devices": "/dev/vdc"}
SHORT = {"drained": "d", "in_service": "b", None: "c"}


def run(play: Play, hosts: dict[str, str], *arguments: str, **asked: Any) -> Outcome:
    fates = {host: {"fate": fate} for host, fate in hosts.items()}
    groups = {"nodes": {"hosts": dict.fromkeys(fates)}, "masters": {"hosts": {"m": {"fate": "same"}}}}
    return play("node_storage", fates, *arguments, vars=asked or ASKED, groups=groups)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_one_node_after_the_other(play: Play, case: dict[str, Any]) -> None:
    outcome = run(play, case["hosts"], *case.get("args", []))
    done = [f"{SHORT[call['args'].get('state')]} {call['host']}" for call in outcome.calls if not call["check"]]
    assert done == case["done"], outcome.output
    assert outcome.rc == case["rc"], outcome.output
    if not case["rc"] and "--check" not in case.get("args", []):
        drains = outcome.asked("node_drain")
        assert all(call["args"]["remote_kubeconfig"] == "/etc/origin/master/admin.kubeconfig" for call in drains)


def test_a_drained_node_may_have_its_docker_stopped(play: Play) -> None:
    outcome = run(play, {"a": "changed"})
    assert [call["args"]["activation"] for call in outcome.asked("container_storage")] == ["now"] * 3


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"node_storage_size": "50%FREE"}, "node_storage_size: '50%FREE' would grow the volume in every run"),
        ({"node_storage_devises": "/dev/vdc"}, "node_storage_devises: is not a variable of the role; did you mean"),
    ],
)
def test_a_mistake_in_the_inventory_is_told_by_its_variable(play: Play, asked: dict[str, Any], sentence: str) -> None:
    outcome = run(play, {"a": "changed"}, **{"node_storage_mode": "grow", **asked})
    assert outcome.rc and sentence in outcome.output and not outcome.calls, outcome.output
