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
from typing import Any

from ..libraries import yaml

_TAG = "tag:yaml.org,2002:"
_BREAKS = "\r\n\x85\u2028\u2029"
_BOOLS = dict.fromkeys(("y", "yes", "on", "true"), True) | dict.fromkeys(("n", "no", "off", "false"), False)
#: Plain scalars by what they mean; beside these there are numbers and texts.
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), "null"),
    **{as_written(word): "bool" for word in _BOOLS for as_written in (str, str.capitalize, str.upper)},
    **dict.fromkeys((sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")), "float"),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), "float"),
    "<<": "merge",
}
# Underscores are taken out before.
_INT = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)|-?0b[01]+")
_FLOAT = re.compile(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+][0-9]+)?|\.[0-9]+[eE][0-9]+")
#: A number only for later releases, which read files of containers/image.
_LATER_NUMBER = re.compile(r"[-+]?(?:0o[0-7]+|0b[01]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)")


def tag_of(scalar: str) -> str:
    """Return the tag of a plain scalar: null, bool, int, float, merge or str."""
    word = _WORDS.get(scalar)
    if word is None:
        digits = scalar.replace("_", "") if scalar[:1] in "+-.0123456789" else ""
        word = "int" if _INT.fullmatch(digits) else "float" if _FLOAT.fullmatch(digits) else "str"
    return _TAG + word


def means_text(scalar: str) -> bool:
    """Return whether a plain scalar is a text to every release."""
    return tag_of(scalar) == f"{_TAG}str" and not _LATER_NUMBER.fullmatch(scalar.replace("_", ""))


def _int(scalar: str) -> int:
    digits = scalar.replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", digits)
    return int(f"{octal[1]}{octal[2]}", 8) if octal else int(digits, 0)


@cache
def loader() -> Any:
    """Return a SafeLoader of PyYAML that scans and resolves like yaml.v2."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        buffer: str

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is yaml.ScalarNode and implicit[0]:
                return tag_of(value)
            return super().resolve(kind, value, implicit)

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
            """Read the indicators of ``|`` or ``>``; PyYAML wants a space behind them, so that a tab is made one."""
            length = 0
            while self.peek(length) in "+-0123456789":
                length += 1
            if self.peek(length) == "\t":
                at = self.pointer + length
                self.buffer = f"{self.buffer[:at]} {self.buffer[at + 1:]}"
            return super().scan_block_scalar_indicators(start_mark)

        def scan_block_scalar_ignored_line(self, start_mark: Any) -> Any:
            self._blanks()
            return super().scan_block_scalar_ignored_line(start_mark)

    Loader.add_constructor(f"{_TAG}bool", lambda _loader, node: _BOOLS[node.value.lower()])
    Loader.add_constructor(f"{_TAG}int", lambda _loader, node: _int(node.value))
    return Loader
