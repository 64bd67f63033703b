# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TOML (registries.conf of versions 1 and 2, its drop-ins, and any other TOML file).

``tomllib`` decides what a text means and ``tomlkit`` renders what is new. In between, a scanner finds where the
statements and the items of values begin and end; it only ever sees text that ``tomllib`` has accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..libraries import tomlkit, tomllib
from . import FormatError, line_of, refuse_beyond
from .splice import Item, Style, member_pieces, paired, same, sequence_pieces, splice

Path = tuple[str | int, ...]  # keys, and the number of an element of an array of tables

MAX_DEPTH = 100
_BOM = "\ufeff"  # the Go reader (BurntSushi/toml) skips one
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
# End quotes may be missing, so that one pass over any text finds its keys in linear time.
_LOOSE_PART = re.compile(r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?)""")
_LOOSE_KEY = re.compile(rf"{_LOOSE_PART.pattern}(?:[ \t]*\.[ \t]*{_LOOSE_PART.pattern})*")
_SCALAR = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"""(?:""|")?'
    r"|'''[\s\S]*?'''(?:''|')?"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|[^\s,\]}#]+(?: \d[^\s,\]}#]*)?"  # numbers, booleans, and dates, which may have one space before the time
)
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")
_BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n)*")
_WHERE = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$")
_COMMENTED_LINE = re.compile(r"[ \t]*#[# \t]*(.*)")


@dataclass(frozen=True)
class _Node:
    """A value in the text. Arrays and inline tables have items; those of a table include the key."""

    start: int
    end: int
    items: tuple[Item, ...] = ()
    children: tuple[_Node, ...] = ()


@dataclass(frozen=True)
class _Statement:
    """A header or a pair, with the path of what it defines."""

    line_start: int
    start: int
    line_end: int
    section: Path  # of the header above it
    path: Path
    node: _Node | None  # None: a header


def parse(text: str) -> dict[str, Any]:
    """Read the document as plain dict, list, str, int, float, bool and datetime types.

    Raises FormatError with the line and the reason that ``tomllib`` gives.
    """
    body = text.removeprefix(_BOM)
    _refuse_long_keys(body)
    try:
        value: dict[str, Any] = tomllib.loads(body)
    except RecursionError:
        raise FormatError(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        where = _WHERE.match(str(error))
        if not where:  # Python's own limit on the digits of a number
            raise FormatError("a number out of range") from None
        line = int(where[2]) if where[2] else body.count("\n") + 1
        start = len("\n".join([*body.split("\n")[: line - 1], ""]))
        end = start + int(where[3]) - 1 if where[3] else len(body)
        raise FormatError(_reason(body[:end], where[1]), line) from None
    refuse_beyond(value, MAX_DEPTH)
    return value


def _reason(before: str, reason: str) -> str:
    """Name the key where ``tomllib`` only says that a value is there twice; the text before that place is valid."""
    if reason != "Cannot overwrite a value":
        return reason
    return f"the key {_Document(before).statements[-1].path[-1]} is there twice"


def line_of_path(text: str, path: Path) -> int | None:
    """Return the line, from 1, of the statement of a path, or the first line of a table; None without one."""
    return _lines(text).get(path)


@lru_cache(maxsize=8)  # whoever asks for the line of one table asks for those of others
def _lines(text: str) -> Mapping[Path, int]:
    """Return the line of each path. Line ends are counted on from one statement to the next."""
    document = _Document(text.removeprefix(_BOM))
    line, position, lines = 1, 0, []
    for statement in document.statements:
        line += document.text.count("\n", position, statement.start)
        position = statement.start
        lines.append(line)
    return {path: lines[numbers[0]] for path, numbers in document.below.items()}


def edit(text: str, value: Mapping[str, Any]) -> str:
    """Change the text so that it means ``value``; FormatError when changing statements cannot do that."""
    result = text
    for _attempt in range(3):
        found = parse(result)
        if same(found, value):
            return result
        # Once more: what is removed can take a table along that only its header implied.
        bom = _BOM if result.startswith(_BOM) else ""
        try:
            result = bom + _Document(result.removeprefix(bom)).edited(found, value)
        except (TypeError, ValueError) as error:
            raise FormatError(f"cannot be written as TOML: {error}") from None
    raise FormatError("the change cannot be made by editing this file's statements")


def _refuse_long_keys(text: str) -> None:
    """Refuse dotted keys of many parts, for which ``tomllib`` takes quadratic time."""
    for key in _LOOSE_KEY.finditer(text):
        if key[0].count(".") >= MAX_DEPTH and len(_LOOSE_PART.findall(key[0])) > MAX_DEPTH:
            raise FormatError(f"a key of more than {MAX_DEPTH} parts", line_of(text, key.start()))


class _Document:
    """Where the statements of a valid text are, and the changes collected so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.statements: list[_Statement] = []
        self.pairs: dict[Path, _Statement] = {}
        self.headers: dict[Path, int] = {}
        self.below: dict[Path, list[int]] = {}  # statement numbers by each prefix of their path
        self.tables: dict[Path, int] = {}  # arrays of tables, and how many elements they have
        self.changes: list[tuple[int, int, str]] = []
        section: Path = ()
        position = _trivia(text, 0)
        while position < len(text):
            section, position = self._scan_statement(position, section)

    def _scan_statement(self, position: int, section: Path) -> tuple[Path, int]:
        """Reads the statement there; returns its section and where the next one begins."""
        text = self.text
        node = None
        if text[position] == "[":
            brackets = 2 if text[position + 1] == "[" else 1
            key, end = _key(text, _trivia(text, position + brackets))
            path = section = self._header_path(key, is_array=brackets == 2)
            end = _trivia(text, end) + brackets
            self.headers[path] = len(self.statements)
        else:
            key, end = _key(text, position)
            node = _scan_value(text, _trivia(text, _trivia(text, end) + 1))
            path, end = section + key, node.end
        rest = _REST_OF_LINE.match(text, end)
        line_end = rest.end() if rest else end
        line_start = text.rfind("\n", 0, position) + 1
        statement = _Statement(line_start, position, line_end, section, path, node)
        if node:
            self.pairs[path] = statement
        for length in range(len(path) + 1):
            self.below.setdefault(path[:length], []).append(len(self.statements))
        self.statements.append(statement)
        return section, _trivia(text, end)

    def _header_path(self, key: Path, is_array: bool) -> Path:
        """Put the number of the element behind each array of tables in the key."""
        path: Path = ()
        for number, part in enumerate(key):
            path = (*path, part)
            if is_array and number == len(key) - 1:
                self.tables[path] = self.tables.get(path, 0) + 1
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        return path

    def edited(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        self._edit_table((), old, new)
        parts: list[str] = []
        position = 0
        for start, end, replacement in sorted(self.changes, key=lambda change: change[:2]):
            start = max(start, position)
            parts += [self.text[position:start], replacement]
            position = max(end, start)
        return "".join(parts) + self.text[position:]

    def _edit_table(self, path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        added = {key: value for key, value in new.items() if key not in old}
        for key, value in old.items():
            if key not in new:
                self._remove((*path, key))
            elif not same(value, new[key]) and not self._edit_value((*path, key), value, new[key]):
                self._remove((*path, key))
                added[key] = new[key]
        self._add(path, added)

    def _edit_value(self, path: Path, old: Any, new: Any) -> bool:
        """Changes a value where it is; False when it has to be taken away and added."""
        if path in self.pairs and (node := self.pairs[path].node):
            self.changes.append((node.start, node.end, _edited(self.text, node, old, new)))
        elif isinstance(old, dict) and isinstance(new, Mapping):
            self._edit_table(path, old, new)
        elif path in self.tables and _are_tables(new):
            self._edit_tables(path, old, new)
        else:
            return False
        return True

    def _edit_tables(self, path: Path, old: Sequence[Any], new: Sequence[Any]) -> None:
        first = self.below[path][0]
        position = self.statements[first].line_start
        kept = set()
        for index, value in paired(old, new):
            if index is None:
                self._insert_section(position, path, [value])
                continue
            kept.add(index)
            self._edit_table((*path, index), old[index], value)
            position = self._end_of((*path, index))
        for index in set(range(len(old))) - kept:
            self._remove((*path, index))

    def _remove(self, path: Path) -> None:
        """Takes away the lines of pairs, and sections with all that is between their statements."""
        for run in _runs(self.below[path]):
            statements = self.statements[run.start : run.stop]
            while statements and statements[0].node:
                pair = statements.pop(0)
                self.changes.append((pair.line_start, pair.line_end, ""))
            if statements:
                blank = _BLANK_LINES.match(self.text, statements[-1].line_end)
                end = blank.end() if blank else statements[-1].line_end
                self.changes.append((statements[0].line_start, end, ""))

    def _add(self, path: Path, members: Mapping[str, Any]) -> None:
        dotted = self._dotted_home(path)
        if dotted:
            for key, value in members.items():
                self._insert_pair(dotted, (*path, key)[len(dotted.section) :], value)
            return
        tables = {key: value for key, value in members.items() if _is_section(value)}
        plain = {key: value for key, value in members.items() if key not in tables}
        if plain and path and path not in self.headers:
            self._insert_section(self._end_of(path), path, plain)
        elif last := self._last_of_section(path):
            for key, value in plain.items():
                self._insert_pair(last, (key,), value)
        elif plain:
            self._insert_first_pairs(plain)
        for key, value in tables.items():
            self._insert_section(self._end_of(path), (*path, key), value)

    def _dotted_home(self, path: Path) -> _Statement | None:
        """Return the last pair that defines the table by a dotted key; None when it has a header or sub-tables only."""
        if not path or path in self.headers:
            return None
        found = [self.statements[number] for number in self.below[path]]
        return next((s for s in reversed(found) if s.node and len(s.section) < len(path)), None)

    def _last_of_section(self, path: Path) -> _Statement | None:
        """Return the last pair of a section, or its header; None for a text that begins with a header, or is empty."""
        number = self.headers.get(path, -1)
        while number + 1 < len(self.statements) and self.statements[number + 1].node:
            number += 1
        return self.statements[number] if number >= 0 else None

    def _end_of(self, path: Path) -> int:
        return self.statements[self.below[path][-1]].line_end if path else len(self.text)

    def _insert_pair(self, after: _Statement, key: Path, value: Any) -> None:
        indentation = self.text[after.line_start : after.start]
        self._insert_lines(after.line_end, f"{indentation}{_rendered_key(key)} = {_rendered(value)}\n")

    def _insert_first_pairs(self, pairs: Mapping[str, Any]) -> None:
        """Insert pairs at the top where there are none: behind a commented-out one, else before the first header."""
        lines = self.text[: self.statements[0].line_start if self.statements else None].splitlines(keepends=True)
        for key, value in pairs.items():
            line = f"{_rendered_key((key,))} = {_rendered(value)}\n"
            number = next((n for n, comment in enumerate(lines, 1) if _is_commented_out(comment, key)), None)
            if number is None:
                number = _before_comments(lines) if self.statements else len(lines)
                line += "\n" if self.statements and key == list(pairs)[-1] else ""
            self._insert_lines(len("".join(lines[:number])), line)

    def _insert_section(self, position: int, path: Path, value: Any) -> None:
        """Insert a table, tables (a list), or a list of one: another element of an array of tables."""
        lines = _rendered_section(path, value)
        before, behind = self.text[:position], self.text[position:]
        if before.strip() and not re.search(r"\n[ \t]*\r?\n\Z", before):
            lines = "\n" + lines
        if behind.strip() and not re.match(r"[ \t]*\r?\n", behind):
            lines += "\n"
        self._insert_lines(position, lines)

    def _insert_lines(self, position: int, lines: str) -> None:
        """Adds lines with the line ending of the line above them (or of the first), and none at the end of a text."""
        if position and self.text[position - 1] != "\n":
            lines = "\n" + lines.removesuffix("\n")
            end = self.text.find("\n") + 1
        else:
            end = position or self.text.find("\n") + 1
        ending = "\r\n" if self.text[max(end - 2, 0) : end] == "\r\n" else "\n"
        self.changes.append((position, position, lines.replace("\n", ending)))


def _before_comments(lines: Sequence[str]) -> int:
    """Count the lines before the comment that ends them; all of them when they are one comment."""
    number = len(lines)
    while number and lines[number - 1].lstrip(" \t").startswith("#"):
        number -= 1
    return number or len(lines)


def _is_commented_out(line: str, key: str) -> bool:
    match = _COMMENTED_LINE.match(line)
    try:
        return match is not None and key in tomllib.loads(match[1])
    except ValueError:
        return False


def _runs(numbers: Iterable[int]) -> Iterator[range]:
    """Yield stretches of consecutive numbers."""
    start = stop = -1
    for number in numbers:
        if number != stop:
            if stop > start:
                yield range(start, stop)
            start = number
        stop = number + 1
    if stop > start:
        yield range(start, stop)


def _is_section(value: Any) -> bool:
    """Return whether a value has headers of its own."""
    return isinstance(value, Mapping) or _are_tables(value)


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _trivia(text: str, position: int) -> int:
    match = _TRIVIA.match(text, position)
    return match.end() if match else position


def _key(text: str, position: int) -> tuple[tuple[str, ...], int]:
    match = _KEY.match(text, position)
    if not match:
        raise FormatError("a key was expected", text.count("\n", 0, position) + 1)
    parts = []
    value = tomllib.loads(match[0] + "=0")
    while value:
        part, value = next(iter(value.items()))
        parts.append(part)
    return tuple(parts), match.end()


def _scan_value(text: str, position: int) -> _Node:
    if text[position] not in "[{":
        match = _SCALAR.match(text, position)
        return _Node(position, match.end() if match else position)
    start = position
    closing = "]" if text[start] == "[" else "}"
    items, children = [], []
    position = _trivia(text, start + 1)
    while text[position] != closing:
        item_start = position
        if closing == "}":
            dummy, position = _key(text, position)
            position = _trivia(text, _trivia(text, position) + 1)
        child = _scan_value(text, position)
        position = _trivia(text, child.end)
        separator = position if text[position] == "," else None
        items.append(Item(item_start, child.end, separator))
        children.append(child)
        if separator is not None:
            position = _trivia(text, separator + 1)
    return _Node(start, position + 1, tuple(items), tuple(children))


def _edited(text: str, node: _Node, old: Any, new: Any) -> str:
    """Return the new text of a value."""
    source = text[node.start : node.end]
    if same(old, new):
        return source

    def change(index: int, value: Any) -> str:
        item, child = node.items[index], node.children[index]
        before = old[index] if isinstance(old, list) else list(old.values())[index]
        return text[item.start : child.start] + _edited(text, child, before, value)

    if isinstance(old, list) and isinstance(new, list):
        literal = bool(node.items) and text[node.items[-1].start] == "'"
        pieces = sequence_pieces(old, new, change, lambda value: _rendered(value, literal))
    elif isinstance(old, dict) and isinstance(new, Mapping) and old and _has_plain_keys(text, node, old):
        pieces = member_pieces(old, new, change, lambda key, value: f"{_rendered_key((key,))} = {_rendered(value)}")
    else:
        return _rendered(new, source.startswith("'"))
    return source[0] + splice(text, node.start + 1, node.end - 1, node.items, pieces, Style()) + source[-1]


def _has_plain_keys(text: str, node: _Node, value: Mapping[str, Any]) -> bool:
    """Return whether each item of an inline table is one member: no dotted keys."""
    return len(node.items) == len(value) and all(len(_key(text, item.start)[0]) == 1 for item in node.items)


def _rendered_section(path: Path, value: Any) -> str:
    """Return the lines of a table, or of tables (a list), with their headers; sub-tables come behind plain members.

    tomlkit renders the keys and values one by one: its time for a whole grows with the square of what that holds.
    """
    is_list = not isinstance(value, Mapping)
    header = f"[[{_rendered_key(path)}]]\n" if is_list else f"[{_rendered_key(path)}]\n"
    blocks = []
    for table in value if is_list else [value]:
        below = {key: item for key, item in table.items() if _is_section(item)}
        pairs = [f"{_rendered_key((key,))} = {_rendered(item)}\n" for key, item in table.items() if key not in below]
        if pairs or is_list or not below:
            blocks.append("".join([header, *pairs]))
        blocks += [_rendered_section((*path, key), item) for key, item in below.items()]
    return "\n".join(blocks)


def _rendered_key(path: Path) -> str:
    return ".".join(tomlkit.key(part).as_string() for part in path if isinstance(part, str))


def _rendered(value: Any, literal: bool = False) -> str:
    """Return a value on one line; a string in single quotes where its neighbours have them and TOML allows it."""
    if literal and isinstance(value, str):
        try:
            return str(tomlkit.string(value, literal=True).as_string())
        except ValueError:
            pass
    if isinstance(value, list):  # item by item, for the same reason as the pairs of a table
        return f"[{', '.join(map(_rendered, value))}]"
    array = tomlkit.array()  # inside an array everything is rendered inline
    array.append(value)
    return str(array.as_string())[1:-1]
