# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout on a real API server: pods, budgets and evictions are real, the machine-config controllers a stand-in."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.dockyard.openshift.plugins.action import cluster_registries, node_pools, node_pools_info
from api_server import run
from rolling import Running

TIMES = {"node_timeout": 60, "render_timeout": 20, "explain_after": 3}


def task(action: Any, lab: Any, **given: Any) -> dict[str, Any]:
    return run(action.ActionModule, {"kubeconfig": str(lab.kubeconfig), **given}, None)


def test_a_change_is_waited_for_until_every_node_has_it(lab, controllers, capsys):
    assert not task(node_pools_info, lab)["drift"]
    lab.apply({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "team"}})
    lab.new_pod("web", "worker-0")
    lab.hold("web", "web")
    controllers.steps = 2
    with Running(controllers):
        changed = task(
            cluster_registries, lab, blocked=["bad.example.com"], mirrors=[
                {"source": "quay.io/a", "mirrors": ["m.example.com/a"]}
            ],
        )  # fmt: skip
        assert changed["changed"], changed
        late = task(node_pools, lab, **TIMES, timeout=12)
        assert late.get("failed") and late["msg"].endswith("the timeout is over"), late
        held_up = "worker-0 is not empty yet: pod team/web: the PodDisruptionBudget team/web allows no eviction now"
        assert held_up in capsys.readouterr().out
        lab.let_go("web")
        done = task(node_pools, lab, **TIMES)
    assert done["verified"], done
    assert controllers.most_away["worker"] == 2
    assert not task(node_pools_info, lab)["drift"]
    assert task(node_pools, lab, **TIMES)["waited"] < 3


def test_pause_and_resume(lab, controllers):
    assert task(node_pools, lab, state="paused")["switched"] == ["master", "worker"]
    with Running(controllers):
        task(cluster_registries, lab, blocked=["bad.example.com"])
        time.sleep(2)
        seen = task(node_pools, lab, **TIMES)
        assert seen["failed"] and "state: resumed lifts it" in seen["msg"]
        assert task(node_pools, lab, state="resumed")["switched"] == ["master", "worker"]
        assert task(node_pools, lab, **TIMES)["verified"]
