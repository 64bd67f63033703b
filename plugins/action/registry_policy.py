# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host import Task


class ActionModule(Task):
    """Needs no connection: the host is never contacted."""

    _requires_connection = False
    spec = options.REGISTRY_POLICY

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        policy = self.policy(options)
        result: dict[str, Any] = {"changed": False, "policy": policy.words(), "notes": list(policy.notes)}
        return result | ({"warnings": list(policy.warnings)} if policy.warnings else {})
