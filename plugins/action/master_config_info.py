# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.dockyard.openshift.plugins.plugin_utils import masters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.masters import AskedOfMasters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostInfo


class ActionModule(AskedOfMasters, HostInfo):
    features = (masters,)
