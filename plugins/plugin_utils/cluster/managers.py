# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else writes an object: what the API server noted of fields, and what tools for GitOps leave on objects.

Sources: Kubernetes "Server-Side Apply" (managedFields, fieldsV1), "Owners and Dependents"; Argo CD "Resource
Tracking"; Flux kustomize-controller; Helm charts "Labels and Annotations".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api import Manifest, annotation, at, label
from .client import MANAGER

#: Managers behind which a person stands, who writes once; the beginning of their names.
_PEOPLE = (
    "kubectl", "oc", "Mozilla", "OpenAPI-Generator", "python-requests", "okhttp", "curl", "cluster-bootstrap",
    "openshift-install", "cluster-config-operator", "bridge", "before-first-apply", MANAGER,
)  # fmt: skip
#: Stands for managers that the API server has forgotten, since too many wrote after them.
_FORGOTTEN = "ancient-changes"
#: Annotation or label → who keeps the object as a repository has it.
_TRACKS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
    "config.k8s.io/owning-inventory": "kpt",
    "policy.open-cluster-management.io/policy": "Advanced Cluster Management",
}
#: Owns what it creates once, and people write: Image/cluster among them.
_NO_KEEPER = "ClusterVersion"


def others(manifest: Manifest, fields: Manifest) -> list[str]:
    """Name everybody else who keeps these fields of the object as they are."""
    found = [f"{who} ({name})" for name, who in _TRACKS.items() if annotation(manifest, name) or label(manifest, name)]
    owners = at(manifest, "metadata", "ownerReferences") or ()
    found += [
        f"the controller of {at(one, 'kind')}/{at(one, 'name')}"
        for one in owners
        if at(one, "controller") is True and at(one, "kind") != _NO_KEEPER
    ]
    for entry in at(manifest, "metadata", "managedFields") or ():
        if not isinstance(entry, Mapping) or entry.get("subresource"):
            continue
        manager = str(entry.get("manager") or "")
        by_hand = entry.get("operation") != "Apply" and manager.startswith(_PEOPLE)
        if manager != MANAGER and not by_hand and _holds(entry.get("fieldsV1"), fields):
            found.append(f"{manager} ({entry.get('operation')})")
    return list(dict.fromkeys(found))


def is_by_others(manifest: Manifest, *path: str) -> bool:
    """Say whether the API server noted of a field that somebody else wrote it, and not we."""
    keys = [f"f:{key}" for key in path]
    entries = at(manifest, "metadata", "managedFields") or ()
    wrote = {at(entry, "manager") for entry in entries if at(entry, "fieldsV1", *keys) is not None} - {_FORGOTTEN}
    return bool(wrote) and MANAGER not in wrote


def _holds(owned: Any, fields: Any) -> bool:
    """Say whether some field that is written is among those that a manager owns."""
    if not isinstance(owned, Mapping) or not isinstance(fields, Mapping):
        return False
    for key, value in fields.items():
        if key in ("labels", "annotations"):
            continue  # ours have names of ours
        inner = owned.get(f"f:{key}")
        if inner is None:
            continue
        if not isinstance(value, Mapping) or _holds(inner, value):
            return True  # an empty inner beside a mapping: a mapping that was written empty, whose fields are free
    return False
