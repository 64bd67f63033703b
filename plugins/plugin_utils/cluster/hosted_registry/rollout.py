# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a rollout is over: what a workload says of its pods, and what keeps it from getting there.

Sources: origin 3.11 pkg/oc/lib/describe and pkg/oc/lib/rollout (oc rollout status of a DeploymentConfig),
pkg/apps/util (the annotations openshift.io/deployment.phase and .status-reason of its ReplicationControllers);
Kubernetes pkg/polymorphichelpers/rollout_status.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..api import ClusterProblem, Manifest, Ref, annotation, at
from ..client import Client
from ..integrated_registry import health
from . import CLAIMS, CONTROLLERS, PODS
from .template import pod_of

_PHASE, _REASON = "openshift.io/deployment.phase", "openshift.io/deployment.status-reason"
_LOG_LINES = 5


def unfinished(workload: Manifest) -> str:
    """Say what the pods of a workload lack still, "" when they are all new and serve."""
    spec, status = at(workload, "spec") or {}, at(workload, "status") or {}
    if (status.get("observedGeneration") or 0) < (at(workload, "metadata", "generation") or 0):
        return "the change has not been taken up"
    if workload.get("kind") == "DaemonSet":
        asked, new = status.get("desiredNumberScheduled") or 0, status.get("updatedNumberScheduled") or 0
        served, there = status.get("numberAvailable") or 0, 0
    else:
        asked = spec.get("replicas", 1 if workload.get("kind") == "Deployment" else 0) or 0
        new, there = status.get("updatedReplicas") or 0, status.get("replicas") or 0
        served = status.get("availableReplicas") or 0
    if new < asked or served < asked or there > max(new, asked):
        return f"{new} of {asked} pods are new, and {served} available"
    return ""


def finished(workload: Manifest) -> bool:
    """Say whether all pods are new and serve."""
    return not unfinished(workload)


def controller(workload: Manifest) -> Ref | None:
    """Name the ReplicationController of a DeploymentConfig's newest rollout."""
    version = at(workload, "status", "latestVersion")
    if workload.get("kind") != "DeploymentConfig" or not version:
        return None
    return Ref(
        CONTROLLERS, f"{at(workload, 'metadata', 'name')}-{version}", str(at(workload, "metadata", "namespace"))
    )


def not_of(workload: Manifest, newest: Manifest | None) -> str:
    """Say why the newest ReplicationController is not that of the template, "" when it is.

    A DeploymentConfig counts its pods as new until its trigger has made the next ReplicationController.
    """
    if newest is None:
        return ""
    name = at(newest, "metadata", "name")
    have, asked = _identity(at(newest, "spec", "template")), _identity(at(workload, "spec", "template"))
    if have != asked:
        return f"{name} has the template of before: the rollout has not begun"
    phase = annotation(newest, _PHASE)
    if phase and phase != "Complete":
        reason = annotation(newest, _REASON)
        return f"{name} is {phase}{reason and f': {health.short(reason)}'}"
    return ""


def _identity(template: Any) -> tuple[Any, ...]:
    """Collect what tells templates apart; a ReplicationController has labels and annotations of its own beside it."""
    pod = at(template, "spec") or {}
    containers = [
        (one.get("name"), one.get("image"), one.get("env") or [], one.get("volumeMounts") or [])
        for one in pod.get("containers") or ()
    ]
    marks = {key: value for key, value in (at(template, "metadata", "annotations") or {}).items() if "dockyard" in key}
    return containers, pod.get("volumes") or [], marks


def stands_still(workload: Manifest, image: str) -> str:
    """Say why a change of the template would make no new pods, "" when it does."""
    name = at(workload, "metadata", "name")
    if at(workload, "spec", "paused") is True:
        return f"{name} is paused, so nothing would roll out: oc rollout resume"
    if workload.get("kind") == "DaemonSet" and at(workload, "spec", "updateStrategy", "type") == "OnDelete":
        return f"{name} replaces pods only when somebody deletes them (OnDelete): set updateStrategy to RollingUpdate"
    if workload.get("kind") != "DeploymentConfig":
        return ""
    triggers = [one for one in at(workload, "spec", "triggers") or () if isinstance(one, Mapping)]
    if "ConfigChange" not in [one.get("type") for one in triggers]:
        return f"{name} has no ConfigChange trigger, so nothing would roll out: oc set triggers dc/{name} --from-config"
    watched = [name for one in triggers for name in at(one, "imageChangeParams", "containerNames") or ()]
    if image and watched:
        return f"an ImageChange trigger of {name} sets the image of {', '.join(watched)}: change its ImageStreamTag"
    return ""


def why(client: Client, workload: Manifest) -> str:
    """Say what keeps the pods from serving, "" when nothing is known."""
    try:
        return "; ".join(dict.fromkeys(_causes(client, workload)))
    except ClusterProblem as problem:
        return f"the cause is not known: {problem}"


def _causes(client: Client, workload: Manifest) -> Iterator[str]:
    namespace = str(at(workload, "metadata", "namespace"))
    chosen = at(workload, "spec", "selector") or {}
    labels = at(chosen, "matchLabels") if "matchLabels" in chosen else chosen
    pods = tuple(
        one for one in client.read_all(Ref(PODS, namespace=namespace))
        if labels and all(at(one, "metadata", "labels", key) == value for key, value in labels.items())
    )  # fmt: skip
    place = Ref(PODS, namespace=namespace).path
    logs = {pod: client.text(f"{place}/{pod}/log?tailLines={_LOG_LINES}") for pod in health.crashing(pods)}
    yield from health.of_pods(health.Scene(None, None, None, None, "", None, pods, logs=logs))
    claims = [at(one, "persistentVolumeClaim", "claimName") for one in pod_of(workload).get("volumes") or ()]
    for name in filter(None, claims):
        yield from claim_trouble(client, str(name), namespace)


def claim_trouble(client: Client, name: str, namespace: str) -> Iterator[str]:
    """Yield what is wrong with the claim of the pods. Raises ClusterProblem."""
    found = client.read(Ref(CLAIMS, name, namespace))
    if found is None:
        yield f"the claim {name} is not there"
    elif at(found, "metadata", "deletionTimestamp"):
        yield f"the claim {name} is being deleted: new pods do not start with it"
    elif (phase := at(found, "status", "phase")) not in (None, "Bound"):
        yield f"the claim {name} is {phase}"
