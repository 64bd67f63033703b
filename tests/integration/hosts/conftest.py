# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts for tests: nodes of the lab as they are after `lab up`, and ansible-playbook with either core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
LAB = REPOSITORY / "tests/lab/lab"
INVENTORY = REPOSITORY / "inventory/lab/hosts.yml"
CORES = {"2.19": REPOSITORY / ".venv/bin", "2.16": REPOSITORY / ".cache/venv-2.16/bin"}
STOCK = "/root/dockyard-stock.tar"

sys.path.insert(0, str(REPOSITORY / "tests/unit"))


def lab(*arguments: str) -> str:
    done = subprocess.run([str(LAB), *arguments], check=True, text=True, timeout=900, stdout=subprocess.PIPE)
    return done.stdout


@dataclass
class Node:
    """One node of the lab, by `podman exec`; `core` is the newest ansible-core that still speaks to its Python."""

    name: str
    core: str
    python: str

    def sh(self, script: str, check: bool = True, timeout: float = 120) -> str:
        """Output of a script, stdout and stderr together."""
        done = subprocess.run(
            ["podman", "exec", "-i", self.name, "sh", "-c", script],
            text=True, timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{self.name}: {script!r} ended with {done.returncode}: {done.stdout}")
        return done.stdout

    def background(self, script: str) -> subprocess.Popen:
        return subprocess.Popen(
            ["podman", "exec", "-i", self.name, "sh", "-c", script],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def read(self, path: str) -> str:
        return self.sh(f"cat {path}")

    def write(self, path: str, text: str) -> None:
        subprocess.run(
            ["podman", "exec", "-i", self.name, "sh", "-c", f"mkdir -p $(dirname {path}) && cat > {path}"],
            input=text, text=True, check=True, timeout=60,
        )  # fmt: skip

    def facts(self) -> str:
        """Everything a task may change, for "as it was": paths, modes, owners and contents."""
        places = "/etc/containers /etc/sysconfig /etc/docker /root/.config/containers /var/lib/dockyard"
        # podman makes itself a directory for networks at any command
        found = f"find {places} ! -name lock ! -path /var/lib/dockyard ! -path '/etc/containers/networks*'"
        return self.sh(
            f"{found} -printf '%p %y %m %U %G %l\\n' 2>/dev/null | sort; "
            f"{found} -type f -exec sha256sum {{}} + 2>/dev/null | sort"
        )


@dataclass
class Run:
    """One ansible-playbook run."""

    rc: int
    output: str
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def last(self) -> dict[str, Any]:
        return self.results[-1]["result"]

    def of(self, host: str, task: str = "") -> dict[str, Any]:
        """The last result of a host, of the tasks whose name holds this text."""
        found = [line for line in self.results if line["host"] == host and task in line["task"]]
        return found[-1]["result"]


@pytest.fixture(scope="session")
def lab_up() -> None:
    """The whole lab, and beside each node a copy of its files as they are when nothing has been done."""
    if os.environ.get("DOCKYARD_LAB_IS_UP") != "1":
        lab("up")


def _reset(node: Node) -> None:
    """The files a task may change, as they were when the node came up."""
    node.sh(
        f"test -e {STOCK} || tar -C / -cf {STOCK} etc/containers root/.config; "
        "umount /etc/containers 2>/dev/null; chattr -i /etc/containers/* 2>/dev/null; "
        f"rm -rf /etc/containers/* /root/.config /var/lib/dockyard && tar -C / -xf {STOCK}"
    )


@pytest.fixture
def podman1(lab_up) -> Iterator[Node]:
    node = Node("podman1", "2.19", "/usr/bin/python3")
    _reset(node)
    yield node
    _reset(node)


@pytest.fixture
def origin1(lab_up, request) -> Iterator[Node]:
    """The node with Red Hat's docker; the variant (what docker reads) comes from a parameter, else sysconfig."""
    node = Node("origin1", "2.16", "/usr/bin/python2.7")
    lab("variant", "origin1", getattr(request, "param", "sysconfig"))
    node.sh("rm -rf /var/lib/dockyard")
    yield node
    lab("fault", "origin1", "off")


@dataclass
class Controller:
    """Runs playbooks against nodes; every run notes what its tasks returned."""

    scratch: Path
    count: int = 0

    def task(self, node: Node, task: str, options: dict[str, Any] | None = None, *flags: str, **more: Any) -> Run:
        """One task of the collection on one node."""
        play = {
            "hosts": node.name,
            "gather_facts": False,
            "tasks": [{f"dockyard.openshift.{task}": options or {}}],
            "vars": {"ansible_python_interpreter": node.python} | more.pop("variables", {}),
        }
        path = self.scratch / f"play{self.count}.yml"
        path.write_text(yaml.safe_dump([play]))
        return self.playbook(path, *flags, core=more.pop("core", node.core), **more)

    def playbook(
        self, path: Path | str, *flags: str, core: str = "2.19", inventory: Path = INVENTORY, **more: Any
    ) -> Run:
        process, results = self.start(path, *flags, core=core, inventory=inventory, **more)
        output, _ = process.communicate(timeout=300)
        return self.finish(process, output, results)

    def start(
        self,
        path: Path | str,
        *flags: str,
        core: str = "2.19",
        inventory: Path = INVENTORY,
        environment: dict | None = None,
    ) -> tuple[subprocess.Popen, Path]:
        self.count += 1
        results = self.scratch / f"results{self.count}"
        results.touch()
        variables = {
            **os.environ,
            "PATH": f"{CORES[core]}:{os.environ['PATH']}",
            "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".cache/collections"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(self.scratch / "home"),
            "DOCKYARD_RESULTS": str(results),
            **(environment or {}),
        }
        process = subprocess.Popen(
            ["ansible-playbook", "-i", str(inventory), str(path), *flags],
            cwd=REPOSITORY, env=variables, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return process, results

    @staticmethod
    def finish(process: subprocess.Popen, output: str, results: Path) -> Run:
        lines = [json.loads(line) for line in results.read_text().splitlines()]
        return Run(process.returncode, output, lines)


@pytest.fixture
def controller(tmp_path) -> Controller:
    return Controller(tmp_path)
