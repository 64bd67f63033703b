# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.host import SNAPSHOT, HostTask, plain


class ActionModule(HostTask):
    """The hand that reads, called by itself: what it is asked goes to the host as it is."""

    def _options(self) -> dict[str, Any]:
        return {}

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        return self.quietly(SNAPSHOT, plain(self._task.args))
