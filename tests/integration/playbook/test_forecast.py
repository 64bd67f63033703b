# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of forecasts and its filters in ansible-playbook, with both cores."""

from __future__ import annotations

import json

import pytest

from .conftest import CORES, REPOSITORY, ansible_playbook

CLUSTER = "tests/data/openshift4/cluster.yml"


@pytest.fixture(params=CORES)
def forecast(request, tmp_path):
    """forecast(variables) runs the playbook with the real collection."""

    def run(**variables):
        (tmp_path / "variables.json").write_text(json.dumps({"forecast_manifests": CLUSTER} | variables))
        return ansible_playbook(
            request.param,
            tmp_path,
            "playbooks/forecast.yml",
            "-e",
            f"@{tmp_path / 'variables.json'}",
            ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg",
        )

    return run


def test_the_release_of_the_cluster_counts(forecast):
    run = forecast()
    assert run.returncode == 0, run.stdout
    assert "Forecast for OpenShift 4.19" in run.stdout and "no file changes" in run.stdout


def test_a_policy_and_releases(forecast, tmp_path):
    (tmp_path / "proposed.yml").write_text("---\n---\napiVersion: v1\nkind: List\nitems: []\n")
    run = forecast(
        forecast_policy={"blocked": ["docker.io"]},
        forecast_proposed=str(tmp_path / "proposed.yml"),
        forecast_releases=["4.8"],
    )
    assert run.returncode == 0, run.stdout
    assert "Nodes, 4.19: drain, reload crio.service" in run.stdout and "Nodes, 4.8: drain, reboot" in run.stdout


def test_strict(forecast):
    said = {"forecast_policy": {"blocked": ["quay.io"]}, "forecast_strict": True}
    run = forecast(**said)
    assert run.returncode == 2 and "blocked-payload-without-mirror" in run.stdout
    assert forecast(**said, forecast_overridden=["blocked-payload-without-mirror"]).returncode == 0


def test_problems_are_sentences(forecast, tmp_path):
    (tmp_path / "odd.yml").write_text("- 1\n")
    run = forecast(forecast_manifests=str(tmp_path / "odd.yml"))
    assert run.returncode == 2 and "a manifest must be a mapping, and one is a number: 1" in run.stdout
    assert "Traceback" not in run.stdout


def test_where_images_come_from(forecast):
    if not (REPOSITORY / "plugins/filter/pull_sources.py").exists():
        pytest.skip("the filter pull_sources is not there yet")
    run = forecast(forecast_images=["quay.io/team/app:1"])
    assert run.returncode == 0 and "quay.io/team/app:1" in run.stdout
