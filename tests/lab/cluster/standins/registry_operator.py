# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A STAND-IN for the registry operator of OpenShift 4, which cannot be had as a module.

It does to the objects of a real API server what the real operator was seen to do: it takes up a generation, refuses
what the real one refuses and says so in the conditions that the real one uses, fills in httpSecret and the state of the
storage, and writes the Deployment. Pods, claims and Jobs are left to the real controllers of Kubernetes. Which
specification is refused comes from image_registry/, which is compared with the real operator's answers (60 to 65 and 74
of the shared cases). No image is served: nothing here is a registry.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref, Resource, at
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client, Moved
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry import REFUSE, problems
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry import health

NAMESPACE = "openshift-image-registry"
CONFIG = Ref(Resource("Config", "imageregistry.operator.openshift.io", "v1", "configs"), "cluster")
DEPLOYMENT = Ref(Resource("Deployment", "apps", "v1", "deployments", True), "image-registry", NAMESPACE)
CLAIMS = Ref(Resource("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", True), namespace=NAMESPACE)
SECRETS = Ref(Resource("Secret", "", "v1", "secrets", True), namespace=NAMESPACE)
INFRASTRUCTURE = Ref(Resource("Infrastructure", "config.openshift.io", "v1", "infrastructures"), "cluster")
_PAUSE = 0.2
_SINCE = "2026-01-01T00:00:00Z"


class RegistryOperator:
    """Works beside a test until it is ended."""

    def __init__(self, client: Client, release: str = "4.20") -> None:
        self.client, self.release = client, release
        self.ended, self.failures = threading.Event(), list[BaseException]()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> RegistryOperator:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        self.thread.join()

    def _work(self) -> None:
        while not self.ended.wait(_PAUSE):
            try:
                self.sync()
            except Moved:
                continue  # written by somebody else: look again
            except Exception as error:  # told to the test, which would wait for nothing otherwise
                self.failures.append(error)

    def sync(self) -> None:
        """Look once, and do what the real operator does then."""
        config = self.client.read(CONFIG)
        if config is None:
            return
        spec: Mapping[str, Any] = at(config, "spec") or {}
        refused = self._refused(spec)
        if refused is None and spec.get("managementState") == "Managed":
            if filled := self._filled(spec):
                self.client.patch(CONFIG, {"spec": filled}, str(at(config, "metadata", "resourceVersion")))
                return
            self._deploy(spec)
        if refused is not None and refused["reason"] == "unobserved":
            return
        self._report(config, refused)

    def _refused(self, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
        kinds = ((CLAIMS, "PersistentVolumeClaim"), (SECRETS, "Secret"))
        objects = [
            {**one, "kind": kind, "apiVersion": "v1"} for ref, kind in kinds for one in self.client.read_all(ref)
        ]
        infrastructure = dict(self.client.read(INFRASTRUCTURE) or {})
        found = problems.of(spec, {}, [*objects, infrastructure], self.release)
        return next((one for one in found if one["effect"] == REFUSE), None)

    def _filled(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the operator writes into the specification itself."""
        found: dict[str, Any] = {}
        if not spec.get("httpSecret"):
            found["httpSecret"] = secrets.token_hex(64)
        if not at(spec, "storage", "managementState"):
            found["storage"] = {"managementState": "Managed" if "emptyDir" in spec["storage"] else "Unmanaged"}
        return found

    def _deploy(self, spec: Mapping[str, Any]) -> None:
        storage = spec["storage"]
        backend = next(key for key in storage if key != "managementState")
        word, places = health._ENVIRONMENT[backend]
        env = [{"name": "REGISTRY_STORAGE", "value": word}]
        env += [
            {"name": f"REGISTRY_STORAGE_{name}", "value": str(storage[backend][key])}
            for key, name in places
            if storage[backend].get(key)
        ]
        if spec.get("readOnly"):
            env.append({"name": "REGISTRY_STORAGE_MAINTENANCE_READONLY", "value": "{enabled: true}"})
        source = {"persistentVolumeClaim": {"claimName": at(storage, "pvc", "claim")}} if backend == "pvc" else {
            "emptyDir": {}
        }
        container = {"name": "registry", "image": "registry.example.com/registry:1", "env": env}
        labels = {"docker-registry": "default"}
        wanted = {
            "replicas": spec["replicas"],
            "strategy": {"type": spec.get("rolloutStrategy") or "RollingUpdate"},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "volumes": [{"name": "registry-storage", **source}]},
            },
        }
        there = self.client.read(DEPLOYMENT)
        if there is None:
            whole = {**DEPLOYMENT.manifest(), "spec": {**wanted, "selector": {"matchLabels": labels}}}
            self.client.create(DEPLOYMENT, whole)
        elif not _holds(there["spec"], wanted):
            wanted["strategy"] = {**wanted["strategy"], "rollingUpdate": None}
            self.client.patch(DEPLOYMENT, {"spec": wanted}, there["metadata"]["resourceVersion"])

    def _report(self, config: Mapping[str, Any], refused: Mapping[str, Any] | None) -> None:
        deployment = self.client.read(DEPLOYMENT)
        removed = at(config, "spec", "managementState") == "Removed"
        serves = (at(deployment, "status", "availableReplicas") or 0) > 0
        done = not health.not_rolled_out(config, deployment) if not removed else True
        conditions = {
            "Available": ("True", "Removed") if removed else ("True", "Ready") if serves else
            ("False", "NoReplicasAvailable"),
            "Progressing": ("False", "Ready") if done else ("True", "DeploymentNotCompleted"),
            "Degraded": ("False", ""),
            "Removed": (str(removed), ""),
            "StorageExists": ("True", "Exists"),
        }  # fmt: skip
        if refused is not None:
            permanent = refused["reason"] in ("VerificationFailed", "StorageNotConfigured")
            conditions["Degraded" if permanent else "Progressing"] = ("True", refused["reason"])
        message = refused["sentence"] if refused else ""
        listed = [
            {"type": name, "status": state, "reason": reason, "message": message, "lastTransitionTime": _SINCE}
            for name, (state, reason) in conditions.items()
        ]
        status = {
            "observedGeneration": config["metadata"]["generation"], "readyReplicas": 0, "generations": None,
            "storageManaged": False, "storage": {}, "conditions": listed,
        }  # fmt: skip
        if at(config, "status", "observedGeneration") == status["observedGeneration"] and (
            at(config, "status", "conditions") == listed
        ):
            return
        self.client._ask("PUT", f"{CONFIG.path}/status", {**config, "status": status}, "application/json")


def _holds(have: Any, wanted: Any) -> bool:
    """Say whether everything wanted is there; what a server filled in beside it does not count."""
    if isinstance(wanted, Mapping):
        return isinstance(have, Mapping) and all(_holds(have.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(have, list) and len(have) == len(wanted) and all(map(_holds, have, wanted))
    return bool(have == wanted)
