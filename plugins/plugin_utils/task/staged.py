# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that brings a host where it shall be in several transactions, one after the other.

Each is made from a look at what the one before has left, so a run that died is gone on with by the next one.
"""

from __future__ import annotations

from typing import Any

from ..host.watch import Watch
from ..plan import account
from ..plan.proposal import Applying, Proposal, propose
from ..problems import Problem
from .on_host import CHANGE_OPTIONS, AskedOfFeatures, HostTask, asked_by, drafters

#: More transactions than any way from one state to another has.
_MOST = 12


class StagedTask(HostTask):
    """The same for one feature whose drafts are the next stage, and nothing once there is no other.

    What its transactions did is not taken back by a task: a stage that has no way back says so in its plan.
    """

    own_options = CHANGE_OPTIONS

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Carry out one stage after the other. Raises Problem before the first."""
        self.must_ask(options)
        said, more = self.read(options)
        results: list[dict[str, Any]] = []
        first: Proposal | None = None
        expect = options["expect_plan"]
        while True:
            try:
                result, proposal = self._stage(said, more, expect, options)
            except Problem as problem:
                if not results:
                    raise
                msg = f"{problem}; {len(results)} stage(s) are done, and the next run goes on from there"
                return _joined([*results, {"failed": True, "msg": msg, "rolled_back": False}])
            first, expect = first or proposal, None
            results.append(result)
            if result.get("failed"):
                return _joined(results)
            if not result["changed"] or self._task.check_mode:
                return _joined(results) | self._told(said, first, proposal)
            if len(results) == _MOST:
                msg = f"the host is not as asked for after {_MOST} stages; the last: {result['stage']}"
                return _joined([*results, {"failed": True, "msg": msg, "rolled_back": False}])

    def _stage(
        self, said: AskedOfFeatures, more: Watch, expect: str | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], Proposal]:
        how = Applying(options["activation"], named=self.named)
        result, proposal = self.apply(lambda host: propose(host, drafters(host, said), how), expect, more)
        return result | {"stage": "; ".join(change.what for change in proposal.plan.changes)}, proposal

    def _told(self, said: AskedOfFeatures, first: Proposal, last: Proposal) -> dict[str, Any]:
        found: dict[str, Any] = {"before": {}}
        for feature, words, _asks in said:
            found["before"] |= feature.report(first, words, ())
            found |= feature.report(last, words, self.report)
        found["asked_by"] = asked_by(said, Applying(named=self.named))
        return found | {"account": account.of_run(first.plan, check_mode=self._task.check_mode)}


def _joined(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Make one result of those of all stages: the plan is that of the first, which says what follows."""
    done = [result for result in results if result.get("changed")]
    of_first = {key: value for key, value in results[0].items() if key in ("plan", "notes", "warnings")}
    joined: dict[str, Any] = {**results[-1], **of_first}
    joined.pop("stage", None)
    if any("diff" in result for result in results):
        joined["diff"] = [each for result in results for each in result.get("diff", ())]
    return joined | {"changed": bool(done), "stages": [result["stage"] for result in results if result.get("stage")]}
