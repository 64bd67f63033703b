# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authorities of registries: the ConfigMap that Image/cluster names, and what becomes of it on nodes.

Nodes get one directory in /etc/docker/certs.d for every key of that one ConfigMap; directories of keys that are gone
are removed. No reload, no drain. Source: MCO pkg/daemon/certificate_writer.go, pkg/operator/sync.go.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .objects import Manifest, name_of

NAMESPACE = "openshift-config"
_DIRECTORY = "/etc/docker/certs.d"
#: Under this key the OpenShift Update Service keeps its own authority there.
_NOT_OURS = "updateservice-registry"


@dataclass(frozen=True)
class Authorities:
    """name: the ConfigMap that Image/cluster names. values: its keys; None when it is not among the manifests."""

    name: str | None = None
    values: Mapping[str, str] | None = field(default_factory=dict)

    @property
    def on_nodes(self) -> dict[str, str]:
        """Registry → what its nodes have; a value that is base64 they decode."""
        return {registry_of(key): _decoded(value) for key, value in (self.values or {}).items()}

    @property
    def directories(self) -> dict[str, str]:
        return {f"{_DIRECTORY}/{registry_of(key)}": value for key, value in (self.values or {}).items()}


def registry_of(key: str) -> str:
    """Return the registry that a key trusts on nodes, where every '..' stands for a colon."""
    return key.replace("..", ":")


def read(manifests: Iterable[Manifest]) -> Authorities:
    """Read the authorities that the nodes of a cluster trust beside those of the system."""
    whole = list(manifests)
    name = next(filter(None, map(reference, whole)), None)
    if name is None:
        return Authorities()
    for manifest in whole:
        metadata = _mapping(manifest.get("metadata"))
        if manifest.get("kind") == "ConfigMap" and (metadata.get("namespace"), metadata.get("name")) == (
            NAMESPACE,
            name,
        ):
            coded = {key: _decoded(value) for key, value in _mapping(manifest.get("binaryData")).items()}
            values = {**_mapping(manifest.get("data")), **coded}
            return Authorities(name, {str(key): str(value) for key, value in values.items() if key != _NOT_OURS})
    return Authorities(name, None)


def elsewhere(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Yield ConfigMaps of the name that Image/cluster says which are in a namespace where nobody looks for them."""
    whole = list(manifests)
    there = read(whole)
    if there.name and there.values is None:
        for manifest in whole:
            metadata = _mapping(manifest.get("metadata"))
            if manifest.get("kind") == "ConfigMap" and metadata.get("name") == there.name:
                yield f"{name_of(manifest)}, and not {NAMESPACE}/{there.name}"


def reference(manifest: Manifest) -> str | None:
    """Return the name in spec.additionalTrustedCA of Image/cluster; None for other objects and without a name."""
    if manifest.get("kind") != "Image" or str(manifest.get("apiVersion", "")).startswith("image."):
        return None
    name = _mapping(_mapping(manifest.get("spec")).get("additionalTrustedCA")).get("name")
    return name if isinstance(name, str) and name else None


def changes(before: Authorities, after: Authorities) -> Iterator[str]:
    """Yield what becomes of the directories of nodes, in words."""
    after = _without_deleted(before, after)
    if after.values is None:
        return
    if before.values is None:
        yield from (f"{path}: there, without reload and drain" for path in sorted(after.directories))
        return
    old, new = before.directories, after.directories
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            state = "new" if path not in old else "removed" if path not in new else "changed"
            yield f"{path}: {state}, without reload and drain"


def not_there(before: Authorities, after: Authorities) -> Iterator[str]:
    """Yield which ConfigMap a change is about, or is named by it, without being among the manifests."""
    if before == after:
        return
    if _without_deleted(before, after) != after:
        yield (
            f"Image/cluster goes on to name the ConfigMap {NAMESPACE}/{after.name}, which is deleted: the registry"
            " operator is degraded"
        )
    elif after.values is None:
        yield (
            f"the ConfigMap {NAMESPACE}/{after.name} is not among the manifests, so its registries are not known;"
            " without it nodes trust none of them, and the registry operator is degraded"
        )
    if before.values is None and (after.values is not None or before.name != after.name):
        yield (
            f"the ConfigMap {NAMESPACE}/{before.name} of today is not among the manifests, so what nodes trust"
            " today is not known"
        )


def lost(before: Authorities, after: Authorities) -> list[str]:
    """Return the registries that nodes trusted and trust no more, as far as both sides are known."""
    after = _without_deleted(before, after)
    if after.values is None:
        return []
    return sorted({*map(registry_of, before.values or ())} - {*map(registry_of, after.values)})


def _without_deleted(before: Authorities, after: Authorities) -> Authorities:
    """Return what nodes trust afterwards: nothing, where the ConfigMap was there and is not any more."""
    is_deleted = after.values is None and before.values is not None and before.name == after.name
    return Authorities(after.name) if is_deleted else after


def _decoded(value: Any) -> str:
    """Return what base64 stands for, and everything else as it is."""
    try:
        return base64.b64decode(str(value), validate=True).decode("utf-8", "replace")
    except ValueError:
        return str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
