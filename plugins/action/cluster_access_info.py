# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import access
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import (
    CLUSTER_OPTIONS,
    ClusterConnection,
)


class ActionModule(ClusterConnection, Task):
    spec = CLUSTER_OPTIONS | {
        "task": {
            "type": "str",
            "choices": list(access.TASKS),
            "default": "cluster_registries",
            "description": ["The task of this collection that is to be run."],
        },
        "namespaces": {
            "type": "list",
            "elements": "str",
            "default": [],
            "description": ["The projects in which it is to be run, for tasks that work in projects."],
        },
    }

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        wanted = access.of_task(options["task"], options["namespaces"])
        client = self.connect(options)
        which, answers = access.openshift(client), access.review(client, wanted)
        missing = [access.sentence(answer) for answer in answers if not answer["allowed"]]
        return {"changed": False, "allowed": not missing, "missing": missing, "access": answers, **which}
