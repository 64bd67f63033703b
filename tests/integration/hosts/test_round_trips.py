# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a host is called: once when nothing changes, twice when something does."""

from __future__ import annotations

import pytest
from test_quartet import EVERY_WORD


@pytest.fixture(params=["podman1", "origin1", "moby1"])
def node(request):
    return request.getfixturevalue(request.param)


def remote_calls(run) -> int:
    """Commands sent over ssh. With pipelining a module is one; as its interpreter is given, none looks for it."""
    return sum("SSH: EXEC" in line for line in run.output.splitlines())


def test_round_trips(controller, node):
    policy = EVERY_WORD[node.name]
    changing = controller.task(node, "container_registries", policy, "-vvv")
    assert changing.last["changed"], changing.output
    assert remote_calls(changing) == 2
    unchanged = controller.task(node, "container_registries", policy, "-vvv")
    assert not unchanged.last["changed"]
    assert remote_calls(unchanged) == 1
    foreseen = controller.task(node, "container_registries", policy | {"insecure": []}, "--check", "-vvv")
    assert foreseen.last["changed"]
    assert remote_calls(foreseen) == 1
