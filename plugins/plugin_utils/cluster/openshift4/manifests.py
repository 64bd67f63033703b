# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a policy as objects of OpenShift 4, ready to be merged into a cluster.

A word that was not said touches nothing. An empty list removes a key (null) and is never written: an empty
insecureRegistries would rewrite the files of nodes, and containerRuntimeSearchRegistries must have an item.
Sources: docs/policy.md for the words, API config/v1 for the objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...policy import PolicyError, read_policy, unique
from . import ManifestProblem, objects, releases
from .objects import ALLOW, MIRROR_KINDS, NEVER, kind_of, shown
from .releases import Release
from .scopes import is_mirror, is_source

INTERNAL_REGISTRY = "image-registry.openshift-image-registry.svc:5000"
#: Under this name the mirror objects of the policy are kept, and the ConfigMap of its certificates.
NAME = "dockyard"
TRUST_NAMESPACE = "openshift-config"
_PULLS = ("digest", "tag", "all")


@dataclass(frozen=True)
class Mirrored:
    """One item of the word `mirrors`."""

    source: str
    mirrors: tuple[str, ...]
    pull: str = "digest"
    contact_source: bool = True


def of_policy(
    words: Mapping[str, Any],
    release: object,
    *,
    payload: Iterable[str] = (),
    internal_registry: str = INTERNAL_REGISTRY,
) -> list[dict[str, Any]]:
    """Image/cluster, the mirror objects of the release, and the ConfigMap of CAs, as far as words were said.

    payload: repositories that the cluster itself is made of, which an exact allow-list has to name.
    Raises ManifestProblem in one sentence for what cannot be meant or what the release cannot do.
    """
    found = releases.find(release)
    if not isinstance(words, Mapping):
        raise ManifestProblem(f"a policy must be a mapping of words to lists, not {kind_of(words)}")
    try:
        policy = read_policy({word: words.get(word) for word in ("search", "blocked", "allowed", "insecure")})
    except PolicyError as problem:
        raise ManifestProblem(str(problem)) from None
    mirrors = _mirrors(words.get("mirrors"), found)
    lists: dict[str, list[str] | None] = {}
    for word, key in (("insecure", "insecureRegistries"), ("search", "containerRuntimeSearchRegistries")):
        if getattr(policy, word) is not None:
            lists[key] = list(getattr(policy, word)) or None
    if policy.allow_list is not None:
        sources = (one.source for one in mirrors or ())
        lists["allowedRegistries"] = list(unique((*policy.allow_list, *sources, *payload, internal_registry)))
        lists["blockedRegistries"] = None
    else:
        if policy.blocked is not None:
            lists |= {"blockedRegistries": list(policy.blocked) or None, "allowedRegistries": None}
        elif policy.allowed is not None:
            lists["allowedRegistries"] = None
    trust = _trust(words.get("trust"))
    spec = ({"registrySources": lists} if lists else {}) | (trust[0] if trust else {})
    image = [_object("Image", "config.openshift.io/v1", {"name": "cluster"}, {"spec": spec})] if spec else []
    return [*image, *(trust[1] if trust else []), *_mirror_objects(mirrors, found)]


def _mirrors(value: Any, release: Release) -> list[Mirrored] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise ManifestProblem(f"mirrors: must be a list, not {kind_of(value)}")
    return [_mirrored(item, release) for item in value]


def _mirrored(item: Any, release: Release) -> Mirrored:
    if not isinstance(item, Mapping):
        raise ManifestProblem(f"mirrors: an item must be a mapping with source and mirrors, not {kind_of(item)}")
    unknown = sorted(map(str, set(item) - {"source", "mirrors", "pull", "contact_source"}))
    if unknown:
        raise ManifestProblem(f"mirrors: an item has the unknown key '{shown(unknown[0])}'")
    source, locations, pull = item.get("source"), item.get("mirrors"), item.get("pull", "digest")
    if not isinstance(source, str) or not is_source(source):
        raise ManifestProblem(f"mirrors: the source {shown(source)} is not host[:port][/path] or *.domain")
    if not isinstance(locations, (list, tuple)) or not locations:
        raise ManifestProblem(f"mirrors: {source} needs a list of mirrors")
    for location in locations:
        if not isinstance(location, str) or not is_mirror(location):
            raise ManifestProblem(f"mirrors: the mirror {shown(location)} of {source} is not host[:port][/path]")
    if pull not in _PULLS:
        raise ManifestProblem(f"mirrors: pull of {source} must be one of {', '.join(_PULLS)}")
    contact = item.get("contact_source", True)
    if not isinstance(contact, bool):
        raise ManifestProblem(f"mirrors: contact_source of {source} must be true or false")
    if "ImageDigestMirrorSet" not in release.mirror_kinds and (pull != "digest" or not contact):
        raise ManifestProblem(f"mirrors: {release.name} serves pulls by digest only, and always contacts {source} too")
    if source.startswith("*.") and not release.mirror_patterns:
        raise ManifestProblem(f"mirrors: {release.name} takes no wildcard source such as {source}")
    return Mirrored(source, unique(locations), pull, contact)


def _mirror_objects(mirrors: list[Mirrored] | None, release: Release) -> list[dict[str, Any]]:
    """One object a kind of pull. Where nothing is left to say the object has no sets, for the task to remove it."""
    if mirrors is None:
        return []
    if "ImageDigestMirrorSet" not in release.mirror_kinds:
        return [_mirror_object("ImageContentSourcePolicy", "operator.openshift.io/v1alpha1", mirrors)]
    kinds = (("ImageDigestMirrorSet", "digest"), ("ImageTagMirrorSet", "tag"))
    wanted = [(kind, [one for one in mirrors if one.pull in (pull, "all")]) for kind, pull in kinds]
    return [_mirror_object(kind, "config.openshift.io/v1", some) for kind, some in wanted if some]


def _mirror_object(kind: str, api: str, mirrors: list[Mirrored]) -> dict[str, Any]:
    old = kind == "ImageContentSourcePolicy"
    sets = [
        {"source": one.source, "mirrors": list(one.mirrors)}
        | ({} if old else {"mirrorSourcePolicy": ALLOW if one.contact_source else NEVER})
        for one in mirrors
    ]
    return _object(kind, api, {"name": NAME}, {"spec": {MIRROR_KINDS[kind][1]: sets}})


def _trust(value: Any) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """What Image/cluster says of it, and the ConfigMap; the CA of host:port stands under host..port."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise ManifestProblem(f"trust: must be a list, not {kind_of(value)}")
    if not value:
        return {"additionalTrustedCA": None}, []
    data: dict[str, str] = {}
    for item in value:
        registry = item.get("registry") if isinstance(item, Mapping) else None
        ca = item.get("ca") if isinstance(item, Mapping) else None
        if not isinstance(registry, str) or not is_mirror(registry) or "/" in registry:
            raise ManifestProblem(f"trust: {shown(registry)} is no registry, host[:port]")
        if not isinstance(ca, str) or "-----BEGIN CERTIFICATE-----" not in ca:
            raise ManifestProblem(f"trust: the CA of {registry} is no certificate in PEM")
        data[registry.replace(":", "..")] = ca
    metadata = {"name": f"{NAME}-registry-cas", "namespace": TRUST_NAMESPACE}
    config_map = _object("ConfigMap", "v1", metadata, {"data": data})
    return {"additionalTrustedCA": {"name": metadata["name"]}}, [config_map]


def _object(kind: str, api: str, metadata: Mapping[str, str], rest: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": dict(metadata), **rest}


def merged_into(present: Iterable[Any], proposed: Iterable[Mapping[str, Any]]) -> list[Any]:
    """What a cluster would hold afterwards: an object of the same kind and name is merged, key by key; null removes."""
    result = list(objects.documents(list(present)))
    places = {_identity(one): place for place, one in enumerate(result)}
    for one in proposed:
        place = places.get(_identity(one))
        if place is None:
            result.append(_merge({}, one))
        else:
            result[place] = _merge(result[place], one)
    return result


def _identity(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    kind = str(manifest.get("kind"))
    name = metadata.get("name") or objects.SINGLETONS.get(kind)
    return kind, str(manifest.get("apiVersion")).partition("/")[0], str(metadata.get("namespace")), str(name)


def _merge(old: Any, new: Any) -> Any:
    if not isinstance(new, Mapping):
        return new
    result = dict(old) if isinstance(old, Mapping) else {}
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merge(result.get(key), value)
    return result
