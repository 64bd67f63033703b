# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From drafts to the plan and the one transaction that carries it out.

The only place that knows in which order drafts follow each other and what the host looks like after each, what is
refused, which services act and when, what is recorded, and what an interrupted transaction has left to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from ..host.observed import FILE_LIMIT, STATE_PATH, HostProblem, Observed
from ..problems import Problem
from . import interrupted, records
from .draft import AGAIN, Check, Draft, FileChange, Step, Validation
from .gate import Applying, Gate, gate_of
from .plan import Change, Plan, checksum, lasting
from .records import State

__all__ = ["Applying", "Drafter", "Proposal", "Transaction", "as_reported", "asked", "propose", "start_of"]

#: One part of what is wanted of a host that looks so, files written by the drafts before included.
Drafter = Callable[[Observed], Draft]


@dataclass(frozen=True)
class Action:
    """A step as it is sent. parts: whose it is. instead_of: the actions of an interrupted transaction it stands for."""

    step: Step
    parts: tuple[str, ...] = ()
    instead_of: tuple[int, ...] = ()


@dataclass(frozen=True)
class Transaction:
    """What host_transaction is to do. before: checksums of the files to be written, unchanged: of those only read.

    recover: the id of the journal to be undone first, None when there is none. settled: the numbers of its actions
    whose service is as it should be, so that they are undone only if this transaction is. undoes: the id of a plan.
    forgets: whether no trace of any transaction is to stay.
    """

    files: tuple[FileChange, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    unchanged: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    validations: tuple[Validation, ...] = ()
    checks: tuple[Check, ...] = ()
    undo_checks: tuple[Check, ...] = ()
    remove_empty: tuple[str, ...] = ()
    recover: str | None = None
    settled: tuple[int, ...] = ()
    undoes: str = ""
    forgets: bool = False

    def digest(self) -> str:
        """Return a checksum of all that is sent. Contents are in it by their own checksums."""
        contents = {change.path: _sha256(change.content) for change in self.files}
        contents |= {f"way_back:{each.path}": _sha256(each.way_back) for each in self.files if each.way_back}
        facts = asdict(replace(self, files=tuple(map(_without_content, self.files))))
        text = json.dumps([facts, contents], sort_keys=True, default=str).encode()
        return checksum(text, secret=any(change.secret for change in self.files))


@dataclass(frozen=True)
class Proposal:
    """A plan, the transaction that carries it out (None when there is nothing to do), and what both were made of.

    world: the host with the files of all drafts in place. deferred: units that were not told to look at them.
    """

    plan: Plan
    transaction: Transaction | None = None
    drafts: tuple[Draft, ...] = ()
    world: Observed = field(default_factory=Observed)
    deferred: frozenset[str] = frozenset()


def as_reported(propose: Callable[[], Proposal]) -> tuple[Proposal, list[str]]:
    """Return the proposal, or the reasons against one: what a task would refuse is what a report is for."""
    try:
        return propose(), []
    except Problem as problem:
        return Proposal(Plan(refused=str(problem))), [str(problem)]


def asked(words: Iterable[str], drafters: Iterable[Drafter]) -> list[Drafter]:
    """Let each draft say for which options of the task it was made."""
    asks = tuple(words)

    def made(drafter: Drafter, host: Observed) -> Draft:
        return replace(drafter(host), asks=asks)

    return [partial(made, drafter) for drafter in drafters]


def start_of(host: Observed) -> Observed:
    """Return the host with an interrupted transaction taken back. Raises HostProblem when that is impossible."""
    if host.journal_problem:
        raise HostProblem(f"{host.journal_problem}; a person has to look at it before anything is changed")
    return host.without_interrupted()


def propose(host: Observed, drafters: Iterable[Drafter], how: Applying) -> Proposal:
    """Decide what has to change on the host. Raises NotAsked, and HostProblem for what must not be tried."""
    start = start_of(host)
    drafts, world = _drafts(start, drafters)
    gate = gate_of(start, drafts, interrupted.begun(host.journal), how)
    _refuse(drafts, gate, how)
    steps = _steps(drafts, gate)
    files = _files(start, drafts, changed=bool(steps or host.journal))
    actions = [_action(step, drafts, gate) for step in steps]
    transaction = Transaction(
        files=files,
        before={change.path: start.checksum(change.path) for change in files},
        unchanged=_only_read(start, files),
        actions=tuple(actions),
        validations=tuple(found for draft in drafts for found in draft.validations),
        checks=(*(check for draft in drafts for check in draft.checks), *gate.checks),
        undo_checks=gate.undo_checks,
        remove_empty=_unique(*(draft.remove_empty for draft in drafts)),
        recover=host.journal["id"] if host.journal else None,
        settled=gate.settled,
        undoes="".join(draft.undoes for draft in drafts),
        forgets=any(draft.forgets for draft in drafts),
    )
    plan = Plan(
        changes=(
            *interrupted.changes(host),
            *(replace(_of_file(start, change), asked_by=how.names(change.asked_by)) for change in files),
            *(replace(_of_step(step, gate.whom(step)), asked_by=how.names(_asking(step, drafts))) for step in steps),
        ),
        notes=_unique(*(draft.notes for draft in drafts)),
        warnings=_unique(*(draft.warnings for draft in drafts)),
        beyond=_unique(*(draft.beyond for draft in drafts)),
        pending=gate.pending,
        only_a_real_run_shows=_unique(*(draft.only_a_real_run_shows for draft in drafts)),
        sends=transaction.digest(),
    )
    return Proposal(plan, transaction if plan.changed else None, tuple(drafts), world, gate.deferred)


def _drafts(start: Observed, drafters: Iterable[Drafter]) -> tuple[list[Draft], Observed]:
    """Make drafts one after the other: each sees the files as those before it will leave them."""
    drafts: list[Draft] = []
    world = start
    for draft_of in drafters:
        draft = _kept(start, drafts, draft_of(world))
        world = world.with_files({change.path: change.content for change in draft.files})
        drafts.append(draft)
    return drafts, world


def _kept(start: Observed, before: Iterable[Draft], draft: Draft) -> Draft:
    """Let a host forget only when nothing of ours stays there: what other tasks put there is still ours to remove."""
    stays = sorted(set(_state(records.state_of(start), before)) - {"version"}) if draft.forgets else []
    if not stays:
        return draft
    note = f"{STATE_PATH} stays, with the records of {', '.join(stays)}: what they speak of was not asked to go"
    return replace(draft, files=(), forgets=False, notes=(note,))


def _refuse(drafts: Iterable[Draft], gate: Gate, how: Applying) -> None:
    """Refuse everything that must not be tried, at once and before anything is touched."""
    reasons = [reason for draft in drafts for reason in draft.refusals]
    reasons += [_too_large(change) for draft in drafts for change in draft.files if _is_too_large(change)]
    reasons += gate.refusals
    beyond = [reason for draft in drafts for reason in draft.beyond] if how.unenforceable == "fail" else []
    if beyond and not reasons:
        beyond.append(
            "nothing was changed; to apply the rest: docker_registries_unenforceable: warn (of a task: unenforceable)"
        )
    if reasons or beyond:
        raise HostProblem("; ".join(dict.fromkeys((*reasons, *beyond))))


def _is_too_large(change: FileChange) -> bool:
    return len(change.content or b"") > FILE_LIMIT


def _too_large(change: FileChange) -> str:
    size = len(change.content or b"")
    return f"{change.path} would be {size} bytes; the limit is {FILE_LIMIT}, because later runs must read it"


# files


def _files(start: Observed, drafts: Iterable[Draft], *, changed: bool) -> tuple[FileChange, ...]:
    """Return the files of all drafts, each once, and the record of what is ours.

    A record that only says better what was ours already is written where something changes anyway; see Draft.remembers.
    """
    files: dict[str, FileChange] = {}
    for change in (replace(each, asked_by=each.asked_by or draft.asks) for draft in drafts for each in draft.files):
        files[change.path] = _joined(files[change.path], change) if change.path in files else change
    before = records.state_of(start)
    after = _state(before, drafts if changed or files else [draft for draft in drafts if draft.remembers])
    if after != before:
        everything = _state(before, drafts)
        record = replace(records.change_of(before, everything), asked_by=_unique(*(each.asking() for each in drafts)))
        if any(draft.forgets for draft in drafts):
            record = replace(record, content=None)
        if _is_too_large(record):
            raise HostProblem(_too_large(record))
        files[record.path] = record
    return tuple(files.values())


def _state(state: State, drafts: Iterable[Draft]) -> State:
    for draft in drafts:
        if draft.record is not None:
            state = records.with_record(state, draft.part, draft.record)
    return state


def _joined(first: FileChange, last: FileChange) -> FileChange:
    """Join two drafts about one file: the second was made from what the first leaves."""
    why = "; ".join(dict.fromkeys((first.why, last.why)))
    return replace(last, before=first.before, why=why, asked_by=_unique(first.asked_by, last.asked_by))


def _only_read(host: Observed, written: Iterable[FileChange]) -> dict[str, str]:
    """Return the other files that the plan was made from: they have to be the same when it is carried out."""
    own = {change.path for change in written}
    readable = [path for path, file in host.files.items() if file["state"] != "failed"]
    return {path: host.checksum(path) for path in readable if path not in own}


def _of_file(start: Observed, change: FileChange) -> Change:
    undo = "its present content is put back" if start.exists(change.path) else "the file is removed again"
    return Change(change.path, change.why, change.before, change.after, undo=undo)


# steps


def _steps(drafts: Iterable[Draft], gate: Gate) -> list[Step]:
    """Order the steps: of drafts, of the interrupted transaction, first ones of services, services; each once."""
    found = [*(step for draft in drafts for step in draft.steps), *gate.left_over, *gate.first, *gate.services]
    steps: dict[tuple[str, ...], Step] = {}
    for step in found:
        steps.setdefault(step.argv, step)
    return list(steps.values())


def _action(step: Step, drafts: Iterable[Draft], gate: Gate) -> Action:
    parts = (draft.part[0] for draft in drafts if _wants(draft, step))
    return Action(step, tuple(dict.fromkeys(parts)), gate.instead_of(step))


def _wants(draft: Draft, step: Step) -> bool:
    return step in draft.steps or any(due.service.unit == step.whom for due in draft.due)


def _asking(step: Step, drafts: Iterable[Draft]) -> tuple[str, ...]:
    before = (draft.asking() for draft in drafts if any(step in due.first for due in draft.due))
    return _unique(*(draft.asking() for draft in drafts if _wants(draft, step)), *before)


def _of_step(step: Step, whom: str) -> Change:
    undo = "the same, after the old files are back" if step.undo is AGAIN else " ".join(step.undo or ("nothing",))
    return Change(step.name, step.why, disruption=step.disruption, whom=whom, undo=undo)


def _unique(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in groups for text in group))


def _without_content(change: FileChange) -> FileChange:
    change = replace(change, content=None, way_back=None, asked_by=())
    return replace(change, before=lasting(change.before), after=lasting(change.after))


def _sha256(content: bytes | None) -> str:
    return "absent" if content is None else hashlib.sha256(content).hexdigest()
