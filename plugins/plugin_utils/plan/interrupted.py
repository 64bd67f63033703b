# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a transaction that was cut off has left to do, read from its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..host.observed import Observed
from ..host.services import SERVICES, Service
from ..problems import one_line
from .draft import AGAIN, Again, Step
from .plan import Change, Disruption, view

_WHY = "an interrupted run had begun it"

#: Whose an action is, by its program, in journals of before actions said so themselves.
_PARTS = {"systemctl": ("container_registries",), "sh": ("registry_trust",)}


@dataclass(frozen=True)
class Begun:
    """An action of the interrupted transaction that was begun; nobody knows how far it came.

    number: its place in the journal. service: which it was to make look at its files, None for other commands.
    restart: whether that was a restart. parts: whose files.
    """

    number: int
    step: Step
    service: Service | None = None
    restart: bool = False
    parts: tuple[str, ...] = ()


def changes(host: Observed) -> list[Change]:
    """Return the changes that take an interrupted transaction back."""
    if host.journal is None:
        return []
    paths = [entry["path"] for entry in host.journal["files"] if entry["present"] == "new"]
    return [
        Change(
            what=f"interrupted transaction {host.journal['id']}",
            why="an earlier run was interrupted; its changes are undone first",
            before=view(f"half done: {path}" for path in paths),
        )
    ]


def begun(journal: Mapping[str, Any] | None, why: str = _WHY) -> list[Begun]:
    """List the actions of a journal that had been begun, in their order."""
    if journal is None:
        return []
    return [_begun(number, action, why) for number, action in enumerate(journal["actions"][: journal["started"]])]


def _begun(number: int, action: Mapping[str, Any], why: str) -> Begun:
    argv = tuple(action["argv"])
    service = SERVICES.get(action.get("whom") or argv[-1])
    step = Step(
        one_line(action["name"]),
        argv,
        why,
        action.get("whom", ""),
        _disruption(action.get("disruption", "none")),
        _undo(argv, tuple(action["undo"])),
        action["timeout"],
    )
    parts = tuple(action.get("parts") or ()) or _PARTS.get(argv[0], ())
    return Begun(number, step, service, "restart" in " ".join((action["name"], *argv)), parts)


def _undo(argv: tuple[str, ...], undo: tuple[str, ...]) -> tuple[str, ...] | Again | None:
    """Read the undo of a journal, where an empty one means nothing."""
    return AGAIN if undo == argv else undo or None


def _disruption(name: str) -> Disruption:
    return Disruption[name.upper()] if name.upper() in Disruption.__members__ else Disruption.NONE
