# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where nodes, imports and builds of a cluster take an image."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import cluster_registries_info
from api_server import ApiServer, run, status
from cases import cases
from openshift4 import manifests


def cluster(case: dict[str, Any]) -> ApiServer:
    objects = manifests({"idms": case.get("idms") or {}, "itms": case.get("itms") or {}})
    image, version = objects[0], objects[1]
    version["status"]["desired"]["version"] = "4.18.3"
    image["spec"] = {"registrySources": case.get("lists", {}), "additionalTrustedCA": {"name": "cas"}}
    if "import" in case:
        image["spec"]["allowedRegistriesForImport"] = case["import"]
    server, place = ApiServer(), {"namespace": "openshift-config"}
    logins = {"auths": {name: {"auth": "dTpzZWNyZXQ="} for name in case.get("logins") or ()}}
    secret = {".dockerconfigjson": base64.b64encode(json.dumps(logins).encode()).decode()}
    server.put(
        *objects,
        {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "pull-secret", **place}, "data": secret},
        {
            "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "cas", **place},
            "data": dict.fromkeys(case.get("cas", ()), "x"),
            "binaryData": dict.fromkeys(case.get("binary", ()), "eA=="),
        },
    )  # fmt: skip
    if case.get("logins", ()) is None:
        refused = status(403, "Forbidden", "nobody may read it")
        server.faults.append(lambda method, path, body: refused if path.endswith("/pull-secret") else None)
    return server


@pytest.mark.parametrize("case", cases("cluster/pulls.yml"))
def test_where_an_image_comes_from(case: dict[str, Any]) -> None:
    server = cluster(case)
    found = run(cluster_registries_info.ActionModule, {"images": [case["image"]]}, server)
    if "refused" in case:
        assert found["failed"] and case["refused"] in found["msg"] and server.log == []
        return
    assert not found.get("failed"), found
    (answer,) = found["images"]
    name, *lines = answer["lines"]
    assert name == f"{case['image']}:"
    if "lines" in case:
        assert [line.strip() for line in lines] == case["lines"]
    assert lines[0].strip().startswith(case.get("begins", ""))
    assert {method for method, *_rest in server.log} == {"GET"} and "c2VjcmV0" not in json.dumps(found)


def test_without_images_nothing_more_is_read() -> None:
    server = cluster({})
    found = run(cluster_registries_info.ActionModule, {}, server)
    assert "images" not in found and not any("pull-secret" in path for _method, path, *_rest in server.log)
