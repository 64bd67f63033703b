# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks about one managed host: the two modules that run there, and the form in which values travel to them."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ansible.errors import AnsibleConnectionFailure  # type: ignore[import-untyped]
from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]

from .. import clock
from ..host import record
from ..host.observed import HostProblem, Observed
from ..host.snapshot import NO_ANSWER, from_snapshot, pack, pack_json, unpack
from ..host.watch import Watch
from ..plan import account, undo
from ..plan.draft import AGAIN, Check, FileChange
from ..plan.plan import Plan
from ..plan.proposal import Action, Applying, Drafter, Proposal, Transaction, as_reported, asked, propose
from ..problems import one_line
from ..shapes import fits
from ..variables import words_of
from .base import select
from .controller import ControllerFiles
from .feature import HostFeature, Spec
from .rounds import Outcome, Rounds

#: Each feature, what it is asked for, and the options that say so.
AskedOfFeatures = list[tuple[HostFeature, Any, tuple[str, ...]]]

SNAPSHOT = "dockyard.openshift.host_snapshot"
_TRANSACTION = "dockyard.openshift.host_transaction"

#: What host_snapshot runs on the host, in the order in which they need each other.
_PROGRAMS = ("_hands", "_snapshot")
_PACKAGE = "ansible_collections.dockyard.openshift.plugins"
_MODULE_UTILS = Path(__file__).parents[2] / "module_utils"


def _packed(programs: Iterable[str]) -> str:
    """Pack (name of the module, name of its file, source) of each program."""
    read = [
        (f"{_PACKAGE}.module_utils.{name}", f"{name}.py", (_MODULE_UTILS / f"{name}.py").read_text(encoding="utf-8"))
        for name in programs
    ]
    return b64encode(zlib.compress(json.dumps(read).encode())).decode()


#: Made once for all hosts: the process of each is a fork of the one that loads this.
_PACKED_PROGRAMS = _packed(_PROGRAMS)

#: What host_transaction answers; one that was cut off says nothing of `committed`.
_ENDED = {
    "committed?": bool, "rolled_back?": bool, "changed?": bool, "reason?": (str, None), "step?": (str, None),
    "report?": str, "conflict?": [dict],
}  # fmt: skip
_REPORT = [{"step": str, "stdout?": str, "stderr?": str, "state?": str, "rc?": int}]
_NOTHING = pack_json([])
#: How a Python refuses the part of a module that is ansible-core's own, before anything of ours runs.
_SYNTAX = "SyntaxError: "
_NEEDS_216 = "; a host whose only Python is 2.7, such as RHEL 7, needs ansible-core 2.16 on the controller"
#: What trust/proof.py says of a registry that is not believed.
_REFUSED = re.compile(r"(?P<name>\S+) \[(?P<engines>.+)\] untrusted: (?P<why>.*)")
#: Options of every task that changes a host.
CHANGE_OPTIONS: Spec = {
    "activation": {
        "type": "str",
        "choices": ["now", "if_idle", "defer"],
        "default": "if_idle",
        "description": [
            "What to do when an engine must be restarted to see what changed. V(if_idle) refuses, before anything is "
            "written, a restart that would take down running containers. V(now) restarts the engine. V(defer) does "
            "not, and RV(pending) says so in every run until the engine was restarted.",
        ],
    },
    "expect_plan": {
        "type": "str",
        "description": [
            "Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse any other.",
        ],
    },
}

#: Options of every task that brings features to a host.
FEATURE_OPTIONS: Spec = {
    "state": {
        "type": "str",
        "choices": ["present", "absent"],
        "default": "present",
        "description": [
            "V(absent) takes everything off the host that this collection ever put there, whatever else is asked for: "
            "entries of lists, certificates, and what is remembered of them. Entries of others stay.",
        ],
    },
    "undo": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": [
            "Take back the plan with this RV(plan.id) instead of bringing anything to the host. Of several, the one "
            "that is the last on the host.",
            "Every file becomes what it was before, services look at their files again, and each engine is asked "
            "whether it agrees. Refused when it is not the last plan that changed the host, or when a file of it was "
            "changed since.",
        ],
    },
}

#: Options of every task that only reports.
SURVEY_OPTIONS: Spec = {
    "query": {
        "type": "str",
        "description": [
            "A JMESPath query over all returned values but the plan, its notes and what is pending. Its answer is "
            "RV(selected).",
        ],
    },
}


class HostModules(ActionBase):  # type: ignore[misc]
    """Calls the two modules on the host that the task runs for."""

    variables: dict[str, Any]

    def quietly(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call one of the two modules. The connection prints a module's raw answer at -vvv, unless told not to."""
        if module == SNAPSHOT:
            arguments = {"programs": _PACKED_PROGRAMS, "wanted": pack_json(arguments)}
        context = self._connection._play_context
        before, context.no_log = context.no_log, True
        try:
            return dict(self._execute_module(module_name=module, module_args=arguments, task_vars=self.variables))
        except AnsibleConnectionFailure:
            context.no_log = before
            self._low_level_execute_command("true")  # says why, which the quiet connection keeps to itself
            raise
        finally:
            context.no_log = before


class Failure(NamedTuple):
    """A transaction that was not committed: why, what became of the host, whether it is changed, or was put back."""

    reason: str
    outcome: str
    changed: bool
    undone: bool

    def result(self) -> dict[str, Any]:
        msg = f"{self.reason}; {self.outcome}"
        return {"changed": self.changed, "rolled_back": self.undone, "failed": True, "msg": msg}


class HostTask(HostModules, ControllerFiles, Rounds[Observed, Watch]):
    """A task about one managed host: one snapshot, and one transaction only when something is to change."""

    subject = "host"
    features: ClassVar[tuple[HostFeature, ...]] = ()
    own_options = CHANGE_OPTIONS | FEATURE_OPTIONS
    #: All that its features can want to know of a host before anybody asks for something.
    watch: ClassVar[Watch] = Watch()
    #: What the commands of the last transaction said.
    report: tuple[dict[str, Any], ...] = ()
    #: Why the last transaction was not committed.
    failure: Failure | None = None
    #: What the last look at the host found, as it was sent.
    snapshot: Any = None

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.features:
            cls.watch = sum((feature.WATCH for feature in cls.features), Watch())

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Bring everything that was asked to the host: one plan, one transaction. Raises Problem."""
        if options["undo"]:
            return self.take_back(options)
        if options["state"] == "absent":
            return self.withdraw(options)
        self.must_ask(options)
        said, watch = self.read(options)
        return self.bring(lambda host: drafters(host, said), options, watch, said)

    def take_back(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the host what it was before its last plan, as a plan of its own. Raises Problem."""

        def back(host: Observed) -> list[Drafter]:
            confirm = (drafter for feature in self.features for drafter in feature.confirm(host))
            return asked(("undo",), [partial(undo.draft, options["undo"]), *confirm])

        return self.bring(back, options, self.watch + Watch(last=True))

    def withdraw(self, options: dict[str, Any]) -> dict[str, Any]:
        """Take everything of ours off the host. Raises Problem."""

        def nothing(host: Observed) -> list[Drafter]:
            withdraw = (drafter for feature in self.features for drafter in feature.withdraw(host))
            return asked(("state",), [*withdraw, undo.forget])

        return self.bring(nothing, options, self.watch + undo.REMAINS)

    def bring(
        self,
        drafting: Callable[[Observed], list[Drafter]],
        options: dict[str, Any],
        watch: Watch,
        said: AskedOfFeatures | None = None,
    ) -> dict[str, Any]:
        """Carry out drafts, and report what was asked for, if the drafts are made of that. Raises Problem."""
        how = Applying(options["activation"], options.get("unenforceable", "fail"), self.named)
        result, proposal = self.apply(lambda host: propose(host, drafting(host), how), options["expect_plan"], watch)
        if result.get("failed"):
            return self._explained(result, proposal, said or [])
        if said is not None:
            for feature, words, _asks in said:
                result |= feature.report(proposal, words, self.report)
            result["asked_by"] = asked_by(said, how)
        result.pop("disagreement", None)
        if unmet := result.pop("without_effect", []):
            result["warnings"] = [*result.get("warnings", []), *unmet]
        return result | {"account": account.of_run(proposal.plan, check_mode=self._task.check_mode)}

    def _explained(self, result: dict[str, Any], proposal: Proposal, said: AskedOfFeatures) -> dict[str, Any]:
        """Say of an engine that did not take its lists which it has, where its own answer was not as expected."""
        failure, checks = self.failure, proposal.transaction.checks if proposal.transaction else ()
        if failure is None or not any(check.shows and failure.reason.startswith(f"{check.name}: ") for check in checks):
            return result
        reports = [feature.report(proposal, words, self.report) for feature, words, _asks in said]
        told = "; ".join(text for report in reports for text in report.get("disagreement", ()))
        # what could not be undone is a part of the reason
        reason = told if failure.undone else f"{told}; {failure.reason}"
        return result | failure._replace(reason=reason).result() if told else result

    def read(self, options: dict[str, Any]) -> tuple[AskedOfFeatures, Watch]:
        """Return what each feature is asked for, and what must be known of the host for it. Raises Problem."""
        now = clock.now()
        said: AskedOfFeatures = []
        for feature in self.features:
            words = feature.read(options, now, self.read_file, self.secrets.add_key)
            said.append((feature, words, words_of(feature.WORD_OPTIONS, options)))
        return said, sum((feature.watch(words) for feature, words, _asks in said), Watch())

    def see(self, more: Watch) -> Observed:
        """Read everything in one round trip. Raises HostProblem."""
        answer = self.quietly(SNAPSHOT, more.arguments())
        if answer.get("failed") or "snapshot" not in answer:
            raise HostProblem(f"the host could not be read: {why_unread(answer)}")
        self.snapshot = unpack(answer["snapshot"])
        observed = from_snapshot(self.snapshot)
        if observed.uid:
            name = self.variables.get("inventory_hostname")
            raise HostProblem(
                f'{name}: connected as {observed.user}, and this needs root; set "become: true" (or run with -b)'
            )
        self._register_secrets(observed)
        return observed

    def busy(self, world: Observed) -> bool:
        return world.locked

    def carry_out(self, proposal: Proposal) -> Outcome:
        """Send the one transaction."""
        answer = self.quietly(_TRANSACTION, transaction_options(proposal))
        report = _report_of(answer)
        if report is None:
            msg = f"{NO_ANSWER}, so it is not known what it did; the next run looks"
            return Outcome(failed={"changed": True, "rolled_back": False, "failed": True, "msg": msg})
        self.report = tuple(report)
        if answer.get("committed"):
            return Outcome(committed=True)
        undone = answer.get("conflict") and answer.get("rolled_back")
        if undone or answer.get("step") in ("compare", "journal_found"):
            return Outcome(moved=str(answer.get("reason")))
        self.failure = _failure(answer, report)
        return Outcome(failed=self.failure.result())

    def _register_secrets(self, host: Observed) -> None:
        """Register passwords inside proxy addresses, the only secrets in what we read."""
        for path in host.files:
            try:
                self.secrets.add_passwords_of_urls(host.text(path) or "")
            except HostProblem:
                continue
        for answer in host.answers.values():
            self.secrets.add_passwords_of_urls(answer.stdout + answer.stderr)


class HostInfo(HostTask):
    """Tells what a host has and how it differs from what is asked for, changing nothing."""

    own_options = SURVEY_OPTIONS
    more_options = "SURVEY_OPTIONS"

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Look, plan, and say both. Raises Problem."""
        if options.get("from_variables"):
            self.must_ask(options)
        said, more = self.read(options)
        how = Applying("now", options.get("unenforceable", "fail"), self.named)

        def answer(host: Observed) -> tuple[Plan, dict[str, Any]]:
            proposal, problems = as_reported(lambda: propose(host, drafters(host, said), how))
            found: dict[str, Any] = {"drift": proposal.plan.changed or bool(problems), "problems": problems}
            for feature, words, _asks in said:
                found |= feature.survey(host, words, options)
            found["asked_by"] = asked_by(said, how)
            problems += [each["said"] for each in found.get("pulled", ()) if not each["ok"]]
            found["drift"] = found["drift"] or bool(problems)
            differs = [text for draft in proposal.drafts for text in draft.differs]
            return proposal.plan, found | {"account": account.of_look(proposal.plan, problems, differs=differs)}

        plan, found = self.look(answer, self.watch + more)
        if "record" in self.spec:
            found["recorded"] = self._record(options["record"], encrypted=options["record_encrypt"])
        return {**found, **self.result_of(plan), "changed": False, "selected": select(options["query"], found)}

    def _record(self, path: str | None, *, encrypted: bool) -> str | None:
        """Write the last snapshot to a file on the controller; return its path or None. Raises TaskProblem."""
        if not path or self._task.check_mode:
            return None
        data = record.text(self.snapshot, whole=encrypted).encode()
        self.write_privately(path, self.encrypt(data) if encrypted else data)
        return path


def drafters(host: Observed, said: AskedOfFeatures) -> list[Drafter]:
    """List what all features want of the host, in their order. Raises Problem."""
    return [drafter for feature, words, asks in said for drafter in asked(asks, feature.drafts(host, words))]


def asked_by(said: AskedOfFeatures, how: Applying) -> dict[str, list[str]]:
    """Return, for each option that says what is wanted, what it was taken from."""
    return {word: list(how.names((word,))) for _feature, _words, asks in said for word in asks}


def transaction_options(proposal: Proposal) -> dict[str, Any]:
    """Make the options of the module host_transaction for a proposal that changes something."""
    transaction = proposal.transaction or Transaction()
    contents = {change.path: change.content for change in transaction.files if change.content is not None}
    contents |= {f"way_back:{each.path}": each.way_back for each in transaction.files if each.way_back}
    options: dict[str, Any] = {
        "payload": pack(contents),
        "files": [_file(change, transaction.before[change.path]) for change in transaction.files],
        "unchanged": dict(transaction.unchanged),
        "actions": [_action(action) for action in transaction.actions],
        "validate": [{"name": each.name, "argv": list(each.argv)} for each in transaction.validations],
        "checks": [check_option(check) for check in transaction.checks],
        "recover": transaction.recover,
        "plan_id": proposal.plan.id,
    }
    more = {
        "remove_empty": list(transaction.remove_empty), "settled": list(transaction.settled),
        "undo_checks": [check_option(check) for check in transaction.undo_checks],
        "deferred": sorted(proposal.deferred), "undoes": transaction.undoes, "forget": transaction.forgets,
    }  # fmt: skip
    return options | {name: value for name, value in more.items() if value}


def _file(change: FileChange, before: str) -> dict[str, Any]:
    known: dict[str, Any] = {"mode": change.mode, "uid": change.uid, "gid": change.gid, "label": change.label}
    known |= {} if change.keep else {"keep": False}
    known |= {} if not change.way_back else {"way_back": True}
    known |= {"confidential": True} if change.secret or change.path.endswith(".key") else {}
    known |= {"shown": [change.before, change.after]} if change.before or change.after else {}
    state = "absent" if change.content is None else "file"
    return {"path": change.path, "before": before, "state": state} | {k: v for k, v in known.items() if v is not None}


def _action(action: Action) -> dict[str, Any]:
    step = action.step
    undo = step.argv if step.undo is AGAIN else step.undo or ()
    return {
        "name": step.name, "argv": list(step.argv), "timeout": step.timeout, "undo": list(undo), "whom": step.whom,
        "disruption": str(step.disruption), "parts": list(action.parts), "instead_of": list(action.instead_of),
    }  # fmt: skip


def check_option(check: Check) -> dict[str, Any]:
    """Make an item of the option `checks`."""
    told = asdict(check) | {"argv": list(check.argv), "expect": [dict(wanted) for wanted in check.expect]}
    del told["shows"]
    return told


def why_unread(answer: dict[str, Any]) -> str:
    """Return a reason that a person can act on: the module's sentence, or the output in its place."""
    said = str(answer.get("module_stderr") or "") + "\n" + str(answer.get("module_stdout") or "")
    lines = [line.strip() for line in said.splitlines() if line.strip() and "{" not in line]
    if _SYNTAX in said:
        return f"its Python is too old for this ansible-core{_NEEDS_216}"
    if lines:
        return f'its module did not run: "{lines[0][:200]}"'
    text = str(answer.get("msg") or "its module ended without an answer")
    return text + _NEEDS_216 if "interpreter" in text and "not found" in text else text


def _report_of(answer: dict[str, Any]) -> list[Any] | None:
    """Return what a transaction says of its verification, None when the answer is not one of a transaction."""
    try:
        report = unpack(answer.get("report") or _NOTHING) if fits(answer, _ENDED) else None
    except HostProblem:
        return None
    return report if fits(report, _REPORT) else None


def _failure(answer: dict[str, Any], report: list[Any]) -> Failure:
    """Describe a transaction that was not committed."""
    changed, undone = bool(answer.get("changed")), bool(answer.get("rolled_back"))
    if "committed" not in answer and _SYNTAX in str(answer.get("module_stderr")):  # of ansible-core's own part
        changed, reason, outcome = False, why_unread(answer), "nothing was changed"
    elif "committed" not in answer:  # it did not end by itself
        changed, reason, outcome = True, "the module was interrupted on the host", "the next run repairs that"
    else:
        reason = one_line(f"{answer.get('reason')}{_last_words(report)}")
        outcome = "and it could not be undone" if changed and not undone else "everything is as it was before"
    return Failure(reason, outcome, changed, undone)


def _last_words(report: list[Any]) -> str:
    """Quote the last line of the command that failed."""
    failed = [answer for answer in report if answer.get("state") != "done" or answer.get("rc")]
    lines = [
        line.strip() for answer in failed[:1] for line in str(answer.get("stderr", "")).splitlines() if line.strip()
    ]
    if not lines:
        return ""
    if refused := _REFUSED.fullmatch(lines[-1]):
        return (
            f" ({refused['name']} shows a certificate that {refused['engines']} would refuse: {refused['why']}; while "
            "a registry moves to a new authority, list the old one too)"
        )
    return f" ({lines[-1]})"
