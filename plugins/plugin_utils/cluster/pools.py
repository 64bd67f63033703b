# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pools of nodes as a change of files goes through them: how many nodes, how many at once, and what holds them up.

Sources: OpenShift API machineconfiguration/v1 types.go; machine-config-operator pkg/controller/node (maxUnavailable).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from ..problems import one_line
from . import marks
from .api import Manifest, Ref, Resource, annotation, at

POOLS = Ref(Resource("MachineConfigPool", "machineconfiguration.openshift.io", "v1", "machineconfigpools"))
BUDGETS = Ref(Resource("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets", namespaced=True))
_LONGEST = 200


@dataclass(frozen=True)
class Pool:
    """One MachineConfigPool. at_once: nodes that may be away at a time. degraded: why, "" when it is well."""

    name: str
    machines: int = 0
    updated: int = 0
    at_once: int = 1
    paused: bool = False
    updating: bool = False
    degraded: str = ""

    @property
    def steps(self) -> int:
        return ceil(self.machines / self.at_once)

    def result(self) -> dict[str, Any]:
        """Return it for the result of a task."""
        return {
            "name": self.name, "machines": self.machines, "updated": self.updated, "at_once": self.at_once,
            "steps": self.steps, "paused": self.paused, "updating": self.updating, "degraded": self.degraded,
        }  # fmt: skip

    @property
    def waiting(self) -> str:
        """Why not all nodes have what the cluster's objects say; "" when all have it."""
        if not self.machines or (self.updated >= self.machines and not self.degraded):
            return ""
        why = f" (degraded: {self.degraded})" if self.degraded else " (paused)" if self.paused else ""
        return f"pool {self.name}{why}: {self.updated} of {_nodes(self.machines)} up to date"

    def line(self, cost: str) -> str:
        """Describe what a change of this cost does to the pool."""
        if not self.machines:
            return f"pool {self.name}: no nodes"
        if self.paused:
            return f"pool {self.name}: paused, so its {_nodes(self.machines)} keep the files they have, new ones too"
        steps = f", {self.at_once} at once, {self.steps} step{'s' * (self.steps != 1)}"
        return f"pool {self.name}: {_nodes(self.machines)}{steps}: {cost}"


def read(manifests: Iterable[Manifest]) -> list[Pool]:
    """Pools in the order of their names."""
    return sorted(map(_pool, manifests), key=lambda pool: pool.name)


def holding(budgets: Iterable[Manifest]) -> list[str]:
    """Budgets that allow no eviction now, in words: a drain waits for them."""
    found = []
    for budget in budgets:
        status = at(budget, "status") or {}
        pods, allowed = _number(status.get("expectedPods")), status.get("disruptionsAllowed")
        if pods and allowed == 0:
            healthy, desired = (_number(status.get(key)) for key in ("currentHealthy", "desiredHealthy"))
            name = f"{at(budget, 'metadata', 'namespace')}/{at(budget, 'metadata', 'name')}"
            found.append(
                f"the PodDisruptionBudget {name} allows no eviction now ({healthy} of {pods} pods are healthy, "
                f"{desired} have to be); a drain waits for it, up to an hour a node"
            )
    return sorted(found)


def _pool(manifest: Manifest) -> Pool:
    machines = _number(at(manifest, "status", "machineCount"))
    conditions = {
        item.get("type"): item for item in at(manifest, "status", "conditions") or () if isinstance(item, dict)
    }
    true = {kind for kind, item in conditions.items() if item.get("status") == "True"}
    kind = next((kind for kind in ("NodeDegraded", "RenderDegraded", "Degraded") if kind in true), "")
    message = str(conditions.get(kind, {}).get("message") or conditions.get(kind, {}).get("reason") or kind)
    return Pool(
        str(at(manifest, "metadata", "name") or ""),
        machines,
        _number(at(manifest, "status", "updatedMachineCount")),
        _at_once(at(manifest, "spec", "maxUnavailable"), machines),
        # what a task of ours has paused is resumed by the same play
        at(manifest, "spec", "paused") is True and not annotation(manifest, marks.PAUSED),
        "Updating" in true,
        one_line(" ".join(message.split()))[:_LONGEST] if kind else "",
    )


def _at_once(said: Any, machines: int) -> int:
    """maxUnavailable, a number or a percentage that is rounded down; at least one node."""
    if isinstance(said, str) and said.endswith("%") and said[:-1].isdigit():
        return max(1, int(said[:-1]) * machines // 100)
    return max(1, _number(int(said) if isinstance(said, str) and said.isdigit() else said)) if said else 1


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _nodes(count: int) -> str:
    return f"{count} node{'s' * (count != 1)}"
