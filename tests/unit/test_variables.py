# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option that comes from a variable comes from one that the role documents."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import (
    container_registries,
    container_registries_info,
    host_policy,
    host_policy_info,
    registry_policy,
    registry_trust,
    registry_trust_info,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries, role, spelling
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import HOST_WORDS, PolicyError
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role import hosts, masters, storage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.variables import PREFIX, Fill, words
from cases import cases
from conftest import REPOSITORY
from tasks import run

LISTS = ("search", "blocked", "insecure")
ROLE = yaml.safe_load((REPOSITORY / "roles/docker_registries/meta/argument_specs.yml").read_text())["argument_specs"]
DOCUMENTED = set(ROLE["validate"]["options"])
TASKS = (
    container_registries, container_registries_info, host_policy, host_policy_info, registry_policy, registry_trust,
    registry_trust_info,
)  # fmt: skip


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__.rpartition(".")[2])
def test_asked_for_variables_that_are_documented(task):
    wanted, asked = task.ActionModule.spec.keys() - role.FROM_VARIABLES.keys(), []
    for fill_options in task.ActionModule.fills:
        assert fill_options(wanted, asked.append) == {}
    assert set(asked) <= DOCUMENTED
    assert {name for name in asked if name.startswith("docker_registries_")} <= set(hosts.NAMES.own)


def test_every_option_of_the_role_s_task_has_a_variable():
    answer = {name: name for name in (*DOCUMENTED, "registry_policy")} | {"registry_policy": {}}
    filled = {}
    for fill_options in host_policy.ActionModule.fills:
        filled |= fill_options(host_policy.ActionModule.spec, answer.get)
    assert filled.keys() == host_policy.ActionModule.spec.keys() - role.FROM_VARIABLES.keys()
    assert filled["scope"][0] == "docker_registries_trust_scope" and filled["mode"][0] == "docker_registries_mode"


def test_the_known_variables_are_the_documented_ones():
    """A variable that was known and not documented, or the other way round, would be called a mistake."""
    documented = {name for name in DOCUMENTED if name.startswith(PREFIX)}
    assert documented <= set(hosts.NAMES.own)
    assert {name for feature in hosts.FEATURES for (name, *_others) in feature.VARIABLES.values()} <= DOCUMENTED


ROLES = {
    "hosts": role.Asked,
    "masters": masters.AskedOfMasters,
    "storage": storage.AskedOfStorage,
    "clusters": spelling,
}


@pytest.mark.parametrize("case", cases("variables/misspelt.yml"))
def test_a_misspelt_variable_is_named(case):
    said = ROLES[case.get("of", "hosts")].misspelt(["inventory_hostname", case["variable"]])
    meant = case.get("meant")
    assert said == (f"{case['variable']}: is not a variable of the role; did you mean {meant}?" if meant else "")


@pytest.mark.parametrize("of", ROLES)
def test_no_name_that_our_pages_and_playbooks_write_counts_as_misspelt(of):
    folders = (REPOSITORY / name for name in ("docs", "inventory", "playbooks", "roles"))
    files = (path for folder in folders for path in folder.rglob("*"))
    texts = (path.read_text("utf-8", "replace") for path in files if path.is_file())
    written = {name for text in texts for name in re.findall(r"\b[a-z_0-9]+(?<!_)\b", text)}
    assert "registry_policy" in written
    assert ROLES[of].misspelt(written) == ""


WORDS_AND_OLD = {
    "search": "openshift_docker_additional_registries",
    "blocked": "openshift_docker_blocked_registries",
    "insecure": "openshift_docker_insecure_registries",
    "credentials": "openshift_additional_registry_credentials",
}


WORDS_FILL = Fill({**words("registries"), **words("trust"), **words("credentials")})
NETWORK_FILL = Fill(registries.VARIABLES)


@pytest.mark.parametrize("word", HOST_WORDS)
def test_the_nearest_variable_of_a_word_counts(word):
    places = [f"docker_registries_{word}", "registry_policy", WORDS_AND_OLD.get(word)]
    given = {place: {word: place} if place == "registry_policy" else place for place in places if place}
    for place in given.copy():
        name = f"{place}.{word}" if place == "registry_policy" else place
        assert WORDS_FILL([word], given.get) == {word: (name, place)}
        del given[place]
    assert WORDS_FILL([word], given.get) == {}


@pytest.mark.parametrize(
    ("given", "network"),
    [
        ({"openshift_portal_net": "172.40.0.0/16"}, "172.40.0.0/16"),
        ({"openshift_master_portal_net": "172.29.0.0/16"}, "172.29.0.0/16"),
        ({"openshift_master_portal_net": "172.29.0.0/16", "openshift_portal_net": "172.40.0.0/16"}, "172.40.0.0/16"),
        (
            {"openshift_portal_net": "172.40.0.0/16", "openshift_docker_hosted_registry_network": "10.3.0.0/16"},
            "10.3.0.0/16",
        ),
    ],
)
def test_the_service_network_is_that_of_the_inventory(given, network):
    ((_name, found),) = NETWORK_FILL(["hosted_registry_network"], given.get).values()
    assert found == network


def test_an_unknown_word_is_refused():
    sentence = r"^registry_policy\.serach: is not a word of a policy; did you mean 'search'\?"
    with pytest.raises(PolicyError, match=sentence):
        WORDS_FILL(["search"], {"registry_policy": {"serach": []}}.get)


def test_an_invalid_policy_is_not_echoed():
    with pytest.raises(PolicyError) as refused:
        WORDS_FILL(["search"], {"registry_policy": "BEGIN PRIVATE KEY"}.get)
    assert "PRIVATE" not in str(refused.value)


@pytest.mark.parametrize("case", cases("policy/openshift_ansible.yml"))
def test_lists_as_openshift_ansible_made_them(case):
    fill, ask = Fill(registries.VARIABLES), case["given"].get
    if "error" in case:
        with pytest.raises(PolicyError) as refused:
            fill(LISTS, ask)
        assert case["error"] in str(refused.value)
        return
    filled = fill(LISTS, ask)
    assert {word: value for word, (_name, value) in filled.items()} == case["words"]
    origins = {word: name for word, (name, _value) in filled.items()}
    assert case.get("from", {}).items() <= origins.items()
    if "trail" in case:
        assert {word: list(names) for word, names in fill.trail(origins, ask).items()} == case["trail"]
    said = fill.remarks(origins, ask)
    assert len(said) == len(case.get("remarks", [])), said
    assert all(part in text for part, text in zip(case.get("remarks", []), said, strict=True))


def test_what_is_left_out_is_a_warning_of_the_task():
    told = run(
        registry_policy.ActionModule,
        {"from_variables": True, "search": ["a.example.com"]},
        [],
        variables={"openshift_docker_options": "--add-registry b.example.com"},
    )
    (warning,) = told.result["warnings"]
    assert "--add-registry b.example.com is left out, because the task sets the list" in warning
