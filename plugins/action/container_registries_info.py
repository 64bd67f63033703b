# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import image_report, options, registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.observed import Observed, Watch
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.plan import Plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, as_reported, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import select
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask


class ActionModule(HostTask):
    spec = options.CONTAINER_REGISTRIES_INFO
    fills = (registries.fill,)
    watch = registries.WATCH

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        said = registries.Said(registries.policy_of(options), options["mode"], options["foreign_scopes"])
        how = Applying("now", options["unenforceable"])
        asked = options["images"] or []

        def answer(host: Observed) -> tuple[Plan, dict[str, Any]]:
            engines = registries.survey(host)
            proposal, problems = as_reported(lambda: propose(host, registries.drafts(host, said), how))
            plan = proposal.plan
            found = {"engines": engines, "drift": plan.changed or bool(problems), "problems": problems}
            return plan, found | {"images": image_report.images(host, asked)}

        plan, found = self.look(answer, registries.watch(said) + (image_report.WATCH if asked else Watch()))
        return {**found, **self.shown(plan), "changed": False, "selected": select(options["query"], found)}
