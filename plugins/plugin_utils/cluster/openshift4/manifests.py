# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a policy as objects of OpenShift 4, ready to be merged into a cluster.

A word that was not said touches nothing. An empty list removes a key (null) and is never written: an empty
insecureRegistries would rewrite the files of nodes, and containerRuntimeSearchRegistries must have an item.
Sources: docs/policy.md for the words, API config/v1 for the objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...names import parse_range
from ...policy import LISTS, PULLS, MirrorSet, Policy, PolicyError, read_policy, unique
from ...references import is_domain
from . import ManifestProblem, objects, releases
from .objects import ALLOW, MIRROR_KINDS, NEVER, kind_of, shown
from .releases import Release

#: Under this name the mirror objects of the policy are kept, and the ConfigMap of its certificates.
NAME = "dockyard"
_CERTIFICATES = {"name": f"{NAME}-registry-cas", "namespace": "openshift-config"}
_WORDS = (*LISTS, "mirrors", "trust")
#: What a policy may say to hosts, and no operator has an ear for.
_OF_HOSTS = ("short_name_mode", "aliases", "credentials", "import")
_OLD_KIND = "ImageContentSourcePolicy"
#: kind of object → pulls of the word `mirrors` that it serves
_PULLS = {"ImageDigestMirrorSet": ("digest", "all"), "ImageTagMirrorSet": ("tag", "all")}


@dataclass
class Wanted:
    """objects: to be merged into what is there. removed: what has nothing left to say. notes: what is left out."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def of_policy(
    words: Mapping[str, Any],
    release: object,
    *,
    payload: Iterable[str] = (),
    internal_registry: str = objects.INTERNAL_REGISTRY,
) -> Wanted:
    """Image/cluster, the mirror objects of the release, and the ConfigMap of CAs, as far as words were said.

    payload: repositories that the cluster itself is made of, which an exact allow-list has to name.
    Raises ManifestProblem in one sentence for what cannot be meant or what the release cannot do.
    """
    found = releases.find(release)
    policy, wanted = _read(words), Wanted()
    wanted.notes += [*policy.notes, *policy.warnings]
    wanted.notes += [
        f"'{word}' is a word for hosts, and is left out" for word in _OF_HOSTS if words.get(word) is not None
    ]
    lists = _lists(policy, (*payload, internal_registry), wanted.notes)
    spec: dict[str, Any] = {"registrySources": lists} if lists else {}
    trust = _certificates(words.get("trust"))
    if trust is not None:
        spec["additionalTrustedCA"] = {"name": _CERTIFICATES["name"]} if trust else None
    if spec:
        wanted.objects.append(_object("Image", objects.CONFIG, "cluster", spec))
    if trust:
        wanted.objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": dict(_CERTIFICATES), "data": trust})
    if policy.mirrors is not None:
        _add_mirrors(policy.mirrors, found, wanted)
    return wanted


def _read(words: Any) -> Policy:
    if not isinstance(words, Mapping):
        raise ManifestProblem(f"a policy must be a mapping of words to lists, not {kind_of(words)}")
    for word in words:
        if word not in (*_WORDS, *_OF_HOSTS):
            raise ManifestProblem(f"'{shown(word)}' is no word of a policy; there are: {', '.join(_WORDS)}")
    try:
        return read_policy({word: words.get(word) for word in (*LISTS, "mirrors")})
    except PolicyError as problem:
        raise ManifestProblem(str(problem)) from None


def _lists(policy: Policy, needed: Iterable[str], notes: list[str]) -> dict[str, list[str] | None]:
    """spec.registrySources; None removes a key. needed: what an exact allow-list has to name in any case."""
    said: dict[str, tuple[str, ...] | None] = {"containerRuntimeSearchRegistries": policy.search}
    if policy.insecure is not None:
        said["insecureRegistries"] = tuple(_no_ranges(policy, notes))
    if policy.allow_list is not None:
        said |= {"allowedRegistries": unique((*policy.allow_list, *needed)), "blockedRegistries": ()}
    elif policy.blocked is not None:
        said |= {"blockedRegistries": policy.blocked, "allowedRegistries": ()}
    elif policy.allowed is not None:
        said["allowedRegistries"] = ()
    return {key: list(entries) or None for key, entries in said.items() if entries is not None}


def _no_ranges(policy: Policy, notes: list[str]) -> Iterable[str]:
    """What is insecure, without the service network: no engine of OpenShift 4 takes a range."""
    for entry in policy.insecure or ():
        if parse_range(entry) is None:
            yield entry
        elif entry == policy.service_network:
            notes.append(f"insecure: '{entry}' is left out: OpenShift 4 takes no address range")
        else:
            raise ManifestProblem(f"insecure: '{entry}' is an address range, and OpenShift 4 takes none")


def _add_mirrors(mirrors: Iterable[MirrorSet], release: Release, wanted: Wanted) -> None:
    """One object a kind of pull; a kind with nothing to say is removed, and so is the old one where there are new."""
    has_new_kinds = release.mirror_kinds != (_OLD_KIND,)
    for one in mirrors:
        if not has_new_kinds:
            _check_old(one, release, wanted.notes)
        if one.source.startswith("*.") and not release.mirror_patterns:
            raise ManifestProblem(f"mirrors: {release.name} takes no wildcard source such as {one.source}")
    for kind in release.mirror_kinds:
        pulls = _PULLS.get(kind, () if has_new_kinds else PULLS)
        sets = [_mirror_set(one, has_new_kinds) for one in mirrors if one.pull in pulls]
        group, key = MIRROR_KINDS[kind]
        one_object = _object(kind, group, NAME, {key: sets})
        (wanted.objects if sets else wanted.removed).append(one_object)


def _check_old(one: MirrorSet, release: Release, notes: list[str]) -> None:
    if one.pull == "tag" or not one.contact_source:
        raise ManifestProblem(
            f"mirrors: {release.name} serves pulls by digest only, and always contacts {one.source} too"
        )
    if one.pull == "all":
        notes.append(
            f"mirrors: {release.name} serves pulls by digest only, so pulls of {one.source} by tag use no mirror"
        )


def _mirror_set(one: MirrorSet, says_policy: bool) -> dict[str, Any]:
    policy = {"mirrorSourcePolicy": ALLOW if one.contact_source else NEVER} if says_policy else {}
    return {"source": one.source, "mirrors": list(one.mirrors), **policy}


def _certificates(value: Any) -> dict[str, str] | None:
    """The data of the ConfigMap, in which the CA of host:port stands under host..port; None when nothing was said."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise ManifestProblem(f"trust: must be a list, not {kind_of(value)}")
    data: dict[str, str] = {}
    for item in value:
        for registry, ca in _trusted(item):
            if data.setdefault(registry.replace(":", ".."), ca) != ca:
                raise ManifestProblem(f"trust: {registry} has two different CAs")
    return data


def _trusted(item: Any) -> Iterator[tuple[str, str]]:
    """(registry, CA) of an item of the word, for the registry and each of its aliases."""
    if not isinstance(item, Mapping):
        raise ManifestProblem(f"trust: an item must be a mapping with registry and ca, not {kind_of(item)}")
    if unknown := [key for key in item if key not in ("registry", "ca", "aliases")]:
        raise ManifestProblem(f"trust: {shown(unknown[0])} is nothing that OpenShift 4 could hand to its nodes")
    registry, ca, aliases = item.get("registry"), item.get("ca"), item.get("aliases") or []
    if not isinstance(aliases, (list, tuple)):
        raise ManifestProblem(f"trust: aliases of {shown(registry)} must be a list, not {kind_of(aliases)}")
    for name in (registry, *aliases):
        if not isinstance(name, str) or not is_domain(name):
            raise ManifestProblem(f"trust: {shown(name)} is no registry, host[:port]")
        if not isinstance(ca, str) or "-----BEGIN CERTIFICATE-----" not in ca or "PRIVATE KEY-----" in ca:
            raise ManifestProblem(f"trust: the CA of {name} is no certificate in PEM")
        yield name, ca


def _object(kind: str, group: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    version = "v1alpha1" if kind == _OLD_KIND else "v1"
    return {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": name}, "spec": spec}


def merged_into(
    present: Iterable[Any], proposed: Iterable[Mapping[str, Any]], removed: Iterable[Mapping[str, Any]] = ()
) -> list[Any]:
    """What a cluster would hold afterwards: an object of the same kind and name is merged, key by key; null removes."""
    result = list(objects.documents(list(present)))
    places = {_identity(one): place for place, one in enumerate(result)}
    for one in proposed:
        place = places.get(_identity(one))
        if place is None:
            places[_identity(one)] = len(result)
            result.append(_merge({}, one))
        else:
            result[place] = _merge(result[place], one)
    gone = {_identity(one) for one in removed}
    return [one for one in result if _identity(one) not in gone]


def _identity(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    kind = str(manifest.get("kind"))
    name = metadata.get("name") or objects.SINGLETONS.get(kind)
    api = str(manifest.get("apiVersion") or objects.GROUPS.get(kind))
    return kind, api.partition("/")[0], str(metadata.get("namespace")), str(name)


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
