# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: touches the host, notes what it was asked, and ends as the host's variable `fate` says.

`disruption` is that of its plan. A host that fails does so when something is really changed.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.role import Asked
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.hosts import FEATURES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask

PLAN = {"id": "p1", "text": "Plan p1: 1 change\n  drop-in: add search registry a.example.com", "disruption": "restart"}


class ActionModule(Asked, HostTask):
    features = FEATURES

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["undo"] and options["state"] != "absent":
            self.must_ask(options)
        task_vars = self.variables
        self._low_level_execute_command("true")
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "host_policy", "host": str(task_vars["inventory_hostname"])}
            entry |= {"check": self._task.check_mode, "args": self.given()}
            log.write(json.dumps(entry, default=str) + "\n")
        fate = task_vars.get("fate", "changed")
        if fate == "failed" and not self._task.check_mode:
            return {"failed": True, "msg": "the engine did not take it; everything is as it was", "rolled_back": True}
        headline = "unchanged" if fate != "changed" else "would change" if self._task.check_mode else "changed"
        return {
            "changed": fate == "changed",
            "account": [headline, *PLAN["text"].splitlines()],
            "plan": PLAN | ({"disruption": task_vars["disruption"]} if "disruption" in task_vars else {}),
            "notes": [],
            "rolled_back": False,
            "engines": [],
            "pending": [],
        }
