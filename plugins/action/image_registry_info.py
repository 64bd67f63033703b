# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import ClusterProblem, Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry import (
    PODS,
    inside,
    service,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import ClusterInfo


class ActionModule(ClusterInfo):
    features = (service,)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        found = super().perform(options)
        if options["look_inside"]:
            found["inside"] = self._inside(found)
        return found

    def _inside(self, found: dict[str, Any]) -> dict[str, Any]:
        """Look into the first pod that serves. Raises ClusterProblem."""
        backend = found["storage"]["backend"]
        if backend not in ("pvc", "emptyDir"):
            where = backend or "no storage of its own"
            raise ClusterProblem(f"look_inside: the images are in {where}, which is not a directory of a pod")
        pod = next((one["name"] for one in found["pods"] if one["ready"]), "")
        if not pod:
            raise ClusterProblem("look_inside: no pod of the registry is ready")
        ref = Ref(PODS.resource, pod, PODS.namespace)
        return inside.mounted(self.client.transport.login, ref, self.client.limits.request)
