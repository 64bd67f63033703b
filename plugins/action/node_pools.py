# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible.utils.display import Display
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client, Limits
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout import options as rollout
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout.service import Rollout, Wanted
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import (
    CLUSTER_OPTIONS,
    ClusterConnection,
)


class ActionModule(ClusterConnection, Task):
    spec = CLUSTER_OPTIONS | rollout.LOOK | rollout.ROLL

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        service = Rollout(self._patient(options), Wanted.of(options), say=self._say)
        check = self._task.check_mode
        if options["state"] == "updated":
            return service.wait(check=check)
        return service.pause(check=check) if options["state"] == "paused" else service.resume(check=check)

    def _patient(self, options: Mapping[str, Any]) -> Client:
        """Return a client without an end of its own: a wait says itself what ended it."""
        client = self.connect({**options, "timeout": 0})
        return replace(client, limits=Limits(float(options["request_timeout"]), float("inf")))

    def _say(self, line: str) -> None:
        Display().display(self.secrets.hidden_in({"line": line})["line"])
