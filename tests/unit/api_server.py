# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an API server in memory: what a Kubernetes API does with objects, and faults on demand.

It keeps objects, versions, generations and the kinds of answers (Status, lists by page, 404 for a path that nobody
serves). It knows no schemas: what depends on those is tested on a real one, tests/integration/cluster.
"""

from __future__ import annotations

import copy
import itertools
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote

import rights
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import access, labels
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref, Resource, at
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import MANAGER, Reply
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.merge_patch import applied
from sentences import hear
from tasks import ANYTHING


def resource(kind: str, group: str, plural: str, namespaced: bool = False, version: str = "v1") -> Resource:
    return Resource(kind, group, version, plural, namespaced)


CONFIG = "config.openshift.io"
RBAC = "rbac.authorization.k8s.io"
KINDS = {
    one.kind: one
    for one in (
        resource("Image", CONFIG, "images"),
        resource("ClusterVersion", CONFIG, "clusterversions"),
        resource("Infrastructure", CONFIG, "infrastructures"),
        resource("Proxy", CONFIG, "proxies"),
        resource("ImageDigestMirrorSet", CONFIG, "imagedigestmirrorsets"),
        resource("ImageTagMirrorSet", CONFIG, "imagetagmirrorsets"),
        resource("ImageContentSourcePolicy", "operator.openshift.io", "imagecontentsourcepolicies", version="v1alpha1"),
        resource("MachineConfiguration", "operator.openshift.io", "machineconfigurations"),
        resource("MachineConfigPool", "machineconfiguration.openshift.io", "machineconfigpools"),
        resource("ClusterImagePolicy", CONFIG, "clusterimagepolicies"),
        resource("ImagePolicy", CONFIG, "imagepolicies", True),
        resource("FeatureGate", CONFIG, "featuregates"),
        resource("MachineConfig", "machineconfiguration.openshift.io", "machineconfigs"),
        resource("CatalogSource", "operators.coreos.com", "catalogsources", True, version="v1alpha1"),
        resource("ConfigMap", "", "configmaps", True),
        resource("Secret", "", "secrets", True),
        resource("Config", "imageregistry.operator.openshift.io", "configs"),
        resource("ImagePruner", "imageregistry.operator.openshift.io", "imagepruners"),
        resource("PersistentVolumeClaim", "", "persistentvolumeclaims", True),
        resource("PersistentVolume", "", "persistentvolumes"),
        resource("StorageClass", "storage.k8s.io", "storageclasses"),
        resource("Deployment", "apps", "deployments", True),
        resource("Job", "batch", "jobs", True),
        resource("CronJob", "batch", "cronjobs", True),
        resource("Service", "", "services", True),
        resource("Route", "route.openshift.io", "routes", True),
        resource("RoleBinding", RBAC, "rolebindings", True),
        resource("ClusterRoleBinding", RBAC, "clusterrolebindings"),
        resource("ClusterRole", RBAC, "clusterroles"),
        resource("Namespace", "", "namespaces"),
        resource("PodDisruptionBudget", "policy", "poddisruptionbudgets", True),
        resource("Node", "", "nodes"),
        resource("Pod", "", "pods", True),
        resource("DaemonSet", "apps", "daemonsets", True),
        resource("Lease", "coordination.k8s.io", "leases", True),
        resource("ServiceAccount", "", "serviceaccounts", True),
        resource("ImageStream", "image.openshift.io", "imagestreams", True),
        resource("BuildConfig", "build.openshift.io", "buildconfigs", True),
        resource("Build", "build.openshift.io", "builds", True),
        resource("DeploymentConfig", "apps.openshift.io", "deploymentconfigs", True),
        resource("ReplicationController", "", "replicationcontrollers", True),
        resource("ControllerConfig", "machineconfiguration.openshift.io", "controllerconfigs"),
        resource("ValidatingWebhookConfiguration", "admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        resource("MutatingWebhookConfiguration", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    )
}

IMAGE_API = "image.openshift.io"
KINDS["ManagedImage"] = Resource("Image", IMAGE_API, "v1", "images")
KINDS["ImageStream"] = resource("ImageStream", IMAGE_API, "imagestreams", True)

#: Something else than the server would do: (method, path, body) → a reply, or None to let it do as usual.
Fault = Callable[[str, str, Any], Reply | None]


@dataclass
class ApiServer:
    """The transport of a Client, and the cluster behind it. log: (method, path without query, query, body)."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    faults: list[Fault] = field(default_factory=list)
    log: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    version: tuple[str, str] = ("1", "31+")
    address: str = "https://api.example.com:6443"
    logins: Iterable[bool] = ()
    numbers: Any = field(default_factory=lambda: itertools.count(100))

    def put(self, *manifests: dict[str, Any]) -> ApiServer:
        """Objects that are there before the test begins."""
        for manifest in manifests:
            metadata = {"uid": f"uid-{next(self.numbers)}", "generation": 1, "resourceVersion": str(next(self.numbers))}
            whole = {**copy.deepcopy(manifest), "metadata": metadata | manifest["metadata"]}
            self.objects[unquote(ref(manifest).path)] = whole
        return self

    def get(self, kind: str, name: str, namespace: str = "") -> Any:
        return self.objects.get(unquote(Ref(KINDS[kind], name, namespace).path))

    @property
    def writes(self) -> list[tuple[str, str]]:
        """What was really written, in order."""
        return [
            (method, path)
            for method, path, query, _body in self.log
            if method != "GET" and query.get("dryRun") != "All"
        ]

    def renew(self) -> bool:
        return next(iter(self.logins), False)

    def send(self, method: str, path: str, headers: Any, body: bytes | None, seconds: float) -> Reply:
        bare, _mark, query_text = path.partition("?")
        query = {name: values[0] for name, values in parse_qs(query_text).items()}
        given = json.loads(body) if body else None
        self.log.append((method, bare, query, given))
        if method != "GET" and headers.get("User-Agent") == MANAGER:  # controllers of a test write as they please
            hear(f"sent {method} {bare}: {json.dumps(given, sort_keys=True, ensure_ascii=False)}")
        for fault in self.faults:
            if (reply := fault(method, path, given)) is not None:
                return reply
        return self._answer(method, unquote(bare), query, given)

    def _answer(self, method: str, path: str, query: dict[str, str], given: Any) -> Reply:
        if path == "/version":
            return reply(200, {"major": self.version[0], "minor": self.version[1]})
        path = path.removesuffix("/status") if method == "PATCH" else path
        found = next((one for kind, one in KINDS.items() if kind not in self.without and serves(one, path)), None)
        if found is None:
            return Reply(404, {"Content-Type": "text/plain"}, [b"404 page not found\n"])
        if path.endswith(f"/{found.plural}"):
            return self._list(found, path, query) if method == "GET" else self._create(path, query, given)
        if path not in self.objects:
            return status(404, "NotFound", f'{found.full_name} "{path.rpartition("/")[2]}" not found', path)
        return {"GET": self._get, "PATCH": self._patch, "DELETE": self._delete}[method](path, query, given)

    def _get(self, path: str, query: Any, given: Any) -> Reply:
        return reply(200, self.objects[path])

    def _list(self, found: Resource, path: str, query: dict[str, str]) -> Reply:
        start = f"{path}/" if not found.namespaced or "/namespaces/" in path else "/"
        items = [one for place, one in self.objects.items() if place.startswith(start) and serves(found, place)]
        items = [one for one in items if selected(one, query)]
        first, limit = int(query.get("continue", 0)), int(query["limit"])
        more = {"continue": str(first + limit)} if len(items) > first + limit else {}
        kind, page = f"{found.kind}List", items[first : first + limit]
        return reply(200, {"kind": kind, "apiVersion": found.api_version, "metadata": more, "items": page})

    def _create(self, place: str, query: dict[str, str], given: Any) -> Reply:
        path = f"{place}/{given['metadata']['name']}"
        if path in self.objects:
            return status(409, "AlreadyExists", f"{path} already exists", path)
        made = {"generation": 1, "uid": f"uid-{next(self.numbers)}", "resourceVersion": str(next(self.numbers))}
        stored = {**given, "metadata": {**given["metadata"], **made}}
        if "dryRun" not in query:
            self.objects[path] = stored
        return reply(201, stored)

    def _patch(self, path: str, query: dict[str, str], given: Any) -> Reply:
        have = self.objects[path]
        version = (given.get("metadata") or {}).get("resourceVersion")
        if version is not None and version != have["metadata"]["resourceVersion"]:
            return status(409, "Conflict", "the object has been modified", path)
        stored = applied(have, given)
        stored["metadata"]["resourceVersion"] = str(next(self.numbers))
        if stored.get("spec") != have.get("spec"):
            stored["metadata"]["generation"] += 1
        if "dryRun" not in query:
            self.objects[path] = stored
        return reply(200, stored)

    def _delete(self, path: str, query: dict[str, str], given: Any) -> Reply:
        version = given["preconditions"]["resourceVersion"]
        if version != self.objects[path]["metadata"]["resourceVersion"]:
            return status(409, "Conflict", "the object has been modified", path)
        if "dryRun" not in query:
            del self.objects[path]
        return reply(200, {"kind": "Status", "status": "Success"})


def selected(one: dict[str, Any], query: dict[str, str]) -> bool:
    """Return whether the selectors of a list match an object."""
    field, _sign, value = query.get("fieldSelector", "").partition("=")
    wanted = labels.parse(query.get("labelSelector", ""))
    fits = not field or at(one, *field.split(".")) == value
    return fits and wanted.matches(one["metadata"].get("labels", {}))


def serves(found: Resource, path: str) -> bool:
    """Return whether a path is about objects of this kind."""
    start = f"/apis/{found.group}/{found.version}/" if found.group else f"/api/{found.version}/"
    parts = path.removeprefix(start).split("/")
    parts = parts[2:] if parts[0] == "namespaces" and len(parts) > 2 else parts
    return path.startswith(start) and parts[0] == found.plural and len(parts) <= 2


def ref(manifest: dict[str, Any]) -> Ref:
    metadata = manifest["metadata"]
    return Ref(KINDS[manifest["kind"]], metadata["name"], metadata.get("namespace", ""))


def reply(code: int, value: Any, **headers: str) -> Reply:
    return Reply(code, {"Content-Type": "application/json", **headers}, [json.dumps(value).encode()])


def status(code: int, reason: str, message: str, path: str = "/x", **headers: str) -> Reply:
    details = {"name": path.rpartition("/")[2]}
    body = {
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }
    return reply(code, body, **headers)


def times(count: int, fault: Fault) -> Fault:
    """A fault that goes away after so many times."""
    left = [count]

    def limited(method: str, path: str, body: Any) -> Reply | None:
        if not left[0]:
            return None
        left[0] -= 1
        answer = None
        try:
            answer = fault(method, path, body)
        finally:
            left[0] += answer is None and not sys.exc_info()[1]
        return answer

    return limited


def on(method: str, part: str, answer: Callable[[], Reply]) -> Fault:
    """A fault for requests of a method whose path holds a text."""
    return lambda sent, path, body: answer() if sent == method and part in path else None


def reviews(allows: Callable[[dict[str, str]], bool] = lambda attributes: True) -> Fault:
    """Answer access reviews, which leave nothing behind. allows: by verb, group, resource, namespace and name."""

    def answer(method: str, path: str, body: Any) -> Reply | None:
        if "selfsubjectaccessreviews" not in path:
            return None
        return reply(201, {"status": {"allowed": allows(body["spec"]["resourceAttributes"])}})

    return answer


def run(action: Any, args: dict[str, Any], api: ApiServer | None, **more: Any) -> dict[str, Any]:
    """Run a task about a cluster on this server, None: on the one that its options name.

    more: check, diff, variables, files by name, task (attributes of the task), module (what modules on hosts answer).
    """
    about = {
        "args": args, "check_mode": more.get("check", False), "diff": more.get("diff", False), "async_val": 0,
        "action": "x", "delegate_to": None, "environment": [], "get_search_path": list, **more.get("task", {}),
    }  # fmt: skip
    made = action(SimpleNamespace(**about), *[ANYTHING] * 5)
    made._templar = SimpleNamespace(template=lambda value: value)
    made.read_file = lambda path: more["files"][path].encode()
    if "module" in more:
        made._execute_module = more["module"]
    if api is not None:
        made.transport = lambda login: api
    start = len(api.log) if isinstance(api, ApiServer) else 0
    result = dict(made.run(task_vars={"inventory_hostname": "localhost", **more.get("variables", {})}))
    name = action.__module__.rpartition(".")[2].removesuffix("_info")
    if isinstance(api, ApiServer) and name in access.TASKS:
        more_than_allowed = rights.lacking(name, [one[:2] for one in api.log[start:]])
        assert not more_than_allowed, f"{name} asks for more than its roles allow: {more_than_allowed}"
    return result
