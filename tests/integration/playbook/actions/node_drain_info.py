# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: notes what it was asked of a node."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        given = {name: value for name, value in self._task.args.items() if value != task_vars.get("omit")}
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "node_drain_info", "host": str(task_vars["inventory_hostname"]), "args": given}
            log.write(json.dumps(entry, default=str) + "\n")
        proceed = not task_vars.get("stuck", False)
        if task_vars.get("no_api"):
            return {"failed": True, "msg": "the API server cannot be reached"}
        return {"changed": False, "proceed": proceed, "account": ["team/a has an emptyDir"]}
