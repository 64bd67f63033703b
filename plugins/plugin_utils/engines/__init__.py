# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The container engines a host may have. A new one is one new file here and one line in ENGINES (registries).

Each file says how the engine is recognised, which files say what it does, how it is asked, and what makes it look
again. Everything else is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..host.observed import Observed
from ..host.watch import Watch
from ..plan.draft import Check, Due, FileChange, Step, Validation
from ..policy import Policy, read_policy


@dataclass(frozen=True)
class Lists:
    """Registry lists as an engine has them in force; mirrors are spelled as the engine shows them."""

    search: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()

    def plain(self) -> dict[str, list[str]]:
        """Return the lists for a result."""
        return {word: list(items) for word, items in vars(self).items()}


ALL_WORDS = frozenset(Lists().plain())


def differing(shown: Lists, expected: Lists) -> frozenset[str]:
    """Return the lists that are not the same in both."""
    return frozenset(word for word in ALL_WORDS if getattr(shown, word) != getattr(expected, word))


@dataclass(frozen=True)
class Unmet:
    """An entry of a word without its effect. file: what is in its way, "" for nothing but the lack of it.

    what: what that file says, completing a sentence that begins with it; line: where, 0 when nobody knows.
    """

    word: str
    entry: str
    file: str = ""
    what: str = ""
    line: int = 0


@dataclass(frozen=True)
class Request:
    """What the task asked for, besides the policy."""

    mode: str | None = None
    foreign_scopes: str = "fail"
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Desired:
    """What an engine's files have to say for a policy.

    expected: what the engine must answer then; None when it has no question for it.
    unenforceable: what it cannot do, with the reason. refusals: what must not be done at all.
    record: what to remember as ours on the host.
    """

    edits: tuple[FileChange, ...] = ()
    expected: Lists | None = None
    unenforceable: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


class Engine(Protocol):
    """What every engine can tell. All methods are pure; HostProblem is raised for what must be refused."""

    name: str
    title: str
    default_mode: str
    watch: Watch
    #: the shape of what it remembers on a host, see shapes.py
    record: Any

    def present(self, host: Observed) -> bool: ...

    def version(self, host: Observed) -> str: ...

    def running(self, host: Observed) -> bool:
        """Return whether there is a process that holds the configuration in memory."""

    def in_force(self, host: Observed) -> Lists | None:
        """Return the engine's own answer; None when it has no question or does not run."""

    def desired(self, host: Observed, policy: Policy, request: Request) -> Desired: ...

    def withdrawn(self, host: Observed, record: Mapping[str, Any]) -> Desired:
        """Return the files without anything of ours; entries of others stay."""

    def validations(self, host: Observed, edits: tuple[FileChange, ...]) -> tuple[Validation, ...]:
        """Ask the engine's own parser about files before they are put in place."""

    def after_start(self, host: Observed) -> Lists | None:
        """Return the lists of its next start, where no reload would bring them about; None where there are none."""

    def activation(self, host: Observed, differs: frozenset[str] = ALL_WORDS) -> Due | None:
        """Return the least that makes the engine read its files again; None for one that reads them at every command.

        host: with its files as they will be. differs: the lists in which what is in force is not what they say.
        """

    def refresh(self, host: Observed) -> tuple[Step, ...]:
        """Return the steps that its next start needs when it is not activated now; they disturb nobody."""

    def differs(self, host: Observed, shown: Lists, expected: Lists) -> frozenset[str]:
        """Name the lists in which its answer differs from what it must show once it has read the files of this host."""

    def checks(self, host: Observed, expected: Lists) -> tuple[Check, ...]:
        """Return the questions that prove it did. host: with its files as they will be."""

    def contradicted(self, host: Observed, policy: Policy) -> list[Unmet]:
        """List the entries of words that its own answer does not fulfil; none where it gives none."""

    def report(self, host: Observed) -> dict[str, Any]:
        """Return lists and files for the _info task: {search, blocked, insecure, files, problems}."""


def without_ours(record: Mapping[str, Any]) -> tuple[Policy, Request]:
    """Ask an engine for empty lists beside those of others, for every list that we have added to."""
    return read_policy(dict.fromkeys(record.get("added", {}), ())), Request("merge", record=record)


def _itself(entry: str) -> str:
    return entry


def joint_list(
    given: tuple[str, ...], present: tuple[str, ...], ours: tuple[str, ...], name: Callable[[str], str] = _itself
) -> tuple[str, ...]:
    """Return a list with several owners: what is asked for first, then what others put there.

    name: what the engine makes of an entry; two that it makes the same of are one.
    """
    known = set(map(name, (*given, *ours)))
    return given + tuple(item for item in present if name(item) not in known)


def added(
    given: tuple[str, ...], present: tuple[str, ...], ours: tuple[str, ...], name: Callable[[str], str] = _itself
) -> list[str]:
    """Return the items that we add and may remove later."""
    mine = set(map(name, ours))
    theirs = {name(item) for item in present} - mine
    return [item for item in given if name(item) not in theirs]
