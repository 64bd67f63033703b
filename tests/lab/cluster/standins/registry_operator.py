# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A STAND-IN for the registry operator of OpenShift 4, which cannot be had as a module.

It does to the objects of a real API server what the real operator was seen to do: it takes up a generation, refuses
what the real one refuses and says so in the conditions that the real one uses, fills in httpSecret, the storage of the
platform and its state, makes its own claim, writes the Deployment and the Routes, and takes all of it away. Pods,
claims and Jobs are left to the real controllers of Kubernetes. Which specification is refused comes from
image_registry/; test_registry_standin.py holds the conditions to the real operator's (table 74 of the shared cases).
No image is served: nothing here is a registry.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref, Resource, at
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client, Moved, Rejected
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry import (
    ERROR,
    REFUSE,
    STORAGE_NOT_CONFIGURED,
    UNOBSERVED,
    VERIFICATION_FAILED,
    asked,
    problems,
    surroundings,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry.backends import USER_SECRET
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry import health
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry.spec import backend_of
from beside import Beside

NAMESPACE = "openshift-image-registry"
CONFIG = Ref(Resource("Config", "imageregistry.operator.openshift.io", "v1", "configs"), "cluster")
DEPLOYMENT = Ref(Resource("Deployment", "apps", "v1", "deployments", True), "image-registry", NAMESPACE)
CLAIMS = Ref(Resource("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", True), namespace=NAMESPACE)
SECRETS = Ref(Resource("Secret", "", "v1", "secrets", True), namespace=NAMESPACE)
AUTHORITIES = Ref(Resource("ConfigMap", "", "v1", "configmaps", True), namespace="openshift-config")
ROUTES = Ref(Resource("Route", "route.openshift.io", "v1", "routes", True), namespace=NAMESPACE)
INFRASTRUCTURE = Ref(Resource("Infrastructure", "config.openshift.io", "v1", "infrastructures"), "cluster")
_SINCE = "2026-01-01T00:00:00Z"
_OURS = "imageregistry.openshift.io"
#: The secret that the operator makes of a person's, or of the cloud's.
PRIVATE = "image-registry-private-configuration"
_MOUNTS = {"registry-storage": "/registry", PRIVATE: "/var/run/secrets/cloud"}
#: Backend → keys of that secret which pods have in their environment.
_LOGINS = {
    "azure": ("AZURE_ACCOUNTKEY",),
    "swift": (
        "SWIFT_USERNAME", "SWIFT_PASSWORD", "SWIFT_TOKENID", "SWIFT_APPLICATIONCREDENTIALID",
        "SWIFT_APPLICATIONCREDENTIALNAME", "SWIFT_APPLICATIONCREDENTIALSECRET",
    ),
}  # fmt: skip
#: Keys of swift that pods are told beside the container.
_OF_SWIFT = {
    "authURL": "AUTHURL", "authVersion": "AUTHVERSION", "domain": "DOMAIN", "tenant": "TENANT", "regionName": "REGION",
}  # fmt: skip
_PERMANENT = (VERIFICATION_FAILED, STORAGE_NOT_CONFIGURED)
#: Fields that go to the pods as they are.
_OF_PODS = ("tolerations", "affinity", "topologySpreadConstraints")
Condition = tuple[str, str]


class RegistryOperator(Beside):
    """Works beside a test until it is ended."""

    def __init__(self, client: Client, release: str = "4.20", pause: float = 0.2) -> None:
        super().__init__(pause)
        self.client, self.release = client, release
        self.taken: Mapping[str, Any] = {}

    def sync(self) -> None:
        """Look once, and do what the real operator does then."""
        try:
            self._sync()
        except Moved:
            return  # written by somebody else: look again

    def _sync(self) -> None:
        config = self.client.read(CONFIG)
        if config is None:
            return
        spec: Mapping[str, Any] = at(config, "spec") or {}
        refused, around = self._judged(spec)
        if refused is not None and refused["reason"] == UNOBSERVED:
            return
        state = spec.get("managementState")
        if state == "Removed":
            self._remove(spec)
        elif state == "Managed":
            question = asked.Asked(spec, {}, around, int(self.release.partition(".")[2]))
            filled = _of_platform(question) or ({} if refused else self._filled(question))
            if filled:
                self.client.patch(CONFIG, {"spec": filled}, str(at(config, "metadata", "resourceVersion")))
                return
        if state == "Managed" and refused is None:
            refused = self._written(spec)
            self.taken = self.taken if refused else spec
        self._report(config, refused)

    def _judged(self, spec: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, surroundings.Surroundings]:
        kinds = ((CLAIMS, "PersistentVolumeClaim"), (SECRETS, "Secret"), (AUTHORITIES, "ConfigMap"))
        objects: list[dict[str, Any]] = [
            {**one, "kind": kind, "apiVersion": "v1"} for ref, kind in kinds for one in self.client.read_all(ref)
        ]
        objects.append(dict(self.client.read(INFRASTRUCTURE) or {}))
        found = problems.of(spec, self.taken, objects, self.release)
        return next((one for one in found if one["effect"] == REFUSE), None), surroundings.read(objects)

    # --- what is written ---

    def _filled(self, question: asked.Asked) -> dict[str, Any]:
        """Return what the operator writes into the specification itself."""
        found: dict[str, Any] = {} if question.spec.get("httpSecret") else {"httpSecret": secrets.token_hex(64)}
        backend, told = question.taken
        storage: dict[str, Any] = {}
        makes = backend == "emptyDir"
        if backend == "pvc" and not told.get("claim"):
            storage["pvc"] = {"claim": asked.DEFAULT_CLAIM}
            makes = asked.DEFAULT_CLAIM not in question.around.claims
            if makes:
                self._make_claim()
        if backend == "s3" and not told.get("bucket"):
            name = at(self.client.read(INFRASTRUCTURE), "status", "infrastructureName") or "lab"
            storage["s3"] = {"bucket": f"{name}-image-registry-{told.get('region')}", "encrypt": True}
            makes = True
        if not question.storage.get("managementState"):
            storage["managementState"] = "Managed" if makes else "Unmanaged"
        return found | ({"storage": storage} if storage else {})

    def _make_claim(self) -> None:
        ref = Ref(CLAIMS.resource, asked.DEFAULT_CLAIM, NAMESPACE)
        whole = ref.manifest()
        whole["metadata"] |= {"annotations": {_OURS: "true"}}
        wanted = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "100Gi"}}}
        self.client.create(ref, {**whole, "spec": wanted})

    def _written(self, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Write the secret, the Deployment and the Routes; what the API server says when it refuses one."""
        try:
            self._hand_over(backend_of(spec["storage"]))
            self._deploy(spec)
            self._route(spec)
        except Moved:
            raise
        except Rejected as problem:
            return {"reason": ERROR, "sentence": str(problem)}
        return None

    def _hand_over(self, backend: str) -> None:
        """Give pods the login of a person, in the form that they read."""
        given = at(self.client.read(Ref(SECRETS.resource, USER_SECRET, NAMESPACE)), "data") or {}
        keys = [given.get(f"REGISTRY_STORAGE_S3_{name}") for name in ("ACCESSKEY", "SECRETKEY")]
        if backend == "s3" and all(keys):
            text = _profile(*(base64.b64decode(key).decode() for key in keys))
            given = {"credentials": base64.b64encode(text.encode()).decode()}
        ref = Ref(SECRETS.resource, PRIVATE, NAMESPACE)
        there = self.client.read(ref)
        if given and there is None:
            self.client.create(ref, {**ref.manifest(), "type": "Opaque", "data": dict(given)})
        elif given and there and at(there, "data") != given:
            gone = dict.fromkeys(at(there, "data") or {})
            self.client.patch(ref, {"data": {**gone, **given}}, there["metadata"]["resourceVersion"])

    def _deploy(self, spec: Mapping[str, Any]) -> None:
        labels = {"docker-registry": "default"}
        wanted = {
            "replicas": spec["replicas"],
            "strategy": _strategy(spec),
            "template": {"metadata": {"labels": labels}, "spec": _pod(spec)},
        }
        there = self.client.read(DEPLOYMENT)
        if there is None:
            whole = {**DEPLOYMENT.manifest(), "spec": {**wanted, "selector": {"matchLabels": labels}}}
            self.client.create(DEPLOYMENT, whole)
        elif not _holds(there["spec"], wanted):
            wanted["strategy"] = {"rollingUpdate": None, **wanted["strategy"]}
            self.client.patch(DEPLOYMENT, {"spec": wanted}, there["metadata"]["resourceVersion"])

    def _route(self, spec: Mapping[str, Any]) -> None:
        asked_for = [{"name": "default-route"}] if spec.get("defaultRoute") else []
        asked_for += spec.get("routes") or []
        there = {one["metadata"]["name"]: one for one in self.client.read_all(ROUTES)}
        for route in asked_for:
            ref = Ref(ROUTES.resource, route["name"], NAMESPACE)
            host = {"host": route["hostname"]} if route.get("hostname") else {}
            tls = {"termination": "reencrypt"}
            whole = ref.manifest()
            whole["metadata"] |= {"annotations": {_OURS: "true"}}
            whole["spec"] = {**host, "to": {"kind": "Service", "name": "image-registry"}, "tls": tls}
            if route["name"] not in there:
                self.client.create(ref, whole)
        for name in there.keys() - {route["name"] for route in asked_for}:
            if _OURS in (at(there[name], "metadata", "annotations") or {}):
                self._delete(Ref(ROUTES.resource, name, NAMESPACE), there[name])

    def _remove(self, spec: Mapping[str, Any]) -> None:
        """Take everything away, and the storage that is Managed; with two backends nothing, as was seen."""
        minor = int(self.release.partition(".")[2])
        storage = asked.part(spec, "storage")
        if len(asked.backends(storage, minor)) > 1:
            return
        there = self.client.read(DEPLOYMENT)
        if there is None:
            return
        self._delete(DEPLOYMENT, there)
        self._route({})
        claim = at(storage, "pvc", "claim")
        if storage.get("managementState") == "Managed" and claim:
            ref = Ref(CLAIMS.resource, claim, NAMESPACE)
            if found := self.client.read(ref):
                self._delete(ref, found)

    def _delete(self, ref: Ref, there: Mapping[str, Any]) -> None:
        if not at(there, "metadata", "deletionTimestamp"):
            self.client.delete(ref, there["metadata"]["uid"], there["metadata"]["resourceVersion"])

    # --- what is said ---

    def _report(self, config: Mapping[str, Any], refused: Mapping[str, Any] | None) -> None:
        told = conditions(config, self.client.read(DEPLOYMENT), refused["reason"] if refused else "")
        message = refused["sentence"] if refused else ""
        listed = [
            {"type": name, "status": state, "reason": reason, "message": message, "lastTransitionTime": _SINCE}
            for name, (state, reason) in told.items()
        ]
        generation = config["metadata"]["generation"]
        if (at(config, "status", "observedGeneration"), at(config, "status", "conditions")) == (generation, listed):
            return
        status = {
            "observedGeneration": generation, "readyReplicas": 0, "generations": None, "storageManaged": False,
            "storage": {}, "conditions": listed,
        }  # fmt: skip
        self.client._ask("PUT", f"{CONFIG.path}/status", {**config, "status": status}, "application/json")


def _of_platform(question: asked.Asked) -> dict[str, Any]:
    """Return the storage of the platform, which is written down even where it is refused then."""
    if asked.backends(question.storage, question.minor):
        return {}
    backend, told = question.taken
    return {"storage": {backend: told}} if backend else {}


def conditions(config: Mapping[str, Any], deployment: Mapping[str, Any] | None, refused: str) -> dict[str, Condition]:
    """Return (status, reason) of each condition; refused: the reason for which the specification is not taken."""
    state = at(config, "spec", "managementState")
    if state == "Unmanaged":
        told = dict.fromkeys(("Available", "Progressing", "Degraded"), ("False", "Unmanaged"))
        return told | {"Available": ("True", "Unmanaged"), "Removed": ("False", "")}
    refused = "" if state == "Removed" else refused
    permanent = refused if refused in _PERMANENT else ""
    return {
        "Available": _available(state, deployment, permanent),
        "Progressing": _progressing(state, deployment, refused, permanent),
        "Degraded": ("True", permanent) if permanent else ("False", "Removed" if state == "Removed" else ""),
        "Removed": ("True", "Removed") if state == "Removed" else ("False", ""),
        **({"StorageExists": ("True", "Exists")} if state == "Managed" and not refused else {}),
    }


def _available(state: Any, deployment: Mapping[str, Any] | None, permanent: str) -> Condition:
    if deployment is None and state == "Removed":
        return "True", "Removed"
    if deployment is None:
        return "False", permanent or "DeploymentNotFound"
    if at(deployment, "metadata", "deletionTimestamp"):
        return "False", "DeploymentDeleted"
    if not at(deployment, "status", "availableReplicas"):
        return "False", "NoReplicasAvailable"
    return "True", "Ready" if _is_complete(deployment) else "MinimumAvailability"


def _progressing(state: Any, deployment: Mapping[str, Any] | None, refused: str, permanent: str) -> Condition:
    if state == "Removed":
        return ("False", "Removed") if deployment is None else ("True", "DeletingDeployment")
    if refused:
        return "False" if permanent else "True", "Error"
    if deployment is None:
        return "True", "WaitingForDeployment"
    return ("False", "Ready") if _is_complete(deployment) else ("True", "DeploymentNotCompleted")


def _is_complete(deployment: Mapping[str, Any]) -> bool:
    status = at(deployment, "status") or {}
    counts = {status.get(name) or 0 for name in ("updatedReplicas", "replicas", "availableReplicas")}
    seen = (status.get("observedGeneration") or 0) >= deployment["metadata"]["generation"]
    return seen and counts == {deployment["spec"]["replicas"]}


def _strategy(spec: Mapping[str, Any]) -> dict[str, Any]:
    if spec.get("rolloutStrategy") == "Recreate":
        return {"type": "Recreate"}
    many = spec["replicas"]
    rolling = {"maxUnavailable": 1, "maxSurge": 1} if many == 2 else {"maxUnavailable": many - 1, "maxSurge": "25%"}
    return {"type": "RollingUpdate", "rollingUpdate": rolling}


def _pod(spec: Mapping[str, Any]) -> dict[str, Any]:
    storage = spec["storage"]
    backend = next(key for key in storage if key != "managementState")
    container: dict[str, Any] = {
        "name": "registry", "image": "registry.example.com/registry:1", "env": list(_env(spec, backend)),
    }  # fmt: skip
    if "resources" in spec:
        container["resources"] = spec["resources"]
    volumes = list(_volumes(storage, backend))
    container["volumeMounts"] = [{"name": one["name"], "mountPath": _MOUNTS[one["name"]]} for one in volumes]
    return {
        "containers": [container],
        "volumes": volumes,
        "nodeSelector": {"kubernetes.io/os": "linux", **(spec.get("nodeSelector") or {})},
        **{name: spec[name] for name in _OF_PODS if name in spec},
    }


def _volumes(storage: Mapping[str, Any], backend: str) -> Iterator[dict[str, Any]]:
    if backend == "pvc":
        claim = {"claimName": at(storage, "pvc", "claim")}
        yield {"name": "registry-storage", "persistentVolumeClaim": claim}
    elif backend == "emptyDir":
        yield {"name": "registry-storage", "emptyDir": {}}
    elif backend == "s3":
        yield {"name": PRIVATE, "secret": {"secretName": PRIVATE, "optional": False}}


def _env(spec: Mapping[str, Any], backend: str) -> Iterator[dict[str, Any]]:
    word, places = health._ENVIRONMENT[backend]
    yield {"name": "REGISTRY_STORAGE", "value": word}
    told = at(spec, "storage", backend) or {}
    for key, name in places:
        if value := told.get(key):
            yield {"name": f"REGISTRY_STORAGE_{name}", "value": str(value)}
    if backend == "s3":
        switches = {"ENCRYPT": bool(told.get("encrypt")), "FORCEPATHSTYLE": not told.get("virtualHostedStyle")}
        for name, is_on in {**switches, "USEDUALSTACK": True}.items():
            yield {"name": f"REGISTRY_STORAGE_S3_{name}", "value": str(is_on).lower()}
        yield {"name": "REGISTRY_STORAGE_S3_CREDENTIALSCONFIGPATH", "value": f"{_MOUNTS[PRIVATE]}/credentials"}
    for key, name in _OF_SWIFT.items() if backend == "swift" else ():
        if value := told.get(key):
            yield {"name": f"REGISTRY_STORAGE_SWIFT_{name}", "value": str(value)}
    if word == "filesystem":
        yield {"name": "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "value": _MOUNTS["registry-storage"]}
    for key in _LOGINS.get(backend, ()):
        name = f"REGISTRY_STORAGE_{key}"
        reference = {"name": PRIVATE, "key": name, "optional": backend == "swift"}
        yield {"name": name, "valueFrom": {"secretKeyRef": reference}}
    if spec.get("readOnly"):
        yield {"name": "REGISTRY_STORAGE_MAINTENANCE_READONLY", "value": "{enabled: true}"}
    if spec.get("disableRedirect"):
        yield {"name": "REGISTRY_STORAGE_REDIRECT_DISABLE", "value": "true"}


def _profile(key: str, secret: str) -> str:
    """Return the file that the driver of S3 reads."""
    return f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"


def _holds(have: Any, wanted: Any) -> bool:
    """Say whether everything wanted is there; what a server filled in beside it does not count."""
    if isinstance(wanted, Mapping):
        return isinstance(have, Mapping) and all(_holds(have.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(have, list) and len(have) == len(wanted) and all(map(_holds, have, wanted))
    return bool(have == wanted)
