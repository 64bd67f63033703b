# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/coverage.md: every row of the checklist stands there once, and every test it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from cases import table

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs/coverage.md").read_text(encoding="utf-8")
DONE, NOT_YET = PAGE.split("\n## Not yet\n")
LAST = 275
TESTS = sorted(set(re.findall(r"`((?:tests|molecule)/[^`]*)`", DONE.partition("| row |")[2])))


def rows(text: str) -> list[int]:
    """The rows that begin the lines of a table, "G-001 to G-003" counted out."""
    found = re.findall(r"^\| G-(\d{3})(?: to G-(\d{3}))? \|", text, re.MULTILINE)
    return [number for first, last in found for number in range(int(first), int(last or first) + 1)]


@cache
def functions(path: str) -> set[str]:
    file = REPOSITORY / path
    body = ast.parse(file.read_text(encoding="utf-8")).body if file.is_file() else []
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


@cache
def names_of_cases() -> set[str]:
    """The names of all cases in the tables of tests/data."""
    found: set[str] = set()
    for file in sorted((REPOSITORY / "tests/data").rglob("*.yml")):
        found |= {str(case["name"]) for case in table(file) if isinstance(case, dict) and "name" in case}
    return found


def test_every_row_of_the_checklist_is_listed_once() -> None:
    assert sorted(rows(DONE) + rows(NOT_YET)) == list(range(1, LAST + 1))


def test_every_row_done_has_a_command_and_a_test() -> None:
    lines = [line for line in DONE.splitlines() if line.startswith("| G-")]
    assert [line for line in lines if not re.fullmatch(r"\| G-\d{3} \| .+ \| `.+` ?.* \| `.+::.+` \|", line)] == []


@pytest.mark.parametrize("test", TESTS)
def test_the_named_test_exists(test: str) -> None:
    path, function, case = re.fullmatch(r"([^:]+)::(\w+)(?:\[(.+)\])?", test).groups()
    assert function in functions(path)
    assert case is None or case in names_of_cases()


#: What people wish for (K: logins, R: the registry of a cluster), by the number it was given.
WISHES = [f"K{number}" for number in range(1, 11)] + [f"R{number}" for number in range(1, 18)]


@pytest.mark.parametrize("wish", WISHES)
def test_every_wish_has_a_case_of_its_name(wish: str) -> None:
    """Its number begins the name of a case or, in lower case, of a test."""
    tests = (name for file in sorted((REPOSITORY / "tests/unit").glob("test_*.py")) for name in _functions_of(file))
    cases = any(re.match(rf"(?:\w+ and )?{wish}\b", name) for name in names_of_cases())
    assert cases or any(name.startswith(f"test_{wish.lower()}_") for name in tests)


def _functions_of(file: Path) -> set[str]:
    return functions(str(file.relative_to(REPOSITORY)))


def commands() -> dict[str, list[str]]:
    """Return the texts in backquotes of the column of commands, by row."""
    lines = [line.split(" | ") for line in DONE.splitlines() if line.startswith("| G-")]
    return {cells[0].strip("| "): re.findall(r"`([^`]+)`", cells[2]) for cells in lines}


def first_word(command: str) -> str:
    """Return what a command or a task is called: "verify" of "ansible-playbook -i hosts dockyard.openshift.verify"."""
    return re.sub(r"^(ansible-playbook -i \S+ )?(dockyard\.openshift\.)?", "", command).split(" ")[0].split(".")[0]


SOURCES = [
    *REPOSITORY.glob("playbooks/*.yml"), *REPOSITORY.glob("roles/**/*.yml"), *REPOSITORY.glob("plugins/**/*.py"),
    *REPOSITORY.glob("plugins/filter/*.yml"),
]  # fmt: skip
PREFIXES = (
    "docker_registries_", "image_policy_", "image_registry_", "node_storage_", "registry_access_", "registry_consumer_",
    "image_pruner_", "registry_proof_", "hosted_registry_", "forecast_", "certificates_backup_", "registry_policy",
)  # fmt: skip


def is_read(variable: str, text: str, options: set[str]) -> bool:
    """Return whether a file says the variable, or the name of an option behind the prefix of its task."""
    return variable in text or any(variable.removeprefix(prefix) in options for prefix in PREFIXES)


def test_every_row_names_a_command_that_there_is() -> None:
    """A playbook, task or filter, or a variable of one: those of a role or task begin with its name."""
    known = {file.stem for file in SOURCES if file.parent.name in ("playbooks", "modules", "filter")}
    text = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES)
    options = set(re.findall(r"^  (\w+):$", text, re.MULTILINE)) | set(re.findall(r'^ *"(\w+)": ', text, re.MULTILINE))
    nameless, unread = {}, {}
    for row, told in commands().items():
        words = [word for one in told for word in re.findall(r"[a-z]\w+", one)]
        variables = [word for word in words if word.startswith(PREFIXES) and word not in known and word[-1] != "_"]
        if not variables and not known & set(map(first_word, told)):
            nameless[row] = told
        if wrong := [word for word in variables if not is_read(word, text, options)]:
            unread[row] = wrong
    assert (nameless, unread) == ({}, {})


def test_the_checklist_has_no_other_rows(shared_dir: Path) -> None:
    parts = sorted((shared_dir / "reference").glob("guide-coverage*.md"))
    assert sorted(number for part in parts for number in rows(part.read_text(encoding="utf-8"))) == list(
        range(1, LAST + 1)
    )
