# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""registries.conf as the operator makes it: mirror sets merged, lists applied, the text written.

Source: RU registries.go EditRegistriesConfig and topo.go, MCO helpers.go validateRegistriesConfScopes. The operator
compares every entry with every source; here an entry looks up what contains it, which gives the same in less time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...resolution.references import is_location
from . import go_text
from .objects import NEVER, Objects, SourceMirrors
from .releases import Release
from .scopes import Scopes, is_entry, is_source

DIGEST_ONLY = "digest-only"
TAG_ONLY = "tag-only"
TEMPLATE_SEARCH = ("registry.access.redhat.com", "docker.io")
DIGEST_KINDS = ("ImageDigestMirrorSet", "ImageContentSourcePolicy")
TAG_KINDS = ("ImageTagMirrorSet",)


class Stopped(Exception):
    """The operator stops here; the text is its error without the prefixes of its callers."""


@dataclass(frozen=True)
class Merged:
    """All sets of one source and one kind of pull, in one order of mirrors."""

    source: str
    mirrors: tuple[str, ...]
    never: bool = False


@dataclass
class MirrorTable:
    location: str
    pull: str = ""
    insecure: bool = False


@dataclass
class RegistryTable:
    """One [[registry]]. The scope is its prefix when it is a wildcard, its location otherwise."""

    scope: str
    blocked: bool = False
    insecure: bool = False
    by_digest: bool = False
    mirrors: list[MirrorTable] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return self.scope if self.scope.startswith("*.") else ""

    @property
    def location(self) -> str:
        return "" if self.prefix else self.scope

    def table(self) -> dict[str, Any]:
        """Return it as a decoded registries.conf has it."""
        mirrors = [{"location": m.location, "insecure": m.insecure, "pull-from-mirror": m.pull} for m in self.mirrors]
        return {
            "prefix": self.prefix, "location": self.location, "insecure": self.insecure, "blocked": self.blocked,
            "mirror-by-digest-only": self.by_digest, "mirror": mirrors,
        }  # fmt: skip


def check(objects: Objects, insecure: Iterable[str], blocked: Iterable[str], release: Release) -> None:
    """Raise Stopped where the operator refuses the lists or the mirror sets; the first failure wins."""
    check_entries("insecure", insecure)
    check_entries("blocked", blocked)
    policies: dict[str, str] = {}
    # What an ICSP says is read as an ImageDigestMirrorSet that comes last.
    for one in objects.sets("ImageDigestMirrorSet", "ImageContentSourcePolicy", "ImageTagMirrorSet"):
        _check_name("source", one.source, is_source, release)
        policy = one.effective_policy
        if policies.setdefault(one.source, policy) != policy:
            raise Stopped(
                f"conflicting mirrorSourcePolicy is set for the same source {go_text.quoted(one.source)} in"
                f" {release.policy_conflict}"
            )
        for mirror in one.mirrors:
            _check_name("mirror", mirror, is_location, release)
            if policy == NEVER and mirror == one.source:
                raise Stopped(
                    "cannot set mirrorSourcePolicy: NeverContactSource if the source"
                    f" {go_text.quoted(one.source)} is one of the mirrors"
                )


def check_entries(word: str, entries: Iterable[str]) -> None:
    for entry in entries:
        if not is_entry(entry):
            raise Stopped(f"invalid entry for {word} registries {go_text.quoted(entry)}")


def one_per_source(sets: Iterable[SourceMirrors]) -> list[Merged]:
    """Return one Merged a source, sorted; sets without a mirror other than the source count for nothing."""
    by_source: dict[str, list[SourceMirrors]] = {}
    for one in sets:
        if any(mirror != one.source for mirror in one.mirrors):
            by_source.setdefault(one.source, []).append(one)
    return [
        Merged(
            source, tuple(_in_one_order(source, by_source[source])), any(s.policy == NEVER for s in by_source[source])
        )
        for source in sorted(by_source)
    ]


def topological(edges: Iterable[tuple[str, str]]) -> list[str]:
    """Return the nodes so that edges point forward where possible; a loop is broken at its first node by name."""
    following: dict[str, set[str]] = {}
    preceding: dict[str, set[str]] = {}
    for before, after in edges:
        for node in (before, after):
            following.setdefault(node, set())
            preceding.setdefault(node, set())
        following[before].add(after)
        preceding[after].add(before)
    nodes = sorted(following)
    ready = deque(node for node in nodes if not preceding[node])
    others = iter(nodes)
    used: dict[str, None] = {}
    while len(used) < len(nodes):
        node = ready.popleft() if ready else next(other for other in others if other not in used)
        used[node] = None
        freed = []
        for after in following[node]:
            preceding[after].discard(node)
            if not preceding[after] and after not in used:
                freed.append(after)
        ready.extend(sorted(freed))
    return list(used)


def edited(
    objects: Objects,
    insecure: Iterable[str],
    blocked: Iterable[str],
    release: Release,
    tag_kinds: tuple[str, ...] = TAG_KINDS,
) -> list[RegistryTable]:
    """Return the entries of registries.conf in the operator's order.

    Raises Stopped for a wildcard source with an entry below it.
    """
    insecure, blocked = tuple(insecure), tuple(blocked)
    digest, tag = one_per_source(objects.sets(*DIGEST_KINDS)), one_per_source(objects.sets(*tag_kinds))
    entries: dict[str, RegistryTable] = {}
    by_digest = release.digest_word == "mirror-by-digest-only"
    for sets, pull in ((digest, DIGEST_ONLY), (tag, TAG_ONLY)):
        for one in sets:
            entry = entries.setdefault(one.source, RegistryTable(one.source))
            entry.blocked |= one.never
            entry.by_digest |= by_digest
            entry.mirrors += [MirrorTable(mirror, "" if by_digest else pull) for mirror in one.mirrors]
    for scope in (*blocked, *insecure):
        entries.setdefault(scope, RegistryTable(scope))
    blocking, trusting = Scopes(blocked), Scopes(insecure)
    for entry in entries.values():
        entry.blocked |= blocking.contain(entry.scope)
        entry.insecure = trusting.contain(entry.scope)
        for mirror in entry.mirrors:
            mirror.insecure = trusting.contain(mirror.location)
    if release.mirrors_reach_nested:
        _pass_mirrors_on(entries, [one.source for one in (*digest, *tag)])
    return list(entries.values())


def render(entries: Iterable[RegistryTable], search: Iterable[str], release: Release) -> str:
    """Return the text of registries.conf."""
    head = [f"unqualified-search-registries = {go_text.toml_strings(search)}\n"]
    head += [f'{key} = ""\n' for key in release.header]
    return "".join([*head, *map(_table, entries)])


def _check_name(what: str, name: str, matches: Any, release: Release) -> None:
    if release.mirror_patterns:
        if not matches(name):
            raise Stopped(f"invalid format for {what} {go_text.quoted(name)}")
    elif not name:
        raise Stopped(f"invalid empty entry for {what} configuration")
    elif "*" in name:
        raise Stopped(f"wildcard entries are not supported with mirror configuration {go_text.quoted(name)}")


def _in_one_order(source: str, sets: list[SourceMirrors]) -> list[str]:
    first = sets[0].mirrors
    if len(sets) == 1 and len(set(first)) == len(first):
        ordered = list(first)  # the usual case: one path needs no sorting
    else:
        ordered = topological(edge for one in sets for edge in _edges(source, one.mirrors))
    return ordered[:-1] if ordered[-1] == source else ordered  # last is where the engine tries it anyway


def _edges(source: str, mirrors: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield from zip(mirrors, mirrors[1:], strict=False)
    if source not in mirrors:
        yield mirrors[-1], source


def _pass_mirrors_on(entries: dict[str, RegistryTable], sources: list[str]) -> None:
    """Give an entry below a mirrored source its mirrors, with the path added; it would hide them otherwise.

    Of several sources the first one in order counts, which is the shorter one, not the closer one.
    """
    order = Scopes(sources)
    places = {source: place for place, source in reversed(list(enumerate(sources)))}
    heirs = []
    for entry in entries.values():
        if not entry.mirrors and (above := order.containing(entry.scope)):
            heirs.append((above[0], entry))
    wildcards = [source for source, heir in heirs if source.startswith("*.")]
    if wildcards:
        first = min(wildcards, key=places.__getitem__)
        raise Stopped(f"internal error: mirrorsAdjustedForNestedScope for a wildcard scope {go_text.quoted(first)}")
    for source, entry in heirs:
        rest = entry.scope[len(source) :]
        entry.mirrors = [MirrorTable(m.location + rest, m.pull, m.insecure) for m in entries[source].mirrors]


def _table(entry: RegistryTable) -> str:
    text = f"\n[[registry]]\n  prefix = {go_text.toml_string(entry.prefix)}\n"
    if entry.location:
        text += f"  location = {go_text.toml_string(entry.location)}\n"
    text += "  insecure = true\n" * entry.insecure + "  blocked = true\n" * entry.blocked
    text += "  mirror-by-digest-only = true\n" * entry.by_digest
    for mirror in entry.mirrors:
        text += "\n  [[registry.mirror]]\n"
        if mirror.location:
            text += f"    location = {go_text.toml_string(mirror.location)}\n"
        text += "    insecure = true\n" * mirror.insecure
        if mirror.pull:
            text += f"    pull-from-mirror = {go_text.toml_string(mirror.pull)}\n"
    return text
