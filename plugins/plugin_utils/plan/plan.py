# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: what will change, why, whom it disturbs, and how it is undone. Result, diff and text are read from it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import Any

from ..problems import one_line
from .difference import difference

#: A mark in a view by which a person tells two secrets apart within one run; it means nothing in another one.
_OF_THIS_RUN = re.compile(r" \(secret [0-9a-f]{8}\)")
#: What one guess at a password in a plan costs: a tenth of a second.
_ROUNDS = 200_000


def mark_of(secret: bytes, key: bytes) -> str:
    """Return the mark of a secret. key: made anew for each run, so that nobody can try guesses against the mark."""
    return f" (secret {hmac.new(key, secret, 'sha256').hexdigest()[:8]})"


def checksum(text: bytes, *, secret: bool) -> str:
    """Return a checksum that the id of a plan is made of; of a secret, one that is of no use for trying passwords."""
    if secret:
        return hashlib.pbkdf2_hmac("sha256", text, b"dockyard.openshift plan", _ROUNDS).hex()
    return hashlib.sha256(text).hexdigest()


def lasting(view: str) -> str:
    """Return a view as every run would make it."""
    return _OF_THIS_RUN.sub("", view)


def view(lines: Iterable[str]) -> str:
    """Join what a file says for people: nothing in a line, whoever wrote it, looks like another one."""
    return "".join(f"{one_line(line)}\n" for line in lines)


class Disruption(IntEnum):
    """How much running workloads notice, least first."""

    NONE = 0
    RELOAD = 1
    RESTART = 2
    DRAIN = 3
    REBOOT = 4

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Change:
    """One difference between what is and what was asked for.

    before and after are views for people: they hold only settings of ours, so they can be shown. asked_by: the
    variables, or options of the task, without which it would not be.
    """

    what: str
    why: str
    before: str = ""
    after: str = ""
    disruption: Disruption = Disruption.NONE
    whom: str = ""
    undo: str = ""
    asked_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("what", "why", "whom", "undo"):
            object.__setattr__(self, name, one_line(getattr(self, name)))


@dataclass(frozen=True)
class Plan:
    """beyond: what no engine can enforce. sends: a checksum of all that is sent to carry it out. subject: of what.
    refused: why there is no plan, so that nobody knows whether anything is to be done.

    Each text is one line, whatever of a host stands in it.
    """

    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    only_a_real_run_shows: tuple[str, ...] = ()
    sends: str = ""
    subject: str = "host"
    refused: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused", one_line(self.refused))
        for name in ("notes", "warnings", "beyond", "pending"):
            object.__setattr__(self, name, tuple(map(one_line, getattr(self, name))))

    @property
    def changed(self) -> bool:
        return bool(self.changes)

    @property
    def disruption(self) -> Disruption:
        return max((change.disruption for change in self.changes), default=Disruption.NONE)

    @property
    def id(self) -> str:
        """Names this plan: the same id means the same changes to the same state, down to the last byte that is sent.

        Who asked for them is not in it.
        """
        changes = [replace(each, before=lasting(each.before), after=lasting(each.after)) for each in self.changes]
        facts = [[_without_askers(change) for change in changes], self.sends]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def diff(self) -> list[dict[str, str]]:
        """Return the plan for Ansible's --diff."""
        return [
            {"before_header": change.what, "after_header": change.what, "before": change.before, "after": change.after}
            for change in self.changes
            if change.before != change.after
        ]

    def result(self) -> dict[str, Any]:
        """Return the plan for the key `plan` of a task's result."""
        changes = [
            {**asdict(change), "disruption": str(change.disruption), "asked_by": list(change.asked_by)}
            for change in self.changes
        ]
        return {"id": self.id, "text": self.text(), "disruption": str(self.disruption), "changes": changes}

    def text(self) -> str:
        """Return the plan as a person reads it."""
        back = "if it fails" if self.subject == "host" else "undo"  # a cluster keeps what was done before a failure
        if not self.changes:
            lines = [self._nothing_to_do()]
        else:
            lines = [f"Plan {self.id}: {len(self.changes)} change(s), disruption: {self.disruption}"]
        for change in self.changes:
            lines.append(f"  {change.what}")
            lines.append(f"    why: {change.why}{_askers(change)}")
            if change.disruption:
                lines.append(f"    disruption: {change.disruption} of {change.whom}")
            lines += _difference(change)
            if change.undo:
                lines.append(f"    {back}: {change.undo}")
        lines += [f"  not enforced: {text}" for text in self.beyond]
        lines += [f"  {kind}: {text}" for kind, texts in self.remarks() for text in texts]
        if self.changes:
            lines += [f"  not checked yet: {text}" for text in self.only_a_real_run_shows]
        return "\n".join(lines)

    def carried_out(self) -> Plan:
        """Return the plan of a real run, which has shown what only such a one shows."""
        return replace(self, only_a_real_run_shows=())

    def differences(self) -> list[str]:
        """List what the plan would change, one line each, the settings of a file below its name."""
        lines = []
        for change in self.changes:
            lines += [change.what, *_difference(change)]
        return lines

    def remarks(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return notes and warnings for a person, by kind."""
        return [("pending", self.pending), ("note", self.notes), ("warning", self.warnings)]

    def _nothing_to_do(self) -> str:
        if self.refused:
            return f"No plan: {self.refused}"
        if self.pending and self.subject == "cluster":
            return "Nothing to do now: the cluster is as asked for, and its nodes are not all as it says yet."
        if self.pending:
            return "Nothing to do now: the files are as asked for, and take effect after the pending step."
        if self.beyond:
            return "Nothing to do: the host is as asked for as far as its engines can."
        return f"Nothing to do: the {self.subject} already is as asked for."


def _without_askers(change: Change) -> dict[str, Any]:
    facts = asdict(change)
    del facts["asked_by"]
    return facts


def _askers(change: Change) -> str:
    return f" (asked by {', '.join(change.asked_by)})" if change.asked_by else ""


def _difference(change: Change) -> list[str]:
    return [f"    {line}" for line in difference(change.before, change.after)]
