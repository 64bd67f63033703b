# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes are taken out of service and put back, on an API server in memory whose clock and kubelet are the test's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import node_drain, node_drain_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils import clock
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client, Limits, NoAnswer
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain.service import (
    OURS,
    NodeOptions,
    NodeService,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from api_server import KINDS, ApiServer, reply, run, status
from cases import cases
from sentences import hear

READY = {"type": "Ready", "status": "True"}
OF_DAEMON_SET = [{"kind": "DaemonSet", "apiVersion": "apps/v1", "name": "ds", "controller": True}]
DAEMON_SET = {
    "kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": "ds", "namespace": "team"}, "spec": {},
}  # fmt: skip


def pod(name: str, **more: Any) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "apiVersion": "apps/v1", "name": "rs", "controller": True}
    metadata = {"name": name, "namespace": "team", "labels": {"app": name}, "ownerReferences": [owner]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata | more, "spec": {"nodeName": "node1"}, "status": {}}


class Cluster:
    """One node with pods. A pod whose eviction is accepted is gone after `ends` seconds; answers: pod → its answers."""

    def __init__(self, *pods: dict[str, Any], answers: dict[str, list[Any]] | None = None, ends: float = 2.0) -> None:
        self.now, self.ends, self.answers = 0.0, ends, answers or {}
        self.lines: list[str] = []
        self.evicted: list[tuple[str, float]] = []
        self.ending: dict[str, float] = {}
        self.happens: list[tuple[float, Callable[[], None]]] = []
        self.server = ApiServer().put(self.node(), *pods)
        self.server.faults.append(self.eviction)

    @staticmethod
    def node(name: str = "node1", **spec: Any) -> dict[str, Any]:
        status = {"conditions": [READY]}
        return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name}, "spec": spec, "status": status}

    def eviction(self, method: str, path: str, body: Any) -> Any:
        if method != "POST" or not path.endswith("/eviction"):
            return None
        name = path.split("/")[-2]
        self.evicted.append((name, self.now))
        waiting = self.answers.get(name, [])
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0] if waiting else 201
        if answer == "no answer":
            raise NoAnswer("the connection broke")
        if isinstance(answer, dict):
            headers = answer.get("headers", {})
            return status(answer["status"], answer.get("reason", ""), answer["message"], path, **headers)
        asked, there = body["deleteOptions"]["preconditions"]["uid"], self.server.get("Pod", name, "team")
        if there and asked != there["metadata"]["uid"]:
            said = "the UID in the precondition ({}) does not match the UID in record ({})"
            return status(409, "Conflict", said.format(asked, there["metadata"]["uid"]), path)
        self.ending[name] = self.now + self.ends
        return reply(answer, {"kind": "Status", "status": "Success"})

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.01)
        for name in [name for name, at in self.ending.items() if at <= self.now]:
            del self.ending[name]
            self.server.objects.pop(f"/api/v1/namespaces/team/pods/{name}", None)
        for one in [one for one in self.happens if one[0] <= self.now]:
            self.happens.remove(one)
            one[1]()

    def service(self, **wanted: Any) -> NodeService:
        client = Client(self.server, Limits(total=10_000), clock=lambda: self.now, sleep=self.sleep)
        return NodeService(client, NodeOptions("node1", **wanted), say=self.say)

    def say(self, line: str) -> None:
        hear(line)
        self.lines.append(line)

    @property
    def cordoned(self) -> bool:
        return bool(self.server.get("Node", "node1")["spec"].get("unschedulable"))

    @property
    def ours(self) -> bool:
        return OURS in (self.server.get("Node", "node1")["metadata"].get("annotations") or {})

    def left(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.server.objects if "/pods/" in path]


BUDGET = {
    "status": 429, "reason": "TooManyRequests",
    "message": "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget b needs 2.",
}  # fmt: skip


def test_pods_go_and_the_node_comes_back() -> None:
    cluster = Cluster(pod("a"), pod("b"))
    done = cluster.service().drain()
    assert done["changed"] and not done["cordoned"] and cluster.left() == [] and cluster.cordoned and cluster.ours
    assert [name for name, _at in cluster.evicted] == ["a", "b"] and {at for _name, at in cluster.evicted} == {0.0}
    again = cluster.service().drain()
    assert not again["changed"] and len(cluster.evicted) == 2
    back = cluster.service().restore()
    assert back["changed"] and not cluster.cordoned and not cluster.ours
    assert not cluster.service().restore()["changed"]


def test_check_mode_writes_nothing_and_names_pods_and_budgets() -> None:
    budget = {
        "kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {"name": "b", "namespace": "team"},
        "spec": {"selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]}},
        "status": {"disruptionsAllowed": 0},
    }  # fmt: skip
    cluster = Cluster(pod("a"), pod("b"))
    cluster.server.put(budget)
    seen = cluster.service().drain(check=True)
    assert seen["changed"] and [one["pod"] for one in seen["evict"]] == ["team/a", "team/b"]
    assert seen["budgets"] == [{"budget": "team/b", "allowed": 0, "pods": ["team/a"]}]
    assert seen["account"] == ["node1: 2 to evict, 0 to leave", "budget team/b allows 0 eviction(s) now, of 1 pod(s)"]
    assert cluster.server.writes == []


@pytest.mark.parametrize("case", cases("drain/service.yml"))
def test_evictions_that_are_refused(case: dict[str, Any], sentences) -> None:
    cluster = Cluster(pod("a"), pod("b"), answers={"a": list(case["answers"])})
    try:
        cluster.service(timeout=60).drain()
        says = ""
    except Problem as problem:
        says = str(problem)
    assert case.get("says", "") in says and bool(says) is ("says" in case), says
    sentences(says)
    assert [at for name, at in cluster.evicted if name == "a"][: len(case["asked"])] == pytest.approx(case["asked"])
    # the node is usable: it is open again after a failure, and closed after a success
    assert (cluster.cordoned, cluster.ours) == ((False, False) if says else (True, True))
    assert any(case.get("line", "") in line for line in cluster.lines or [""]), cluster.lines


def test_nothing_is_touched_when_a_pod_must_not_go() -> None:
    cluster = Cluster(pod("a"), pod("bare", ownerReferences=[]))
    with pytest.raises(Problem, match="node1: nothing was changed, because pods must not be evicted: team/bare"):
        cluster.service().drain()
    assert cluster.server.writes == [] and not cluster.cordoned
    assert cluster.service(force=True).drain()["changed"]


def comes(cluster: Cluster, *pods: dict[str, Any]) -> None:
    """Let pods come after the first look at the node, and before it is closed."""

    def just_before(method: str, path: str, body: Any) -> None:
        if method == "PATCH" and path.startswith("/api/v1/nodes/node1") and not cluster.cordoned:
            cluster.server.put(*pods)

    cluster.server.faults.insert(0, just_before)


@pytest.mark.parametrize("case", cases("drain/meanwhile.yml"))
def test_what_came_before_the_node_was_closed(case: dict[str, Any], sentences) -> None:
    cluster = Cluster(pod("a", uid="first"), pod("d", ownerReferences=OF_DAEMON_SET))
    cluster.server.put(DAEMON_SET)
    comes(cluster, *[pod(**one) for one in case["comes"]])
    service = cluster.service(ignore_daemonsets=True)
    if "says" in case:
        with pytest.raises(Problem) as refused:
            service.drain()
        assert case["says"] in str(refused.value) and not cluster.evicted and not cluster.cordoned
        sentences(refused.value)
        return
    drained = service.drain()
    assert [one["pod"] for one in drained["evict"]] == case["evict"] and cluster.left() == ["d"]
    assert drained["account"][0] == f"node1: {len(case['evict'])} to evict, 1 to leave" and cluster.cordoned


def test_who_came_while_a_turn_was_waited_for() -> None:
    """The other node is back after 100 seconds."""
    cluster, first, second = two_nodes()
    assert second.drain()["changed"]
    lease = cluster.server.get("Lease", "dockyard-openshift-nodes", "default")
    lease["spec"]["renewTime"] = "2026-01-01T00:00:00.000000Z"
    cluster.happens += [(50.0, lambda: cluster.server.put(pod("b")) and None), (100.0, second.restore)]
    assert [one["pod"] for one in first.drain()["evict"]] == ["team/a", "team/b"] and cluster.left() == []


def test_a_node_where_nobody_comes_or_goes_is_decided_about_once() -> None:
    """A second look costs one list, beside two while it waits; daemon sets and budgets are not read again for it."""
    cluster = Cluster(pod("a"), pod("d", ownerReferences=OF_DAEMON_SET), ends=0.0)
    cluster.server.put(DAEMON_SET)
    cluster.service(ignore_daemonsets=True).drain()
    asked = [path.rpartition("/")[2] for method, path, *_rest in cluster.server.log if method == "GET"]
    assert [asked.count(name) for name in ("pods", "daemonsets", "poddisruptionbudgets")] == [4, 1, 1]


def test_the_cordon_of_somebody_else_stays() -> None:
    cluster = Cluster(pod("a"))
    cluster.server.get("Node", "node1")["spec"]["unschedulable"] = True
    done = cluster.service().drain()
    assert done["cordoned"] and cluster.left() == [] and not cluster.ours
    back = cluster.service().restore()
    assert not back["changed"] and cluster.cordoned
    assert back["notes"] == ["node1 was cordoned by somebody else, and stays cordoned"]
    cluster = Cluster(pod("a"), answers={"a": [BUDGET]})
    cluster.server.get("Node", "node1")["spec"]["unschedulable"] = True
    with pytest.raises(Problem, match="; node1 stays cordoned, as somebody else has left it$"):
        cluster.service(timeout=10).drain()
    assert cluster.cordoned


@pytest.mark.parametrize("cordoned", [False, True])
def test_a_run_that_was_killed_in_the_middle_leaves_a_cordon_of_an_admin_alone(cordoned: bool) -> None:
    """N3. A kill leaves no time for anything: neither for an uncordon nor for a word."""
    cluster = Cluster(pod("a"), pod("b"), answers={"a": [BUDGET]})
    if cordoned:
        cluster.server.get("Node", "node1")["spec"]["unschedulable"] = True
    killed = cluster.service(timeout=100)
    killed._back_after_failure = lambda: ""
    cluster.happens.append((10.0, lambda: (_ for _ in ()).throw(SystemExit)))
    with pytest.raises(SystemExit):
        killed.drain()
    assert cluster.cordoned and cluster.left() == ["a"] and cluster.ours is not cordoned
    cluster.answers = {}
    assert cluster.service().drain()["changed"] and cluster.left() == []
    assert cluster.service().restore()["changed"] is not cordoned
    assert cluster.cordoned is cordoned


@pytest.mark.slow
@pytest.mark.parametrize("frees", [30.0, None])
def test_a_hundred_pods_and_one_that_a_budget_holds(frees: float | None) -> None:
    """N1: the others go at once; the one goes when the budget frees, or ends the drain with pod and budget."""
    cluster = Cluster(*[pod(f"p{number:02}") for number in range(100)], answers={"p50": [BUDGET]})
    if frees:
        cluster.happens.append((frees, lambda: cluster.answers.clear()))
        assert cluster.service(timeout=120).drain()["changed"] and cluster.left() == [] and cluster.now < frees + 10
    else:
        said = "1 pod.s. are still there after 120 s: team/p50 Cannot evict .* The disruption budget b needs 2."
        with pytest.raises(Problem, match=f"^node1: {said}; node1 is schedulable again$"):
            cluster.service(timeout=120).drain()
        assert cluster.left() == ["p50"] and not cluster.cordoned and not cluster.ours and 120 <= cluster.now < 122
    assert {at for name, at in cluster.evicted if name != "p50"} == {0.0}
    assert len([name for name, _at in cluster.evicted]) - 99 > 3


def test_a_pod_that_takes_minutes_to_end_is_named_every_half_minute_and_nothing_else_of_it() -> None:
    """N5."""
    slow = pod("a", deletionGracePeriodSeconds=240)
    slow["spec"]["containers"] = [{"name": "c", "env": [{"name": "PASSWORD", "value": "s3cret"}]}]
    cluster, heard = Cluster(slow, ends=240.0), [0.0]
    service = cluster.service(timeout=600)
    service.say = lambda line: (cluster.say(line), heard.append(cluster.now))
    assert service.drain()["changed"] and 240 <= cluster.now < 245
    assert max(later - earlier for earlier, later in zip(heard, [*heard[1:], cluster.now], strict=True)) <= 30
    assert len(cluster.lines) >= 8
    assert all(line.startswith("node1: 0 of 1 pods are gone; team/a ") for line in cluster.lines)
    assert "s3cret" not in "".join(cluster.lines) and "PASSWORD" not in "".join(cluster.lines)


@pytest.mark.parametrize("case", cases("drain/causes.yml"))
def test_only_the_causes_of_a_refusal_name_its_budget(case: dict[str, Any]) -> None:
    """As a real API server answers; a budget is not in the message itself."""
    server = ApiServer()
    server.faults.append(lambda method, path, body: reply(429, {"kind": "Status", **case["body"]}))
    assert Client(server).attempt("/x/eviction", {})[1] == case["says"]


def test_a_run_that_was_killed_is_gone_on_with() -> None:
    cluster = Cluster(pod("a"), pod("b"))
    cluster.service().cordon(cluster.server.get("Node", "node1"))
    assert cluster.ours
    done = cluster.service().drain()
    assert done["changed"] and cluster.left() == []
    assert cluster.service().restore()["changed"] and not cluster.cordoned


def test_a_pod_of_the_same_name_is_another_pod() -> None:
    cluster = Cluster(pod("a"))
    replacement = pod("a", uid="another")
    cluster.happens.append((3.0, lambda: cluster.server.put(replacement) and None))
    cluster.service().drain()
    assert [name for name, _at in cluster.evicted] == ["a"]


def test_a_node_that_is_not_ready_is_waited_for_and_stays_closed() -> None:
    cluster = Cluster()
    cluster.service().drain()
    node = cluster.server.get("Node", "node1")
    node["status"]["conditions"] = [{"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting"}]
    with pytest.raises(Problem, match=r"node1 is not ready after 50 s \(Kubelet stopped posting\); it stays cordoned"):
        cluster.service().restore(ready_timeout=50)
    assert cluster.cordoned and any("waits until the node is ready" in line for line in cluster.lines)
    cluster.happens.append((cluster.now + 5, lambda: node["status"].update(conditions=[READY])))
    assert cluster.service().restore(ready_timeout=50)["changed"] and not cluster.cordoned


def test_a_failed_drain_of_a_node_that_broke_leaves_it_closed() -> None:
    cluster = Cluster(pod("a"), answers={"a": [BUDGET]})
    node = cluster.server.get("Node", "node1")
    cluster.happens.append((5.0, lambda: node["status"].update(conditions=[{"type": "Ready", "status": "False"}])))
    cluster.happens.append((5.0, lambda: cluster.server.get("Node", "node1").update(status=node["status"])))
    with pytest.raises(Problem):
        cluster.service(timeout=20).drain()
    assert cluster.cordoned and cluster.ours


def test_a_line_at_least_every_half_minute() -> None:
    cluster = Cluster(pod("a"), pod("b"), answers={"a": [BUDGET]}, ends=1.0)
    with pytest.raises(Problem, match="1 pod.s. are still there after 100 s: team/a Cannot evict pod as it would vio"):
        cluster.service(timeout=100).drain()
    assert len(cluster.lines) >= 3 and cluster.lines[0].startswith("node1: 1 of 2 pods are gone; team/a Cannot evict")


def test_finalizers_that_hold_a_pod_are_named() -> None:
    cluster = Cluster(pod("a", finalizers=["example.com/wait"], deletionTimestamp="2026-01-01T00:00:00Z"), ends=1e6)
    with pytest.raises(Problem, match="team/a is being deleted, and waits for its finalizers example.com/wait"):
        cluster.service(timeout=30).drain()


def test_an_api_server_that_is_away_for_minutes_costs_only_time() -> None:
    cluster = Cluster(pod("a"), ends=1.0)
    lost = [200.0]

    def away(method: str, path: str, body: Any) -> Any:
        if method == "GET" and "/pods" in path and cluster.evicted and cluster.now < lost[0]:
            raise NoAnswer("the connection broke")

    cluster.server.faults.insert(0, away)
    assert cluster.service(timeout=600).drain()["changed"] and cluster.now >= 200
    assert any("asks again" in line for line in cluster.lines)


def test_only_so_many_nodes_are_out_of_service() -> None:
    cluster = Cluster(pod("a"))
    other = Cluster.node("node2", unschedulable=True)
    other["metadata"]["annotations"] = {OURS: "2026-01-01T00:00:00Z"}
    lease = {
        "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
        "metadata": {
            "name": "dockyard-openshift-nodes", "namespace": "default",
            "annotations": {"dockyard.openshift/nodes": '["node2", "gone"]'},
        },
    }  # fmt: skip
    cluster.server.put(other, lease)
    with pytest.raises(Problem, match=r"node1: 1 node\(s\) are out of service \(node2\), and max_out_of_service is 1"):
        cluster.service(max_out_of_service=1, timeout=30).drain()
    line = "node1: waits until node2 is back in service (max_out_of_service is 1)"
    assert not cluster.cordoned and cluster.lines == [line]
    # a node that nobody holds any more gives its place back
    cluster.server.get("Node", "node2")["metadata"]["annotations"] = {}
    assert cluster.service(max_out_of_service=1, timeout=30).drain()["changed"]
    held = cluster.server.get("Lease", "dockyard-openshift-nodes", "default")["metadata"]["annotations"]
    assert held == {"dockyard.openshift/nodes": '["node1"]'}
    cluster.service().restore()
    held = cluster.server.get("Lease", "dockyard-openshift-nodes", "default")["metadata"]["annotations"]
    assert held == {"dockyard.openshift/nodes": "[]"}


def test_a_node_that_an_admin_has_opened_holds_no_place() -> None:
    """Its marks are those of a run that was killed."""
    cluster, first, second = two_nodes()
    assert second.drain()["changed"]
    lease = cluster.server.get("Lease", "dockyard-openshift-nodes", "default")
    lease["spec"]["renewTime"] = "2026-01-01T00:00:00.000000Z"
    cluster.server.get("Node", "node2")["spec"].pop("unschedulable")
    assert first.drain()["changed"] and cluster.now < 60


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("case", cases("drain/whose.yml"))
def test_whose_cordon_it_is_where_a_mark_is_left(case: dict[str, Any], fails: bool) -> None:
    cluster = Cluster(pod("a"), answers={"a": [BUDGET]} if fails else {})
    node = cluster.server.get("Node", "node1")
    node["spec"]["unschedulable"] = True
    node["metadata"] |= {
        "annotations": {OURS: "2026-01-01T00:00:00Z"},
        "managedFields": [{"operation": "Update", "manager": who, "fieldsV1": what} for who, what in case["wrote"]],
    }
    if fails:
        with pytest.raises(Problem) as failed:
            cluster.service(timeout=10).drain()
        assert ("node1 is schedulable again" in str(failed.value)) is case["ours"]
    else:
        assert cluster.service().restore()["changed"] is case["ours"]
    assert cluster.cordoned is not case["ours"]


def two_nodes() -> tuple[Cluster, NodeService, NodeService]:
    """A cluster of which one node may be out of service, and a controller for each of its two nodes."""
    cluster = Cluster(pod("a"))
    cluster.server.put(Cluster.node("node2"))
    first = cluster.service(max_out_of_service=1, timeout=200)
    second = NodeService(first.client, NodeOptions("node2", max_out_of_service=1, timeout=0), say=cluster.say)
    return cluster, first, second


def test_a_place_that_was_just_taken_counts_before_its_node_is_marked() -> None:
    """Two controllers begin at the same time, and one asks between the two writes of the other."""
    cluster, first, second = two_nodes()
    refused: list[str] = []

    def between(method: str, path: str, body: Any) -> None:
        if method == "PATCH" and path.startswith("/api/v1/nodes/node1") and not refused:
            refused.append("")
            with pytest.raises(Problem) as problem:
                second.drain()
            refused.append(str(problem.value))

    cluster.server.faults.insert(0, between)
    assert first.drain()["changed"]
    assert refused[1].startswith("node2: 1 node(s) are out of service (node1), and max_out_of_service is 1")
    assert not cluster.server.get("Node", "node2")["spec"].get("unschedulable")


def test_a_place_whose_taker_was_killed_before_it_marked_its_node_is_free_after_a_minute() -> None:
    cluster, first, second = two_nodes()
    first._take_turn(0.0)
    with pytest.raises(Problem, match="out of service .node1."):
        second.drain()
    lease = cluster.server.get("Lease", "dockyard-openshift-nodes", "default")
    taken = clock.now() - timedelta(seconds=61)
    lease["spec"]["renewTime"] = taken.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert second.drain()["changed"]


def refuses(cluster: Cluster, part: str, answer: Any, after: int = 0) -> None:
    """Let the API answer requests whose path holds a text so, all or those after a number of them."""
    seen: list[str] = []

    def fault(method: str, path: str, body: Any) -> Any:
        if part not in f"{method} {path}":
            return None
        seen.append(path)
        return answer if len(seen) > after else None

    cluster.server.faults.insert(0, fault)


def test_pods_that_nobody_may_list_any_more_end_the_wait_at_once() -> None:
    cluster = Cluster(pod("a"))
    cluster.ends = 500
    refuses(cluster, "GET /api/v1/pods", status(403, "Forbidden", "pods is forbidden"), after=1)
    with pytest.raises(Problem, match=r"^all pods: pods is forbidden; node1 is schedulable again$"):
        cluster.service().drain()
    assert cluster.now < 60 and not cluster.cordoned


def test_an_api_that_stays_away_ends_with_the_time_of_the_node() -> None:
    cluster = Cluster(pod("a"))
    refuses(cluster, "GET /api/v1/pods", status(500, "InternalError", "etcd is away"), after=1)
    with pytest.raises(Problem, match=r"answers 500: etcd is away \(6 tries\); node1 is schedulable again$"):
        cluster.service(timeout=60).drain()
    assert cluster.now >= 60 and any("etcd is away" in line and "asks again" in line for line in cluster.lines)


def test_a_node_that_cannot_be_given_back_is_told_beside_the_first_failure() -> None:
    cluster = Cluster(pod("a"))
    cluster.answers = {"a": [{"status": 403, "reason": "Forbidden", "message": "no eviction"}]}
    refuses(cluster, "PATCH /api/v1/nodes/node1", status(403, "Forbidden", "no patch"), after=1)
    with pytest.raises(Problem, match=r"no eviction.*; node1 stays cordoned: Node/node1: no patch$"):
        cluster.service().drain()
    assert cluster.cordoned


def test_an_api_without_daemon_sets_is_borne() -> None:
    cluster = Cluster(pod("a"), pod("b", ownerReferences=OF_DAEMON_SET))
    cluster.server.without = ("DaemonSet",)
    assert cluster.service(ignore_daemonsets=True).drain()["changed"] and cluster.left() == ["b"]


@pytest.mark.parametrize(("there", "orphan"), [("ds", False), ("other", True)])
def test_a_pod_of_a_daemon_set_that_is_gone_is_refused(there: str, orphan: bool) -> None:
    cluster = Cluster(pod("a"), pod("b", ownerReferences=OF_DAEMON_SET))
    one = {"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": there, "namespace": "team"}, "spec": {}}
    cluster.server.put(one)
    if orphan:
        with pytest.raises(Problem, match='daemonsets.apps "ds" not found'):
            cluster.service(ignore_daemonsets=True).drain()
        assert cluster.left() == ["a", "b"]
    else:
        assert cluster.service(ignore_daemonsets=True).drain()["changed"] and cluster.left() == ["b"]


@pytest.mark.parametrize("fails", [False, True])
def test_a_node_that_an_admin_has_cordoned_takes_a_place_while_it_is_worked_on(fails: bool) -> None:
    cluster, first, second = two_nodes()
    cluster.server.get("Node", "node1")["spec"]["unschedulable"] = True
    if fails:
        cluster.answers = {"a": [BUDGET]}
        with pytest.raises(Problem, match="node1 stays cordoned, as somebody else has left it"):
            first.drain()
    else:
        first.drain()
        lease = cluster.server.get("Lease", "dockyard-openshift-nodes", "default")
        lease["spec"]["renewTime"] = "2026-01-01T00:00:00.000000Z"
        with pytest.raises(Problem, match="out of service .node1."):
            second.drain()
        back = first.restore()
        assert back["changed"] and back["notes"] == ["node1 was cordoned by somebody else, and stays cordoned"]
        assert not first.restore()["changed"]
    assert cluster.cordoned and not (cluster.server.get("Node", "node1")["metadata"].get("annotations"))
    assert second.drain()["changed"]


def test_old_clusters_are_asked_in_their_words() -> None:
    cluster = Cluster(pod("a"))
    cluster.server.version = ("1", "11+")
    assert cluster.service().drain()["changed"]
    (sent,) = [body for method, path, _query, body in cluster.server.log if path.endswith("/eviction")]
    assert sent["apiVersion"] == "policy/v1beta1" and sent["deleteOptions"]["preconditions"]["uid"]


def test_tasks() -> None:
    cluster = Cluster(pod("a"), ends=0.0)
    seen = run(node_drain_info.ActionModule, {"node": "node1"}, cluster.server)
    assert seen["proceed"] and not seen["changed"] and [one["pod"] for one in seen["evict"]] == ["team/a"]
    foreseen = run(node_drain.ActionModule, {"node": "node1"}, cluster.server, check=True)
    assert foreseen["changed"] and cluster.server.writes == []
    lost = run(node_drain.ActionModule, {"node": "nowhere"}, cluster.server)
    assert lost["failed"] and lost["msg"] == "there is no node nowhere in this cluster"
    assert KINDS["Node"].plural == "nodes"


@pytest.mark.parametrize("case", cases("drain/bad_input.yml"))
def test_bad_input_is_one_sentence_before_the_first_request(case: dict[str, Any], sentences) -> None:
    for action in (node_drain, node_drain_info) if case.get("info") else (node_drain,):
        server = ApiServer()
        failed = run(action.ActionModule, {"node": "node1", **case["given"]}, server)
        assert failed.get("failed") and case["says"] in failed["msg"] and "\n" not in failed["msg"], failed
        assert server.log == []
    sentences(failed)


@pytest.mark.parametrize("case", cases("drain/versions.yml"))
def test_each_version_is_asked_in_its_words(case: dict[str, Any], sentences) -> None:
    volume = {"name": "v", "emptyDir": {}}
    cluster = Cluster(pod("a"), pod("b"))
    cluster.server.get("Pod", "b", "team")["spec"]["volumes"] = [volume]
    cluster.server.version = tuple(case["version"])
    with pytest.raises(Problem, match=case["option"]) as refused:
        cluster.service().drain()
    sentences(refused.value)
    cluster.service(delete_emptydir_data=True).drain()
    (sent, _other) = [body for method, path, _query, body in cluster.server.log if path.endswith("/eviction")]
    asked = [path for method, path, _query, _body in cluster.server.log if "poddisruptionbudgets" in path]
    assert sent["apiVersion"] == case["evictions"] and all(case["budgets"] in path for path in asked) and asked


@pytest.mark.parametrize("case", cases("drain/ready.yml"))
def test_when_a_node_is_ready(case: dict[str, Any]) -> None:
    cluster = Cluster()
    cluster.service().drain()
    cluster.server.get("Node", "node1")["status"] = case["status"]
    if "why" not in case:
        assert cluster.service().restore(ready_timeout=50)["changed"] and cluster.now < 1
        return
    with pytest.raises(Problem) as problem:
        cluster.service().restore(ready_timeout=50)
    assert str(problem.value) == f"node1 is not ready after 50 s ({case['why']}); it stays cordoned"
    assert cluster.lines == [f"node1: waits until the node is ready ({case['why']})"] * 2


def test_what_is_written_on_a_node_goes_with_the_cordon() -> None:
    """A run with other options finds the Lease again by it."""
    cluster = Cluster()

    def annotations() -> dict[str, Any]:
        return dict(cluster.server.get("Node", "node1")["metadata"].get("annotations") or {})

    cluster.service().drain()
    assert annotations().keys() == {OURS}
    cluster.service().restore()
    assert annotations() == {}
    cluster.service(max_out_of_service=2, lease_namespace="ops").drain()
    assert annotations().keys() == {OURS, "dockyard.openshift/turn"}
    assert annotations()["dockyard.openshift/turn"] == "ops"
    cluster.service().restore()
    held = cluster.server.get("Lease", "dockyard-openshift-nodes", "ops")["metadata"]["annotations"]
    assert annotations() == {} and held == {"dockyard.openshift/nodes": "[]"}


def test_a_node_that_cannot_be_written_is_named() -> None:
    cluster = Cluster(pod("a"))

    def conflict(method: str, path: str, body: Any) -> Any:
        return status(409, "Conflict", "it was modified", path) if method == "PATCH" else None

    cluster.server.faults.append(conflict)
    with pytest.raises(Problem, match="node1 changes faster than it can be written"):
        cluster.service().drain()


def test_a_node_that_does_not_come_back_in_time_fails_the_task() -> None:
    cluster = Cluster()
    cluster.service().drain()
    cluster.server.get("Node", "node1")["status"] = {}
    given = {"node": "node1", "state": "in_service", "ready_timeout": 1, "timeout": 7}
    foreseen = run(node_drain.ActionModule, given, cluster.server, check=True)
    assert foreseen["changed"] and not foreseen.get("failed") and cluster.cordoned
    late = run(node_drain.ActionModule, given, cluster.server)
    assert late["failed"] and late["msg"].startswith("node1 is not ready after 1 s (it has no condition Ready yet)")


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("state", ["drained", "in_service"])
def test_what_the_task_asks_of_its_service(monkeypatch: pytest.MonkeyPatch, state: str, check: bool) -> None:
    """The client gives up a minute after both waits are over, so that a wait ends in its own words."""
    calls: list[Any] = []

    class Service:
        def __init__(self, client: Client, wanted: Any, say: Any) -> None:
            calls.extend([client.limits, wanted.node])

        def drain(self, **given: Any) -> dict[str, Any]:
            return {"changed": True, "did": ["drained", given]}

        def restore(self, **given: Any) -> dict[str, Any]:
            return {"changed": True, "did": ["in_service", given]}

    monkeypatch.setattr(node_drain, "NodeService", Service)
    given = {"node": "node1", "state": state, "ready_timeout": 5, "timeout": 7, "request_timeout": 3}
    done = run(node_drain.ActionModule, given, ApiServer(), check=check)
    assert calls == [Limits(3.0, 72.0), "node1"]
    assert done["did"] == [state, {"check": check, **({"ready_timeout": 5} if state == "in_service" else {})}]
