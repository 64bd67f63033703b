# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mirror sets that a tool wrote: objects of oc-mirror and oc adm release mirror, and lists of install-config.yaml.

Sources: oc-mirror v1 and v2 (files imageContentSourcePolicy.yaml, idms-oc-mirror.yaml, itms-oc-mirror.yaml), installer
types/installconfig.go (imageContentSources, imageDigestSources).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...policy.word import shown
from ...resolution.names import NO_LOGIN, has_login
from ...resolution.references import is_location, quoted
from ..api import ClusterProblem, check_name
from ..openshift4 import ManifestProblem, texts
from ..openshift4.objects import ALLOW, MIRROR_KINDS, NEVER
from ..openshift4.scopes import is_source

#: Lists of install-config.yaml; both are for pulls by digest.
_INSTALLER = ("imageDigestSources", "imageContentSources")
#: The name of the object for a list that has none.
OF_INSTALLER = "dockyard-installer"
_POLICY = "mirrorSourcePolicy"
_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "source": (is_source, "host[:port][/path] or *.domain"), "mirror": (is_location, "host[:port][/path]"),
}  # fmt: skip


@dataclass(frozen=True)
class MirrorObject:
    """A mirror object as a file has it; sets are {source, mirrors, mirrorSourcePolicy?}."""

    kind: str
    name: str
    sets: tuple[Mapping[str, Any], ...]
    where: str


def read(path: str, text: str, notes: list[str]) -> tuple[MirrorObject, ...]:
    """Read the mirror objects of a file; other objects in it are left out with a note. Raises ClusterProblem."""
    found: list[MirrorObject] = []
    for document in _documents(path, text):
        found += _objects(path, document, notes)
    if not found:
        raise ClusterProblem(f"mirrors_from: {path} holds no mirror sets")
    for one in found:
        _refuse_two_policies(path, one.sets)
    return tuple(found)


def _documents(path: str, text: str) -> Iterator[Mapping[str, Any]]:
    for value in texts.values(f"mirrors_from: {path}", text):
        if isinstance(value, list) and all(isinstance(item, Mapping) and "source" in item for item in value):
            yield {_INSTALLER[0]: value}
        elif isinstance(value, Mapping) and any(key in value for key in _INSTALLER):
            yield value
        else:
            try:
                yield from texts.documents(value)
            except ManifestProblem as problem:
                raise ClusterProblem(f"mirrors_from: {path}: {problem}") from None


def _objects(path: str, document: Mapping[str, Any], notes: list[str]) -> Iterator[MirrorObject]:
    kind = str(document.get("kind") or "")
    if any(key in document for key in _INSTALLER):
        lists = [document[key] for key in _INSTALLER if document.get(key) is not None]
        items = [item for one in lists for item in _list(path, "the list of an installer", one)]
        sets = tuple(_set(path, {_renamed(key): value for key, value in item.items()}) for item in items)
        if sets:
            yield MirrorObject("ImageDigestMirrorSet", OF_INSTALLER, sets, f"the list in {path}")
    elif kind in MIRROR_KINDS:
        metadata = document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        if not isinstance(name, str) or not name:
            raise ClusterProblem(f"mirrors_from: {path} holds an object of kind {kind} without a name")
        check_name(f"mirrors_from: {path}: {kind}", name)
        group, field = MIRROR_KINDS[kind]
        version = str(document.get("apiVersion") or group)
        if version.partition("/")[0] != group:
            raise ClusterProblem(
                f"mirrors_from: {path}: {kind} {name} has apiVersion {quoted(version)}, and its kind is of {group}"
            )
        spec = document.get("spec")
        items = _list(path, f"spec.{field} of {kind} {name}", spec.get(field) if isinstance(spec, Mapping) else None)
        if isinstance(spec, Mapping) and (other := sorted(set(map(str, spec)) - {field})):
            raise ClusterProblem(
                f"mirrors_from: {path}: {kind} {name} has spec.{other[0]}, and its kind has no such field"
            )
        yield MirrorObject(kind, name, tuple(_set(path, item) for item in items), f"{kind} {name} in {path}")
    else:
        notes.append(
            f"mirrors_from: {kind or 'an object without a kind'} in {path} is not a mirror set, and is left out"
        )


def _renamed(key: str) -> str:
    """Rename what the installer calls sourcePolicy."""
    return _POLICY if key == "sourcePolicy" else key


def _list(path: str, what: str, value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ClusterProblem(f"mirrors_from: {path}: {what} is not a list of mappings with source and mirrors")
    return value


def _set(path: str, item: Mapping[str, Any]) -> dict[str, Any]:
    source, mirrors, policy = item.get("source"), item.get("mirrors", []), item.get(_POLICY)
    if not isinstance(source, str) or not source:
        raise ClusterProblem(f"mirrors_from: {path}: a mirror set has no source")
    _check_name(path, "source", source)
    if not isinstance(mirrors, list) or not all(isinstance(mirror, str) for mirror in mirrors):
        raise ClusterProblem(f"mirrors_from: {path}: the mirrors of {source} are not a list of names")
    if other := sorted(set(map(str, item)) - {"source", "mirrors", _POLICY}):
        raise ClusterProblem(f"mirrors_from: {path}: the mirror set of {source} has {other[0]}, which no kind has")
    for mirror in mirrors:
        _check_name(path, "mirror", mirror)
    if policy not in (None, "", ALLOW, NEVER):
        raise ClusterProblem(
            f"mirrors_from: {path}: the policy of {source}, {shown(policy)}, is neither {ALLOW} nor {NEVER}"
        )
    if policy == NEVER and source in mirrors:
        raise ClusterProblem(
            f"mirrors_from: {path}: {source} is one of its own mirrors and has {NEVER}, which stops the "
            "machine-config-operator"
        )
    return {"source": source, "mirrors": list(mirrors)} | ({_POLICY: policy} if policy else {})


def _check_name(path: str, role: str, name: str) -> None:
    if has_login(name):
        raise ClusterProblem(f"mirrors_from: {path}: a {role} {NO_LOGIN}")
    fits, form = _FORMS[role]
    if not fits(name):
        raise ClusterProblem(f"mirrors_from: {path}: {quoted(name)} cannot be a {role}, which is {form}")


def _refuse_two_policies(path: str, sets: Iterable[Mapping[str, Any]]) -> None:
    policies: dict[str, str] = {}
    for each in sets:
        policy = each.get(_POLICY) or ALLOW
        if policies.setdefault(each["source"], policy) != policy:
            raise ClusterProblem(
                f"mirrors_from: {path}: {each['source']} is a source both with {NEVER} and without, which stops the "
                "machine-config-operator"
            )
