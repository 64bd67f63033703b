# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where the brain meets Ansible: options in, the two hands on the host, result out."""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFilterError  # type: ignore[import-untyped]
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator  # type: ignore[import-untyped]
from ansible.module_utils.parsing.convert_bool import boolean  # type: ignore[import-untyped]
from ansible.parsing.vault import is_encrypted  # type: ignore[import-untyped]
from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]

from .cluster.openshift4 import ManifestProblem
from .commit import Proposal
from .imports import MissingLibrary, jmespath
from .observed import HostProblem, NotAsked, Observed, Watch, from_snapshot, unpack
from .options import Options
from .plan import Plan
from .policy import Policy, PolicyError, read_options
from .policy.trust import Trust
from .policy.word import Reading
from .variables import fill

SNAPSHOT = "dockyard.openshift.host_snapshot"
_TRANSACTION = "dockyard.openshift.host_transaction"

#: What host_snapshot runs on the host, in the order in which they need each other.
_PROGRAMS = ("_hands", "_snapshot")
_PACKAGE = "ansible_collections.dockyard.openshift.plugins"
_MODULE_UTILS = Path(__file__).parent.parent / "module_utils"

#: How often a plan is made again because the host changed under it.
_ATTEMPTS = 3

_Answer = TypeVar("_Answer")
_Proposed = TypeVar("_Proposed", bound=Proposal)
_NOTHING = Watch()

#: A line of a key in PEM form; shorter ones (the last of a key) could be anybody's word.
_SECRET_LINE = 24

_HIDDEN = "********"
_URL_PASSWORD = re.compile(r"://[^/\s:@'\"]*:([^/\s@'\"]+)@")


class Task(ActionBase):  # type: ignore[misc]
    """Base of every task: validates options, turns problems into one sentence, hides secrets in whatever it returns."""

    _supports_check_mode = True
    _supports_async = False
    spec: ClassVar[Options]
    #: how the role's variables for options of this task begin
    prefix = "docker_registries_"

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.variables = task_vars or {}
        self.secrets: set[str] = set()
        self.report: list[dict[str, Any]] = []
        self.origins: dict[str, str] = {}
        try:
            result.update(self.perform(self._options()))
        except PolicyError as problem:
            said = self.origins.get(problem.word, problem.word)
            result.update(failed=True, msg=f"{said}{str(problem)[len(problem.word) :]}")
        except (HostProblem, ManifestProblem, MissingLibrary) as problem:
            result.update(failed=True, msg=str(problem))
        return self.finish(result)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """What the task does: its result. Raises PolicyError or HostProblem."""
        raise NotImplementedError

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """The only way out: registered secrets are taken from every text, names and hosts stay."""
        hide = _hider(self.secrets)
        return {key: _mapped(value, hide) for key, value in result.items()}

    def policy(self, options: Mapping[str, Any]) -> Policy:
        """The words that the options say. Raises PolicyError."""
        return read_options(options)

    def given(self) -> dict[str, Any]:
        """The options of the task, with from_variables those that the inventory's variables fill too.

        `origins` remembers the variables, for sentences that speak of them. Raises HostProblem.
        """
        given: dict[str, Any] = plain(self._task.args)
        if not boolean(given.get("from_variables", False), strict=False):
            return given
        filled = fill([option for option in self.spec if option not in given], self.prefix, self._variable)
        self.origins = {option: name for option, (name, _value) in filled.items()}
        return {option: value for option, (_name, value) in filled.items()} | given

    def _variable(self, name: str) -> Any:
        """The value of a variable; None when it is not there, null or omitted. Raises HostProblem."""
        value = self.variables.get(name)
        if value is None:
            return None
        try:
            value = plain(self._templar.template(value))
        except AnsibleError as error:
            if type(error).__name__ == "AnsibleValueOmittedError":  # core 2.16 has none, and gives a placeholder
                return None
            raise HostProblem(f"{name}: {str(error).splitlines()[0]}") from None
        return None if value == self.variables.get("omit") else value

    def _options(self) -> dict[str, Any]:
        given = self.given()
        validated = ArgumentSpecValidator(self.spec).validate(given)
        if not validated.error_messages:
            return dict(validated.validated_parameters)
        for option, name in self.origins.items():
            wrong = ArgumentSpecValidator({option: self.spec[option]}).validate({option: given[option]}).error_messages
            if wrong:
                raise HostProblem(f"{name}: {wrong[0]}")
        raise HostProblem("; ".join(validated.error_messages))


class ControllerFiles(ActionBase):  # type: ignore[misc]
    """Files on the controller, as a task sees them: looked for beside the playbook and role, decrypted if need be."""

    secrets: set[str]

    def register_key(self, pem: str) -> None:
        """Nothing of a key is to be in whatever the task returns."""
        self.secrets |= {line.strip() for line in pem.splitlines() if len(line.strip()) >= _SECRET_LINE}

    def read_file(self, path: str) -> bytes:
        """Its bytes, decrypted. Raises HostProblem, with a sentence that holds nothing of them."""
        try:
            found = self._find_needle("files", path)
            real = self._loader.get_real_file(found)
        except AnsibleError as error:
            raise HostProblem(f"{path} cannot be read on the controller: {str(error).splitlines()[0]}") from None
        try:
            with open(real, "rb") as stream:
                return stream.read()
        except OSError as error:
            raise HostProblem(f"{path} cannot be read on the controller: {error.strerror}") from None
        finally:
            self._loader.cleanup_tmp_file(real)

    def encrypt(self, data: bytes) -> bytes:
        """With the vault's password of this run. Raises HostProblem when there is none."""
        try:
            return bytes(self._loader._vault.encrypt(data))
        except AnsibleError:
            raise HostProblem("there is no vault password to encrypt with; give --vault-password-file") from None

    def decrypt(self, data: bytes) -> bytes:
        """What was encrypted; other bytes as they are. Raises HostProblem when it cannot be decrypted."""
        if not is_encrypted(data):
            return data
        try:
            return bytes(self._loader._vault.decrypt(data))
        except AnsibleError:
            raise HostProblem("it is encrypted, and none of this run's vault passwords opens it") from None

    def write_privately(self, path: str, data: bytes) -> None:
        """Whole or not at all, and readable for its owner only from the first byte on. Raises HostProblem."""
        directory, fresh = os.path.dirname(path), f"{path}.{os.getpid()}.new"
        try:
            os.makedirs(directory, 0o700, exist_ok=True)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                with os.fdopen(fd, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(fresh, path)
            except OSError:
                os.unlink(fresh)
                raise
        except OSError as error:
            raise HostProblem(f"{path} cannot be written on the controller: {error.strerror}") from None


class TrustFiles(ControllerFiles):
    """Reads the files that words name, and registers what is secret in them."""

    def policy(self, options: Mapping[str, Any]) -> Policy:
        """The words that the options say, with the texts of files. Raises PolicyError or HostProblem."""
        return read_options(options, Reading(self.read_file, self.register_key, warn_days=options["warn_days"]))

    def trust(self, options: Mapping[str, Any], now: datetime) -> Trust:
        """The word `trust` of these options, judged at this time. Raises PolicyError or HostProblem."""
        reading = Reading(self.read_file, self.register_key, now, options["warn_days"])
        return read_options(options, reading).trust or Trust()


class HostTask(Task):
    """A task about one managed host: one snapshot, and one transaction only when something is to change."""

    watch: ClassVar[Watch]

    def observe(self, more: Watch = _NOTHING) -> Observed:
        """One round trip that reads everything, and more for one call. Raises HostProblem."""
        answer = self.quietly(SNAPSHOT, (self.watch + more).arguments())
        if answer.get("failed") or "snapshot" not in answer:
            raise HostProblem(
                f"the host could not be read: {answer.get('msg') or 'its module ended without an answer'}"
            )
        observed = from_snapshot(unpack(answer["snapshot"]))
        self._register_secrets(observed)
        return observed

    def look(self, answer: Callable[[Observed], _Answer], more: Watch) -> _Answer:
        """What follows from one snapshot; from a second one where the first left out what turned out to matter."""
        try:
            return answer(self.observe(more))
        except NotAsked as question:
            return answer(self.observe(more + question.more))

    def apply(
        self, propose: Callable[[Observed], _Proposed], expect: str | None, more: Watch = _NOTHING
    ) -> tuple[dict[str, Any], _Proposed]:
        """Observe, plan, commit; again when the host changed in between.

        more: what to look at beside what the task always does. Returns the task's result (changed, rolled_back, what
        is shown of the plan and, when it did not work, failed and msg) and what was proposed last.
        """
        seen = ""
        for _attempt in range(_ATTEMPTS):
            host, proposal = self.look(lambda host: (host, propose(host)), more)
            plan = proposal.plan
            if expect and plan.changed and plan.id != expect:
                raise HostProblem(
                    f"expect_plan is {expect}, but the plan for this host is now {plan.id}; nothing was changed{seen}"
                )
            if not plan.changed or self._task.check_mode:
                return {"changed": plan.changed, "rolled_back": False} | self.shown(plan), proposal
            if host.locked:
                seen = "; another transaction was running on this host"
            answer = self.quietly(_TRANSACTION, proposal.commit)
            self.report = unpack(answer["report"]) if answer.get("report") else []
            if answer.get("committed"):
                return {"changed": True, "rolled_back": False} | self.shown(plan), proposal
            undone = answer.get("conflict") and answer.get("rolled_back")
            if not undone and answer.get("step") not in ("compare", "journal_found"):
                return _failure(answer) | self.shown(plan), proposal
            seen = f"; meanwhile {answer.get('reason')}"
        raise HostProblem(f"the host kept changing while it was planned ({_ATTEMPTS} attempts){seen}")

    def shown(self, plan: Plan) -> dict[str, Any]:
        """The parts of a result that are read from the plan."""
        if not self._task.check_mode:
            plan = replace(plan, only_a_real_run_shows=())
        parts: dict[str, Any] = {"plan": plan.result(), "notes": list(plan.notes), "pending": list(plan.pending)}
        if plan.warnings:
            parts["warnings"] = list(plan.warnings)
        if self._task.diff:
            parts["diff"] = plan.diff()
        return parts

    def quietly(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call one of the hands. The connection prints a module's raw answer at -vvv, unless told not to."""
        if module == SNAPSHOT:
            arguments = {"job": packed_job(arguments)}
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

    def _register_secrets(self, host: Observed) -> None:
        """Passwords inside proxy addresses, the only secrets in what we read."""
        for path in host.files:
            try:
                self.secrets.update(_URL_PASSWORD.findall(host.text(path) or ""))
            except HostProblem:
                continue
        for answer in host.answers.values():
            self.secrets.update(_URL_PASSWORD.findall(answer.stdout + answer.stderr))


def packed_job(wanted: dict[str, Any]) -> str:
    """The argument of the module host_snapshot: what it is asked, and the programs that answer."""
    return b64encode(json.dumps({"programs": _programs(), "wanted": wanted}).encode()).decode()


@cache
def _programs() -> list[tuple[str, str, str]]:
    """(name of the module, name of its file, source)"""
    return [
        (f"{_PACKAGE}.module_utils.{name}", f"{name}.py", (_MODULE_UTILS / f"{name}.py").read_text(encoding="utf-8"))
        for name in _PROGRAMS
    ]


def plain(value: Any) -> Any:
    """Built-in types only: Ansible's tagged texts break libraries."""
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, Iterator)):  # the last is what from_yaml_all gives in core 2.16
        return [plain(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value + 0  # of a tagged number, a plain one
    return value


def filtered(function: Callable[..., Any], *values: Any, **options: Any) -> Any:
    """What a filter answers: the function's result for plain values, one sentence where they cannot be meant."""
    try:
        return function(*map(plain, values), **plain(options))
    except (ManifestProblem, PolicyError, MissingLibrary) as problem:
        raise AnsibleFilterError(str(problem)) from None
    except RecursionError:
        raise AnsibleFilterError("the values are nested too deeply to be meant") from None


def select(query: str | None, value: Any) -> Any:
    """What a JMESPath query selects; None without a query. Raises HostProblem when it is no query."""
    if query is None:
        return None
    try:
        return jmespath.search(query, value)
    except jmespath.exceptions.JMESPathError as error:
        raise HostProblem(f"query: '{query}' is not a JMESPath query: {str(error).splitlines()[0]}") from None


def _hider(secrets: set[str]) -> Callable[[str], str]:
    if not secrets:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True)))
    return lambda text: pattern.sub(_HIDDEN, text)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(item, change) for item in value]
    return value


def _failure(answer: dict[str, Any]) -> dict[str, Any]:
    """What a person is told of a transaction that was not committed."""
    changed, undone = bool(answer.get("changed")), bool(answer.get("rolled_back"))
    if "committed" not in answer:  # it did not end by itself
        changed, reason, outcome = True, "the module was cut off on the host", "the next run puts that right"
    else:
        reason = f"{answer['reason']}{_last_words(answer.get('report'))}"
        outcome = "and it could not be undone" if changed and not undone else "everything is as it was before"
    msg = f"{reason}; {outcome}"
    return {"changed": changed, "rolled_back": undone, "failed": True, "msg": msg}


def _last_words(report: Any) -> str:
    """What the command that failed said last, for the sentence shown."""
    try:
        answers = unpack(report) if report else []
    except HostProblem:
        return ""
    failed = [answer for answer in answers if answer.get("state") != "done" or answer.get("rc")]
    lines = [
        line.strip() for answer in failed[:1] for line in str(answer.get("stderr", "")).splitlines() if line.strip()
    ]
    return f" ({lines[-1]})" if lines else ""
