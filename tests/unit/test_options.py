# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are data once; the documentation, the role and the module say the same."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dockyard.openshift.plugins.action import host_snapshot
from ansible_collections.dockyard.openshift.plugins.doc_fragments.policy import ModuleDocFragment
from ansible_collections.dockyard.openshift.plugins.module_utils import _snapshot
from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from conftest import REPOSITORY

TASKS = {
    "certificates_backup": options.CERTIFICATES_BACKUP,
    "certificates_restore": options.CERTIFICATES_RESTORE,
    "cluster_forecast": options.CLUSTER_FORECAST,
    "container_registries": options.CONTAINER_REGISTRIES,
    "container_registries_info": options.CONTAINER_REGISTRIES_INFO,
    "host_policy": options.HOST_POLICY,
    "host_policy_info": options.HOST_POLICY_INFO,
    "registry_policy": options.REGISTRY_POLICY,
    "registry_trust": options.REGISTRY_TRUST,
    "registry_trust_info": options.REGISTRY_TRUST_INFO,
}
FRAGMENTS = {
    "dockyard.openshift.policy": "DOCUMENTATION",
    "dockyard.openshift.policy.applying": "APPLYING",
    "dockyard.openshift.policy.trust": "TRUST",
    "dockyard.openshift.policy.trust_applying": "TRUST_APPLYING",
    "dockyard.openshift.policy.variables": "VARIABLES",
}


def documented(task: str) -> dict:
    source = (REPOSITORY / "plugins/modules" / f"{task}.py").read_text()
    documentation = yaml.safe_load(re.search(r'DOCUMENTATION = r"""\n(.*?)"""', source, re.DOTALL)[1])
    found = dict(documentation.get("options", {}))
    for name in documentation.get("extends_documentation_fragment", []):
        if name in FRAGMENTS:
            found |= yaml.safe_load(getattr(ModuleDocFragment, FRAGMENTS[name]))["options"]
    return found


@pytest.mark.parametrize("task", TASKS)
def test_options_are_documented_as_they_are(task):
    documentation = {
        name: {
            key: value for key, value in about.items() if key in ("type", "choices", "default", "elements", "required")
        }
        for name, about in documented(task).items()
    }
    assert documentation == TASKS[task]


def test_all_tasks_are_in_the_action_group():
    groups = yaml.safe_load((REPOSITORY / "meta/runtime.yml").read_text())["action_groups"]
    assert groups["dockyard"] == [f"dockyard.openshift.{task}" for task in TASKS]
    hands = {"host_snapshot"}
    assert {path.stem for path in (REPOSITORY / "plugins/action").glob("[a-z]*.py")} == set(TASKS) | hands


def shape(described: dict, below: str) -> dict:
    """name → (type, choices, elements, required, what is below it), without the defaults."""
    return {
        name: (
            *(about.get(key) for key in ("type", "choices", "elements", "required")),
            shape(about.get(below, {}), below),
        )
        for name, about in described.items()
    }


def test_the_hand_that_reads_takes_what_is_documented():
    """It has no AnsibleModule, so ansible-test does not compare the two."""
    options = documented("host_snapshot")
    assert shape(host_snapshot.ActionModule.spec, "options") == shape(options, "suboptions")
    defaults = {name: about.get("default") for name, about in options.items()}
    assert defaults == _snapshot.WANTED
    below = (("files", _snapshot.FILE), ("directories", _snapshot.DIRECTORY), ("commands", _snapshot.COMMAND))
    for kind, meant in below:
        given = {name: about for name, about in options[kind]["suboptions"].items() if not about.get("required")}
        assert {name: about.get("default") for name, about in given.items()} == meant


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"files": [{"path": "/x", "limit": "ten"}]}, "unable to convert to int"),
        ({"files": [{}]}, "missing required arguments: path"),
        ({"files": {"a": "b"}}, "files"),
        ({"wrong": 1}, "wrong. Supported parameters"),
    ],
)
def test_what_the_hand_that_reads_refuses(given, says):
    said = "; ".join(ArgumentSpecValidator(host_snapshot.ActionModule.spec).validate(given).error_messages)
    assert says in said
