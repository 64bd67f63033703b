# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout import options as rollout
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout.service import Wanted
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import CLUSTER_OPTIONS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_pools import PoolsConnection


class ActionModule(PoolsConnection, Task):
    spec = CLUSTER_OPTIONS | rollout.LOOK | rollout.ROLL | rollout.TIMES

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        service, check = self.rollout_of(options, Wanted.of(options)), self._task.check_mode
        if options["state"] == "updated":
            return service.wait(check=check)
        return service.pause(check=check) if options["state"] == "paused" else service.resume(check=check)
