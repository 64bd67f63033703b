# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import options, registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask


class ActionModule(HostTask):
    spec = options.CONTAINER_REGISTRIES
    fills = (registries.fill,)
    watch = registries.WATCH

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        said = registries.Said(registries.policy_of(options), options["mode"], options["foreign_scopes"])
        how = Applying(options["activation"], options["unenforceable"])
        result, proposal = self.apply(
            lambda host: propose(host, registries.drafts(host, said), how),
            options["expect_plan"],
            registries.watch(said),
        )
        if not result.get("failed"):
            result["engines"] = registries.report(proposal)
        return result
