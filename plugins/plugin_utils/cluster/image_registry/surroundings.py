# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of a cluster that the operator looks at besides its own configuration.

What is not among them does not exist for the operator either. Values of secrets never get into a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...credentials.go import Unreadable, base64_decoded
from ..openshift4 import exports, texts
from ..openshift4.objects import Manifest, cited, kind_of, name_of
from . import RegistryProblem

NAMESPACE = "openshift-image-registry"
CONFIG_NAMESPACE = "openshift-config"
#: kind → the namespace in which the operator looks for it
_NAMESPACES = {"PersistentVolumeClaim": NAMESPACE, "Secret": NAMESPACE, "ConfigMap": CONFIG_NAMESPACE}
_OWNER = "imageregistry.openshift.io"


@dataclass(frozen=True)
class Claim:
    """A PersistentVolumeClaim. is_operators: the operator made it, and may delete it."""

    modes: tuple[str, ...]
    is_operators: bool
    is_going: bool
    is_lost: bool


@dataclass(frozen=True)
class Surroundings:
    """secrets and config_maps: name → key → value. told: what status.platformStatus has of the platform."""

    claims: Mapping[str, Claim] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    config_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    platform: str = "None"
    told: Mapping[str, Any] | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.told or {}


def read(objects: Any) -> Surroundings:
    """Read manifests, lists of them or files {name, content}; other kinds and namespaces are passed over.

    Raises RegistryProblem or ManifestProblem in one sentence that names the object.
    """
    claims: dict[str, Claim] = {}
    data: dict[str, dict[str, Mapping[str, str]]] = {"Secret": {}, "ConfigMap": {}}
    platform = "None"
    told: dict[str, Any] | None = None
    for manifest in texts.documents(objects):
        if not manifest.get("kind"):
            raise RegistryProblem(f"objects: {exports.called(manifest)} which is not an object")
        kind, name = str(manifest.get("kind")), _name(manifest)
        if kind == "Infrastructure" and name in ("", "cluster"):
            platform, told = _platform(manifest)
        if _NAMESPACES.get(kind, "") != _namespace(manifest, kind):
            continue
        if not name:
            raise RegistryProblem(f"objects: {name_of(manifest)}: metadata.name is missing")
        if kind == "PersistentVolumeClaim":
            claims[name] = _claim(manifest)
        else:
            data[kind][name] = dict(_data(manifest))
    return Surroundings(claims, data["Secret"], data["ConfigMap"], platform, told)


def _claim(manifest: Manifest) -> Claim:
    metadata, spec, status = (_mapping(manifest, part, manifest) for part in ("metadata", "spec", "status"))
    modes = spec.get("accessModes") or ()
    if not isinstance(modes, (list, tuple)) or not all(isinstance(mode, str) for mode in modes):
        raise RegistryProblem(f"objects: {name_of(manifest)}: spec.accessModes must be a list of texts")
    return Claim(
        tuple(modes),
        is_operators=_OWNER in _mapping(metadata, "annotations", manifest),
        is_going=metadata.get("deletionTimestamp") is not None,
        is_lost=status.get("phase") == "Lost",
    )


def _platform(manifest: Manifest) -> tuple[str, dict[str, Any] | None]:
    status = _mapping(manifest, "status", manifest)
    details = _mapping(status, "platformStatus", manifest)
    name = details.get("type", "") if details else status.get("platform") or "None"
    if not isinstance(name, str):
        raise RegistryProblem(f"objects: {name_of(manifest)}: the platform must be text, not {kind_of(name)}")
    told = next((details[key] for key in details if str(key).lower() == name.lower()), None)
    return name, dict(told) if isinstance(told, Mapping) else None


def _data(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield keys and values; data of a secret is base64, and text that is not is taken as it is."""
    for key, value in _mapping(manifest, "data", manifest).items():
        yield str(key), _decoded(value) if manifest.get("kind") == "Secret" else str(value)
    for key, value in _mapping(manifest, "stringData", manifest).items():
        yield str(key), "" if value is None else str(value)


def _decoded(value: Any) -> str:
    text = "" if value is None else str(value)
    try:
        return base64_decoded(text).decode()
    except (Unreadable, ValueError):
        return text


def _name(manifest: Manifest) -> str:
    name = _mapping(manifest, "metadata", manifest).get("name")
    if name is not None and not isinstance(name, str):
        raise RegistryProblem(f"objects: metadata.name must be text, not {kind_of(name)}: {cited(name)}")
    return name or ""


def _namespace(manifest: Manifest, kind: str) -> str:
    namespace = _mapping(manifest, "metadata", manifest).get("namespace")
    return str(namespace) if namespace else _NAMESPACES.get(kind, "nowhere")


def _mapping(holder: Manifest, key: str, manifest: Manifest) -> Mapping[str, Any]:
    found = holder.get(key)
    if found is not None and not isinstance(found, Mapping):
        where = f"{cited(manifest.get('kind', 'object'))}: {key}"
        raise RegistryProblem(f"objects: {where} must be a mapping, not {kind_of(found)}")
    return found or {}
