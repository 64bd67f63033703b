# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods and daemon sets, read from manifests: what a drain looks at, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ...resolution.references import quoted
from ..openshift4 import texts
from ..openshift4.objects import Manifest, cited, kind_of, name_of
from . import DrainProblem

_MIRROR = "kubernetes.io/config.mirror"
_FINISHED = ("Succeeded", "Failed")
_NO_NAMESPACE = "default"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?")
#: Go's time zero: not set.
NEVER = datetime(1, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Pod:
    """What a drain looks at. controller: kind, apiVersion and name of the owner that is the controller."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    controller: tuple[str, str, str] | None
    is_mirror: bool
    has_local_data: bool
    is_finished: bool
    deleted: datetime | None

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"


def read(value: Any) -> Iterator[Pod]:
    """Yield the pods of manifests, of lists of them, or of their text as YAML.

    Raises DrainProblem or ManifestProblem for a wrong shape; null is the same as absent, as in Go.
    """
    if value is None or not isinstance(value, (str, list, tuple, Mapping)):
        raise DrainProblem(f"the pods must be Pod manifests, not {kind_of(value)}: {cited(value)}")
    for manifest in _manifests(value, "the pods", "Pod"):
        yield _pod(manifest)


def daemon_sets(value: Any) -> Iterator[str]:
    """Yield namespace/name of daemon sets that are given so, or as manifests. Raises as read does."""
    items = value if isinstance(value, (list, tuple)) else [value]
    for item in items:
        if isinstance(item, str):
            if not re.fullmatch(r"[^/\s]+/[^/\s]+", item):
                raise DrainProblem(f"daemonsets must hold namespace/name or manifests, not {quoted(item)}")
            yield item
            continue
        for manifest in _manifests(item, "daemonsets", "DaemonSet"):
            namespace, name = _names(manifest)
            yield f"{namespace}/{name}"


def _manifests(value: Any, argument: str, kind: str) -> Iterator[Manifest]:
    files = {"name": argument, "content": value} if isinstance(value, str) else value
    for manifest in texts.documents(files):
        if manifest.get("kind") not in (None, kind):
            raise DrainProblem(f"{argument} must be manifests of kind {kind}, and one is {name_of(manifest)}")
        yield manifest


def _names(manifest: Manifest) -> tuple[str, str]:
    metadata = _mapping(manifest, "metadata", manifest)
    namespace, name = (_text(metadata, key, f"metadata.{key}", manifest) for key in ("namespace", "name"))
    if not name:
        raise DrainProblem(f"{name_of(manifest)}: metadata.name is missing")
    return namespace or _NO_NAMESPACE, name


def _pod(manifest: Manifest) -> Pod:
    namespace, name = _names(manifest)
    metadata, spec, status = (_mapping(manifest, part, manifest) for part in ("metadata", "spec", "status"))
    deleted = metadata.get("deletionTimestamp")
    when = None if deleted is None else time(f"{name_of(manifest)}: metadata.deletionTimestamp", deleted)
    pairs = _mapping(metadata, "labels", manifest, "metadata.labels")
    return Pod(
        namespace=namespace,
        name=name,
        labels={key: _text(pairs, key, "a label", manifest) for key in pairs},
        controller=_controller(metadata, manifest),
        is_mirror=_MIRROR in _mapping(metadata, "annotations", manifest, "metadata.annotations"),
        has_local_data=any(
            _optional_mapping(volume, "emptyDir", manifest, "spec.volumes[].emptyDir") is not None
            for volume in _items(spec, "volumes", manifest, "spec.volumes")
        ),
        is_finished=_text(status, "phase", "status.phase", manifest) in _FINISHED,
        deleted=None if when == NEVER else when,
    )


def _controller(metadata: Manifest, manifest: Manifest) -> tuple[str, str, str] | None:
    """Return the first owner that says it is the controller, as GetControllerOf does."""
    where = "metadata.ownerReferences"
    for owner in _items(metadata, "ownerReferences", manifest, where):
        is_controller = owner.get("controller")
        if not isinstance(is_controller, (bool, type(None))):
            raise _wrong(manifest, f"{where}[].controller", "true or false", is_controller)
        if is_controller:
            kind, version, name = (
                _text(owner, key, f"{where}[].{key}", manifest) for key in ("kind", "apiVersion", "name")
            )
            return kind, version, name
    return None


def _mapping(holder: Manifest, key: str, manifest: Manifest, path: str = "") -> Mapping[str, Any]:
    return _optional_mapping(holder, key, manifest, path) or {}


def _optional_mapping(holder: Manifest, key: str, manifest: Manifest, path: str) -> Mapping[str, Any] | None:
    found = holder.get(key)
    if found is not None and not isinstance(found, Mapping):
        raise _wrong(manifest, path or key, "a mapping", found)
    return found


def _items(holder: Manifest, key: str, manifest: Manifest, path: str) -> Iterable[Manifest]:
    found = holder.get(key)
    if found is None:
        return []
    if not isinstance(found, (list, tuple)):
        raise _wrong(manifest, path, "a list", found)
    for item in found:
        if not isinstance(item, (Mapping, type(None))):
            raise _wrong(manifest, f"{path}[]", "a mapping", item)
    return [item for item in found if item is not None]


def _text(holder: Manifest, key: str, path: str, manifest: Manifest) -> str:
    found = holder.get(key)
    if found is not None and not isinstance(found, str):
        raise _wrong(manifest, path, "text", found)
    return found or ""


def _wrong(manifest: Manifest, path: str, wanted: str, found: object) -> DrainProblem:
    return DrainProblem(f"{name_of(manifest)}: {path} must be {wanted}, not {kind_of(found)}: {cited(found)}")


def time(name: str, value: Any) -> datetime:
    """Read an ISO time; one without a zone is in UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        if match:
            fraction, zone = (match[3] or "0")[:6], match[4] or "Z"
            return datetime.fromisoformat(f"{match[1]}T{match[2]}.{fraction:0<6}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError:
        pass
    raise DrainProblem(f"{name} must be a time such as 2026-06-01T12:00:00Z, not {cited(value)}")
