# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last plan is taken back by its id, and everything of ours goes: real files and engines are what they were."""

from __future__ import annotations

import pytest
from conftest import lab
from test_quartet import EVERY_WORD
from test_trust import CA

NODES = ("podman1", "origin1", "moby1")


def facts(node) -> str:
    """Describe the node, without the journal that tells how to take the last plan back."""
    return "\n".join(line for line in node.facts().splitlines() if "/var/lib/dockyard" not in line)


@pytest.fixture(params=NODES)
def node(request):
    return request.getfixturevalue(request.param)


def test_taken_back_and_brought_again(controller, node):
    before, lists = facts(node), node.lists()
    done = controller.task(node, "host_policy", EVERY_WORD[node.name])
    assert done.rc == 0 and done.last["changed"], done.output
    plan = done.last["plan"]["id"]
    changed, changed_lists = facts(node), node.lists()
    assert changed != before and changed_lists != lists

    foreseen = controller.task(node, "host_policy", {"undo": [plan]}, "--check", "--diff")
    assert foreseen.rc == 0 and foreseen.last["changed"] and facts(node) == changed, foreseen.output
    back = controller.task(node, "host_policy", {"undo": [plan]}, "--diff")
    assert back.rc == 0 and back.last["changed"] and back.last["diff"] == foreseen.last["diff"], back.output
    assert (facts(node), node.lists()) == (before, lists)
    again = controller.task(node, "host_policy", {"undo": [plan]})
    assert again.rc == 0 and not again.last["changed"], again.output

    forth = controller.task(node, "host_policy", {"undo": [back.last["plan"]["id"]]})
    assert forth.rc == 0 and forth.last["changed"], forth.output
    assert (facts(node), node.lists()) == (changed, changed_lists)
    nothing = controller.task(node, "host_policy", EVERY_WORD[node.name])
    assert nothing.rc == 0 and not nothing.last["changed"], nothing.output


def links_that_lead_nowhere(node) -> str:
    return node.sh("find /etc/ssl/certs -xtype l 2>/dev/null; true")


def test_everything_of_ours_goes(controller, node):
    before, lists = facts(node), node.lists()
    policy = EVERY_WORD[node.name] | {"trust": [{"registry": "registry.lab.example:5000", "ca_file": str(CA)}]}
    assert controller.task(node, "host_policy", policy | {"scope": "both"}).rc == 0
    done = controller.task(node, "host_policy", {"state": "absent"})
    assert done.rc == 0 and done.last["changed"], done.output
    assert node.lists() == lists
    if node.name != "moby1":  # a running upstream docker would keep a list whose key is gone, so empty ones stay
        assert facts(node) == before
    left = "ls -d /var/lib/dockyard 2>/dev/null; find /etc -xdev -name '*dockyard*' ! -name dockyard-lab; true"
    assert node.sh(left) == ""
    assert links_that_lead_nowhere(node) == ""
    again = controller.task(node, "host_policy", {"state": "absent"})
    assert again.rc == 0 and not again.last["changed"], again.output


def test_what_a_person_changed_since_is_not_taken_back(controller, podman1):
    done = controller.task(podman1, "host_policy", EVERY_WORD["podman1"])
    podman1.sh("echo '# mine' >> /etc/containers/registries.conf.d/90-dockyard.conf")
    changed = podman1.facts()
    back = controller.task(podman1, "host_policy", {"undo": [done.last["plan"]["id"]]})
    assert back.rc == 2 and "changed since plan" in back.last["msg"] and podman1.facts() == changed


def test_an_engine_that_does_not_come_back_keeps_the_plan(controller, origin1):
    """Taking back is a transaction like every other: whole or not at all."""
    flag = "--insecure-registry old.example.com"
    origin1.sh(f"sed -i \"s/^OPTIONS='/&{flag} /\" /etc/sysconfig/docker; systemctl restart docker")
    done = controller.task(origin1, "host_policy", {"insecure": ["plain.lab.example:5001"]})
    assert done.rc == 0, done.output
    changed, lists = origin1.facts(), origin1.lists()
    lab("fault", "origin1", "docker-dies-on", "old.example.com")
    back = controller.task(origin1, "host_policy", {"undo": [done.last["plan"]["id"]]})
    assert back.rc == 2 and back.last["rolled_back"], back.output
    assert back.last["msg"].startswith("restart docker.service: ") and "as it was before" in back.last["msg"]
    assert (origin1.facts(), origin1.lists()) == (changed, lists)
