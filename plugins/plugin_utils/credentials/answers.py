# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine would offer a registry, as a result that never holds a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..problems import one_line
from ..resolution.references import Reference
from .login import Login

_USER_AND_PASSWORD = re.compile(r"[^\s/:@]*:[^\s/@]*@")


@dataclass(frozen=True)
class Source:
    """A file by its name, or a pull secret by namespace/name, with its text."""

    name: str
    text: str = field(repr=False)
    old_form: bool = False  # nothing but entries, as in .dockercfg


@dataclass(frozen=True)
class Tried:
    """What the registry is offered, and the source that says so. kind: basic, token, empty or helper (a program)."""

    kind: str
    key: str
    source: str
    username: str | None = None
    helper: str | None = None

    def result(self) -> dict[str, str | None]:
        """Return it for a result; the source of a login that a program holds is unknown."""
        shown = {name: getattr(self, name) for name in ("kind", "source", "key", "username", "helper")}
        return shown | {"key": _without_password(self.key)} | ({"source": None} if self.helper else {})


@dataclass(frozen=True)
class Attempts:
    """What is tried in turn; or why the engine refuses the pull."""

    tried: tuple[Tried, ...] = ()
    problem: str | None = None


@dataclass
class Lookup:
    """All possible answers, because engines walk maps of Go in random order, and what is worth knowing besides."""

    answers: list[Attempts] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def offer(self, source: Source, key: str, login: Login) -> None:
        """Adds the answer that this entry is used."""
        self.answers.append(Attempts((entry(source, key, login),)))

    def ask(self, source: Source, key: str, helper: str) -> None:
        """Adds the answer that a program is asked."""
        self.answers.append(Attempts((Tried("helper", key, source.name, helper=helper),)))
        self.notes.append(f"{source.name}: the program docker-credential-{helper} is asked for {key}")

    def refuse(self, source: Source, engine: str, reason: object) -> None:
        """Adds the answer that the engine refuses the pull."""
        self.answers.append(Attempts(problem=f"{source.name}: {engine} cannot use it: {reason}"))

    def note_random(self, source: Source, engine: str, keys: Sequence[str]) -> None:
        """Says so where the engine has a choice."""
        if len(keys) > 1:
            self.notes.append(f"{source.name}: {engine} picks at random between {', '.join(keys)}")

    def note_unread(self, sources: Iterable[Source], reason: str) -> None:
        self.notes += [f"{source.name} is not read: {reason}" for source in sources]

    def answer(self) -> Attempts:
        """Return one of the possible answers; one without a problem where there is any."""
        return self._distinct()[0]

    @property
    def is_ambiguous(self) -> bool:
        """Whether the engine may also answer otherwise."""
        return len(self._distinct()) > 1

    def result(self, reference: Reference) -> dict[str, Any]:
        """Return {reference, tried, ambiguous, problem, notes}; ambiguous: whether other answers are possible."""
        answer, *others = self._distinct()
        notes = self.notes + [f"the pull may also be refused: {other.problem}" for other in others if other.problem]
        return {
            "reference": reference.name,
            "tried": [tried.result() for tried in answer.tried],
            "ambiguous": bool(others),
            "problem": answer.problem and _for_people(answer.problem),
            "notes": list(dict.fromkeys(map(_for_people, notes))),
        }

    def _distinct(self) -> list[Attempts]:
        refused = [answer for answer in self.answers if answer.problem]
        served = list(dict.fromkeys(answer for answer in self.answers if not answer.problem))
        return served + refused[:1] or [Attempts()]


def _for_people(sentence: str) -> str:
    """Return a sentence that quotes keys of a file: one line, which steers no terminal and holds no password."""
    return one_line(_without_password(sentence))


def _without_password(text: str) -> str:
    """Remove user and password from a key, which may be a URL."""
    return _USER_AND_PASSWORD.sub("…@", text)


def entry(source: Source, key: str, login: Login) -> Tried:
    return Tried(login.kind, key, source.name, login.username)
