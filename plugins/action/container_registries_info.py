# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import options, registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host import HostTask, select


class ActionModule(HostTask):
    spec = options.CONTAINER_REGISTRIES_INFO
    watch = registries.watch()

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        policy = self.policy(options)
        how = registries.Options(
            **{key: options[key] for key in ("mode", "unenforceable", "foreign_scopes")}, activation="now"
        )
        host = self.observe()
        plan = registries.propose(host, policy, how).plan
        found = {"engines": registries.survey(host), "drift": plan.changed}
        return {**found, **self.shown(plan), "changed": False, "selected": select(options["query"], found)}
