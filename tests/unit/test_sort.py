# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/sort.yml: the variables that ask for something are those of the options that do, and no others."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils import masters, storage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.variables import POLICY
from conftest import REPOSITORY

PLAYS = yaml.safe_load((REPOSITORY / "playbooks/sort.yml").read_text(encoding="utf-8"))
CONDITIONS = {
    task["ansible.builtin.group_by"]["key"]: str(task["when"])
    for play in PLAYS
    for task in play["tasks"]
}
#: Of these, docs/page.md says what they do: with the mode alone, variables of openshift-ansible count.
OF_STORAGE = ("container_runtime_docker_storage_", "docker_storage_setup_options")
HOW_OF_STORAGE = ("mode", "path", "size", "remove_volume_group")
FEATURES = {
    "site_storage": (storage.VARIABLES, (*storage.ASKING, *HOW_OF_STORAGE), OF_STORAGE),
    "site_masters": (masters.VARIABLES, (*masters.ASKING, "state", "undo"), ()),
    "site_clusters": (registries.VARIABLES, registries.ASKING, ()),
}


@pytest.mark.parametrize("group", FEATURES)
def test_variables_that_ask_are_found_and_no_others(group):
    variables, asking, not_alone = FEATURES[group]
    pattern = "|".join(re.findall(r"'(\^[^']*)'", CONDITIONS[group]))
    found = {option for option, names in variables.items() for name in names if re.match(pattern, name)}
    assert found == set(asking)
    names = {name for option in asking for name in variables[option] if "." not in name}
    assert all(re.match(pattern, name) or name.startswith(not_alone) for name in names)


def test_words_of_a_policy_that_ask_of_a_cluster():
    variables, asking, _alone = FEATURES["site_clusters"]
    words = {name.removeprefix(f"{POLICY}.") for option in asking for name in variables[option] if "." in name}
    listed = re.search(r"intersect\(\[(.*?)\]", CONDITIONS["site_clusters"])
    assert set(re.findall(r"'(\w+)'", listed[1])) == words
