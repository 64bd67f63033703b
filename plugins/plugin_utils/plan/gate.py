# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which services look at their files again, and whether they may: the one rule about restarts.

A service is told once, whoever asks; a restart does what a reload does. What an interrupted transaction had begun
counts like everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..host.observed import Observed
from ..host.services import Service
from .draft import AGAIN, Check, Draft, Due, Step
from .interrupted import Begun
from .plan import Disruption


@dataclass(frozen=True)
class Applying:
    """How drafts are brought to a host; the words are those of the tasks' documentation.

    named: option → the variables that it was taken from, where it was.
    """

    activation: str = "if_idle"
    unenforceable: str = "fail"
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def names(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return what asked for these words, each once."""
        return tuple(dict.fromkeys(name for word in words for name in self.named.get(word, (word,))))


@dataclass(frozen=True)
class Gate:
    """What was decided. services: a step for each that acts. first: what has to be done just before.

    left_over: other steps of the interrupted transaction, to be run again. settled: numbers of its actions for which
    nothing has to be done. deferred: units that do not act yet, as pending says. busy: containers that each takes down.
    """

    services: tuple[Step, ...] = ()
    first: tuple[Step, ...] = ()
    left_over: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    undo_checks: tuple[Check, ...] = ()
    pending: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    deferred: frozenset[str] = frozenset()
    settled: tuple[int, ...] = ()
    begun: tuple[Begun, ...] = ()
    busy: Mapping[str, int] = field(default_factory=dict)

    def whom(self, step: Step) -> str:
        """Name the unit that a step disturbs, and its containers."""
        count = self.busy.get(step.whom, 0)
        return f"{step.whom} with {count} running container(s)" if count else step.whom

    def instead_of(self, step: Step) -> tuple[int, ...]:
        """Return the numbers of the interrupted transaction's actions that this step stands for."""
        return tuple(
            begun.number
            for begun in self.begun
            if (begun.service.unit == step.whom if begun.service else _goes_on(begun.step, step))
        )


def _goes_on(begun: Step, step: Step) -> bool:
    """Return whether a step is the one that had begun; one that cannot be undone is told anew how to go on."""
    return begun.argv == step.argv or (begun.undo is None and step.undo is None and begun.name == step.name)


def gate_of(host: Observed, drafts: Sequence[Draft], begun: Sequence[Begun], how: Applying) -> Gate:
    """Decide for all drafts together. Raises HostProblem when a service that matters does not answer."""
    dues = [due for draft in drafts for due in draft.due]
    dues += [_left_over(each, each.service) for each in begun if each.service and not _sure(host, each, drafts)]
    services: list[Step] = []
    pending: list[str] = []
    refusals: list[str] = []
    acting: list[Due] = []
    busy: dict[str, int] = {}
    for service in dict.fromkeys(due.service for due in dues):
        asked = [due for due in dues if due.service == service]
        step = _step(host, service, asked)
        if how.activation == "defer":
            pending += [_pending(step, due) for due in asked]
            refusals += [_not_to_be_deferred(step) for due in asked if not due.until]
            continue
        count = service.containers(host) if step.disruption >= Disruption.RESTART else 0
        if refusal := _refusal(step, count, asked, how):
            refusals.append(refusal)
            continue
        services.append(step)
        acting += asked
        busy[service.unit] = count or 0
    units = {step.whom for step in services}
    return Gate(
        services=tuple(services),
        first=tuple(step for due in acting for step in due.first),
        # what has an undo of its own, or none, is not run again: the transaction that takes it back sees to it
        left_over=tuple(each.step for each in begun if not each.service and each.step.undo is AGAIN),
        checks=tuple(check for due in acting for check in due.checks),
        undo_checks=tuple(check for due in acting for check in due.undo_checks),
        pending=tuple(dict.fromkeys(pending)),
        refusals=tuple(refusals),
        deferred=frozenset(due.service.unit for due in dues) - units,
        settled=tuple(each.number for each in begun if each.service and each.service.unit not in units),
        begun=tuple(begun),
        busy=busy,
    )


def _sure(host: Observed, begun: Begun, drafts: Sequence[Draft]) -> bool:
    """Return whether everyone whose files the service was to read knows what it holds now, or it does not run."""
    service = begun.service
    if service is None or not service.running(host):
        return True
    known = {
        draft.part[0]
        for draft in drafts
        if service in draft.current or any(due.service == service for due in draft.due)
    }
    return bool(begun.parts) and set(begun.parts) <= known


def _left_over(begun: Begun, service: Service) -> Due:
    return Due(service, begun.step.why, until="", restart=begun.restart)


def _step(host: Observed, service: Service, dues: Sequence[Due]) -> Step:
    why = "; ".join(dict.fromkeys(due.why for due in dues))
    if service.reloads(host) and not any(due.restart for due in dues):
        name, argv = f"reload {service.unit}", ("systemctl", "reload", service.unit)
        return Step(name, argv, why, service.unit, Disruption.RELOAD)
    disruption = Disruption.RESTART if service.disturbs else Disruption.RELOAD
    return Step(f"restart {service.unit}", service.restart, why, service.unit, disruption)


def _refusal(step: Step, count: int | None, dues: Sequence[Due], how: Applying) -> str:
    """Say why the service must not act now, "" when it may."""
    if how.activation != "if_idle" or count == 0:
        return ""
    whose = next((f"{due.whose}: " for due in dues if due.whose), "")
    if count is None:
        return f"{whose}{step.name} may take down containers, and their number is unknown; set activation to now"
    advice = "drain the host, or set activation to now or defer"
    if all(due.instead for due in dues):
        advice += f", or {dues[0].instead}"
    return f"{whose}{step.name} would take down {count} running container(s); {advice}"


def _pending(step: Step, due: Due) -> str:
    whose = f"{due.whose}: " if due.whose else ""
    return f"{whose}{step.name} is needed before {due.until or 'all is as asked for'}, and was deferred"


def _not_to_be_deferred(step: Step) -> str:
    return (
        f"{step.name} was begun by a run that was interrupted, and no record would keep it if it were deferred; "
        "set activation to now or if_idle"
    )
