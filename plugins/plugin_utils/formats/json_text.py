# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON (daemon.json, policy.json, auth.json) as Go's encoding/json accepts it: RFC 8259, nothing more.

Stricter than Go in one point: two members of one name are refused, because readers disagree on which one counts. Where
it is known that the last one does (daemon.json), ``twice`` takes them: behind the name of an earlier one stand SHADOWED
and a number.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import FormatError, line_of
from .splice import Item, Style, member_pieces, same, sequence_pieces, splice

MAX_DEPTH = 100
#: What no name in a text can hold; behind that of a member that a later one of the same name replaces.
SHADOWED = "\ud800"
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_LITERAL = re.compile(r"true|false|null")
_LITERALS = {"true": True, "false": False, "null": None}
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_INDENTATION = re.compile(r"[ \t]*")


@dataclass(frozen=True)
class _Node:
    """A value in the text. The items of an object include the name; ``children`` are the values."""

    start: int
    end: int
    value: Any
    items: tuple[Item, ...] = ()
    children: tuple[_Node, ...] = ()


def parse(text: str, *, twice: bool = False) -> Any:
    """Read the document as dict, list, str, int, float, bool and None. Raises FormatError with line and reason.

    As in Go, half of a surrogate pair stands for U+FFFD.
    """
    return _document(text, twice).value


def edit(text: str, value: Any, *, twice: bool = False) -> str:
    """Change the text so that it means ``value``; everything unchanged keeps its spelling and its place."""
    document = _document(text, twice)
    if same(document.value, value):
        return text
    try:
        result = text[: document.start] + _Editor(text, document).edited(document, value) + text[document.end :]
        written = parse(result, twice=twice)
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"cannot be written as JSON: {error}") from None
    if not same(written, value):
        raise FormatError("cannot be written as JSON")
    return result


def span(text: str, member: str) -> tuple[int, int]:
    """Locate the value of a member of the outermost object: start and end. Raises ValueError without one."""
    document = _document(text, twice=False)
    found = document.children[list(document.value).index(member)]
    return found.start, found.end


def _document(text: str, twice: bool) -> _Node:
    if text.startswith("\ufeff"):
        raise FormatError("a byte order mark, which readers of JSON refuse", 1)
    node = _scan(text, _space(text, 0), 0)
    end = _space(text, node.end)
    if end < len(text):
        raise _unexpected(text, end, "the end of the file")
    if not twice:
        _refuse_shadowed(text, node)
    return node


def _refuse_shadowed(text: str, document: _Node) -> None:
    for node in _nodes(document):
        if not isinstance(node.value, dict) or not any(SHADOWED in name for name in node.value):
            continue
        known = set()
        for name, item in zip(node.value, node.items, strict=True):
            if (said := name.partition(SHADOWED)[0]) in known:
                raise FormatError(f"the member {json.dumps(said)} is there twice", line_of(text, item.start))
            known.add(said)


def _scan(text: str, position: int, depth: int) -> _Node:
    first = text[position : position + 1]
    if first in ("{", "["):
        if depth == MAX_DEPTH:
            raise FormatError(f"nested deeper than {MAX_DEPTH} levels", line_of(text, position))
        return _scan_container(text, position, depth)
    if first == '"':
        value, end = _string(text, position)
        return _Node(position, end, value)
    if literal := _LITERAL.match(text, position):
        return _Node(position, literal.end(), _LITERALS[literal[0]])
    if number := _NUMBER.match(text, position):
        return _Node(position, number.end(), _number(text, number))
    raise _unexpected(text, position, "a value")


def _scan_container(text: str, start: int, depth: int) -> _Node:
    """Read an array or object, whose items end in a comma but for the last."""
    closing = {"[": "]", "{": "}"}[text[start]]
    items: list[Item] = []
    children: list[_Node] = []
    names: list[str] = []
    places: dict[str, list[int]] = {}
    position = _space(text, start + 1)
    while not (text.startswith(closing, position) and (not items or items[-1].separator is None)):
        item_start = position
        if closing == "}":
            name, position = _member_name(text, position)
            if before := places.setdefault(name, []):
                names[before[-1]] += f"{SHADOWED}{len(before)}"
            before.append(len(names))
            names.append(name)
        child = _scan(text, position, depth + 1)
        position = _space(text, child.end)
        separator = position if text.startswith(",", position) else None
        if separator is None and not text.startswith(closing, position):
            raise _unexpected(text, position, f"',' or '{closing}'")
        items.append(Item(item_start, child.end, separator))
        children.append(child)
        if separator is not None:
            position = _space(text, separator + 1)
    values = [child.value for child in children]
    value = dict(zip(names, values, strict=True)) if closing == "}" else values
    return _Node(start, position + 1, value, tuple(items), tuple(children))


def _member_name(text: str, position: int) -> tuple[str, int]:
    """Return the name of a member and where its value begins."""
    if not text.startswith('"', position):
        raise _unexpected(text, position, "a member's name in double quotes")
    name, end = _string(text, position)
    colon = _space(text, end)
    if not text.startswith(":", colon):
        raise _unexpected(text, colon, "':'")
    return name, _space(text, colon + 1)


def _string(text: str, position: int) -> tuple[str, int]:
    match = _STRING.match(text, position)
    end = match.end() if match else position
    if not text.startswith('"', end):
        broken = "an invalid escape" if text.startswith("\\", end) else "a control character"
        reason = f"{broken} in a string" if end < len(text) else "a string without its end quote"
        raise FormatError(reason, line_of(text, position))
    return _LONE_SURROGATE.sub("\ufffd", json.loads(text[position : end + 1])), end + 1


def _number(text: str, number: re.Match[str]) -> int | float:
    value = float(number[0])
    if math.isinf(value):  # Go refuses it too; and an integer of many digits takes a time that grows with their square
        raise FormatError("a number out of range", line_of(text, number.start()))
    return value if number["fraction"] or number["exponent"] else int(number[0])


def _space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _unexpected(text: str, position: int, expected: str) -> FormatError:
    found = json.dumps(text[position]) if position < len(text) else "the end of the file"
    return FormatError(f"expected {expected}, found {found}", line_of(text, position))


class _Editor:
    """Changes values of one document, in its style."""

    def __init__(self, text: str, document: _Node) -> None:
        self.text = text
        self.document = document
        line_break = re.search(r"\r?\n", text)
        self.line_break = line_break[0] if line_break else "\n"
        self.expanded = not document.items or self._is_expanded(document)
        self.unit = (self.expanded and document.items and self._indentation(document.items[0].start)) or "    "
        arrays = (node for node in _nodes(document) if node.items and isinstance(node.value, list))
        first_array = next(arrays, None)
        self.inline_arrays = first_array is not None and not self._is_expanded(first_array)

    def edited(self, node: _Node, new: Any) -> str:
        """Return the new text of a value."""
        if same(node.value, new):
            return self.text[node.start : node.end]
        alike = isinstance(new, Mapping if isinstance(node.value, dict) else list)
        if not node.items or not new or not alike:
            return self._rendered(new, self._indentation(node.start), self.expanded)

        def change(index: int, value: Any) -> str:
            item, child = node.items[index], node.children[index]
            return self.text[item.start : child.start] + self.edited(child, value)

        def create(value: Any) -> str:
            return self._rendered(value, self._indentation(node.items[-1].start), self._is_expanded(node))

        colon = self._colon(node)
        if isinstance(new, list):
            pieces = sequence_pieces(node.value, new, change, create)
        else:
            pieces = member_pieces(node.value, new, change, lambda name, value: _dumps(name) + colon + create(value))
        style = Style(comment="", lead=" " if colon.endswith(" ") else "")
        inside = splice(self.text, node.start + 1, node.end - 1, node.items, pieces, style)
        return self.text[node.start] + inside + self.text[node.end - 1]

    def _rendered(self, value: Any, indentation: str, expanded: bool) -> str:
        if not value or not isinstance(value, (Mapping, list)):
            return _dumps(value)
        if isinstance(value, list) and self.inline_arrays:
            expanded = expanded and not all(isinstance(item, str) for item in value)
        colon = self._colon(self.document)
        inner = indentation + self.unit
        if isinstance(value, list):
            items = [self._rendered(item, inner, expanded) for item in value]
        else:
            items = [_dumps(name) + colon + self._rendered(item, inner, expanded) for name, item in value.items()]
        opening, closing = "[]" if isinstance(value, list) else "{}"
        if not expanded:
            return opening + ("," + " " * colon.endswith(" ")).join(items) + closing
        separator = self.line_break + inner
        return opening + separator + ("," + separator).join(items) + self.line_break + indentation + closing

    def _is_expanded(self, node: _Node) -> bool:
        """Return whether the first item is on a line of its own."""
        return bool(node.items) and "\n" in self.text[node.start : node.items[0].start]

    def _indentation(self, position: int) -> str:
        """Return the white space that begins the line of the position."""
        match = _INDENTATION.match(self.text, self.text.rfind("\n", 0, position) + 1, position)
        return match[0] if match else ""

    def _colon(self, node: _Node) -> str:
        """Return the text between name and value of the last member here, or of the first one in the document."""
        owners = [node, *_nodes(self.document)]
        owner = next((owner for owner in owners if owner.items and isinstance(owner.value, dict)), None)
        if owner is None:
            return ": "
        dummy, name_end = _string(self.text, owner.items[-1].start)
        colon = self.text[name_end : owner.children[-1].start]
        return ": " if "\n" in colon else colon


def _nodes(node: _Node) -> Iterator[_Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
