# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person would want to know of a registry that works: what it does not do, and what it was told in vain.

Sources: OpenShift "Image Registry Operator" (the alert ImageRegistryRemoved, rules of buckets), CIRO pkg/storage/s3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...problems import without_passwords
from ..api import ClusterProblem, Manifest, at
from ..image_registry import WARN, problems
from ..preflight import release_of
from ..seen import Cluster, Unread
from . import NODES, guards, health
from .spec import backend_of

#: Condition that the operator sets for its bucket → what it means where it is not True.
_OF_BUCKETS: Mapping[str, str] = {
    "StoragePublicAccessBlocked": "the bucket may be open to everybody: block public access to it",
    "StorageIncompleteUploadCleanupEnabled": "uploads that were cut off stay in the bucket: give it a rule that aborts "
    "them after a day",
    "StorageEncrypted": "the bucket does not encrypt what it keeps",
    "StorageTagged": "the bucket does not carry the tags of the cluster",
}
_UNSHOWN = ("httpSecret",)


def findings(cluster: Cluster, config: Manifest | None) -> list[str]:
    """Return sentences, [] for a registry without anything to say. Raises NotRead."""
    if config is None:
        return []
    return [*_of_state(config), *_of_bucket(config), *_of_specification(cluster, config)]


def _of_state(config: Manifest) -> Iterator[str]:
    state, spec = at(config, "spec", "managementState"), at(config, "spec") or {}
    if state == "Removed":
        yield "the registry is Removed: nothing can be pushed or pulled, and the alert ImageRegistryRemoved is on"
    elif state != "Managed":
        yield f"the registry is {state or 'in no state'}: the operator applies nothing of its specification"
    elif spec.get("replicas") == 1 and backend_of(spec.get("storage")):
        yield "one pod serves images: while it moves to another node, pulls from the registry fail"
    if spec.get("readOnly"):
        yield "the registry is read-only: pushes are refused, builds among them"


def _of_bucket(config: Manifest) -> Iterator[str]:
    if backend_of(at(config, "spec", "storage")) != "s3":
        return  # such conditions are never removed, and speak of a bucket that is left
    there = health.conditions(config)
    for name, meaning in _OF_BUCKETS.items():
        if name in there and there[name].get("status") != "True":
            yield f"{meaning} ({name}: {health.condition_text(there[name])})"


def _of_specification(cluster: Cluster, config: Manifest) -> Iterator[str]:
    """Yield what the operator takes without a word and what then does nothing, or not what was meant."""
    spec = at(config, "spec") or {}
    try:
        found = problems.of(spec, spec, guards.objects(cluster, spec), release_of(cluster, None).name)
    except ClusterProblem as problem:
        yield f"whether the specification does what it says could not be looked at: {problem}"
        return
    yield from (f"{one['path']}: {one['sentence']}" for one in found if one["effect"] == WARN)


def nowhere(cluster: Cluster, spec: Mapping[str, Any]) -> list[str]:
    """Say so where no node has the labels that pods ask for. Raises NotRead."""
    wanted: Mapping[str, Any] = spec.get("nodeSelector") or {}
    nodes = cluster.try_all(NODES) if wanted else ()
    if not wanted or isinstance(nodes, Unread):
        return []
    carried = [at(node, "metadata", "labels") or {} for node in nodes]
    if any(all(labels.get(key) == value for key, value in wanted.items()) for labels in carried):
        return []
    told = ", ".join(f"{key}={value}" for key, value in wanted.items())
    return [f"node_selector: no node has the labels {told}, so the pods of the registry would wait for one"]


def specification(config: Manifest | None) -> dict[str, Any]:
    """Return the whole specification without what nobody may see: the secret of the registry, logins in addresses."""
    spec: Mapping[str, Any] = at(config, "spec") or {}
    return {key: "…" if key in _UNSHOWN else _shown(value) for key, value in spec.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return without_passwords(value)
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value
