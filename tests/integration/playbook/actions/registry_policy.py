# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: notes what it was asked, and refuses the policy of a host whose `fate` is "refused"."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.role import Asked
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.hosts import FEATURES, WORD_OPTIONS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task


class ActionModule(Asked, Task):
    spec = WORD_OPTIONS
    fills = tuple(feature.fill for feature in FEATURES)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        self.must_ask(options)
        task_vars = self.variables
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "registry_policy", "host": str(task_vars["inventory_hostname"])}
            log.write(json.dumps({**entry, "args": self.given()}, default=str) + "\n")
        if task_vars.get("fate") == "refused":
            return {"failed": True, "msg": "docker_registries_search: 'http://a': give the registry without http://"}
        return {"changed": False}
