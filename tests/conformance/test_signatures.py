# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real signatures: images are signed and pulled by containers/image, with the files that hosts and nodes are given.

Debian 12's own podman and skopeo cannot do that (docs/lessons.md); Debian 13's do, in test_signatures.py of the hosts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import manifests, node_files
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Request
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers import Containers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.draft import DROP_IN
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.signatures import FILE
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from cases import cases
from hosts import host

from .conftest import Program

ACCEPT = '{"default": [{"type": "insecureAcceptAnything"}]}'
PAYLOAD = "quay.io/openshift-release-dev/ocp-release"
STOCK: list[dict[str, Any]] = [
    {"kind": "Image", "metadata": {"name": "cluster"}, "spec": {}},
    {
        "kind": "ClusterVersion", "metadata": {"name": "version"},
        "status": {"desired": {"image": f"{PAYLOAD}@sha256:{'a' * 64}"}},
    },
]  # fmt: skip
TABLE = cases("signatures/pulls.yml")

Files = dict[str, str]


@pytest.fixture(scope="module")
def signer(programs: None) -> Iterator[tuple[Program, dict[str, str]]]:
    """A registry with signed images, and what HERE, ONE and TWO stand for."""
    program = Program("signatures")
    assert program.process.stdout
    start = json.loads(program.process.stdout.readline())
    yield program, {"HERE": start["registry"], "ONE": start["keys"][0], "TWO": start["keys"][1]}
    program.end()


@pytest.mark.parametrize("case", TABLE)
def test_a_host_takes_what_is_signed_and_nothing_else(case: dict[str, Any], signer: Any) -> None:
    program, texts = signer
    agrees(program, with_texts(case, texts), host_files(with_texts(case["policy"], texts)), texts["HERE"])


@pytest.mark.parametrize("case", [one for one in TABLE if not one.values[0].get("hosts_only")])
@pytest.mark.parametrize("release", ["4.17", "4.20"])
def test_a_node_of_openshift_4_does_the_same(case: dict[str, Any], release: str, signer: Any) -> None:
    program, texts = signer
    agrees(program, with_texts(case, texts), cluster_files(with_texts(case["policy"], texts), release), texts["HERE"])


def agrees(program: Program, case: dict[str, Any], files: Files, here: str) -> None:
    outcome = {image: pulled(program, files, image, here) for image in (*case["comes"], *case["refused"])}
    assert [image for image in case["comes"] if outcome[image]] == [], outcome
    for image in case["refused"]:
        assert "signature" in outcome[image] or "rejected" in outcome[image], outcome


def pulled(program: Program, files: Files, image: str, here: str) -> str:
    """Pull an image. Returns why it does not come, "" when it does."""
    question = {"policy": files["policy"], "places": {"x.yaml": files["places"]}, "main": files["main"], "image": image}
    return program.ask(question)["error"]


def host_files(words: dict[str, Any]) -> Files:
    """Return what the collection writes on a host with podman 5."""
    answers = {"skopeo.version": "", "buildah.version": ""}
    answers["podman.info"] = json.dumps({"version": {"Version": "5.4.0"}})
    seen = host({"/etc/containers/policy.json": ACCEPT}, answers)
    seen.directories["/etc/containers/registries.d"] = {"state": "directory", "entries": []}
    found = Containers().desired(seen, read_policy(words), Request())
    assert not (found.refusals or found.unenforceable), found
    edits = {edit.path: edit.text or "" for edit in found.edits}
    return {"policy": edits["/etc/containers/policy.json"], "places": edits[FILE], "main": edits.get(DROP_IN, "")}


def cluster_files(words: dict[str, Any], release: str) -> Files:
    """Return what the machine-config-operator writes on nodes, as the forecast has it."""
    objects = manifests.of_policy(read_policy(words), release, payload=[PAYLOAD]).objects
    objects = [{**one, "spec": without_nulls(one["spec"])} for one in objects]
    found = node_files.of_manifests(STOCK + objects, release)
    assert not found.error, found
    files = found.files
    places = files["/etc/containers/registries.d/sigstore-registries.yaml"]
    policy = files["/etc/containers/policy.json"]
    return {"policy": policy, "places": places, "main": files.get("/etc/containers/registries.conf", "")}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


def with_texts(value: Any, texts: dict[str, str]) -> Any:
    """The value with what HERE, ONE and TWO stand for."""
    if isinstance(value, dict):
        return {key: with_texts(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [with_texts(item, texts) for item in value]
    if isinstance(value, str):
        return texts.get(value, value.replace("HERE", texts["HERE"]))
    return value
