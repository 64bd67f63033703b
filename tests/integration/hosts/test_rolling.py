# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/registries.yml over three hosts, one at a time, the middle one out of order."""

from __future__ import annotations

import pytest
import yaml
from conftest import INVENTORY, REPOSITORY, lab
from test_faults import assert_has
from test_quartet import POLICY

PLAYBOOK = REPOSITORY / "playbooks/registries.yml"
#: An address of the lab's network that nobody has.
DEAD = "10.99.77.250"


@pytest.fixture
def roll(controller, podman1, origin1, tmp_path):
    """Rolls POLICY over podman1, a dead host and origin1, in this order."""

    def run(*flags, order=("podman1", "dead", "origin1"), **variables):
        lab_inventory = yaml.safe_load(INVENTORY.read_text())["all"]
        addresses = {name: host["ansible_host"] for name, host in lab_inventory["hosts"].items()} | {"dead": DEAD}
        pythons = {node.name: node.python for node in (podman1, origin1)}
        hosts = {
            name: {"ansible_host": addresses[name], "ansible_python_interpreter": pythons.get(name, "/usr/bin/python3")}
            for name in order
        }
        shared = {
            **lab_inventory["vars"],
            "lab_cache": str(REPOSITORY / ".cache/lab"),
            "ansible_ssh_timeout": 2,
            "registry_policy": POLICY,
            **variables,
        }
        path = tmp_path / "hosts.yml"
        path.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": shared}}, sort_keys=False))
        return controller.playbook(PLAYBOOK, *flags, core="2.16", inventory=path)

    return run


#: The tasks of the last play.
REPORTS = ("Report hosts that have their registries", "Fail hosts that do not have them")


def account(run):
    """Return the line about each host that was started."""
    told = {}
    for line in run.results:
        if line["task"] in REPORTS and "msg" in line["result"]:
            message = line["result"]["msg"]
            told[line["host"]] = message[0] if isinstance(message, list) else message
    return told


NOT_STARTED = "1 of {} hosts failed ({}), 1 was not started (docker_registries_max_failures is 0)"


def flowing(run):
    """Return the output without the breaks that YAML puts into long lines."""
    return " ".join(run.output.split())


def test_an_unreachable_host_stops_the_run_before_the_next(roll, podman1, origin1):
    before = origin1.facts()
    run = roll()
    assert run.rc == 2
    told = account(run)
    assert told["podman1"] == "changed"
    assert told["dead"].startswith("unreachable: ") and DEAD in told["dead"]
    assert "origin1" not in told and NOT_STARTED.format(3, "dead") in flowing(run)
    assert_has(podman1, POLICY)
    assert origin1.facts() == before


def test_an_unreachable_host_that_is_allowed_for_stops_nothing_and_is_told(roll, podman1, origin1):
    run = roll(docker_registries_max_failures=1)
    assert run.rc == 2
    told = account(run)
    assert (told["podman1"], told["origin1"]) == ("changed", "changed, with restart docker.service")
    assert told["dead"].startswith("unreachable: ")
    for node in (podman1, origin1):
        assert_has(node, POLICY)


def test_a_failing_host_is_put_back_and_stops_the_run(roll, podman1, origin1):
    old = origin1.lists()
    lab("fault", "origin1", "docker-dies-on", "untrusted.lab.example")
    run = roll(order=("origin1", "podman1"))
    assert run.rc == 2
    told = account(run)
    assert told["origin1"].startswith("failed: restart docker.service: ")
    assert told["origin1"].endswith("everything is as it was before")
    assert "podman1" not in told and NOT_STARTED.format(2, "origin1") in flowing(run)
    assert origin1.lists() == old
    assert "90-dockyard.conf" not in podman1.facts()


def test_failed_and_unreachable_count_together(roll, podman1, origin1):
    lab("fault", "origin1", "docker-dies-on", "untrusted.lab.example")
    run = roll(order=("dead", "origin1", "podman1"), docker_registries_max_failures=1)
    assert run.rc == 2
    told = {host: message.split(":")[0] for host, message in account(run).items()}
    assert told == {"dead": "unreachable", "origin1": "failed"}
    assert "90-dockyard.conf" not in podman1.facts()
