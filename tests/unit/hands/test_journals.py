# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals: those of earlier versions are completed, and none is believed that a transaction would not have written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from .conftest import REPOSITORY, Host

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")

HISTORY = sorted((REPOSITORY / "tests/data/history").glob("*/*.journal.json"))
FILE = {
    "path": "/x", "target": "/x", "staged": "/x.new", "kept": "/x.old", "old": {"state": "absent"},
    "new": {"state": "absent"},
}
ACTION = {"name": "restart x", "argv": ["touch", "PROOF"], "undo": ["touch", "PROOF"], "timeout": 9}
GOOD = {
    "version": 1, "id": "cafe", "plan_id": "p", "time": 1, "started": 1, "directories": [], "emptied": [], "files": [],
    "actions": [ACTION],
}
DAMAGED: list[dict[str, Any]] = [
    {"files": True}, {"files": [{}]}, {"files": ["x"]}, {"files": [{**FILE, "old": [1]}]},
    {"files": [{**FILE, "old": {}}]}, {"files": [{**FILE, "new": {"state": "file"}}]}, {"files": [{**FILE, "path": 7}]},
    {"files": [{**FILE, "old": {"state": "file", "sha256": "a", "mode": "rw", "uid": 0, "gid": 0}}]},
    {"files": [{**FILE, "way_back": {"state": "absent"}}]}, {"files": [{**FILE, "way_back": "x"}]}, {"undo_checks": {}},
    {"undo_checks": [{"name": "x", "argv": ["true"]}]},
    {"actions": [{"argv": ["true"]}]}, {"actions": [{**ACTION, "argv": []}]}, {"actions": [{**ACTION, "argv": "x"}]},
    {"actions": [{**ACTION, "undo": None}]}, {"actions": [{**ACTION, "timeout": "9"}]}, {"actions": {}},
    {"started": 2}, {"started": -1}, {"started": True}, {"started": "1"}, {"id": 7}, {"id": None},
    {"directories": None}, {"directories": [1]}, {"emptied": {}}, {"emptied": [1]}, {"emptied": [{"path": "/x"}]},
]


def put(host: Host, journal: Any, mode: int = 0o600) -> Path:
    host.state.mkdir(mode=0o700, exist_ok=True)
    path = host.state / "journal.json"
    path.write_text(json.dumps(journal))
    path.chmod(mode)
    return path


def refused(host: Host, says: str) -> None:
    """By the one that reads and by the one that writes, and nothing is run."""
    snapshot = host.snapshot()
    assert snapshot["journal"] is None and says in snapshot["journal_problem"], snapshot
    outcome = host.transaction({"recover": "cafe"})
    assert outcome["stderr"] == "" and outcome["result"]["step"] == "journal_found", outcome
    assert says in outcome["result"]["reason"] and "a person has to look at it" in outcome["result"]["reason"]
    assert list(host.root.iterdir()) == [] and not Path("/PROOF").exists()


@pytest.mark.slow
@pytest.mark.parametrize("part", DAMAGED, ids=json.dumps)
def test_a_journal_of_another_form_is_damaged(host: Host, part: dict[str, Any]) -> None:
    put(host, {**GOOD, **part})
    refused(host, "journal.json is damaged")


@pytest.mark.parametrize(
    ("journal", "says"),
    [
        ([], "is not a journal"),
        ("x", "is not a journal"),
        ({**GOOD, "version": 2}, "was written by a newer version of dockyard.openshift"),
        ({**GOOD, "version": True}, "is not a journal of this version"),
        ({**GOOD, "version": "1"}, "is not a journal of this version"),
    ],
)
def test_a_journal_that_is_not_ours_is_refused(host: Host, journal: Any, says: str) -> None:
    put(host, journal)
    refused(host, says)


@pytest.mark.parametrize("what", ["owner", "mode", "directory", "link"])
def test_a_journal_that_others_can_write_is_not_run(host: Host, what: str, tmp_path: Path) -> None:
    """The next run executes it as root."""
    path = put(host, GOOD, 0o666 if what == "mode" else 0o600)
    if what == "owner":
        os.chown(path, 1234, 1234)
    if what == "directory":
        host.state.chmod(0o777)
    if what == "link":
        path.rename(tmp_path / "theirs")
        path.symlink_to(tmp_path / "theirs")
    refused(host, "so somebody else may have written it")


def test_a_record_that_somebody_else_may_have_written_is_not_believed(host: Host) -> None:
    host.state.mkdir(mode=0o700)
    (host.state / "state.json").write_text("{}")
    (host.state / "state.json").chmod(0o666)
    assert host.snapshot()["state"]["state"] == "failed"


@pytest.mark.slow
@pytest.mark.parametrize("path", HISTORY, ids=lambda path: path.name)
def test_a_journal_of_an_earlier_version_is_undone(host: Host, path: Path) -> None:
    """As the version that wrote it would have: files as they were, begun actions once more."""
    journal = json.loads(path.read_text().replace('"/etc/', f'"{host.root}/').replace('"/var/lib/', f'"{host.root}/'))
    for action in journal["actions"]:
        action["argv"] = action["undo"] = ["sh", "-c", f"echo {action['argv'][-1]} >>{host.root}/ran"]
    for entry in journal["files"]:
        Path(entry["target"]).parent.mkdir(parents=True, exist_ok=True)
        entry["new"] = {**entry["new"], "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
        Path(entry["target"]).write_text("x")
    put(host, journal)
    told = host.snapshot()["journal"]
    assert told and [entry["present"] for entry in told["files"]] == ["new"] * len(journal["files"])
    done = host.transaction({"recover": journal["id"]})["result"]
    assert done["committed"] and host.leftovers() == []
    for entry in journal["files"]:
        assert Path(entry["target"]).exists() is (entry["old"]["state"] == "file")
    assert len((host.root / "ran").read_text().splitlines()) == journal["started"]
