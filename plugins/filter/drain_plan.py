# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain import plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def drain_plan(
    pods: Any,
    daemonsets: Any = None,
    release: Any = "4.18",
    force: Any = False,
    ignore_daemonsets: Any = False,
    delete_emptydir_data: Any = False,
    pod_selector: Any = None,
    skip_wait_for_delete_timeout: Any = 0,
    now: Any = None,
) -> dict[str, Any]:
    """Sort pods into those that a drain would evict, leave and refuse."""
    found: dict[str, Any] = filtered(
        plan.plan,
        pods,
        called="drain_plan",
        daemonsets=daemonsets,
        release=release,
        force=force,
        ignore_daemonsets=ignore_daemonsets,
        delete_emptydir_data=delete_emptydir_data,
        pod_selector=pod_selector,
        skip_wait_for_delete_timeout=skip_wait_for_delete_timeout,
        now=now,
    )
    return found


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"drain_plan": drain_plan}
