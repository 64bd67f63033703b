# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/site.yml, plan.yml and verify.yml: everything in its order, and a report at the end whatever happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import UNREACHABLE, Outcome

CASES = yaml.safe_load((Path(__file__).resolve().parents[2] / "data/playbook/site.yml").read_text())
Play = Callable[..., Outcome]
POLICY = {"registry_policy": {"search": ["a.example.com"]}}
OF_STORAGE = {"node_storage_mode": "grow", "node_storage_devices": "/dev/vdc"}
OF_MASTERS = {"openshift_master_image_policy_config": {"disableScheduledImport": True}, "openshift_release": "v3.11"}


def inventory(case: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return hosts and groups of a case."""
    hosts: dict[str, Any] = {}
    silent = case.get("silent", ())
    for name, fate in case.get("hosts", {}).items():
        hosts[name] = {**POLICY, "fate": "same" if fate in ("unreachable", "drift") else fate, "drift": fate == "drift"}
        hosts[name]["cluster_fate"] = "same"  # of the registry that a master speaks for
        hosts[name] |= UNREACHABLE if fate == "unreachable" else {}
        hosts[name] |= OF_MASTERS if name in case.get("masters", ()) and name not in silent else {}
        hosts[name] |= OF_STORAGE if name in case.get("storage", ()) else {}
    groups = {"nodes": {"hosts": dict.fromkeys(hosts)}} if hosts else {}
    groups |= {"masters": {"hosts": dict.fromkeys(case["masters"])}} if "masters" in case else {}
    policies = {name: {} if name in silent else POLICY for name in case.get("clusters", {})}
    clusters = {name: {**policies[name], "cluster_fate": fate} for name, fate in case.get("clusters", {}).items()}
    groups |= {"clusters": {"hosts": dict.fromkeys(clusters)}} if clusters else {}
    for group, found in case.get("vars_of", {}).items():
        groups[group]["vars"] = found
    return hosts | clusters, groups


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_everything(play: Play, tmp_path: Path, case: dict[str, Any]) -> None:
    page, metrics = tmp_path / "page.html", tmp_path / "registries.prom"
    hosts, groups = inventory(case)
    wanted = ("-e", f"plan_page={page}", "-e", f"plan_metrics={metrics}")
    outcome = play(case["playbook"], hosts, *case.get("args", []), *wanted, vars=case.get("vars", {}), groups=groups)

    calls = [call for call in outcome.calls if call["task"] != "registry_policy"]
    touched = [" ".join((call["task"], f"({call['host']})" if call.get("check") else call["host"])) for call in calls]
    # where a play has no batches, its hosts are asked side by side
    in_order = list if case["playbook"] == "site" and len(case.get("masters", ())) < 2 else sorted
    assert in_order(touched) == in_order(case["touched"]), outcome.output
    report = json.loads(page.with_suffix(".json").read_text())
    assert {one["name"]: one["outcome"] for one in report["subjects"]} == case["stands"], outcome.output
    assert outcome.rc == case["rc"], outcome.output
    assert report["check_mode"] is (case["playbook"] != "site" or "--check" in case.get("args", []))
    kinds = {name: "cluster" if name in case.get("clusters", ()) else "host" for name in case["stands"]}
    account = outcome.output.partition("PLAY [Report on every host and cluster]")[2]
    assert all(f'"{name} ({kind})' in account for name, kind in kinds.items()), account
    assert page.read_text().startswith("<!doctype html>")
    assert all(f'name="{name}"' in metrics.read_text() for name in case["stands"])


def test_the_report_is_told_though_the_page_cannot_be_written(play: Play) -> None:
    hosts = {"n1": {**POLICY, "fate": "same"}, "n2": {**POLICY, "fate": "failed"}}
    outcome = play("site", hosts, "-e", "plan_page=plan", groups={"nodes": {"hosts": dict.fromkeys(hosts)}})
    assert outcome.rc == 2 and '"n1 (host): as asked' in outcome.output, outcome.output
    assert '"msg": "page: plan does not end in .html' in outcome.output and "; n2: the engine did" in outcome.output


def test_no_page_is_written_unless_it_is_asked_for(play: Play, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    outcome = play("plan", {"n1": {**POLICY, "fate": "same"}}, groups={"nodes": {"hosts": {"n1": None}}})
    ours = ("ansible", "ansible.cfg", "calls", "hosts.yml")
    left = sorted(path.name for path in tmp_path.iterdir() if path.name not in ours)
    assert outcome.rc == 0 and left == before, outcome.output
