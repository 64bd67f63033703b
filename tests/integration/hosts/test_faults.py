# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What breaks while a host is changed: afterwards it has the old policy or the new one as a whole, and says so."""

from __future__ import annotations

import pytest
from conftest import MOMENTS
from test_quartet import POLICY

OTHER = {
    "search": ["plain.lab.example:5001"],
    "blocked": ["registry.lab.example:5000"],
    "insecure": ["plain.lab.example:5001"],
}
#: Registries that the engine has besides ours.
ALSO_SEARCHED = {"podman1": [], "origin1": ["docker.io"]}
WRITING = [moment for moment in MOMENTS if moment not in ("reading", "before the commit")]


@pytest.fixture(params=["podman1", "origin1"])
def node(request):
    return request.getfixturevalue(request.param)


def assert_has(node, policy):
    """The engine has this policy as a whole, and nothing is left of what was interrupted."""
    wanted = {word: sorted(items) for word, items in policy.items()}
    assert node.lists() == wanted | {"search": policy["search"] + ALSO_SEARCHED[node.name]}
    assert node.leftovers() == ""


def moments_of(*moments):
    """Each of these moments on each node; podman1 has nothing to restart."""
    return [
        pytest.param(moment, node, id=f"{moment} {node}")
        for moment in moments
        for node in ALSO_SEARCHED
        if (moment, node) != ("restarting", "podman1")
    ]


# -- the module is killed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "node"), moments_of(*WRITING), indirect=["node"])
def test_killed_then_run_again(controller, node, moment):
    node.stop_at(moment)
    started = controller.begin(node, POLICY, POLICY, POLICY)
    node.go_on(f"kill -9 {node.stopped()}")
    killed, again, unchanged = controller.ended(started).tasks
    assert killed["msg"] == "the module was cut off on the host; the next run puts that right"
    assert again["changed"] and "an earlier run was cut off" in again["plan"]["text"], again
    assert not unchanged["changed"], unchanged
    assert_has(node, POLICY)


def killed_at(controller, node, moment, policy=POLICY):
    node.stop_at(moment)
    started = controller.begin(node, policy)
    node.go_on(f"kill -9 {node.stopped()}")
    assert controller.ended(started).rc == 2


def test_killed_then_check_mode_says_so_and_changes_nothing(controller, origin1):
    killed_at(controller, origin1, "renamed")
    before = origin1.facts(), origin1.sh("ls -l /var/lib/dockyard; systemctl show -p MainPID docker")
    foreseen = controller.task(origin1, "container_registries", POLICY, "--check")
    assert foreseen.last["changed"] and "interrupted transaction" in foreseen.last["plan"]["text"]
    assert (origin1.facts(), origin1.sh("ls -l /var/lib/dockyard; systemctl show -p MainPID docker")) == before


@pytest.mark.parametrize("moment", ["renamed", "restarted"])
def test_killed_then_run_with_another_policy(controller, node, moment):
    killed_at(controller, node, moment)
    other, unchanged = controller.tasks(node, OTHER, OTHER).tasks
    assert other["changed"] and not unchanged["changed"]
    assert_has(node, OTHER)


@pytest.mark.parametrize("origin1", ["registries-toml"], indirect=True)
def test_killed_while_the_generated_file_is_made(controller, origin1):
    """Two services: registries.service was restarted, docker was not."""
    killed_at(controller, origin1, "restarting")
    again, unchanged = controller.tasks(origin1, POLICY, POLICY).tasks
    assert again["changed"] and not unchanged["changed"]
    assert_has(origin1, POLICY)
