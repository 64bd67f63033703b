# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claim that the registry keeps its images on: made with class, size and access mode, and never shrunk.

Sources: Kubernetes "Persistent Volumes" (access modes are fixed, requests may only grow), "Storage Classes".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...policy.word import PolicyError
from ..api import Manifest, Ref, annotation, at
from ..changes import WantedObject
from ..image_registry.values import quantity
from ..labels import is_subdomain
from ..marks import LABEL

SHARED, SINGLE = "ReadWriteMany", "ReadWriteOnce"
DEFAULT_SIZE = "100Gi"
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
#: Stands for the class of a claim that is bound to a volume which is there: nothing makes one.
_NO_CLASS: Manifest = {}
#: What a provisioner's name holds when it makes block devices, which one node mounts at a time.
_BLOCK = ("ebs", "disk.csi.azure", "azure-disk", "pd.csi", "gce-pd", "cinder", "rbd", "iscsi", "lvm", "topolvm")


@dataclass(frozen=True)
class Claims:
    """What is wanted of claims, and what a person is to hear."""

    wanted: tuple[WantedObject, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def read(given: Mapping[str, Any] | None, storage: Mapping[str, Any] | None) -> None:
    """Check the option claim beside storage. Raises PolicyError."""
    if given is None:
        return
    name = str(at(storage, "pvc", "claim") or "")
    if not name:
        raise PolicyError("claim", name or "without a name", "is of no use: give storage.pvc.claim beside it")
    if not is_subdomain(name):
        raise PolicyError("storage", name, "cannot be the name of a claim")
    size = given.get("size")
    number = quantity(size) if size is not None else 1
    if number is None or number <= 0:
        raise PolicyError("claim", str(size), "is not a size such as 100Gi")


def wanted(
    ref: Ref, given: Mapping[str, Any], replicas: int, there: Manifest | None, classes: Iterable[Manifest]
) -> Claims:
    """Want this claim. there: as it is, None when it is to be made."""
    classes = tuple(classes)
    return _grown(ref, given, there, classes) if there is not None else _new(ref, given, replicas, classes)


def _new(ref: Ref, given: Mapping[str, Any], replicas: int, classes: tuple[Manifest, ...]) -> Claims:
    asked = given.get("storage_class")
    known = {str(at(one, "metadata", "name")): one for one in classes}
    there = ", ".join(sorted(known)) or "none"
    if asked is None:
        found = next((one for one in classes if _is_default(one)), None)
        why = f"storage_class is needed, because the cluster has no default class; it has {there}"
    else:
        found = known.get(asked) if asked else _NO_CLASS
        why = f"there is no storage class {asked}; the cluster has {there}"
    if found is None:
        return Claims(refusals=(f"claim: {why}",))
    mode = given.get("access_mode") or (SHARED if replicas > 1 else SINGLE)
    spec: dict[str, Any] = {
        "accessModes": [mode],
        "resources": {"requests": {"storage": given.get("size") or DEFAULT_SIZE}},
    }
    if asked is not None:
        spec["storageClassName"] = asked
    fields = {"metadata": {"labels": {LABEL: "claim"}}, "spec": spec}
    return Claims((WantedObject(ref, fields, "claim"),), tuple(_doubts(mode, found)))


def _grown(ref: Ref, given: Mapping[str, Any], there: Manifest, classes: tuple[Manifest, ...]) -> Claims:
    """Keep the claim, or let it grow; refuse what is fixed in a claim."""
    name = ref.name
    class_name, modes = at(there, "spec", "storageClassName") or "", at(there, "spec", "accessModes") or []
    mode, asked = given.get("access_mode"), given.get("storage_class")
    refusals = []
    if asked is not None and asked != class_name:
        has = f"the storage class {class_name}" if class_name else "no storage class"
        refusals.append(f"claim: {name} has {has}, which cannot become {asked or 'none'}: name a new one")
    if mode and mode not in modes:
        refusals.append(f"claim: {name} is {', '.join(modes)}, which cannot become {mode}: name a new one")
    size = given.get("size")
    have = at(there, "spec", "resources", "requests", "storage")
    grows = size is not None and (quantity(size) or 0) > (quantity(have) or 0)
    found = next((one for one in classes if at(one, "metadata", "name") == class_name), None)
    if grows and at(found, "allowVolumeExpansion") is not True:
        why = f"its storage class {class_name} does not let it" if class_name else "no storage class lets it"
        refusals.append(f"claim: {name} has {have}, and {why} grow to {size}")
    if refusals:
        return Claims(refusals=tuple(refusals))
    if grows:
        fields = {"spec": {"resources": {"requests": {"storage": size}}}}
        return Claims((WantedObject(ref, fields, "claim"),))
    smaller = size is not None and (quantity(size) or 0) < (quantity(have) or 0)
    notes = (f"claim: {name} keeps its {have}; a claim is never made smaller",) if smaller else ()
    return Claims(notes=notes)


def _is_default(one: Manifest) -> bool:
    return any(annotation(one, name) == "true" for name in _DEFAULT_CLASS)


def _doubts(mode: str, found: Manifest) -> Iterable[str]:
    provisioner = str(found.get("provisioner") or "")
    name = at(found, "metadata", "name")
    if mode == SHARED and any(part in provisioner for part in _BLOCK):
        yield (
            f"claim: the storage class {name} ({provisioner}) gives block devices, which several pods on several nodes "
            "cannot share; the claim may stay pending"
        )
    if "nfs" in provisioner:
        yield nfs(f"the storage class {name}")


def nfs(what: str) -> str:
    """Warn of NFS below the registry."""
    return (
        f"claim: {what} is NFS; Red Hat advises against a Linux NFS server below the registry, as pushes may get lost; "
        "let nobody else mount it, because files that are changed there are served as images"
    )
