# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the file of a master holds after the role has run, and that the master serves with it."""

import yaml

PATH = "/etc/origin/master/master-config.yaml"


def test_our_rule_stands_beside_that_of_the_platform(host):
    config = yaml.safe_load(host.file(PATH).content_string)
    rules = config["admissionConfig"]["pluginConfig"]["openshift.io/ImagePolicy"]["configuration"]["executionRules"]
    assert {"execution-denied", "no-hub"} <= {rule["name"] for rule in rules}


def test_imports_are_limited(host):
    imports = yaml.safe_load(host.file(PATH).content_string)["imagePolicyConfig"]
    assert "registry.lab.example:5000" in [one["domainName"] for one in imports["allowedRegistriesForImport"]]
    assert imports["internalRegistryHostname"] == "docker-registry.default.svc:5000"


def test_comments_and_quotes_stay(host):
    text = host.file(PATH).content_string
    assert "# evicts images that were marked" in text and "bindPassword: 'lab-secret-1'" in text


def test_the_file_stays_closed(host):
    assert host.file(PATH).mode == 0o600


def test_the_master_is_healthy(host):
    assert host.check_output("curl -sk https://127.0.0.1:8443/healthz") == "ok"
