# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry policy: every shape people write it in goes in, one validated value comes out.

The words and their meaning: docs/policy.md. Facts about the old variables: openshift-ansible, roles
container_runtime and docker (releases 3.6 to 3.11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .names import Coverage, NameProblem, Scope, parse_range, parse_scope
from .problems import Problem
from .references import ReferenceProblem, one_line, parse_alias

ALL = "all"
SERVICE_NETWORK = "172.30.0.0/16"

#: The words that are lists of names.
LISTS = ("search", "blocked", "allowed", "insecure")

#: The words a task can say today. `trust`, `credentials` and `import` follow, each with its own reader.
WORDS = (*LISTS, "mirrors", "short_name_mode", "aliases")

SHORT_NAME_MODES = ("enforcing", "permissive", "disabled")
PULLS = ("all", "digest", "tag")

#: Lists, not novels: a text that is longer than this is refused before it is parsed.
_LONGEST_TEXT = 1024 * 1024
_DEEPEST = 4
_IPV6 = re.compile(r"\[[0-9a-fA-F:.]+\]")


class PolicyError(Problem):
    """A policy that cannot be meant. `word`, `value`, `reason` together make the sentence shown."""

    def __init__(self, word: str, value: object, reason: str) -> None:
        super().__init__(f"{word}: {_shown(value)} {reason}")
        self.word, self.value, self.reason = word, value, reason


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
        """As a person writes it."""
        return {**asdict(self), "mirrors": list(self.mirrors)}


@dataclass(frozen=True)
class Policy:
    """What was asked for, normalised. A word that is None was not said and is left alone; () empties it.

    blocked is ("all",) for an allow-list. insecure may hold IPv4 ranges beside scopes. aliases maps short names to
    full ones; "" takes an alias of others away.
    """

    search: tuple[str, ...] | None = None
    blocked: tuple[str, ...] | None = None
    allowed: tuple[str, ...] | None = None
    insecure: tuple[str, ...] | None = None
    mirrors: tuple[MirrorSet, ...] | None = None
    short_name_mode: str | None = None
    aliases: Mapping[str, str] | None = None
    service_network: str = SERVICE_NETWORK
    notes: tuple[str, ...] = field(default=(), compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def allow_list(self) -> tuple[str, ...] | None:
        """The only scopes that may be pulled from, or None when everything not blocked may."""
        if self.blocked != (ALL,) and not self.allowed:
            return None
        sources = tuple(mirrored.source for mirrored in self.mirrors or ())
        return unique((self.search or ()) + (self.allowed or ()) + sources)

    def words(self) -> dict[str, Any]:
        """The words that were said, as plain values; what `read_policy` reads back."""
        said: dict[str, Any] = {word: list(getattr(self, word)) for word in LISTS if getattr(self, word) is not None}
        if self.mirrors is not None:
            said["mirrors"] = [mirrored.plain() for mirrored in self.mirrors]
        if self.short_name_mode is not None:
            said["short_name_mode"] = self.short_name_mode
        if self.aliases is not None:
            said["aliases"] = dict(self.aliases)
        return said

    def over(self, earlier: Mapping[str, Any]) -> Policy:
        """This policy where it speaks, an earlier one (as `words` gave it) where it is silent."""
        silent: dict[str, Any] = {
            word: tuple(earlier[word]) for word in LISTS if getattr(self, word) is None and word in earlier
        }
        if self.mirrors is None and "mirrors" in earlier:
            silent["mirrors"] = read_mirrors(earlier["mirrors"])
        for word in ("short_name_mode", "aliases"):
            if getattr(self, word) is None and word in earlier:
                silent[word] = earlier[word]
        if self.allowed and "blocked" in silent and silent["blocked"] != (ALL,):
            del silent["blocked"]  # an allow-list takes the place of an earlier partial block
        return replace(self, **silent)


def read_policy(
    words: Mapping[str, object],
    *,
    service_network: str = SERVICE_NETWORK,
    service_network_insecure: bool = False,
) -> Policy:
    """Validate and normalise policy words in any of their shapes.

    words: word → None (not said), list of texts, comma or newline separated text, or a JSON text of either.
    Raises PolicyError for anything that cannot be meant.
    """
    notes: list[str] = []
    warnings: list[str] = []
    lists: dict[str, tuple[str, ...] | None] = {}
    if service_network_insecure:
        words = {**words, "insecure": [*(entries("insecure", words.get("insecure")) or []), service_network]}
    for word in LISTS:
        given = entries(word, words.get(word))
        lists[word] = None if given is None else unique(_normalise(word, given, notes, warnings))
    policy = Policy(
        **lists,  # type: ignore[arg-type]
        mirrors=read_mirrors(words.get("mirrors")),
        short_name_mode=_short_name_mode(words.get("short_name_mode")),
        aliases=_aliases(words.get("aliases")),
        service_network=_network(service_network),
    )
    _refuse_contradictions(policy)
    warnings += _doubts(policy)
    return replace(policy, notes=tuple(notes), warnings=tuple(warnings))


def read_mirrors(value: object) -> tuple[MirrorSet, ...] | None:
    """The mirror sets of a policy: a list of mappings, or a JSON text of one. Raises PolicyError."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else []
        except (ValueError, RecursionError):
            raise PolicyError("mirrors", value, "is not a list of mappings with source and mirrors") from None
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise PolicyError("mirrors", value, f"is {_kind(value)}; write a list of mappings with source and mirrors")
    found = tuple(_mirror_set(entry) for entry in value)
    sources: dict[str, bool] = {}
    for mirrored in found:
        if sources.setdefault(mirrored.source, mirrored.contact_source) != mirrored.contact_source:
            raise PolicyError("mirrors", mirrored.source, "is a source both with and without contact_source")
    return found


def _short_name_mode(value: object) -> str | None:
    if value is None or value in SHORT_NAME_MODES:
        return value
    raise PolicyError("short_name_mode", value, f"is none of {', '.join(SHORT_NAME_MODES)}")


def _aliases(value: object) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise PolicyError("aliases", value, f"is {_kind(value)}; write a mapping of short names to full names")
    for name, full in value.items():
        if not isinstance(name, str) or not isinstance(full, str):
            raise PolicyError("aliases", name if isinstance(full, str) else full, "is no text")
        try:
            parse_alias(name, full)
        except ReferenceProblem as problem:
            raise PolicyError("aliases", name, f"cannot be an alias: {problem}") from None
    return dict(value)


def _mirror_set(entry: object) -> MirrorSet:
    if not isinstance(entry, Mapping):
        raise PolicyError("mirrors", entry, f"is {_kind(entry)}; every entry is a mapping with source and mirrors")
    if unknown := sorted(set(map(str, entry)) - {"source", "mirrors", "pull", "contact_source"}):
        raise PolicyError("mirrors", unknown[0], "is no key of a mirror set (source, mirrors, pull, contact_source)")
    source, pull, contact = entry.get("source"), entry.get("pull", "all"), entry.get("contact_source", True)
    if not isinstance(source, str):
        raise PolicyError("mirrors", entry, "has no source")
    if pull not in PULLS:
        raise PolicyError("mirrors", pull, f"is no kind of pull; it is one of {', '.join(PULLS)}")
    if not isinstance(contact, bool):
        raise PolicyError("mirrors", contact, "is no truth value for contact_source")
    locations = tuple(_mirror_scope(name, "mirror") for name in entries("mirrors", entry.get("mirrors")) or ())
    if not locations:
        raise PolicyError("mirrors", source, "has no mirrors")
    return MirrorSet(_mirror_scope(source, "source"), unique(locations), pull, contact)


def _mirror_scope(text: str, role: str) -> str:
    try:
        scope = parse_scope(text.strip())
        if scope.is_wildcard and role == "mirror":
            raise NameProblem("is a wildcard, and a mirror is one place")
        if "tag" in scope.remark:
            raise NameProblem("carries a tag or digest; a mirror set is about repositories")
    except NameProblem as problem:
        raise PolicyError("mirrors", text, str(problem)) from None
    return scope.text


def entries(word: str, value: object, depth: int = 0) -> list[str] | None:
    """The entries of one list in any shape; empty items are dropped, as a person means them."""
    if value is None:
        return None
    if depth > _DEEPEST:
        raise PolicyError(word, value, "is nested too deeply; write one list of names")
    if isinstance(value, str):
        return _entries_of_text(word, value, depth)
    if not isinstance(value, (list, tuple)):
        raise PolicyError(word, value, f"is {_kind(value)}; write a list of names or a comma separated text")
    found: list[str] = []
    for item in value:
        if not isinstance(item, str):
            raise PolicyError(word, item, f"is {_kind(item)} in a list of names; every entry must be text")
        found += _entries_of_text(word, item, depth + 1)
    return found


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Without repetitions, in order."""
    return tuple(dict.fromkeys(items))


def _entries_of_text(word: str, text: str, depth: int) -> list[str]:
    if len(text) > _LONGEST_TEXT:
        raise PolicyError(word, text[:40] + "…", f"is longer than {_LONGEST_TEXT} characters")
    text = text.strip()
    if text[:1] in ("[", "{", '"') and not _IPV6.match(text):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise PolicyError(word, text, "looks like JSON but is not; write a list of names") from None
        return entries(word, value, depth + 1) or []
    return [item for item in (part.strip() for line in text.splitlines() for part in line.split(",")) if item]


def _normalise(word: str, given: list[str], notes: list[str], warnings: list[str]) -> list[str]:
    found = []
    for entry in given:
        if entry == ALL and word == "blocked":
            found.append(ALL)
            continue
        try:
            scope = _scope_or_range(word, entry)
        except NameProblem as problem:
            raise PolicyError(word, entry, str(problem)) from None
        if scope.remark:
            (warnings if "tag" in scope.remark else notes).append(f"{word}: '{entry}' {scope.remark}")
        if "." not in scope.text and ":" not in scope.text and scope.text.split("/")[0] != "localhost":
            warnings.append(
                f"{word}: '{entry}' has neither dot nor port, so image names beginning with it mean Docker Hub"
            )
        found.append(scope.text)
    return found


def _scope_or_range(word: str, entry: str) -> Scope:
    if entry == ALL:
        raise NameProblem("is a word for blocked only")
    if word == "insecure":
        network = parse_range(entry)
        if network:
            return Scope(network, remark="" if network == entry else f"means the range {network}")
    elif parse_range(entry, hint=" nor a registry"):
        raise NameProblem("is an address range; only insecure takes ranges")
    scope = parse_scope(entry)
    if word == "search" and not scope.is_registry:
        raise NameProblem("is not a whole registry; search takes host[:port] only")
    return scope


def _network(text: str) -> str:
    try:
        network = parse_range(text)
    except NameProblem:
        network = None
    if network is None:
        raise PolicyError("hosted_registry_network", text, "is not an address range such as 172.30.0.0/16")
    return network


def _refuse_contradictions(policy: Policy) -> None:
    if policy.blocked and ALL in policy.blocked and len(policy.blocked) > 1:
        raise PolicyError(
            "blocked",
            list(policy.blocked),
            "names more than 'all'; 'all' stands alone, because it leaves nothing else to block",
        )
    if policy.allowed and policy.blocked is not None and policy.blocked != (ALL,):
        raise PolicyError(
            "allowed",
            list(policy.allowed),
            "contradicts blocked, which is not 'all'; leave blocked out or set it to all",
        )


def _doubts(policy: Policy) -> list[str]:
    """What is allowed to be said and is seldom meant."""
    found = []
    blocked = Coverage(scope for scope in policy.blocked or () if scope != ALL)
    for entry in policy.search or ():
        if blocker := blocked.of(entry):
            found.append(f"'{entry}' is searched and blocked (by '{blocker}') at once; it will never be pulled from")
    if policy.allow_list is not None:
        allowed = Coverage(policy.allow_list)
        for entry in policy.insecure or ():
            if parse_range(entry) is None and allowed.of(entry) is None:
                found.append(f"'{entry}' is insecure but neither searched nor allowed, so it cannot be pulled from")
    return found


def _kind(value: object) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", dict: "a mapping", list: "a list"}
    return names.get(type(value), f"a {type(value).__name__}")


def _shown(value: object) -> str:
    text = one_line(f"'{value}'" if isinstance(value, str) else str(value))
    return text if len(text) <= 120 else text[:117] + "…"
