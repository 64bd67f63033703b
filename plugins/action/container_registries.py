# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import options, registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask


class ActionModule(HostTask):
    spec = options.CONTAINER_REGISTRIES
    fills = (registries.fill,)
    watch = registries.watch()

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        policy = registries.policy_of(options)
        how = registries.Options(
            **{key: options[key] for key in ("mode", "unenforceable", "foreign_scopes", "activation")}
        )
        result, proposal = self.apply(
            lambda host: registries.propose(host, policy, how), options["expect_plan"], registries.watch_for(policy)
        )
        if not result.get("failed"):
            result["engines"] = proposal.engines
        return result
