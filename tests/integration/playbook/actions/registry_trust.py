# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: notes what it was asked, and ends as the host's variable `trust_fate` says.

`trust_disruption` is that of its plan. A host that fails does so when something is really changed.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import files


class ActionModule(Task):
    spec = options.REGISTRY_TRUST
    fills = (files.fill,)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        task_vars = self.variables
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "registry_trust", "host": str(task_vars["inventory_hostname"])}
            entry |= {"check": self._task.check_mode, "args": self.given()}
            log.write(json.dumps(entry, default=str) + "\n")
        fate = task_vars.get("trust_fate", "changed")
        if fate == "failed" and not self._task.check_mode:
            return {"failed": True, "msg": "the registry is not believed; everything is as it was", "rolled_back": True}
        plan = {"id": "t1", "text": "Plan t1: 1 change", "disruption": task_vars.get("trust_disruption", "none")}
        return {"changed": fate == "changed", "plan": plan, "notes": [], "rolled_back": False, "pending": []}
