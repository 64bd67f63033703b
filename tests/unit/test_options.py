# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are data once; the documentation, the role and the module say the same."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dockyard.openshift.plugins.action import host_snapshot
from ansible_collections.dockyard.openshift.plugins.module_utils import _snapshot
from conftest import REPOSITORY


def documentation(task: str, part: str) -> dict:
    """DOCUMENTATION or RETURN of a module."""
    source = (REPOSITORY / "plugins/modules" / f"{task}.py").read_text(encoding="utf-8")
    return yaml.safe_load(re.search(rf'{part} = r"""\n(.*?)"""', source, re.DOTALL)[1])


def documented(task: str) -> dict:
    return documentation(task, "DOCUMENTATION")["options"]


def actions() -> dict:
    """Every action, found as Ansible finds them: a new one is under test as soon as it is there."""
    package = "ansible_collections.dockyard.openshift.plugins.action"
    names = sorted(path.stem for path in (REPOSITORY / "plugins/action").glob("[a-z]*.py"))
    return {name: import_module(f"{package}.{name}").ActionModule for name in names}


HANDS = {"host_snapshot"}
TASKS = {name: action for name, action in actions().items() if name not in HANDS}


#: The others never contact the host of their task: they work on the controller, or ask an API from there.
ON_HOSTS = {
    "certificates_backup", "certificates_restore", "container_registries", "container_registries_info",
    "container_storage", "container_storage_info", "host_policy", "host_policy_info", "host_snapshot", "master_config",
    "master_config_info", "registry_auth", "registry_auth_info", "registry_trust", "registry_trust_info",
}  # fmt: skip


def test_every_task_has_a_check_mode_and_only_those_about_hosts_contact_one():
    for name, action in actions().items():
        assert (action._supports_check_mode, action._supports_async, action.TRANSFERS_FILES) == (True, False, False)
        assert action._requires_connection == (name in ON_HOSTS), name


@pytest.mark.parametrize("name", sorted(path.stem for path in (REPOSITORY / "plugins/filter").glob("[a-z]*.py")))
def test_a_file_of_filters_has_the_one_that_it_is_named_after(name):
    module = import_module(f"ansible_collections.dockyard.openshift.plugins.filter.{name}")
    assert module.FilterModule().filters() == {name: getattr(module, name)}


@pytest.mark.parametrize("task", TASKS)
def test_options_are_documented_as_they_are(task):
    assert documented(task) == {name: as_documented(about) for name, about in TASKS[task].spec.items()}


def as_documented(about: dict) -> dict:
    """Say of an option what documentation says: those below it under another name, and not that it is secret."""
    found = {key: value for key, value in about.items() if key not in ("no_log", "options")}
    if "options" in about:
        found["suboptions"] = {name: as_documented(inner) for name, inner in about["options"].items()}
    return {**found, "description": joined(about["description"])}


def joined(paragraphs: list[str]) -> list[str] | str:
    """One paragraph is documented as a text, several as a list."""
    return paragraphs if len(paragraphs) > 1 else paragraphs[0]


@pytest.mark.parametrize("task", TASKS)
def test_variables_fill_all_options_but_how_they_are_asked(task):
    """Whether variables count is said in the task itself, and by no variable."""
    asked: list[str] = []
    for fill in TASKS[task].fills:
        fill(TASKS[task].spec, asked.append)
    assert not [name for name in asked if name.endswith("from_variables")]


def test_all_tasks_are_in_the_action_group():
    groups = yaml.safe_load((REPOSITORY / "meta/runtime.yml").read_text())["action_groups"]
    assert groups["dockyard"] == [f"dockyard.openshift.{task}" for task in TASKS]


def shape(described: dict, below: str) -> dict:
    """name → (type, choices, elements, required, what is below it), without the defaults."""
    return {
        name: (
            *(about.get(key) for key in ("type", "choices", "elements", "required")),
            shape(about.get(below, {}), below),
        )
        for name, about in described.items()
    }


def test_host_snapshot_takes_its_documented_options():
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
def test_host_snapshot_refuses_wrong_options(given, says):
    said = "; ".join(ArgumentSpecValidator(host_snapshot.ActionModule.spec).validate(given).error_messages)
    assert says in said
