# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain import options as drain
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain.service import NodeOptions, NodeService
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import (
    CLUSTER_OPTIONS,
    ClusterConnection,
)


class ActionModule(ClusterConnection, Task):
    spec = CLUSTER_OPTIONS | drain.DRAIN

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        found = NodeService(self.connect(options), NodeOptions.of(options)).report()
        return {**found, "changed": False}
