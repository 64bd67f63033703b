# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are data once; the documentation, the role and the module say the same."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.doc_fragments.policy import ModuleDocFragment
from ansible_collections.dockyard.openshift.plugins.plugin_utils import options
from conftest import REPOSITORY

TASKS = {
    "certificates_backup": options.CERTIFICATES_BACKUP,
    "certificates_restore": options.CERTIFICATES_RESTORE,
    "container_registries": options.CONTAINER_REGISTRIES,
    "container_registries_info": options.CONTAINER_REGISTRIES_INFO,
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
    for name in documentation["extends_documentation_fragment"]:
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
