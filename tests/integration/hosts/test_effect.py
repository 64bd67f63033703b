# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real clients do once a policy is in place: pulls by short name, refusals, plain HTTP."""

from __future__ import annotations

import pytest
from test_quartet import POLICY

CLIENTS = {"podman1": "podman pull --retry 0", "origin1": "docker pull"}
REFUSED = {"podman1": "is blocked in", "origin1": "All endpoints blocked."}


@pytest.fixture(params=CLIENTS)
def node(request):
    return request.getfixturevalue(request.param)


def pull(node, image: str) -> str:
    command = CLIENTS[node.name].replace(" --retry 0", "")
    return node.sh(f"{command} {image} && echo PULLED", check=False)


def test_lists_at_work(controller, node):
    assert "PULLED" not in pull(node, "apps/hello:1")
    assert "PULLED" not in pull(node, "registry.lab.example:5000/tools/hello:1")
    assert controller.task(node, "container_registries", POLICY).rc == 0
    assert "PULLED" in pull(node, "tools/hello:1"), "a short name, from a registry with TLS and a password"
    assert "PULLED" in pull(node, "plain.lab.example:5001/apps/hello:1"), "plain HTTP"
    assert REFUSED[node.name] in pull(node, "untrusted.lab.example:5002/evil/hello:1")


def test_all_but_the_searched_are_blocked(controller, node):
    policy = {"search": ["plain.lab.example:5001"], "blocked": "all", "insecure": POLICY["insecure"]}
    assert controller.task(node, "container_registries", policy).rc == 0
    assert "PULLED" in pull(node, "plain.lab.example:5001/apps/hello:1")
    refusal = pull(node, "registry.lab.example:5000/tools/hello:1")
    assert "All endpoints blocked." in refusal or "is rejected by policy" in refusal


def test_under_all_local_images_still_load_and_run(controller, podman1):
    image = "plain.lab.example:5001/apps/hello:1"
    podman1.sh(f"podman pull {image} --tls-verify=false && podman save -o /tmp/hello.tar {image}")
    assert (
        controller.task(podman1, "container_registries", {"search": ["registry.lab.example:5000"], "blocked": "all"}).rc
        == 0
    )
    assert "Loaded image" in podman1.sh("rm -rf /tmp/hello; podman load -i /tmp/hello.tar; rm /tmp/hello.tar")


def test_the_report_agrees_with_the_engine(controller, node):
    controller.task(node, "container_registries", POLICY)
    found = controller.task(
        node, "container_registries_info", POLICY | {"query": "engines[0].[blocked, insecure] | []"}
    ).last
    assert found["drift"] is False and found["problems"] == []
    assert found["engines"][0]["search"][:2] == POLICY["search"]
    assert sorted(found["selected"]) == sorted(POLICY["blocked"] + POLICY["insecure"])
    drifted = controller.task(node, "container_registries_info", POLICY | {"blocked": ["docker.io"]}).last
    assert drifted["drift"] is True and drifted["changed"] is False
