# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import clock
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Limits
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry.move import options as move
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry.move.service import (
    MoveService,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import (
    CLUSTER_OPTIONS,
    ClusterConnection,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.progress import say

#: All steps together take no longer than a day and what is waited for.
_TOTAL = 86400.0


class ActionModule(ClusterConnection, Task):
    spec = CLUSTER_OPTIONS | move.OPTIONS
    fills = (move.fill,)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        asked, wanted = move.read(options, clock.now(), self.read_file, self.secrets.add_key)
        total = _TOTAL + wanted.copy_timeout
        client = replace(self.connect(options), limits=Limits(float(options["request_timeout"]), total))
        return MoveService(client, asked, wanted, say=say).move(check=self._task.check_mode)
