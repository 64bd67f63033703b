# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drain says of the pods it waits for, and of the budgets that forbid an eviction now. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import labels
from ..api import Manifest, at
from .evictions import Evictions

#: So many pods are named in a line that says how far a drain is.
_NAMED = 3
#: Phases of pods that are evicted without a look at budgets.
_NEVER_ASKED = ("Succeeded", "Failed", "Pending")


def full_name(manifest: Manifest) -> str:
    """namespace/name of an object."""
    return f"{at(manifest, 'metadata', 'namespace') or 'default'}/{at(manifest, 'metadata', 'name')}"


def held(manifest: Manifest | None, reason: str) -> str:
    """Say why a pod is still there: what forbids its eviction, or what keeps it from ending."""
    finalizers = at(manifest, "metadata", "finalizers") or []
    if at(manifest, "metadata", "deletionTimestamp"):
        if finalizers:
            return f"is being deleted, and waits for its finalizers {', '.join(map(str, finalizers))}"
        grace = at(manifest, "metadata", "deletionGracePeriodSeconds")
        return "is ending" + (f", and has {grace} s for it" if isinstance(grace, int) else "")
    return reason or "has not ended yet"


def progress(node: str, evictions: Evictions, present: Mapping[str, Manifest], total: int) -> str:
    """Say in one line how far a drain is."""
    left = list(evictions.requests)
    named = "; ".join(f"{name} {held(present.get(name), evictions.requests[name].reason)}" for name in left[:_NAMED])
    more = f"; and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return f"{node}: {total - len(left)} of {total} pods are gone; {named}{more}"


def budgets(found: Iterable[Manifest], pods: Iterable[Manifest]) -> Iterator[dict[str, Any]]:
    """Yield the budgets that are asked before pods are evicted: {budget, allowed, pods}.

    Those of a pod under several are all named: the API server refuses it before it looks whether the pod is ready.
    """
    found, pods = list(found), list(pods)
    over = [[pod for pod in pods if _is_over(budget, pod)] for budget in found]
    number = Counter(full_name(pod) for under in over for pod in under)
    for budget, under in zip(found, over, strict=True):
        names = [full_name(pod) for pod in under if number[full_name(pod)] > 1 or _is_asked(budget, pod)]
        if names:
            allowed = at(budget, "status", "disruptionsAllowed")
            yield {"budget": full_name(budget), "allowed": allowed if isinstance(allowed, int) else 0, "pods": names}


def doubly_held(found: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Say of the pods that are under several budgets why they stay; found: what budgets yields.

    Source: k8s.io/kubernetes pkg/registry/core/pod/storage eviction.go, which answers 500 for them.
    """
    over: dict[str, list[str]] = {}
    for one in found:
        for pod in one["pods"]:
            over.setdefault(pod, []).append(one["budget"])
    return {
        pod: f"is under more than one PodDisruptionBudget ({', '.join(names)}), and the API server evicts no such pod"
        for pod, names in over.items()
        if len(names) > 1
    }


def _is_over(budget: Manifest, pod: Manifest) -> bool:
    """Say whether a budget is about a pod whose eviction is not free of budgets.

    Source: k8s.io/kubernetes pkg/registry/core/pod/storage eviction.go (canIgnorePDB, getPodDisruptionBudgets).
    """
    selector = at(budget, "spec", "selector")
    return not (
        at(pod, "metadata", "namespace") != at(budget, "metadata", "namespace")
        or not labels.selects(selector, _labels(pod))
        or (labels.is_empty(selector) and at(budget, "apiVersion") == "policy/v1beta1")  # which selects nothing there
        or at(pod, "status", "phase") in _NEVER_ASKED
        or at(pod, "metadata", "deletionTimestamp")
    )


def _is_asked(budget: Manifest, pod: Manifest) -> bool:
    """Say whether the API server asks the only budget of a pod before it evicts that.

    Source: k8s.io/kubernetes pkg/registry/core/pod/storage eviction.go (UnhealthyPodEvictionPolicy).
    """
    if not not_ready(pod):
        return True
    healthy, desired = (at(budget, "status", key) or 0 for key in ("currentHealthy", "desiredHealthy"))
    always = at(budget, "spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow"
    return not (always or healthy >= desired > 0)


def not_ready(manifest: Manifest) -> str:
    """Say why a node or a pod is not ready, "" when it is."""
    for condition in at(manifest, "status", "conditions") or ():
        if at(condition, "type") == "Ready":
            if at(condition, "status") == "True":
                return ""
            return str(at(condition, "message") or at(condition, "reason") or "its condition Ready is not True")
    return "it has no condition Ready yet"


def _labels(manifest: Manifest) -> dict[str, str]:
    return {str(key): str(value) for key, value in (at(manifest, "metadata", "labels") or {}).items()}
