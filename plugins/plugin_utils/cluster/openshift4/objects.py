# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests as people have them (files, lists, `oc get -o yaml`) read into what the operator looks at.

A list that is absent or null is None and differs from an empty one, as nil and [] do in the operator.
Sources: API config/v1 types_image.go, types_image_digest_mirror_set.go, types_cluster_image_policy.go, and
operator/v1alpha1 types_image_content_source_policy.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...problems import one_line
from . import ManifestProblem
from .releases import Release

Manifest = Mapping[str, Any]

CONFIG = "config.openshift.io"
NEVER = "NeverContactSource"
ALLOW = "AllowContactingSource"

#: kind → API group, field of the spec with the mirror sets
MIRROR_KINDS = {
    "ImageContentSourcePolicy": ("operator.openshift.io", "repositoryDigestMirrors"),
    "ImageDigestMirrorSet": (CONFIG, "imageDigestMirrors"),
    "ImageTagMirrorSet": (CONFIG, "imageTagMirrors"),
}
GROUPS = {kind: group for kind, (group, field_of_sets) in MIRROR_KINDS.items()} | dict.fromkeys(
    ("Image", "ClusterVersion", "ClusterImagePolicy", "ImagePolicy"), CONFIG
)
#: The operator reads one object of these kinds, by this name.
SINGLETONS = {"Image": "cluster", "ClusterVersion": "version"}
REGISTRY_LISTS = (
    "insecureRegistries", "blockedRegistries", "allowedRegistries", "containerRuntimeSearchRegistries",
)  # fmt: skip
INTERNAL_REGISTRY = "image-registry.openshift-image-registry.svc:5000"
_DEEPEST = 10


@dataclass(frozen=True)
class SourceMirrors:
    """One source and its mirrors, of one object. policy is as written, empty when nothing was said."""

    source: str
    mirrors: tuple[str, ...]
    policy: str = ""
    where: str = ""

    @property
    def effective_policy(self) -> str:
        return self.policy or ALLOW


@dataclass(frozen=True)
class SignaturePolicy:
    """A ClusterImagePolicy, or an ImagePolicy of a namespace; policy is its spec.policy."""

    scopes: tuple[str, ...]
    policy: Mapping[str, Any]
    where: str
    namespace: str = ""


@dataclass(frozen=True)
class Sources:
    """spec.registrySources of Image/cluster."""

    insecure: tuple[str, ...] | None = None
    blocked: tuple[str, ...] | None = None
    allowed: tuple[str, ...] | None = None
    search: tuple[str, ...] | None = None


@dataclass
class Objects:
    """All that a forecast looks at. sources and release_image are None when their object is not there."""

    sources: Sources | None = None
    release_image: str | None = None
    #: "" where the cluster has none.
    internal_registry: str = INTERNAL_REGISTRY
    #: (release image, its version) of updates that are offered, asked for or under way.
    other_releases: list[tuple[str, str]] = field(default_factory=list)
    mirror_sets: dict[str, list[SourceMirrors]] = field(default_factory=dict)
    cluster_policies: list[SignaturePolicy] = field(default_factory=list)
    image_policies: list[SignaturePolicy] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)

    def sets(self, *kinds: str) -> list[SourceMirrors]:
        return [one for kind in kinds for one in self.mirror_sets.get(kind, ())]


def read(manifests: Any, release: Release) -> Objects:
    """Read the manifests as the operator of a release does; kinds of others are ignored.

    Raises ManifestProblem, naming the object, for what no API server would hand to the operator.
    """
    objects = Objects()
    for manifest in each_manifest(manifests):
        kind = manifest.get("kind")
        if not isinstance(kind, str) or kind not in GROUPS:
            continue
        where = name_of(manifest)
        reason = _not_seen(manifest, kind, release)
        if reason is None:
            objects.manifests.append(manifest)
            _read_one(objects, kind, manifest, _Reader(where))
        elif reason:
            objects.ignored.append(f"{where} {reason}")
    return objects


def each_manifest(manifests: Any) -> Iterator[Manifest]:
    """Yield every object of a manifest, a list of them, or lists as the API and oc write them, in order."""
    waiting: list[tuple[Any, int]] = [(manifests, 0)]
    while waiting:
        value, depth = waiting.pop()
        if value is None:
            continue  # an empty document between two "---"
        if depth > _DEEPEST:
            raise ManifestProblem(f"lists of manifests are nested deeper than {_DEEPEST} levels")
        if isinstance(value, (list, tuple)):
            waiting += [(item, depth + 1) for item in reversed(value)]
        elif not isinstance(value, Mapping):
            raise ManifestProblem(f"a manifest must be a mapping, and one is {kind_of(value)}: {cited(value)}")
        elif reason := _no_object(value):
            raise ManifestProblem(reason)
        elif str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), (list, type(None))):
            waiting += [(_item(value, item), depth + 1) for item in reversed(value.get("items") or [])]
        else:
            yield value


def _no_object(value: Manifest) -> str:
    """Return why a document is neither an object nor a whole list of them; "" when it may be one."""
    kind, metadata = value.get("kind"), value.get("metadata")
    for key in value:
        if is_message(str(key)):
            return f"the manifests hold a message, so objects may be missing: {cited(f'{key}: {value[key]}')}"
    if kind == "Status" and not isinstance(value.get("spec"), Mapping):
        return f"the manifests hold an answer of an API server instead of objects: {cited(value.get('message', kind))}"
    if kind == "Table":
        return "the manifests hold a Table, which is made for people; export with -o yaml or -o json"
    if not kind and isinstance(value.get("resources"), (list, tuple)):
        return "the manifests hold the result of a module instead of objects: hand over its resources"
    if "items" in value and not kind:
        return "a list has items and no kind, which stands behind them: the export is cut off"
    is_list = isinstance(kind, str) and (kind == "List" or kind.removesuffix("List") in GROUPS and kind[-4:] == "List")
    if is_list and not isinstance(value.get("items", ""), (list, tuple, type(None))):
        return f"{kind} has no list of items: the export is cut off"
    if is_list and isinstance(metadata, Mapping) and any(map(metadata.get, ("continue", "remainingItemCount"))):
        return f"{kind} is one page of a longer list: export all of it"
    return ""


def is_message(text: str) -> bool:
    """Return whether a line is what oc says when it does not do what it was asked for."""
    return text.lower().startswith(("error", "unable to ", "no resources found", "you must be logged in", "warning"))


def name_of(manifest: Manifest) -> str:
    """Kind and name as a person says them: "ImagePolicy team-a/signed"."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    names = [cited(metadata[part]) for part in ("namespace", "name") if metadata.get(part)]
    return " ".join([cited(manifest.get("kind", "object")), "/".join(names) or "without a name"])


def kind_of(value: object) -> str:
    kinds = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        Mapping: "a mapping",
    }
    if value is None:
        return "nothing"
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), f"a {type(value).__name__}")


def cited(value: object) -> str:
    text = one_line(" ".join(value.split()) if isinstance(value, str) else repr(value))
    return text if len(text) <= 80 else text[:77] + "…"


def _item(holder: Manifest, item: Any) -> Any:
    """Items of a typed list may leave out kind and apiVersion."""
    if not isinstance(item, Mapping) or holder["kind"] == "List":
        return item
    return {"kind": holder["kind"].removesuffix("List"), "apiVersion": holder.get("apiVersion"), **item}


def _not_seen(manifest: Manifest, kind: str, release: Release) -> str | None:
    """Say why the operator never sees the object, "" when it concerns others, None when it sees it."""
    group = str(manifest.get("apiVersion") or GROUPS[kind]).partition("/")[0]
    if group != GROUPS[kind]:
        if kind == "Image":
            return ""  # image.openshift.io has images of its own
        return f"has apiVersion {cited(manifest['apiVersion'])}, where no API has this kind; it is left out"
    if kind in MIRROR_KINDS and kind not in release.mirror_kinds:
        return f"is left out: {release.name} does not know this kind"
    if kind.endswith("ImagePolicy") and kind not in release.signature_kinds:
        return f"is left out: the operator of {release.name} does not render this kind"
    name = _metadata(manifest).get("name")
    if kind in SINGLETONS and name not in (None, SINGLETONS[kind]):
        return f"is left out: the operator reads only {kind}/{SINGLETONS[kind]}"
    return None


def _metadata(manifest: Manifest) -> Mapping[str, Any]:
    metadata = manifest.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise ManifestProblem(f"{name_of(manifest)}: metadata must be a mapping, not {kind_of(metadata)}")
    return metadata or {}


class _Reader:
    """Takes fields out of one object; every method raises ManifestProblem naming it and the field."""

    def __init__(self, where: str) -> None:
        self.where = where

    def mapping(self, value: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
        for number, key in enumerate(path):
            found = value.get(key)
            if found is not None and not isinstance(found, Mapping):
                self.refuse(".".join(path[: number + 1]), "a mapping", found)
            value = found or {}
        return value

    def text(self, value: Mapping[str, Any], key: str, path: str) -> str:
        found = value.get(key)
        if found is not None and not isinstance(found, str):
            self.refuse(f"{path}{key}", "text", found)
        return found or ""

    def texts(self, value: Mapping[str, Any], key: str, path: str) -> tuple[str, ...] | None:
        found = value.get(key)
        if found is None:
            return None
        if not isinstance(found, (list, tuple)):
            self.refuse(f"{path}{key}", "a list", found)
        for item in found:
            if not isinstance(item, str):
                self.refuse(f"an item of {path}{key}", "text", item)
        return tuple(found)

    def refuse(self, path: str, wanted: str, found: object) -> None:
        raise ManifestProblem(f"{self.where}: {path} must be {wanted}, not {kind_of(found)}: {cited(found)}")


def _read_one(objects: Objects, kind: str, manifest: Manifest, reader: _Reader) -> None:
    if kind == "Image":
        lists = reader.mapping(manifest, "spec", "registrySources")
        objects.sources = Sources(*(reader.texts(lists, key, "spec.registrySources.") for key in REGISTRY_LISTS))
        status = reader.mapping(manifest, "status")
        # The registry operator takes the name away with the registry; a hand-written manifest does not know it.
        unsaid = "" if "uid" in _metadata(manifest) and manifest.get("status") is not None else INTERNAL_REGISTRY
        objects.internal_registry = reader.text(status, "internalRegistryHostname", "status.") or unsaid
    elif kind == "ClusterVersion":
        desired = reader.mapping(manifest, "status", "desired")
        objects.release_image = reader.text(desired, "image", "status.desired.")
        status = reader.mapping(manifest, "status")
        offered = [*_mappings(status.get("availableUpdates")), *_mappings(status.get("history"))[:2]]
        offered += _mappings([one.get("release") for one in _mappings(status.get("conditionalUpdates"))])
        wanted = [*offered, reader.mapping(manifest, "spec", "desiredUpdate")]
        named = ((one.get("image"), str(one.get("version") or "")) for one in wanted)
        objects.other_releases = [(name, version) for name, version in named if isinstance(name, str) and name]
    elif kind in MIRROR_KINDS:
        objects.mirror_sets.setdefault(kind, [])
        objects.mirror_sets[kind] += _mirror_sets(manifest, MIRROR_KINDS[kind][1], reader)
    else:
        spec = reader.mapping(manifest, "spec")
        namespace = reader.text(_metadata(manifest), "namespace", "metadata.") if kind == "ImagePolicy" else ""
        if kind == "ImagePolicy" and not namespace:
            reader.refuse("metadata.namespace", "the name of a namespace", namespace)
        policy = SignaturePolicy(
            reader.texts(spec, "scopes", "spec.") or (), reader.mapping(spec, "policy"), reader.where, namespace
        )
        (objects.image_policies if namespace else objects.cluster_policies).append(policy)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, (list, tuple)) else []


def _mirror_sets(manifest: Manifest, key: str, reader: _Reader) -> Iterator[SourceMirrors]:
    items = reader.mapping(manifest, "spec").get(key)
    if items is not None and not isinstance(items, (list, tuple)):
        reader.refuse(f"spec.{key}", "a list", items)
    path = f"spec.{key}[]."
    for item in items or ():
        if not isinstance(item, Mapping):
            reader.refuse(f"an item of spec.{key}", "a mapping", item)
        yield SourceMirrors(
            reader.text(item, "source", path),
            reader.texts(item, "mirrors", path) or (),
            # The old kind has no such field, and the API server drops it.
            "" if key == "repositoryDigestMirrors" else reader.text(item, "mirrorSourcePolicy", path),
            reader.where,
        )
