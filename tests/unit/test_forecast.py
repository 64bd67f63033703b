# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a forecast, and the filters as Ansible calls them."""

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.icsp_to_idms import icsp_to_idms
from ansible_collections.dockyard.openshift.plugins.filter.mco_disruption import mco_disruption
from ansible_collections.dockyard.openshift.plugins.filter.mco_forecast import mco_forecast
from ansible_collections.dockyard.openshift.plugins.filter.mco_node_files import mco_node_files
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import ManifestProblem, forecast
from cases import DATA
from hypothesis import given
from hypothesis import strategies as st
from openshift4 import manifests
from test_node_files import anything, clusters

CLUSTER = yaml.safe_load((DATA / "openshift4/cluster.yml").read_text())
RELOAD = [{"path": "/etc/containers", "actions": [{"type": "Reload", "reload": {"serviceName": "crio.service"}}]}]


def test_nothing_proposed():
    found = forecast.of_cluster(CLUSTER, "4.19")
    assert found["lines"] == [
        "Forecast for OpenShift 4.19",
        "  no file changes",
        "Nodes, 4.19: nothing to notice",
        "Guards: nothing to say",
    ]
    assert list(found["generated"]) == ["/etc/containers/registries.conf"]
    assert found["before"] == found["files"]


def test_words_and_manifests_are_applied_in_order():
    image = {"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"}}
    proposed = [image | {"spec": {"registrySources": {"blockedRegistries": ["a.io"], "insecureRegistries": ["b.io"]}}}]
    found = forecast.of_cluster(CLUSTER, "4.19", proposed=proposed, policy={"blocked": ["docker.io"]})
    assert 'location = "docker.io"' in found["files"]["/etc/containers/registries.conf"]
    assert 'location = "b.io"' in found["files"]["/etc/containers/registries.conf"]
    assert "a.io" not in found["files"]["/etc/containers/registries.conf"]
    assert found["disruption"]["4.19"]["drain"] and not found["disruption"]["4.19"]["reboot"]
    assert '    +    "docker.io": [' in found["lines"]


def test_an_exact_allow_list_names_the_payload():
    found = forecast.of_cluster(CLUSTER, "4.19", policy={"allowed": ["registry.redhat.io", "quay.io/team"]})
    assert found["findings"] == []
    assert "quay.io/openshift-release-dev/ocp-v4.0-art-dev" in found["files"]["/etc/containers/policy.json"]


def test_what_stops_the_operator_reaches_no_node():
    policy = [{"kind": "Image", "spec": {"registrySources": {"insecureRegistries": ["*"]}}}]
    found = forecast.of_cluster(CLUSTER, "4.19", proposed=policy, other_releases=["4.8"])
    assert found["disruption"] == {"4.19": None, "4.8": None}
    assert "Nodes, 4.8: nothing arrives" in found["lines"]
    assert any("would stop, silently" in line for line in found["lines"])
    assert [finding["guard"] for finding in found["findings"]] == ["operator-stops", "invalid-entry"]


def test_costs_of_other_releases_and_overridden_guards():
    words = {"search": ["registry.example.com"]}
    found = forecast.of_cluster(
        CLUSTER, "4.19", policy=words, other_releases=["4.8"], overridden=["search-reboots-nodes"]
    )
    assert [cost["reboot"] for cost in found["disruption"].values()] == [True, True]
    assert found["findings"] == []


def test_node_disruption_policies_come_from_the_cluster_or_are_said():
    status = {"nodeDisruptionPolicyStatus": {"clusterPolicies": {"files": RELOAD}}}
    knobs = {"apiVersion": "operator.openshift.io/v1", "kind": "MachineConfiguration", "status": status}
    words = {"search": ["registry.example.com"]}
    assert not forecast.of_cluster([CLUSTER, knobs], "4.19", policy=words)["disruption"]["4.19"]["reboot"]
    said = forecast.of_cluster(CLUSTER, "4.19", policy=words, node_disruption_policy=RELOAD)
    assert said["disruption"]["4.19"]["reload"] == ["crio.service"]


def test_a_long_difference_is_told_by_its_size():
    many = {"idms": [[f"quay.io/a{number}", ["m.io/a"]] for number in range(1000)]}
    found = forecast.of_cluster(manifests({}), "4.19", proposed=manifests(many))
    assert any("lines before" in line for line in found["lines"])
    assert len(found["lines"]) < 20


@given(clusters, clusters, st.sampled_from(["4.8", "4.15", "4.22"]))
def test_every_change_has_an_account(before, after, release):
    found = forecast.of_cluster(manifests(before), release, proposed=manifests(after))
    assert all("\n" not in line for line in found["lines"])
    assert ("  no file changes" in found["lines"]) == (not found["error"] and found["files"] == found["before"])


@given(anything, anything, anything)
def test_no_yaml_gives_anything_but_an_account_or_a_sentence(present, proposed, policy):
    try:
        forecast.of_cluster(present, "4.19", proposed=proposed, policy=policy)
    except ManifestProblem as problem:
        assert "\n" not in str(problem)


def test_filters_answer_in_the_shapes_documented():
    found = mco_node_files(iter([CLUSTER]), release="4.19")
    assert set(found) == {"files", "error", "warnings"} and found["error"] is None
    cost = mco_disruption({}, found["files"], release="4.19")
    assert cost == {
        "drain": False,
        "reboot": False,
        "reload": ["crio.service"],
        "restart": [],
        "reasons": cost["reasons"],
    }
    assert mco_forecast(CLUSTER, release="4.19")["error"] is None
    assert icsp_to_idms([]) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: mco_node_files("text"),
        lambda: mco_node_files([], release="3.11"),
        lambda: mco_disruption([], {}),
        lambda: mco_disruption({}, {"/etc/containers/registries.conf": "="}, release="4.8"),
        lambda: mco_forecast([], policy={"blocked": 1}),
        lambda: icsp_to_idms([{"kind": "Pod"}]),
    ],
)
def test_filters_refuse_in_one_sentence(call):
    with pytest.raises(AnsibleFilterError) as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_deeply_nested_values_are_refused():
    value: list = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(AnsibleFilterError, match="nested too deeply"):
        mco_node_files(value)
