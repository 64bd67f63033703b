# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of the documentation are planned, and the files beside them are what comes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.filter.registries_plan import registries_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.registries_conf import (
    DROP_IN_DIRECTORY,
    load,
)

_PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text()
_RECIPE = re.compile(
    r"<!-- host: (?P<host>.*?) -->\n```yaml\n(?P<variables>.*?)```\n```\w+\n# (?P<path>\S+)\n(?P<text>.*?)```",
    re.DOTALL,
)
RECIPES = [found.groupdict() for found in _RECIPE.finditer(_PAGE)]


@pytest.mark.parametrize("recipe", RECIPES, ids=range(len(RECIPES)))
def test_a_recipe_is_what_it_says(recipe):
    variables = yaml.safe_load(recipe["variables"])
    unenforceable = variables.get("docker_registries_unenforceable", "fail")
    found = registries_plan(yaml.safe_load(recipe["host"]), variables=variables, unenforceable=unenforceable)
    assert found["refused"] is None
    assert found["files"][recipe["path"]] == recipe["text"]


def test_every_recipe_for_a_host_has_its_file():
    assert len(RECIPES) == _PAGE.count("<!-- host: ") == 4


#: What the system role of podman writes, and the policy that the page names for it.
_MOVED = [
    ("unqualified-search-registries = ['a.example.com', 'docker.io']", {"search": ["a.example.com", "docker.io"]}),
    ("[[registry]]\nlocation = 'x.example.com'\nblocked = true", {"blocked": ["x.example.com"]}),
    ("[[registry]]\nlocation = 'x.example.com'\ninsecure = true", {"insecure": ["x.example.com"]}),
    (
        "[[registry]]\nprefix = 'quay.io'\nlocation = 'quay.io'\n[[registry.mirror]]\nlocation = 'm.example.com/quay'",
        {"mirrors": [{"source": "quay.io", "mirrors": ["m.example.com/quay"]}]},
    ),
    ("[aliases]\napp = 'quay.io/team/app'", {"aliases": {"app": "quay.io/team/app"}}),
    ("short-name-mode = 'permissive'", {"short_name_mode": "permissive"}),
]


@pytest.mark.parametrize(("text", "policy"), _MOVED, ids=[next(iter(policy)) for _text, policy in _MOVED])
def test_the_words_of_the_system_role_are_ours(text, policy):
    """Beside the role's drop-in and without it, the engines have what the role said."""
    role, ours = (f"{DROP_IN_DIRECTORY}/{name}.conf" for name in ("50-systemroles", "90-dockyard"))
    said = facts({role: text})
    beside = registries_plan({"podman": {}, "files": {role: text}}, policy=policy)
    assert beside["refused"] is None and facts({role: text, **beside["files"]}) == said
    assert facts({ours: beside["files"][ours]}) == said


def facts(files):
    """Return what engines make of drop-ins."""
    conf = load(None, sorted(files.items()))
    tables = conf.registries.items()
    said = {name: (each.location, each.blocked, each.insecure, each.mirrors) for name, each in tables}
    return conf.search, said, dict(conf.aliases), conf.short_name_mode


def test_the_project_for_awx_offers_playbooks_that_are_there():
    project = Path(__file__).parents[2] / "docs" / "awx-project"
    for playbook in project.glob("*.yml"):
        ((name,),) = ([play["import_playbook"]] for play in yaml.safe_load(playbook.read_text()))
        assert name == f"dockyard.openshift.{playbook.stem}"
        assert (project.parents[1] / "playbooks" / playbook.name).exists()
    (needed,) = yaml.safe_load((project / "collections" / "requirements.yml").read_text())["collections"]
    assert needed["name"] == "dockyard.openshift"
