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
import yaml

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
        table = yaml.load(file.read_text(encoding="utf-8"), yaml.CBaseLoader)
        found |= {case["name"] for case in table if isinstance(case, dict) and "name" in case}
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


def test_the_checklist_has_no_other_rows(shared_dir: Path) -> None:
    parts = sorted((shared_dir / "reference").glob("guide-coverage*.md"))
    assert sorted(number for part in parts for number in rows(part.read_text(encoding="utf-8"))) == list(
        range(1, LAST + 1)
    )
