# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where YAML in Go differs from PyYAML: tabs between tokens, and what a plain scalar means.

Masters, registries and containers/image read their YAML with gopkg.in/yaml.v2, a translation of libyaml. It takes tabs
behind a value, where PyYAML sees a character that begins no token; `y` is true to it, and `1:30` and dates are texts.
Source: scannerc.go and resolve.go of yaml.v2 2.0.0, which masters of 3.x hold. What is a number to a later one alone
(`1e3`) is a text here. ``tests/conformance`` compares.
"""

from __future__ import annotations

import re
from functools import cache
from math import isinf
from typing import Any

from ..libraries import yaml

PLAIN = "plain"  #: The tag of a scalar without quotes and without a tag of its own.
MERGE = "tag:yaml.org,2002:merge"
_INDICATORS = re.compile(r"(?P<end>[+-]?)(?P<digit>[1-9]?)|(?P<first>[1-9])(?P<last>[+-])")
_BREAKS = "\r\n\x85\u2028\u2029"
_TRUE = frozenset("y Y yes Yes YES true True TRUE on On ON".split())
_FALSE = frozenset("n N no No NO false False FALSE off Off OFF".split())
_NUMBER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]+|0b[01_]+|[0-9][0-9_]*(?:\.[0-9_]+)?(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)"
)
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
#: A number for later releases only, which read files of containers/image.
_LATER_NUMBER = re.compile(r"[-+]?(?:0o[0-7_]+|(?:\.[0-9_]+|[0-9_]+(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?)")
_TOO_LARGE = 2**64  # no whole number of Go holds it


def plain_scalar(text: str) -> Any:
    """Read a scalar without quotes: null, a boolean, a number or a text."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NUMBER.fullmatch(text):
        return _number(text)
    return float(text.replace(".", "")) if _NO_NUMBER.fullmatch(text) else text


def scalar_of_today(text: str) -> Any:
    """Read a scalar without quotes as later releases do: what only they take for a number is one."""
    found = plain_scalar(text)
    if found is not text or not _LATER_NUMBER.fullmatch(text):
        return found
    return _number(text)


def means_text(scalar: str) -> bool:
    """Return whether a scalar without quotes is a text to every release."""
    return isinstance(plain_scalar(scalar), str) and scalar != "<<" and not _LATER_NUMBER.fullmatch(scalar)


def _number(text: str) -> int | float | str:
    digits = text.replace("_", "")
    for base in (0, 8):  # 0x1b, and 017 as in C
        try:
            whole = int(digits, base)
        except ValueError:
            continue
        if abs(whole) < _TOO_LARGE:
            return whole
    try:
        number = float(digits)
    except ValueError:  # 0x with more digits than a number has
        return text
    return text if isinf(number) else number


@cache
def loader() -> Any:
    """Return a SafeLoader of PyYAML that scans and resolves like yaml.v2."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is yaml.ScalarNode and implicit[0]:
                return MERGE if value == "<<" else PLAIN
            return super().resolve(kind, value, implicit)

        def compose_node(self, parent: Any, index: Any) -> Any:
            """Forget an anchor whose name is used again, which PyYAML refuses."""
            event = self.peek_event()
            if not isinstance(event, yaml.AliasEvent):
                self.anchors.pop(event.anchor, None)
            return super().compose_node(parent, index)

        def scan_to_next_token(self) -> None:
            """Pass white space; a tab counts as such where no key of a block can begin."""
            super().scan_to_next_token()
            while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
                self.forward()
                super().scan_to_next_token()

        def scan_plain_spaces(self, indent: int, start_mark: Any) -> list[str]:
            """Return the white space between two words of a plain scalar, as they are joined."""
            blanks = self._blanks()
            if self.peek() not in _BREAKS:
                return [blanks] if blanks else []
            breaks: list[str] = []
            while self.peek() in _BREAKS:
                breaks.append(self.scan_line_break())
                self.allow_simple_key = True
                if self.prefix(3) in ("---", "...") and self.peek(3) in f"\0 \t{_BREAKS}":
                    return []
                self._indentation(indent, start_mark)
            return (breaks if breaks[0] != "\n" else breaks[1:]) or [" "]

        def _blanks(self) -> str:
            length = 0
            while self.peek(length) in " \t":
                length += 1
            blanks = str(self.prefix(length))
            self.forward(length)
            return blanks

        def _indentation(self, indent: int, start_mark: Any) -> None:
            while self.peek() in " \t":
                if self.peek() == "\t" and self.column < indent:
                    raise yaml.scanner.ScannerError(
                        "while scanning a plain scalar", start_mark, "found a tab in the indentation", self.get_mark()
                    )
                self.forward()

        def scan_block_scalar_indicators(self, start_mark: Any) -> Any:
            """Read what ends or indents a text behind ``|`` or ``>``; PyYAML refuses a tab behind that."""
            length = 0
            while self.peek(length) in "+-0123456789":
                length += 1
            found = _INDICATORS.fullmatch(self.prefix(length))
            if self.peek(length) != "\t" or not found:
                return super().scan_block_scalar_indicators(start_mark)
            self.forward(length)
            digit, keeps = found["digit"] or found["first"], {"+": True, "-": False}.get(found["end"] or found["last"])
            return keeps, int(digit) if digit else None

        def scan_block_scalar_ignored_line(self, start_mark: Any) -> Any:
            self._blanks()
            return super().scan_block_scalar_ignored_line(start_mark)

    Loader.add_constructor(PLAIN, lambda _loader, node: plain_scalar(node.value))
    return Loader
