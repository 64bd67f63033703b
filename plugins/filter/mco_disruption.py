# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import disruption
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def mco_disruption(
    old_files: Any, new_files: Any, release: Any = "4.18", node_disruption_policy: Any = ()
) -> dict[str, Any]:
    """Compute the cost of turning the old files of a node into the new ones."""
    return asdict(filtered(disruption.of_change, old_files, new_files, release, node_disruption_policy))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"mco_disruption": mco_disruption}
