# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.dockyard.openshift.plugins.plugin_utils.role import Asked
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.hosts import NAMES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostInfo
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import feature as trust


class ActionModule(Asked, HostInfo):
    features = (trust,)
    names = NAMES  # a role asks it of every host, and what is loaded late is loaded by each worker
