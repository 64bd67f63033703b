# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task may do on a cluster: asked of the API, and as the roles that allow it.

Source: Kubernetes authorization.k8s.io/v1 SelfSubjectAccessReview, rbac.authorization.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import registries
from .api import ClusterProblem, Ref, Resource, at
from .client import Client, NoSuchKind, Rejected
from .kinds import image
from .rollout import service as rollout

REVIEW = Ref(Resource("SelfSubjectAccessReview", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"))
#: Name of a task → what it reads and writes.
TASKS: Mapping[str, Callable[[], Mapping[Ref, tuple[str, ...]]]] = {
    "cluster_registries": registries.access,
    "node_pools": rollout.access,
}
#: Every OpenShift has this project; Kubernetes has no such kind.
_PROJECT = Ref(Resource("Project", "project.openshift.io", "v1", "projects"), "default")
_ROLES = {"cluster_registries": "dockyard-registries", "node_pools": "dockyard-node-pools"}


def openshift(client: Client) -> dict[str, Any]:
    """Say which OpenShift the API belongs to: {openshift: 4, 3 or null, version}. Raises ClusterProblem."""
    try:
        found = client.read(image.VERSION)
        return {"openshift": 4, "version": str(at(found, "status", "desired", "version") or "")}
    except NoSuchKind:
        pass
    except Rejected:
        return {"openshift": 4, "version": ""}
    version = ".".join(map(str, client.version()))
    try:
        client.read(_PROJECT)
    except NoSuchKind:
        return {"openshift": None, "version": version}
    except Rejected:
        pass
    return {"openshift": 3, "version": version}


def review(client: Client, task: str) -> list[dict[str, Any]]:
    """Ask the API about every verb: {verb, resource, name, namespace, allowed, reason}. Raises ClusterProblem."""
    return [_asked(client, ref, verb) for ref, verbs in TASKS[task]().items() for verb in verbs]


def sentence(answer: Mapping[str, Any]) -> str:
    """Say what is missing: "cannot patch images.config.openshift.io cluster"."""
    name = f" {answer['name']}" if answer["name"] else ""
    where = f" in {answer['namespace']}" if answer["namespace"] else ""
    return f"cannot {answer['verb']} {answer['resource']}{name}{where}"


def _asked(client: Client, ref: Ref, verb: str) -> dict[str, Any]:
    attributes = {
        "verb": verb, "group": ref.resource.group, "version": ref.resource.version, "resource": ref.resource.plural,
        "namespace": ref.namespace, "name": ref.name,
    }  # fmt: skip
    body = {"apiVersion": REVIEW.resource.api_version, "kind": REVIEW.resource.kind}
    try:
        found = client.ask(REVIEW, {**body, "spec": {"resourceAttributes": attributes}})
    except NoSuchKind:
        raise ClusterProblem(f"{client.transport.address} answers no access reviews; is it an API server?") from None
    return {
        "verb": verb, "resource": ref.resource.full_name, "name": ref.name, "namespace": ref.namespace,
        "allowed": at(found, "status", "allowed") is True, "reason": str(at(found, "status", "reason") or ""),
    }  # fmt: skip


def manifests(task: str) -> list[dict[str, Any]]:
    """Make the roles that allow the task and nothing else: one of the cluster, one for each namespace it reads."""
    access = TASKS[task]()
    namespaces = list(dict.fromkeys(ref.namespace for ref in access if ref.namespace))
    name = _ROLES[task]
    found = [_role(name, "ClusterRole", "", access)]
    return found + [_role(name, "Role", namespace, access) for namespace in namespaces]


def _role(name: str, kind: str, namespace: str, access: Mapping[Ref, tuple[str, ...]]) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    rules = [rule for ref, verbs in access.items() if ref.namespace == namespace for rule in _rules(ref, verbs)]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": rules}


def _rules(ref: Ref, verbs: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    rule: dict[str, Any] = {"apiGroups": [ref.resource.group], "resources": [ref.resource.plural]}
    if ref.name:
        rule["resourceNames"] = [ref.name]
    yield {**rule, "verbs": list(verbs)}
