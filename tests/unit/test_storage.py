# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage of hosts: options, layouts and what comes next, stages one after the other, and the program on hosts."""

from __future__ import annotations

import pytest
from ansible_collections.dockyard.openshift.plugins.action import container_storage, container_storage_info
from cases import cases
from disks import Host
from hosts import contents
from tasks import run

SETUP = "/etc/sysconfig/docker-storage-setup"


def host_of(case):
    told = {key: value for key, value in case.get("host", {}).items() if key not in ("down", "unsaid")}
    return Host({key: value for key, value in told.items() if not (key == "docker" and value is None)})


def asked_of(case, host, action=container_storage.ActionModule, **more):
    return run(action, case["asks"], [], module=host.module, **more).result


@pytest.mark.parametrize("case", cases("storage/bad.yml"))
def test_bad_options_are_refused_before_any_host_is_looked_at(case):
    host = Host({})
    result = asked_of(case, host)
    assert result["failed"] and result["msg"].startswith(case["error"]), result["msg"]
    assert "\n" not in result["msg"] and not host.calls


@pytest.mark.parametrize("case", cases("storage/layouts.yml", having="refused"))
def test_a_layout_is_refused_and_nothing_is_sent(case):
    host = host_of(case)
    result = asked_of(case, host)
    assert result.get("failed"), result["account"]
    assert case["refused"] in result["msg"], result["msg"]
    assert not host.transactions


@pytest.mark.parametrize("case", cases("storage/layouts.yml", having="stage"))
def test_what_comes_next(case):
    host = host_of(case)
    host.ends = [{"committed": False, "rolled_back": True, "changed": False, "reason": "stop here", "step": "act"}]
    checked = asked_of(case, host_of(case), check=True)
    assert not checked.get("failed"), checked["msg"]
    assert checked["storage"]["stage"] == case["stage"], checked["account"]
    assert checked["changed"] == bool(case["stage"])
    for kind in ("warned", "noted"):
        if kind in case:
            told = checked.get({"warned": "warnings", "noted": "notes"}[kind], [])
            assert any(case[kind] in text for text in told), told
    result = asked_of(case, host)
    assert bool(host.transactions) == bool(case["stage"]) and bool(result.get("failed")) == bool(case["stage"])
    if not host.transactions:
        return
    sent = host.transactions[0]
    if "devs" in case:
        assert f"DEVS='{case['devs']}'" in contents(sent)[SETUP] or f"DEVS={case['devs']}\n" in contents(sent)[SETUP]
    if "steps" in case:
        assert [each["name"] for each in sent["actions"]] == case["steps"]
    if "checks" in case:
        assert [each["name"] for each in sent["checks"]] == case["checks"]


@pytest.mark.parametrize("case", cases("storage/layouts.yml"))
def test_a_report_of_every_layout_changes_nothing_and_says_the_same(case):
    given = {key: value for key, value in case["asks"].items() if key not in ("activation", "confirm", "timeout")}
    host = host_of(case)
    result = run(container_storage_info.ActionModule, given, [], module=host.module).result
    if result.get("failed"):
        assert case["refused"] in result["msg"]
        return
    assert not host.transactions
    if "refused" in case and "containers here" not in case["refused"]:
        assert any(case["refused"] in text for text in result["problems"])
