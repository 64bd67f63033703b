# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from ansible_collections.dockyard.openshift.plugins.plugin_utils.observed import Watch
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, as_reported, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import select
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import ControllerFiles
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import drafts, files, report


class ActionModule(ControllerFiles, HostTask):
    spec = options.REGISTRY_TRUST_INFO
    fills = (files.fill,)
    watch = drafts.WATCH

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        trust = files.trust_of(options, now, self.read_file, self.secrets.add_key)
        host = self.see(Watch())
        said = drafts.Said(trust, scope=options["scope"], purge=options["purge"], activation="now")
        proposal, problems = as_reported(lambda: propose(host, drafts.drafts(said), Applying("now")))
        found = proposal.plan
        answer: dict[str, Any] = {
            **report.survey(host, trust, now, options["expires_in_days"]),
            "drift": found.changed or bool(problems), "problems": problems,
        }  # fmt: skip
        return {**answer, **self.shown(found), "changed": False, "selected": select(options["query"], answer)}
