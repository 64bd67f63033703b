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
from dataclasses import dataclass, field
from typing import Any

from ...policy import MirrorSet, Policy, Signed, Targets, unique
from ...policy.certificates import bundle
from ...policy.lists import OPENSHIFT_4, fit
from ...policy.mirrors import PULLS
from ...policy.trust import Trust
from .. import marks
from ..merge_patch import applied
from . import ManifestProblem, authorities, objects, releases, signatures
from .authorities import Authorities
from .exports import identity
from .objects import ALLOW, MIRROR_KINDS, NEVER
from .releases import Release

#: Under this name the mirror objects of the policy are kept, and the ConfigMap of its certificates.
NAME = "dockyard"
NAME_OF_CONFIG_MAP = f"{NAME}-registry-cas"
_OLD_KIND = "ImageContentSourcePolicy"
#: kind of object → pulls of the word `mirrors` that it serves
_PULLS = {"ImageDigestMirrorSet": ("digest", "all"), "ImageTagMirrorSet": ("tag", "all")}


@dataclass
class PolicyObjects:
    """objects: to be merged into what is there. removed: what has nothing left to say. notes: what is left out."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def of_policy(
    policy: Policy,
    release: object,
    *,
    payload: Iterable[str] = (),
    internal_registry: str = objects.INTERNAL_REGISTRY,
    present: Iterable[Mapping[str, Any]] = (),
) -> PolicyObjects:
    """Image/cluster, the mirror objects of the release, and the ConfigMap of CAs, as far as words were said.

    payload: repositories that the cluster itself is made of, which an exact allow-list has to name. present: what the
    cluster holds; a ConfigMap of certificates that somebody else named there is kept and extended.
    Raises ManifestProblem in one sentence for what the release cannot do.
    """
    found, wanted = releases.find(release), PolicyObjects()
    wanted.notes += [*policy.notes, *policy.warnings]
    wanted.notes += [
        f"'{name}' is a word for hosts, and is left out"
        for name, word, _value in policy.set_words()
        if Targets.CLUSTERS not in word.targets
    ]
    if policy.credentials is not None:
        wanted.notes.append("'credentials' is left out: the task cluster_pull_secret brings logins to the cluster")
    lists = _lists(policy, (*payload, internal_registry), wanted.notes)
    spec: dict[str, Any] = {"registrySources": lists} if lists else {}
    config_map = None
    if policy.trust is not None:
        config_map = _trust(policy.trust, authorities.read(present), spec, wanted.notes)
    if spec:
        wanted.objects.append(_object("Image", objects.CONFIG, "cluster", spec))
    if config_map:
        wanted.objects.append(config_map)
    if policy.mirrors is not None:
        _add_mirrors(policy.mirrors, found, wanted)
    if policy.signatures is not None:
        _add_signatures(policy.signatures, found, present, wanted)
    return wanted


def _lists(policy: Policy, needed: Iterable[str], notes: list[str]) -> dict[str, list[str] | None]:
    """spec.registrySources; None removes a key. needed: what an exact allow-list has to name in any case."""
    said: dict[str, tuple[str, ...] | None] = {"containerRuntimeSearchRegistries": policy.search}
    if policy.insecure is not None:
        said["insecureRegistries"] = _insecure(policy, notes)
    if policy.allow_list is not None:
        said |= {"allowedRegistries": unique((*policy.allow_list, *filter(None, needed))), "blockedRegistries": ()}
    elif policy.blocked is not None:
        said |= {"blockedRegistries": policy.blocked, "allowedRegistries": ()}
    elif policy.allowed is not None:
        said["allowedRegistries"] = ()
    return {key: list(entries) or None for key, entries in said.items() if entries is not None}


def _insecure(policy: Policy, notes: list[str]) -> tuple[str, ...]:
    """Return the insecure entries without the service network: no engine of OpenShift 4 takes a range."""
    found = fit(policy.insecure or (), OPENSHIFT_4, policy.service_network)
    if found.beyond:
        raise ManifestProblem(f"insecure: '{found.beyond[0]}' is an address range, and OpenShift 4 takes none")
    notes += [f"insecure: '{entry}' is left out: OpenShift 4 takes no address range" for entry in found.left_out]
    return found.held


def _add_mirrors(mirrors: Iterable[MirrorSet], release: Release, wanted: PolicyObjects) -> None:
    """Add one object for each kind of pull; remove empty ones, and the old kind where there are new ones."""
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


def _add_signatures(
    demands: Iterable[Signed], release: Release, present: Iterable[Mapping[str, Any]], wanted: PolicyObjects
) -> None:
    """Add one object for each scope; remove those of ours whose scopes nobody names any more."""
    kept = []
    for signed in demands:
        if signatures.KIND not in release.signature_kinds:
            raise ManifestProblem(f"signatures: {release.name} has no {signatures.KIND}")
        kept.append(signatures.name_of(signed.scope))
        made = _object(signatures.KIND, objects.CONFIG, kept[-1], signatures.spec_of(signed))
        wanted.objects.append({**made, "apiVersion": f"{objects.CONFIG}/{release.signature_version}"})
    for one in present:
        if one.get("kind") == signatures.KIND and marks.is_ours(one, "signatures"):
            name = str(one["metadata"]["name"])
            if name not in kept:
                wanted.removed.append(_object(signatures.KIND, objects.CONFIG, name, {}))


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


def _trust(trust: Trust, there: Authorities, spec: dict[str, Any], notes: list[str]) -> dict[str, Any] | None:
    """Make the ConfigMap to be applied; the reference to it goes into Image/cluster unless it is there."""
    data: dict[str, str | None] = dict(_certificates(trust, notes))
    stored = there.values or {}
    if there.name in (None, NAME_OF_CONFIG_MAP):
        spec["additionalTrustedCA"] = {"name": NAME_OF_CONFIG_MAP} if data else None
        if not data:
            return None
        data |= dict.fromkeys((key for key in stored if key not in data), None)
        return _config_map(NAME_OF_CONFIG_MAP, data)
    notes.append(f"trust: Image/cluster names the ConfigMap {there.name} of somebody else, which is kept and extended")
    absent = (name for registry in trust.registries or () if not registry.present for name in registry.names)
    gone = {name.replace(":", "..") for name in absent}
    data |= dict.fromkeys((key for key in stored if key in gone), None)
    return _config_map(str(there.name), data) if data else None


def _config_map(name: str, data: Mapping[str, str | None]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": authorities.NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


def _certificates(trust: Trust, notes: list[str]) -> dict[str, str]:
    """Return the data of the ConfigMap, in which the CAs of host:port stand under host..port."""
    notes += [
        f"trust: the client certificate for '{registry.name}' is left out: OpenShift 4 hands its nodes authorities only"
        for registry in trust.present
        if registry.client
    ]
    return {
        name.replace(":", ".."): bundle(registry.cas)
        for registry in trust.present
        if registry.cas
        for name in registry.names
    }


def _object(kind: str, group: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    version = "v1alpha1" if kind == _OLD_KIND else "v1"
    return {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": name}, "spec": spec}


def merged_into(
    present: Iterable[Any], proposed: Iterable[Mapping[str, Any]], removed: Iterable[Mapping[str, Any]] = ()
) -> list[Any]:
    """Return the later objects of a cluster: one of the same kind and name is merged, key by key; null removes."""
    result = list(objects.each_manifest(list(present)))
    places = {identity(one): place for place, one in enumerate(result)}
    for one in proposed:
        place = places.get(identity(one))
        if place is None:
            places[identity(one)] = len(result)
            result.append(applied({}, one))
        else:
            result[place] = applied(result[place], one)
    gone = {identity(one) for one in removed}
    return [one for one in result if identity(one) not in gone]
