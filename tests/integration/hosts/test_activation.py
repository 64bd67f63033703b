# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When docker is restarted, when it is not, and what is said where it has to wait."""

from __future__ import annotations

import pytest
from test_faults import OTHER, assert_has
from test_quartet import POLICY

PENDING = "docker (Red Hat's fork): restart docker.service is needed before the policy is in force, and was deferred"
BUSY = (
    "docker (Red Hat's fork): restart docker.service would take down 2 running container(s); "
    "drain the host, or set activation to now or defer"
)
VARIANTS = pytest.mark.parametrize("origin1", ["sysconfig", "registries-toml"], indirect=True)


@pytest.fixture
def busy(origin1):
    """origin1 with two running containers."""
    origin1.sh("docker pull plain.lab.example:5001/apps/hello:1", check=False)
    origin1.sh("echo 'INSECURE_REGISTRY=\"--insecure-registry plain.lab.example:5001\"' >> /etc/sysconfig/docker")
    origin1.sh("systemctl restart docker; docker pull plain.lab.example:5001/apps/hello:1")
    origin1.sh("for n in 1 2; do docker run -d plain.lab.example:5001/apps/hello:1; done")
    return origin1


def daemon(node):
    return node.sh("systemctl show -p MainPID docker.service")


def test_a_busy_host_is_refused_before_anything_is_written(controller, busy):
    before = busy.facts(), daemon(busy)
    refused, foreseen = controller.tasks(busy, POLICY, POLICY, "--check").tasks
    run = controller.task(busy, "container_registries", POLICY)
    assert run.rc == 2 and run.last["msg"] == refused["msg"] == foreseen["msg"] == BUSY
    assert (busy.facts(), daemon(busy)) == before
    assert busy.sh("docker ps -q | wc -l") == "2\n"


def test_now_restarts_under_running_containers(controller, busy):
    before = daemon(busy)
    assert controller.task(busy, "container_registries", POLICY | {"activation": "now"}).rc == 0
    assert daemon(busy) != before
    assert_has(busy, POLICY)


def test_live_restore_lets_the_restart_pass(controller, busy):
    busy.sh('sed -i "s/^OPTIONS=\'/&--live-restore /" /etc/sysconfig/docker; systemctl restart docker')
    busy.sh("docker start $(docker ps -qa)", check=False)
    while int(busy.sh("docker ps -q | wc -l")) < 2:
        busy.sh("docker run -d plain.lab.example:5001/apps/hello:1")
    run = controller.task(busy, "container_registries", POLICY)
    assert run.rc == 0, run.output
    assert busy.sh("docker ps -q | wc -l") == "2\n"
    assert_has(busy, POLICY)


@VARIANTS
def test_every_run_reports_a_deferred_restart_until_it_happened(controller, origin1):
    before, old = daemon(origin1), origin1.lists()
    deferred = POLICY | {"activation": "defer"}
    first, second = controller.tasks(origin1, deferred, deferred).tasks
    assert first["changed"] and first["pending"] == [PENDING]
    assert not second["changed"] and second["pending"] == [PENDING]
    assert daemon(origin1) == before and origin1.lists() == old
    origin1.sh("systemctl restart docker")
    assert_has(origin1, POLICY)
    third = controller.task(origin1, "container_registries", deferred).last
    assert not third["changed"] and third["pending"] == []


@VARIANTS
def test_deferred_is_done_by_a_run_that_does_not_defer(controller, origin1):
    deferred, done, unchanged = controller.tasks(origin1, POLICY | {"activation": "defer"}, POLICY, POLICY).tasks
    assert deferred["changed"] and done["changed"] and not unchanged["changed"]
    assert [change["what"] for change in done["plan"]["changes"]][-1] == "restart docker.service"
    assert_has(origin1, POLICY)


@pytest.mark.parametrize("origin1", ["registries-toml"], indirect=True)
def test_lists_that_only_move_restart_nothing(controller, origin1):
    """From sysconfig to registries.conf; and the next start of docker finds them there."""
    flags = {"ADD_REGISTRY": "search", "BLOCK_REGISTRY": "blocked", "INSECURE_REGISTRY": "insecure"}
    for variable, word in flags.items():
        flag = "--" + variable.lower().replace("_", "-")
        value = " ".join(f"{flag} {item}" for item in POLICY[word])
        origin1.sh(f"echo '{variable}=\"{value}\"' >> /etc/sysconfig/docker")
    origin1.sh("sed -i \"s/'docker.io'//\" /etc/containers/registries.conf; systemctl restart registries docker")
    assert_has(origin1, POLICY)
    before = daemon(origin1)
    moved, unchanged = controller.tasks(origin1, POLICY, POLICY).tasks
    assert moved["changed"] and moved["plan"]["disruption"] == "none"
    assert not unchanged["changed"]
    assert "--add-registry" not in origin1.sh("grep -v ^# /etc/sysconfig/docker")
    assert daemon(origin1) == before
    origin1.sh("systemctl restart docker")
    assert_has(origin1, POLICY)


def test_only_the_expected_plan_is_applied(controller, origin1):
    foreseen = controller.task(origin1, "container_registries", POLICY, "--check").last["plan"]["id"]
    before = origin1.facts()
    refused, applied, unchanged = controller.tasks(
        origin1,
        OTHER | {"expect_plan": foreseen},
        POLICY | {"expect_plan": foreseen},
        POLICY | {"expect_plan": foreseen},
    ).tasks
    assert refused["msg"].startswith(f"expect_plan is {foreseen}, but the plan for this host is now ")
    assert refused["msg"].endswith("; nothing was changed")
    assert applied["changed"] and applied["plan"]["id"] == foreseen
    assert not unchanged["changed"]
    assert origin1.facts() != before
    assert_has(origin1, POLICY)
