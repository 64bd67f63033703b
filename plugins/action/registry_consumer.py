# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.access import refuse_what_is_not_allowed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.registry_consumer import service
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import ClusterTask


class ActionModule(ClusterTask):
    features = (service,)
    rehearses = False  # what comes first makes what the next one needs

    def before_writing(self, proposal: Any) -> None:
        refuse_what_is_not_allowed(self.client, proposal.changes)
