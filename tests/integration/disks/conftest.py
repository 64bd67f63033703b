# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine with disks of its own (tests/lab/disks), its disks as a test wants them, and the collection on it.

Which cases run is said in share.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = REPOSITORY / "tests/data/storage"
#: A first look notes when it was; later ones do not (relatime).
READ = "for place in docker containers; do find /var/lib/$place -ls -type f -exec cat {} + >/dev/null 2>&1 || :; done"
#: For a task that runs here in the middle of a play.
LOCALLY = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}

sys.path[:0] = [str(REPOSITORY / "tests/lab")]

from disks import guest as lab  # noqa: E402

from .share import SHARE  # noqa: E402


def pytest_report_header() -> str:
    return f"disks: {SHARE}"


def table(name: str) -> list[dict[str, Any]]:
    """Read a table of cases."""
    return yaml.safe_load((DATA / name).read_text())


def chosen(rows: list[dict[str, Any]]) -> list[Any]:
    """Choose rows for this run, as parameters; those that say `always` run every time."""
    turn = SHARE.of_layouts([row for row in rows if not row.get("always")])
    return [pytest.param(row, id=row["name"]) for row in rows if row.get("always") or row in turn]


STATES: dict[str, str] = {"base": "", **yaml.safe_load((DATA / "states.yml").read_text())}

# --- the machine ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Guest]:
    """Start the machine, or take the one that runs; all of ssh, Ansible's too, shares one connection."""
    was_up = lab.running()
    lab.up()
    guest = lab.Guest(control=str(tmp_path_factory.mktemp("ssh") / "c"))
    yield guest
    guest.disconnect()
    if not was_up:
        lab.end()


@pytest.fixture
def fresh(machine: lab.Guest) -> lab.Guest:
    """Bring the machine back to what it was after its boot: empty disks, no docker."""
    machine.load("base")
    return machine


@dataclass
class Disks:
    """The machine in a state of states.yml, which is made by the first that wants it."""

    machine: lab.Guest
    scratch: Path
    runs: int = 0

    def begin(self, state: str) -> None:
        """Bring the machine into a state; it is saved under a name that changes with the script that makes it."""
        script = STATES[state]
        name = f"{state}-{zlib.crc32(script.encode()):x}" if script else state
        if name not in self.machine.monitor("info snapshots").split():
            self.machine.load("base")
            self.machine.sh(f"set -e\n{script}")
            self.machine.save(name)
        self.machine.load(name)

    def settled(self) -> dict[str, str]:
        """Return the checksums of the disks once nothing that was put off changes them any more."""
        self.machine.sh(READ)
        before = self.machine.checksums()
        for _time in range(10):
            time.sleep(2)
            now = self.machine.checksums()
            if now == before:
                return now
            before = now
        raise AssertionError("the disks do not come to rest")

    def look(self, script: str) -> str:
        return self.machine.sh(script)

    def play(self, *steps: dict[str, Any]) -> list[dict[str, Any]]:
        """Run tasks on the machine, the next one after a failure, too; return what each returned."""
        found = self.ended(self.start(*steps))
        assert len(found) == len(steps)
        return found

    def ended(self, process: subprocess.Popen[str]) -> list[dict[str, Any]]:
        """Wait for a run; return what its tasks returned."""
        output, _ = process.communicate(timeout=3600)
        lines = self._lines()
        assert lines, output
        return [line["result"] | {"failed": line["outcome"] != "ok"} for line in lines]

    def seconds(self) -> list[float]:
        """Return how long each task of the last run took, its round trip included."""
        return [line["seconds"] for line in self._lines()]

    def start(self, *steps: dict[str, Any]) -> subprocess.Popen[str]:
        """Start a run of these tasks."""
        self.runs += 1
        self._results().touch()
        play = self.scratch / f"play{self.runs}.yml"
        tasks = [{"ignore_errors": True, **step} for step in steps]
        play.write_text(yaml.safe_dump([{"hosts": "disks1", "gather_facts": False, "tasks": tasks}]))
        variables = {
            **os.environ,
            "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".cache/collections"),
            "ANSIBLE_CALLBACK_PLUGINS": str(REPOSITORY / "tests/integration/hosts/callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_HOME": str(self.scratch / "home"),
            "ANSIBLE_SSH_CONTROL_PATH": self.machine.control,
            "ANSIBLE_TIMEOUT": "60",
            "DOCKYARD_RESULTS": str(self._results()),
        }
        return subprocess.Popen(
            [REPOSITORY / ".venv/bin/ansible-playbook", "-i", lab.INVENTORY, play], env=variables, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=REPOSITORY,
        )  # fmt: skip

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._results().read_text().splitlines()]

    def _results(self) -> Path:
        return self.scratch / f"results{self.runs}"


@pytest.fixture
def disks(machine: lab.Guest, tmp_path: Path) -> Disks:
    return Disks(machine, tmp_path)


def storage(options: dict[str, Any], check: bool = False) -> dict[str, Any]:
    """Make the task that a test is about."""
    return {"dockyard.openshift.container_storage": options, "check_mode": check}


def checksums() -> dict[str, Any]:
    """Make a task that returns what all disks hold at that moment."""
    command = {"argv": [str(REPOSITORY / "tests/lab/disks/disks"), "checksums"]}
    return {"ansible.builtin.command": command, "delegate_to": "localhost", "vars": LOCALLY}


def looks(script: str) -> dict[str, Any]:
    """Make a task that runs a script on the machine; for its stdout."""
    return {"ansible.builtin.raw": script}
