# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take one node out of service, and put it back: cordon, evict, wait; wait until it is ready, uncordon.

A cordon of ours carries an annotation. One without it, or that somebody else has written since, is never lifted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ... import clock
from ...problems import Problem
from .. import managers
from ..api import ClusterProblem, Manifest, Ref, Resource, annotation, at, check_name
from ..client import Client, Limits, Moved, NoSuchKind, Rejected
from . import DrainProblem, pods, waiting
from .evictions import Evictions
from .plan import plan
from .turns import LEASE, Turns

NODE = Resource("Node", "", "v1", "nodes")
POD = Resource("Pod", "", "v1", "pods", True)
DAEMON_SET = Resource("DaemonSet", "apps", "v1", "daemonsets", True)
_EVICTION = Resource("Eviction", "", "v1", "pods/eviction", True)
_BUDGET = Resource("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets", True)
OURS = "dockyard.openshift/cordoned"
#: The namespace of the Lease that counts this node, while it does.
_TURN = "dockyard.openshift/turn"

#: Budgets and evictions moved from v1beta1 to v1 in these versions of Kubernetes.
_BUDGETS_V1, _EVICTIONS_V1 = (1, 21), (1, 22)
#: OpenShift 3 is Kubernetes 1.5 to 1.11.
_LAST_OF_3 = (1, 11)
_POLL = 1.0  # seconds between two looks at the pods of a node
_PROGRESS = 20.0  # seconds between two lines that say how far it is
#: What a login without the right to evict is told; by OpenShift 3 in the second words.
_RIGHTS = re.compile("cannot create (resource|pods/eviction)")


def access() -> dict[Ref, tuple[str, ...]]:
    """Return everything that a drain may ask of the API: what, and the verbs."""
    return {
        Ref(NODE): ("get", "patch"),
        Ref(POD): ("list",),
        Ref(_EVICTION): ("create",),
        Ref(_BUDGET): ("list",),
        Ref(DAEMON_SET): ("list",),
        Ref(LEASE, namespace=NodeOptions.lease_namespace): ("get", "create", "patch"),
    }


@dataclass(frozen=True)
class NodeOptions:
    """What a person asked for; the names are those of the options."""

    node: str
    force: bool = False
    ignore_daemonsets: bool = False
    delete_emptydir_data: bool = False
    pod_selector: str | None = None
    skip_wait_for_delete_timeout: int = 0
    grace_period: int | None = None
    timeout: float = 600.0
    max_out_of_service: int | None = None
    lease_namespace: str = "default"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> NodeOptions:
        """Take from the options of a task what is about a drain. Raises Problem before anything is asked."""
        found = cls(**{name: options[name] for name in cls.__dataclass_fields__ if name in options})
        check_name("node", found.node)
        check_name("lease_namespace", found.lease_namespace, namespace=True)
        for name, least in (("grace_period", 0), ("ready_timeout", 1), ("max_out_of_service", 1)):
            if (value := options.get(name)) is not None and value < least:
                raise ClusterProblem(f"{name}: {value} is below {least}")
        found.decide([], None)
        return found

    def decide(self, found: list[Manifest], daemon_sets: list[str] | None, *, three: bool = False) -> dict[str, Any]:
        """Decide about pods as kubectl does (see the filter drain_plan). three: as in OpenShift 3. Raises Problem."""
        return plan(
            found, daemon_sets, "3.11" if three else "4.18", self.pod_selector, self.skip_wait_for_delete_timeout,
            force=self.force, ignore_daemonsets=self.ignore_daemonsets, delete_emptydir_data=self.delete_emptydir_data,
        )  # fmt: skip


@dataclass
class NodeService:
    """One node and the API server of its cluster. say: is told how far it is."""

    client: Client
    wanted: NodeOptions
    say: Callable[[str], None] = lambda line: None
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return Ref(NODE, self.wanted.node)

    # --- out of service ---

    def drain(self, *, check: bool = False) -> dict[str, Any]:
        """Empty the node. Raises ClusterProblem and DrainProblem; a cordon of ours is lifted then, if it can be."""
        node = self.read()
        answer = self._willing(self.pods_of_node(), "nothing was changed, because pods must not be evicted")
        changed = not _is_cordoned(node) or bool(answer["evict"])
        result = {**self._told(answer), "cordoned": _is_cordoned(node), "changed": changed}
        if check or not changed:
            return result
        end = self.client.clock() + self.wanted.timeout
        self._take_turn(end)
        self.cordon(self.read())
        try:
            result |= self._told_again(end)
            self._empty([one["pod"] for one in result["evict"]], end)
        except Problem as problem:
            raise ClusterProblem(f"{problem}; {self._back_after_failure()}") from None
        except BaseException:  # also what a person interrupts
            self.say(self._back_after_failure())
            raise
        return result

    def _willing(self, answer: dict[str, Any], refusal: str) -> dict[str, Any]:
        """Return a decision that evicts or leaves every pod. Raises DrainProblem for another one."""
        if answer["refuse"]:
            named = "; ".join(f"{one['pod']} {one['text']}" for one in answer["refuse"])
            raise DrainProblem(f"{self.wanted.node}: {refusal}: {named}")
        return answer

    def _told(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a person is told of a decision."""
        first, *rest = answer["lines"]
        budgets = self._budgets(answer)
        return {
            **{key: answer[key] for key in ("evict", "skip", "refuse")}, "budgets": budgets,
            "account": [f"{self.wanted.node}: {first}", *rest, *_said(budgets)],
        }  # fmt: skip

    def _told_again(self, end: float) -> dict[str, Any]:
        """Look again at the node, which gets no new pods now, as kubectl does, and return what is told otherwise.

        Pods may have come before the cordon, or while a turn was waited for. Raises Problem before the first eviction.
        """
        before = self.present
        self._look(end)
        if self.present == before:
            return {}
        refusal = "nothing was evicted, because pods came meanwhile that must not be"
        return self._told(self._willing(self._decided(), refusal))

    def report(self) -> dict[str, Any]:
        """Say what a drain would do, also where it would refuse. Raises ClusterProblem."""
        node, answer = self.read(), self.pods_of_node()
        found = {key: answer[key] for key in ("proceed", "evict", "skip", "refuse")}
        budgets = self._budgets(answer)
        account = [*answer["lines"], *_said(budgets)]
        return {**found, "budgets": budgets, "cordoned": _is_cordoned(node), "account": account}

    def cordon(self, node: Manifest) -> bool:
        """Keep new pods away; whether the node was open. A node that somebody else has cordoned stays theirs."""
        turn = {} if self.wanted.max_out_of_service is None else {_TURN: self.wanted.lease_namespace}
        if _is_cordoned(node):
            if turn and not annotation(node, _TURN):
                self._patch({"metadata": {"annotations": turn}})
            return False
        stamp = clock.stamp(clock.now())
        self._patch({"metadata": {"annotations": {OURS: stamp} | turn}, "spec": {"unschedulable": True}})
        return True

    def pods_of_node(self) -> dict[str, Any]:
        """Decide about every pod of the node."""
        self.present = self._pods()
        return self._decided()

    def _decided(self) -> dict[str, Any]:
        existing = self._daemon_sets() if any(_of_daemon_set(pod) for pod in self.present.values()) else None
        three = self.client.version() <= _LAST_OF_3
        return self.wanted.decide(list(self.present.values()), existing, three=three)

    def _empty(self, names: list[str], end: float) -> None:
        """Ask all pods to go at once, and go on until they are gone."""
        uids = {name: _uid(self.present[name]) for name in names}
        evictions, spoken = Evictions.of(names), self.client.clock()
        while evictions.requests:
            now = self.client.clock()
            for name in evictions.due(now):
                evictions = self._evict(evictions, name, uids[name], now)
            self._look(end)
            evictions = evictions.without(name for name in names if _uid(self.present.get(name)) != uids[name])
            if not evictions.requests:
                return
            now = self.client.clock()
            if now >= end:
                raise ClusterProblem(self._left(evictions))
            if now - spoken >= _PROGRESS:
                spoken = now
                self.say(waiting.progress(self.wanted.node, evictions, self.present, len(names)))
            self.client.sleep(min(_POLL, max(evictions.next_due(now), 0.05), end - now))

    def _look(self, end: float) -> None:
        """See which pods are there; an API server that is away for a while only costs time."""
        while True:
            try:
                self.present = self._pods()
                return
            except Rejected:
                raise
            except ClusterProblem as problem:
                if self.client.clock() >= end:
                    raise
                self.say(f"{self.wanted.node}: {problem}; asks again")

    def _evict(self, evictions: Evictions, name: str, uid: str, now: float) -> Evictions:
        """Ask for one eviction. Raises ClusterProblem when the login may not do so, which no time mends."""
        namespace, pod = name.split("/", 1)
        version = "policy/v1" if self.client.version() >= _EVICTIONS_V1 else "policy/v1beta1"
        grace = {} if self.wanted.grace_period is None else {"gracePeriodSeconds": self.wanted.grace_period}
        body = {
            "apiVersion": version, "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}, **grace},
        }  # fmt: skip
        status, message, retry_after = self.client.attempt(f"{Ref(POD, pod, namespace).path}/eviction", body)
        if status in (401, 403) and _RIGHTS.search(message):
            raise ClusterProblem(f"{name} cannot be evicted: {message}")
        if status == 409 and "uid" in message.lower():
            status = 404  # another pod of this name is there by now
        return evictions.answered(name, status, message, now, retry_after)

    def _left(self, evictions: Evictions) -> str:
        named = "; ".join(
            f"{name} {waiting.held(self.present.get(name), one.reason)}" for name, one in evictions.requests.items()
        )
        count, seconds = len(evictions.requests), self.wanted.timeout
        return f"{self.wanted.node}: {count} pod(s) are still there after {seconds:.0f} s: {named}"

    # --- back in service ---

    def restore(self, *, check: bool = False, ready_timeout: float = 300.0) -> dict[str, Any]:
        """Lift a cordon of ours once the node is ready. Raises ClusterProblem."""
        node = self.read()
        ours, counted = _is_ours(node), bool(annotation(node, _TURN))
        result: dict[str, Any] = {"changed": ours or counted, "cordoned": _is_cordoned(node) and not ours, "notes": []}
        if not ours:
            if counted and not check:
                self._give_back(node)
            if _is_cordoned(node):
                result["notes"] = [f"{self.wanted.node} was cordoned by somebody else, and stays cordoned"]
            return result
        if not check:
            self._wait_until_ready(ready_timeout)
            self.uncordon(node)
        return result

    def uncordon(self, node: Manifest) -> None:
        """Lift the cordon and give the place back."""
        self._give_back(node, OURS, spec={"unschedulable": None})

    def _give_back(self, node: Manifest, *more: str, **fields: Any) -> None:
        """Take our marks from the node, change it otherwise, and leave its place."""
        self._patch({"metadata": {"annotations": dict.fromkeys((*more, _TURN))}, **fields})
        if namespace := annotation(node, _TURN):
            self._turns(namespace).give_back(self.wanted.node)

    def _wait_until_ready(self, seconds: float) -> None:
        end, spoken = self.client.clock() + seconds, self.client.clock()
        while True:
            why = waiting.not_ready(self.read())
            now = self.client.clock()
            if not why:
                return
            if now >= end:
                raise ClusterProblem(
                    f"{self.wanted.node} is not ready after {seconds:.0f} s ({why}); it stays cordoned"
                )
            if now - spoken >= _PROGRESS:
                spoken = now
                self.say(f"{self.wanted.node}: waits until the node is ready ({why})")
            self.client.sleep(_POLL)

    def _back_after_failure(self) -> str:
        """Leave the node as it was found, so that nobody has to remember it, and say what has become of it."""
        name, helper = self.wanted.node, replace(self, client=self._patient())
        try:
            node = helper.read()
            if not _is_ours(node):
                if annotation(node, _TURN):
                    helper._give_back(node)
                return f"{name} stays cordoned, as somebody else has left it"
            if why := waiting.not_ready(node):
                return f"{name} stays cordoned, because it is not ready ({why})"
            helper.uncordon(node)
        except Exception as problem:  # the first failure is what a person is told first
            return f"{name} stays cordoned: {problem}"
        return f"{name} is schedulable again"

    def _patient(self) -> Client:
        """Return a client with time of its own: what ends a task must not keep it from cleaning up."""
        return replace(self.client, limits=Limits(request=self.client.limits.request, total=60.0))

    # --- the API ---

    def read(self) -> Manifest:
        """Read the node. Raises ClusterProblem when no node has this name."""
        node = self.client.read(self.ref)
        if node is None:
            raise ClusterProblem(f"there is no node {self.wanted.node} in this cluster")
        return node

    def _patch(self, fields: Manifest) -> None:
        """Change the node; a kubelet writes its status all the time, so a conflict is not an answer."""
        for _try in range(10):
            version = str(at(self.read(), "metadata", "resourceVersion") or "")
            try:
                self.client.patch(self.ref, fields, version)
                return
            except Moved:
                continue
        raise ClusterProblem(f"{self.wanted.node} changes faster than it can be written")

    def _pods(self) -> dict[str, Manifest]:
        found = self.client.read_all(Ref(POD), fieldSelector=f"spec.nodeName={self.wanted.node}")
        return {waiting.full_name(pod): pod for pod in found}

    def _daemon_sets(self) -> list[str] | None:
        try:
            return [waiting.full_name(one) for one in self.client.read_all(Ref(DAEMON_SET))]
        except NoSuchKind:
            return None

    def _budgets(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not answer["evict"]:
            return []
        kind = _BUDGET if self.client.version() >= _BUDGETS_V1 else replace(_BUDGET, version="v1beta1")
        try:
            found = self.client.read_all(Ref(kind))
        except NoSuchKind:
            return []
        return list(waiting.budgets(found, [self.present[one["pod"]] for one in answer["evict"]]))

    def _take_turn(self, end: float) -> None:
        if self.wanted.max_out_of_service is not None:
            self._turns(self.wanted.lease_namespace).take(self.wanted.node, end, self.say)

    def _turns(self, namespace: str) -> Turns:
        return Turns(self.client, namespace, self.wanted.max_out_of_service or 1, self._is_out)

    def _is_out(self, name: str) -> bool:
        node = self.client.read(Ref(NODE, name))
        return _is_cordoned(node) and bool(annotation(node, OURS) or annotation(node, _TURN))


def _is_cordoned(node: Manifest | None) -> bool:
    return bool(at(node, "spec", "unschedulable"))


def _is_ours(node: Manifest) -> bool:
    """Say whether a node is closed by us. A mark also stays where somebody lifted our cordon and cordoned it again."""
    return bool(annotation(node, OURS)) and not managers.is_by_others(node, "spec", "unschedulable")


def _of_daemon_set(manifest: Manifest) -> bool:
    return any(pod.controller and pod.controller[0] == "DaemonSet" for pod in pods.read([manifest]))


def _uid(manifest: Manifest | None) -> str:
    return str(at(manifest, "metadata", "uid") or "")


def _said(found: list[dict[str, Any]]) -> list[str]:
    return [
        *(
            f"budget {one['budget']} allows {one['allowed']} eviction(s) now, of {len(one['pods'])} pod(s)"
            for one in found
        ),
        *(f"{pod} {why}" for pod, why in waiting.doubly_held(found).items()),
    ]
