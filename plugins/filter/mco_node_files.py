# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import node_files
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def mco_node_files(manifests: Any, release: Any = "4.18") -> dict[str, Any]:
    """Render the files of a worker as the machine-config-operator of a release does."""
    found = filtered(node_files.of_manifests, manifests, release)
    return {"files": found.files, "error": found.error, "warnings": found.warnings}


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"mco_node_files": mco_node_files}
