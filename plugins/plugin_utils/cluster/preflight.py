# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at before the first write to a cluster: guards, each a name that an admin may override, and remarks.

What the change makes of nodes and images is judged by `openshift4/guards.py`; here it is the state of this cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from . import managers, pools
from .api import ClusterProblem, Manifest, Ref, Resource, at
from .changes import ObjectChange
from .kinds import Said, image, mirror_sets
from .openshift4 import releases
from .pull_secrets import entries
from .seen import Cluster, Unread

INFRASTRUCTURE = Ref(Resource("Infrastructure", "config.openshift.io", "v1", "infrastructures"), "cluster")
PULL_SECRET = Ref(Resource("Secret", "", "v1", "secrets", namespaced=True), "pull-secret", "openshift-config")
_SECRET = f"{PULL_SECRET.namespace}/{PULL_SECRET.name}"
ACCESS = {
    INFRASTRUCTURE: ("get",), pools.POOLS: ("list",), pools.BUDGETS: ("list",), PULL_SECRET: ("get",),
}  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """The cluster, what was asked, the writes that follow. lost: sources whose mirrors others would lose."""

    cluster: Cluster
    said: Said
    changes: tuple[ObjectChange, ...]
    lost: tuple[str, ...] = ()
    pools: list[pools.Pool] = field(default_factory=list)

    @property
    def on_nodes(self) -> bool:
        return any(change.wanted.on_nodes for change in self.changes)


@dataclass(frozen=True)
class Guard:
    """A refusal by name; overridden by it. check: yields what was found, each a sentence."""

    name: str
    check: Callable[[Situation], Iterator[str]]


def findings(now: Situation, overridden: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the refusals, and those that were overridden."""
    refused: list[str] = []
    told: list[str] = []
    for guard in GUARDS:
        for sentence in guard.check(now):
            if guard.name in overridden:
                told.append(f"{guard.name}, overridden: {sentence}")
            else:
                refused.append(f"{guard.name}: {sentence} (overridden: [{guard.name}] goes on nevertheless)")
    return refused, told


def refuse_hosted(cluster: Cluster) -> None:
    """Refuse a hosted control plane: what is written inside is overwritten from outside. Raises ClusterProblem."""
    infrastructure = cluster.one(INFRASTRUCTURE)
    if at(infrastructure, "status", "controlPlaneTopology") == "External":
        raise ClusterProblem(
            "this is a hosted cluster (Infrastructure/cluster has controlPlaneTopology External), and what is written "
            "here is overwritten: set spec.configuration.image and spec.imageContentSources of its HostedCluster, and "
            "spec.config of its NodePools, on the management cluster, or use the command of the provider"
        )


# --- guards ---


def _updating(now: Situation) -> Iterator[str]:
    version = now.cluster.one(image.VERSION)
    history = at(version, "status", "history") or [{}]
    conditions = {one.get("type"): one for one in at(version, "status", "conditions") or () if isinstance(one, Mapping)}
    progressing = conditions.get("Progressing", {})
    if progressing.get("status") == "True" or at(history[0], "state") == "Partial":
        target = at(version, "status", "desired", "version") or "another release"
        yield f"the cluster is in the middle of an update to {target}; nodes would be disturbed twice"


def _paused(now: Situation) -> Iterator[str]:
    if now.on_nodes:
        for pool in now.pools:
            if pool.paused and pool.machines:
                yield f"the pool {pool.name} is paused: its nodes, and new ones, keep the files they have"


def _degraded(now: Situation) -> Iterator[str]:
    if now.on_nodes:
        yield from (
            f"the pool {pool.name} is degraded already, so the change would stop there: {pool.degraded}"
            for pool in now.pools
            if pool.degraded
        )


def _managed(now: Situation) -> Iterator[str]:
    for change in now.changes:
        if change.before is not None:
            touched = change.fields if change.fields is not None else {"spec": change.before.get("spec")}
            found = managers.others(change.before, touched)
            if found:
                yield f"{change.ref} is kept by {' and '.join(found)}, which would write its own again"


def _lost(now: Situation) -> Iterator[str]:
    if now.lost:
        yield f"sources of others would lose their mirrors: {', '.join(now.lost)}"


GUARDS = (
    Guard("cluster-updating", _updating),
    Guard("pool-paused", _paused),
    Guard("pool-degraded", _degraded),
    Guard("managed-by-others", _managed),
    Guard("mirrors-lost", _lost),
)
NAMES = tuple(guard.name for guard in GUARDS)


# --- remarks ---


def without_login(now: Situation) -> list[str]:
    """List new mirrors and search registries without an entry in the global pull secret, or why that is unknown."""
    places = list(dict.fromkeys(_new_places(now.changes)))
    if not places:
        return []
    secret = now.cluster.try_one(PULL_SECRET)
    if isinstance(secret, Unread):
        return [f"whether nodes have a login for {', '.join(places)} is not known: {secret.why}"]
    if secret is None:
        return [f"there is no global pull secret ({_SECRET}), so nodes have no login for {', '.join(places)}"]
    try:
        missing = entries.without_login(secret, places)
    except ClusterProblem:
        return [f"the global pull secret ({_SECRET}) cannot be read as logins: no node could log in"]
    return [
        f"{place} has no login in the global pull secret, the only one that nodes use for mirrors" for place in missing
    ]


def _new_places(changes: Iterable[ObjectChange]) -> Iterator[str]:
    for change in changes:
        before, after = change.before, change.after
        if change.ref == image.IMAGE and after is not None:
            had = image.lists_of(before)["search"]
            yield from (entry for entry in image.lists_of(after)["search"] if entry not in had)
        elif change.ref.resource in mirror_sets.RESOURCES.values() and after is not None:
            had = _mirrors(before)
            yield from (mirror for mirror in _mirrors(after) if mirror not in had)


def _mirrors(manifest: Manifest | None) -> list[str]:
    sets = mirror_sets.sets_of(manifest) if manifest else []
    return [str(mirror) for one in sets for mirror in one.get("mirrors") or ()]


def release_of(cluster: Cluster, said: object) -> releases.Release:
    """Return the release to forecast for: the one that was said, else that of ClusterVersion. Raises ClusterProblem."""
    if said is not None:
        return releases.find(said)
    found = at(cluster.one(image.VERSION), "status", "desired", "version")
    if not found:
        raise ClusterProblem("ClusterVersion/version does not say which release this is; give release")
    return releases.find(found)
