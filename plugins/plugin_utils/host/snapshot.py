# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the two modules on hosts send and are sent: opaque texts, and the one door where a snapshot becomes a value.

The shape of a snapshot is documented in plugins/modules/host_snapshot.py.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from ..problems import one_line
from ..shapes import Each, fits
from .observed import STATE_PATH, Answer, HostProblem, Observed

NO_ANSWER = "the host sent back something that is no answer of this collection's modules"

_FILE = (
    {"state": "absent"},
    {"state": "failed", "reason": str, "link?": (str, None)},
    {
        "state": "file", "sha256": str, "content?": str, "mode?": str, "uid?": int, "gid?": int, "link?": (str, None),
        "label?": (str, None), "certificates?": [str],
    },
)  # fmt: skip
_LISTING = (
    {"state": "absent"},
    {"state": "failed", "reason": str},
    {"state": "directory", "entries?": [str], "directories?": [str]},
)
_ANSWER = (
    {"state": "done", "rc": int, "stdout": str, "stderr": str},
    {"state": "failed", "reason": str},
    {"state": "absent"},
    {"state": "needless"},
)
_JOURNAL = {
    "id": str, "started": int, "directories": [str], "plan_id?": (str, None), "time?": (int, float),
    "undoes?": (str, None), "deferred?": [str],
    "files": [{"path": str, "present": ("new", "old", "other"), "shown?": [str]}],
    "actions": [
        {
            "name": str, "argv": [str], "undo": [str], "timeout": (int, float), "whom?": (str, None),
            "disruption?": (str, None), "parts?": [str],
        }
    ],
    "old": Each(_FILE),
}  # fmt: skip
_SNAPSHOT = {
    "files?": Each(_FILE), "directories?": Each(_LISTING), "commands?": Each(_ANSWER), "state?": _FILE,
    "journal?": (None, _JOURNAL), "journal_problem?": (None, str), "last?": (None, _JOURNAL),
    "last_problem?": (None, str), "locked?": bool, "time?": int, "uid?": int,
    "user?": str,
}  # fmt: skip


def unpack(opaque: str) -> Any:
    """Return the JSON value inside an opaque text of one of the two modules. Raises HostProblem when it is not one."""
    try:
        return json.loads(base64.b64decode(opaque))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise HostProblem(NO_ANSWER) from None


def pack(contents: Mapping[str, bytes]) -> str:
    """Return the opaque text in which the contents of files travel to a host."""
    return pack_json({path: base64.b64encode(content).decode() for path, content in contents.items()})


def pack_json(value: Any) -> str:
    """Return a JSON value as one opaque text."""
    return base64.b64encode(json.dumps(value).encode()).decode()


def from_snapshot(snapshot: Any) -> Observed:
    """Read what host_snapshot returned (already unpacked). Raises HostProblem for anything else."""
    if not fits(snapshot, _SNAPSHOT) or not _whole(snapshot):
        raise HostProblem(NO_ANSWER)
    files = {**snapshot.get("files", {}), STATE_PATH: snapshot.get("state", {"state": "absent"})}
    return Observed(
        files=files,
        directories=snapshot.get("directories", {}),
        answers={name: _answer(raw) for name, raw in snapshot.get("commands", {}).items()},
        journal=snapshot.get("journal"),
        journal_problem=one_line(snapshot.get("journal_problem") or ""),
        last=snapshot.get("last"),
        last_problem=one_line(snapshot.get("last_problem") or ""),
        locked=bool(snapshot.get("locked")),
        clock=int(snapshot.get("time") or 0),
        uid=int(snapshot.get("uid") or 0),
        user=str(snapshot.get("user") or snapshot.get("uid") or "root"),
    )


def _whole(snapshot: Mapping[str, Any]) -> bool:
    """Return whether all contents are contents, and the journal tells of every file and action what it should."""
    files = [*snapshot.get("files", {}).values(), snapshot.get("state", {})]
    for journal in filter(None, (snapshot.get("journal"), snapshot.get("last"))):
        files += journal["old"].values()
        if not 0 <= journal["started"] <= len(journal["actions"]) or not all(
            each["argv"] for each in journal["actions"]
        ):
            return False
        if any(each["present"] == "new" and each["path"] not in journal["old"] for each in journal["files"]):
            return False
    return all(_is_base64(file["content"]) for file in files if "content" in file)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _answer(raw: Mapping[str, Any]) -> Answer:
    if raw["state"] == "done":
        return Answer(rc=raw["rc"], stdout=raw["stdout"], stderr=raw["stderr"])
    if raw["state"] == "failed":
        return Answer(failure=one_line(raw["reason"]))
    return Answer(asked=raw["state"] != "needless")
