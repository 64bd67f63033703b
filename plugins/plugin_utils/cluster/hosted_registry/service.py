# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of OpenShift 3 as it was asked for: which objects are wanted, judged before the first write.

The order of writing: what pods read comes before the template that makes them read it; what goes, goes when no pod
needs it any more.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...formats import FormatError, yaml_text
from ...libraries import yaml
from ...plan.plan import checksum, mark_of
from ...policy.certificates import Certificate
from ...policy.trust import Trust
from ...policy.trust import read as read_trust
from ...policy.word import PolicyError, Reading
from ...resolution.references import is_location
from ...shapes import fits
from .. import managers
from ..api import ClusterProblem, Manifest, Ref, annotation, at
from ..changes import ClusterDraft, Until, WantedObject
from ..client import Client
from ..image_registry.values import quantity
from ..integrated_registry import claims as making
from ..integrated_registry import credentials
from ..labels import is_subdomain
from ..marks import LABEL
from ..merge_patch import applied
from ..seen import Cluster, Unread
from . import (
    CLAIMS,
    CLASSES,
    CONFIG_MAPS,
    CONTROLLERS,
    PODS,
    SECRETS,
    VOLUMES,
    WORKLOADS,
    authorities,
    rollout,
    storage,
    template,
)
from .options import ASKING, CHANGE_OPTIONS, LOSS, OPTIONS, SURVEY_OPTIONS, VARIABLES, fill

__all__ = [
    "ASKING",
    "CHANGE_OPTIONS",
    "OPTIONS",
    "SURVEY_OPTIONS",
    "VARIABLES",
    "WATCH",
    "draft",
    "fill",
    "read",
    "survey",
]

WATCH: tuple[Ref, ...] = ()


def access(projects: tuple[str, ...]) -> dict[Ref, tuple[str, ...]]:
    """Return what the task reads and writes; projects: that of the registry."""
    found: dict[Ref, tuple[str, ...]] = {Ref(VOLUMES): ("get", "create"), Ref(CLASSES): ("list",)}
    for project in projects:
        found |= {Ref(kind, namespace=project): ("get", "patch") for kind in WORKLOADS.values()}
        found[Ref(CONTROLLERS, namespace=project)] = ("get",)
        found[Ref(PODS, namespace=project)] = ("list",)
        found[Ref(CLAIMS, namespace=project)] = ("get", "create", "patch")
        found[Ref(SECRETS, namespace=project)] = ("get", "create", "patch")
        found[Ref(CONFIG_MAPS, namespace=project)] = ("get", "create", "patch", "delete")
    return found


@dataclass(frozen=True)
class Asked:
    """What a task was asked for. mark: tells secrets apart within one run."""

    workload: Ref
    container: str
    trust: Trust | None
    system: tuple[Certificate, ...] | None
    image: str
    storage: storage.Storage | None
    claim: Mapping[str, Any] | None
    allow: tuple[str, ...]
    warnings: tuple[str, ...]
    wait: bool
    rollback: bool
    mark: Callable[[bytes], str] = field(compare=False)

    @property
    def anything(self) -> bool:
        return self.trust is not None or bool(self.image) or self.storage is not None

    @property
    def namespace(self) -> str:
        return self.workload.namespace

    def ref(self, resource: Any, name: str) -> Ref:
        """Name an object of the registry's project."""
        return Ref(resource, name, self.namespace)


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read what the options say. Raises PolicyError in one sentence before anything is sent."""
    for name in ("namespace", "name", "container"):
        if not is_subdomain(options[name]):
            raise PolicyError(name, options[name], "cannot be a name in the API")
    if unknown := [name for name in options["allow"] if name != LOSS]:
        raise PolicyError("allow", unknown[0], f"is not the name of a loss ({LOSS})")
    asked = storage.read(options["storage"], hide)
    storage.read_claim(options["claim"], asked)
    if options.get("manifests_to") and asked is not None and asked.is_object:
        raise PolicyError("manifests_to", options["manifests_to"], "would hold logins in plain text")
    trust, warnings = _trust(options, Reading(read_file, hide, now, options["warn_days"]))
    key = os.urandom(16)
    return Asked(
        Ref(WORKLOADS[options["kind"]], options["name"], options["namespace"]), options["container"], trust,
        _system(options, trust, read_file), _image(options), asked, options["claim"], tuple(options["allow"]),
        warnings, bool(options.get("wait")), bool(options.get("rollback")), lambda value: mark_of(value, key),
    )  # fmt: skip


def _trust(options: Mapping[str, Any], reading: Reading) -> tuple[Trust | None, tuple[str, ...]]:
    if options["trust"] is None:
        return None, ()
    found = read_trust("trust", options["trust"], reading)
    if lone := next((one.name for one in found.present if not one.cas), None):
        raise PolicyError("trust", lone, "has no ca; the registry is given authorities only")
    return found, found.warnings


def _system(
    options: Mapping[str, Any], trust: Trust | None, read_file: Callable[[str], bytes]
) -> tuple[Certificate, ...] | None:
    text, path = options["authorities"], options["authorities_file"]
    if text is None and path is None:
        return None
    if text is not None and path is not None:
        raise PolicyError("authorities", "the text", "is given beside authorities_file; one of them is enough")
    if trust is None:
        raise PolicyError("authorities", "the text", "is of no use without trust")
    return authorities.read_system(text if path is None else read_file(path).decode("utf-8", "replace"))


def _image(options: Mapping[str, Any]) -> str:
    image = options["image"]
    if image is None:
        return ""
    host, slash, rest = str(image).partition("/")
    bare = rest.partition("@")[0].rpartition(":")[0] or rest.partition("@")[0]
    if not (slash and is_location(host) and bare and image.isprintable() and " " not in image):
        raise PolicyError("image", image, "is not REGISTRY/NAME:TAG")
    return str(image)


# --- draft ---


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Say what is wanted of the cluster, and judge it. Raises NotRead, ClusterProblem."""
    if not asked.anything:
        return ClusterDraft()
    workload = _workload(cluster, asked)
    before: list[WantedObject] = []
    after: list[WantedObject] = []
    warnings, notes = [*asked.warnings], list[str]()
    parts = template.Parts(image=asked.image or None)
    if asked.trust is not None:
        there = cluster.one(authorities.ref(asked.namespace))
        found = authorities.wanted(workload, asked.container, there, asked.trust, asked.system)
        parts |= found.parts
        warnings += found.warnings
        if found.wanted is not None:
            (after if found.goes else before).append(found.wanted)
    if asked.storage is not None:
        stored = _stored(cluster, asked, asked.storage, workload)
        if stored.refusals:
            return ClusterDraft(refusals=stored.refusals)
        parts |= stored.parts
        before += stored.wanted
        warnings += stored.warnings
        notes += stored.notes
    fields = template.fields(workload, asked.container, parts)
    change = WantedObject(
        asked.workload, fields, _why(asked), until=_until(asked),
        view=lambda manifest: _lines(manifest, asked, parts),
    )  # fmt: skip
    if fields:
        refusal = rollout.stands_still(workload, asked.image)
        warnings += _kept_by_others(workload, asked)
        return ClusterDraft((*before, change, *after), tuple(notes), tuple(warnings), (refusal,) if refusal else ())
    return ClusterDraft((*before, change, *after), tuple(notes), tuple(warnings))


def _workload(cluster: Cluster, asked: Asked) -> Manifest:
    found = cluster.one(asked.workload)
    if found is None:
        others = ", ".join(kind for kind in WORKLOADS if kind != asked.workload.resource.kind)
        raise ClusterProblem(f"there is no {asked.workload}; kind may also be {others}, and name another one")
    if not fits(found, template.WORKLOAD):
        raise ClusterProblem(f"{asked.workload}: what the API server tells of it does not look like a workload")
    start = {"kind": asked.workload.resource.kind, **found}
    metadata = {"namespace": asked.namespace, "name": asked.workload.name, **(at(found, "metadata") or {})}
    return {**start, "metadata": metadata}


def _why(asked: Asked) -> str:
    said = {"trust": asked.trust, "image": asked.image or None, "storage": asked.storage}
    return ", ".join(name for name, value in said.items() if value is not None)


def _kept_by_others(workload: Manifest, asked: Asked) -> list[str]:
    found = managers.others(workload, {})
    return [f"{asked.workload} is kept by {' and '.join(found)}, which may write its own again"] if found else []


def _lines(manifest: Manifest, asked: Asked, parts: template.Parts) -> Iterator[str]:
    """Show the parts of ours, and nothing else of a template in which there may be secrets."""
    container = template.container_of(manifest, asked.container)
    yield f"image: {container.get('image')}"
    for name in parts.volumes:
        volume = template.volume_of(manifest, name)
        if volume is not None:
            kind = next((key for key in volume if key != "name"), "emptyDir")
            yield f"volume {name}: {storage.place_text(kind, volume.get(kind))}"
    for path in parts.mounts:
        if (mount := template.mount_at(container, path)) is not None:
            yield f"mount {path}: {mount.get('name')}"
    there = storage.environment(container)
    yield from (f"environment {name}: {there[name]}" for name in parts.env if name in there)
    marks = ((mark, annotation(at(manifest, "spec", "template"), mark)) for mark in (authorities.MARK, storage.MARK))
    yield from (f"{mark.rpartition('/')[2]}: {value}" for mark, value in marks if value)


def _until(asked: Asked) -> Until | None:
    if not asked.wait:
        return None

    def lacks(client: Client, now: Manifest) -> str:
        newest = rollout.controller(now)
        return rollout.not_of(now, client.read(newest) if newest else None)

    def cause(client: Client) -> str:
        return rollout.why(client, client.read(asked.workload) or {})

    return Until(
        rollout.finished, "all pods of the registry to be new and to serve", more=lacks, why=cause,
        rollback=asked.rollback, always=True,
    )  # fmt: skip


# --- storage ---


@dataclass(frozen=True)
class _Stored:
    parts: template.Parts = template.Parts()
    wanted: tuple[WantedObject, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def _stored(cluster: Cluster, asked: Asked, wanted: storage.Storage, workload: Manifest) -> _Stored:
    """Say what the storage needs. Raises NotRead, ClusterProblem."""
    config = _configuration(cluster, asked, workload)
    place = storage.place_of(workload, asked.container, config.value)
    parts = storage.parts(workload, asked.container, wanted, place)
    warnings: list[str] = []
    refusals: list[str] = []
    if wanted.backend == "emptyDir":
        warnings.append("storage: emptyDir loses every image when a pod of the registry is replaced")
        if (at(workload, "spec", "replicas") or 1) > 1:
            refusals.append("storage: emptyDir serves one pod, and the registry has several, each with its own images")
    if storage.is_elsewhere(place, wanted, config.value) and place.backend != "nothing":
        text = f"storage: nothing is copied: images in {place} stay there, and the registry does not find them"
        if place.backend == "emptyDir" or LOSS in asked.allow:
            warnings.append(text)
        else:
            refusals.append(f"{text} (copy them first; allow: [{LOSS}] goes on nevertheless)")
    if wanted.is_object:
        secret, mark = _secret(asked, wanted, config)
        parts |= template.Parts(annotations={storage.MARK: mark} if mark else {})
        return _Stored(parts, (secret,), tuple(warnings), (), tuple(refusals))
    made = _claim(cluster, asked, wanted, workload) if wanted.backend == "pvc" else making.Claims()
    return _Stored(
        parts, made.wanted, (*warnings, *made.warnings), made.notes, (*refusals, *made.refusals),
    )  # fmt: skip


@dataclass(frozen=True)
class _Config:
    """The registry's own configuration: the secret and key that hold it, its text and its value."""

    secret: Ref
    key: str
    there: Manifest | None
    text: str | None
    value: Any


def _configuration(cluster: Cluster, asked: Asked, workload: Manifest) -> _Config:
    """Read the registry's own configuration, where it has one. Raises NotRead, ClusterProblem."""
    name, key = storage.configuration(workload, asked.container)
    if not name:
        container = template.container_of(workload, asked.container)
        mount = template.mount_at(container, storage.CONFIG_DIRECTORY)
        volume = template.volume_of(workload, str(at(mount, "name") or ""))
        name = str(at(volume, "secret", "secretName") or storage.CONFIG_SECRET)
    ref, key = asked.ref(SECRETS, name), key or storage.CONFIG_KEY
    there = cluster.one(ref)
    encoded = at(there, "data", key)
    if encoded is None:
        return _Config(ref, key, there, None, None)
    try:
        text, value = _parsed(encoded)
    except (ValueError, FormatError):
        raise ClusterProblem(f"storage: {key} in {ref} is not YAML that can be edited") from None
    if not fits(value, storage.CONFIGURATION):
        raise ClusterProblem(f"storage: {key} in {ref} is not a configuration of a registry")
    return _Config(ref, key, there, text, value)


def _parsed(encoded: str) -> tuple[str, Any]:
    """Return the text and the value of a configuration. Raises ValueError, FormatError."""
    text = base64.b64decode(encoded).decode()
    return text, yaml_text.parse(text, go=True)


def _secret(asked: Asked, wanted: storage.Storage, config: _Config) -> tuple[WantedObject, str]:
    """Want the configuration with this store. Returns also its mark, "" where no run of ours has changed it."""
    have, data = at(config.there, "data") or {}, _data(wanted, config)
    changes = any(have.get(key) != value for key, value in data.items())
    mark = ""
    if changes or annotation(config.there, storage.MARK):
        read_by_pods = [{**have, **data}.get(key) for key in (config.key, storage.KEY_FILE)]
        mark = checksum(json.dumps(read_by_pods).encode(), secret=True)[:16]
    fields: dict[str, Any] = {} if config.there else {"metadata": {"labels": {LABEL: "storage"}}, "type": "Opaque"}
    if changes:
        fields = applied(fields, {"metadata": {"annotations": {storage.MARK: mark}}, "data": data})
    return WantedObject(config.secret, fields, "storage", view=_view(asked, config.key), secret=True), mark


def _data(wanted: storage.Storage, config: _Config) -> dict[str, str]:
    value = storage.configured(config.value, wanted)
    if config.text is not None:
        text = config.text if value == config.value else yaml_text.edit(config.text, value, go=True)
    else:
        text = yaml.safe_dump(value, sort_keys=False)
    keyfile = wanted.config.get("keyfile")
    return {config.key: _encoded(text), **({storage.KEY_FILE: _encoded(str(keyfile))} if keyfile else {})}


def _view(asked: Asked, key: str) -> Callable[[Manifest], list[str]]:
    def lines(manifest: Manifest) -> list[str]:
        _text, value = _parsed(at(manifest, "data", key) or "")
        return [*credentials.view(asked.mark)(manifest), *storage.lines(value, asked.mark)]

    return lines


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _claim(cluster: Cluster, asked: Asked, wanted: storage.Storage, workload: Manifest) -> making.Claims:
    """Want the claim as asked, and judge the one that is there. Raises NotRead, ClusterProblem."""
    ref = asked.ref(CLAIMS, wanted.claim)
    there = cluster.one(ref)
    replicas = int(at(workload, "spec", "replicas") or 1)
    if there is None and asked.claim is None:
        return making.Claims(refusals=(f"storage: there is no claim {ref.name}; give claim, and it is made",))
    if there is not None and at(there, "metadata", "deletionTimestamp"):
        return making.Claims(refusals=(f"storage: the claim {ref.name} is being deleted; name another one",))
    if there is not None and at(there, "status", "phase") == "Lost":
        return making.Claims(refusals=(f"storage: the claim {ref.name} has lost its volume; name another one",))
    modes = list(at(there, "spec", "accessModes") or (asked.claim or {}).get("access_modes") or ())
    if modes and making.SHARED not in modes and replicas > 1:
        text = f"storage: the claim {ref.name} is {', '.join(modes)}, and {replicas} pods would need ReadWriteMany"
        return making.Claims(refusals=(text,))
    warnings = [f"storage: {text}" for text in _stuck(workload, modes)]
    made = _made(cluster, asked, ref, replicas, there)
    return making.Claims(made.wanted, (*warnings, *made.warnings), made.notes, made.refusals)


def _stuck(workload: Manifest, modes: list[str]) -> Iterator[str]:
    strategy = at(workload, "spec", "strategy", "type")
    if modes and making.SHARED not in modes and strategy in ("Rolling", "RollingUpdate"):
        yield (
            f"the claim is {', '.join(modes)} and the strategy is {strategy}: a new pod on another node cannot mount "
            "it while the old one runs"
        )


def _made(cluster: Cluster, asked: Asked, ref: Ref, replicas: int, there: Manifest | None) -> making.Claims:
    given = dict(asked.claim or {})
    if asked.claim is None:
        return making.Claims()
    modes = list(given.get("access_modes") or ())
    if there is not None and set(modes) - set(at(there, "spec", "accessModes") or ()):
        have = ", ".join(at(there, "spec", "accessModes") or ())
        return making.Claims(refusals=(f"claim: {ref.name} is {have}, which cannot become {', '.join(modes)}",))
    if given.get("volume"):
        return _with_volume(cluster, given, ref, modes or [making.SHARED if replicas > 1 else making.SINGLE], there)
    given["access_mode"] = modes[0] if modes else None
    found = making.wanted(ref, given, replicas, there, cluster.all(Ref(CLASSES)))
    if there is None and given.get("annotations") and found.wanted:
        first = found.wanted[0]
        more = {"metadata": {"annotations": given["annotations"]}, "spec": {"accessModes": modes} if modes else {}}
        found = making.Claims((WantedObject(first.ref, applied(first.fields, more), first.why),), found.warnings)
    return found


def _with_volume(
    cluster: Cluster, given: Mapping[str, Any], ref: Ref, modes: list[str], there: Manifest | None
) -> making.Claims:
    """Want a volume and a claim that is bound to it by name; both are fixed once they are there."""
    name = str(given.get("volume_name") or ref.name)
    place = Ref(VOLUMES, name)
    have = cluster.one(place)
    capacity = at(have, "spec", "capacity", "storage")
    size = given.get("size") or capacity or making.DEFAULT_SIZE
    kind, source = next(iter(given["volume"].items()))
    if have is not None and (refusal := _other_volume(have, place, kind, source, ref)):
        return making.Claims(refusals=(refusal,))
    if there is not None and (bound := at(there, "spec", "volumeName")) and bound != name:
        return making.Claims(refusals=(f"claim: {ref.name} is bound to the volume {bound}, not {name}; name another",))
    holds = at(there, "status", "capacity", "storage") or capacity
    is_small = holds is not None and (quantity(size) or 0) > (quantity(holds) or 0)
    if is_small and there is None:
        return making.Claims(refusals=(f"claim: the {place} has {holds}, and a claim of {size} is never bound to it",))
    made: list[WantedObject] = []
    if have is None:
        spec = {
            "capacity": {"storage": size}, "accessModes": modes, "persistentVolumeReclaimPolicy": "Retain", kind: source
        }  # fmt: skip
        made.append(WantedObject(place, {"metadata": {"labels": {LABEL: "claim"}}, "spec": spec}, "claim"))
    if there is None:
        metadata: dict[str, Any] = {"labels": {LABEL: "claim"}}
        if given.get("annotations"):
            metadata["annotations"] = given["annotations"]
        spec = {
            "accessModes": modes, "resources": {"requests": {"storage": size}}, "volumeName": name,
            "storageClassName": "",
        }  # fmt: skip
        made.append(WantedObject(ref, {"metadata": metadata, "spec": spec}, "claim"))
    told = [making.nfs(f"the volume {name}")] if kind == "nfs" and made else []
    if is_small and "size" in given:
        told.append(f"claim: {ref.name} has {holds}, and a volume that was made by hand does not grow to {size}")
    return making.Claims(tuple(made), tuple(told))


def _other_volume(have: Manifest, place: Ref, kind: str, source: Mapping[str, Any], claim: Ref) -> str:
    """Say why a volume that is there cannot serve, "" when it can."""
    there = at(have, "spec", kind)
    if not isinstance(there, Mapping) or any(there.get(key) not in (value, None) for key, value in source.items()):
        return f"claim: the {place} is there and is another one; give volume_name"
    holder = at(have, "spec", "claimRef") or {}
    if holder and (holder.get("namespace"), holder.get("name")) != (claim.namespace, claim.name):
        return f"claim: the {place} is held by the claim {holder.get('namespace')}/{holder.get('name')}"
    return ""


# --- report ---


def survey(cluster: Cluster, asked: Asked) -> dict[str, Any]:
    """Report what the cluster has now. Raises NotRead, ClusterProblem."""
    workload = _workload(cluster, asked)
    container = template.container_of(workload, asked.container)
    there = cluster.try_one(authorities.ref(asked.namespace))
    system, ours = authorities.split(None if isinstance(there, Unread) else there)
    newest = rollout.controller(workload)
    lacks = rollout.unfinished(workload) or rollout.not_of(workload, cluster.one(newest) if newest else None)
    mounted = at(template.mount_at(container, authorities.DIRECTORY), "name") == authorities.VOLUME
    return {
        "registry": {
            "kind": asked.workload.resource.kind, "image": container.get("image") or "",
            "replicas": at(workload, "spec", "replicas") or 0,
            "authorities": {
                "mounted": mounted, "system": len(system), "ours": [one.line() for one in ours],
            },
            "storage": _storage_now(cluster, asked, workload),
            "unfinished": lacks,
        },
    }  # fmt: skip


def _storage_now(cluster: Cluster, asked: Asked, workload: Manifest) -> dict[str, str]:
    place = storage.place_of(workload, asked.container, _configuration(cluster, asked, workload).value)
    found = {"backend": place.backend, "place": place.name}
    if place.backend == "pvc":
        there = cluster.try_one(asked.ref(CLAIMS, place.name))
        phase = "unread" if isinstance(there, Unread) else str(at(there, "status", "phase") or "missing")
        found["claim"] = "being deleted" if at(there, "metadata", "deletionTimestamp") else phase
    return found
