# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which room of the brain may use which: read from the imports, with nothing imported."""

from __future__ import annotations

import ast
import functools

import pytest
import yaml
from conftest import REPOSITORY

BRAIN = REPOSITORY / "plugins/plugin_utils"


def module(path) -> str:
    """plugins/plugin_utils/a/b.py → a.b, and a package by its own name."""
    parts = path.relative_to(BRAIN).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in BRAIN.rglob("*.py")}


@functools.cache
def imports(name: str) -> set[str]:
    """The modules of the brain that one of them imports; others (ansible, libraries) by their first name."""
    path, found = MODULES[name], set()
    here = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] + (node.module.split(".") if node.module else [])
            inside = {".".join([*base, alias.name]) for alias in node.names}
            found |= {each for each in inside if each in MODULES} or {".".join(base)}
            found |= {".".join(base)} & MODULES.keys()
    return found - {""}


def reached(room: str) -> set[str]:
    """Everything that the modules of a room need, and what that needs in turn."""
    todo, found = [name for name in MODULES if name.split(".")[0] == room], set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += imports(name) & MODULES.keys()
    return found


@pytest.mark.parametrize("room", ["task", "plan"])
def test_features_can_be_taken_away(room):
    """The kernel works without any feature: its modules import none, not even through others."""
    known = ("trust", "registries", "registry_auth", "masters", "storage")
    features = {name for name in reached(room) if name.split(".")[0] in known}
    assert reached(room) and not features


def test_only_the_kernel_knows_ansible():
    assert {name.split(".")[0] for name in MODULES if name and "ansible" in imports(name)} == {"task"}


#: Sentences that stood in several rooms once, each with the one place that may say it.
ONE_HOME = {
    " running container(s); ": "plan.gate",
    "its present content is put back": "plan.proposal",
    "expect_plan is ": "task.rounds",
    ", and was deferred": "plan.gate",
    "cannot be read on the controller": "task.controller",
    "no container engine found on this host": "registries",
    "this needs root": "task.on_host",
}


@functools.cache
def literals(name: str) -> list[str]:
    """List the texts of a module, without docstrings."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks
    ]


@pytest.mark.parametrize("sentence", ONE_HOME)
def test_a_sentence_has_one_home(sentence):
    homes = [name for name in MODULES for text in literals(name) if sentence in text]
    assert homes == [ONE_HOME[sentence]]


@pytest.mark.parametrize("path", sorted((REPOSITORY / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_a_play_that_needs_the_order_of_tasks_says_its_strategy(path):
    """ansible.cfg may name another one for all. Under free, a fatal error ends one host, and run_once is for each."""
    for play in yaml.safe_load(path.read_text(encoding="utf-8")):
        said = str(play)
        if any(word in said for word in ("any_errors_fatal", "run_once", "end_play")):
            assert play.get("strategy") == "linear", play["name"]
