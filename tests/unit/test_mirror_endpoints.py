# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mirrors have to hold which images, and where their manifests are."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.mirror_endpoints import mirror_endpoints
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import forecast
from cases import cases
from openshift4 import manifests

CONF = "/etc/containers/registries.conf"


def found_for(case):
    return mirror_endpoints(forecast.of_cluster(manifests(case), "4.18")["files"], case["images"])


@pytest.mark.parametrize("case", cases("openshift4/mirror_endpoints.yml"))
def test_which_mirrors_are_asked(case):
    found = found_for(case)
    assert [one["mirrors"] for one in case["asked"]] == [
        [each["reference"] for each in one["mirrors"]] for one in found
    ]
    assert [one["contacted"] for one in case["asked"]] == [one["contacted"] for one in found]
    for said, one in zip(case["asked"], found, strict=True):
        assert {mirror["insecure"] for mirror in one["mirrors"]} == {said.get("insecure", False)}


def test_the_address_of_a_manifest():
    digest = "sha256:" + "a" * 64
    idms = [["quay.io", ["docker.io/team", "m.io:5000"]]]
    (found,) = found_for({"idms": idms, "images": [f"quay.io/a/b@{digest}"]})
    assert [one["url"] for one in found["mirrors"]] == [
        f"https://registry-1.docker.io/v2/team/a/b/manifests/{digest}",
        f"https://m.io:5000/v2/a/b/manifests/{digest}",
    ]
    assert found["mirrors"][0] | {"url": ""} == {
        "reference": f"docker.io/team/a/b@{digest}", "registry": "docker.io", "repository": "team/a/b",
        "manifest": digest, "url": "", "insecure": False,
    }  # fmt: skip


def test_images_in_use_are_those_of_the_manifests():
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"image": "quay.io/a"}]},
    }
    assert forecast.of_cluster([*manifests({}), pod, pod], "4.18")["images_in_use"] == ["quay.io/a"]


@pytest.mark.parametrize(
    ("files", "images", "said"),
    [
        ({}, [], "must be a mapping that holds /etc/containers/registries.conf"),
        ("text", [], "must be a mapping"),
        ({CONF: ""}, "quay.io/a", "images must be a list, not text: quay.io/a"),
        ({CONF: ""}, [1], "images: an item must be text, not a number: 1"),
        ({CONF: ""}, ["No Name"], "'No Name' is not an image reference"),
        ({CONF: "["}, [], CONF),
        ({CONF: "", "/etc/containers/registries.conf.d/a.conf": 1}, [], "must be a path with text, not a number"),
    ],
)
def test_what_is_refused_is_one_sentence(files, images, said):
    with pytest.raises(AnsibleFilterError) as refusal:
        mirror_endpoints(files, images)
    assert said in str(refusal.value) and "\n" not in str(refusal.value)
