# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import pull_sources as resolution
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import registries_conf as registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import signature_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters


def pull_sources(reference: Any, registries_conf: Any = None, drop_ins: Any = (), policy: Any = None) -> Any:
    """Resolve one reference to one result, a list of references to a list."""
    return filters.filtered(_results, reference, registries_conf, drop_ins, policy, called="pull_sources")


def _results(reference: Any, registries_conf: Any, drop_ins: Any, policy: Any) -> Any:
    references = reference if isinstance(reference, list) else [reference]
    names = [filters.text(item, "an image reference") for item in references]
    conf = registries.load(filters.optional_text(registries_conf, "registries_conf"), filters.drop_ins(drop_ins))
    document = None if policy is None else signature_policy.read(filters.text(policy, "policy"))
    results = [
        {"candidates": [candidate.result() for candidate in resolution.resolve(name, conf, document)]} for name in names
    ]
    return results if isinstance(reference, list) else results[0]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pull_sources": pull_sources}
