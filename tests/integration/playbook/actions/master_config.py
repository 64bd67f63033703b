# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: notes what it was asked, and ends as the `fate` of the master says.

One that is refused is so at the first look; one that failed did not come back after its restart.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import masters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.masters import AskedOfMasters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask


class ActionModule(AskedOfMasters, HostTask):
    features = (masters,)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        self.must_ask(options)
        self.read(options)
        check, fate = self._task.check_mode, self.variables["fate"]
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "master_config", "host": str(self.variables["inventory_hostname"]), "check": check}
            log.write(json.dumps({**entry, "args": self.given()}, default=str) + "\n")
        if fate == "refused" or fate == "failed" and not check:
            return {"failed": True, "msg": f"{fate}; everything is as it was"}
        master = {"release": self.variables.get("release", "3.11")}
        return {"changed": fate != "same", "account": [fate], "plan": {"id": f"plan-of-{fate}"}, "master": master}
