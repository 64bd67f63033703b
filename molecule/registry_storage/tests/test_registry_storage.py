# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server holds after the role has run, and what the operator's stand-in made of it."""

import pytest

NAMESPACE = ("-n", "openshift-image-registry")


@pytest.fixture(scope="module")
def config(get):
    return get("configs.imageregistry.operator.openshift.io", "cluster")


def test_the_removed_registry_is_managed_on_its_claim(config):
    assert config["spec"]["managementState"] == "Managed"
    assert config["spec"]["storage"]["pvc"] == {"claim": "registry"}
    assert config["spec"]["replicas"] == 2 and config["spec"]["defaultRoute"] is True


def test_what_others_said_stays(config):
    assert config["spec"]["tolerations"] == [{"key": "of-others", "operator": "Exists"}]


def test_the_claim_is_bound_and_two_pods_may_write_to_it(get):
    claim = get("persistentvolumeclaim", "registry", *NAMESPACE)
    assert claim["status"]["phase"] == "Bound" and claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_both_pods_use_it(get):
    registry = get("deployment", "image-registry", *NAMESPACE)
    claims = [one["persistentVolumeClaim"]["claimName"] for one in registry["spec"]["template"]["spec"]["volumes"]
              if "persistentVolumeClaim" in one]  # fmt: skip
    assert claims == ["registry"] and registry["status"]["availableReplicas"] == 2


def test_the_pruner_has_its_schedule(get):
    assert get("imagepruners", "cluster")["spec"]["schedule"] == "0 3 * * 0"
