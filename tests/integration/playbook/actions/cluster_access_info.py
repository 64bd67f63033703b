# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.action._fates import Fated

MAY = {"changed": False, "openshift": 4, "version": "1.33", "allowed": True, "missing": []}


class ActionModule(Fated):
    """Answers that the login may do everything."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        return dict(MAY)
