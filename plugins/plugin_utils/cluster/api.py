# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of a Kubernetes API by their fixed paths, as values: what they are called and where they are.

Source: Kubernetes API concepts, "Resource URIs".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..problems import Problem
from ..resolution.references import quoted
from .labels import is_label, is_subdomain

Manifest = Mapping[str, Any]


class ClusterProblem(Problem):
    """Something about a cluster that must be refused or has failed; one sentence for a person."""


def check_name(option: str, text: str, *, namespace: bool = False) -> None:
    """Raises ClusterProblem for what no object, or no namespace, can be called, so that nobody is asked for it."""
    if not (is_label(text) if namespace else is_subdomain(text)):
        what, signs = ("a namespace", "") if namespace else ("an object", " and '.'")
        raise ClusterProblem(
            f"{option}: {quoted(text)} cannot be the name of {what}: lower-case letters, digits, '-'{signs}"
        )


@dataclass(frozen=True)
class Resource:
    """A kind of object. group is empty for the core API."""

    kind: str
    group: str
    version: str
    plural: str
    namespaced: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """As access rules and messages of the API name it: "images.config.openshift.io"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True)
class Ref:
    """One object, or without a name all objects of a kind (in a namespace, where one is given).

    bare: of all objects only what identifies them and their metadata, where the whole of them would be large. fields,
    labels: of all objects only those that these selectors match.
    """

    resource: Resource
    name: str = ""
    namespace: str = ""
    bare: bool = False
    fields: str = ""
    labels: str = ""

    @property
    def path(self) -> str:
        """The path below the address of the API server."""
        start = f"/apis/{self.resource.group}" if self.resource.group else "/api"
        inside = f"/namespaces/{quote(self.namespace, safe='')}" if self.namespace else ""
        last = f"/{quote(self.name, safe='')}" if self.name else ""
        return f"{start}/{self.resource.version}{inside}/{self.resource.plural}{last}"

    def __str__(self) -> str:
        """Name it as a person does: "Image/cluster", "ConfigMap openshift-config/cas", "all ImageDigestMirrorSets"."""
        if not self.name:
            selector = ", ".join(filter(None, (self.fields, self.labels)))
            where = f" of {self.namespace}" if self.namespace else ""
            return f"all {self.resource.plural}{where}" + (f" with {selector}" if selector else "")
        if self.namespace:
            return f"{self.resource.kind} {self.namespace}/{self.name}"
        return f"{self.resource.kind}/{self.name}"

    def manifest(self) -> dict[str, Any]:
        """Return the beginning of a manifest: what identifies the object."""
        metadata = {"name": self.name} | ({"namespace": self.namespace} if self.namespace else {})
        return {"apiVersion": self.resource.api_version, "kind": self.resource.kind, "metadata": metadata}


def ref_of(resource: Resource, manifest: Manifest) -> Ref:
    """Name the object that a manifest of this kind is about."""
    metadata = manifest.get("metadata") or {}
    return Ref(resource, str(metadata.get("name", "")), str(metadata.get("namespace") or ""))


def at(value: Any, *path: str) -> Any:
    """Look a value up inside mappings; None where something on the path is missing or of another shape."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def label(manifest: Manifest | None, name: str) -> str:
    """Return the value of a label, "" without it."""
    return str(at(manifest, "metadata", "labels", name) or "")


def annotation(manifest: Manifest | None, name: str) -> str:
    """Return the value of an annotation, "" without it."""
    return str(at(manifest, "metadata", "annotations", name) or "")
