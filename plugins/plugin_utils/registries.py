# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a host as observed and a policy to the plan and the one commit that carries it out.

Everything an engine knows is in its own file; everything they share is decided here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import variables
from .engines import Check, Desired, Edit, Engine, Lists, Request, Step, Validation
from .engines.containers import VERSIONS, Containers
from .engines.docker_fork import DockerFork
from .engines.docker_moby import Moby
from .observed import HostProblem, Observed, Watch
from .plan.plan import Change, Disruption, Plan
from .plan.proposal import File, Proposal, left_over, recovery, start_of, state_file, transaction
from .policy import Policy, read_policy

#: In this order: where two engines read one file, the stricter form comes first.
ENGINES: tuple[Engine, ...] = (DockerFork(), Moby(), Containers())

_RECORD = "container_registries"
_ONLY_A_REAL_RUN = ("whether the engine accepts the files, starts with them and then shows the lists",)


@dataclass(frozen=True)
class Options:
    """How a policy is brought to a host; the words are those of the task's documentation."""

    mode: str | None = None
    unenforceable: str = "fail"
    foreign_scopes: str = "fail"
    activation: str = "if_idle"


@dataclass(frozen=True)
class Registries(Proposal):
    """With what the engines will have, a table each."""

    engines: tuple[dict[str, Any], ...]


def fill(options: Iterable[str], value_of: Callable[[str], Any]) -> dict[str, tuple[str, Any]]:
    """The options that variables of the inventory give; see variables.py."""
    return variables.fill(options, "docker_registries_", value_of)


def policy_of(options: Mapping[str, Any]) -> Policy:
    """The policy that the options of a task say. Raises PolicyError."""
    return read_policy(
        options,
        service_network=options["hosted_registry_network"],
        service_network_insecure=options["hosted_registry_insecure"],
    )


def watch() -> Watch:
    """All that the engines want to know, for one snapshot."""
    return sum((engine.watch for engine in ENGINES), Watch())


def watch_for(policy: Policy) -> Watch:
    """What else a plan for this policy hangs on, so that it is asked at once."""
    return VERSIONS if any(mirrored.pull != "all" for mirrored in policy.mirrors or ()) else Watch()


def present(host: Observed) -> list[Engine]:
    """The engines on a host. Raises HostProblem when there is none."""
    found = [engine for engine in ENGINES if engine.present(host)]
    if not found:
        titles = "; ".join(engine.title for engine in ENGINES)
        raise HostProblem(f"no container engine found on this host; looked for {titles}")
    return found


def propose(host: Observed, policy: Policy, options: Options) -> Registries:
    """What has to change on the host. Raises NotAsked, and HostProblem for what must not be tried."""
    start = start_of(host)
    drafts, world = _drafts(start, policy, options)
    _refuse(drafts, options)
    state = _with_records(start.state(), drafts)
    edits = [edit for draft in drafts for edit in draft.desired.edits]
    steps = [step for draft in drafts for step in draft.steps]
    steps += left_over(host, steps)
    changes = (*recovery(host), *map(_file_change, edits), *_step_changes(drafts, steps))
    plan = Plan(
        changes=changes,
        notes=_unique(policy.notes, *(draft.desired.notes for draft in drafts)),
        warnings=_unique(policy.warnings, *(draft.desired.warnings for draft in drafts), _beyond(drafts)),
        pending=_unique(*(draft.pending for draft in drafts)),
        only_a_real_run_shows=_ONLY_A_REAL_RUN,
        basis={edit.path: start.checksum(edit.path) for edit in edits},
    )
    files = [File(edit.path, None if edit.text is None else edit.text.encode()) for edit in edits]
    if plan.changed and state != start.state():
        files.append(state_file(state))
    commit = transaction(
        host, plan, files, steps=steps, validations=_validations(start, drafts),
        checks=[check for draft in drafts for check in draft.checks],
    )  # fmt: skip
    return Registries(plan, commit, tuple(_report(draft, world) for draft in drafts))


def survey(host: Observed) -> list[dict[str, Any]]:
    """What the engines have now, for the _info task."""
    return [
        {"name": engine.name, "title": engine.title, "version": engine.version(host), "running": engine.running(host)}
        | {"mode": engine.default_mode}
        | engine.report(host)
        for engine in present(host)
    ]


@dataclass(frozen=True)
class _Draft:
    """One engine's part of a proposal."""

    engine: Engine
    desired: Desired
    steps: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    pending: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    reason: str = ""
    busy: int = 0


def _drafts(start: Observed, policy: Policy, options: Options) -> tuple[list[_Draft], Observed]:
    """Engines one after the other: each sees the files as those before it will leave them."""
    records = start.state().get(_RECORD, {})
    world, drafts = start, []
    for engine in present(start):
        request = Request(options.mode, options.foreign_scopes, records.get(engine.name, {}))
        desired = engine.desired(world, policy, request) if policy.words() else Desired()
        world = world.with_texts({edit.path: edit.text for edit in desired.edits})
        drafts.append(_activated(engine, start, desired, options))
    return drafts, world


def _activated(engine: Engine, host: Observed, desired: Desired, options: Options) -> _Draft:
    """The least that makes the new lists effective, and only when those in force are others."""
    draft = _Draft(engine, desired)
    if desired.expected is None:
        return draft
    checks = engine.checks(host, desired.expected)
    in_force = engine.in_force(host)
    unseen = bool(desired.edits) if in_force is None else in_force != desired.expected
    steps = engine.activation(host) if engine.running(host) and unseen else ()
    reason = "the files change" if desired.edits else "what is in force is not what the files say"
    refresh = engine.refresh(host) if desired.edits else ()
    if not steps:
        checks = checks if desired.edits and _can_answer(engine, host) else ()
        return replace(draft, steps=refresh, checks=checks, reason=reason)
    what = f"{engine.title}: {steps[-1].name}"
    if options.activation == "defer":
        pending = f"{what} is needed before the policy is in force, and was deferred"
        return replace(draft, steps=refresh, reason=reason, pending=(pending,))
    busy = engine.busy(host)
    if busy and options.activation == "if_idle" and any(step.disruption >= Disruption.RESTART for step in steps):
        refusal = (
            f"{what} would take down {busy} running container(s); drain the host, or set activation to now or defer"
        )
        return replace(draft, refusals=(refusal,))
    return replace(draft, steps=steps, checks=checks, reason=reason, busy=busy)


def _can_answer(engine: Engine, host: Observed) -> bool:
    """An engine that reads its files at every command always can; a daemon only while it runs."""
    return engine.running(host) or not engine.activation(host)


def _refuse(drafts: Iterable[_Draft], options: Options) -> None:
    reasons = [reason for draft in drafts for reason in (*draft.desired.refusals, *draft.refusals)]
    if options.unenforceable == "fail":
        reasons += _beyond(drafts)
    if reasons:
        raise HostProblem("; ".join(dict.fromkeys(reasons)))


def _beyond(drafts: Iterable[_Draft]) -> list[str]:
    """What engines cannot enforce: a refusal, or a warning where the person said so."""
    return [f"{draft.engine.title} cannot enforce {text}" for draft in drafts for text in draft.desired.unenforceable]


def _with_records(state: dict[str, Any], drafts: Iterable[_Draft]) -> dict[str, Any]:
    state = copy.deepcopy(state)
    records = state.setdefault(_RECORD, {})
    for draft in drafts:
        if draft.desired.record:
            records[draft.engine.name] = dict(draft.desired.record)
        elif draft.desired.expected is not None:
            records.pop(draft.engine.name, None)
    if not records:
        del state[_RECORD]
    return {"version": 1, **state} if state else state


def _file_change(edit: Edit) -> Change:
    return Change(
        edit.path,
        edit.why,
        edit.before,
        edit.after,
        undo="the file's present content, kept until the commit is through",
    )


def _step_changes(drafts: Iterable[_Draft], steps: Iterable[Step]) -> list[Change]:
    facts = {step.argv: draft for draft in drafts for step in draft.steps}
    changes = []
    for step in steps:
        draft = facts.get(step.argv)
        whom = step.name.split(" ", 1)[1]
        if draft and draft.busy and step.disruption >= Disruption.RESTART:
            whom += f" with {draft.busy} running container(s)"
        why = draft.reason if draft else "an interrupted run had begun it"
        changes.append(
            Change(step.name, why, disruption=step.disruption, whom=whom, undo="the same, after the files went back")
        )
    return changes


def _validations(start: Observed, drafts: Iterable[_Draft]) -> list[Validation]:
    return [found for draft in drafts for found in draft.engine.validations(start, draft.desired.edits)]


def _report(draft: _Draft, world: Observed) -> dict[str, Any]:
    engine = draft.engine
    lists = draft.desired.expected or Lists(
        **{word: tuple(engine.report(world)[word]) for word in ("search", "blocked", "insecure")}
    )
    return {
        "name": engine.name, "title": engine.title, "version": engine.version(world),
        "search": list(lists.search), "blocked": list(lists.blocked), "insecure": list(lists.insecure),
    }  # fmt: skip


def _unique(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in groups for text in group))
