# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two modules that run on hosts, on every Python they have to live with, through real Ansible and real ssh."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from conftest import TAKEN, Node

NODES = {
    "py313": Node("py313", "2.19", "/usr/bin/python3"),
    "py314": Node("py314", "2.19", "/usr/bin/python3"),
    "origin1": Node("origin1", "2.16", "/usr/bin/python2.7"),
    "podman1": Node("podman1", "2.16", "/usr/bin/python3"),
}
PATH = "/srv/hands/lists.conf"


def opaque(value) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def commit(text: str, before: str, **more):
    content = base64.b64encode(text.encode()).decode()
    files = [{"path": PATH, "before": before, "state": "file", "mode": "0640"}]
    return {"payload": opaque({PATH: content}), "files": files, "state_directory": "/srv/hands/state", **more}


@pytest.fixture(params=NODES)
def node(take, request):
    node = NODES[request.param]
    if node.name in TAKEN:
        take(node.name)
    node.sh("rm -rf /srv/hands")
    yield node
    node.sh("rm -rf /srv/hands")


def test_both_modules_change_and_read_a_host(controller, node):
    written = controller.task(node, "host_transaction", commit("one\n", "absent"))
    assert written.last["committed"], written.output
    assert node.sh(f"cat {PATH}; stat -c %a {PATH}") == "one\n640\n"

    seen = controller.task(node, "host_snapshot", {"files": [{"path": PATH}], "state_directory": "/srv/hands/state"})
    snapshot = json.loads(base64.b64decode(seen.last["snapshot"]))
    checksum = snapshot["files"][PATH]["sha256"]
    assert checksum == hashlib.sha256(b"one\n").hexdigest()
    assert snapshot["journal"] is None and snapshot["locked"] is False

    action = {"name": "an action that fails", "argv": ["false"], "undo": []}
    failed = controller.task(node, "host_transaction", commit("two\n", checksum, actions=[action]))
    assert failed.last["rolled_back"] and "an action that fails" in failed.last["msg"]
    assert node.sh(f"cat {PATH}") == "one\n"

    stale = controller.task(node, "host_transaction", commit("three\n", "absent"))
    assert stale.last["conflict"][0]["found"] == checksum
    assert node.sh(f"cat {PATH}; ls -A /srv/hands /srv/hands/state") == (
        "one\n/srv/hands:\nlists.conf\nstate\n\n/srv/hands/state:\nlast.json\nlock\n"
    )
