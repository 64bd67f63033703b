# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option that comes from a variable comes from one that the role documents."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import WORDS, PolicyError
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


WORDS_AND_OLD = {
    "search": "openshift_docker_additional_registries",
    "blocked": "openshift_docker_blocked_registries",
    "insecure": "openshift_docker_insecure_registries",
}


@pytest.mark.parametrize("word", WORDS)
def test_the_nearest_variable_of_a_word_counts(word):
    places = [f"docker_registries_{word}", "registry_policy", WORDS_AND_OLD.get(word)]
    given = {place: {word: place} if place == "registry_policy" else place for place in places if place}
    for place in given.copy():
        name = f"{place}.{word}" if place == "registry_policy" else place
        assert fill([word], "docker_registries_", given.get) == {word: (name, place)}
        del given[place]
    assert fill([word], "docker_registries_", given.get) == {}


@pytest.mark.parametrize(
    ("given", "network"),
    [
        ({"openshift_portal_net": "172.40.0.0/16"}, "172.40.0.0/16"),
        (
            {"openshift_portal_net": "172.40.0.0/16", "openshift_docker_hosted_registry_network": "10.3.0.0/16"},
            "10.3.0.0/16",
        ),
    ],
)
def test_the_service_network_is_that_of_the_inventory(given, network):
    ((_name, found),) = fill(["hosted_registry_network"], "", given.get).values()
    assert found == network


def test_a_word_that_nobody_knows():
    with pytest.raises(PolicyError, match=r"^registry_policy\.serach: there is no such word; is 'search' meant\?"):
        fill(["search"], "", {"registry_policy": {"serach": []}}.get)


def test_no_value_is_shown_of_what_is_no_policy():
    with pytest.raises(PolicyError) as refused:
        fill(["search"], "", {"registry_policy": "BEGIN PRIVATE KEY"}.get)
    assert "PRIVATE" not in str(refused.value)
