# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look, propose, carry out; again when the world moved. Where the world is, a subclass knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ..host.watch import NotAsked
from ..plan.plan import Plan
from ..problems import Problem
from .base import Task, TaskProblem
from .feature import AnyFeature, Spec, merged_specs

#: How often a plan is made again because the world changed under it.
_ATTEMPTS = 3
#: Seconds between two looks at a host that another transaction is changing, and how many looks there are.
_PAUSE, _LOOKS = 2, 30

_Answer = TypeVar("_Answer")
#: What a look finds, and what it is asked to find beside what the task always does; two of the latter are added with +.
_World = TypeVar("_World")
_More = TypeVar("_More")


class _HasPlan(Protocol):
    @property
    def plan(self) -> Plan: ...


_Proposed = TypeVar("_Proposed", bound=_HasPlan)


@dataclass(frozen=True)
class Outcome:
    """How a proposal fared: committed; or moved, with what was found other than it was; or failed, with the result."""

    committed: bool = False
    moved: str = ""
    failed: dict[str, Any] = field(default_factory=dict)


class Rounds(Task, Generic[_World, _More]):
    """A task that changes something that others may change at the same time."""

    #: What the task is about, in sentences.
    subject: ClassVar[str]
    #: What can be asked for; a task without any says for itself what it does.
    features: ClassVar[tuple[AnyFeature, ...]] = ()
    #: Options beside those of its features, and which of theirs are added: CHANGE_OPTIONS or SURVEY_OPTIONS.
    own_options: ClassVar[Spec] = {}
    more_options: ClassVar[str] = "CHANGE_OPTIONS"

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.features:
            cls.fills = tuple(feature.fill for feature in cls.features)
            cls.spec = cls.options_of(cls.features)

    @classmethod
    def options_of(cls, features: Iterable[AnyFeature]) -> Spec:
        """Make the argument spec of a task with these features."""
        return cls.own_options | merged_specs(
            feature.OPTIONS | getattr(feature, cls.more_options) for feature in features
        )

    def see(self, more: _More) -> _World:
        """Look at what the task always wants to know, and at more. Raises Problem."""
        raise NotImplementedError

    def carry_out(self, proposal: Any) -> Outcome:
        """Do what is proposed, if the world still is what it was made from."""
        raise NotImplementedError

    def busy(self, world: _World) -> bool:
        """Return whether a transaction of another run is changing the world right now."""
        return False

    def agreed(self, proposal: Any) -> bool:
        """Return whether a proposal with another plan is nothing but the rest of one that expect_plan named."""
        return False

    def look(self, answer: Callable[[_World], _Answer], more: _More) -> _Answer:
        """Return answer(host); if it needs more facts, take another snapshot that has them and ask again.

        An engine that does not answer may be one that another transaction restarts: the task waits for its end.
        """
        for left in reversed(range(_LOOKS)):
            world = self.see(more)
            try:
                return answer(world)
            except NotAsked as question:
                more += question.more
            except Problem:
                if not (self.busy(world) and left):
                    raise
                time.sleep(_PAUSE)
        raise TaskProblem(f"the plan still asks for more after {_LOOKS} looks at the {self.subject}")

    def apply(
        self, propose: Callable[[_World], _Proposed], expect: str | None, more: _More
    ) -> tuple[dict[str, Any], _Proposed]:
        """Look, propose, carry out; again when the world changed in between.

        more: what to look at beside what the task always does. Returns the task's result (changed, rolled_back, what
        is shown of the plan and, when it did not work, failed and msg) and what was proposed last.
        """
        seen = ""
        for _attempt in range(_ATTEMPTS):
            proposal = self.look(propose, more)
            plan = proposal.plan
            if expect and plan.changed and plan.id != expect and not self.agreed(proposal):
                raise TaskProblem(
                    f"expect_plan is {expect}, but the plan for this {self.subject} is now {plan.id}; nothing was "
                    f"changed{seen}"
                )
            if not plan.changed or self._task.check_mode:
                return {"changed": plan.changed, "rolled_back": False} | self.result_of(plan), proposal
            outcome = self.carry_out(proposal)
            if outcome.committed:
                return {"changed": True, "rolled_back": False} | self.result_of(plan), proposal
            if not outcome.moved:
                return outcome.failed | self.result_of(plan), proposal
            seen = f"; meanwhile {outcome.moved}"
        raise TaskProblem(f"the {self.subject} kept changing while it was planned ({_ATTEMPTS} attempts){seen}")

    def result_of(self, plan: Plan) -> dict[str, Any]:
        """Return the parts of a result that are read from the plan."""
        if not self._task.check_mode:
            plan = plan.carried_out()
        parts: dict[str, Any] = {"plan": plan.result(), "notes": list(plan.notes), "pending": list(plan.pending)}
        if plan.warnings or plan.beyond:
            parts["warnings"] = [*plan.warnings, *plan.beyond]
        if self._task.diff:
            parts["diff"] = plan.diff()
        return parts
