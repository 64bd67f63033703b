# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for tests: what host_snapshot would have sent for these files and answers."""

from __future__ import annotations

import base64
import hashlib
import json

from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import Observed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.snapshot import from_snapshot
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Proposal
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import transaction_options


def snapshot(files: dict[str, str], answers: dict[str, str] | None = None, **more) -> dict:
    """Make the answer of host_snapshot. files: path → text; answers: name of a command → its output (rc 0)."""
    directories: dict[str, dict] = {}
    for path in files:
        directory, name = path.rsplit("/", 1)
        if directory.endswith(".conf.d"):
            directories.setdefault(directory, {"state": "directory", "entries": []})["entries"].append(name)
    said = {name: {"state": "done", "rc": 0, "stdout": text, "stderr": ""} for name, text in (answers or {}).items()}
    described_files = {path: described(text) for path, text in files.items()}
    return {"files": described_files, "directories": directories, "commands": said, **more}


def host(files: dict[str, str], answers: dict[str, str] | None = None, **more) -> Observed:
    """The host of such a snapshot."""
    return from_snapshot(snapshot(files, answers, **more))


def commit(proposal: Proposal) -> dict:
    """The options of the module host_transaction, {} when there is nothing to do."""
    return transaction_options(proposal) if proposal.transaction else {}


def contents(commit: dict) -> dict[str, str]:
    """The files that a transaction would write."""
    packed = json.loads(base64.b64decode(commit["payload"]))
    return {path: base64.b64decode(content).decode() for path, content in packed.items()}


def views(edits) -> dict[str, list[str]]:
    """Show changed files as a person sees them: path → lines that go (-) and lines that come (+)."""
    sides = (("- ", "before"), ("+ ", "after"))
    return {
        edit.path: [sign + line for sign, side in sides for line in getattr(edit, side).splitlines()] for edit in edits
    }


def described(text: str | bytes) -> dict:
    data = text if isinstance(text, bytes) else text.encode()
    content = base64.b64encode(data).decode()
    return {"state": "file", "content": content, "sha256": hashlib.sha256(data).hexdigest(), "mode": "0644"}
