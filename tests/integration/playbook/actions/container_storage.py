# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: notes what it was asked, and ends as the `fate` of the host says.

One that is refused is so at the first look; one that failed did so before anything was changed; held died in a switch.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import storage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.storage import AskedOfStorage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.staged import StagedTask


class ActionModule(AskedOfStorage, StagedTask):
    features = (storage,)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        self.must_ask(options)
        self.read(options)
        check, fate = self._task.check_mode, self.variables["fate"]
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "container_storage", "host": str(self.variables["inventory_hostname"]), "check": check}
            log.write(json.dumps({**entry, "args": self.given()}, default=str) + "\n")
        if fate == "refused" or fate in ("failed", "held") and not check:
            return {"failed": True, "changed": fate == "held", "msg": f"{fate}; as it was"}
        return {"changed": fate != "same", "account": [fate], "plan": {"id": f"plan-of-{fate}"}}
