# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3 import image_policy_doubts, releases
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters


def image_policy_problems(document: Any, release: Any = "3.11") -> list[Mapping[str, Any]]:
    """List what a master refuses about a policy, and what a person would regret."""
    found: list[Mapping[str, Any]] = filters.filtered(_problems, document, release, called="image_policy_problems")
    return found


def _problems(document: Any, release: Any) -> list[Mapping[str, Any]]:
    policy = filters.text_or_mapping(document, "the policy")
    return [finding.result("rule") for finding in image_policy_doubts.problems(policy, releases.find(release))]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_policy_problems": image_policy_problems}
