# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option that comes from a variable comes from one that the role documents."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from ansible_collections.dockyard.openshift.plugins.plugin_utils.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.variables import fill
from conftest import REPOSITORY

ROLE = yaml.safe_load((REPOSITORY / "roles/docker_registries/meta/argument_specs.yml").read_text())["argument_specs"]
DOCUMENTED = set(ROLE["validate"]["options"])
TASKS = {
    "docker_registries_": {
        **options.CONTAINER_REGISTRIES,
        **options.CONTAINER_REGISTRIES_INFO,
        **options.REGISTRY_POLICY,
    },
    "docker_registries_trust_": {**options.REGISTRY_TRUST, **options.REGISTRY_TRUST_INFO},
}


@pytest.mark.parametrize("prefix", TASKS)
def test_asked_for_variables_that_are_documented(prefix):
    wanted = TASKS[prefix].keys() - options.FROM_VARIABLES.keys()
    asked = set()
    assert fill(wanted, prefix, asked.add) == {}
    assert asked <= DOCUMENTED


def test_no_value_is_shown_of_what_is_no_policy():
    with pytest.raises(HostProblem) as refused:
        fill(["search"], "", {"registry_policy": "BEGIN PRIVATE KEY"}.get)
    assert "PRIVATE" not in str(refused.value)
