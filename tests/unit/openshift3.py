# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four filters about masters, by their names, and what their tests share."""

from __future__ import annotations

import re
from functools import wraps
from importlib import import_module

import pytest
import yaml
from conftest import REPOSITORY
from jinja2.nativetypes import NativeEnvironment

RELEASES = ("3.6", "3.7", "3.9", "3.10", "3.11")
NAMES = ("image_policy_admits", "image_policy_problems", "import_allowed", "import_policy_problems")
FILTERS = {
    name: import_module(f"ansible_collections.dockyard.openshift.plugins.filter.{name}").FilterModule().filters()[name]
    for name in NAMES
}


def paths(findings, effect):
    return [finding["path"] for finding in findings if finding["effect"] == effect]


def by_release(cases, key):
    """Repeat cases by release: what a case wants is a mapping where releases differ, else one value."""
    rows = [case.values[0] for case in cases]
    return [
        pytest.param(row, release, value, id=f"{row['name']}, {release}")
        for row in rows
        for release, value in (row[key] if isinstance(row[key], dict) else dict.fromkeys(RELEASES, row[key])).items()
    ]


def examples(name):
    """List the tasks of a filter's documentation, each with the answer that the comment below it gives."""
    text = yaml.safe_load((REPOSITORY / f"plugins/filter/{name}.yml").read_text())["EXAMPLES"]
    for part in re.split(r"\n(?=- name:)", text):
        (task,) = yaml.safe_load(part)
        answer = "".join(line.lstrip("# ") + " " for line in part.splitlines() if line.startswith("#"))
        yield pytest.param(task, yaml.safe_load(answer) if answer else None, id=task["name"])


def _listed(function):
    @wraps(function)
    def listed(*arguments, **options):
        return list(function(*arguments, **options))

    return listed


def evaluated(expression, variables):
    """Evaluate a template, or the condition of an assertion, with the filters under their full names."""
    environment = NativeEnvironment()
    for name in ("map", "selectattr"):  # Ansible makes lists of what they yield
        environment.filters[name] = _listed(environment.filters[name])
    environment.filters |= {f"dockyard.openshift.{name}": function for name, function in FILTERS.items()}
    template = expression if "{{" in expression else f"{{{{ {expression} }}}}"
    return environment.from_string(template).render(variables)
