# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import registries_conf
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters


def registries_conf_problems(content: Any, drop_ins: Any = ()) -> list[str]:
    """List the problems; an empty list when containers/image would load these files."""
    found: list[str] = filters.filtered(_problems, content, drop_ins, called="registries_conf_problems")
    return found


def _problems(content: Any, drop_ins: Any) -> list[str]:
    return registries_conf.problems(filters.optional_text(content, "registries.conf"), filters.drop_ins(drop_ins))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"registries_conf_problems": registries_conf_problems}
