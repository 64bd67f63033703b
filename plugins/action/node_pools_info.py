# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout import options as rollout
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout.service import Rollout, Wanted
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import (
    CLUSTER_OPTIONS,
    ClusterConnection,
)


class ActionModule(ClusterConnection, Task):
    spec = CLUSTER_OPTIONS | rollout.LOOK

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**Rollout(self.connect(options), Wanted.of(options)).report(), "changed": False}
