# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the words of a policy reach their effect: images inside and outside of each scope, by our own resolver.

The plan is compared with the words here, never with itself: what some other file says is found by what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any

from ..host.observed import Observed
from ..policy import ALL, MirrorSet, Policy, Signed
from ..resolution import pull_sources
from ..resolution.names import Scopes, covers, has_port
from ..resolution.pull_sources import RewriteProblem
from ..resolution.references import Reference, parse_alias
from ..resolution.registries_conf import Mirror, RegistriesConf, RegistryTable
from ..resolution.signature_policy import requirements_for
from . import Unmet

#: So many sentences of a kind are enough to know where to look; each needs a file to be read again.
_TOLD = 10
_DIGEST = "sha256:" + "0" * 64
_OUTSIDE = Reference("outside.invalid", "dockyard/image", "latest")


def unmet(policy: Policy, conf: RegistriesConf, host: Observed) -> list[Unmet]:
    """List the entries of words that these files do not fulfil, each once. host: for the lines of its files."""
    found = [*_search(policy, conf), *_flags(policy, conf, host), *_mirrors(policy, conf, host)]
    found += [*_aliases(policy, conf), *_mode(policy, conf)]
    once = {(each.word, each.entry, each.file): each for each in reversed(found)}
    return [each for each in found if once.pop((each.word, each.entry, each.file), None) is not None]


def left_over(policy: Policy, conf: RegistriesConf, host: Observed) -> list[Unmet]:
    """List what these files say beyond the words, which alone shall count. host: for the lines of its files."""
    blocked, insecure, sources = _never_contacted(policy), Scopes(policy.insecure or ()), _mirrors_of(policy)
    kinds: dict[str, tuple[Callable[[str], bool], str]] = {
        "blocked": (lambda prefix: blocked.covering(prefix) is not None, "says '{}' is blocked, which is"),
        "insecure": (lambda prefix: insecure.covering(prefix) is not None, "says '{}' is insecure, which is"),
        "mirrors": (lambda prefix: prefix in sources, "has mirrors of '{}', which are"),
    }
    return [
        Unmet(word, prefix, table.file, f"{what.format(prefix)} not asked for", line_of(host, table))
        for word, (is_asked, what) in kinds.items()
        if getattr(policy, word) is not None and ALL not in getattr(policy, word)
        for prefix, table in conf.registries.items()
        if getattr(table, word) and not is_asked(prefix)
    ]


def unmet_by_policy_json(allowed: Iterable[str], path: str, document: Mapping[str, Any]) -> list[Unmet]:
    """List the entries of an allow-list that a policy.json does not fulfil."""
    found = []
    for scope in allowed:
        for reference in _inside(scope, ports=False):
            at, requirements = requirements_for(document, reference)
            if any(each.get("type") == "reject" for each in requirements):
                found.append(Unmet("allowed", scope, path, f"rejects {reference.name} (scope '{at or 'default'}')"))
                break
    requirements = requirements_for(document, _OUTSIDE)[1]
    if not any(each.get("type") == "reject" for each in requirements):
        found.append(Unmet("blocked", ALL, path, "accepts images of every registry"))
    return found


def unmet_by_signatures(signed: Iterable[Signed], path: str, document: Mapping[str, Any]) -> list[Unmet]:
    """List the scopes of which a policy.json lets some image pass without the signature that is asked for."""
    found = []
    for one in signed:
        for reference in _inside(one.scope, ports=False):
            at, requirements = requirements_for(document, reference)
            if one.requirement() not in requirements and not any(each.get("type") == "reject" for each in requirements):
                what = f"lets {reference.name} pass by another rule (scope '{at or 'default'}')"
                found.append(Unmet("signatures", one.scope, path, what))
                break
    return found


def rejected(entries: Iterable[str], path: str, document: Mapping[str, Any]) -> list[str]:
    """Say which searched registries a policy.json of others rejects."""
    found = []
    for entry in entries:
        at, requirements = requirements_for(document, next(_inside(entry, ports=False)))
        if any(each.get("type") == "reject" for each in requirements):
            scope = f"scope '{at}'" if at else "everything else" if at is not None else "its default"
            found.append(f"'{entry}' is searched, and {path} rejects its images ({scope}), so that nothing is pulled")
    return found


def hindered(policy: Policy, conf: RegistriesConf, host: Observed) -> list[str]:
    """Say what files of others keep a word from a part of its effect, though nothing of ours is overruled.

    host: for the lines of its files. What the words themselves say against each other is told by the policy.
    """
    said = _never_contacted(policy)
    place = partial(_place, host)
    kinds = (
        _never_reached(policy, conf, said, place), _mirrors_hindered(policy, conf, said, place),
        _still_served(policy, conf), _led_into(policy, conf, place),
    )  # fmt: skip
    return list(dict.fromkeys(text for kind in kinds for text in islice(kind, _TOLD)))


def _place(host: Observed, table: RegistryTable) -> str:
    line = line_of(host, table)
    return f"{table.file} (line {line})" if line else table.file


_Place = Callable[[RegistryTable], str]


def _never_reached(policy: Policy, conf: RegistriesConf, said: Scopes, place: _Place) -> Iterator[str]:
    for word, entries in (("searched", policy.search), ("allowed", policy.allowed)):
        for entry in entries or ():
            first, *_others = _inside(entry, ports=False)
            table = conf.find(first.name)
            if table and table.blocked and said.covering(entry) is None:
                rest = "images come from its mirrors only" if table.mirrors else "it is never pulled from"
                yield f"'{entry}' is {word}, and {place(table)} blocks '{table.prefix}', so that {rest}"


def _mirrors_hindered(policy: Policy, conf: RegistriesConf, said: Scopes, place: _Place) -> Iterator[str]:
    asked = _mirrors_of(policy)
    for source, mirrors in asked.items():
        for mirror in mirrors:
            table = conf.find(mirror)
            if table and table.blocked and said.covering(mirror) is None:
                yield f"mirror '{mirror}' of '{source}' is never asked: {place(table)} blocks '{table.prefix}'"
    sources = Scopes(asked)
    for prefix, table in conf.registries.items():
        whole = sources.covering(prefix) if prefix not in asked else None
        others = {each.location for each in table.mirrors}
        if whole is not None and not (table.blocked and not others) and not others & set(asked[whole]):
            yield (
                f"images of '{prefix}' do not come from the mirrors of '{whole}': {place(table)} has a table of its "
                "own for them"
            )


def _still_served(policy: Policy, conf: RegistriesConf) -> Iterator[str]:
    asked, blocked = _mirrors_of(policy), Scopes(policy.blocked or ())
    for prefix, table in conf.registries.items():
        scope = blocked.covering(prefix)
        others = [each.location for each in table.mirrors if each.location not in asked.get(prefix, ())]
        if scope is not None and others:
            yield (
                f"'{scope}' is blocked, and images of '{prefix}' still come from {', '.join(others)}, a mirror that "
                "others have set; mirrors: [] in mode exact takes it away"
            )


def _never_contacted(policy: Policy) -> Scopes:
    """Return the scopes that the words want blocked, sources for which mirrors stand included."""
    return Scopes((*(policy.blocked or ()), *(each.source for each in policy.mirrors or () if not each.contact_source)))


def _mirrors_of(policy: Policy) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for mirrored in policy.mirrors or ():
        asked.setdefault(mirrored.source, []).extend(mirrored.mirrors)
    return asked


def _led_into(policy: Policy, conf: RegistriesConf, place: _Place) -> Iterator[str]:
    scopes = Scopes(policy.insecure or ())
    for prefix, table in conf.registries.items():
        places = (Mirror(table.location, table.insecure), *table.mirrors)
        for location, insecure in ((each.location, each.insecure) for each in places):
            scope = scopes.covering(location) if location and location != prefix and not insecure else None
            if scope is not None:
                yield (
                    f"'{scope}' is insecure, and images of '{prefix}', which {place(table)} leads to '{location}', are "
                    "fetched securely all the same: that place has to say insecure itself"
                )


def line_of(host: Observed, registry: RegistryTable) -> int:
    """Return the line of a table, 0 when it cannot be told."""
    return registry.line(host.text(registry.file) or "") or 0 if registry.file else 0


def _search(policy: Policy, conf: RegistriesConf) -> Iterator[Unmet]:
    wanted = policy.search
    if wanted is not None and tuple(conf.search or ())[: len(wanted)] != wanted:
        file = conf.search_file if conf.search is not None else ""
        yield Unmet("search", ", ".join(wanted), file, "sets its own search list")


def _flags(policy: Policy, conf: RegistriesConf, host: Observed) -> Iterator[Unmet]:
    # A wildcard may be as long as a name and counts more; without any, a scope's own table is the longest of it.
    own = {} if any(prefix.startswith("*.") for prefix in conf.registries) else conf.registries
    for word in ("blocked", "insecure"):
        scopes = [scope for scope in getattr(policy, word) or () if scope != ALL]
        tables = Scopes(scopes).inside(conf.registries)
        for scope in scopes:
            narrower = tables.get(scope, [])
            if word == "insecure" and not narrower and scope in own and own[scope].insecure:
                continue  # as nearly all of thousands
            for reference in _deciding(scope, narrower):
                table = conf.find(reference.name)
                if word == "blocked" and table and _primary_is_blocked(reference, table, conf):
                    continue
                if table is None:
                    yield Unmet(word, scope)
                elif not getattr(table, word):
                    yield Unmet(word, scope, table.file, f"says '{table.prefix}' is not {word}", line_of(host, table))
                elif word == "blocked":  # engines look up the name that they contact
                    what = f"says '{table.prefix}' is found at '{table.location}', which is not blocked"
                    yield Unmet(word, scope, table.file, what, line_of(host, table))


def _primary_is_blocked(reference: Reference, table: RegistryTable, conf: RegistriesConf) -> bool:
    """Return whether the source itself is refused, be it under the name that it really has."""
    try:
        return pull_sources.endpoints(reference, replace(table, mirrors=()), conf)[-1].blocked_by is not None
    except RewriteProblem:
        return True  # no such image can be asked for at all


def _mirrors(policy: Policy, conf: RegistriesConf, host: Observed) -> Iterator[Unmet]:
    by_source: dict[str, list[MirrorSet]] = {}
    for mirrored in policy.mirrors or ():
        by_source.setdefault(mirrored.source, []).append(mirrored)
    for source, sets in by_source.items():
        for reference in _inside(source, ports=False):
            served = [each for each in sets if each.pull in ("all", "digest" if reference.digest else "tag")]
            wanted = [location for each in served for location in each.mirrors]
            table = conf.find(reference.name)
            if table is None:
                yield Unmet("mirrors", source)
            elif not wanted or (table.prefix != source and covers(source, table.prefix)):
                continue  # a narrower table of others is theirs to say
            elif _asked_first(reference, table, conf)[: len(wanted)] != wanted:
                yield Unmet("mirrors", source, table.file, f"has its own mirrors of '{source}'", line_of(host, table))
            elif not all(each.contact_source for each in sets) and not _primary_is_blocked(reference, table, conf):
                yield Unmet("mirrors", source, table.file, f"says '{source}' is not blocked", line_of(host, table))


def _asked_first(reference: Reference, table: RegistryTable, conf: RegistriesConf) -> list[str]:
    try:
        return [place.location for place in pull_sources.endpoints(reference, table, conf) if place.mirror]
    except RewriteProblem:
        return []


def _aliases(policy: Policy, conf: RegistriesConf) -> Iterator[Unmet]:
    for name, full in (policy.aliases or {}).items():
        found = conf.aliases.get(name, "")
        if found != parse_alias(name, full)[1]:
            yield Unmet("aliases", name, conf.alias_files.get(name, ""), f"says '{name}' is '{found}'")


def _mode(policy: Policy, conf: RegistriesConf) -> Iterator[Unmet]:
    if policy.short_name_mode is not None and conf.short_name_mode != policy.short_name_mode:
        what = f"says short-name-mode is {conf.short_name_mode}" if conf.short_name_mode else ""
        yield Unmet("short_name_mode", policy.short_name_mode, conf.mode_file, what)


def _deciding(scope: str, tables: list[str]) -> Iterator[Reference]:
    """Images of a scope that find every table that decides about some. tables: those inside the scope.

    The longest prefix wins, so each of these may decide alone; without any, all images find the same table.
    """
    return chain(*map(_inside, (scope, *tables))) if tables else islice(_inside(scope), 1)


def _inside(scope: str, *, ports: bool = True) -> Iterator[Reference]:
    """Images of a scope by tag and by digest. ports: with a port too, where the scope has none."""
    base = f"inside{scope[1:]}" if scope.startswith("*.") else scope
    host, slash, path = base.partition("/")
    paths = [f"{path}/dockyard-image"] if slash else ["dockyard/image"]
    if "/" in path:  # one part behind a registry is a namespace nearly always
        paths.append(path)
    hosts = [host] if slash or not ports or has_port(host) else [host, f"{host}:5000"]
    for domain in hosts:
        for each in paths:
            yield Reference(domain, each, "latest")
            yield Reference(domain, each, digest=_DIGEST)
