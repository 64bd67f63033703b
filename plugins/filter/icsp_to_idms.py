# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import convert
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def icsp_to_idms(icsps: Any) -> list[dict[str, Any]]:
    """Make an ImageDigestMirrorSet of each ImageContentSourcePolicy."""
    found: list[dict[str, Any]] = filtered(convert.icsp_to_idms, icsps)
    return found


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"icsp_to_idms": icsp_to_idms}
