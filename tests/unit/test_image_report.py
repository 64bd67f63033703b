# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host would pull an image from, with file, line, CA directory and the credential's whereabouts."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.registries.image_report import images
from hosts import host

MAIN = """# by hand
unqualified-search-registries = ["quay.io"]

[[registry]]
location = "docker.io"

[[registry]]
prefix = "quay.io/team"
location = "quay.io/team"
blocked = true
[[registry.mirror]]
location = "m.example.com:5000/team"
insecure = true
"""
SECRET = "bGFiOlNlY3JldA=="  # lab:Secret
AUTH = {"auths": {"m.example.com:5000": {"auth": SECRET}, "quay.io/team/app": {"auth": SECRET}}}
FILES = {
    "/etc/containers/registries.conf": MAIN,
    "/etc/containers/policy.json": '{"default": [{"type": "reject"}]}',
    "/root/.config/containers/auth.json": json.dumps(AUTH),
}
CERTS = {"certs.d": "/etc/docker/certs.d/m.example.com:5000\n/etc/containers/certs.d/m.example.com:5000\n"}


def endpoints(name, files=None, answers=None):
    (answer,) = images(host(files or FILES, answers or CERTS), [name])
    assert answer["image"] == name
    return answer["candidates"][0]["endpoints"]


def test_everything_a_pull_would_use():
    mirror, source = endpoints("team/app:1")
    assert mirror == {
        "reference": "m.example.com:5000/team/app:1",
        "location": "m.example.com:5000/team",
        "mirror": True,
        "insecure": True,
        "blocked": False,
        "blocked_by": None,
        "ca_directory": "/etc/containers/certs.d/m.example.com:5000",
        "credential": {"file": "/root/.config/containers/auth.json", "key": "m.example.com:5000"},
    }
    assert source["blocked_by"] == {"file": "/etc/containers/registries.conf", "line": 7, "prefix": "quay.io/team"}
    assert source["credential"]["key"] == "quay.io/team/app"
    assert source["ca_directory"] is None


def test_no_secret_is_returned():
    told = json.dumps(images(host(FILES, CERTS), ["team/app:1", "docker.io/busybox"]))
    assert SECRET not in told and "Secret" not in told


def test_a_block_of_the_old_form_is_the_list_that_names_it():
    text = "[registries.search]\nregistries = []\n[registries.block]\nregistries = ['a.example.com']\n"
    files = {"/etc/containers/registries.conf": text}
    (source,) = endpoints("a.example.com/x", files)
    assert source["blocked_by"]["line"] == 3


def test_a_block_of_a_drop_in():
    drop_in = "/etc/containers/registries.conf.d/90-dockyard.conf"
    files = {drop_in: "\n[[registry]]\nlocation = 'a.example.com'\nblocked = true\n"}
    (source,) = endpoints("a.example.com/x", files)
    assert source["blocked_by"] == {"file": drop_in, "line": 2, "prefix": "a.example.com"}


@pytest.mark.parametrize(
    ("helpers", "found"),
    [
        (["containers-auth.json", "pass"], {"file": "/root/.config/containers/auth.json", "key": "m.example.com:5000"}),
        (["pass", "containers-auth.json"], {"helper": "pass", "key": "m.example.com:5000"}),
        ([], {"file": "/root/.config/containers/auth.json", "key": "m.example.com:5000"}),
    ],
)
def test_helpers_of_the_configuration(helpers, found):
    drop_in = {"/etc/containers/registries.conf.d/helpers.conf": f"credential-helpers = {json.dumps(helpers)}"}
    assert endpoints("team/app:1", FILES | drop_in)[0]["credential"] == found


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("UPPER/x", FILES),
        ("a.example.com/x", {"/etc/containers/registries.conf": "["}),
        ("a.example.com/x", {"/run/containers/0/auth.json": "{"}),
    ],
)
def test_an_image_that_cannot_be_resolved_is_one_sentence(name, files):
    with pytest.raises(Problem) as problem:
        images(host(files, CERTS), [name])
    assert "\n" not in str(problem.value)
