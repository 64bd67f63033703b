# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of the role would do on a host that is described or was recorded; nothing is contacted.

The drafts and the proposal are those of the tasks; only the host is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import registries
from .engines import Lists, Request, docker
from .engines.containers.info import predicted_info
from .host import record
from .host.observed import STATE_PATH, Observed
from .host.short import ShortHost, ShortHostProblem
from .host.watch import NotAsked, Watch
from .plan.draft import FileChange
from .plan.plan import Change, Plan
from .plan.proposal import Applying, Proposal, asked, propose
from .policy import Policy, PolicyError
from .policy.word import shown
from .problems import Problem
from .trust import feature as trust
from .variables import words_of

#: How often a plan may ask for more; more than once is rare already.
_LOOKS = 10


@dataclass(frozen=True)
class Planned:
    """What came of one host: a proposal and the lists of each engine then, or the sentence for which there is none."""

    proposal: Proposal
    refused: str | None = None
    lists: tuple[Mapping[str, Any], ...] = ()


def plan(
    host: Any,
    options: Mapping[str, Any],
    now: datetime,
    hide: Callable[[str], None],
    named: Mapping[str, tuple[str, ...]],
) -> Planned:
    """Plan a host from its record.

    host: a recorded snapshot, or a short description (see host/short.py). options: those of the task host_policy,
    read already. hide: is told every private key. named: option → the variables it was taken from.
    Raises Problem for a description that makes no sense; why the words or the host are refused is in the result.
    """
    see = _eyes(host)
    try:
        said = [
            (feature, feature.read(options, now, _no_file, hide), words_of(feature.WORD_OPTIONS, options))
            for feature in _asked(options)
        ]
    except PolicyError as problem:
        name = named.get(problem.word, (problem.word,))[0]
        return _refused(f"{name}{str(problem)[len(problem.word) :]}")
    more = sum((feature.watch(words) for feature, words, _asks in said), Watch())
    how = Applying(options["activation"], options["unenforceable"], named)
    for _look in range(_LOOKS):
        try:
            observed = see(more)
            drafters = [
                drafter for feature, words, asks in said for drafter in asked(asks, feature.drafts(observed, words))
            ]
            proposal = propose(observed, drafters, how)
            return Planned(proposal, lists=tuple(registries.planned(proposal)))
        except NotAsked as question:
            more += question.more
        except (record.RecordProblem, ShortHostProblem):
            raise
        except Problem as problem:
            return _refused(str(problem))
    raise record.RecordProblem(f"the plan still asks for more after {_LOOKS} looks at the host")


def _refused(why: str) -> Planned:
    return Planned(Proposal(Plan(refused=why)), why)


def _asked(options: Mapping[str, Any]) -> list[Any]:
    """Return the features that are asked for something, and registries: a record may have been made for fewer."""
    return [trust, registries] if options.get("trust") is not None else [registries]


def result(planned: Planned) -> dict[str, Any]:
    """Return the plan for the filter; see plugins/filter/registries_plan.yml."""
    made = planned.proposal
    files = made.transaction.files if made.transaction else ()
    return {
        "changed": made.plan.changed,
        "plan": made.plan.result(),
        "files": {change.path: _text(change) for change in files if change.path != STATE_PATH},
        "steps": [_step(change) for change in made.plan.changes if _is_step(change, made)],
        "planned": list(planned.lists),
        "notes": list(made.plan.notes),
        "warnings": [*made.plan.warnings, *made.plan.beyond],
        "refused": planned.refused,
    }


def _text(change: FileChange) -> str | None:
    """Return the new text; nobody is to read a private key out of a plan."""
    if change.content is not None and change.path.endswith(".key"):
        return "a private key\n"
    return change.text


def _is_step(change: Change, made: Proposal) -> bool:
    actions = made.transaction.actions if made.transaction else ()
    return any(action.step.name == change.what for action in actions)


def _step(change: Change) -> dict[str, Any]:
    return {"name": change.what, "disruption": str(change.disruption), "whom": change.whom}


def _no_file(path: str) -> bytes:
    raise record.RecordProblem(f"trust: {shown(path)} is a file, and this filter reads no file; give the text itself")


def _eyes(host: Any) -> Callable[[Watch], Observed]:
    if not isinstance(host, Mapping):
        raise ShortHostProblem("the host is neither a recorded snapshot nor a description with the keys of one")
    if "recorded" not in host:
        return ShortHost(host, _shown_by).see
    observed = record.read(host)

    def see(watch: Watch) -> Observed:
        paths = [*watch.files, *watch.directories, *(question.name for question in watch.commands)]
        known = {*observed.files, *observed.directories, *observed.answers}
        if missing := [path for path in paths if path not in known]:
            raise record.RecordProblem(f"the record does not say what {missing[0]} is; record the host again")
        return observed

    return see


def _shown_by(name: str, host: Observed) -> Mapping[str, Any]:
    """Return what an engine shows after it has read its files; the stock lists for files that it would refuse."""
    try:
        if name == "containers":
            return predicted_info(host)
        engine = next(engine for engine in registries.ENGINES if engine.name == name)
        expected = engine.desired(host, Policy(), Request()).expected
        words = [word.text for word in docker.Unit(host).words(host)]
        return (expected or Lists()).plain() | {"flags": words if name == "docker" else docker.without_lists(words)}
    except Problem:
        return {}
