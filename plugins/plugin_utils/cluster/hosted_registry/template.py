# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod template with parts of ours: lists are merged as the API merges them, by the key of their entries.

Source: Kubernetes API reference (patchMergeKey: volumes, containers and env by name, volumeMounts by mountPath). The
merge is made here and sent with the version that was read, because servers do not merge so for every kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...shapes import Each
from ..api import ClusterProblem, Manifest, at

Item = Mapping[str, Any]
_NUMBER = (int, None)
_NAMED = {"name": str}
_CONTAINER = {
    "name": str, "image?": (str, None), "env?": ([_NAMED], None),
    "volumeMounts?": ([{"name": str, "mountPath": str}], None),
}  # fmt: skip
#: What is looked at in an object that runs pods.
WORKLOAD = {
    "metadata": {"generation?": _NUMBER, "annotations?": (Each(str), None), "labels?": (Each(str), None)},
    "spec": {
        "replicas?": _NUMBER, "triggers?": ([dict], None), "selector?": (dict, None),
        "template": {
            "metadata?": ({"annotations?": (Each(str), None)}, None),
            "spec": {"containers": [_CONTAINER], "volumes?": ([_NAMED], None)},
        },
    },
    "status?": (
        {
            f"{name}?": _NUMBER
            for name in (
                "observedGeneration", "latestVersion", "replicas", "updatedReplicas", "availableReplicas",
                "desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable",
            )
        },
        None,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """What the template shall have; None takes a part away. All by name, mounts by path.

    volumes: the source, as {"secret": {…}}. mounts: the name of the volume. env: the value. annotations: the value.
    """

    volumes: Mapping[str, Item | None] = field(default_factory=dict)
    mounts: Mapping[str, str | None] = field(default_factory=dict)
    env: Mapping[str, str | None] = field(default_factory=dict)
    annotations: Mapping[str, str | None] = field(default_factory=dict)
    image: str | None = None

    def __or__(self, other: Parts) -> Parts:
        return Parts(
            {**self.volumes, **other.volumes}, {**self.mounts, **other.mounts}, {**self.env, **other.env},
            {**self.annotations, **other.annotations}, other.image or self.image,
        )  # fmt: skip


def pod_of(workload: Manifest) -> Mapping[str, Any]:
    """Return the specification of the workload's pods."""
    return at(workload, "spec", "template", "spec") or {}


def container_of(workload: Manifest, name: str) -> Mapping[str, Any]:
    """Return the container of this name. Raises ClusterProblem."""
    found = [one for one in pod_of(workload).get("containers") or () if isinstance(one, Mapping)]
    for one in found:
        if one.get("name") == name:
            return one
    there = ", ".join(str(one.get("name")) for one in found) or "none"
    raise ClusterProblem(f"container: there is no container {name} in the registry's pods; they have {there}")


def volume_of(workload: Manifest, name: str) -> Item | None:
    """Return the volume of this name, None without it."""
    return next((one for one in pod_of(workload).get("volumes") or () if at(one, "name") == name), None)


def mount_at(container: Mapping[str, Any], path: str) -> Item | None:
    """Return the mount at a path, None without it."""
    return next((one for one in container.get("volumeMounts") or () if _path(one) == path), None)


def mounts_around(container: Mapping[str, Any], path: str) -> list[Item]:
    """Return the mounts at a path and below it, which would hide what is mounted there."""
    return [one for one in container.get("volumeMounts") or () if f"{_path(one)}/".startswith(f"{path}/")]


def _path(mount: Any) -> str:
    return str(at(mount, "mountPath") or "").rstrip("/")


def fields(workload: Manifest, container: str, parts: Parts) -> dict[str, Any]:
    """Return the merge patch that brings the parts into a workload, {} when they are there. Raises ClusterProblem."""
    found = container_of(workload, container)
    pod: dict[str, Any] = {}
    if parts.volumes:
        pod["volumes"] = _volumes(pod_of(workload).get("volumes") or (), parts.volumes)
    inner: dict[str, Any] = {}
    if parts.mounts:
        mounts = {
            path: None if name is None else {"name": name, "mountPath": path} for path, name in parts.mounts.items()
        }
        inner["volumeMounts"] = _by_key(found.get("volumeMounts") or (), mounts, "mountPath")
    if parts.env:
        env = {name: None if value is None else {"name": name, "value": value} for name, value in parts.env.items()}
        inner["env"] = _by_key(found.get("env") or (), env, "name")
    if parts.image:
        inner["image"] = parts.image
    if inner:
        whole = _without_empty({**found, **inner})
        pod["containers"] = [whole if one is found else one for one in pod_of(workload)["containers"]]
    have = at(workload, "spec", "template", "metadata", "annotations") or {}
    marks = {key: value for key, value in parts.annotations.items() if have.get(key) != value}
    template: dict[str, Any] = {"metadata": {"annotations": marks}} if marks else {}
    changed = {key: value or None for key, value in pod.items() if list(value) != list(pod_of(workload).get(key) or ())}
    if changed:
        template["spec"] = changed
    return {"spec": {"template": template}} if template else {}


def _volumes(have: Iterable[Item], wanted: Mapping[str, Item | None]) -> list[Item]:
    """Merge a source that stays of its kind, so that what servers filled in stays; replace one of another kind."""
    found: dict[str, Item | None] = {}
    there = {str(at(one, "name")): one for one in have}
    for name, source in wanted.items():
        if source is None:
            found[name] = None
            continue
        kind = next(iter(source))
        old = at(there.get(name), kind)
        # what is named otherwise is another object, of which nothing that was said of the first holds
        same = isinstance(old, Mapping) and all(old.get(key) == value for key, value in source[kind].items())
        found[name] = there[name] if same else {"name": name, **source}
    return _by_key(there.values(), found, "name", merge=False)


def _by_key(have: Iterable[Item], wanted: Mapping[str, Item | None], key: str, *, merge: bool = True) -> list[Item]:
    """Return a list in which entries of these keys are as wanted, in their places; new ones are at the end."""
    found: list[Item] = []
    left = dict(wanted)
    for one in have:
        name = str(at(one, key) or "")
        name = name.rstrip("/") if key == "mountPath" else name
        if name not in wanted:
            found.append(one)
        elif (entry := left.pop(name, None)) is not None:
            kept = {inner: value for inner, value in one.items() if inner != "valueFrom"} if merge else {}
            found.append({**kept, **entry, **({key: one[key]} if merge else {})})
    return [*found, *(entry for entry in left.values() if entry is not None)]


def _without_empty(container: Mapping[str, Any]) -> dict[str, Any]:
    """Leave lists out that became empty; a server has none then."""
    return {key: value for key, value in container.items() if key not in ("env", "volumeMounts") or value}
