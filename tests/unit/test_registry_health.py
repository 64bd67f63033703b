# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wait for the registry of OpenShift 4 still waits for, in one sentence, and when it is done."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry import health
from cases import cases


def config_of(case: dict[str, Any]) -> dict[str, Any]:
    spec = {"managementState": "Managed", "replicas": 2, "storage": {"s3": {"bucket": "b", "region": "r"}}}
    told = {"Available": ["True"], **case.get("conditions", {})}
    conditions = [
        dict(zip(("type", "status", "reason", "message"), (name, *about), strict=False))
        for name, about in told.items()
        if about
    ]
    status = {"observedGeneration": case.get("seen", 2), "conditions": conditions}
    return {"metadata": {"generation": 2}, "spec": spec | case.get("spec", {}), "status": status}


def deployment_of(case: dict[str, Any]) -> dict[str, Any] | None:
    told = case.get("deployment", {})
    if told is False:
        return None
    env = told.get("env", {"STORAGE": "s3", "STORAGE_S3_BUCKET": "b", "STORAGE_S3_REGION": "r"})
    container = {"env": [{"name": f"REGISTRY_{name}", "value": value} for name, value in env.items()]}
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": name}} for name in told.get("claims", ())]
    counts = dict(zip(("updatedReplicas", "availableReplicas", "replicas"), told.get("counts", (2, 2, 2)), strict=True))
    pod = {"containers": [{}, container], "volumes": [{"name": "x", "secret": {}}, *volumes]}
    return {
        "metadata": {"generation": 5}, "status": {"observedGeneration": 5 if told.get("seen", 2) == 2 else 4, **counts},
        "spec": {"replicas": told.get("replicas", 2), "template": {"spec": pod}},
    }  # fmt: skip


@pytest.mark.parametrize("case", cases("cluster/image_registry_waits.yml"))
def test_what_is_waited_for(case: dict[str, Any]) -> None:
    config = config_of(case)
    assert (health.missing(config) or health.not_rolled_out(config, deployment_of(case))) == case.get("says", "")
