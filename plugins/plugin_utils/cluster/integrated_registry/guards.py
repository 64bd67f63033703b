# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operator would answer to the change: refusals stop the task, and losses do unless allowed by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..api import ClusterProblem, Manifest, Ref, at
from ..changes import WantedObject
from ..image_registry import REFUSE, problems
from ..image_registry.asked import DEFAULT_CLAIM
from ..image_registry.backends import MINTED_SECRET, USER_SECRET
from ..merge_patch import applied
from ..preflight import release_of
from ..seen import Cluster
from . import CLAIMS, CONFIG, INFRASTRUCTURE, VERSION, authorities, secret

Found = Mapping[str, Any]

#: Name → which warning of image_registry_problems is a loss, and stops the task unless `allow` has the name.
LOSSES: Mapping[str, Callable[[Found], bool]] = {
    "storage-deleted": lambda one: one["path"] == "managementState" and "Removed deletes" in one["sentence"],
    "images-left-behind": lambda one: one["path"] == "storage" and "nothing is copied" in one["sentence"],
    "storage-deletable": lambda one: one["path"] == "storage.managementState",
    "images-differ": lambda one: one["path"] == "storage.emptyDir",
    "nothing-applied": lambda one: one["path"] == "managementState" and "applie" in one["sentence"],
    "one-disk": lambda one: one["path"] == "storage.pvc.claim" and "serves one replica" in one["sentence"],
}
_COPY = "copy them first, for instance with read_only: true set"
#: What helps where a loss stops the task.
_WAY_OUT: Mapping[str, str] = {
    "storage-deleted": "storage with managementState: Unmanaged keeps it",
    "images-left-behind": _COPY,
    "storage-deletable": "storage with managementState: Unmanaged keeps it",
    "images-differ": "replicas: 1",
    "nothing-applied": "state: Managed",
    "one-disk": "replicas: 1 and rollout_strategy: Recreate; else a new pod on another node waits for the disk",
}


@dataclass(frozen=True)
class Judged:
    """What stops the change, and what a person is to hear of it."""

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass
class _Sorting:
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def judge(
    cluster: Cluster, config: Manifest, wanted: Iterable[WantedObject], allow: Iterable[str], release: object
) -> Judged:
    """Sort what the operator would answer. Raises NotRead, and ClusterProblem where something cannot be read."""
    wanted, allowed = tuple(wanted), set(allow)
    patch = next((one.fields for one in wanted if one.ref == CONFIG), {})
    current: Mapping[str, Any] = at(config, "spec") or {}
    spec = applied(current, at(patch, "spec") or {})
    minor = release_of(cluster, release).name
    now = objects(cluster, current, spec)
    later = _with(now, wanted)
    before = problems.of(current, current, now, minor)
    sorting = _Sorting()
    for one in problems.of(spec, current, later, minor):
        _sort(one, {(each["path"], each["sentence"]) for each in before}, allowed, sorting)
    return Judged(tuple(sorting.refusals), tuple(sorting.warnings))


def _sort(one: Found, known: set[tuple[str, str]], allowed: set[str], sorting: _Sorting) -> None:
    text = f"{one['path']}: {one['sentence']}"
    name = next((name for name, holds in LOSSES.items() if holds(one)), "")
    if (one["path"], one["sentence"]) in known:
        sorting.warnings.append(f"already so: {text}")
    elif one["effect"] == REFUSE or "is not known to the API" in one["sentence"]:
        sorting.refusals.append(text)
    elif "is being deleted" in one["sentence"]:
        sorting.refusals.append(text)
    elif name and name not in allowed:
        way_out = _COPY if "they are in its pods" in one["sentence"] else _WAY_OUT[name]
        sorting.refusals.append(f"{text} ({way_out}; allow: [{name}] goes on nevertheless)")
    else:
        sorting.warnings.append(text)


def objects(cluster: Cluster, *specs: Mapping[str, Any]) -> list[Manifest]:
    """Read what the operator would read for these specs. Raises NotRead, ClusterProblem."""
    refs = list(dict.fromkeys(ref for spec in specs for ref in reads(spec)))
    cluster.need(INFRASTRUCTURE, VERSION, CLAIMS, *refs)
    found = [_named(ref, cluster.one(ref)) for ref in (INFRASTRUCTURE, *refs)]
    kind = {"apiVersion": "v1", "kind": CLAIMS.resource.kind}
    return [*(one for one in found if one), *({**kind, **one} for one in cluster.all(CLAIMS))]


def _named(ref: Ref, found: Manifest | None) -> Manifest | None:
    return None if found is None else {**found, "kind": ref.resource.kind, "apiVersion": ref.resource.api_version}


def reads(spec: Mapping[str, Any]) -> list[Ref]:
    """Name the objects that the operator reads for a spec, beside claims and the platform."""
    names = [USER_SECRET, MINTED_SECRET]
    names += [str(at(one, "secretName") or "") for one in spec.get("routes") or ()]
    names.append(str(at(spec, "storage", "s3", "cloudFront", "privateKey", "name") or ""))
    bundle = str(at(spec, "storage", "s3", "trustedCA", "name") or "")
    return [*(secret(name) for name in names if name), *([authorities(bundle)] if bundle else [])]


def _with(now: Iterable[Manifest], wanted: Iterable[WantedObject]) -> list[Manifest]:
    """Return the objects as they will be once everything that is wanted has been written."""
    kept = {(one.get("kind"), at(one, "metadata", "name")): one for one in now}
    for one in wanted:
        key = (one.ref.resource.kind, one.ref.name)
        if one.fields is None:
            kept.pop(key, None)
        else:
            kept[key] = applied(kept.get(key, one.ref.manifest()), one.fields)
    return list(kept.values())


def refuse_claim_twice(cluster: Cluster, name: str) -> None:
    """Refuse the operator's own claim for a person's when it is not the operator's. Raises ClusterProblem."""
    there = next((one for one in cluster.all(CLAIMS) if at(one, "metadata", "name") == DEFAULT_CLAIM), None)
    if not name and there is not None and not at(there, "metadata", "annotations", "imageregistry.openshift.io"):
        raise ClusterProblem(
            f"storage.pvc.claim: {DEFAULT_CLAIM} exists and is not the operator's; name it, or another one"
        )
