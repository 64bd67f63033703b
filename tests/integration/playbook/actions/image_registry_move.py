# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of the task image_registry_move: reads its options as the task does, and notes how it was called."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry.move import options as move
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import CLUSTER_OPTIONS


class ActionModule(Task):
    spec = CLUSTER_OPTIONS | move.OPTIONS
    fills = (move.fill,)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            host, check = str(self.variables["inventory_hostname"]), self._task.check_mode
            entry = {"task": "image_registry_move", "host": host, "check": check, "args": self.given()}
            log.write(json.dumps(entry, default=str) + "\n")
        return {"changed": True, "account": ["image_registry_move"]}
