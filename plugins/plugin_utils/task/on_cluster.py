# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks about one cluster: objects are read by plain requests, planned as files of hosts are, and patched."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any, ClassVar, Protocol

from ansible.errors import AnsibleError  # type: ignore[import-untyped]

from .. import clock
from ..cluster import export
from ..cluster.api import ClusterProblem, Manifest, Ref
from ..cluster.changes import ClusterDraft, ClusterProposal, NotYet, ObjectChange, Until, change_of, propose_changes
from ..cluster.client import Client, Limits, Moved, Rejected, Transport
from ..cluster.connection import OPTIONS as CONNECTION
from ..cluster.connection import Http, Login, log_in, with_environment
from ..cluster.merge_patch import difference, inverse
from ..cluster.seen import Cluster, Contents, read
from ..host.observed import HostProblem
from ..host.snapshot import from_snapshot, unpack
from ..host.watch import Watch
from ..libraries import yaml, yaml_faults
from ..plan import account
from ..plan.gate import Applying
from ..plan.plan import Plan
from ..problems import Problem, one_line
from .base import TaskProblem, plain, select
from .controller import ControllerFiles, content_of, write_text
from .feature import AnyFeature, Spec
from .on_host import SNAPSHOT, SURVEY_OPTIONS, HostModules, why_unread
from .rounds import Outcome, Rounds

#: delegate_to these changes nothing: a task about a cluster works on the controller anyway.
_HERE = ("localhost", "127.0.0.1", "::1")
_TRIES = 5  # to put an object back that somebody else is changing
_PAUSE = 0.2  # seconds before an object that somebody else just wrote is read again
_LONGEST = 10**8  # seconds, three years
_POLL = 1.0  # seconds between two looks at an object whose status is waited for

#: Options of every task about a cluster.
CLUSTER_OPTIONS: Spec = CONNECTION | {
    "request_timeout": {
        "type": "int",
        "default": 30,
        "description": ["Seconds in which the API server has to answer a request."],
    },
    "timeout": {
        "type": "int",
        "default": 600,
        "description": ["Seconds after which the task gives up, however often the API server asks it to try again."],
    },
}

#: Options of every task that changes objects.
CHANGE_OPTIONS: Spec = {
    "expect_plan": {
        "type": "str",
        "description": [
            "Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse any other.",
        ],
    },
    "server_dry_run": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether a run in check mode asks the API server to judge every change (C(dryRun)). Without it, check mode "
            "sends nothing but reads.",
            "A real run with several changes always asks first, so that none is written when one would be refused.",
        ],
    },
    "manifests_to": {
        "type": "path",
        "description": [
            "A directory on the controller to which manifests of everything that is asked for are written, for GitOps. "
            "Nothing is written to the cluster then. What has to go from an object is null in its manifest while the "
            "cluster has it, and RV(notes) names it.",
        ],
    },
    "wait_timeout": {
        "type": "int",
        "default": 180,
        "description": ["Seconds to wait for an operator where one change must be in force before the next one."],
    },
}


class ClusterFeature(AnyFeature, Protocol):
    """A module with these names is a feature of clusters."""

    #: What is always read.
    WATCH: tuple[Ref, ...]

    def draft(self, cluster: Cluster, said: Any) -> ClusterDraft:
        """Decide what is wanted of the cluster. Raises NotRead, ClusterProblem."""

    def survey(self, cluster: Cluster, said: Any) -> dict[str, Any]:
        """Return its part of the result of an _info task. Raises NotRead, ClusterProblem."""


class ClusterConnection(HostModules, ControllerFiles):
    """Connects to the cluster as the options, the environment and the kubeconfig say."""

    _requires_connection = False
    secrets: Any

    def connect(self, options: Mapping[str, Any], *, another: bool = False) -> Client:
        """Log in; nothing is sent yet. another: to a cluster of which the environment says nothing. Raises Problem."""
        for name, least in (("request_timeout", 1), ("timeout", 1), ("wait_timeout", 0)):
            if options.get(name, least) < least:
                raise TaskProblem(f"{name}: {options[name]} is not a number of seconds, {least} or more")
            if _LONGEST < options.get(name, least) < inf:
                raise TaskProblem(f"{name}: {options[name]} seconds are longer than any task; {_LONGEST} are the most")
        delegated = getattr(self._task, "delegate_to", None)
        if delegated and delegated not in _HERE:
            raise TaskProblem(
                f"delegate_to: {delegated}: a task about a cluster works on the controller and not on {delegated}; "
                "leave delegate_to out, and give proxy where only that host reaches the API server"
            )
        environment = {**os.environ, **self._environment_of_the_task()}
        if another:
            own = ("K8S_AUTH_", "KUBECONFIG")
            environment = {name: text for name, text in environment.items() if not name.startswith(own)}
        given = with_environment(options, environment)
        if given["kubeconfig"] is not None and not isinstance(given["kubeconfig"], (str, dict)):
            raise TaskProblem("kubeconfig: it is neither a path nor a mapping")
        if path := given.get("remote_kubeconfig"):
            given["kubeconfig"] = self._remote(path)
        elif isinstance(given["kubeconfig"], str):
            given["kubeconfig"] = os.path.expanduser(given["kubeconfig"])
        self._hide(given)
        transport = self.transport(lambda: self._login(given, environment))
        limits = Limits(request=float(options["request_timeout"]), total=float(options["timeout"]))
        return Client(transport, limits)

    @staticmethod
    def token_of(client: Client) -> str:
        """Return the bearer token of a login, "" for a login of another kind."""
        login = getattr(client.transport, "login", Login(""))
        kind, _space, token = login.headers.get("Authorization", "").partition(" ")
        return token if kind == "Bearer" else ""

    def transport(self, login: Callable[[], Login]) -> Transport:
        """Make the transport of requests; tests put another one here."""
        return Http(login(), login)

    def _login(self, given: Mapping[str, Any], environment: Mapping[str, str]) -> Login:
        login = log_in(given, environment)
        token = login.headers.get("Authorization", "")
        self.secrets.add_text(token.partition(" ")[2])
        self.secrets.add_passwords_of_urls(login.proxy or "")
        return login

    def _hide(self, given: Mapping[str, Any]) -> None:
        for option in ("api_key", "password"):
            self.secrets.add_text(str(given.get(option) or ""))
        self.secrets.add_passwords_of_urls(str(given.get("proxy") or ""))
        for option in ("proxy_basic_auth", "basic_auth"):
            user_and_password = (given.get("proxy_headers") or {}).get(option) or ""
            self.secrets.add_text(user_and_password.partition(":")[2])
        for text in _secrets_of(given.get("kubeconfig")):
            self.secrets.add_text(text)

    def _environment_of_the_task(self) -> dict[str, str]:
        """Proxies and K8S_AUTH_* of the keyword environment, which modules on hosts get from Ansible."""
        given = getattr(self._task, "environment", None) or []
        found: dict[str, str] = {}
        for one in given if isinstance(given, list) else [given]:
            try:
                values = plain(self._templar.template(one)) if one else {}
            except AnsibleError as error:
                raise TaskProblem(f"environment: {str(error).splitlines()[0]}") from None
            if isinstance(values, dict):
                found |= {str(name): str(value) for name, value in values.items() if value is not None}
        return found

    def _remote(self, path: str) -> dict[str, Any]:
        """Read a kubeconfig of the host that the task runs for; it stays in memory."""
        answer = self.quietly(SNAPSHOT, Watch(files=(path,)).arguments())
        host = self.variables.get("inventory_hostname")
        if answer.get("failed") or "snapshot" not in answer:
            raise TaskProblem(f"remote_kubeconfig: {host} could not be read: {why_unread(answer)}")
        try:
            text = from_snapshot(unpack(answer["snapshot"])).text(path)
        except HostProblem:
            raise TaskProblem(f"remote_kubeconfig: {path} on {host} cannot be read; is become set?") from None
        if text is None:
            raise TaskProblem(f"remote_kubeconfig: there is no {path} on {host}")
        try:
            found = yaml.safe_load(text)
        except yaml_faults():
            found = None
        if not isinstance(found, dict):
            raise TaskProblem(f"remote_kubeconfig: {path} on {host} is not a kubeconfig")
        return found


class ClusterTask(ClusterConnection, Rounds[Cluster, tuple[Ref, ...]]):
    """A task that changes objects of one cluster: looks, plans, and writes only what differs."""

    subject = "cluster"
    features: ClassVar[tuple[ClusterFeature, ...]] = ()
    own_options = CLUSTER_OPTIONS | CHANGE_OPTIONS
    #: Whether the server judges all of several writes before the first is sent: not where each is good by itself, and
    #: not where one makes what the next one needs.
    rehearses: ClassVar[bool] = True
    #: Whether what is refused in one project stops only what is left to do there.
    goes_on: ClassVar[bool] = False

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Bring everything that was asked to the cluster in one plan. Raises Problem."""
        self.must_ask(options)
        self.options = options
        said = self._read(options)
        self.client = self.connect(options)
        said = self.completed(said)
        self.written: list[str] = []
        self._unsure: list[ObjectChange] = []
        self._sent: list[ObjectChange] = []
        self._wrong: list[str] = []  # what answers to requests say
        self._plans: list[ClusterProposal] = []
        self._agreed: frozenset[str] = frozenset()
        try:
            result, proposal = self.apply(
                lambda cluster: self._proposed(cluster, said),
                options["expect_plan"],
                self._watch(),
            )
            if not (result.get("failed") or self._task.check_mode or options["manifests_to"]):
                self._settled(proposal)
        except Problem as problem:
            if not self.written:
                raise
            return {"changed": True, "failed": True, "msg": f"{problem}; {self._so_far()}", "written": self.written}
        result.pop("rolled_back", None)
        result["written"] = self.written
        for draft in proposal.drafts:
            result |= draft.result
        if self.client.warnings:
            remarks = [f"the API server remarks: {text}" for text in self.client.warnings]
            result["warnings"] = [*result.get("warnings", ()), *remarks]
        result["requests"] = dict(self.client.requests)
        if result.get("failed"):
            return result
        if options["manifests_to"]:
            result |= self._exported(proposal, options["manifests_to"])
        elif self._task.check_mode and options["server_dry_run"]:
            self._rehearse(proposal.changes)
        lines = [line for draft in proposal.drafts for line in draft.lines]
        check_mode = self._task.check_mode
        return result | {"account": account.of_run(self._whole(proposal), check_mode=check_mode, forecast=lines)}

    def _proposed(self, cluster: Cluster, said: Iterable[tuple[ClusterFeature, Any]]) -> ClusterProposal:
        """Make the plan, which names the variables that asked for a change. Raises NotRead, Problem."""
        drafts = [feature.draft(cluster, words) for feature, words in said]
        return propose_changes(cluster, drafts, Applying(named=self.named).names)

    def _read(self, options: dict[str, Any]) -> list[tuple[ClusterFeature, Any]]:
        now = clock.now()
        hide = self.secrets.add_key
        return [(feature, feature.read(options, now, self.read_file, hide)) for feature in self.features]

    def completed(self, said: list[tuple[ClusterFeature, Any]]) -> list[tuple[ClusterFeature, Any]]:
        """Return what was asked for with what only another cluster knows. Raises Problem."""
        return said

    def before_writing(self, proposal: ClusterProposal) -> None:
        """Look at what must be so before the first write. Raises ClusterProblem."""

    def _watch(self) -> tuple[Ref, ...]:
        return tuple(ref for feature in self.features for ref in feature.WATCH)

    # --- rounds ---

    def look(self, answer: Callable[[Cluster], Any], more: tuple[Ref, ...]) -> Any:
        """Begin a round with nothing known; what a second look asks for is added to the first."""
        end = time.monotonic() + self.options.get("wait_timeout", 0)
        while True:
            self._known: dict[Ref, Contents] = {}
            try:
                return super().look(answer, more)
            except NotYet as problem:
                if time.monotonic() >= end or self._task.check_mode:
                    why = problem.why(self.client)
                    raise ClusterProblem(f"{problem}{why and f': {why}'}") from None
            time.sleep(_POLL)

    def see(self, more: tuple[Ref, ...]) -> Cluster:
        """Read what is not known yet in this round. Raises ClusterProblem."""
        self._known = read(self.client, more, self._known)
        return Cluster(self._known)

    def agreed(self, proposal: ClusterProposal) -> bool:
        """After a conflict: every write that is left was in the plan that a person has agreed to."""
        return bool(self._agreed) and {change.digest() for change in proposal.changes} <= self._agreed

    def carry_out(self, proposal: ClusterProposal) -> Outcome:
        """Ask the server to judge all writes, then send them in their order."""
        self._settle(proposal)
        self._plans.append(proposal)
        if self.options["manifests_to"]:
            return Outcome(committed=True)
        if self.options["expect_plan"] and proposal.plan.id == self.options["expect_plan"]:
            self._agreed = frozenset(change.digest() for change in proposal.changes)
        try:
            self.before_writing(proposal)
            if len(proposal.changes) > 1 and self.rehearses:
                self._rehearse(proposal.changes)
            moved = self._send_all(proposal.changes)
        except Moved as problem:
            return Outcome(moved=str(problem))
        except ClusterProblem as problem:
            left = [change.what for change in proposal.changes if change.what not in self.written]
            rest = f"; not done: {', '.join(left)}" if self.written and left else ""
            msg = f"{problem}; {self._so_far()}{rest}"
            return Outcome(failed={"changed": bool(self.written), "failed": True, "msg": msg})
        if moved:
            return Outcome(moved=moved)
        if self._wrong:
            return Outcome(failed={"changed": True, "failed": True, "msg": one_line("; ".join(self._wrong))})
        return Outcome(committed=True)

    def _send_all(self, changes: Iterable[ObjectChange]) -> str:
        """Send the writes in their order; return which of those that can be planned alone has to be planned again.

        Raises Moved, ClusterProblem.
        """
        moved = ""
        refused: dict[str, str] = {}
        for change in changes:
            if change.ref.namespace in refused:
                continue
            try:
                self._send(change)
            except Moved as problem:
                if change.wanted.anew is None or self.options["expect_plan"]:
                    raise
                moved = moved or str(problem)
            except Rejected as problem:
                if not (self.goes_on and change.ref.namespace):
                    raise
                refused[change.ref.namespace] = str(problem)
                self._unsure = [one for one in self._unsure if one.ref != change.ref]
        if refused:
            raise ClusterProblem("; ".join(refused.values()))
        return moved

    def _send(self, change: ObjectChange) -> None:
        """Send one write; after a conflict, what is left of it, if the object is one that can be planned alone."""
        found: ObjectChange | None = change
        answer: Manifest | None = None
        for left in reversed(range(_TRIES)):
            if found is None:
                break  # somebody did it, or the answer to it was lost
            self._unsure.append(found)  # until there is an answer
            try:
                answer = found.send(self.client)
            except Moved:
                if not left or self.options["expect_plan"] or found.wanted.anew is None:
                    raise
                self.client.sleep(_PAUSE)
                now = self.client.read(found.ref)
                wanted = found.wanted.anew(now)
                self._unsure.remove(found)
                found = None if wanted is None else change_of(wanted, now)
            else:
                self._unsure.remove(found)
                self._sent.append(found)
                break
        self.written.append(change.what)
        if change.wanted.heard and answer is not None:
            self._wrong += filter(None, [change.wanted.heard(answer)])
        if change.wanted.until:
            self._wait(change.ref, change.wanted.until)

    def _settle(self, proposal: ClusterProposal) -> None:
        """Count a write of unknown fate as done if the next look finds no difference for it."""
        left = {change.ref for change in proposal.changes}
        self.written += [change.what for change in self._unsure if change.ref not in left]
        self._unsure = []

    def _wait(self, ref: Ref, until: Until, found: Manifest | None = None) -> None:
        """Look until it holds; found: what was read just now. Raises ClusterProblem with the cause, at the end."""
        end = time.monotonic() + self.options["wait_timeout"]
        lacks = ""
        while True:
            found = found or self.client.read(ref)
            if found is not None and until.holds(found):
                lacks = until.more(self.client, found) if until.more else ""
                if not lacks:
                    return
            if time.monotonic() >= end:
                break
            found = None
            time.sleep(_POLL)
        told = [
            f"waited {self.options['wait_timeout']} s for {until.what}",
            lacks,
            until.why(self.client) if until.why else "",
        ]
        back = self._put_back() if until.rollback else ""
        raise ClusterProblem(f"{ref}: {': '.join(filter(None, told))}{back}")

    def _put_back(self) -> str:
        """Patch back what this run patched, the last first; what it made stays, because somebody may use it already."""
        done: list[str] = []
        left: list[str] = []
        for change in reversed(self._sent):
            if self._put_one_back(change):
                done.append(str(change.ref))
                self.written = [what for what in self.written if what != change.what]
            else:
                left.append(str(change.ref))
        self._sent = []
        texts = [(done, "put back as before"), (left, "not put back")]
        return "".join(f"; {text}: {', '.join(names)}" for names, text in texts if names)

    def _put_one_back(self, change: ObjectChange) -> bool:
        if change.verb != "patch":
            return False
        for _try in range(_TRIES):
            try:
                now = self.client.read(change.ref) or {}
                fields = difference(now, inverse(change.before or {}, change.fields or {}))
                version = str((now.get("metadata") or {}).get("resourceVersion") or "")
                if fields:
                    self.client.patch(change.ref, fields, version)
                return True
            except Moved:
                continue
            except ClusterProblem:
                break
        return False

    def _settled(self, proposal: ClusterProposal) -> None:
        """Wait for what must hold even when nothing differs; the look of this round counts. Raises ClusterProblem."""
        waited = {change.ref for change in self._sent}
        for one in (one for draft in proposal.drafts for one in draft.wanted):
            if one.until and one.until.always and one.ref not in waited:
                found = self._known.get(one.ref)
                self._wait(one.ref, one.until, found if isinstance(found, Mapping) else None)

    def _rehearse(self, changes: Iterable[ObjectChange]) -> None:
        """Let the server judge every write and store none. Raises Moved, ClusterProblem."""
        if not self.client.can_rehearse():
            if self.options["server_dry_run"]:
                raise ClusterProblem("server_dry_run: this API server is too old to judge without writing")
            return
        for change in changes:
            change.send(self.client, rehearse=True)

    def _so_far(self) -> str:
        if not self.written:
            return "nothing was changed"
        return f"done before it: {', '.join(self.written)}; the next run does the rest"

    # --- the result ---

    def apply(self, propose: Any, expect: str | None, more: tuple[Ref, ...]) -> tuple[dict[str, Any], Any]:
        """Apply as all rounds do; after several, show the first plan, which is everything that was done."""
        result, proposal = super().apply(propose, expect, more)
        self._settle(proposal)
        if self._plans and self.written:
            result |= self.result_of(self._whole(proposal)) | {"changed": True}
        return result, proposal

    def _whole(self, proposal: ClusterProposal) -> Plan:
        """Return the plan of the whole run."""
        rounds = list({one.plan.id: one for one in (*self._plans, proposal) if one.changes}.values())
        if len(rounds) < 2:
            return (rounds or [proposal])[0].plan
        changes = {change.what: change for one in rounds for change in one.plan.changes}
        notes = (*proposal.plan.notes, "planned again, because the cluster changed in between")
        return replace(rounds[0].plan, changes=tuple(changes.values()), notes=notes)

    def _exported(self, proposal: ClusterProposal, directory: str) -> dict[str, Any]:
        """Write manifests to a directory instead of the cluster."""
        wanted = [one for draft in proposal.drafts for one in draft.wanted]
        found = export.files(wanted, proposal.changes)
        changed = []
        for name, text in found.items():
            path = os.path.join(directory, name)
            if content_of("manifests_to", path) != text:
                changed.append(path)
                if not self._task.check_mode:
                    write_text("manifests_to", path, text)
        paths = [os.path.join(directory, name) for name in export.gone(wanted)]
        gone = [path for path in paths if os.path.exists(path)]
        for path in gone if not self._task.check_mode else ():
            os.unlink(path)
        return {
            "changed": bool(changed or gone),
            "manifests": sorted(os.path.join(directory, name) for name in found),
            "notes": list(dict.fromkeys([*proposal.plan.notes, *export.by_hand(proposal.changes)])),
        }


class ClusterInfo(ClusterTask):
    """Tells what a cluster has and how it differs from what is asked for, changing nothing."""

    own_options = CLUSTER_OPTIONS | SURVEY_OPTIONS
    more_options = "SURVEY_OPTIONS"

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Look, plan, and say both. Raises Problem."""
        said = self._read(options)
        self.options, self.client = options, self.connect(options)
        said = self.completed(said)

        def answer(cluster: Cluster) -> tuple[Plan, dict[str, Any], list[str]]:
            lines: list[str] = []
            problems: list[str] = []
            found: dict[str, Any] = {}
            plan = Plan(subject=self.subject)
            try:
                proposal = self._proposed(cluster, said)
                plan, lines = proposal.plan, [line for draft in proposal.drafts for line in draft.lines]
                for draft in proposal.drafts:
                    found |= draft.result
            except Problem as problem:
                problems.append(str(problem))
                plan = replace(plan, refused=str(problem))
            for feature, words in said:
                found |= feature.survey(cluster, words)
            found |= {"drift": plan.changed or bool(problems), "problems": problems}
            plan = replace(plan, pending=(*plan.pending, *found.pop("pending", ())))
            return plan, found | {"account": account.of_look(plan, problems, forecast=lines)}, lines

        plan, found, _lines = self.look(answer, self._watch())
        shown = self.result_of(plan)
        if warnings := [*found.pop("warnings", ()), *shown.get("warnings", ())]:
            shown["warnings"] = warnings
        return {**found, **shown, "changed": False, "selected": select(options["query"], found)}


def _secrets_of(kubeconfig: Any) -> Iterator[str]:
    """Tokens, passwords and keys inside a kubeconfig that is given as a mapping."""
    waiting = [kubeconfig]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            for key, item in value.items():
                secret = ("token", "password", "client-key-data", "id-token", "refresh-token", "client-secret")
                if key in secret and isinstance(item, str):
                    yield item
                else:
                    waiting.append(item)
        elif isinstance(value, list):
            waiting += value
