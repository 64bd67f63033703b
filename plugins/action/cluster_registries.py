# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.dockyard.openshift.plugins.plugin_utils import spelling
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import ClusterTask


class ActionModule(ClusterTask):
    features = (registries,)
    misspelt = staticmethod(spelling.misspelt)
    asking = registries.ASKING
