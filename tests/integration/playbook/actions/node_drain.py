# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: notes which node it was to drain or to put back, and who asked the API."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain import options as drain
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import CLUSTER_OPTIONS

FATES = {"undrained": "undrained: a budget forbids it", "stuck": "a pod is still there"}


class ActionModule(Task):
    spec = CLUSTER_OPTIONS | drain.DRAIN | drain.SERVICE

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            host, check = str(self.variables["inventory_hostname"]), self._task.check_mode
            entry = {"task": "node_drain", "host": host, "check": check}
            log.write(json.dumps({**entry, "args": self.given()}, default=str) + "\n")
        if self.variables.get("fate") in FATES and options["state"] == "drained":
            return {"failed": True, "msg": FATES[self.variables["fate"]]}
        return {"changed": True}
