# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import storage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.storage import AskedOfStorage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.staged import StagedTask


class ActionModule(AskedOfStorage, StagedTask):
    features = (storage,)

    def must_ask(self, options: dict[str, Any]) -> None:
        """Refuse also what variables of openshift-ansible ask for and this task does not make."""
        if options.get("from_variables"):
            storage.refuse_unmade(self._variable)
        super().must_ask(options)
