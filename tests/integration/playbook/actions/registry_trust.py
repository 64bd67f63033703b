# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of the task registry_trust: writes down how it was called; `trusts` of the host is what it answers."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        variables = task_vars or {}
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            host, check = str(variables["inventory_hostname"]), self._task.check_mode
            entry = {"task": "registry_trust", "host": host, "check": check, "args": self._task.args}
            log.write(json.dumps(entry) + "\n")
        return {"changed": bool(variables.get("trusts")), "account": ["trust"]}
