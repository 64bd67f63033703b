# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait for the pools of OpenShift 4 ends exactly when it should, and says why when it cannot."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import quote

import pytest
from ansible_collections.dockyard.openshift.plugins.action import node_pools, node_pools_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import NoAnswer, NotSent
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.machine_configs import selector_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.node_files import NodeFiles
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout import holding, progress, service
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout.expected import Expected, edits
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from api_server import ApiServer, run, status
from cases import cases
from rolling import Rolling, budget, config, node, pod, pool, texts

# --- what was observed becomes a judgement ---


def seen_pool(case: dict[str, Any], nodes: list[list[str]]) -> progress.Pool:
    found = [
        progress.Node(f"n{number}", *one[:3], draining="drains" in one[3:])
        for number, one in enumerate(nodes)
    ]  # fmt: skip
    return progress.Pool(
        "p", case.get("config", "new"), case.get("paused", False), False, case.get("render_degraded", ""), tuple(found),
        selector_of("worker"),
    )  # fmt: skip


@pytest.mark.parametrize("case", cases("rollout/pools.yml"))
def test_where_a_pool_stands(case: dict[str, Any]) -> None:
    found = seen_pool(case, case["nodes"])
    assert found.state(case.get("as_expected")) == case["state"]
    if "phases" in case:
        assert [one.phase(found.target) for one in found.nodes] == case["phases"]


@pytest.mark.parametrize("case", cases("rollout/pools.yml"))
@pytest.mark.parametrize("name", ["worker", "master"])
def test_what_is_said_of_a_pool(case: dict[str, Any], name: str, sentences) -> None:
    """In an account, before a wait, when no wait can help, in a report, and when its time is over."""
    found = replace(seen_pool(case, case["nodes"]), name=name)
    of_target = {True: {}, False: {"/etc/b": "+ b", "/etc/a": "+ a"}, None: None}[case.get("as_expected")]
    differences = {f"{name} {found.target}": of_target, f"{name} old": {"/etc/old": "- o"}}
    seen = service.Seen((found,), (), Expected(), differences)
    refused = replace(seen, expected=Expected(NodeFiles(error="the lists exclude each other")))
    late = [progress.Late(found, who, 99.6) for who in (*found.nodes[:1], None)]
    waits = service.Rollout(MagicMock())
    sentences(
        [service._of_pool(seen, one) for one in (found, replace(found, ours=True))],
        service._beforehand(seen), [service._failure(seen, before) for before in (set(), {name})],
        service._failure(refused, set()), service._not_as_expected(seen), [waits._of_late(seen, one) for one in late],
        [f"{name}: {one}" for one in seen.result()],
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/etc/containers/policy.json", "/etc/crio/policies/team.json"])
def test_a_policy_in_other_spaces_is_the_same(path: str) -> None:
    file = {"path": path, "contents": {"source": "data:," + quote('{ "default":[] }')}}
    rendered = {"spec": {"config": {"storage": {"files": [file]}}}}
    assert list(edits(Expected(NodeFiles({path: '{"default": []}'})), rendered)) == []


@pytest.mark.parametrize("case", cases("rollout/clocks.yml"))
def test_whose_time_is_over(case: dict[str, Any]) -> None:
    clocks, late = progress.Clocks(100, 30), None
    for number, (now, nodes, *as_expected) in enumerate(case["looks"]):
        found = seen_pool(case, nodes)
        if who := clocks.late(found, found.state(*(as_expected or [True])), now):
            late = [number, who.node.name if who.node else "pool"]
            break
    assert late == case.get("late")


@pytest.mark.parametrize("case", cases("rollout/members.yml"))
def test_which_pool_a_node_belongs_to(case: dict[str, Any]) -> None:
    by_expression = pool("gpu", nodeSelector={"matchExpressions": [{"key": "gpu", "operator": "Exists"}]})
    empty = [pool(f"empty-{number}", nodeSelector=one) for number, one in enumerate(({}, {"matchLabels": {}}, None))]
    pools = [pool("master"), pool("worker"), pool("infra"), by_expression, *empty]
    found, notes = progress.read(pools, [{"metadata": {"name": "n", "labels": case["labels"]}}])
    assert [one.name for one in found if one.nodes] == ([case["pool"]] if "pool" in case else [])
    assert notes == ([case["note"]] if "note" in case else [])


@pytest.mark.parametrize("case", cases("rollout/selectors.yml"))
def test_which_configs_a_pool_takes(case: dict[str, Any]) -> None:
    rolling, prefix = Rolling(), "machineconfiguration.openshift.io"
    of_workers = rolling.server.get("MachineConfigPool", "worker")["spec"]["configuration"]["name"]
    files = {
        "operator": dict(texts(rolling.server.get("MachineConfig", of_workers))),
        "people": {"/etc/containers/registries.conf": 'unqualified-search-registries = ["storage.example.com"]\n'},
    }
    selector = {"matchExpressions": [{"key": f"{prefix}/role", "operator": "In", "values": case.get("values")}]}
    spec = {"machineConfigSelector": selector} if "values" in case else {}
    there = node("i0", "infra", "worker")
    there["metadata"]["annotations"] = {
        f"{prefix}/currentConfig": "rendered-infra-1", f"{prefix}/desiredConfig": "rendered-infra-1",
        f"{prefix}/state": "Done",
    }  # fmt: skip
    of_people = config("99-zz-storage", files["people"], case["role"])
    del of_people["metadata"]["annotations"]
    rendered = config("rendered-infra-1", {key: text for who in case["holds"] for key, text in files[who].items()}, "")
    rolling.server.put(pool("infra", configuration={"name": "rendered-infra-1"}, **spec), there, of_people, rendered)
    found = rolling.rollout(pools=("infra",)).report()
    assert [one["state"] for one in found["pools"]] == [case["state"]], found
    assert found["drift"] is (case["state"] != "updated")
    assert len(found["account"]) == len(set(found["account"])), "a pool that is not done is named once"
    assert [case["note"] in text for text in found["notes"]] == ([True] if "note" in case else [])


@pytest.mark.parametrize("case", cases("rollout/holding.yml"))
def test_what_holds_a_drain(case: dict[str, Any]) -> None:
    assert holding.reasons(case["pods"], case.get("budgets", ()), case.get("webhooks", ())) == case["says"]


# --- whole rollouts, moved by the stand-in ---


@pytest.mark.slow
def test_a_wait_ends_when_every_node_has_it_and_not_before() -> None:
    """C1: 40 s until something is rendered, in two steps, though every condition says Updated from the last rollout."""
    rolling = Rolling(workers=20, worker={"maxUnavailable": 5})
    rolling.controllers.steps, rolling.controllers.render_delay = 2, 40.0
    rolling.change()
    done = rolling.wait()
    assert "failed" not in done and done["verified"] and rolling.all_have() and rolling.holds("bad.example.com")
    assert rolling.controllers.most_away["worker"] == 5
    assert len([line for line in rolling.lines if " is done (" in line]) >= 20
    assert done["account"] == ["pool master: updated, 1 of 1 node done", "pool worker: updated, 20 of 20 nodes done"]


def test_with_nothing_to_render_it_returns_at_once() -> None:
    rolling = Rolling(workers=20)
    start = len(rolling.server.log)
    done = rolling.rollout().wait()
    assert done["verified"] and done["waited"] < 0.5
    assert {method for method, *_rest in rolling.server.log[start:]} == {"GET"}


@pytest.mark.slow
def test_a_node_that_never_finishes() -> None:
    """C2: the run fails with pool, node, desired config, state, reason and how many are done."""
    rolling = Rolling(workers=4, worker={"maxUnavailable": 2})
    rolling.controllers.stalled = {"worker-02"}
    rolling.change()
    done = rolling.wait(node_timeout=200.0)
    target = rolling.server.get("MachineConfigPool", "worker")["spec"]["configuration"]["name"]
    assert done["failed"] and not done["verified"]
    said = f"pool worker: node worker-02 has not finished in 2 s: desired {target}, state Done; 3 of 4 nodes done"
    assert done["msg"] == said


@pytest.mark.slow
def test_a_run_that_was_killed_is_gone_on_with() -> None:
    rolling = Rolling(workers=4)
    rolling.controllers.stalled = {"worker-02"}
    rolling.change()
    assert rolling.wait(node_timeout=100.0)["failed"]
    rolling.controllers.stalled.clear()
    assert rolling.wait()["verified"] and rolling.all_have()


@pytest.mark.slow
@pytest.mark.parametrize("masters", [1, 3])
def test_an_api_server_that_is_away_for_minutes(masters: int) -> None:
    """C4: refused, 503, and a login that is renewed once."""
    rolling = Rolling(masters=masters, workers=2)
    away = {"on": False, "answers": 0}

    def fault(method: str, path: str, body: Any) -> Any:
        if not away["on"]:
            return None
        away["answers"] += 1
        if away["answers"] % 3 == 1:
            raise NotSent("connection refused")
        answer = (401, "Unauthorized") if away["answers"] % 3 else (503, "ServiceUnavailable")
        return status(*answer, "apiserver is shutting down")

    rolling.server.faults.insert(0, fault)
    rolling.after(20, lambda: away.update(on=True))
    rolling.after(300, lambda: away.update(on=False))
    rolling.change()
    done = rolling.wait(node_timeout=3000.0)
    assert done["verified"] and rolling.all_have() and away["answers"] > 1
    waits = "goes on waiting, since a node of the API server may be rolling"
    assert any(f"does not accept the login, or no longer (401); {waits}" in line for line in rolling.lines)
    said = "there is one master: the API server will be away while it rolls"
    assert (said in done["notes"]) is (masters == 1)


@pytest.mark.slow
def test_that_the_api_server_is_away_is_said_now_and_then_and_not_at_each_look() -> None:
    rolling, asked = Rolling(workers=1), []

    def refused(method: str, path: str, body: Any) -> Any:
        asked.append(path)
        return status(401, "Unauthorized", "the token is over") if 50 < len(asked) < 130 else None

    rolling.server.faults.insert(0, refused)
    rolling.change()
    done = rolling.wait()
    said = [line for line in rolling.lines if "does not accept the login, or no longer (401); goes on waiting" in line]
    assert done["verified"] and 1 < len(said) < 25


@pytest.mark.slow
def test_an_api_server_that_does_not_come_back() -> None:
    rolling = Rolling()

    def gone(method: str, path: str, body: Any) -> Any:
        if rolling.lines:
            raise NoAnswer("the connection broke")

    rolling.server.faults.insert(0, gone)
    rolling.change()
    with pytest.raises(Problem, match=r"the API server has been away for \d+ s: .*the connection broke"):
        rolling.wait(node_timeout=100.0)


@pytest.mark.slow
def test_a_budget_that_holds_a_drain_is_named() -> None:
    """C5: node, pod, namespace and budget, after a minute; the wait goes on and ends well when the budget frees."""
    rolling = Rolling(workers=2)
    rolling.server.put(pod("web", "worker-00"), pod("idle", "worker-00"), budget("web", "web", 0))
    frees = lambda: rolling.server.get("PodDisruptionBudget", "web", "team")["status"].update(disruptionsAllowed=1)  # noqa: E731
    rolling.after(200, frees)
    rolling.change()
    done = rolling.wait()
    said = "worker-00 is not empty yet: pod team/web: the PodDisruptionBudget team/web allows no eviction now"
    assert done["verified"] and said in rolling.lines


@pytest.mark.slow
def test_what_holds_a_drain_is_in_the_last_word() -> None:
    rolling = Rolling(workers=2)
    rolling.server.put(pod("web", "worker-00", finalizers=["example.com/wait"]))
    rolling.change()
    done = rolling.wait(node_timeout=150.0)
    assert done["failed"] and "node worker-00 has not finished in" in done["msg"]
    assert "pod team/web is being deleted, and waits for its finalizers example.com/wait" in done["msg"]


@pytest.mark.slow
def test_a_paused_pool_is_said_before_and_after_and_not_waited_for() -> None:
    """C6."""
    rolling = Rolling(workers=2, more=(pool("infra", paused=True), node("infra-0", "infra", "worker")))
    rolling.change()
    done = rolling.wait()
    said = "pool infra is paused: 1 of its nodes keep old files, and nodes that join get those too"
    assert done["failed"] and not done["verified"] and rolling.all_have("master")
    assert done["msg"] == f"{said} (accept_paused: true ends well nevertheless)"
    assert said in done["notes"] and done["account"][0] == said
    again = rolling.wait(accept_paused=True)
    assert "failed" not in again and not again["verified"] and said in again["notes"]
    states = {one["name"]: one["state"] for one in again["pools"]}
    assert states == {"infra": "paused", "master": "updated", "worker": "updated"}


def test_a_degraded_node_ends_the_wait_at_once() -> None:
    rolling = Rolling(workers=4)
    rolling.controllers.degrade = {"worker-00": "unexpected on-disk state validating against rendered-worker"}
    rolling.change()
    done = rolling.wait()
    assert done["failed"] and done["waited"] < 3
    assert "pool worker: node worker-00 is Degraded: desired rendered-worker-" in done["msg"]
    assert "reason: unexpected on-disk state validating against rendered-worker; 0 of 4 nodes done" in done["msg"]


def test_a_node_that_was_degraded_before_is_not_blamed_on_the_change() -> None:
    """C14."""
    rolling = Rolling(workers=4)
    rolling.controllers.degrade = {"worker-00": "disk full"}
    rolling.change()
    rolling.wait()
    assert "is Degraded, as it was before this wait: " in rolling.wait()["msg"]


@pytest.mark.slow
def test_a_node_that_joins_while_the_others_roll() -> None:
    """C16: it is counted in, and the wait ends when it is done as well."""
    rolling = Rolling(workers=4)
    rolling.controllers.join = 200.0  # it is configured after all others are done
    rolling.after(10, lambda: rolling.server.put(node("worker-99", "worker")))
    rolling.change()
    done = rolling.wait()
    (workers,) = [one for one in done["pools"] if one["name"] == "worker"]
    assert done["verified"] and workers["machines"] == 5 and rolling.all_have()
    assert any("worker-99 joins" in line for line in rolling.lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("join", "stalled", "says"),
    [
        (1e9, set(), "desired nothing yet, state unknown; 2 of 3 nodes done"),
        (5.0, {"worker-99"}, r"desired rendered-worker-\w+, state Done; 2 of 3 nodes done"),
    ],
    ids=["never configured", "stalls"],
)
def test_a_node_that_joins_and_does_not_finish_in_its_own_time(join: float, stalled: set[str], says: str) -> None:
    """C16: the others are done, and the wait ends with the name of the new one."""
    rolling = Rolling(workers=2)
    rolling.controllers.join, rolling.controllers.stalled = join, stalled
    rolling.after(10, lambda: rolling.server.put(node("worker-99", "worker")))
    rolling.change()
    done = rolling.wait(node_timeout=300.0)
    assert done["failed"] and not done["verified"]
    assert re.fullmatch(rf"pool worker: node worker-99 has not finished in [34] s: {says}", done["msg"]), done["msg"]


@pytest.mark.slow
def test_controllers_that_restart_in_the_middle() -> None:
    rolling = Rolling(workers=4)
    for second in (10, 30, 55):
        rolling.after(second, rolling.controllers.restart)
    rolling.change()
    assert rolling.wait()["verified"] and rolling.all_have()


@pytest.mark.slow
def test_a_config_that_is_never_rendered() -> None:
    rolling = Rolling(workers=2)
    rolling.controllers.render_delay = 1e9
    rolling.change()
    done = rolling.wait(render_timeout=100.0)
    assert done["failed"] and "does not hold what follows from the objects of the cluster after 1 s" in done["msg"]
    assert "/etc/containers/policy.json, /etc/containers/registries.conf" in done["msg"]


def test_objects_that_the_operator_refuses() -> None:
    """No object of a cluster shows why nothing is rendered; the forecast does."""
    rolling = Rolling(workers=2)
    rolling.change()
    sources = {"blockedRegistries": ["b.example.com"], "allowedRegistries": ["a.example.com"]}
    rolling.server.get("Image", "cluster")["spec"] = {"registrySources": sources}
    done = rolling.rollout().wait()
    assert done["failed"] and "the operator writes no files for these objects, so nothing will roll: " in done["msg"]


@pytest.mark.parametrize("case", cases("rollout/away.yml"))
def test_which_nodes_keep_a_pool_from_rolling(case: dict[str, Any]) -> None:
    node = {"metadata": {"name": "n"}, "spec": case.get("spec", {}), "status": {"conditions": case.get("conditions")}}
    assert holding.away([node]) == ([f"node n {case['says']}"] if "says" in case else [])


def test_a_node_that_somebody_cordoned_is_what_a_pool_waits_for() -> None:
    rolling = Rolling(workers=3)
    rolling.server.get("Node", "worker-00")["spec"]["unschedulable"] = True
    rolling.server.get("Node", "master-0")["spec"]["unschedulable"] = True
    target = rolling.server.get("MachineConfigPool", "worker")
    rolling.server.put({**target, "spec": {**target["spec"], "configuration": {"name": "rendered-worker-new"}}})
    rolling.server.put(config("rendered-worker-new", {}, ""))
    why = "no node begins while others are away: node worker-00 is cordoned"
    done = rolling.rollout(compare=False, node_timeout=200.0, explain_after=50.0).wait()
    assert done["msg"].endswith(f"worker-00, worker-01, worker-02 still wait for rendered-worker-new; {why}")
    assert f"pool worker: {why}" in rolling.lines
    assert f"pool worker: {why}" in rolling.rollout(compare=False).report()["problems"]


@pytest.mark.slow
def test_a_timeout_of_the_whole() -> None:
    rolling = Rolling(workers=2)
    rolling.controllers.stalled = {"worker-00"}
    rolling.change()
    done = rolling.wait(timeout=100.0)
    assert done["failed"] and done["msg"].endswith("the timeout is over")


@pytest.mark.slow
def test_what_nobody_may_read_is_said_and_the_wait_is_longer() -> None:
    rolling = Rolling(workers=2)
    refused = lambda: status(403, "Forbidden", "images is forbidden: nobody may list")  # noqa: E731
    rolling.server.faults.insert(0, lambda method, path, body: refused() if path.endswith("/images/cluster") else None)
    done = rolling.rollout().wait()
    assert not done["verified"]
    assert any("is not compared: Image/cluster: images is forbidden" in note for note in done["notes"])
    assert done["waited"] >= 0.25


@pytest.mark.slow
def test_without_a_comparison_pools_have_to_stay_updated_for_a_while() -> None:
    rolling = Rolling(workers=2)
    rolling.change()
    done = rolling.wait(compare=False)
    assert not done.get("failed") and not done["verified"] and rolling.all_have() and rolling.holds("bad.example.com")
    assert "what nodes shall have is not compared: compare is false" in done["notes"]


# --- pausing ---


@pytest.mark.slow
def test_pools_are_paused_and_resumed_and_those_of_others_stay() -> None:
    rolling = Rolling(workers=2, more=(pool("infra", paused=True), node("infra-0", "infra", "worker"), pool("none")))
    foreseen = rolling.rollout().pause(check=True)
    assert foreseen["switched"] == ["master", "worker"]
    assert not rolling.server.get("MachineConfigPool", "worker")["spec"]["paused"]
    assert rolling.rollout().pause() == foreseen | {"changed": True}
    assert not rolling.rollout().pause()["changed"]
    rolling.change()
    waited = rolling.wait(accept_paused=True)
    assert any("paused by an earlier run of node_pools (state: resumed lifts it)" in note for note in waited["notes"])
    done = rolling.rollout().resume()
    assert done["switched"] == ["master", "worker"]
    assert done["notes"] == ["pool infra was paused by somebody else, and stays paused"]
    assert not rolling.rollout().resume()["changed"]
    assert rolling.server.get("MachineConfigPool", "infra")["spec"]["paused"]
    assert rolling.wait(accept_paused=True)["account"][1:3] == [
        "pool master: updated, 1 of 1 node done", "pool none: no nodes",
    ]  # fmt: skip


# --- the report ---


@pytest.mark.slow
def test_a_report_compares_what_each_node_has_now() -> None:
    rolling = Rolling(workers=2)
    first = rolling.rollout().report()
    assert not first["drift"] and not first["problems"]
    rolling.change()
    second = rolling.rollout().report()
    assert second["drift"] and "pool worker: worker-00, worker-01 differ from the objects of the cluster in " in (
        second["problems"][1]
    )
    (workers,) = [one for one in second["pools"] if one["name"] == "worker"]
    assert 'location = "bad.example.com"' in workers["differences"]["/etc/containers/registries.conf"]
    rolling.wait()
    assert not rolling.rollout().report()["drift"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["master", "worker", "arbiter"])
def test_an_edit_of_the_operators_own_object_is_named(name: str) -> None:
    """C7."""
    rolling = Rolling(workers=2)
    rolling.change()
    rolling.wait()
    files = dict(texts(rolling.server.get("MachineConfig", "99-worker-generated-registries")))
    more = ["", "[[registry]]", '  prefix = "evil.example.com"', '  location = "x.example.com"', ""]
    files["/etc/containers/registries.conf"] += "\n".join(more)
    rolling.server.put(config(f"99-{name}-generated-registries", files, name))
    found = rolling.rollout().report()["problems"]
    (said,) = [text for text in found if "-generated-registries" in text]
    assert said.startswith(
        f"MachineConfig/99-{name}-generated-registries holds what no object of the cluster says, and the operator will "
        "revert it: /etc/containers/registries.conf: "
    )
    assert 'prefix = "evil.example.com"' in said


@pytest.mark.parametrize("case", cases("rollout/authorities.yml"))
def test_authorities_that_no_node_has_been_given(case: dict[str, Any]) -> None:
    rolling = Rolling(workers=1)
    rolling.server.get("Image", "cluster")["spec"] = {"additionalTrustedCA": {"name": "cas"}} if case["trusted"] else {}
    rolling.server.put(
        {
            "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "cas", "namespace": "openshift-config"},
            **{part: dict.fromkeys(keys, "eA==") for part, keys in case["trusted"].items()},
        },
        {
            "kind": "ControllerConfig", "apiVersion": "machineconfiguration.openshift.io/v1",
            "metadata": {"name": "machine-config-controller"},
            "spec": {
                name: [{"file": file, "data": "eA=="} for file in files] for name, files in case["carried"].items()
            },
        },
    )  # fmt: skip
    report = rolling.rollout().report()
    names = ", ".join(case.get("missing", []))
    said = [f"ControllerConfig/machine-config-controller has no authority for {names}"] if names else []
    assert (report["problems"], report["drift"]) == (said, bool(said))


# --- the tasks ---


def test_tasks() -> None:
    rolling = Rolling(workers=2)
    seen = run(node_pools_info.ActionModule, {}, rolling.server)
    assert not seen["drift"] and not seen["changed"], seen
    assert {method for method, *_rest in rolling.server.log[-10:]} == {"GET"}
    assert run(node_pools.ActionModule, {"state": "paused"}, rolling.server)["changed"]
    assert run(node_pools.ActionModule, {"state": "resumed"}, rolling.server)["changed"]
    assert run(node_pools.ActionModule, {}, rolling.server)["verified"]
    assert run(node_pools.ActionModule, {"pools": ["worker"]}, rolling.server, check=True)["verified"]


@pytest.mark.slow
@pytest.mark.parametrize("case", cases("rollout/refused.yml"))
def test_bad_input(case: dict[str, Any], sentences) -> None:
    rolling = Rolling(workers=1)
    start = len(rolling.server.log)
    failed = run(node_pools.ActionModule, case["given"], rolling.server)
    assert failed["failed"] and case["says"] in failed["msg"] and "\n" not in failed["msg"]
    assert all(method == "GET" for method, *_rest in rolling.server.log[start:])
    sentences(failed)
    if not case.get("asks"):
        assert len(rolling.server.log) == start


def test_a_cluster_without_pools() -> None:
    for action in (node_pools, node_pools_info):
        failed = run(action.ActionModule, {}, ApiServer(without=("MachineConfigPool",)))
        assert failed["failed"] and "this API has no MachineConfigPools" in failed["msg"]
