# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The word `mirrors`: where images of a scope are looked for first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..resolution.names import NameProblem, official_image, parse_scope
from .lists import entries, warn_of_no_registry, with_official_image
from .word import PolicyError, Reading, Word, from_json, kind_of, unique

PULLS = ("all", "digest", "tag")

_KEYS = ("source", "mirrors", "pull", "contact_source")


@dataclass(frozen=True)
class MirrorSet:
    """Where images of a scope are looked for first.

    pull: which pulls the mirrors serve, "all", "digest" or "tag". contact_source: whether the source itself is tried
    when no mirror has the image.
    """

    source: str
    mirrors: tuple[str, ...]
    pull: str = "all"
    contact_source: bool = True

    def plain(self) -> dict[str, Any]:
        """Return the set as a person writes it."""
        return {**asdict(self), "mirrors": list(self.mirrors)}


def read(name: str, value: object, reading: Reading) -> tuple[MirrorSet, ...]:
    """Read a list of mappings, or a JSON text of one. Raises PolicyError."""
    try:
        value = from_json(value)
    except ValueError:
        raise PolicyError(name, value, "is not a list of mappings with source and mirrors") from None
    if not isinstance(value, (list, tuple)):
        raise PolicyError(name, value, f"is {kind_of(value)}; write a list of mappings with source and mirrors")
    written = tuple(_mirror_set(name, entry) for entry in value)
    named = {mirrored.source for mirrored in written}
    found = tuple(each for mirrored in written for each in _meant(name, mirrored, named, reading))
    sources: dict[str, bool] = {}
    for mirrored in found:
        if sources.setdefault(mirrored.source, mirrored.contact_source) != mirrored.contact_source:
            raise PolicyError(name, mirrored.source, "is a source both with and without contact_source")
    return found


def _meant(name: str, mirrored: MirrorSet, named: set[str], reading: Reading) -> tuple[MirrorSet, ...]:
    """Return the set, and the same one of the image of Docker Hub that may be meant with its source.

    named: sources that have sets of their own.
    """
    warn_of_no_registry(name, mirrored.source, reading)
    image = official_image(mirrored.source)
    if not image or image in named:
        return (mirrored,)
    if not all("/" in mirror for mirror in mirrored.mirrors):
        reading.warnings.append(f"{name}: '{mirrored.source}' is a namespace of Docker Hub, not the image '{image}'")
        return (mirrored,)
    with_official_image(name, mirrored.source, reading)
    return mirrored, replace(mirrored, source=image)


def _mirror_set(name: str, entry: object) -> MirrorSet:
    if not isinstance(entry, Mapping):
        raise PolicyError(name, entry, f"is {kind_of(entry)}; every entry is a mapping with source and mirrors")
    if unknown := sorted(set(map(str, entry)) - set(_KEYS)):
        raise PolicyError(name, unknown[0], f"is not a key of a mirror set ({', '.join(_KEYS)})")
    source, pull, contact = entry.get("source"), entry.get("pull", "all"), entry.get("contact_source", True)
    if not isinstance(source, str):
        raise PolicyError(name, entry, "has no source")
    if pull not in PULLS:
        raise PolicyError(name, pull, f"is not a kind of pull; it is one of {', '.join(PULLS)}")
    if not isinstance(contact, bool):
        raise PolicyError(name, contact, "is not a truth value for contact_source")
    locations = tuple(_scope(name, text, "mirror") for text in entries(name, entry.get("mirrors")))
    if not locations:
        raise PolicyError(name, source, "has no mirrors")
    mirrored = MirrorSet(_scope(name, source, "source"), unique(locations), pull, contact)
    _refuse_nameless(name, mirrored)
    return mirrored


def _refuse_nameless(name: str, mirrored: MirrorSet) -> None:
    """Refuse a whole registry as the mirror of a repository: nothing would be left of its name to ask for there.

    Of a source with one part behind the registry nobody can say whether it is a namespace; most are. Upstream:
    Endpoint.rewriteReference, after which the whole pull ends.
    """
    registry, dummy, path = mirrored.source.partition("/")
    for mirror in mirrored.mirrors:
        if "/" in path and "/" not in mirror:
            raise PolicyError(
                name,
                mirror,
                f"is a whole registry, and mirrors '{mirrored.source}': an image of that name would have none there, "
                f"and its pull would end; write {mirror}/{path}",
            )


def _scope(name: str, text: str, role: str) -> str:
    try:
        scope = parse_scope(text.strip())
        if scope.is_wildcard and role == "mirror":
            raise NameProblem("is a wildcard, and a mirror is one place")
        if "tag" in scope.remark:
            raise NameProblem("carries a tag or digest; a mirror set is about repositories")
    except NameProblem as problem:
        raise PolicyError(name, text, str(problem)) from None
    return scope.text


MIRRORS = Word(
    read,
    lambda sets: [mirrored.plain() for mirrored in sets],
    option={
        "type": "raw",
        "description": [
            "Where engines look first for images of a scope. A list of mappings with C(source), C(mirrors), and if "
            "wanted C(pull) (V(all), V(digest), V(tag)) and C(contact_source); or a JSON text of one.",
            "C(source) is a scope. C(mirrors) is a list of C(host[:port][/path]), tried in order. C(pull) says which "
            "pulls the mirrors serve, V(all) unless given. C(contact_source) (V(true) unless given) says whether "
            "engines try the source itself when no mirror has the image.",
            "docker mirrors C(docker.io) only, as a whole, and for all pulls.",
        ],
    },
)
