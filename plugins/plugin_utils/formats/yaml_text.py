# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML (registries.conf of version 0, master-config.yaml), read as PyYAML's SafeLoader reads it, or as Go does.

PyYAML, or `go_yaml` with ``go``, decides what a scalar means; PyYAML renders what is new. The text is edited at the
marks of its events, so that a document is never dumped again. Refused, though YAML allows it: a key that is there
twice, a key that is not a scalar, more than one document, tags of collections, and anything nested or shared beyond
measure.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from ..libraries import yaml, yaml_faults, yaml_reason
from . import FormatError, go_yaml, line_of
from .splice import Item, Piece, Style, member_pieces, same, sequence_pieces, splice

MAX_DEPTH = 100
MAX_NODES = 100_000  # after aliases are followed
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_LONGEST_NUMBER = 400  # all that a float can hold; of 1:1:1:…, time grows with the square of the length
_MERGE = "tag:yaml.org,2002:merge"
_MERGE_KEY = ("<<",)  # no scalar, so that it cannot be taken for a key that is written "<<"
_COLLECTION_TAGS = (None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_PROPERTIES = re.compile(r"(?:[&!][^ \t\r\n]*(?:[ \t\r\n]+|#[^\r\n]*)*)*")
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_COMMENT_BEHIND = re.compile(r"[ \t]+#[^\r\n]*")
_KEEPS_END = re.compile(r"[|>][0-9]?\+")  # empty lines at the end of such a text are a part of it
_KEPT_END = re.compile(r"(?:\r\n|\n|\r)?[ \t]*\Z")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_HIDDEN_BREAK = re.compile("[\x85\u2028\u2029]")  # YAML 1.1 begins a new line there, editors do not
# Empty documents and comments. Each line matches in one way only: with two, time would double with each line.
_NOTHING = re.compile(
    r"(?:(?:(?:---|\.\.\.)(?=\s|\Z))?[ \t]*(?:#[^\r\n\x85\u2028\u2029]*)?(?:\r?\n|\r(?!\n)|[\x85\u2028\u2029]|\Z))*\Z"
)
_DUMP_OPTIONS = {"width": sys.maxsize, "allow_unicode": True, "sort_keys": False}


@dataclass(frozen=True)
class _Node:
    """A value in the text.

    A block collection that begins on a line of its own starts at the line break before it, and ends behind the
    comment of its last line. ``marks`` tells where the colon or dash before each child ends.
    """

    start: int
    end: int
    value: Any
    style: str  # "scalar", "flow", "block", "pair" (a: b inside [ ]) or "alias"
    items: tuple[Item, ...] = ()
    children: tuple[_Node, ...] = ()
    keys: tuple[Any, ...] = ()
    marks: tuple[int, ...] = ()
    size: int = 1
    column: int = 0
    keeps_lines: bool = False


def parse(text: str, *, go: bool = False) -> Any:
    """Read the document as plain types, None for an empty one. Raises FormatError with line and reason.

    go: whether the program that the text is for reads it with Go's yaml.v2; so in the functions below.
    """
    node = _document(text, go)
    return copy.deepcopy(node.value) if node else None


def edit(text: str, value: Any, *, go: bool = False) -> str:
    """Change the text so that it means ``value``. An emptied list is written ``[]``.

    Raises FormatError when that is impossible, as for a change inside what an alias shares.
    """
    document = _document(text, go)
    if same(document.value if document else None, value):
        return text
    if hidden := _HIDDEN_BREAK.search(text):
        raise FormatError(f"U+{ord(hidden[0]):04X} breaks a line for YAML alone", line_of(text, hidden.start()))
    try:
        result = _Editor(text, document, go).edited(value)
        written = parse(result, go=go)
    except yaml_faults() as error:
        raise FormatError(f"the change cannot be made in this file: {error}") from None
    if not same(written, value):
        reasons = "an alias, a merged key, a tag, or a last line without an end"
        raise FormatError(f"the change cannot be made in this file ({reasons} stands against it)")
    return result


def written(text: str, path: Iterable[Any], *, go: bool = False) -> str | None:
    """Return how the value below these keys is written, from behind the colon; None where there is no such key.

    Raises FormatError. The value of a key alone is "", so that it can be told from ``null`` by `rewritten`.
    """
    found = _place(text, tuple(path), go)
    return found and text[found[0] : found[1]]


def rewritten(text: str, path: Iterable[Any], as_before: str, *, go: bool = False) -> str:
    """Write the value below these keys as `written` found it in an earlier text. Raises FormatError."""
    keys = tuple(path)
    found = _place(text, keys, go)
    if not found:
        raise FormatError(f"the key {'.'.join(map(str, keys))} is not there any more")
    result = text[: found[0]] + as_before + text[found[1] :]
    parse(result, go=go)
    return result


def _place(text: str, path: tuple[Any, ...], go: bool) -> tuple[int, int] | None:
    """Find where the value below these keys begins, behind the colon, and where it ends."""
    node, mark = _document(text, go), 0
    for key in path:
        if node is None or key not in node.keys:
            return None
        index = node.keys.index(key)
        node, mark = node.children[index], node.marks[index]
    return (mark, _skip(_COMMENT_BEHIND, text, max(mark, node.end))) if node else None


@lru_cache(maxsize=4)
def _document(text: str, go: bool) -> _Node | None:
    """Read a text once for all that is asked of it in one task; PyYAML takes longest of all."""
    return _Composer(text, go).document()


class _Composer:
    """Builds the tree of one document from PyYAML's events."""

    def __init__(self, text: str, go: bool) -> None:
        self.text = text
        self.go = go
        self.anchors: dict[str, _Node] = {}
        self.size = 0

    def document(self) -> _Node | None:
        try:
            self.loader = (go_yaml.loader() if self.go else yaml.SafeLoader)(self.text)
            self.loader.get_event()  # the start of the stream
            if self.loader.check_event(yaml.StreamEndEvent):
                return None
            self.loader.get_event()
            node = self._node(0)
            end = self.loader.get_event().end_mark.index
            if self.go and _NOTHING.match(self.text, end):
                return node  # Go reads the first document alone
            if not self.loader.check_event(yaml.StreamEndEvent):
                which = "a second document, which nobody reads" if self.go else "a second document"
                raise FormatError(which, self.loader.peek_event().start_mark.line + 1)
            return node
        except yaml.reader.ReaderError as error:
            raise FormatError(str(error.reason), line_of(self.text, error.position)) from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise FormatError(yaml_reason(error), mark.line + 1 if mark else None) from None

    def _node(self, depth: int) -> _Node:
        event = self.loader.get_event()
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise FormatError(f"nested deeper than {MAX_DEPTH} levels", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise FormatError("the alias (its name is not shown) is not defined, or within itself", line)
            shared = self.anchors[event.anchor]
            node = _Node(event.start_mark.index, event.end_mark.index, shared.value, "alias", size=shared.size)
        elif isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        else:
            if event.tag not in _COLLECTION_TAGS:
                raise FormatError("the tag (its name is not shown) is not supported here", line)
            node = self._collection(event, depth)
        self.size += node.size if node.style == "alias" else 1
        if self.size > MAX_NODES:
            raise FormatError("aliases multiply the document beyond measure", line)
        if getattr(event, "anchor", None) and node.style != "alias":
            self.anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any) -> _Node:
        tag = event.tag
        if tag in (None, "!"):
            tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag in _NUMBERS and len(event.value) > _LONGEST_NUMBER:
            raise FormatError("a number out of range", event.start_mark.line + 1)
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark, style=event.style)
        try:
            value = event.value if tag == _MERGE else self.loader.construct_object(node)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
            raise FormatError(f"not valid as {tag.rpartition(':')[2]}", event.start_mark.line + 1) from None
        start, end = event.start_mark.index, event.end_mark.index
        if start < end and event.tag is None:  # a tag is replaced together with the value that it stands before
            start = _skip(_PROPERTIES, self.text, start)
        keeps_lines = event.style in ("|", ">") and bool(_KEEPS_END.match(self.text, start))
        if event.style in ("|", ">"):
            text = self.text[start:end]
            end = start + len(_KEPT_END.sub("", text) if keeps_lines else text.rstrip(" \t\r\n"))
        kind = "merge" if tag == _MERGE else "scalar"
        return _Node(min(start, end), end, value, kind, keeps_lines=keeps_lines)

    def _collection(self, event: Any, depth: int) -> _Node:
        text, line = self.text, event.start_mark.line + 1
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        start = position = _skip(_PROPERTIES, text, event.start_mark.index)
        style = "block" if not event.flow_style else "flow" if text[start] in "[{" else "pair"
        items: list[Item] = []
        children: list[_Node] = []
        keys: dict[Any, None] = {}
        marks: list[int] = []
        position += style == "flow"
        while not self.loader.check_event(yaml.SequenceEndEvent, yaml.MappingEndEvent):
            item_start = _skip(_TRIVIA, text, position)
            mark = self._key(keys) if is_mapping else item_start + (style == "block")
            child = self._node(depth + 1)
            marks.append(mark)
            children.append(child)
            items.append(self._item(item_start, mark, child, style))
            position = items[-1].end if items[-1].separator is None else items[-1].separator + 1
        event = self.loader.get_event()
        end = event.end_mark.index if style == "flow" else position
        line_start = text.rfind("\n", 0, start) + 1
        column = start - line_start - text.startswith("\ufeff", line_start)
        if style == "block":
            end = _skip(_COMMENT_BEHIND, text, end)
            start = _line_break_before(text, start)
        value = _mapping(keys, children, line, self.go) if is_mapping else [child.value for child in children]
        size = 1 + sum(child.size for child in children)
        keeps = bool(children) and children[-1].keeps_lines
        return _Node(
            start, end, value, style, tuple(items), tuple(children), tuple(keys), tuple(marks), size, column, keeps
        )

    def _item(self, start: int, mark: int, child: _Node, style: str) -> Item:
        end = max(child.end, mark)
        if style == "block" and child.start == child.end:
            end = _skip(_COMMENT_BEHIND, self.text, end)  # so that a list can be put below the comment
        separator = _skip(_TRIVIA, self.text, end)
        is_separated = style == "flow" and self.text.startswith(",", separator)
        return Item(start, end, separator if is_separated else None, child.keeps_lines)

    def _key(self, keys: dict[Any, None]) -> int:
        """Adds the next key to the others; returns where its colon ends."""
        event = self.loader.peek_event()
        line = event.start_mark.line + 1
        if not isinstance(event, yaml.ScalarEvent):
            raise FormatError("a key that is not a scalar", line)
        node = self._node(MAX_DEPTH)
        key = _MERGE_KEY if node.style == "merge" else node.value
        if key in keys:
            raise FormatError(f"the key {node.value} is there twice", line)
        keys[key] = None
        colon = _skip(_TRIVIA, self.text, node.end)
        return colon + 1 if self.text.startswith(":", colon) else node.end


def _line_break_before(text: str, position: int) -> int:
    """Find the line break before an indented position; return the position itself if other text is before it."""
    line_start = text.rfind("\n", 0, position) + 1
    if text[line_start:position].strip(" \t"):
        return position
    return max(line_start - 2 if text.startswith("\r\n", line_start - 2) else line_start - 1, 0)


def _mapping(keys: Iterable[Any], children: list[_Node], line: int, go: bool) -> dict[Any, Any]:
    """Put together what a mapping means: its own keys win over merged ones, in Go those behind the ``<<`` alone."""
    own = dict(zip(keys, (child.value for child in children), strict=True))
    behind = list(own)[list(own).index(_MERGE_KEY) + 1 :] if go and _MERGE_KEY in own else list(own)
    merged = own.pop(_MERGE_KEY, {})
    value: dict[Any, Any] = {}
    for mapping in reversed(merged if isinstance(merged, list) else [merged]):
        if not isinstance(mapping, Mapping):
            raise FormatError("<< merges what is not a mapping", line)
        value.update(mapping)
    return own | value | {key: own[key] for key in behind if key in own}


class _Editor:
    """Changes values of one document, in its style."""

    def __init__(self, text: str, document: _Node | None, go: bool) -> None:
        self.text = text
        self.go = go
        self.document = document
        line_break = _LINE_BREAK.search(text)
        self.line_break = line_break[0] if line_break else "\n"
        self.indent_lists = _indents_lists(document)
        self.is_json = _is_json(text)

    def edited(self, value: Any) -> str:
        """Return the whole text."""
        text, node = self.text, self.document
        if node is None or node.start == node.end:
            break_before = "" if not text or text[-1] in "\r\n" else self.line_break
            return text + break_before + self._lines(value, 0) + ("" if break_before else self.line_break)
        inside = self._in_place(node, value)
        if inside is None:
            at_line_start = text[: node.start] in ("", "\ufeff")
            inside = ("" if at_line_start else self.line_break) + self._lines(value, 0)
        return text[: node.start] + inside + text[node.end :]

    def _in_place(self, node: _Node, new: Any, quote: str | None = None) -> str | None:
        """Return the new text of a value whose kind stays; None if the text before it has to change too."""
        is_container = isinstance(new, (Mapping, list))
        if node.style == "scalar" and node.start < node.end and not is_container:
            mark = self.text[node.start]
            return self._flow(new, mark if mark in "\"'" else None)
        alike = isinstance(new, Mapping if isinstance(node.value, dict) else list)
        holds = node.items or (node.style == "flow" and self.text[node.start + 1 : node.end - 1].strip())
        if holds and (new or node.style == "flow") and alike and node.style in ("block", "flow"):
            return self._spliced(node, new)
        return self._flow(new) if node.style in ("flow", "pair") else None

    def _spliced(self, node: _Node, new: Any) -> str:
        text, flow = self.text, node.style == "flow"
        quote = self.text[node.children[-1].start : node.children[-1].start + 1] if node.children else ""

        def change(index: int, value: Any) -> str:
            item, child = node.items[index], node.children[index]
            if same(child.value, value):
                return text[item.start : item.end]
            inside = None if self._opens(node, index, value) else self._in_place(child, value)
            if inside is None:
                return self._replaced(node, index, value)
            return text[item.start : child.start] + inside + text[child.end : item.end]

        def create(value: Any) -> str:
            if flow or not value or not isinstance(value, (Mapping, list)):
                return ("" if flow else "- ") + self._flow(value, quote if quote in ("'", '"') else None)
            return self._lines([value], node.column)

        if isinstance(new, list):
            pieces = sequence_pieces(node.value, new, change, create)
        else:
            pieces = self._member_pieces(node, new, change)
        if flow:
            start, end, style = node.start + 1, node.end - 1, Style()
        else:
            start, end, style = node.start, node.end, Style("", "#", self.line_break + " " * node.column)
        inside = splice(text, start, end, node.items, pieces, style)
        return text[node.start : start] + inside + text[end : node.end]

    def _opens(self, node: _Node, index: int, value: Any) -> bool:
        """Return whether a ``{}`` behind its key becomes lines below it: it was empty, so nobody chose its style."""
        child = node.children[index]
        before = self.text[node.marks[index] : child.start]
        inside = self.text[child.start + 1 : child.end - 1]
        is_empty = child.style == "flow" and not child.items and not inside.strip() and not before.strip(" \t")
        return node.style == "block" and is_empty and bool(value) and isinstance(value, Mapping)

    def _member_pieces(self, node: _Node, new: Mapping[Any, Any], change: Callable[[int, Any], str]) -> list[Piece]:
        own = dict(zip(node.keys, (child.value for child in node.children), strict=True))
        wanted = {key: value for key, value in new.items() if key in own or not _has(node.value, key, value)}
        if _MERGE_KEY in own:
            wanted[_MERGE_KEY] = own[_MERGE_KEY]

        def create(key: Any, value: Any) -> str:
            if node.style == "flow" or not value or not isinstance(value, (Mapping, list)):
                return f"{self._flow(key)}: {self._flow(value)}"
            return f"{self._flow(key)}:{self._below(value, node.column)}"

        return member_pieces(own, wanted, change, create)

    def _replaced(self, node: _Node, index: int, value: Any) -> str:
        """Return the text of an item whose value changes its kind; comments between key and value stay."""
        item, child, mark = node.items[index], node.children[index], node.marks[index]
        head = self.text[item.start : mark]
        if not head.endswith(("-", ":")):
            head += ":" if node.keys else ""
        between = self.text[mark : child.start] if _LINE_BREAK.match(self.text, child.start) else ""
        behind = self.text[child.end : item.end]
        if node.style != "block" or not value or not isinstance(value, (Mapping, list)):
            return head + " " * bool(head) + self._flow(value) + between + behind
        if not node.keys:
            return self._lines([value], node.column)
        return head + between + behind + self._below(value, node.column)

    def _below(self, value: Any, column: int) -> str:
        """Return the lines of a list or mapping below its key."""
        return self._lines({"key": value}, column).removeprefix("key:")

    def _lines(self, value: Any, column: int) -> str:
        """Return a value in block style whose lines, but the first, begin at the column."""
        dumped = yaml.dump(value, Dumper=_dumper(self.indent_lists, self.go), default_flow_style=False, **_DUMP_OPTIONS)
        return (self.line_break + " " * column).join(dumped.removesuffix("...\n").rstrip("\n").split("\n"))

    def _flow(self, value: Any, quote: str | None = None) -> str:
        """Return a value on one line, as JSON where the whole text is: some of its readers take nothing else then."""
        return (_json(value) if self.is_json else None) or _flow(value, quote, self.go)


def _json(value: Any) -> str | None:
    """Return the JSON of a value, None when JSON cannot say it: dates, infinity, and keys beside text."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return text if json.loads(text) == value else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _has(value: Mapping[Any, Any], key: Any, member: Any) -> bool:
    return key in value and same(value[key], member)


def _indents_lists(node: _Node | None) -> bool:
    """Return whether the first list below a key is indented; yes where there is none."""
    parents = [node] if node else []
    for parent in parents:
        for child in parent.children:
            if parent.keys and parent.style == child.style == "block" and not child.keys:
                return child.column > parent.column
        parents.extend(parent.children)
    return True


def _flow(value: Any, quote: str | None, go: bool) -> str:
    """Return a value on one line, fit for block and flow surroundings."""
    if isinstance(value, str) and "\n" in value:
        quote = '"'
    style = quote if isinstance(value, str) else None
    dumper = _dumper(False, go)
    dumped = yaml.dump([value], Dumper=dumper, default_flow_style=True, default_style=style, **_DUMP_OPTIONS)
    return str(dumped).rstrip("\n")[1:-1]


@cache
def _dumper(indent_lists: bool, go: bool) -> Any:
    """Return a dumper without aliases, that indents the lists below a key, or not."""

    def increase_indent(self: Any, flow: bool = False, indentless: bool = False) -> None:
        yaml.SafeDumper.increase_indent(self, flow, indentless and not indent_lists)

    def resolve(self: Any, kind: Any, value: Any, implicit: Any) -> Any:
        """Tell no tag where a plain text would be one to PyYAML alone, so that it is put in quotes."""
        tag = yaml.SafeDumper.resolve(self, kind, value, implicit)
        is_plain_text = kind is yaml.ScalarNode and implicit[0] and tag == "tag:yaml.org,2002:str"
        return None if go and is_plain_text and not go_yaml.means_text(value) else tag

    members = {"increase_indent": increase_indent, "ignore_aliases": lambda self, value: True, "resolve": resolve}
    return type("Dumper", (yaml.SafeDumper,), members)


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
