# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import mirror_endpoints as endpoints
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def mirror_endpoints(files: Any, images: Any) -> list[dict[str, Any]]:
    """Return the mirrors that have to hold images, with the address of each manifest."""
    found: list[dict[str, Any]] = filtered(endpoints.of_images, files, images)
    return found


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"mirror_endpoints": mirror_endpoints}
