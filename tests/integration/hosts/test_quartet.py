# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check, run, check, run: says what it will do, does it, then finds nothing to do; on every engine and connection."""

from __future__ import annotations

import re

import pytest

POLICY = {
    "search": ["registry.lab.example:5000", "plain.lab.example:5001"],
    "blocked": ["untrusted.lab.example:5002"],
    "insecure": ["registry.lab.example:5000", "plain.lab.example:5001"],
}
HUB_MIRROR = {"source": "docker.io", "mirrors": ["mirror.lab.example:5003"]}
#: What upstream's docker can do.
MOBY_POLICY = {
    "insecure": ["plain.lab.example:5001", "mirror.lab.example:5003"],
    "mirrors": [HUB_MIRROR],
}
#: Every word that the engine of a node knows; the allow-list has tests of its own.
EVERY_WORD = {
    "podman1": POLICY
    | {
        "mirrors": [HUB_MIRROR, {"source": "quay.io/a", "mirrors": ["mirror.lab.example:5003/a"], "pull": "digest"}],
        "aliases": {"greeting": "plain.lab.example:5001/apps/hello"},
        "short_name_mode": "permissive",
    },
    "origin1": POLICY | {"mirrors": [HUB_MIRROR]},
    "moby1": MOBY_POLICY,
}
EMPTIED = ("search", "blocked", "allowed", "insecure", "mirrors")
MIRRORS_SHOWN = ["https://mirror.lab.example:5003/", "http://mirror.lab.example:5003/"]
CONNECTIONS = {"ssh": {}, "container": {"ansible_connection": "containers.podman.podman"}}
VARIANTS = ("sysconfig", "registries-yaml", "registries-toml")


def quartet(controller, node, options, connection):
    variables = CONNECTIONS[connection] | ({"ansible_host": node.name} if connection == "container" else {})
    before = node.facts()
    foreseen = controller.task(node, "container_registries", options, "--check", "--diff", variables=variables)
    assert foreseen.rc == 0, foreseen.output
    assert node.facts() == before, "check mode wrote something"
    done = controller.task(node, "container_registries", options, "--diff", variables=variables)
    assert done.rc == 0, done.output
    assert foreseen.last["changed"] and done.last["changed"]
    assert foreseen.last["diff"] == done.last["diff"]
    assert foreseen.last["plan"]["id"] == done.last["plan"]["id"]
    assert foreseen.last["plan"]["changes"] == done.last["plan"]["changes"]
    assert foreseen.last["plan"]["text"].startswith(done.last["plan"]["text"])
    assert "not checked yet: " in foreseen.last["plan"]["text"]
    after = node.facts()
    for flags in (("--check", "--diff"), ("--diff",)):
        again = controller.task(node, "container_registries", options, *flags, variables=variables)
        assert again.rc == 0, again.output
        assert not again.last["changed"]
        assert again.last["diff"] == []
        assert node.facts() == after
    return done.last


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_podman(controller, podman1, connection):
    result = quartet(controller, podman1, EVERY_WORD["podman1"], connection)
    assert [engine["name"] for engine in result["engines"]] == ["containers"]
    shown = podman1.sh("podman info --format '{{json .Registries}}'")
    assert '"search":["registry.lab.example:5000","plain.lab.example:5001"]' in shown


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("origin1", VARIANTS, indirect=True)
def test_docker_of_red_hat(controller, origin1, connection):
    result = quartet(controller, origin1, EVERY_WORD["origin1"], connection)
    assert [engine["name"] for engine in result["engines"]] == ["docker-fork"]
    info = origin1.sh("docker info")
    assert re.search(
        r"^Registries: registry.lab.example:5000 \(insecure\), plain.lab.example:5001 \(insecure\), docker.io",
        info,
        re.M,
    )


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_docker_of_upstream(controller, moby1, connection):
    result = quartet(controller, moby1, MOBY_POLICY, connection)
    assert [engine["name"] for engine in result["engines"]] == ["docker"]
    assert moby1.lists() == {"insecure": sorted(MOBY_POLICY["insecure"]), "mirrors": MIRRORS_SHOWN}


def test_a_policy_that_blocks_all_but_its_own(controller, podman1):
    quartet(
        controller,
        podman1,
        {
            "search": "plain.lab.example:5001",
            "insecure": "plain.lab.example:5001",
            "blocked": "all",
            "allowed": "mirror.lab.example:5003/team",
        },
        "ssh",
    )


def test_an_emptied_policy_leaves_nothing(controller, podman1):
    before = podman1.facts()
    controller.task(podman1, "container_registries", EVERY_WORD["podman1"] | {"blocked": "all", "allowed": "quay.io/a"})
    quartet(controller, podman1, {word: [] for word in EMPTIED} | {"aliases": {}}, "ssh")
    gone = controller.task(podman1, "container_registries_info", {})
    assert gone.last["engines"][0]["blocked"] == []
    kept = [line for line in podman1.facts().splitlines() if "dockyard" not in line and "policy.json" not in line]
    assert kept == [line for line in before.splitlines() if "policy.json" not in line]
