# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node's own clients say after the role has run."""

import json

import pytest


@pytest.fixture(scope="module")
def registries(host):
    return json.loads(host.check_output("podman info --format json"))["registries"]


def test_names_without_a_registry_are_searched_in_order(registries):
    assert registries["search"] == ["registry.lab.example:5000", "plain.lab.example:5001"]


@pytest.mark.parametrize(
    ("registry", "key", "value"),
    [
        ("untrusted.lab.example:5002", "Blocked", True),
        ("untrusted.lab.example:5002", "Insecure", False),
        ("plain.lab.example:5001", "Insecure", True),
        ("plain.lab.example:5001", "Blocked", False),
    ],
)
def test_podman_sees_the_registry(registries, registry, key, value):
    assert registries[registry][key] is value


def test_insecure_registry_is_reached_by_short_name(host):
    assert host.run("podman pull --quiet apps/hello:1").rc == 0


def test_blocked_registry_is_refused(host):
    refused = host.run("podman pull --quiet untrusted.lab.example:5002/evil/hello:1")
    assert refused.rc != 0
    assert "untrusted.lab.example:5002 is blocked" in refused.stderr


def test_the_distribution_s_files_stay_as_they_are(host):
    assert "90-dockyard.conf" in host.file("/etc/containers/registries.conf.d").listdir()
    package = host.check_output("dpkg --search /etc/containers/registries.conf").partition(":")[0]
    assert "/etc/containers" not in host.run(f"dpkg --verify {package}").stdout
