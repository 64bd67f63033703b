# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and examples in pages: the playbooks, variables, tasks, options and targets that they name exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import documentation
from conftest import REPOSITORY

PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(REPOSITORY.glob("docs/*.md")),
    *sorted(REPOSITORY.glob("roles/*/README.md")),
]
OURS = "dockyard.openshift."
PLAYBOOKS = {file.stem for file in REPOSITORY.glob("playbooks/*.yml")}
TASKS = {file.stem for file in REPOSITORY.glob("plugins/modules/*.py")}
FILTERS = {file.stem for file in REPOSITORY.glob("plugins/filter/*.py")}
TARGETS = set(re.findall(r"^([a-z][a-z-]*(?: [a-z-]+)*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
TARGETS = {target for line in TARGETS for target in line.split()}


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return the blocks of code of a page: language and text."""
    return re.findall(r"^```([a-z]*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """Return the lines of its blocks that are commands, lines that go on joined, and those within sentences."""
    text = "\n".join(text for language, text in blocks(page) if language in ("", "sh", "console", "shell"))
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    lines += re.findall(r"`((?:ansible-playbook|make|ansible-doc) [^`\n]+)`", page.read_text(encoding="utf-8"))
    return [line.strip().removeprefix("$ ").partition("  #")[0].strip() for line in lines if line.strip()]


ALL = [(page, command) for page in PAGES for command in commands(page)]
PLAYS = [(page, command) for page, command in ALL if "ansible-playbook" in command]
IDS = [f"{page.parent.name}/{page.name}: {command[:60]}" for page, command in PLAYS]


@cache
def sources() -> str:
    """All texts that read variables or name options."""
    patterns = ("playbooks/*.yml", "roles/**/*.yml", "plugins/**/*.py", "plugins/filter/*.yml")
    return "\n".join(file.read_text(encoding="utf-8") for each in patterns for file in sorted(REPOSITORY.glob(each)))


@cache
def options_of(task: str) -> dict[str, Any]:
    """The options of a module, as its source documents them."""
    return documentation((REPOSITORY / f"plugins/modules/{task}.py").read_text(encoding="utf-8"))["options"]


def is_read(variable: str) -> bool:
    """Return whether something reads the variable: it stands in a source, or is an option behind a task's prefix."""
    if re.search(rf"\b{re.escape(variable)}\b", sources()):
        return True
    parts = variable.split("_")
    tails = {"_".join(parts[number:]) for number in range(1, len(parts))}
    heads = {"_".join(parts[:number]) + "_" for number in range(1, len(parts))}
    options = set(re.findall(r"^  (\w+):$", sources(), re.MULTILINE))
    return bool(tails & options) and any(f'"{head}"' in sources() for head in heads)


def variables_of(command: str) -> Iterator[str]:
    for word in re.findall(r"(?:-e|--extra-vars)[ =]([^\s]+)", command):
        if not word.startswith(("@", "'{", '"{')):
            yield word.strip("'\"").partition("=")[0]


@pytest.mark.parametrize(("page", "command"), PLAYS, ids=IDS)
def test_a_play_is_there_and_reads_its_variables(page: Path, command: str) -> None:
    named = re.findall(rf"{re.escape(OURS)}(\w+)", command)
    assert not set(named) - PLAYBOOKS, named
    assert [name for name in variables_of(command) if not is_read(name)] == []
    words = shlex.split(command.replace("…", ""), comments=True)
    for number, word in enumerate(words):
        if word == "-i" and words[number + 1].startswith("inventory/"):
            place = words[number + 1].partition(",")[0]
            assert (REPOSITORY / place).exists(), place


def test_plays_are_found_and_mistakes_in_them_would_be() -> None:
    assert len(PLAYS) > 50
    assert is_read("docker_registries_serial") and is_read("image_policy_max_disruption")
    assert not is_read("docker_registries_serlal") and not is_read("plan_pages")


def test_every_target_of_make_is_there() -> None:
    told = [(page.name, word) for page, command in ALL for word in made(command) if word not in TARGETS]
    assert told == []


def made(command: str) -> list[str]:
    """Return the targets of a command that calls make."""
    found = re.fullmatch(r"make ((?:[a-z][a-z-]*|[A-Z_]+=\S+)(?: (?:[a-z][a-z-]*|[A-Z_]+=\S+|…))*)", command)
    return [word for word in found[1].split() if word[0].islower()] if found else []


def test_every_documentation_that_is_asked_for_is_there() -> None:
    asking = [command for _page, command in ALL if "ansible-doc" in command]
    asked = [name for command in asking for name in re.findall(rf"{OURS}(\w+)", command)]
    assert asked
    roles = {folder.name for folder in REPOSITORY.glob("roles/*")}
    assert not set(asked) - TASKS - FILTERS - roles


def tasks_in(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every task of ours in a decoded example: its name, and its options."""
    if isinstance(value, dict):
        for key, item in value.items():
            if str(key).startswith(OURS) and isinstance(item, (dict, type(None))):
                yield str(key).removeprefix(OURS), item or {}
            yield from tasks_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from tasks_in(item)


EXAMPLES = [
    pytest.param(page, text, id=f"{page.parent.name}/{page.name}: {text.splitlines()[0][:50]}")
    for page in PAGES
    for language, text in blocks(page)
    if language in ("yaml", "yml")
]


@pytest.mark.parametrize(("page", "text"), EXAMPLES)
def test_an_example_is_yaml_and_its_tasks_know_their_options(page: Path, text: str) -> None:
    (document,) = list(yaml.safe_load_all(text)) or [None]
    for name, options in tasks_in(document):
        assert name in TASKS, name
        told = options_of(name)
        known = {*told, *(alias for one in told.values() for alias in one.get("aliases", ()))}
        assert not set(options) - known, (name, set(options) - known)
    for name in re.findall(rf"\| {re.escape(OURS)}(\w+)", text):
        assert name in FILTERS, name
    if isinstance(document, dict):
        prefixes = ("docker_registries", "image_", "node_storage", "registry_", "cluster_")
        assert [key for key in document if str(key).startswith(prefixes) and not is_read(str(key))] == []
