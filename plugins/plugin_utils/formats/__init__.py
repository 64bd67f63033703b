# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text formats: ``parse(text) -> value`` and ``edit(text, value) -> text``, one file a format.

Two laws hold for every format: ``edit(t, parse(t)) == t`` and ``parse(edit(t, v)) == v``. What does not belong to a
changed item (comments, order, quoting, white space, line endings, a byte order mark) stays byte for byte.
"""

from __future__ import annotations

from ..problems import Problem


class FormatError(Problem, ValueError):
    """The text is not valid in its format, or cannot be edited as asked. ``str()`` reads like "line 3: reason"."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


def decode(data: bytes) -> str:
    """Decode the bytes of a file; FormatError names the line that is not UTF-8 or holds a NUL byte."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from None
    refuse_nul(text)
    return text


def refuse_nul(text: str) -> None:
    """Raise FormatError if the text holds a NUL, which no file of these formats can."""
    position = text.find("\0")
    if position >= 0:
        raise FormatError("NUL byte in text", line_of(text, position))


def line_of(text: str, position: int) -> int:
    """Return the number, from 1, of the line that the character at ``position`` is on."""
    return text.count("\n", 0, position) + 1


def refuse_beyond(value: object, limit: int) -> None:
    """Raise FormatError for lists and mappings nested more than ``limit`` times, or a number of more than 64 bits."""
    level = [value]
    for _level in range(limit + 1):
        inner: list[object] = []
        for container in level:
            if isinstance(container, dict):
                inner.extend(container.values())
            elif isinstance(container, list):
                inner.extend(container)
            elif isinstance(container, int) and not -(1 << 63) <= container < 1 << 63:
                raise FormatError("a number out of range")
        level = inner
    if level:
        raise FormatError(f"nested deeper than {limit} levels")
