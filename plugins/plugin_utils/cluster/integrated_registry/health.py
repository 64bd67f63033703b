# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the registry is as it was asked for, and if it is not: the cause, with what mends it.

Conditions alone prove nothing: right after a patch the old ones still hold, and most refusals show in Progressing
only. So the generation, the rollout of the Deployment and the storage that its pods have are looked at as well.
Source: CIRO pkg/operator/status.go; reference/registry-operator.md, Observed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...problems import one_line
from ..api import Manifest, at
from ..image_registry.asked import DEFAULT_CLAIM
from ..image_registry.backends import USER_SECRET, keys_of_user
from .spec import backend_of

_LONGEST = 300
#: Backend → the value of REGISTRY_STORAGE in the pods, and (key of the storage, end of the variable) of its place.
_ENVIRONMENT: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "s3": ("s3", (("bucket", "S3_BUCKET"), ("region", "S3_REGION"), ("regionEndpoint", "S3_REGIONENDPOINT"))),
    "gcs": ("gcs", (("bucket", "GCS_BUCKET"),)),
    "azure": ("azure", (("container", "AZURE_CONTAINER"), ("accountName", "AZURE_ACCOUNTNAME"))),
    "swift": ("swift", (("container", "SWIFT_CONTAINER"),)),
    "ibmcos": ("s3", (("bucket", "S3_BUCKET"), ("location", "S3_REGION"))),
    "oss": ("oss", (("bucket", "OSS_BUCKET"),)),
    "pvc": ("filesystem", ()),
    "emptyDir": ("filesystem", ()),
}


def conditions(manifest: Manifest | None) -> dict[str, Manifest]:
    """Return the conditions of an object by type."""
    found = at(manifest, "status", "conditions")
    return {str(one.get("type")): one for one in found or () if isinstance(one, Mapping)}


def missing(config: Manifest) -> str:
    """Say what Config/cluster does not report yet, "" when the operator is done with what was asked."""
    found, state = conditions(config), at(config, "spec", "managementState")
    if at(config, "status", "observedGeneration") != at(config, "metadata", "generation"):
        return "the operator has not taken up the change"
    if _is(found, "Progressing"):
        return f"the operator is not done: {condition_text(found['Progressing'])}"
    if state == "Removed":
        return "" if _is(found, "Removed") else "the registry is not removed yet"
    if _is(found, "Degraded"):
        return f"the operator is degraded: {condition_text(found['Degraded'])}"
    if not _is(found, "Available"):
        return f"the registry is not available: {condition_text(found.get('Available') or {})}"
    exists = found.get("StorageExists", {})
    if (
        exists.get("status") == "False"
        and state == "Managed"
        and backend_of(at(config, "spec", "storage")) != "emptyDir"
    ):
        return f"the storage cannot be used: {condition_text(exists)}"
    return ""


def _is(found: Mapping[str, Manifest], name: str) -> bool:
    return found.get(name, {}).get("status") == "True"


def condition_text(condition: Manifest) -> str:
    """Quote what a condition says: "Error: …"."""
    texts = [str(condition.get(key) or "") for key in ("reason", "message")]
    return short(": ".join(filter(None, texts)) or "no condition says why")


def short(text: str) -> str:
    """Return a text of others on one line and not too long."""
    text = one_line(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def not_rolled_out(config: Manifest, deployment: Manifest | None) -> str:
    """Say what the Deployment does not have yet of what Config/cluster says, "" when its pods serve from it."""
    if at(config, "spec", "managementState") != "Managed":
        return ""
    if deployment is None:
        return "there is no Deployment image-registry"
    if at(deployment, "status", "observedGeneration") != at(deployment, "metadata", "generation"):
        return "the Deployment has not taken up the change"
    replicas = at(config, "spec", "replicas") or 0
    if at(deployment, "spec", "replicas") != replicas:
        return f"the Deployment has {at(deployment, 'spec', 'replicas')} replicas, not {replicas}"
    counts = {key: at(deployment, "status", key) or 0 for key in ("updatedReplicas", "availableReplicas", "replicas")}
    if counts["updatedReplicas"] < replicas or counts["availableReplicas"] < replicas or counts["replicas"] > replicas:
        return f"{counts['updatedReplicas']} of {replicas} pods are new, and {counts['availableReplicas']} available"
    return _other_storage(config, deployment)


def _other_storage(config: Manifest, deployment: Manifest) -> str:
    """Compare volumes and environment of the pods with the storage that is asked for."""
    storage = at(config, "spec", "storage") or {}
    backend = backend_of(storage)
    if not backend:
        return ""
    pod = at(deployment, "spec", "template", "spec") or {}
    environment = {
        str(one.get("name")): one.get("value")
        for container in pod.get("containers") or ()
        for one in container.get("env") or ()
    }
    word, places = _ENVIRONMENT[backend]
    if environment.get("REGISTRY_STORAGE") != word:
        return f"the pods store with {environment.get('REGISTRY_STORAGE')}, not {word}"
    for key, variable in places:
        asked = at(storage, backend, key)
        have = environment.get(f"REGISTRY_STORAGE_{variable}")
        if asked and have != asked:
            return f"the pods have {have or 'no value'} for {key} of their storage, not {asked}"
    volumes = [one for one in pod.get("volumes") or () if isinstance(one, Mapping)]
    claims = [at(one, "persistentVolumeClaim", "claimName") for one in volumes if "persistentVolumeClaim" in one]
    name = at(storage, "pvc", "claim") or DEFAULT_CLAIM
    if backend == "pvc" and name not in claims:
        return f"the pods do not mount the claim {name}"
    if backend == "emptyDir" and claims:
        return f"the pods still mount the claim {claims[0]}"
    return ""


# --- causes ---


@dataclass(frozen=True)
class Scene:
    """What is looked at when the registry does not get there. refused: what the operator's own checks say."""

    config: Manifest | None
    operator: Manifest | None
    deployment: Manifest | None
    claim: Manifest | None
    claim_name: str
    storage_class: Manifest | None
    pods: tuple[Manifest, ...]
    refused: tuple[str, ...] = ()
    logs: Mapping[str, str] | None = None

    @property
    def told(self) -> str:
        """All texts that the conditions of Config/cluster and the Deployment say."""
        found = [*conditions(self.config).values(), *conditions(self.deployment).values()]
        return " ".join(str(one.get("message") or "") for one in found)


def causes(scene: Scene) -> list[str]:
    """Return why the registry does not get there, the nearest cause first."""
    return list(dict.fromkeys(text for cause in CAUSES for text in cause(scene)))


def _chain(scene: Scene) -> Iterator[str]:
    """Yield the first object that is missing; whatever comes behind it cannot be there."""
    if scene.operator is None:
        yield (
            "Deployment openshift-image-registry/cluster-image-registry-operator is missing, so nothing acts on the "
            "configuration: look at ClusterVersion, which installs it"
        )
    elif not (at(scene.operator, "status", "availableReplicas") or 0):
        yield "the operator has no running pod: look at the pods of cluster-image-registry-operator"
    elif scene.config is None:
        yield "the operator has not made Config/cluster yet: wait some minutes after the installation"


def _refused(scene: Scene) -> Iterator[str]:
    yield from scene.refused


def _claim(scene: Scene) -> Iterator[str]:
    claim, name = scene.claim, scene.claim_name
    if not name or claim is None:
        return
    if at(claim, "metadata", "deletionTimestamp"):
        yield f"the claim {name} is being deleted: new pods do not start with it; make another"
    elif at(claim, "status", "phase") == "Lost":
        yield f"the claim {name} has lost its volume: restore the volume, or name another claim"
    elif at(claim, "status", "phase") == "Pending":
        if at(scene.storage_class, "volumeBindingMode") == "WaitForFirstConsumer":
            if not scene.pods:
                yield f"the claim {name} is pending: its class waits for a pod, and the registry has none"
            return
        modes = ", ".join(at(claim, "spec", "accessModes") or ())
        class_name = at(claim, "spec", "storageClassName")
        kind = f"of the class {class_name}" if class_name else "without a storage class"
        yield (
            f"the claim {name} is pending: no volume {kind} fits {modes} and "
            f"{at(claim, 'spec', 'resources', 'requests', 'storage')}; look at its events"
        )


_DENIED = re.compile(
    r"InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|Forbidden|AuthenticationFailed|AuthorizationFailure|"
    r"Unauthorized|invalid_grant|InvalidToken|\b40[13]\b",
    re.IGNORECASE,
)


def _credentials(scene: Scene) -> Iterator[str]:
    exists = conditions(scene.config).get("StorageExists", {})
    backend = backend_of(at(scene.config, "spec", "storage"))
    logs = " ".join((scene.logs or {}).values())
    text = f"{exists.get('reason') or ''} {exists.get('message') or ''}" if exists.get("status") != "True" else ""
    if keys_of_user(backend) and (match := _DENIED.search(text) or _DENIED.search(logs)):
        keys = ", or ".join(" and ".join(keys) for keys in keys_of_user(backend))
        yield (
            f"the store answers {match[0]}: the login in the secret openshift-image-registry/{USER_SECRET} is wrong or "
            f"may not use this place; {backend} reads {keys}"
        )


def _quota(scene: Scene) -> Iterator[str]:
    if "exceeded quota" in scene.told:
        yield "a quota of openshift-image-registry stops the pods: raise it, or ask for less in resources"


_WAITING: Mapping[str, str] = {
    "ErrImagePull": "cannot pull its image: look at mirrors and the global pull secret",
    "ImagePullBackOff": "cannot pull its image: look at mirrors and the global pull secret",
    "InvalidImageName": "has an image name that cannot be read",
    "CreateContainerConfigError": "misses a secret or ConfigMap that it is started with",
    "CrashLoopBackOff": "starts and ends again",
    "CreateContainerError": "cannot be created",
}


def of_pods(scene: Scene) -> Iterator[str]:
    """Yield what keeps pods from serving."""
    for pod in scene.pods:
        name = at(pod, "metadata", "name")
        scheduled = conditions(pod).get("PodScheduled", {})
        if scheduled.get("status") == "False":
            yield f"the pod {name} fits no node: {short(str(scheduled.get('message')))}{_selector(scene)}"
        for container in at(pod, "status", "containerStatuses") or ():
            waiting = at(container, "state", "waiting") or {}
            if reason := _WAITING.get(str(waiting.get("reason"))):
                log = (scene.logs or {}).get(str(name), "")
                last = f"; its last words: {short(log)}" if log else ""
                message = f": {short(str(waiting['message']))}" if waiting.get("message") else ""
                yield f"the pod {name} {reason} ({waiting.get('reason')}{message}){last}"


def _selector(scene: Scene) -> str:
    chosen = at(scene.config, "spec", "nodeSelector")
    if not chosen:
        return ""
    labels = ", ".join(f"{key}={value}" for key, value in chosen.items())
    return f"; node_selector asks for {labels}: label a node so, or change it"


CAUSES: tuple[Callable[[Scene], Iterator[str]], ...] = (_chain, _refused, _claim, _credentials, _quota, of_pods)


def crashing(pods: tuple[Manifest, ...]) -> list[str]:
    """Name the pods whose last log lines tell more than their status."""
    return [
        str(at(pod, "metadata", "name"))
        for pod in pods
        if any(
            at(one, "state", "waiting", "reason") == "CrashLoopBackOff" or at(one, "state", "terminated", "exitCode")
            for one in at(pod, "status", "containerStatuses") or ()
        )
    ]


def is_of_registry(pod: Manifest) -> bool:
    """Say whether a pod of the namespace serves images, by the label that the operator gives it."""
    labels: Mapping[str, Any] = at(pod, "metadata", "labels") or {}
    return labels.get("docker-registry") == "default"
