# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: writes the content of the variable `certificates` as the archive, unless that is there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        path = Path(str(self._task.args["path"]))
        directory = path.parent.stat().st_mode & 0o777 if path.parent.exists() else None
        there = path.read_text() if path.exists() else None
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "certificates_backup", "host": str(task_vars["inventory_hostname"])}
            entry |= {"args": self._task.args, "there": there, "directory": directory}
            log.write(json.dumps(entry, default=str) + "\n")
        if there != task_vars["certificates"] and not self._task.check_mode:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(task_vars["certificates"])
        return {"changed": there != task_vars["certificates"], "path": str(path)}
