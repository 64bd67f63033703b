# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import forecast
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy, words_in
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def mco_forecast(
    manifests: Any,
    release: Any = None,
    proposed: Any = (),
    policy: Any = None,
    images: Any = (),
    other_releases: Any = (),
    node_disruption_policy: Any = None,
    overridden: Any = (),
    removed: Any = (),
) -> dict[str, Any]:
    """Forecast the files of nodes, their cost, the findings of the guards, and the sources of images."""
    found: dict[str, Any] = filtered(
        _forecast,
        manifests,
        release,
        proposed=proposed,
        policy=policy,
        images=images,
        other_releases=other_releases,
        node_disruption_policy=node_disruption_policy,
        overridden=overridden,
        removed=removed,
    )
    return found


def _forecast(manifests: Any, release: Any, policy: Any, **more: Any) -> dict[str, Any]:
    words = None if policy is None else read_policy(words_in("policy", policy))
    return forecast.of_cluster(manifests, release, policy=words, **more)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"mco_forecast": mco_forecast}
