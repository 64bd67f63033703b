# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the role image_policy and mirrors_migrate.yml on a real API server, with nodes that roll."""

from __future__ import annotations

import pytest
from rolling import Running

from .conftest import REPOSITORY
from .test_playbooks import CORES, inventory, play

TIMES = {"node_timeout": 60, "render_timeout": 20, "explain_after": 3}
ROLLING = {f"image_policy_{name}": value for name, value in TIMES.items()}
POLICY = {"blocked": ["docker.io"], "mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]}


@pytest.mark.parametrize("core", CORES)
def test_check_run_check_run_verify(lab, controllers, tmp_path, core):
    token = lab.state["tokens"]["admin"]
    hosts = inventory(
        tmp_path, cluster_kubeconfig=str(lab.kubeconfig), registry_policy=POLICY, image_policy_pause=core == "2.19",
        image_policy_images=["quay.io/a/x:1"], **ROLLING,
    )  # fmt: skip
    with Running(controllers):
        for mode in (["--check"], []) * (2 if core == "2.19" else 1):
            done = play(core, tmp_path, "-i", hosts, REPOSITORY / "playbooks/image_policy.yml", *mode)
            assert done.returncode == 0, done.stdout + done.stderr
            assert "OpenShift 4.20.3: the policy is written to the cluster" in done.stdout
            assert token not in done.stdout + done.stderr
            pools = [lab.get("MachineConfigPool", name)["spec"].get("paused") for name in ("master", "worker")]
            assert not any(pools)
        verify = REPOSITORY / "playbooks/image_policy_verify.yml"
        done = play(core, tmp_path, "-i", hosts, verify, "-e", "verify_fail_on_drift=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pool worker: updated, 6 of 6 nodes done" in done.stdout and "quay.io/a/x:1 (source" in done.stdout
    assert lab.get("Image", "cluster")["spec"]["registrySources"] == {"blockedRegistries": ["docker.io"]}


def test_a_migration(lab, controllers, tmp_path):
    lab.apply({
        "apiVersion": "operator.openshift.io/v1alpha1", "kind": "ImageContentSourcePolicy", "metadata": {"name": "old"},
        "spec": {"repositoryDigestMirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]},
    })  # fmt: skip
    controllers.settle(8)
    times = {"mirrors_migrate_node_timeout": 60, "mirrors_migrate_render_timeout": 20}
    hosts = inventory(tmp_path, cluster_kubeconfig=str(lab.kubeconfig), **times)
    with Running(controllers):
        for mode in (["--check"], [], []):
            done = play("2.19", tmp_path, "-i", hosts, REPOSITORY / "playbooks/mirrors_migrate.yml", *mode)
            assert done.returncode == 0, done.stdout + done.stderr
            assert bool(lab.get("ImageContentSourcePolicy", "old")) is ("--check" in mode)
    assert "there is no ImageContentSourcePolicy to migrate" in done.stdout
    assert lab.get("ImageDigestMirrorSet", "old")["spec"]["imageDigestMirrors"][0]["source"] == "quay.io/a"
