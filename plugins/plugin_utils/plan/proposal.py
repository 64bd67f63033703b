# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a plan to the one transaction that carries it out, and what an interrupted one has left to do.

The same for everything that is planned for a host: registries, trust in their certificates, what a backup puts back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any

from ..engines import Check, Step, Validation
from ..observed import STATE_PATH, HostProblem, Observed, pack
from ..problems import Problem
from .plan import Change, Disruption, Plan

_STATE_MODE = "0600"


@dataclass(frozen=True)
class File:
    """A file to be written, or removed when its content is None. What is not given stays, or is as usual.

    keep: whether the old one may stand beside it meanwhile; not in a directory of which a program reads every file.
    """

    path: str
    content: bytes | None
    mode: str | None = None
    uid: int | None = None
    gid: int | None = None
    label: str | None = None
    keep: bool = True

    def option(self, before: str) -> dict[str, Any]:
        known = {"mode": self.mode, "uid": self.uid, "gid": self.gid, "label": self.label}
        known |= {} if self.keep else {"keep": False}
        state = "absent" if self.content is None else "file"
        return {"path": self.path, "before": before, "state": state} | {k: v for k, v in known.items() if v is not None}

    def __repr__(self) -> str:
        return f"File({self.path!r})"  # its content may be a key


@dataclass(frozen=True)
class Proposal:
    """A plan, and the options of the host_transaction that carries it out (empty when there is nothing to do)."""

    plan: Plan
    commit: dict[str, Any]


def as_reported(propose: Callable[[], Proposal]) -> tuple[Plan, list[str]]:
    """The plan, or why there is none: what a task would refuse is what a report is for. NotAsked passes."""
    try:
        return propose().plan, []
    except Problem as problem:
        return Plan(), [str(problem)]


def state_file(state: dict[str, Any]) -> File:
    """The record of what is ours on a host."""
    return File(STATE_PATH, (json.dumps(state, indent=1, sort_keys=True) + "\n").encode(), mode=_STATE_MODE)


def start_of(host: Observed) -> Observed:
    """The host as a new plan finds it, an interrupted transaction taken back. Raises HostProblem when it cannot be."""
    if host.journal_problem:
        raise HostProblem(f"{host.journal_problem}; a person has to look at it before anything is changed")
    return host.without_interrupted()


def recovery(host: Observed) -> list[Change]:
    """What of the plan is taking back an interrupted transaction."""
    if host.journal is None:
        return []
    paths = [entry["path"] for entry in host.journal["files"] if entry["present"] == "new"]
    return [
        Change(
            what=f"interrupted transaction {host.journal['id']}",
            why="an earlier run was cut off before it was through; it is taken back first",
            before="".join(f"half done: {path}\n" for path in paths),
        )
    ]


def left_over(host: Observed, steps: Iterable[Step]) -> list[Step]:
    """Steps that an interrupted transaction had begun: run again, because nobody knows how far they came."""
    if host.journal is None:
        return []
    begun = host.journal["actions"][: host.journal["started"]]
    known = {step.argv for step in steps}
    return [
        Step(action["name"], tuple(action["argv"]), tuple(action["undo"]), action["timeout"], Disruption.RESTART)
        for action in begun
        if tuple(action["argv"]) not in known
    ]


def transaction(
    host: Observed,
    plan: Plan,
    files: Iterable[File],
    *,
    steps: Iterable[Step] = (),
    validations: Iterable[Validation] = (),
    checks: Iterable[Check] = (),
    remove_empty: Iterable[str] = (),
) -> dict[str, Any]:
    """Options of the module host_transaction, none for a plan without changes."""
    if not plan.changed:
        return {}
    files, start = list(files), host.without_interrupted()
    options: dict[str, Any] = {
        "payload": pack({file.path: file.content for file in files if file.content is not None}),
        "files": [file.option(start.checksum(file.path)) for file in files],
        "unchanged": _only_read(start, {file.path for file in files}),
        "actions": [step.action() for step in steps],
        "validate": [validation.option() for validation in validations],
        "checks": [check.option() for check in checks],
        "recover": host.journal["id"] if host.journal else None,
        "plan_id": plan.id,
    }
    directories = list(remove_empty)
    return options | ({"remove_empty": directories} if directories else {})


def _only_read(host: Observed, written: Container[str]) -> dict[str, str]:
    """The other files that the plan was made from: they have to be the same when it is carried out."""
    readable = [path for path, file in host.files.items() if file["state"] != "failed"]
    return {path: host.checksum(path) for path in readable if path not in written}
