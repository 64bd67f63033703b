# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All words of a policy as one value.

A new word is one file beside this one and one field of `Policy`; everything else here is a loop over the fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any

from ..resolution.names import Scopes, is_range
from . import credentials, import_sources, lists, mirrors, short_names, signatures, trust
from .credentials import Credential
from .import_sources import ImportSource
from .lists import ALL, SERVICE_NETWORK
from .mirrors import MirrorSet
from .signatures import Signed
from .trust import Trust
from .word import UNSHOWN, PolicyError, Reading, Targets, Word, kind_of, shown, unique


@dataclass(frozen=True)
class Policy:
    """What was asked for, normalised. A word that is None was not said and is left alone; an empty one empties.

    blocked is ("all",) for an allow-list. insecure may hold IPv4 ranges beside scopes. aliases maps short names to
    full ones; "" takes an alias of others away. service_network: a range that an engine without ranges may leave out.
    """

    search: tuple[str, ...] | None = field(default=None, metadata={"word": lists.SEARCH})
    blocked: tuple[str, ...] | None = field(default=None, metadata={"word": lists.BLOCKED})
    allowed: tuple[str, ...] | None = field(default=None, metadata={"word": lists.ALLOWED})
    insecure: tuple[str, ...] | None = field(default=None, metadata={"word": lists.INSECURE})
    mirrors: tuple[MirrorSet, ...] | None = field(default=None, metadata={"word": mirrors.MIRRORS})
    short_name_mode: str | None = field(default=None, metadata={"word": short_names.SHORT_NAME_MODE})
    aliases: Mapping[str, str] | None = field(default=None, metadata={"word": short_names.ALIASES})
    signatures: tuple[Signed, ...] | None = field(default=None, metadata={"word": signatures.SIGNATURES})
    import_: tuple[ImportSource, ...] | None = field(default=None, metadata={"word": import_sources.IMPORT})
    trust: Trust | None = field(default=None, metadata={"word": trust.TRUST})
    credentials: tuple[Credential, ...] | None = field(default=None, metadata={"word": credentials.CREDENTIALS})

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

    def set_words(self) -> Iterator[tuple[str, Word, Any]]:
        """Yield every word that is set: its name, the word, its value."""
        for name, word in VOCABULARY.items():
            value = getattr(self, _attribute(name))
            if value is not None:
                yield name, word, value

    def without(self, word: str) -> Policy:
        """Return the policy that does not say this word."""
        unsaid: dict[str, Any] = {_attribute(word): None}
        return replace(self, **unsaid)

    def words(self) -> dict[str, Any]:
        """Return the words that are set, as plain values that `read_policy` reads back; none that may hold secrets."""
        return {name: word.plain(value) for name, word, value in self.set_words() if word.plain}

    def out_of_reach(self) -> list[str]:
        """Warn about trusted names that can never be pulled from: no allow-list and no mirror contains them."""
        if self.allow_list is None or self.trust is None:
            return []
        reached = (*self.allow_list, *(location for mirrored in self.mirrors or () for location in mirrored.mirrors))
        whole, in_part = Scopes(reached), {scope.partition("/")[0] for scope in reached}
        return [
            f"'{name}' is trusted but neither searched nor allowed, so it cannot be pulled from"
            for registry in self.trust.present
            for name in registry.names
            if name not in in_part and not whole.covering(name)
        ]

    def over(self, earlier: Mapping[str, object]) -> Policy:
        """Complete this policy with an earlier one (as `words` gave it) for every word that is not set here.

        What both say together is judged like one policy. An allow-list and a list of what is blocked exclude each
        other, so the earlier one of them ends, with a warning. Raises PolicyError.
        """
        if earlier == self.words():  # as at every run but the first
            return self
        spoken = {_attribute(name) for name, _word, _value in self.set_words()}
        whole = _read(words_in("words", earlier), Reading())  # what is damaged is refused, whether it is needed or not
        older = {name: value for name, value in whole.items() if name not in spoken}
        warnings = []
        if self.allowed and older.get("blocked", (ALL,)) != (ALL,):
            warnings += _ends("allowed", "blocked", older.pop("blocked"))
        if self.blocked is not None and self.blocked != (ALL,):
            warnings += _ends("blocked", "allowed", older.pop("allowed", ()))
        both = replace(self, **older)
        _refuse_contradictions(both)
        return replace(both, warnings=unique((*self.warnings, *warnings, *doubts(both))))


def _attribute(name: str) -> str:
    return name if name in Policy.__dataclass_fields__ else f"{name}_"


#: The name of each word → the word, in the order of the fields. A field has "_" behind a name that Python keeps for
#: itself, as `import_`.
VOCABULARY: dict[str, Word] = {
    one.name.rstrip("_"): one.metadata["word"] for one in fields(Policy) if "word" in one.metadata
}
WORDS = tuple(VOCABULARY)
#: Those that mean something for hosts.
HOST_WORDS = tuple(name for name, word in VOCABULARY.items() if Targets.HOSTS in word.targets)


def read_policy(
    words: Mapping[str, object],
    *,
    service_network: str = SERVICE_NETWORK,
    service_network_insecure: bool = False,
    reading: Reading | None = None,
) -> Policy:
    """Validate and normalise policy words in any of their shapes; what is not a word is passed over.

    words: word → None (not said), or its value as docs/policy.md has it. Raises PolicyError for what is invalid.
    """
    reading = reading or Reading()
    if service_network_insecure:
        words = {**words, "insecure": [*lists.entries("insecure", words.get("insecure")), service_network]}
    policy = Policy(**_read(words, reading), service_network=lists.network("hosted_registry_network", service_network))
    _refuse_contradictions(policy)
    return replace(policy, notes=tuple(reading.notes), warnings=unique((*reading.warnings, *doubts(policy))))


def read_options(options: Mapping[str, Any], reading: Reading | None = None, group: str = "") -> Policy:
    """Read the policy from the options of a task, or from those words that are in a group. Raises PolicyError."""
    return read_policy(
        {name: options.get(name) for name, word in VOCABULARY.items() if group in ("", word.group)},
        service_network=options.get("hosted_registry_network") or SERVICE_NETWORK,
        service_network_insecure=bool(options.get("hosted_registry_insecure")),
        reading=reading,
    )


def words_in(name: str, value: object) -> dict[str, object]:
    """Return the words of a policy that stands in one value, not read yet.

    name: what a sentence calls that value. Raises PolicyError, which shows nothing of it: it may hold keys.
    """
    if not isinstance(value, Mapping):
        needed = f"a mapping of words ({', '.join(WORDS)}) is needed"
        raise PolicyError(name, UNSHOWN, f"{needed}, this is {kind_of(value)}")
    for word in map(str, value):
        if word not in VOCABULARY:
            near = get_close_matches(word, WORDS, 1)
            meant = f"did you mean '{near[0]}'? The words are" if near else "the words are"
            raise PolicyError(
                f"{name}.{shown(word)[1:-1]}", UNSHOWN, f"is not a word of a policy; {meant} {', '.join(WORDS)}"
            )
    return {str(word): said for word, said in value.items()}


def options_of(group: str) -> dict[str, dict[str, Any]]:
    """Return the argument spec of the words of a group."""
    return {name: dict(word.option) for name, word in VOCABULARY.items() if word.group == group}


def variables_of(group: str, prefix: str, policy: str) -> dict[str, tuple[str, ...]]:
    """Return, for each word of a group, the places of its value, nearest first.

    That is PREFIXword, then POLICY.word, then the variable of openshift-ansible, where there is one.
    """
    return {
        name: (f"{prefix}{name}", f"{policy}.{name}", *([word.variable] if word.variable else []))
        for name, word in VOCABULARY.items()
        if word.group == group
    }


def _read(words: Mapping[str, object], reading: Reading) -> dict[str, Any]:
    """Read the given words into the fields of a policy."""
    return {
        _attribute(name): word.read(name, words[name], reading)
        for name, word in VOCABULARY.items()
        if words.get(name) is not None
    }


def _ends(newer: str, older: str, entries: tuple[str, ...]) -> list[str]:
    """Warn that a word ends another one of an earlier run."""
    if not entries:
        return []
    return [
        f"{newer} takes the place of what an earlier run set as {older} ({', '.join(entries)}), because an allow-list "
        "and a list of what is blocked exclude each other"
    ]


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


def doubts(policy: Policy) -> list[str]:
    """Warn about what is allowed and seldom intended."""
    found = []
    blocked = Scopes(scope for scope in policy.blocked or () if scope != ALL)
    for entry in policy.search or ():
        if blocker := blocked.covering(entry):
            found.append(f"'{entry}' is searched and blocked (by '{blocker}') at once; it will never be pulled from")
    found += [
        f"images of '{signed.scope}' must be signed, and they are blocked (by '{blocker}')"
        for signed in policy.signatures or ()
        if (blocker := blocked.covering(signed.scope))
    ]
    found += _never_asked(policy)
    if policy.allow_list is not None:
        allowed = Scopes(policy.allow_list)
        for entry in policy.insecure or ():
            if not is_range(entry) and not allowed.covering(entry):
                found.append(f"'{entry}' is insecure but neither searched nor allowed, so it cannot be pulled from")
        found += policy.out_of_reach()
    if policy.allow_list == ():
        unsaid = [name for name in ("search", "allowed", "mirrors") if getattr(policy, name) is None]
        hope = f" unless {' or '.join(unsaid)} of an earlier run or of the host's own files do" if unsaid else ""
        found.append(
            f"blocked is 'all', and nothing is searched, allowed or mirrored: nothing at all can be pulled any more"
            f" (on OpenShift 4: nothing but its own images){hope}"
        )
    return found


def _never_asked(policy: Policy) -> Iterator[str]:
    """Warn about mirrors and aliases inside what the same policy blocks: engines judge the contacted name."""
    said = [scope for scope in policy.blocked or () if scope != ALL]
    alone = [mirrored.source for mirrored in policy.mirrors or () if not mirrored.contact_source]
    blocked, refused = Scopes((*said, *alone)), Scopes(said)
    for mirrored in policy.mirrors or ():
        lost = {mirror: blocked.covering(mirror) for mirror in mirrored.mirrors}
        left = len([mirror for mirror in lost if lost[mirror] is None])
        source = "nothing" if not mirrored.contact_source or blocked.covering(mirrored.source) else "the source only"
        rest = "" if left else f"; images of '{mirrored.source}' come from {source}"
        for mirror, blocker in lost.items():
            if blocker:
                yield f"mirror '{mirror}' of '{mirrored.source}' is blocked (by '{blocker}') and never asked{rest}"
    for name, full in (policy.aliases or {}).items():
        if full and (blocker := refused.covering(full)):
            yield f"alias '{name}' stands for '{full}', which is blocked (by '{blocker}')"
        elif full and policy.allow_list is not None and not Scopes(policy.allow_list).covering(full):
            yield f"alias '{name}' stands for '{full}', which is neither searched nor allowed"
