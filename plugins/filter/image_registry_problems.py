# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry import problems
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def image_registry_problems(
    spec: Any, current: Any = None, objects: Any = (), release: Any = "4.18"
) -> list[dict[str, Any]]:
    """List what the registry operator would refuse of a specification, or accept and handle differently."""
    found: list[dict[str, Any]] = filtered(
        problems.of, spec, called="image_registry_problems", current=current, objects=objects, release=release
    )
    return found


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_registry_problems": image_registry_problems}
