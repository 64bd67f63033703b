# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plug-in can learn from the API of a cluster: its images, streams and tags, and annotations of namespaces.

What is not among the manifests counts as not there, as it would for GET.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..openshift4 import ManifestProblem, texts
from ..openshift4.objects import kind_of, name_of
from . import PolicyProblem

IGNORE_RULES = "alpha.image.policy.openshift.io/ignore-rules"


@dataclass(frozen=True)
class Image:
    """docker_labels is None where the image has no configuration of docker."""

    name: str
    reference: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    docker_labels: Mapping[str, str] | None


@dataclass(frozen=True)
class Stream:
    repository: str
    local: bool


@dataclass(frozen=True)
class Tag:
    """local: the stream lends its short names to the images of its namespace."""

    image: Image
    local: bool


@dataclass(frozen=True)
class Known:
    """Streams, tags and stream images by namespace and name."""

    images: dict[str, Image] = field(default_factory=dict)
    streams: dict[tuple[str, str], Stream] = field(default_factory=dict)
    tags: dict[tuple[str, str], Tag] = field(default_factory=dict)
    stream_images: dict[tuple[str, str], Image] = field(default_factory=dict)
    ignored_rules: dict[str, frozenset[str]] = field(default_factory=dict)


def read(manifests: Any, namespace: str) -> Known:
    """Read the manifests that matter; lists are opened, other kinds are passed over.

    namespace: where objects are that do not say so. Raises PolicyProblem.
    """
    known = Known()
    for manifest in _opened(manifests):
        reader = _Reader(manifest)
        group = str(manifest.get("apiVersion") or "").rpartition("/")[0]
        if group not in ("", "image.openshift.io", "project.openshift.io"):
            continue  # config.openshift.io has an Image of its own
        name = reader.text("metadata", "name")
        key = (reader.text("metadata", "namespace") or namespace, name)
        match manifest.get("kind"):
            case "Image":
                known.images[name] = reader.image()
            case "ImageStream":
                repository = reader.text("status", "dockerImageRepository")
                known.streams[key] = Stream(repository, reader.flag("spec", "lookupPolicy", "local"))
            case "ImageStreamTag":
                known.tags[key] = Tag(reader.image("image"), reader.flag("lookupPolicy", "local"))
            case "ImageStreamImage":
                known.stream_images[key] = reader.image("image")
            case "Namespace" | "Project":
                rules = reader.texts("metadata", "annotations").get(IGNORE_RULES, "")
                known.ignored_rules[name] = frozenset(rules.split(",")) if rules else frozenset()
    return known


def _opened(manifests: Any) -> Iterator[Mapping[str, Any]]:
    try:
        yield from texts.documents(manifests)
    except ManifestProblem as problem:
        raise PolicyProblem(f"known: {problem}") from None


class _Reader:
    """Takes fields out of one manifest; every method raises PolicyProblem naming it and the field."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self.manifest = manifest

    def text(self, *path: str) -> str:
        value = self._value(path)
        return "" if value is None else self._of_type(value, str, path, "text")

    def flag(self, *path: str) -> bool:
        return self._value(path) is not None and self._of_type(self._value(path), bool, path, "true or false")

    def texts(self, *path: str) -> Mapping[str, str]:
        values = self._of_type(self._value(path) or {}, Mapping, path, "a mapping")
        for key, value in values.items():
            self._of_type(value or "", str, (*path, str(key)), "text")
        return {key: value or "" for key, value in values.items()}

    def image(self, *path: str) -> Image:
        config = (*path, "dockerImageMetadata", "Config")
        return Image(
            self.text(*path, "metadata", "name"),
            self.text(*path, "dockerImageReference"),
            self.texts(*path, "metadata", "labels"),
            self.texts(*path, "metadata", "annotations"),
            None if self._value(config) is None else self.texts(*config, "Labels"),
        )

    def _value(self, path: tuple[str, ...]) -> Any:
        value: Any = self.manifest
        for n, key in enumerate(path):
            value = self._of_type({} if value is None else value, Mapping, path[:n], "a mapping").get(key)
        return value

    def _of_type(self, value: Any, wanted: Any, path: tuple[str, ...], called: str) -> Any:
        if not isinstance(value, wanted):
            where = f"known: {name_of(self.manifest)}: {'.'.join(path)}"
            raise PolicyProblem(f"{where} must be {called}, not {kind_of(value)}")
        return value
