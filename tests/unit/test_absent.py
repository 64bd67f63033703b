# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking everything of ours off a host (state: absent), see tests/data/plan/absent.yml."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import host_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries, registries_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH, Observed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan import undo
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, Proposal, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import feature as trust
from cases import cases
from hosts import contents, described
from tasks import COMMITTED, run
from test_host_policy import ANCHORS, EVERYTHING, docker

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
FEATURES = (trust, registries)


def seen(host: dict[str, Any]) -> Observed:
    look = registries_plan._eyes(host)
    return look(sum((feature.WATCH for feature in FEATURES), undo.REMAINS))


def given(host: dict[str, Any], policy: dict[str, Any], mode: str | None) -> dict[str, Any]:
    """The host once the role brought it a policy."""
    usual = dict.fromkeys((*registries.WORD_OPTIONS, "images"))
    options = {**usual, "hosted_registry_insecure": False, "hosted_registry_network": "172.30.0.0/16"}
    options |= {"foreign_scopes": "keep", "unenforceable": "warn", "activation": "now", "mode": mode}
    options |= {"warn_days": 30, "scope": "auto", "verify": "full", "purge": True, **policy}
    planned = registries_plan.plan(host, options, NOW, lambda key: None, {})
    assert planned.refused is None
    return after(host, planned.proposal) if planned.proposal.plan.changed else host


def after(host: dict[str, Any], proposal: Proposal) -> dict[str, Any]:
    changes = {change.path: change.content for change in proposal.transaction.files}
    files = {path: content and content.decode() for path, content in changes.items() if path != STATE_PATH}
    state = changes.get(STATE_PATH)
    return {**host, "files": {**host.get("files", {}), **files}, "state": json.loads(state) if state else {}}


def withdrawn(host: dict[str, Any]) -> Proposal:
    look = seen(host)
    drafters = [drafter for feature in FEATURES for drafter in feature.withdraw(look)]
    return propose(look, [*drafters, undo.forget], Applying("now"))


@pytest.mark.parametrize("case", cases("plan/absent.yml"))
def test_files_are_what_they_were(case: dict[str, Any]) -> None:
    host = case["host"]
    for policy in filter(None, (case.get("first"), case["policy"])):
        before, host = host, given(host, policy, case.get("mode"))
        assert host != before
    done = withdrawn(host)
    left = after(host, done)
    was = {**case["host"].get("files", {}), **case.get("stays", {})}
    if "podman" in host:
        was.setdefault("/etc/containers/policy.json", None)
        left["files"].setdefault("/etc/containers/policy.json", None)
    assert {path: text for path, text in left["files"].items() if text} == {p: text for p, text in was.items() if text}
    assert left["state"] == {} and done.transaction.forgets
    again = withdrawn(left)
    assert not again.plan.changed, again.plan.text()


def test_certificates_go_too_and_the_engine_is_restarted_once() -> None:
    ours = f"{ANCHORS}/dockyard-one.crt"
    file = {"sha256": described("x")["sha256"], "registries": ["a.example.com"]}
    record = {"files": {ours: file}, "relying": ["a.example.com"]}
    state = {
        "version": 1, "registry_trust": record,
        "container_registries": {"docker-fork": {"added": {"search": ["a.example.com"]}}},
    }  # fmt: skip
    host = docker(
        shows=("a.example.com", "docker.io"), sysconfig="OPTIONS=''\nADD_REGISTRY='--add-registry a.example.com'\n",
        state=described(json.dumps(state)),
    )  # fmt: skip
    host["files"][ours] = described("x")
    done = run(host_policy.ActionModule, {**EVERYTHING, "state": "absent"}, [host], COMMITTED)
    assert not done.result.get("failed"), done.result
    (sent,) = done.transactions
    removed = {file["path"] for file in sent["files"] if file["state"] == "absent"}
    assert {ours, STATE_PATH} <= removed and sent["forget"]
    assert [action["name"] for action in sent["actions"]] == ["run update-ca-trust extract", "restart docker.service"]


def test_what_other_tasks_put_on_a_host_is_not_forgotten() -> None:
    masters = {"files": {"/etc/origin/master/master-config.yaml": {}}}
    state = {"version": 1, "masters": masters, "container_registries": {"docker-fork": {"added": {"search": ["a"]}}}}
    host = docker(
        shows=("a", "docker.io"), sysconfig="OPTIONS=''\nADD_REGISTRY='--add-registry a'\n",
        state=described(json.dumps(state)),
    )  # fmt: skip
    done = run(host_policy.ActionModule, {**EVERYTHING, "state": "absent"}, [host], COMMITTED)
    assert not done.result.get("failed"), done.result
    (sent,) = done.transactions
    assert json.loads(contents(sent)[STATE_PATH]) == {"version": 1, "masters": masters}
    assert not sent.get("forget")
    assert "stays, with the records of masters" in " ".join(done.result["notes"])


def test_nothing_of_ours_is_nothing_to_do() -> None:
    done = run(host_policy.ActionModule, {"state": "absent"}, [docker()])
    assert not done.result["changed"] and done.transactions == []
