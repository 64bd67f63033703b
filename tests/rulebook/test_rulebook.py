# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/events/rulebook.yml in ansible-rulebook: what each event of a report makes it do. Run by `make rulebook`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = REPOSITORY / ".cache/venv-rulebook/bin"
sys.path.insert(0, str(REPOSITORY / ".cache/collections"))

from ansible_collections.dockyard.openshift.plugins.plugin_utils.fleet import report  # noqa: E402

CERTIFICATE = {"subject": "CN=company", "fingerprint": "aa", "not_after": "2026-12-01T00:00:00Z", "days_left": 3}
FOUND = {
    "as-asked": {"changed": False, "drift": False, "account": ["unchanged"]},
    "differs": {"changed": False, "drift": True, "account": ["1 difference"]},
    "unreachable": {"unreachable": True, "msg": "no route to host"},
    "failed": {"failed": True, "msg": "the engine gave no answer"},
    "ending": {
        "changed": False, "drift": False, "account": ["unchanged"],
        "registries": [{"registry": "r.example.com", "certificates": [CERTIFICATE]}],
    },
}  # fmt: skip


def test_each_event_is_answered_by_its_rule(tmp_path: Path) -> None:
    subjects = [report.Subject(name, "host", {"registries": found}) for name, found in FOUND.items()]
    document = report.document(subjects, "verify", datetime.now(timezone.utc))
    (tmp_path / "subjects.json").write_text(json.dumps(document["subjects"]))
    (tmp_path / "inventory.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n")
    environment = os.environ | {"SUBJECTS": str(tmp_path / "subjects.json"), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    command = [PROGRAMS / "ansible-rulebook", "-r", REPOSITORY / "docs/events/rulebook.yml", "-i", "inventory.yml"]
    done = subprocess.run(
        [*command, "--env-vars", "SUBJECTS"], cwd=tmp_path, env=environment, text=True, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    said = re.findall(r"^host (\S+) (differs|could not|has)", done.stdout, re.MULTILINE)
    assert sorted(said) == [
        ("differs", "differs"), ("ending", "has"), ("failed", "could not"), ("unreachable", "could not"),
    ], done.stdout  # fmt: skip
