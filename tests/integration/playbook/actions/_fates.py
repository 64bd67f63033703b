# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A base of tasks that contact nobody here: it notes what it was asked and ends as a variable says."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.action import ActionBase

ENDS = {
    "failed": {"failed": True, "msg": "the API server did not answer"},
    "changed": {"changed": True, "account": ["changed"]},
    "same": {"changed": False, "account": ["unchanged"]},
    "drift": {"changed": False, "drift": True, "account": ["differs from the policy:"]},
}


class Fated(ActionBase):
    """Ends as `cluster_fate` says, or as `<task>_fate` when it is not a rehearsal."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        name = type(self).__module__.rpartition(".")[2]
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": name, "host": str(task_vars["inventory_hostname"]), "check": self._task.check_mode}
            entry["args"] = {"state": self._task.args.get("state")}
            log.write(json.dumps(entry) + "\n")
        fate = task_vars.get("cluster_fate", "changed")
        fate = fate if self._task.check_mode else task_vars.get(f"{name}_fate", fate)
        return {**ENDS[fate], **task_vars.get("master_has", {})}
