# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of the documentation are planned, and the files beside them are what comes of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.filter.pull_sources import pull_sources
from ansible_collections.dockyard.openshift.plugins.filter.registries_plan import registries_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.connection import VARIABLES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.registries_conf import (
    DROP_IN_DIRECTORY,
    load,
)
from trust import pki

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


AIR_GAP, CACHE, _ON_DOCKER, SIDE_BY_SIDE = RECIPES
HUB = "docker.io/library/alpine"
_POLICY_JSON = "/etc/containers/policy.json"


def planned(recipe, **options):
    return registries_plan(yaml.safe_load(recipe["host"]), variables=yaml.safe_load(recipe["variables"]), **options)


def sources(recipe, image):
    """List where a pull asks by the planned files, in order: the place, and whether the image may come from it."""
    files = planned(recipe)["files"]
    drop_ins = [{"name": path, "content": text} for path, text in files.items() if path.endswith(".conf")]
    found = pull_sources(image, drop_ins=drop_ins, policy=files.get(_POLICY_JSON))["candidates"]
    return [
        (each["reference"].rpartition(":")[0], not each["blocked"] and allowed(one["policy"]))
        for one in found for each in one["endpoints"]
    ]  # fmt: skip


def allowed(policy):
    return policy is None or {"type": "reject"} not in policy["requirement"]


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        (HUB, [("registry.example.com/docker.io/library/alpine", True), (HUB, False)]),
        ("quay.io/team/app", [("registry.example.com/quay.io/team/app", True), ("quay.io/team/app", False)]),
        ("alpine", [("registry.example.com/alpine", True)]),
        ("ghcr.io/team/app", [("ghcr.io/team/app", False)]),
    ],
)
def test_without_the_internet_everything_comes_from_the_company(image, asked):
    assert sources(AIR_GAP, image) == asked


def test_a_cache_is_asked_first_and_the_source_when_it_fails():
    assert sources(CACHE, HUB) == [("cache.example.com:5000/library/alpine", True), (HUB, True)]


def test_what_docker_cannot_do_is_said_with_warn_and_refused_with_fail():
    cannot = "docker (upstream) cannot enforce blocked 'docker.io': docker cannot block"
    assert cannot in planned(SIDE_BY_SIDE, unenforceable="warn")["warnings"]
    words = SIDE_BY_SIDE["variables"].replace("docker_registries_unenforceable: warn\n", "")
    assert planned({**SIDE_BY_SIDE, "variables": words})["refused"].startswith(cannot)


def test_the_recipe_of_an_authority_is_a_policy():
    (block,) = (block for block in re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL) if "trust:" in block)
    beside = {"company-ca.crt": pki.certificate("company").encode()}
    words = yaml.safe_load(block)["registry_policy"]
    (trusted,) = read_policy(words, reading=Reading(beside.__getitem__, now=pki.NOW)).trust.registries
    assert trusted.name == "registry.example.com" and len(trusted.cas) == 1


def test_the_way_to_an_api_server_has_the_options_and_variables_of_the_page():
    assert {name: VARIABLES[name] for name in ("proxy", "no_proxy")} == {
        "proxy": "K8S_AUTH_PROXY", "no_proxy": "K8S_AUTH_NO_PROXY",
    }  # fmt: skip
    assert all(f"`{word}`" in _PAGE for word in ("proxy", "no_proxy", "K8S_AUTH_PROXY", "K8S_AUTH_NO_PROXY"))


def test_requirements_of_signatures_stay():
    signed = {"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/etc/pki/key.gpg"}
    there = json.dumps({"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"a.com": [signed]}}})
    found = registries_plan(
        {"podman": {}, "files": {_POLICY_JSON: there}},
        policy={"search": ["b.com"], "allowed": ["a.com"], "blocked": "all"},
    )
    assert json.loads(found["files"][_POLICY_JSON])["transports"]["docker"]["a.com"] == [signed]


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
