# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests as requests: which resource they are for, and which images stand in them, in the order of the plug-in.

Source: ORIGIN pkg/api/imagereferencemutators (before 3.10 pkg/api/meta); of builds also pkg/build/apis/build/v1
defaults.go and conversion.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...resolution.references import quoted
from ..openshift4.objects import kind_of, name_of
from . import PolicyProblem
from .image_names import LATEST
from .image_policy import Resource
from .releases import Release

DOCKER_IMAGE, TAG, STREAM_IMAGE = "DockerImage", "ImageStreamTag", "ImageStreamImage"
RESOLVE_NAMES = "alpha.image.policy.openshift.io/resolve-names"
_OPENSHIFT = ".openshift.io"  # the plug-in takes such a group away from a request

#: kind → its resource, the groups of its API, and where its template stands. None: no pods, but a build.
_TEMPLATE = ("spec", "template")
_KINDS: Mapping[str, tuple[str, frozenset[str], tuple[str, ...] | None]] = {
    "Pod": ("pods", frozenset([""]), ()),
    "PodTemplate": ("podtemplates", frozenset([""]), ("template",)),
    "ReplicationController": ("replicationcontrollers", frozenset([""]), _TEMPLATE),
    "DeploymentConfig": ("deploymentconfigs", frozenset(["", "apps.openshift.io"]), _TEMPLATE),
    "Deployment": ("deployments", frozenset(["apps", "extensions"]), _TEMPLATE),
    "ReplicaSet": ("replicasets", frozenset(["apps", "extensions"]), _TEMPLATE),
    "DaemonSet": ("daemonsets", frozenset(["apps", "extensions"]), _TEMPLATE),
    "StatefulSet": ("statefulsets", frozenset(["apps"]), _TEMPLATE),
    "Job": ("jobs", frozenset(["batch", "extensions"]), _TEMPLATE),
    "CronJob": ("cronjobs", frozenset(["batch"]), ("spec", "jobTemplate", "spec", "template")),
    "Build": ("builds", frozenset(["", "build.openshift.io"]), None),
    "BuildConfig": ("buildconfigs", frozenset(["", "build.openshift.io"]), None),
}
#: A template that may be left out, and then the plug-in refuses the object.
_TEMPLATE_MAY_BE_MISSING = frozenset(["ReplicationController", "DeploymentConfig"])
#: Every resource that rules can be about, as the plug-in sees it.
RESOURCES = frozenset(
    Resource(name, "" if group.endswith(_OPENSHIFT) else group)
    for name, groups, _template in _KINDS.values()
    for group in groups
)


class Reference(NamedTuple):
    """An image as an object names it; only builds name anything else than a DockerImage."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        if self.kind == DOCKER_IMAGE:
            return self.name
        return f"{self.kind} {self.namespace}{'/' if self.namespace else ''}{self.name}"


@dataclass(frozen=True)
class Creation:
    """One object that somebody creates. images is None where the plug-in finds no list of images in it."""

    what: str
    resource: Resource
    namespace: str
    images: tuple[tuple[str, Reference], ...] | None
    resolves_names: bool = False


def of_image(text: str, namespace: str) -> Creation:
    """Make a pod with one container."""
    images = (("spec.containers[0].image", Reference(DOCKER_IMAGE, text)),)
    return Creation(f"a pod of {quoted(text)}", Resource("pods"), namespace, images)


def of_manifest(manifest: Mapping[str, Any], namespace: str, release: Release) -> Creation:
    """Read a manifest. Raises PolicyProblem, naming object and field, where no API server would take it."""
    what = name_of(manifest)
    kind = _text(manifest, "kind", what)
    if not kind:
        raise PolicyProblem(f"{what}: kind is missing")
    api = _text(manifest, "apiVersion", what)
    if not api and "" not in _KINDS.get(kind, ("", frozenset([""]), None))[1]:
        raise PolicyProblem(f"{what}: apiVersion is missing")
    group = api.rpartition("/")[0]
    metadata = _at(manifest, ("metadata",), what)
    namespace = _text(metadata, "namespace", what, "metadata.") or namespace
    name, groups, template = _KINDS.get(kind, (_plural(kind), frozenset(), None))
    resource = Resource(name, "" if group.endswith(_OPENSHIFT) else group)
    if group not in groups:
        return Creation(what, resource, namespace, None)
    if template is None:
        annotated = _resolves(metadata, what)
        images = tuple(_of_build(manifest, what, release))
        return Creation(what, resource, namespace, images, annotated)
    if kind in _TEMPLATE_MAY_BE_MISSING and _at(manifest, ("spec",), what).get("template") is None:
        return Creation(what, resource, namespace, None)
    inner = _at(manifest, template, what)
    annotated = _resolves(_at(inner, ("metadata",), what), what) or _resolves(metadata, what)
    path = ".".join((*template, "spec"))
    return Creation(what, resource, namespace, tuple(_of_pod(_at(inner, ("spec",), what), path, what)), annotated)


def _of_pod(spec: Mapping[str, Any], path: str, what: str) -> Iterator[tuple[str, Reference]]:
    for key in ("initContainers", "containers"):
        for n, container in enumerate(_list(spec, key, what, f"{path}.")):
            image = _text(container, "image", what, f"{path}.{key}[{n}].")
            yield f"{path}.{key}[{n}].image", Reference(DOCKER_IMAGE, image)


def _of_build(manifest: Mapping[str, Any], what: str, release: Release) -> Iterator[tuple[str, Reference]]:
    source = _at(manifest, ("spec", "source"), what)
    for n, image in enumerate(_list(source, "images", what, "spec.source.")):
        yield f"spec.source.images[{n}].from", _reference(_at(image, ("from",), what), what)
    strategies = _at(manifest, ("spec", "strategy"), what)
    for key in ("customStrategy", "dockerStrategy", "sourceStrategy"):
        strategy = _at(strategies, (key,), what)
        if strategies.get(key) is not None and (key != "dockerStrategy" or strategy.get("from") is not None):
            yield f"spec.strategy.{key}.from", _of_strategy(_reference(_at(strategy, ("from",), what), what))
    source = _at(strategies, ("sourceStrategy",), what)
    if release.has_runtime_images and source.get("runtimeImage") is not None:
        yield "spec.strategy.sourceStrategy.runtimeImage", _reference(_at(source, ("runtimeImage",), what), what)


def _of_strategy(written: Reference) -> Reference:
    """Complete a strategy's reference: it means a tag where it names no kind, and latest of an ImageStream."""
    if written.kind == "ImageStream":
        return written._replace(kind=TAG, name=f"{written.name}:{LATEST}")
    return written if written.kind else written._replace(kind=TAG)


def _reference(value: Mapping[str, Any], what: str) -> Reference:
    return Reference(*(_text(value, key, what, "from.") for key in ("kind", "name", "namespace")))


def _resolves(metadata: Mapping[str, Any], what: str) -> bool:
    return bool(_at(metadata, ("annotations",), what).get(RESOLVE_NAMES) == "*")


def _plural(kind: str) -> str:
    """Guess the resource of a kind that is not in the table, as the API machinery does."""
    name = kind.lower()
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


def _at(value: Mapping[str, Any], path: tuple[str, ...], what: str) -> Mapping[str, Any]:
    """Return the mapping at the end of a path; it is empty where it is absent or null."""
    for n, key in enumerate(path):
        found = value.get(key)
        if found is not None and not isinstance(found, Mapping):
            raise _mismatch(what, ".".join(path[: n + 1]), "a mapping", found)
        value = found or {}
    return value


def _list(value: Mapping[str, Any], key: str, what: str, path: str) -> Iterator[Mapping[str, Any]]:
    found = value.get(key)
    if found is not None and not isinstance(found, list):
        raise _mismatch(what, f"{path}{key}", "a list", found)
    for n, item in enumerate(found or ()):
        if item is not None and not isinstance(item, Mapping):
            raise _mismatch(what, f"{path}{key}[{n}]", "a mapping", item)
        yield item or {}


def _text(value: Mapping[str, Any], key: str, what: str, path: str = "") -> str:
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise _mismatch(what, f"{path}{key}", "text", found)
    return found or ""


def _mismatch(what: str, path: str, wanted: str, found: Any) -> PolicyProblem:
    return PolicyProblem(f"{what}: {path} must be {wanted}, not {kind_of(found)}")
