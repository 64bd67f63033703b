# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/architecture.md and the pages beside it name places in the code that exist, and floors that the imports obey."""

from __future__ import annotations

import ast
import re

import pytest
from conftest import REPOSITORY
from test_structure import BRAIN, MODULES, imports

PAGE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
PAGES = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("roles/*/README.md")]


def section(title: str) -> str:
    """The text of a section of the page."""
    return re.split(r"^## ", PAGE.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of its tables, without headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    ruled = [number for number, line in enumerate(lines) if set(line) <= set("|- ")]
    headings = {number - 1 for number in ruled} | set(ruled)
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in headings
    ]


def symbols(source: str) -> set[str]:
    """Names of functions, classes and constants of a module, and CLASS.name of what a class holds."""

    def names(node: ast.AST, prefix: str) -> set[str]:
        found = set()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                found.add(prefix + child.name)
            if isinstance(child, ast.ClassDef):
                found |= names(child, f"{child.name}.")
            targets = getattr(child, "targets", None) or [getattr(child, "target", None)]
            if isinstance(child, (ast.Assign, ast.AnnAssign)):
                found |= {prefix + target.id for target in targets if isinstance(target, ast.Name)}
        return found

    return names(ast.parse(source), "")


RULES = rows(section("Where a rule lives"))


def test_every_question_has_one_answer_and_the_first_eleven_stay():
    assert len(RULES) == len({question for question, _place in RULES}) >= 11


@pytest.mark.parametrize(("question", "place"), RULES, ids=[question for question, _place in RULES])
def test_a_rule_lives_where_the_table_says(question, place):
    path, symbol = place.strip("`").split("#")
    assert symbol in symbols((REPOSITORY / path).read_text(encoding="utf-8"))


def test_a_symbol_that_is_gone_is_noticed():
    assert symbols("A = 1\nB: int = 2\nclass C:\n    d = 1\n    def e(self): ...\n") == {"A", "B", "C", "C.d", "C.e"}


PATHS = sorted(
    {
        path
        for page in PAGES
        for path in re.findall(r"`((?:plugins|tests|docs|roles|playbooks)/[\w./-]+)`", page.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_a_page_names_exists(path):
    assert (REPOSITORY / path).exists()


def anchors(page) -> set[str]:
    """The anchors of its headings, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_link_leads_to_a_page(page):
    """Also to its heading, where the link names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            path, _, heading = target.partition("#")
            linked = page.parent / path if path else page
            assert linked.exists(), target
            assert not heading or heading in anchors(linked), target


#: Room → its floor, as the page has it.
FLOORS = {
    room.rstrip("/").removesuffix(".py").replace("/", "."): int(floor)
    for floor, rooms in rows(section("The map"))
    if floor.isdigit()
    for room in re.findall(r"`([\w./]+)`", rooms)
}


def room(name: str) -> str:
    """The room of a module: the first folder or file below plugin_utils."""
    return name.partition(".")[0]


def test_every_folder_has_a_floor():
    folders = {room(name) for name, path in MODULES.items() if path.parent != BRAIN}
    assert folders - FLOORS.keys() == set(), "see docs/architecture.md, The map"


def test_a_room_imports_only_from_floors_below():
    wrong = [
        f"{name} imports {other}"
        for name in MODULES
        for other in imports(name) & MODULES.keys()
        if room(name) != room(other) and FLOORS.get(room(other), -1) >= FLOORS.get(room(name), 99)
    ]
    assert wrong == []
