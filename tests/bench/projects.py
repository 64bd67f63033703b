#!/usr/bin/env python3
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a secret in many projects costs: the first run and one without a change, on the cluster lab.

usage: projects.py [PROJECTS]     1,000 unless given; each has two service accounts that are linked
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / name) for name in ("tests", "tests/unit", ".cache/collections")]

from ansible_collections.dockyard.openshift.plugins.action import dockercfg_secret  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Moved  # noqa: E402
from api_server import KINDS, run  # noqa: E402
from integration.cluster.conftest import Lab  # noqa: E402

ACCOUNTS = ("default", "builder")
LABEL = {"dockyard-bench": "projects"}
GIVEN = {
    "name": "pull",
    "namespace_selector": "dockyard-bench=projects",
    "credentials": [{"registry": "registry.example.com", "username": "robot", "password": "of-the-bench"}],
    "link": [{"service_account": "default"}, {"service_account": "builder", "for": "mount"}],
}


def make(lab: Lab, kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None) -> None:
    """Make an object, unless it is there."""
    place = Ref(KINDS[kind], name, namespace)
    try:
        lab.client.create(place, {**place.manifest(), "metadata": {"name": name, "labels": labels or {}}})
    except Moved:
        pass


def main() -> None:
    """Make the projects, then measure both runs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    up = subprocess.run([REPOSITORY / "tests/lab/cluster/cluster", "up"], capture_output=True, text=True, check=True)
    lab = Lab(Path(up.stdout.strip().splitlines()[-1]))
    lab.client._end = float("inf")
    for number in range(count):
        name = f"bench-{number:04}"
        make(lab, "Namespace", name, labels=LABEL)
        for account in ACCOUNTS:
            make(lab, "ServiceAccount", account, name)
    for title in ("first run", "without a change"):
        wall, work = time.monotonic(), time.process_time()
        done = run(dockercfg_secret.ActionModule, {"kubeconfig": str(lab.kubeconfig), **GIVEN}, None)
        seconds = {"seconds": round(time.monotonic() - wall, 1), "cpu": round(time.process_time() - work, 1)}
        told = {"projects": count, "changed": done.get("changed"), "requests": done.get("requests")}
        print(json.dumps({title: {**seconds, **told}}))
        if done.get("failed"):
            sys.exit(done["msg"])


if __name__ == "__main__":
    main()
