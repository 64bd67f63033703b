# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks about the registry of OpenShift 4 read and write: for access reviews, and for the roles of it.

Who gives a role away must be allowed to (verb bind), and so must who writes one: he has what it holds. Sources:
Kubernetes "Using RBAC Authorization", "Privilege escalation prevention and bootstrapping"; OpenShift "Accessing the
registry" for the subresources of image streams. What is read in other projects to explain a failure (the service of a
store and its certificate) is not among it: where it may not be read, the explanation says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..api import Ref, Resource
from ..image_pruner import unreadable
from ..image_registry.surroundings import CONFIG_NAMESPACE, NAMESPACE
from . import (
    CLAIMS,
    CLASSES,
    CONFIG,
    CONFIG_MAPS,
    DEPLOYMENT,
    INFRASTRUCTURE,
    JOBS,
    NODES,
    OPERATOR,
    PODS,
    PRUNER,
    ROUTER_CA,
    ROUTES,
    SECRETS,
    VERSION,
    VOLUMES,
    access,
    store,
)
from .move.images import CONFIG_IMAGE, IMAGES, POD, STREAMS

Rights = dict[Ref, tuple[str, ...]]

_IMAGE_GROUP = "image.openshift.io"
_LOGS = Resource("Pod", "", "v1", "pods/log", namespaced=True)
_LAYERS = Resource("ImageStream", _IMAGE_GROUP, "v1", "imagestreams/layers", namespaced=True)
_METRICS = Resource("Registry", _IMAGE_GROUP, "v1", "registry/metrics")
#: What tells why a registry does not get there.
_EXPLAINED: Rights = {
    **dict.fromkeys((VERSION, INFRASTRUCTURE, DEPLOYMENT, OPERATOR), ("get",)),
    PODS: ("list",),
    Ref(_LOGS, namespace=NAMESPACE): ("get",),
    JOBS: ("list",),
    CLAIMS: ("get", "list"),
    Ref(SECRETS, namespace=NAMESPACE): ("get",),
}  # fmt: skip


def of_registry(projects: tuple[str, ...]) -> Rights:
    """Return those of image_registry; projects: where others are allowed to pull and push."""
    found = _EXPLAINED | {
        CONFIG: ("get", "patch"),
        PRUNER: ("get",),
        CLAIMS: ("get", "list", "create", "patch"),
        Ref(SECRETS, namespace=NAMESPACE): ("get", "create", "patch"),
        Ref(CONFIG_MAPS, namespace=CONFIG_NAMESPACE): ("get", "create", "patch"),
        **dict.fromkeys((ROUTER_CA, store.AUTHORITY), ("get",)),
        Ref(CLASSES.resource): ("get", "list"),
        Ref(VOLUMES.resource): ("get",),
        **dict.fromkeys((Ref(NODES.resource), ROUTES, IMAGES), ("list",)),
        Ref(access.WIDE_ROLES): ("get", "create", "patch"),
        Ref(access.WIDE_BINDINGS): ("get", "create", "patch", "delete"),
        Ref(_METRICS): ("get",),
    }
    found |= {Ref(kind): ("list",) for kind in unreadable.KINDS}
    if projects:
        found[Ref(access.PROJECTS)] = ("get",)
        found |= {Ref(access.WIDE_ROLES, name): ("bind",) for name in access.OF_PROJECTS}
    for project in projects:
        found[Ref(access.BINDINGS, namespace=project)] = ("get", "create", "patch", "delete")
    return found


def of_move(projects: tuple[str, ...]) -> Rights:
    """Return those of image_registry_move; projects: where a pod pulls an image afterwards."""
    found = _EXPLAINED | {
        CONFIG: ("get", "patch"),
        CLAIMS: ("get", "list", "create", "patch"),
        Ref(SECRETS, namespace=NAMESPACE): ("get", "create", "patch"),
        Ref(CONFIG_MAPS, namespace=CONFIG_NAMESPACE): ("get", "create", "patch"),
        JOBS: ("get", "list", "create", "delete"),
        Ref(CLASSES.resource): ("get", "list"),
        CONFIG_IMAGE: ("get",),
        **dict.fromkeys((IMAGES, Ref(STREAMS.resource)), ("list",)),
    }
    return found | {Ref(POD, namespace=project): ("get", "create", "delete") for project in projects}


def of_pruner(_projects: tuple[str, ...]) -> Rights:
    """Return those of image_pruner, which looks for the objects that end its jobs."""
    found = _EXPLAINED | {PRUNER: ("get", "patch"), CONFIG: ("get",), JOBS: ("list", "delete")}
    return found | {Ref(kind): ("list",) for kind in unreadable.KINDS}


def of_proof(projects: tuple[str, ...]) -> Rights:
    """Return those of registry_proof; projects: where images are pushed and pulled."""
    return {ROUTES: ("list",), ROUTER_CA: ("get",), Ref(_METRICS): ("get",), **dict(_pushing(projects))}


def _pushing(projects: tuple[str, ...]) -> Iterator[tuple[Ref, tuple[str, ...]]]:
    for project in projects:
        yield Ref(STREAMS.resource, namespace=project), ("get", "create")
        yield Ref(_LAYERS, namespace=project), ("get", "update")
