# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML (registries.conf of version 0, master-config.yaml), read as PyYAML's SafeLoader reads it.

PyYAML decides what a scalar means and renders what is new. The text is edited at the marks of its events, so that a
document is never dumped again. Refused, though YAML allows it: a key that is there twice, a key that is no scalar,
more than one document, tags of collections, and anything nested or shared beyond measure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..imports import yaml
from . import FormatError, line_of
from .splice import Item, Step, Style, freeze, member_steps, same, sequence_steps, splice

MAX_DEPTH = 100
MAX_NODES = 1_000_000  # after aliases are followed
_MERGE = "tag:yaml.org,2002:merge"
_COLLECTION_TAGS = (None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_PROPERTIES = re.compile(r"(?:[&!][^ \t\r\n]*(?:[ \t\r\n]+|#[^\r\n]*)*)*")
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_COMMENT_BEHIND = re.compile(r"[ \t]+#[^\r\n]*")
_LINE_START = re.compile(r"(?:\A|\r\n|\n|\r)[ \t]*\Z")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


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


def parse(text: str) -> Any:
    """The document as plain types, None for one that is empty. Raises FormatError with line and reason."""
    node = _Composer(text).document()
    return node.value if node else None


def edit(text: str, value: Any) -> str:
    """The text changed so that it means ``value``. An emptied list is written ``[]``.

    Raises FormatError when that is impossible, as for a change inside what an alias shares.
    """
    document = _Composer(text).document()
    if same(document.value if document else None, value):
        return text
    try:
        result = _Editor(text, document).edited(value)
        written = parse(result)
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"the change cannot be made in this file: {error}") from None
    if not same(written, value):
        raise FormatError("the change cannot be made in this file (an alias, a merged key or a tag stands against it)")
    return result


class _Composer:
    """Builds the tree of one document from PyYAML's events."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.anchors: dict[str, _Node] = {}
        self.size = 0

    def document(self) -> _Node | None:
        try:
            self.loader = yaml.SafeLoader(self.text)
            self.loader.get_event()  # the start of the stream
            if self.loader.check_event(yaml.StreamEndEvent):
                return None
            self.loader.get_event()
            node = self._node(0, 0)
            self.loader.get_event()
            if not self.loader.check_event(yaml.StreamEndEvent):
                raise FormatError("a second document", self.loader.peek_event().start_mark.line + 1)
            return node
        except yaml.reader.ReaderError as error:
            raise FormatError(f"a character that YAML refuses: {error.reason}", line_of(self.text, error.position)) from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise FormatError(str(error.problem or error.context), mark.line + 1 if mark else None) from None

    def _node(self, depth: int, position: int) -> _Node:
        """The next node; ``position`` is where the text before it has been dealt with."""
        event = self.loader.get_event()
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise FormatError(f"nested deeper than {MAX_DEPTH} levels", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise FormatError(f"the alias *{event.anchor} is not defined, or within itself", line)
            shared = self.anchors[event.anchor]
            node = _Node(event.start_mark.index, event.end_mark.index, shared.value, "alias", size=shared.size)
        elif isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        else:
            if event.tag not in _COLLECTION_TAGS:
                raise FormatError(f"the tag {event.tag} is not supported here", line)
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            node = self._collection(event, depth, is_mapping)
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
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark, style=event.style)
        try:
            value = event.value if tag == _MERGE else self.loader.construct_object(node)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            raise FormatError(f"not a {tag.rpartition(':')[2]}: {error}", event.start_mark.line + 1) from None
        start, end = event.start_mark.index, event.end_mark.index
        if start < end:
            start = _skip(_PROPERTIES, self.text, start)
        if event.style in ("|", ">"):
            end = start + len(self.text[start:end].rstrip(" \t\r\n"))
        return _Node(min(start, end), end, value, "merge" if tag == _MERGE else "scalar")
