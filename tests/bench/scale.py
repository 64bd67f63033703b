#!/usr/bin/env python3
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How time and memory of the controller grow with hosts: playbooks with 50 and 200 hosts that answer from a table.

usage: scale.py [HOSTS...]     writes bench/scale.json; actions of tests/integration/playbook stand in for hosts

So what is measured is the controller alone: Ansible, the role, the report and its page. What a host costs is told
by `make bench`.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
ACTIONS = REPOSITORY / "tests/integration/playbook/actions"
RESULTS = REPOSITORY / "bench/scale.json"
FORKS = 20
LOOK_EVERY = 0.2
POLICY = {"search": [f"r{number}.example.com" for number in range(20)], "blocked": ["docker.io"]}


def main() -> int:
    amounts = [int(word) for word in sys.argv[1:]] or [50, 200]
    found = []
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        collections = collection_in(home)
        for amount in amounts:
            for playbook in ("plan", "site", "verify"):
                found.append(measured(playbook, amount, home, collections))
                print(json.dumps(found[-1]), flush=True)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps({"machine": machine, "forks": FORKS, "runs": found}, indent=1) + "\n")
    return 0


def collection_in(home: Path) -> Path:
    """Make the collection with stand-ins for its actions, as the tests of playbooks have it."""
    collection = home / "collections/ansible_collections/dockyard/openshift"
    (collection / "plugins/action").mkdir(parents=True)
    for action in (*ACTIONS.glob("*.py"), REPOSITORY / "plugins/action/fleet_report.py"):
        (collection / "plugins/action" / action.name).symlink_to(action)
    for part in ("plugins/plugin_utils", "plugins/filter", "roles", "playbooks", "meta", "galaxy.yml"):
        (collection / part).symlink_to(REPOSITORY / part)
    return home / "collections"


def measured(playbook: str, amount: int, home: Path, collections: Path) -> dict[str, Any]:
    """Run a playbook once: seconds by the clock, seconds of CPU, and the most memory that all its processes had."""
    host = {"fate": "same" if playbook == "verify" else "changed", "ansible_connection": "local"}
    hosts = {f"node{number:04}": dict(host) for number in range(amount)}
    groups = {"nodes": {"hosts": dict.fromkeys(hosts)}}
    variables = {"registry_policy": POLICY, "docker_registries_serial": "20%"}
    (home / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables, "children": groups}}))
    (home / "log").write_text("")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    (home / "ansible.cfg").touch()
    environment |= {"ANSIBLE_HOME": f"{home}/ansible", "ANSIBLE_COLLECTIONS_PATH": str(collections)}
    environment |= {"ANSIBLE_FORKS": str(FORKS), "ANSIBLE_CONFIG": f"{home}/ansible.cfg", "FAKE_LOG": f"{home}/log"}
    command = [REPOSITORY / ".venv/bin/ansible-playbook", "-i", home / "hosts.yml", f"dockyard.openshift.{playbook}"]
    command += ["-e", f"plan_page={home}/page.html"]
    before, began = os.times(), time.monotonic()
    process = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    looking = Memory(process.pid)
    looking.start()
    rc = process.wait()
    wall, after = time.monotonic() - began, os.times()
    looking.join()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    assert rc == 0, f"{playbook} with {amount} hosts ended with {rc}"
    return {
        "playbook": playbook, "hosts": amount, "seconds": round(wall, 1), "cpu": round(cpu, 1),
        "main_mb": round(looking.main / 1024), "all_mb": round(looking.together / 1024),
        "page_kb": round((home / "page.html").stat().st_size / 1024),
    }  # fmt: skip


class Memory(threading.Thread):
    """Looks at the memory of a process and its children while it runs; what they share counts once (PSS), in KiB."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid, self.main, self.together = pid, 0, 0

    def run(self) -> None:
        while Path(f"/proc/{self.pid}/smaps_rollup").exists():
            sizes = {pid: size for pid in (self.pid, *children(self.pid)) if (size := memory_of(pid))}
            if self.pid not in sizes:
                return
            self.main = max(self.main, sizes[self.pid])
            self.together = max(self.together, sum(sizes.values()))
            time.sleep(LOOK_EVERY)


def children(pid: int) -> Iterator[int]:
    """Yield the processes below one."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, found):
        yield child
        yield from children(child)


def memory_of(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


if __name__ == "__main__":
    sys.exit(main())
