# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: notes the archive that it was given, and fails where the host is fated to."""

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
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            check = self._play_context.check_mode
            entry = {"task": "certificates_restore", "host": str(task_vars["inventory_hostname"]), "check": check}
            log.write(json.dumps({**entry, "args": self._task.args, "archive": path.read_text()}, default=str) + "\n")
        if task_vars.get("fate") == "failed" and not check:
            return {"failed": True, "msg": "the engine does not start"}
        disruption = task_vars.get("disruption", "none")
        return {"changed": True, "plan": {"text": "Plan r1: 1 change", "disruption": disruption}}
