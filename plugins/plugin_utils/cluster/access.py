# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task may do on a cluster: asked of the API, and as the roles that allow it.

Source: Kubernetes authorization.k8s.io/v1 SelfSubjectAccessReview, rbac.authorization.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..policy.word import UNSHOWN, PolicyError
from . import registries
from .api import ClusterProblem, Ref, Resource, at
from .changes import ObjectChange
from .client import Client, NoSuchKind, Rejected
from .cluster_pull_secret import service as pull_secret
from .dockercfg_secret import service as dockercfg_secret
from .drain import service as drain
from .hosted_registry import service as hosted_registry
from .image_import import service as image_import
from .integrated_registry import rights
from .kinds import image
from .mirrors_check import images as mirrors_check
from .registry_consumer import service as registry_consumer
from .rollout import service as rollout

REVIEW = Ref(Resource("SelfSubjectAccessReview", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"))
Access = Mapping[Ref, tuple[str, ...]]
#: Name of a task → what it reads and writes, in these projects where it works in projects.
TASKS: Mapping[str, Callable[[tuple[str, ...]], Access]] = {
    "cluster_registries": lambda projects: registries.access(),
    "node_pools": lambda projects: rollout.access(),
    "mirrors_check": lambda projects: mirrors_check.access(),
    "cluster_pull_secret": lambda projects: pull_secret.ACCESS,
    "dockercfg_secret": dockercfg_secret.access,
    "registry_consumer": registry_consumer.grants,
    "image_registry": rights.of_registry,
    "image_registry_move": rights.of_move,
    "image_pruner": rights.of_pruner,
    "registry_proof": rights.of_proof,
    "image_import": image_import.access,
    "hosted_registry": hosted_registry.access,
    "node_drain": lambda projects: drain.access(),
    "mirrors_migrate": lambda projects: registries.together(registries.access(), rollout.access()),
}
#: Tasks that work in projects; no role is shipped for them, because nobody knows the projects.
IN_PROJECTS = ("dockercfg_secret", "registry_consumer", "image_import", "hosted_registry")
#: Tasks that need more in projects, where some are named.
MORE_IN_PROJECTS = ("image_registry", "image_registry_move", "registry_proof")
ROLE = "dockyard-registries"
_ROLES = {
    "node_pools": "dockyard-node-pools", "mirrors_check": "dockyard-mirrors-check",
    "cluster_pull_secret": "dockyard-pull-secret", "image_registry": "dockyard-image-registry",
    "image_registry_move": "dockyard-image-registry-move", "image_pruner": "dockyard-image-pruner",
    "registry_proof": "dockyard-registry-proof", "node_drain": "dockyard-node-drain",
    "mirrors_migrate": "dockyard-mirrors-migrate",
}  # fmt: skip
#: What a change is called in a review; to replace is both.
_VERBS = {"replace": ("delete", "create")}
#: Every OpenShift has this project; Kubernetes has no such kind.
_PROJECT = Ref(Resource("Project", "project.openshift.io", "v1", "projects"), "default")


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


def of_task(task: str, projects: Iterable[str] = ()) -> Access:
    """Return what a task reads and writes. Raises PolicyError for one in projects without any."""
    projects = tuple(projects)
    if task in IN_PROJECTS and not projects:
        raise PolicyError("namespaces", UNSHOWN, "names no project, and this task works in projects")
    if projects and task not in (*IN_PROJECTS, *MORE_IN_PROJECTS):
        raise PolicyError("namespaces", UNSHOWN, "means nothing to this task")
    return TASKS[task](projects)


def review(client: Client, access: Access) -> list[dict[str, Any]]:
    """Ask the API about every verb: {verb, resource, name, namespace, allowed, reason}. Raises ClusterProblem."""
    return [_asked(client, ref, verb) for ref, verbs in access.items() for verb in verbs]


def refuse_what_is_not_allowed(client: Client, changes: Iterable[ObjectChange]) -> None:
    """Ask the API about every write before the first one. Raises ClusterProblem that names all that is missing."""
    wanted: dict[tuple[Ref, str], None] = {}
    for change in changes:
        for verb in _VERBS.get(change.verb, (change.verb,)):
            place = Ref(change.ref.resource, "" if verb == "create" else change.ref.name, change.ref.namespace)
            wanted[place, verb] = None
    answers = [_asked(client, ref, verb) for ref, verb in wanted]
    if missing := [sentence(answer) for answer in answers if not answer["allowed"]]:
        raise ClusterProblem(f"this login {'; '.join(missing)} (at {client.transport.address})")


def sentence(answer: Mapping[str, Any]) -> str:
    """Say what is missing: "cannot patch images.config.openshift.io cluster"."""
    name = f" {answer['name']}" if answer["name"] else ""
    where = f" in {answer['namespace']}" if answer["namespace"] else ""
    return f"cannot {answer['verb']} {answer['resource']}{name}{where}"


def _asked(client: Client, ref: Ref, verb: str) -> dict[str, Any]:
    plural, _slash, subresource = ref.resource.plural.partition("/")
    attributes = {
        "verb": verb, "group": ref.resource.group, "version": ref.resource.version, "resource": plural,
        "namespace": ref.namespace, "name": ref.name,
    } | ({"subresource": subresource} if subresource else {})  # fmt: skip
    body = {"apiVersion": REVIEW.resource.api_version, "kind": REVIEW.resource.kind}
    try:
        found = client.ask(REVIEW, {**body, "spec": {"resourceAttributes": attributes}})
    except NoSuchKind:
        raise ClusterProblem(f"{client.transport.address} answers no access reviews; is it an API server?") from None
    return {
        "verb": verb, "resource": ref.resource.full_name, "name": ref.name, "namespace": ref.namespace,
        "allowed": at(found, "status", "allowed") is True, "reason": str(at(found, "status", "reason") or ""),
    }  # fmt: skip


def manifests(task: str, projects: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Make the roles that allow the task and nothing else: one of the cluster, one for each namespace it reads."""
    access = of_task(task, projects)
    namespaces = list(dict.fromkeys(ref.namespace for ref in access if ref.namespace))
    name = _ROLES.get(task, ROLE)
    found = [_role(name, "ClusterRole", "", access)]
    return found + [_role(name, "Role", namespace, access) for namespace in namespaces]


def _role(name: str, kind: str, namespace: str, access: Access) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    rules = [rule for ref, verbs in access.items() if ref.namespace == namespace for rule in _rules(ref, verbs)]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": rules}


def _rules(ref: Ref, verbs: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    rule: dict[str, Any] = {"apiGroups": [ref.resource.group], "resources": [ref.resource.plural]}
    if ref.name:
        rule["resourceNames"] = [ref.name]
    yield {**rule, "verbs": list(verbs)}
