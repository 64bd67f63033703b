# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a pool and each of its nodes stand, from what was observed of them. Pure.

Sources: machine-config-operator pkg/daemon/constants (annotations of nodes), pkg/helpers GetPoolsForNode (which
pool a node belongs to); the order of their changes as observed with the real controllers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...problems import one_line
from .. import labels, marks
from ..api import Manifest, annotation, at
from ..openshift4 import machine_configs

_PREFIX = "machineconfiguration.openshift.io/"
CURRENT, DESIRED, STATE, REASON = (f"{_PREFIX}{name}" for name in ("currentConfig", "desiredConfig", "state", "reason"))
_WANTED_DRAIN, _DONE_DRAIN = f"{_PREFIX}desiredDrain", f"{_PREFIX}lastAppliedDrain"
_BROKEN = ("Degraded", "Unreconcilable")
_LONGEST = 300

#: Words of a pool, from the least urgent to the one that ends a wait.
UPDATED, EMPTY, PAUSED, ROLLING, RENDERING, DEGRADED = (
    "updated", "empty", "paused", "rolling", "rendering", "degraded",
)  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One node. draining: its pods are asked to go. The rest are annotations of the machine-config-daemon."""

    name: str
    current: str = ""
    desired: str = ""
    state: str = ""
    reason: str = ""
    draining: bool = False

    @classmethod
    def of(cls, manifest: Manifest) -> Node:
        wanted = annotation(manifest, _WANTED_DRAIN)
        reason = one_line(" ".join(annotation(manifest, REASON).split()))[:_LONGEST]
        return cls(
            str(at(manifest, "metadata", "name") or ""), annotation(manifest, CURRENT), annotation(manifest, DESIRED),
            annotation(manifest, STATE), reason,
            wanted.startswith("drain-") and wanted != annotation(manifest, _DONE_DRAIN),
        )  # fmt: skip

    def has(self, target: str) -> bool:
        """Say whether it carries the config and its daemon is done with it."""
        return bool(target) and self.current == target == self.desired and self.state == "Done"

    def phase(self, target: str) -> str:
        """Say in a word or two where the node stands."""
        if self.has(target):
            return "done"
        if self.state in _BROKEN:
            return self.state.lower()
        if not self.current:
            return "joins"
        if self.current == self.desired and self.state == "Done":
            return "waits for its turn"
        return "drains" if self.draining else "applies"

    @property
    def moves(self) -> bool:
        """Whether its time runs. One that waits for its turn has none."""
        return self.current != self.desired or self.state != "Done"

    def line(self) -> str:
        """Describe it for a message about what is late: desired config, state and reason."""
        why = f", reason: {self.reason}" if self.reason else ""
        return f"desired {self.desired or 'nothing yet'}, state {self.state or 'unknown'}{why}"


@dataclass(frozen=True)
class Pool:
    """One pool with its nodes. target: the config that its nodes shall have. render_problem: why none can be made.

    selector: of the MachineConfigs that it takes.
    """

    name: str
    target: str = ""
    paused: bool = False
    ours: bool = False
    render_problem: str = ""
    nodes: tuple[Node, ...] = ()
    selector: Mapping[str, Any] = field(default_factory=dict)

    def done(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.has(self.target))

    def left(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if not node.has(self.target))

    def broken(self) -> tuple[Node, ...]:
        return tuple(node for node in self.left() if node.state in _BROKEN)

    def state(self, as_expected: bool | None) -> str:
        """Judge the pool. as_expected: whether its target holds the files it shall; None where nobody knows."""
        if not self.nodes:
            return EMPTY
        if as_expected is not False and not self.left():
            return UPDATED
        if self.paused:
            return PAUSED
        if self.broken() or (self.render_problem and as_expected is not True):
            return DEGRADED
        return RENDERING if as_expected is False else ROLLING

    @property
    def stands(self) -> bool:
        """Whether nodes wait for their turn, and none has one."""
        return bool(self.left()) and not any(node.moves for node in self.nodes)

    def count(self) -> str:
        return f"{len(self.done())} of {len(self.nodes)} node{'s' * (len(self.nodes) != 1)} done"


def read(pools: Iterable[Manifest], nodes: Iterable[Manifest]) -> tuple[list[Pool], list[str]]:
    """Read the pools in the order of their names, and what is wrong with how nodes are given to them."""
    manifests = sorted(pools, key=lambda one: str(at(one, "metadata", "name")))
    selectors = {str(at(one, "metadata", "name")): at(one, "spec", "nodeSelector") for one in manifests}
    members: dict[str, list[Node]] = {name: [] for name in selectors}
    notes: list[str] = []
    for manifest in sorted(nodes, key=lambda one: str(at(one, "metadata", "name"))):
        found, note = _pool_of(manifest, selectors)
        notes += [note] if note else []
        if found:
            members[found].append(Node.of(manifest))
    return [_pool(one, members[str(at(one, "metadata", "name"))]) for one in manifests], notes


def _pool(manifest: Manifest, nodes: Iterable[Node]) -> Pool:
    conditions = {at(one, "type"): one for one in at(manifest, "status", "conditions") or ()}
    broken = conditions.get("RenderDegraded", {})
    problem = ""
    if at(broken, "status") == "True":
        text = str(at(broken, "message") or at(broken, "reason") or "RenderDegraded")
        problem = one_line(" ".join(text.split()))[:_LONGEST]
    name = str(at(manifest, "metadata", "name"))
    return Pool(
        name, str(at(manifest, "spec", "configuration", "name") or ""),
        at(manifest, "spec", "paused") is True, bool(annotation(manifest, marks.PAUSED)), problem, tuple(nodes),
        at(manifest, "spec", "machineConfigSelector") or machine_configs.selector_of(name),
    )  # fmt: skip


def _pool_of(node: Manifest, selectors: Mapping[str, Any]) -> tuple[str, str]:
    """Return the pool of a node: master before one of people before worker; and what is wrong with it.

    A pool whose selector is empty has no nodes.
    """
    carried = {str(key): str(value) for key, value in (at(node, "metadata", "labels") or {}).items()}
    if carried.get("kubernetes.io/os") == "windows":
        return "", ""
    fits = [
        name for name, selector in selectors.items()
        if not labels.is_empty(selector) and labels.selects(selector, carried)
    ]  # fmt: skip
    people = [name for name in fits if name not in ("master", "worker")]
    if len(people) > 1:
        name = at(node, "metadata", "name")
        return "", f"the node {name} fits the pools {' and '.join(people)}, so it gets the files of neither"
    if "master" in fits:
        return "master", ""
    return (people or fits or [""])[0], ""


@dataclass(frozen=True)
class Late:
    """Whose time is over. node: its name, "" for the pool as a whole."""

    pool: Pool
    node: Node | None
    seconds: float


@dataclass
class Clocks:
    """Since when each node and pool stands where it stands. A node that joins has a time of its own."""

    node_timeout: float
    render_timeout: float
    since: dict[tuple[str, ...], tuple[Any, float]] = field(default_factory=dict)

    def late(self, pool: Pool, state: str, now: float) -> Late | None:
        """Note what is seen, and return whose time is over. Pools that are paused, empty or updated have none."""
        if state not in (ROLLING, RENDERING):
            return None
        for node in pool.nodes:
            ran = self._ran(("node", node.name), node.desired if not node.has(pool.target) else None, now)
            if node.moves and ran >= self.node_timeout:
                return Late(pool, node, ran)
        if state == RENDERING:
            ran = self._ran(("render", pool.name), pool.target, now)
            return Late(pool, None, ran) if ran >= self.render_timeout else None
        ran = self._ran(("pool", pool.name), (pool.target, pool.nodes), now)
        return Late(pool, None, ran) if ran >= self.node_timeout else None

    def held(self, node: Node, now: float) -> float:
        """Say for how many seconds a node has been draining; 0 for one that does not."""
        ran = self._ran(("drain", node.name), node.desired if node.draining else None, now)
        return ran if node.draining else 0.0

    def stood(self, pool: Pool, now: float) -> float:
        """Say for how many seconds no node of a pool has moved that waits for its turn."""
        ran = self._ran(("stands", pool.name), pool if pool.stands else None, now)
        return ran if pool.stands else 0.0

    def _ran(self, key: tuple[str, ...], fact: Any, now: float) -> float:
        if key not in self.since or self.since[key][0] != fact:
            self.since[key] = (fact, now)
        return now - self.since[key][1]
