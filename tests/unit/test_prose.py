# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that people read is plain English, as far as a list of phrases can tell (tests/data/prose.yml)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import REPOSITORY

RULES = yaml.safe_load((REPOSITORY / "tests/data/prose.yml").read_text(encoding="utf-8"))

#: White space, the marks that continue a comment or a text on the next line, and what stands for a space in a name.
GAP = r"""(?:[\s_]|["'] *\n\s*f?["']|\n\s*#+)+"""

ROOTS = ("plugins", "docs", "roles", "playbooks", "tests", "changelogs", "meta", "molecule", "inventory")
#: Made by others or by earlier versions, and the phrases themselves.
LEFT_OUT = (
    "tests/data/history",
    "tests/data/prose.yml",
    "tests/unit/test_prose.py",
    "tests/requirements",
    "tests/conformance/go.",
)


def texts() -> Iterator[Path]:
    """Yield every file of ours that people read."""
    yield from (REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"))
    for root in ROOTS:
        for path in sorted((REPOSITORY / root).rglob("*")):
            name = str(path.relative_to(REPOSITORY))
            if path.is_file() and not name.startswith(LEFT_OUT) and "__pycache__" not in name:
                yield path


@cache
def phrase(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the list: whole words, whose spaces match every gap between them."""
    return re.compile(f"(?<![a-z])(?:{pattern.replace(' ', GAP)})(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Phrase:
    """One of the list. unless_after: a word behind which it is good English."""

    pattern: str
    write: str
    unless_after: str = ""

    def found(self, text: str) -> Iterator[re.Match[str]]:
        for match in phrase(self.pattern).finditer(text):
            words = re.findall(r"[a-z]+", text[max(0, match.start() - 40) : match.start()].lower())
            if not self.unless_after or (words and words[-1] != self.unless_after):
                yield match


PHRASES = [Phrase(**rule) for rule in RULES["phrases"]]
#: Most texts have none, which one look tells.
ANY = phrase("|".join(each.pattern for each in PHRASES if not each.unless_after))


def findings(text: str) -> list[str]:
    """Find every phrase of the list in a text: line, words, and what to write instead."""
    for sentence in RULES["quoted"]:
        text = text.replace(sentence, "")
    any_of_most = ANY.search(text.lower())
    wanted = [each for each in PHRASES if any_of_most or each.unless_after]
    return [
        f"{text.count(chr(10), 0, match.start()) + 1}: {' '.join(match[0].split())!r}; write: {each.write}"
        for each in wanted
        for match in each.found(text)
    ]


def test_nobody_stumbles():
    found = []
    for path in texts():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an archive or a certificate
        found += [f"{path.relative_to(REPOSITORY)}:{finding}" for finding in findings(text)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("What of the plan is undone.", 1),
        ("values that cannot\n    # be meant", 1),
        ('"a text that is"\n    f" no list"', 1),
        ("def test_a_text_that_is_no_list():", 1),
        ("There is no list, and it is no longer read; there\n    is not an other.", 0),
        ("has a state that is none of present, absent", 1),
        ("the reason is none of the three", 0),
    ],
)
def test_phrases_are_found_across_lines_and_in_names(text, count):
    assert len(findings(text)) == count, findings(text)


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of every function and method that is neither a property nor a test."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("test_"):
            decorators = {ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list}
            text = ast.get_docstring(node)
            if text and not decorators & {"property", "cached_property", "pytest.fixture"}:
                yield f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name}", text


def beginnings(root: str, words: set[str]) -> list[str]:
    """List the docstrings below a folder that begin with one of the words."""
    return [
        f"{name}: {text.splitlines()[0]}"
        for path in sorted((REPOSITORY / root).rglob("*.py"))
        if "standins" not in path.parts
        for name, text in docstrings(path)
        if re.split(r"\W", text, maxsplit=1)[0].lower() in words
    ]


NOT_A_VERB = set(RULES["not_a_verb"])


@pytest.mark.parametrize(
    ("root", "words"),
    [("plugins", NOT_A_VERB.union({""}, *RULES["nor_in_plugins"])), ("tests", NOT_A_VERB)],
    ids=["plugins", "tests"],
)
def test_the_docstring_of_a_function_begins_with_a_verb(root, words):
    found = beginnings(root, words)
    assert not found, "\n" + "\n".join(found)
