# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3 import import_policy, releases
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters


def import_policy_problems(config: Any, release: Any = "3.11") -> list[Mapping[str, Any]]:
    """List what a master refuses about the registries for imports, and what a person would regret."""
    found: list[Mapping[str, Any]] = filters.filtered(_problems, config, release, called="import_policy_problems")
    return found


def _problems(config: Any, release: Any) -> list[Mapping[str, Any]]:
    policy = filters.text_or_mapping(config, "config", or_none=True)
    return [finding.result() for finding in import_policy.problems(policy, releases.find(release, with_4=True))]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"import_policy_problems": import_policy_problems}
