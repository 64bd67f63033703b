# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a word of the policy is, and what reading one needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto
from typing import Any

from .. import clock
from ..problems import Problem, one_line
from ..resolution.names import without_login

_LONGEST_SHOWN = 120


#: In place of a value that is not shown: it may hold keys.
UNSHOWN = object()


class PolicyError(Problem):
    """A policy that is invalid. `word`, `value` and `reason` make the sentence "WORD: VALUE REASON".

    A login that stands in the value is left out, and so is everything that could break a line or steer a terminal.
    """

    def __init__(self, word: str, value: object, reason: str) -> None:
        told = reason if value is UNSHOWN else f"{shown(value)} {reason}"
        super().__init__(one_line(f"{word}: {told}"))
        self.word, self.value, self.reason = word, value, reason


class Targets(Flag):
    """For whom a word means something."""

    HOSTS = auto()
    CLUSTERS = auto()
    BOTH = HOSTS | CLUSTERS


@dataclass
class Reading:
    """What readers need beside a value, and what they remark on it.

    read_file: the bytes of a file on the controller; None where no file can be read. keep_secret: is told every text
    that nobody may be shown. now, warn_days: certificates that expire within so many days are a warning.
    """

    read_file: Callable[[str], bytes] | None = None
    keep_secret: Callable[[str], object] = lambda text: None
    now: datetime = field(default_factory=clock.now)
    warn_days: int = 30
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _files: dict[str, str] = field(default_factory=dict)

    def text_of(self, path: str) -> str | None:
        """Return the text of a file, each read once; None where no file can be read."""
        if self.read_file is None:
            return None
        if path not in self._files:
            self._files[path] = self.read_file(path).decode("utf-8", "replace")
        return self._files[path]


@dataclass(frozen=True)
class Word:
    """One word of the policy, as the metadata of its field says it.

    read: (name, value in any shape, reading) → the field's value; raises PolicyError. plain: the field's value as plain
    values that `read` takes again; None when the value may hold secrets, which are never written down. variable: what
    openshift-ansible calls it. option: its entry in the argument specs of tasks, with the description from which
    `make docs` writes the documentation. group: words of one group are options of the same tasks.
    """

    read: Callable[[str, object, Reading], Any]
    plain: Callable[[Any], Any] | None = None
    targets: Targets = Targets.BOTH
    variable: str = ""
    option: Mapping[str, Any] = field(default_factory=lambda: {"type": "raw"})
    group: str = "registries"


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Remove repetitions, keep the order."""
    return tuple(dict.fromkeys(items))


def from_json(value: object) -> object:
    """Return what a JSON text holds, a list for an empty one; any other value as it is. Raises ValueError."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else []
    except RecursionError:
        raise ValueError("too deep") from None


def kind_of(value: object) -> str:
    """Name the type of a value as a person would."""
    names = {bool: "a truth value", int: "a number", float: "a number", dict: "a mapping", list: "a list"}
    names |= {str: "a text", type(None): "nothing"}
    return names.get(type(value), f"a {type(value).__name__}")


def shown(value: object) -> str:
    """Quote a value for a sentence: on one line, not too long, without a login."""
    text = without_login(one_line(f"'{value}'" if isinstance(value, str) else str(value)))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "…"
