# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import ControllerFiles
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import drafts, files, proof, report


class ActionModule(ControllerFiles, HostTask):
    spec = options.REGISTRY_TRUST
    fills = (files.fill,)
    watch = drafts.WATCH

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        trust = files.trust_of(options, now, self.read_file, self.secrets.add_key)
        said = drafts.Said(trust, **{key: options[key] for key in ("scope", "verify", "purge", "activation")})
        how = Applying(options["activation"])
        result, _proposal = self.apply(lambda host: propose(host, drafts.drafts(said), how), options["expect_plan"])
        if not result.get("failed"):
            result["registries"] = report.asked(trust, now)
            result["verified"] = proof.outcomes(self.report)
        return result
