# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way from OpenShift 3 to 4: lists of a node, variables, objects of a cluster, files of its nodes, pulls."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import cluster_registries
from ansible_collections.dockyard.openshift.plugins.filter.mco_node_files import mco_node_files
from ansible_collections.dockyard.openshift.plugins.filter.migrate_3_to_4 import migrate_3_to_4
from ansible_collections.dockyard.openshift.plugins.filter.pull_sources import pull_sources
from api_server import KINDS, ApiServer, run
from cases import cases
from test_cluster_registries import STOCK

CASES = cases("migration/way.yml")


def node_files(case: dict[str, Any]) -> dict[str, str]:
    """Bring what a node of 3 has to a cluster of 4 in memory. Returns the files of its nodes."""
    made = migrate_3_to_4({"nodes": {"n1": {"engines": case["engines"]}}})
    objects = [{"apiVersion": KINDS[one["kind"]].api_version, **copy.deepcopy(one)} for one in STOCK]
    server = ApiServer().put(*objects)
    result = run(cluster_registries.ActionModule, {"from_variables": True}, server, variables=made["variables"])
    assert not result.get("failed"), result["msg"]
    found = mco_node_files(list(server.objects.values()), "4.18")
    assert found["error"] is None, found
    return found["files"]


def outcome(image: str, files: dict[str, str]) -> str:
    """Return how an image comes to a node with these files: secure or insecure; "" when it does not."""
    conf, policy = files.get("/etc/containers/registries.conf", ""), files.get("/etc/containers/policy.json")
    (candidate,) = pull_sources(image, conf, policy=policy)["candidates"]
    rejected = candidate["policy"] and any(each["type"] == "reject" for each in candidate["policy"]["requirement"])
    asked = [place for place in candidate["endpoints"] if not place["blocked"]]
    if candidate["refused"] or rejected or not asked:
        return ""
    return "insecure" if asked[0]["insecure"] else "secure"


@pytest.mark.parametrize("case", CASES)
def test_what_could_be_pulled_can_be_pulled_and_what_was_blocked_is_blocked(case: dict[str, Any]) -> None:
    files = node_files(case)
    assert {image: outcome(image, files) for image in case["comes"]} == case["comes"]
    assert [image for image in case["refused"] if outcome(image, files)] == []
