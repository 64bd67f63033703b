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
from dataclasses import dataclass, field, replace

from .names import NameProblem, Scope, covers, parse_range, parse_scope

ALL = "all"
SERVICE_NETWORK = "172.30.0.0/16"

#: The words a task can say today. `mirrors`, `trust`, `credentials` and `import` follow, each with its own reader.
WORDS = ("search", "blocked", "allowed", "insecure")

#: Lists, not novels: a text that is longer than this is refused before it is parsed.
_LONGEST_TEXT = 1024 * 1024
_DEEPEST = 4
_IPV6 = re.compile(r"\[[0-9a-fA-F:.]+\]")


class PolicyError(ValueError):
    """A policy that cannot be meant. `word`, `value`, `reason` together make the sentence shown."""

    def __init__(self, word: str, value: object, reason: str) -> None:
        super().__init__(f"{word}: {_shown(value)} {reason}")
        self.word, self.value, self.reason = word, value, reason


@dataclass(frozen=True)
class Policy:
    """What was asked for, normalised. A word that is None was not said and is left alone; () empties it.

    blocked is ("all",) for an allow-list. insecure may hold IPv4 ranges beside scopes.
    """

    search: tuple[str, ...] | None = None
    blocked: tuple[str, ...] | None = None
    allowed: tuple[str, ...] | None = None
    insecure: tuple[str, ...] | None = None
    service_network: str = SERVICE_NETWORK
    notes: tuple[str, ...] = field(default=(), compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def allow_list(self) -> tuple[str, ...] | None:
        """The only scopes that may be pulled from, or None when everything not blocked may."""
        if self.blocked != (ALL,) and not self.allowed:
            return None
        return unique((self.search or ()) + (self.allowed or ()))

    def words(self) -> dict[str, list[str]]:
        """The words that were said, as plain lists."""
        return {word: list(getattr(self, word)) for word in WORDS if getattr(self, word) is not None}

    def over(self, earlier: Mapping[str, Iterable[str]]) -> Policy:
        """This policy where it speaks, an earlier one where it is silent."""
        silent = {word: tuple(earlier[word]) for word in WORDS if getattr(self, word) is None and word in earlier}
        if self.allowed and "blocked" in silent and silent["blocked"] != (ALL,):
            del silent["blocked"]  # an allow-list takes the place of an earlier partial block
        return replace(self, **silent)  # type: ignore[arg-type]


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
    for word in WORDS:
        given = entries(word, words.get(word))
        lists[word] = None if given is None else unique(_normalise(word, given, notes, warnings))
    policy = Policy(service_network=_network(service_network), **lists)  # type: ignore[arg-type]
    _refuse_contradictions(policy)
    warnings += _doubts(policy)
    return replace(policy, notes=tuple(notes), warnings=tuple(warnings))


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
    for entry in policy.search or ():
        blocker = next((scope for scope in policy.blocked or () if scope != ALL and covers(scope, entry)), None)
        if blocker:
            found.append(f"'{entry}' is searched and blocked (by '{blocker}') at once; it will never be pulled from")
    if policy.allow_list is not None:
        for entry in policy.insecure or ():
            if parse_range(entry) is None and not any(covers(scope, entry) for scope in policy.allow_list):
                found.append(f"'{entry}' is insecure but neither searched nor allowed, so it cannot be pulled from")
    return found


def _kind(value: object) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", dict: "a mapping", list: "a list"}
    return names.get(type(value), f"a {type(value).__name__}")


def _shown(value: object) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 120 else text[:117] + "…"
