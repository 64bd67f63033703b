# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which registries the engines of a host search, block, mirror and reach insecurely: a policy becomes drafts.

Everything an engine knows is in its own file; everything they share is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from ..engines import ALL_WORDS, Desired, Engine, Lists, Request
from ..engines.containers import Containers, signatures
from ..engines.containers.info import VERSIONS
from ..engines.docker_fork import DockerFork
from ..engines.docker_moby import Moby
from ..host.observed import Answer, HostProblem, Observed
from ..host.services import DOCKER
from ..host.watch import NotAsked, Watch
from ..plan import records
from ..plan.draft import ANSWER_LIMIT, Draft, Due, FileChange
from ..plan.plan import Disruption
from ..plan.proposal import Drafter, Proposal, start_of
from ..policy import ALL, SERVICE_NETWORK, Policy, options_of, read_options
from ..policy.word import Reading, unique
from ..problems import Problem
from ..resolution.registries_conf import MAIN as REGISTRIES_CONF
from ..shapes import Each
from ..variables import COMMON, NETWORK_VARIABLES, PREFIX, Fill, behind, words
from . import image_report, own_files, pull_proof

#: In this order: where two engines read one file, the stricter form comes first.
ENGINES: tuple[Engine, ...] = (DockerFork(), Moby(), Containers())

WATCH = sum((engine.watch for engine in ENGINES), Watch())

_RECORD = "container_registries"
_LISTS = tuple(Lists().plain())
#: In place of the content of a file that is not written at all.
_STAYS = object()
_ONLY_A_REAL_RUN = ("whether the engine accepts the files, starts with them and then shows the lists",)


@dataclass(frozen=True)
class Said:
    """What a task was asked for; the words are those of its documentation."""

    policy: Policy
    mode: str | None = None
    foreign_scopes: str = "fail"
    images: tuple[str, ...] = ()
    recorded: bool = False
    insecure_by: tuple[str, ...] = ("insecure",)
    pulls: tuple[pull_proof.Wanted, ...] = ()
    at_a_look: bool = False

    def options_of(self, word: str) -> tuple[str, ...]:
        """Return the options that say a word."""
        return self.insecure_by if word == "insecure" else (word,)


WORD_OPTIONS = options_of("registries") | {
    "hosted_registry_insecure": {
        "type": "bool",
        "default": False,
        "description": ["Whether to add O(hosted_registry_network) to O(insecure)."],
    },
    "hosted_registry_network": {
        "type": "str",
        "default": SERVICE_NETWORK,
        "description": [
            "The service network of the cluster, which holds the address of its integrated registry.",
            "An engine without address ranges leaves this one out with a note, instead of refusing it.",
        ],
    },
}

OPTIONS = WORD_OPTIONS | {
    "mode": {
        "type": "str",
        "choices": ["exact", "merge"],
        "description": [
            "V(exact) makes the lists exactly those of the policy and removes every other entry. V(merge) puts the "
            "entries of the policy beside those of others, and later removes only its own. Unless given, V(exact) for "
            "docker of Red Hat's fork (RHEL 7), and V(merge) for every other engine.",
        ],
    },
    "unenforceable": {
        "type": "str",
        "choices": ["fail", "warn"],
        "default": "fail",
        "description": ["What to do when an engine cannot enforce what is asked; V(warn) applies the rest."],
    },
    "foreign_scopes": {
        "type": "str",
        "choices": ["fail", "reject", "keep"],
        "default": "fail",
        "description": [
            "What to do with a scope of others in C(policy.json) that accepts images outside the allow-list. V(fail) "
            "names it and changes nothing, V(reject) makes it reject until the allow-list is lifted, V(keep) leaves "
            "it and warns.",
        ],
    },
    "verify_pull": pull_proof.OPTION,
}

CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}

SURVEY_OPTIONS = {
    "images": {
        "type": "list",
        "elements": "str",
        "description": [
            "Images for which RV(images) says where podman, skopeo, buildah and CRI-O of this host would pull them "
            "from. The task contacts no registry and returns no secret.",
        ],
    },
    "record": {
        "type": "path",
        "description": [
            "A file on the controller to which the look at this host is written, readable for its owner only, for the "
            "filter P(dockyard.openshift.registries_plan#filter) and for reports of mistakes. One file a host.",
            "Passwords in addresses, values of settings whose names speak of a password, token, secret or key, and "
            "files of logins are left out of it. In check mode nothing is written.",
        ],
    },
    "record_encrypt": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether to encrypt the file of O(record) with the vault password of this run; then nothing is left out.",
        ],
    },
}

VARIABLES = {
    **words("registries"),
    "hosted_registry_insecure": ("openshift_docker_hosted_registry_insecure",),
    "hosted_registry_network": NETWORK_VARIABLES,
    **behind(PREFIX, ("mode", "unenforceable", "foreign_scopes", "verify_pull")),
    **behind(PREFIX, ("images", "query", "record", "record_encrypt")),
    **COMMON,
}
fill = Fill(VARIABLES)


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Said:
    policy = read_options(options, Reading(read_file, hide, now), "registries")
    recorded = bool(options.get("record"))
    insecure_by = tuple(name for name in ("insecure", "hosted_registry_insecure") if options.get(name))
    images = tuple(options.get("images") or ())
    pulls = pull_proof.read(options.get("verify_pull"))
    if pulls:
        policy = replace(policy, warnings=unique((*policy.warnings, *pull_proof.warnings(policy))))
    how = (options["mode"], options["foreign_scopes"], images, recorded, insecure_by or ("insecure",))
    return Said(policy, *how, pulls, at_a_look="query" in options)


def watch(said: Said) -> Watch:
    """Name the facts that a plan for this policy needs, so that they are collected at once."""
    some_pulls = any(mirrored.pull != "all" for mirrored in said.policy.mirrors or ())
    more = pull_proof.watch(said.pulls) + own_files.WATCH if said.at_a_look else Watch()
    signed = bool(said.policy.signatures)
    more += VERSIONS if some_pulls or signed or said.recorded else Watch()
    more += signatures.WATCH if signed or said.recorded else Watch()
    return WATCH + more + (image_report.WATCH if said.images else Watch())


def drafts(host: Observed, said: Said) -> Iterable[Drafter]:
    """Make one draft an engine. Raises HostProblem when there is none to be told what was asked."""
    start = start_of(host)
    engines = present(start) if said.policy.words() else [engine for engine in ENGINES if engine.present(start)]
    return [partial(_draft, engine, said) for engine in engines]


def withdraw(host: Observed) -> Iterable[Drafter]:
    """Make one draft for each engine whose files hold something of ours."""
    start = start_of(host)
    known = records.record_of(records.state_of(start), (_RECORD,), Each(dict))
    return [partial(_withdrawal, engine) for engine in ENGINES if engine.name in known and engine.present(start)]


def confirm(host: Observed) -> Iterable[Drafter]:
    """Make one draft an engine: it has in force what its files say, as they are."""
    return [partial(_confirmation, engine) for engine in ENGINES if engine.present(start_of(host))]


def present(host: Observed) -> list[Engine]:
    """Return the engines on a host. Raises HostProblem when there is none."""
    found = [engine for engine in ENGINES if engine.present(host)]
    if not found:
        titles = "; ".join(engine.title for engine in ENGINES)
        raise HostProblem(f"no container engine found on this host; looked for {titles}")
    return found


def survey(host: Observed, said: Said, options: Mapping[str, Any]) -> dict[str, Any]:
    """Report the engines' lists, and the sources of images. Raises HostProblem without an engine."""
    engines = [
        {"name": engine.name, "title": engine.title, "version": engine.version(host), "running": engine.running(host)}
        | {"mode": engine.default_mode}
        | engine.report(host)
        for engine in present(host)
    ]
    images = image_report.images(host, list(said.images))
    return {
        "engines": engines,
        "images": images,
        "pulled": pull_proof.seen(host, said.pulls),
        "own_files": own_files.found(host),
        "policy": said.policy.words(),
    }


def report(proposal: Proposal, said: Said, report: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Report what each engine answered last, and what its files say after the proposal."""
    answers = [answer for answer in report if answer["step"] == "check"]
    drafts = [draft for draft in proposal.drafts if isinstance(draft.about, _About)]
    return {
        "engines": [_answered(draft, proposal, answers) for draft in drafts],
        "planned": planned(proposal),
        "pulled": pull_proof.outcomes(answers),
        "policy": said.policy.words(),
        "without_effect": [
            text
            for draft in drafts
            if (later := _asked_again(draft, answers))
            for text in _contradicted(draft.about.engine, proposal.world.with_answers(later), said.policy)
        ],
        "disagreement": [text for draft in drafts for text in _disagreement(draft, proposal, answers)],
    }


def planned(proposal: Proposal) -> list[dict[str, Any]]:
    """Return the lists in the files of each engine after the proposal, whether the engine has read them or not."""
    return [_planned(draft, proposal) for draft in proposal.drafts if isinstance(draft.about, _About)]


def _planned(draft: Draft, proposal: Proposal) -> dict[str, Any]:
    engine, found = draft.about.engine, draft.about.engine.report(proposal.world)
    lists = draft.about.expected.plain() if draft.about.expected else {word: found.get(word, []) for word in _LISTS}
    if found.get("allowed") is not None and ALL not in lists["blocked"]:
        lists["blocked"].append(ALL)
    return {"name": engine.name} | lists


@dataclass(frozen=True)
class _About:
    """What the report needs to know of a draft."""

    engine: Engine
    expected: Lists | None
    in_force: Lists | None


def _draft(engine: Engine, said: Said, host: Observed) -> Draft:
    """Draft the least that makes the new lists effective, only when those in force differ."""
    part = (_RECORD, engine.name)
    request = Request(said.mode, said.foreign_scopes, records.record_of(records.state_of(host), part, engine.record))
    desired = engine.desired(host, said.policy, request) if said.policy.words() else Desired()
    draft = Draft(
        part,
        files=tuple(_with_askers(desired.edits, engine, said, request, host)),
        validations=engine.validations(host, desired.edits),
        notes=(*said.policy.notes, *desired.notes),
        warnings=(*said.policy.warnings, *desired.warnings),
        refusals=desired.refusals,
        beyond=tuple(f"{engine.title} cannot enforce {text}" for text in desired.unenforceable),
        only_a_real_run_shows=_ONLY_A_REAL_RUN,
        record=desired.record if desired.record or desired.expected is not None else None,
        about=_About(engine, desired.expected, _shown(engine, host)),
    )
    if desired.expected is None:
        return draft
    another = REGISTRIES_CONF in host.changed  # the fork's engine, which comes first, wrote the file that both read
    draft = _activated(engine, host, desired.expected, draft, bool(draft.files) or another, said.pulls)
    if draft.files or draft.due:
        return replace(draft, differs=tuple(_differences(engine, host, draft, desired.expected)))
    contradicted = () if another else _contradicted(engine, host, said.policy)  # its answer is older than the new file
    return replace(draft, warnings=(*draft.warnings, *contradicted))


def _differences(engine: Engine, host: Observed, draft: Draft, expected: Lists) -> Iterator[str]:
    """Say of each list what an engine lacks of it, and what it has beyond it, with the place that says so."""
    shown, report = _shown(engine, host), engine.report(host)
    now: dict[str, list[str]] = shown.plain() if shown else {word: report.get(word) or [] for word in _LISTS}
    after = host.with_files({change.path: change.content for change in draft.files})
    words = engine.differs(after, shown, expected) if shown else ALL_WORDS
    for word, wanted in expected.plain().items():
        if word not in words:
            continue
        lacks = [item for item in wanted if item not in now[word]]
        beyond = [item for item in now[word] if item not in wanted]
        parts = [f"{_some(lacks)} {'are' if lacks[1:] else 'is'} missing"] if lacks else []
        if beyond:
            verb = "are" if beyond[1:] else "is"
            parts.append(f"{_some(beyond)} {verb} not asked for{_said_at(host, report['files'], beyond[0])}")
        if not parts and word in ("search", "mirrors") and now[word] != wanted:
            parts = [f"{_some(now[word])} is another order than the one that was asked for"]
        if parts:
            yield f"{word}: {', '.join(parts)}"


def _said_at(host: Observed, files: Iterable[str], item: str) -> str:
    for path in files:
        lines = (host.text(path) or "").splitlines() if host.knows(path) else []
        if number := next((number for number, line in enumerate(lines, 1) if item in line), 0):
            return f" ({path} line {number})"
    return ""


def _contradicted(engine: Engine, host: Observed, policy: Policy) -> list[str]:
    """Say which words the engine's own answer does not fulfil, though its files do."""
    try:
        found = engine.contradicted(host, policy)
    except Problem:
        return []  # where its answer matters, the plan is refused
    return [
        f"{engine.title}: {each.word} '{each.entry}' has no effect, though the files say it"
        + (f": its answer {each.what}" if each.what else "")
        for each in found
    ]


def _shown(engine: Engine, host: Observed) -> Lists | None:
    try:
        return engine.in_force(host)
    except Problem:
        return None  # where it matters, _activated refuses


def _with_askers(
    edits: tuple[FileChange, ...], engine: Engine, said: Said, request: Request, host: Observed
) -> Iterator[FileChange]:
    """Say of each file which words asked for it: those without which it would be another one."""
    words = list(said.policy.words()) if edits else []
    others = {word: _files(engine, host, said.policy.without(word), request) for word in words if len(words) > 1}
    for edit in edits:
        needed = [word for word in words if word not in others or others[word].get(edit.path, _STAYS) != edit.content]
        options = (option for word in needed or words for option in said.options_of(word))
        yield replace(edit, asked_by=tuple(dict.fromkeys(options)))


def _files(engine: Engine, host: Observed, policy: Policy, request: Request) -> dict[str, bytes | None]:
    try:
        return {edit.path: edit.content for edit in engine.desired(host, policy, request).edits}
    except (Problem, NotAsked):
        return {}  # nothing of it would be without the word


def _withdrawal(engine: Engine, host: Observed) -> Draft:
    part = (_RECORD, engine.name)
    desired = engine.withdrawn(host, records.record_of(records.state_of(host), part, engine.record))
    why = "everything of ours is removed"
    files = tuple(replace(edit, why=why) for edit in desired.edits)
    draft = Draft(part, files=files, validations=engine.validations(host, files), record={})
    return draft if desired.expected is None else _activated(engine, host, desired.expected, draft, bool(files))


def _confirmation(engine: Engine, host: Observed) -> Draft:
    """Expect the lists of the files as they are, as nothing is asked for."""
    expected, part = engine.desired(host, Policy(), Request("merge")).expected, (_RECORD, engine.name)
    after_start = engine.after_start(host) if engine.running(host) else None
    if expected is None:
        return Draft(part)
    draft = _activated(engine, host, after_start or expected, Draft(part), changed=True)
    return replace(draft, due=tuple(replace(due, restart=due.restart or after_start is not None) for due in draft.due))


def _activated(
    engine: Engine,
    host: Observed,
    expected: Lists,
    draft: Draft,
    changed: bool,
    pulls: tuple[pull_proof.Wanted, ...] = (),
) -> Draft:
    """Add what makes an engine take in its files, and what proves that it did. changed: whether they change now."""
    after = host.with_files({change.path: change.content for change in draft.files})
    in_force = engine.in_force(host)
    checks = (*engine.checks(after, expected), *pull_proof.checks(engine, host, pulls))
    differs = ALL_WORDS if in_force is None else engine.differs(after, in_force, expected)
    unseen = changed if in_force is None else bool(differs)
    due = engine.activation(after, differs) if engine.running(host) and unseen else None
    why = "the files change" if changed else "what is in force is not what the files say"
    refresh = tuple(replace(step, why=why) for step in (engine.refresh(host) if changed else ()))
    draft = replace(draft, steps=refresh, about=_About(engine, expected, in_force))
    if due:
        until, first = "the policy is in force", tuple(replace(step, why=why) for step in due.first)
        back = any(change.way_back for change in draft.files)
        undo_checks = engine.checks(host, in_force) if in_force and back else ()
        due = replace(due, why=why, until=until, whose=engine.title, first=first, checks=(*due.checks, *checks))
        due = replace(due, undo_checks=undo_checks)
        return replace(draft, due=(due,))
    return replace(
        draft,
        checks=checks if changed and _can_answer(engine, host) else (),
        current=_known(engine.activation(after)) if in_force is not None and not differs else (),
    )


def _known(due: Due | None) -> tuple[Any, ...]:
    """docker's answer is what it holds in memory; podman's says nothing of what CRI-O holds."""
    return (DOCKER,) if due and due.service == DOCKER else ()


def _can_answer(engine: Engine, host: Observed) -> bool:
    """Return whether the engine can answer: always if it reads its files at every command; a daemon while it runs."""
    return engine.running(host) or engine.activation(host) is None


def _answered(draft: Draft, proposal: Proposal, answers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the lists that an engine showed: when it proved the change, else before it. None for what nobody asked."""
    engine, world = draft.about.engine, proposal.world
    later, lists = _asked_again(draft, answers), draft.about.in_force
    if answers and any(check.shows for check in draft.all_checks()):
        lists = _shown(engine, world.with_answers(later)) if later else None
    shown = lists.plain() if lists else dict.fromkeys(_LISTS)
    about = {"name": engine.name, "title": engine.title, "version": engine.version(world)}
    return about | {word: shown[word] for word in ("search", "blocked", "insecure")}


#: How much of what was done to a service made it look at its files again.
_DONE = {Disruption.RELOAD: "was told to look again", Disruption.RESTART: "was restarted"}
_TOLD = 3


def _disagreement(draft: Draft, proposal: Proposal, answers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Say which lists an engine did not take, though it was made to look at them; nothing of one that did."""
    engine, expected, later = draft.about.engine, draft.about.expected, _asked_again(draft, answers)
    shown = _shown(engine, proposal.world.with_answers(later)) if later else None
    if expected is None or shown is None:
        return
    units = {due.service.unit for due in draft.due}
    steps = [action.step for action in (proposal.transaction.actions if proposal.transaction else ())]
    done = next((_DONE[step.disruption] for step in steps if step.whom in units and step.disruption in _DONE), "looked")
    source = list(later)[0].replace(".", " ")
    asked = [
        f"asked for {word} {_some(getattr(expected, word))}, {source} says {_some(getattr(shown, word))}"
        for word in _LISTS
        if word in engine.differs(proposal.world, shown, expected)
    ]
    if asked:
        yield f"{engine.title} {done} but does not use the new lists: {'; '.join(asked)}"


def _some(items: Sequence[str]) -> str:
    more = [f"{len(items) - _TOLD} more"] if items[_TOLD:] else []
    return ", ".join([*items[:_TOLD], *more]) or "nothing"


def _asked_again(draft: Draft, answers: Iterable[Mapping[str, Any]]) -> dict[str, Answer]:
    """Return what the engine answered when it proved the change, by the name of the question; whole answers only."""
    shows = {check.name: check.shows for check in draft.all_checks() if check.shows}
    return {
        shows[answer["name"]]: Answer(rc=answer.get("rc"), stdout=answer["stdout"])
        for answer in answers
        if answer.get("name") in shows and len(answer.get("stdout", "")) < ANSWER_LIMIT
    }
