# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: tells whether docker is kept from starting, by the `fate` of the host."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import storage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.storage import AskedOfStorage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostInfo


class ActionModule(AskedOfStorage, HostInfo):
    features = (storage,)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        self.read(options)
        return {"changed": False, "storage": {"held": self.variables["fate"] == "held"}}
