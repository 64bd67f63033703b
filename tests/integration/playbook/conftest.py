# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook with the real roles and playbooks, and actions that only note what they are asked (see actions/)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY / "tests/unit")]
ACTIONS = Path(__file__).parent / "actions"
#: Actions that contact nobody.
REAL = ("fleet_report",)
CORES = {"2.19": ".venv", "2.16": ".cache/venv-2.16"}
UNREACHABLE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
Completed = subprocess.CompletedProcess[str]


@dataclass
class Outcome:
    """One run: exit code, what it printed, and the calls that the actions noted."""

    rc: int
    output: str
    calls: list[dict[str, Any]]

    def asked(self, task: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["task"] == task]

    def account(self, play: str) -> dict[str, str] | None:
        """Return the messages of a play, in one text a host; None: the play did not run."""
        _before, found, part = self.output.partition(f"PLAY [{play}]")
        part = part.partition("\nPLAY ")[0]
        said = re.findall(r"^(?:ok|fatal): \[([^\]]+)\][^\n]*? => (\{.*\})$", part, re.MULTILINE)
        return {host: "\n".join(_lines(json.loads(text).get("msg"))) for host, text in said} if found else None


def _lines(message: Any) -> list[str]:
    return message if isinstance(message, list) else [str(message)]


def ansible_playbook(
    core: str,
    home: Path,
    *arguments: str | Path,
    cwd: Path = REPOSITORY,
    behind: tuple[str, ...] = (),
    **environment: str | Path,
) -> Completed:
    """Run ansible-playbook of this core, each result on one line as JSON; only the environment given counts.

    behind: a command that runs it.
    """
    environment |= {"ANSIBLE_HOME": home / "ansible", "ANSIBLE_NOCOLOR": "1"}
    environment |= {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_CALLBACK_FORMAT_PRETTY": "false"}
    outer = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return subprocess.run(
        [*behind, REPOSITORY / CORES[core] / "bin/ansible-playbook", *arguments],
        cwd=cwd,
        env=outer | {name: str(value) for name, value in environment.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path where dockyard.openshift has our roles, playbooks and brain, and the actions here."""
    path = tmp_path_factory.mktemp("collections")
    collection = path / "ansible_collections/dockyard/openshift"
    (collection / "plugins/action").mkdir(parents=True)
    for action in (*ACTIONS.glob("*.py"), *(REPOSITORY / "plugins/action" / f"{name}.py" for name in REAL)):
        (collection / "plugins/action" / action.name).symlink_to(action)
    for part in ("plugin_utils", "module_utils", "filter"):
        (collection / "plugins" / part).symlink_to(REPOSITORY / "plugins" / part)
    for part in ("roles", "playbooks", "meta", "galaxy.yml"):
        (collection / part).symlink_to(REPOSITORY / part)
    return path


@pytest.fixture(params=CORES)
def play(request: pytest.FixtureRequest, collections: Path, tmp_path: Path) -> Callable[..., Outcome]:
    """play(playbook, {host: variables}, *arguments, vars=…, groups=…) runs it; every test does with each core."""

    def run(playbook: str, hosts: dict[str, dict[str, Any]], *arguments: str, **inventory: Any) -> Outcome:
        log = tmp_path / "calls"
        log.write_text("")
        (tmp_path / "ansible.cfg").touch()
        common = {"ansible_connection": "local"}
        everyone = {"hosts": hosts, "vars": common | inventory.get("vars", {}), "children": inventory.get("groups", {})}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": everyone}, sort_keys=False))
        arguments = (
            "-i",
            tmp_path / "hosts.yml",
            playbook if "/" in playbook else f"dockyard.openshift.{playbook}",
            # Also for the localhost that is in no inventory: Ansible does not quote the path of its own Python.
            *("-e", "ansible_python_interpreter=/usr/bin/python3"),
            *arguments,
        )
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_CONFIG": tmp_path / "ansible.cfg",
            "FAKE_LOG": log,
        }
        done = ansible_playbook(request.param, tmp_path, *arguments, **environment)
        return Outcome(done.returncode, done.stdout, [json.loads(line) for line in log.read_text().splitlines()])

    return run
