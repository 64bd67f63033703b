# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ImageDigestMirrorSet and ImageTagMirrorSet, or ImageContentSourcePolicy where the API has nothing newer.

Which kinds there are is asked of the API, not of a version. Objects of ours carry a label and go when nobody asks for
them any more; objects of others stay, and their sources are extended, never taken away unawares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...policy import MirrorSet, unique
from ...policy.mirrors import PULLS
from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..changes import WantedObject
from ..marks import LABEL, is_ours
from ..openshift4.objects import ALLOW, MIRROR_KINDS, NEVER
from ..seen import Cluster
from . import Part, Said
from .mirrors_from import MirrorObject

#: Under this name stand the mirror sets of the word `mirrors`.
NAME = "dockyard"
DIGEST = Resource("ImageDigestMirrorSet", "config.openshift.io", "v1", "imagedigestmirrorsets")
TAG = Resource("ImageTagMirrorSet", "config.openshift.io", "v1", "imagetagmirrorsets")
OLD = Resource("ImageContentSourcePolicy", "operator.openshift.io", "v1alpha1", "imagecontentsourcepolicies")
RESOURCES = {resource.kind: resource for resource in (DIGEST, TAG, OLD)}
LISTS = tuple(map(Ref, RESOURCES.values()))
_VERBS = ("list", "create", "patch", "delete")
ACCESS: Mapping[Ref, tuple[str, ...]] = {Ref(resource): _VERBS for resource in RESOURCES.values()}
_POLICY = "mirrorSourcePolicy"


def wanted(cluster: Cluster, said: Said) -> Part:
    """Return the mirror objects of both words, those of ours that are obsolete, and what others would lose."""
    if said.policy.mirrors is None and said.mirrors_from is None:
        return Part()
    cluster.need(*LISTS)
    new = cluster.has(DIGEST) and cluster.has(TAG)
    if not new and not cluster.has(OLD):
        raise ClusterProblem("mirrors: this API has no kind of object for mirrors; is this OpenShift 4?")
    notes: list[str] = []
    objects: list[WantedObject] = []
    lost: list[str] = []
    if said.policy.mirrors is not None:
        objects += _of_word(said.policy.mirrors, new, notes)
        lost += (text for one in objects for text in _lost_by(cluster, one))
    of_word = {one.ref for one in objects}
    for one in said.mirrors_from or ():
        made, gone = _of_file(cluster, said, _fitting(one, new, notes))
        if made.ref in of_word:
            raise ClusterProblem(
                f"mirrors_from: {one.where} would be {made.ref}, which is the object of mirrors; give it another name"
            )
        objects.append(made)
        lost += gone
    kept = {one.ref for one in objects}
    objects += [one for one in _no_longer(cluster, said) if one.ref not in kept]
    return Part(tuple(objects), tuple(notes), lost=tuple(lost))


def present(cluster: Cluster) -> list[Manifest]:
    """Return all mirror objects of the cluster, whatever their kind."""
    cluster.need(*LISTS)
    return [manifest for ref in LISTS for manifest in cluster.all(ref)]


def sets_of(manifest: Manifest) -> list[Mapping[str, Any]]:
    """Return the mirror sets of an object of any of the kinds."""
    found = at(manifest, "spec", MIRROR_KINDS[str(manifest.get("kind"))][1])
    return [item for item in found or () if isinstance(item, Mapping)] if isinstance(found, list) else []


def _of_word(mirrors: Iterable[MirrorSet], new: bool, notes: list[str]) -> Iterator[WantedObject]:
    mirrors, pulls = tuple(mirrors), dict[Resource, tuple[str, ...]]()
    if not new:
        for one in mirrors:
            _check_old(one, notes)
        pulls = {OLD: PULLS}
    else:
        pulls = {DIGEST: ("digest", "all"), TAG: ("tag", "all")}
    for resource, served in pulls.items():
        sets = [_set(one, new) for one in mirrors if one.pull in served]
        if sets:
            yield _object(Ref(resource, NAME), sets, "mirrors", "mirrors")


def _lost_by(cluster: Cluster, made: WantedObject) -> Iterator[str]:
    """Yield what others lose where an object that has the name of ours is not ours: sources with a mirror less."""
    there = cluster.find(made.ref)
    if there is None or is_ours(there, "mirrors"):
        return
    sets = sets_of({**made.ref.manifest(), **(made.fields or {})})
    left = {(each["source"], mirror) for each in sets for mirror in each["mirrors"]}
    for each in sets_of(there):
        if any((each.get("source"), mirror) not in left for mirror in each.get("mirrors") or ()):
            yield _named(each, made.ref)


def _named(each: Mapping[str, Any], ref: Ref) -> str:
    return f"{each.get('source')} ({ref.resource.kind} {ref.name})"


def _check_old(one: MirrorSet, notes: list[str]) -> None:
    """Refuse what ImageContentSourcePolicy cannot say. Raises ClusterProblem."""
    if one.pull == "tag":
        raise ClusterProblem(f"mirrors: {one.source} has pull: tag, and before 4.13 mirrors serve pulls by digest only")
    if not one.contact_source:
        raise ClusterProblem(
            f"mirrors: {one.source} has contact_source: false, and before 4.13 the source is always contacted"
        )
    if one.pull == "all":
        notes.append(f"mirrors: pulls of {one.source} by tag use no mirror: this cluster is older than 4.13")


def _set(one: MirrorSet, new: bool) -> dict[str, Any]:
    return {"source": one.source, "mirrors": list(one.mirrors)} | (
        {_POLICY: ALLOW if one.contact_source else NEVER} if new else {}
    )


def _object(ref: Ref, sets: list[Any], why: str, word: str = "") -> WantedObject:
    """word: for an object of ours, the word of its label."""
    labels = {"metadata": {"labels": {LABEL: word}}} if word else {}
    spec = {MIRROR_KINDS[ref.resource.kind][1]: sets}
    return WantedObject(ref, {**labels, "spec": spec}, why, on_nodes=True, view=view, asked=(why,))


def view(manifest: Manifest) -> list[str]:
    """Show one line a source: "quay.io/a from mirror.example.com/a, then quay.io/a"."""
    lines = []
    for one in sets_of(manifest):
        places = [str(mirror) for mirror in one.get("mirrors") or ()]
        if one.get(_POLICY) != NEVER:
            places.append(f"the source{'' if places else ' alone'}")
        lines.append(f"{one.get('source')} from {', then '.join(places) or 'nowhere'}")
    return lines


def _fitting(one: MirrorObject, new: bool, notes: list[str]) -> MirrorObject:
    """Return the object in a kind that the API has. Raises ClusterProblem for what that kind cannot say."""
    if new and one.kind == OLD.kind:
        notes.append(f"mirrors_from: {one.where} is written as {DIGEST.kind}, which replaces {OLD.kind} from 4.13 on")
        return MirrorObject(DIGEST.kind, one.name, one.sets, one.where)
    if new or one.kind == OLD.kind:
        return one
    if one.kind == TAG.kind:
        raise ClusterProblem(
            f"mirrors_from: {one.where}: this cluster is older than 4.13, which serves pulls by digest only"
        )
    if never := next((each["source"] for each in one.sets if each.get(_POLICY) == NEVER), None):
        raise ClusterProblem(
            f"mirrors_from: {one.where}: this cluster is older than 4.13, which always contacts {never}"
        )
    sets = tuple({"source": each["source"], "mirrors": each["mirrors"]} for each in one.sets)
    notes.append(f"mirrors_from: {one.where} is written as {OLD.kind}, because the API has no {DIGEST.kind}")
    return MirrorObject(OLD.kind, one.name, sets, one.where)


def _of_file(cluster: Cluster, said: Said, one: MirrorObject) -> tuple[WantedObject, list[str]]:
    """Return the object as it shall be, and the sources that would lose their mirrors by it."""
    ref = Ref(RESOURCES[one.kind], one.name)
    there = next((item for item in cluster.all(Ref(ref.resource)) if at(item, "metadata", "name") == one.name), None)
    ours = there is None or is_ours(there)
    have = sets_of(there) if there else []
    sets: list[Any] = list(one.sets) if said.exact else _joined(have, one.sets)
    left = {str(each["source"]) for each in sets}
    gone = [_named(each, ref) for each in have if each.get("source") not in left]
    return _object(ref, sets, "mirrors_from", "mirrors_from" if ours else ""), gone


def _joined(have: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Per source: what is there stays, in its order; new mirrors of a source stand before those it has.

    An object may name a source twice, and the operator joins its sets: none of them goes.
    """
    found = [dict(each) for each in have]
    places: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        places.setdefault(str(one.get("source")), []).append(one)
    for source, each in _one_a_source(new).items():
        if source not in places:
            found.append(each)
            continue
        same = places[source]
        if set(each["mirrors"]) - {mirror for one in same for mirror in one.get("mirrors") or ()}:
            same[0]["mirrors"] = list(unique((*each["mirrors"], *(same[0].get("mirrors") or ()))))
        for one in same if _POLICY in each else ():
            one[_POLICY] = each[_POLICY]
    return found


def _one_a_source(sets: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Join sets of one source, with their mirrors in the order of the sets."""
    found: dict[str, dict[str, Any]] = {}
    for each in sets:
        before = found.get(each["source"], {"mirrors": []})
        found[each["source"]] = {**before, **each, "mirrors": list(unique((*before["mirrors"], *each["mirrors"])))}
    return found


def _no_longer(cluster: Cluster, said: Said) -> Iterator[WantedObject]:
    """Objects of ours for the words that are said; they go unless they are asked for."""
    words = {"mirrors": said.policy.mirrors, "mirrors_from": said.mirrors_from}
    for manifest in present(cluster):
        for word, value in words.items():
            if value is not None and is_ours(manifest, word):
                ref = Ref(RESOURCES[str(manifest["kind"])], str(at(manifest, "metadata", "name")))
                why = f"{word} asks for it no longer"
                yield WantedObject(ref, None, why, on_nodes=True, view=view, asked=(word,))
