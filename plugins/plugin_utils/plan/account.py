# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account that a person reads of one host or cluster: one for everything that was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..problems import one_line
from .plan import Disruption, Plan


def of_run(plan: Plan, *, check_mode: bool, forecast: Sequence[str] = ()) -> list[str]:
    """Describe what a run did, or would do: a headline, what was forecast, and the plan."""
    told = plan if check_mode else plan.carried_out()
    return [_headline(plan, check_mode), *forecast, *told.text().splitlines()]


def of_look(
    plan: Plan, problems: Sequence[str], *, forecast: Sequence[str] = (), differs: Iterable[str] = ()
) -> list[str]:
    """Say whether a host matches its policy, and what differs.

    problems: why there is no plan. differs: what is other than it was asked for, before the files that say so.
    """
    lines = [f"  {text}" for text in (*problems, *map(one_line, differs))]
    if plan.changed:
        lines += [f"  {line}" for line in plan.differences()]
    lines += [f"  not enforced: {text}" for text in plan.beyond]
    if problems or plan.changed:
        headline = "differs from the policy:"
    elif plan.pending:
        where = "on every node yet" if plan.subject == "cluster" else "before a restart"
        headline = f"as the policy says, but not in force {where}"
    elif plan.beyond:
        headline = "as the policy says, as far as the engines can"
    else:
        headline = "as the policy says"
    lines += [f"  {kind}: {text}" for kind, texts in plan.remarks() for text in texts]
    return [headline, *forecast, *lines]


def _headline(plan: Plan, check_mode: bool) -> str:
    restarted = [change.what for change in plan.changes if change.disruption >= Disruption.RESTART]
    if plan.changed:
        verb = "would change" if check_mode else "changed"
        if plan.subject == "cluster" and plan.disruption:
            return f"{verb}, nodes: {plan.disruption}"
        return f"{verb}, with {' and '.join(restarted)}" if restarted else verb
    return "unchanged, and not in force before a restart" if plan.pending else "unchanged"
