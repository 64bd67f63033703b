# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Limits
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain import options as drain
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain.service import NodeOptions, NodeService
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import (
    CLUSTER_OPTIONS,
    ClusterConnection,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.progress import say

_REST = 60


class ActionModule(ClusterConnection, Task):
    spec = CLUSTER_OPTIONS | drain.DRAIN | drain.SERVICE

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        wanted = NodeOptions.of(options)
        # the client's own end comes after the one that is said in the words of a drain
        total = options["timeout"] + options["ready_timeout"] + _REST
        client = replace(self.connect(options), limits=Limits(float(options["request_timeout"]), float(total)))
        service = NodeService(client, wanted, say=say)
        if options["state"] == "in_service":
            return service.restore(check=self._task.check_mode, ready_timeout=options["ready_timeout"])
        return service.drain(check=self._task.check_mode)
