# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds the drain of a node: pods with a budget, finalizers or a webhook, each by its name; what holds a pool.

The drain controller evicts as kubectl drain does with force, ignore-daemonsets and delete-emptydir-data.
Source: machine-config-operator pkg/controller/drain drain_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..api import Manifest, Resource, at
from ..drain import waiting
from ..drain.plan import plan

_GROUP = "admissionregistration.k8s.io"
WEBHOOKS = (
    Resource("ValidatingWebhookConfiguration", _GROUP, "v1", "validatingwebhookconfigurations"),
    Resource("MutatingWebhookConfiguration", _GROUP, "v1", "mutatingwebhookconfigurations"),
)
#: Names of a rule that are about evictions.
_EVICTIONS = {"pods/eviction", "pods/*", "*/*", "*/eviction"}
#: So many pods are named.
_NAMED = 5


def reasons(pods: Iterable[Manifest], budgets: Iterable[Manifest], webhooks: Iterable[Manifest]) -> list[str]:
    """Return a sentence for each pod that is still to go, those with a known cause first."""
    by_name = {waiting.full_name(pod): pod for pod in pods}
    answer = plan(list(by_name.values()), force=True, ignore_daemonsets=True, delete_emptydir_data=True)
    going = {one["pod"]: by_name[one["pod"]] for one in answer["evict"]}
    asked_before = list(waiting.budgets(budgets, going.values()))
    full, doubly = [one for one in asked_before if not one["allowed"]], waiting.doubly_held(asked_before)
    asked = list(_webhooks(webhooks))
    known: list[str] = []
    rest: list[str] = []
    for name, pod in going.items():
        over = ", ".join(one["budget"] for one in full if name in one["pods"])
        deleted = at(pod, "metadata", "deletionTimestamp")
        if name in doubly:
            known.append(f"pod {name} {doubly[name]}")
        elif over and not deleted:
            known.append(f"pod {name}: the PodDisruptionBudget {over} allows no eviction now")
        elif deleted:
            (known if at(pod, "metadata", "finalizers") else rest).append(f"pod {name} {waiting.held(pod, '')}")
        elif asked:
            rest.append(f"pod {name} has not been evicted, and the webhook {', '.join(asked)} is asked about evictions")
        else:
            rest.append(f"pod {name} has not ended yet")
    found = [*known, *rest]
    return found[:_NAMED] + ([f"and {len(found) - _NAMED} more pods"] if len(found) > _NAMED else [])


def _webhooks(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Yield the webhooks that are asked about evictions."""
    for manifest in manifests:
        for one in at(manifest, "webhooks") or ():
            if any(map(_is_about_evictions, at(one, "rules") or ())):
                yield f"{at(one, 'name')} of {at(manifest, 'kind')}/{at(manifest, 'metadata', 'name')}"


def _is_about_evictions(rule: Any) -> bool:
    operations, resources = set(at(rule, "operations") or ()), set(at(rule, "resources") or ())
    groups = set(at(rule, "apiGroups") or ())
    return bool(operations & {"CREATE", "*"} and resources & _EVICTIONS and groups & {"", "*"})


def away(nodes: Iterable[Manifest]) -> list[str]:
    """Return a sentence for each node that counts against maxUnavailable though nothing is done to it.

    Source: machine-config-operator pkg/controller/node status.go, LayeredNodeState IsNodeReady.
    """
    found = [(str(at(node, "metadata", "name")), _why_away(node)) for node in nodes]
    return [f"node {name} {why}" for name, why in found if why]


#: Condition of a node → the status that it has on one that is well.
_WELL = {"Ready": "True", "DiskPressure": "False", "NetworkUnavailable": "False"}


def _why_away(node: Manifest) -> str:
    if at(node, "spec", "unschedulable") is True:
        return "is cordoned"
    for one in at(node, "status", "conditions") or ():
        kind, status, since = (str(at(one, key) or "") for key in ("type", "status", "lastTransitionTime"))
        # Beside Ready an unknown state is none that counts.
        if kind in _WELL and status != _WELL[kind] and (kind == "Ready" or status == "True"):
            what = "is not ready" if kind == "Ready" else f"has {kind}"
            return f"{what}{f' since {since}' if since else ''}"
    return ""
