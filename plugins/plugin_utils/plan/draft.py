# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a feature wants of a host, as values. A plan and its one transaction are made of drafts in `proposal`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..host.services import Service
from .plan import Disruption


class Again(Enum):
    """Stands for a step's own command, run once more after the files went back."""

    AGAIN = "again"


AGAIN = Again.AGAIN


@dataclass(frozen=True)
class FileChange:
    """A file to be written, or removed when its content is None. What is not given stays, or is as usual.

    before and after are views for people: they hold only settings of ours, so they can be shown. keep: whether the old
    file may stand beside the new one meanwhile; not in a directory of which a program reads every file. secret: whether
    the content holds passwords, of which a checksum must not be told to anybody. asked_by: the words without which it
    would be another one; () for all that its draft is asked. way_back: what it says while steps are undone, before the
    old bytes are there again, for a service that keeps what its file no longer says.
    """

    path: str
    content: bytes | None
    why: str
    before: str = ""
    after: str = ""
    mode: str | None = None
    uid: int | None = None
    gid: int | None = None
    label: str | None = None
    keep: bool = True
    secret: bool = False
    asked_by: tuple[str, ...] = ()
    way_back: bytes | None = None

    @property
    def text(self) -> str | None:
        return None if self.content is None else self.content.decode()

    def __repr__(self) -> str:
        return f"FileChange({self.path!r})"  # its content may be a key


@dataclass(frozen=True)
class Step:
    """A command of the transaction. whom: the unit that it disturbs.

    undo: what is run when the transaction is taken back after the step had begun. None: nothing.
    """

    name: str
    argv: tuple[str, ...]
    why: str = ""
    whom: str = ""
    disruption: Disruption = Disruption.NONE
    undo: tuple[str, ...] | Again | None = AGAIN
    timeout: float = 90.0


@dataclass(frozen=True)
class Validation:
    """A command that must succeed before anything is put in place; `{staged:PATH}` is where new content waits."""

    name: str
    argv: tuple[str, ...]


#: The end of an answer that is told; see TAIL in host_transaction.
ANSWER_LIMIT = 65536


@dataclass(frozen=True)
class Check:
    """A question after the steps, with the answers it must give (see host_transaction).

    shows: the name of the question of a look that it asks again, "" for none.
    """

    name: str
    argv: tuple[str, ...]
    expect: tuple[Mapping[str, Any], ...]
    attempts: int = 5
    delay: float = 1.0
    timeout: float = 10.0
    shows: str = ""


@dataclass(frozen=True)
class Due:
    """A service that has to look at its files again. Whether it may, and when, is decided for all drafts at once.

    until: what is not so before, for the sentence that says it was deferred; whose: the engine in that sentence.
    instead: what a person can do so that it is not due. restart: else a reload will do. first: steps to be run just
    before. checks: the questions that prove that it looked; undo_checks: that it is as it was, once it was undone.
    """

    service: Service
    why: str = ""
    until: str = ""
    whose: str = ""
    instead: str = ""
    restart: bool = True
    first: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    undo_checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Draft:
    """One part of what is wanted of a host.

    part: where its record stands in state.json. record: what is ours afterwards, {} for nothing; None leaves the old
    one. remembers: whether a record that differs is a change by itself. current: services that hold in memory what
    these files say, as far as this part goes. beyond: what cannot be enforced. refusals: what must not be done.
    undoes: the id of the plan that it takes back. forgets: whether no trace of any transaction is to stay. asks: the
    options for which it was made. differs: what is other than it was asked for, in the words that were used to ask.
    """

    part: tuple[str, ...]
    files: tuple[FileChange, ...] = ()
    steps: tuple[Step, ...] = ()
    due: tuple[Due, ...] = ()
    current: tuple[Service, ...] = ()
    validations: tuple[Validation, ...] = ()
    checks: tuple[Check, ...] = ()
    remove_empty: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    only_a_real_run_shows: tuple[str, ...] = ()
    record: Mapping[str, Any] | None = None
    remembers: bool = False
    undoes: str = ""
    forgets: bool = False
    asks: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    #: what the feature's own report needs of it
    about: Any = field(default=None, compare=False)

    def asking(self) -> tuple[str, ...]:
        """Return the words that its files are there for; where there are none, all that it was asked."""
        words = [word for change in self.files for word in change.asked_by or self.asks]
        return tuple(dict.fromkeys(words)) or self.asks

    def all_checks(self) -> tuple[Check, ...]:
        """Return its checks, those of its services too."""
        return (*self.checks, *(check for due in self.due for check in due.checks))
