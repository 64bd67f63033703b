# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between two views: each line that goes or comes, and of the others those that say what it is about.

A line is told by those that it is indented below, too: ``insecure: true`` of one entry is not that of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..formats.splice import opcodes

_Row = tuple[str, str]  # the sign ("-" goes, "+" comes, " " stays) and the line


def difference(before: str, after: str) -> list[str]:
    """List the lines that differ, and those they stand below; of one that moves, also its neighbours."""
    rows = list(_rows(before.splitlines(), after.splitlines()))
    shown = _with_parents(rows) | _with_neighbours(rows)
    return [f"{sign} {line}" for index, (sign, line) in enumerate(rows) if index in shown]


def _rows(before: list[str], after: list[str]) -> Iterator[_Row]:
    old, new = _paths(before), _paths(after)
    for tag, i1, i2, j1, j2 in opcodes(old, new):
        if tag == "equal":
            yield from ((" ", line) for line in after[j1:j2])
            continue
        gone, come = set(old[i1:i2]), set(new[j1:j2])  # both have a line only where there are too many to compare
        yield from (("-", line) for line, path in zip(before[i1:i2], old[i1:i2], strict=True) if path not in come)
        yield from (("+", line) for line, path in zip(after[j1:j2], new[j1:j2], strict=True) if path not in gone)


def _paths(lines: Iterable[str]) -> list[tuple[str, ...]]:
    """Return each line with those that it is indented below."""
    paths: list[tuple[str, ...]] = []
    above: list[str] = []
    for line in lines:
        above = [*_outside(above, line), line]
        paths.append(tuple(above))
    return paths


def _outside(above: list[str], line: str) -> list[str]:
    return [each for each in above if _indentation(each) < _indentation(line)]


def _with_parents(rows: list[_Row]) -> set[int]:
    """Return the lines that go or come, and those they are indented below."""
    shown: set[int] = set()
    above: dict[str, list[int]] = {"-": [], "+": []}
    for index, (sign, line) in enumerate(rows):
        for side in above if sign == " " else sign:
            outside = [each for each in above[side] if _indentation(rows[each][1]) < _indentation(line)]
            above[side] = [*outside, index]
            shown.update(above[side] if sign != " " else ())
    return shown


def _with_neighbours(rows: list[_Row]) -> set[int]:
    """Return the lines beside those that only move, by which their new place is seen."""
    gone, come = ({line for sign, line in rows if sign == side} for side in "-+")
    moved = [index for index, (sign, line) in enumerate(rows) if sign != " " and line in gone & come]
    return {near for index in moved for near in (index - 1, index, index + 1) if 0 <= near < len(rows)}


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
