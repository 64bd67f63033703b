# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits a textual sequence (array, list, members of an object, words) item by item.

The text between the brackets is cut into chunks ``lead + item + between + separator + after``: the lead is the white
space and the comment lines before an item, ``after`` is the comment on the rest of its line. Kept chunks are copied,
deleted ones leave only their comment lines behind, and a new one imitates its neighbour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

_COMPARISONS = 1_000_000  # beyond this many pairs of items, pairing them by position is good enough
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_EMPTY_LINES = re.compile(r"\A(?:(?:\r\n|\n|\r(?!\n))[ \t]*(?=[\r\n]))+")


@dataclass(frozen=True)
class Item:
    """Where an item stands in the text, and where the separator behind it (None: there is none).

    keeps_lines: an empty line behind it would be a part of it.
    """

    start: int
    end: int
    separator: int | None = None
    keeps_lines: bool = False


@dataclass(frozen=True)
class Style:
    """What a format has between items. ``lead`` stands before an item that has no neighbour to imitate."""

    separator: str = ","
    comment: str = "#"
    lead: str = " "


@dataclass(frozen=True)
class Piece:
    """One item of the result: its text, and which old item it was (None: new)."""

    text: str
    old: int | None = None


@dataclass(frozen=True)
class _Chunk:
    lead: str
    item: str
    between: str = ""
    separator: str = ""
    after: str = ""
    keeps_lines: bool = False

    @property
    def ends_in_comment(self) -> bool:
        return bool(self.after.strip())

    def __str__(self) -> str:
        return self.lead + self.item + self.between + self.separator + self.after


def freeze(value: Any) -> Any:
    """Make a hashable stand-in, equal exactly when types and values are: 1 is not True, NaN is NaN, order is free."""
    if isinstance(value, Mapping):
        return "map", frozenset((freeze(key), freeze(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "list", tuple(freeze(item) for item in value)
    return type(value).__name__, repr(value)


def same(one: Any, other: Any) -> bool:
    """Compare plain values; the type counts, and NaN equals NaN."""
    return bool(freeze(one) == freeze(other))


def paired(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[int | None, Any]]:
    """Yield the new items in order, each with the index of the old one it continues (None: it is new)."""
    for start, end, new_start, new_end in _stretches(old, new):
        for offset, value in enumerate(new[new_start:new_end]):
            yield (start + offset if start + offset < end else None), value


def sequence_pieces(
    old: Sequence[Any],
    new: Sequence[Any],
    change: Callable[[int, Any], str],
    create: Callable[[Any], str],
) -> list[Piece]:
    """List the pieces of the new list. ``change(index, value)`` gives the text of an old item for a value."""
    return [Piece(create(value) if index is None else change(index, value), index) for index, value in paired(old, new)]


def member_pieces(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    change: Callable[[int, Any], str],
    create: Callable[[str, Any], str],
) -> list[Piece]:
    """List the pieces of the new mapping: members keep their order, new ones come last."""
    kept = [Piece(change(index, new[key]), index) for index, key in enumerate(old) if key in new]
    return kept + [Piece(create(key, value)) for key, value in new.items() if key not in old]


def splice(text: str, start: int, end: int, items: Sequence[Item], pieces: Sequence[Piece], style: Style) -> str:
    """Return the new text for ``text[start:end]``, of which ``items`` are the old ones, made of ``pieces``."""
    head, chunks, closing = _cut(text, start, end, items, style)
    chunks, blanks = _without_blanks(chunks, style)
    result: list[_Chunk] = []
    following = 0  # the first old chunk that is not dealt with yet
    left = ""  # the leads of deleted chunks
    if not chunks:
        left, closing = _split_last_line(closing) if closing.strip() else ("", closing if head else "")
    for piece in pieces:
        if piece.old is None:
            neighbours = chunks or result
            lead = _new_lead(neighbours, following, bool(result), style) if neighbours else _lead_after(left)
            result.append(_Chunk(lead, piece.text))
            left = left if chunks else ""
            continue
        for deleted in chunks[following : piece.old]:
            left = _joined(left, deleted.lead)
        chunk = chunks[piece.old]
        lead = _joined(left, chunk.lead)
        if piece.old > 0 and not result and not (left + chunk.lead).strip():
            lead = chunks[0].lead
        elif piece.old > 0 and not result and not chunks[0].lead:
            lead = lead.lstrip("\r\n")
        elif piece.old == 0 and result and not _LINE_BREAK.search(lead):
            lead = _later_lead(chunks, 0, style)
        result.append(replace(chunk, lead=lead, item=piece.text))
        left, following = "", piece.old + 1
    for deleted in chunks[following:]:
        left = _joined(left, deleted.lead)
    if result:
        result[-1] = replace(result[-1], after=result[-1].after + blanks)
    trailing = bool(chunks and chunks[-1].separator)
    new_line = _line_break(text) + _indentation(text, start)
    comments = _split_last_line(left)[0]
    if comments and style.separator and not _LINE_BREAK.match(closing):
        closing = new_line + closing  # what closes the sequence must not become a part of a comment
    inside = _assembled(result, comments + closing, trailing, style, new_line)
    if head and not _LINE_BREAK.match(inside):
        inside = new_line + inside.lstrip(" \t")
    return head + inside


def _cut(text: str, start: int, end: int, items: Sequence[Item], style: Style) -> tuple[str, list[_Chunk], str]:
    """Split into the comment on the opening line, the chunks, and the text behind the last."""
    rest_of_line = re.compile(r"[ \t]*(?=[\r\n])")
    if style.comment:
        rest_of_line = re.compile(rf"[ \t]*{style.comment}[^\r\n]*|{rest_of_line.pattern}")
    opening = rest_of_line.match(text, start, items[0].start if items else end)
    position = opening.end() if opening and opening.group().strip() else start
    head = text[start:position]
    chunks = []
    for item in items:
        separated = item.end if item.separator is None else item.separator + 1
        rest = rest_of_line.match(text, separated, end)
        finish = rest.end() if rest else separated
        chunks.append(
            _Chunk(
                lead=text[position : item.start],
                item=text[item.start : item.end],
                between=text[item.end : item.separator] if item.separator is not None else "",
                separator="" if item.separator is None else text[item.separator],
                after=text[separated:finish],
                keeps_lines=item.keeps_lines,
            )
        )
        position = finish
    return head, chunks, text[position:end]


def _without_blanks(chunks: list[_Chunk], style: Style) -> tuple[list[_Chunk], str]:
    """Take away the blanks that end the line of the last chunk, where the next one would come to the same line.

    They end that line also with a new chunk on it, and when that one goes again.
    """
    if not chunks or chunks[-1].ends_in_comment or _LINE_BREAK.search(_later_lead(chunks, len(chunks) - 1, style)):
        return chunks, ""
    return [*chunks[:-1], replace(chunks[-1], after="")], chunks[-1].after


def _assembled(chunks: list[_Chunk], closing: str, trailing: bool, style: Style, new_line: str) -> str:
    if not chunks and not closing.strip():
        return ""
    parts: list[str] = []
    open_comment = False
    for index, chunk in enumerate(chunks):
        if open_comment and not _LINE_BREAK.match(chunk.lead):
            parts.append(new_line)
        separate = bool(style.separator) and (trailing or index < len(chunks) - 1)
        if index and chunks[index - 1].keeps_lines:
            chunk = replace(chunk, lead=_EMPTY_LINES.sub("", chunk.lead))
        parts.append(str(_separated(chunk, style.separator if separate else "")))
        open_comment = chunk.ends_in_comment
    if open_comment and (closing or style.separator) and not _LINE_BREAK.match(closing):
        parts.append(new_line)
    return "".join(parts) + closing


def _separated(chunk: _Chunk, separator: str) -> _Chunk:
    """Return the chunk with this separator, put directly behind the item or taken away."""
    if chunk.separator == separator:
        return chunk
    rest = chunk.between + chunk.after
    if separator:
        return replace(chunk, between="", separator=separator, after=rest)
    return replace(chunk, between="", separator="", after=rest if chunk.between.strip() else chunk.after)


def _joined(left: str, lead: str) -> str:
    """Return the lead of a chunk whose predecessors were deleted: their comment lines stay."""
    if not _LINE_BREAK.search(lead):
        return left if _LINE_BREAK.search(left) else lead
    return _split_last_line(left)[0] + lead


def _split_last_line(white: str) -> tuple[str, str]:
    """Split into comment lines and the line break with indentation behind them; the latter alone without comment."""
    if not white.strip():
        return "", white
    breaks = list(_LINE_BREAK.finditer(white))
    return (white[: breaks[-1].start()], white[breaks[-1].start() :]) if breaks else (white, "")


def _new_lead(chunks: list[_Chunk], following: int, later: bool, style: Style) -> str:
    if following == 0 and not later:
        return _imitated(chunks[0].lead)
    return _later_lead(chunks, max(following - 1, 0), style)


def _later_lead(chunks: list[_Chunk], index: int, style: Style) -> str:
    """Return the white space before an item that is not the first, as the neighbour at ``index`` has it."""
    if index == 0 and not _LINE_BREAK.search(chunks[0].lead):
        return _imitated(chunks[1].lead) if len(chunks) > 1 else style.lead
    return _imitated(chunks[index].lead)


def _imitated(lead: str) -> str:
    """Imitate the lead of a neighbour, without comments and without white space at the end of the line before it."""
    white = _split_last_line(lead)[1]
    found = _LINE_BREAK.search(white)
    return white[found.start() :] if found else white


def _lead_after(comments: str) -> str:
    """Return the white space before the first item of a sequence that held nothing, or nothing but comments."""
    if not comments:
        return ""
    lines = re.findall(r"(?:\A|[\r\n])([ \t]*)", comments)
    return comments + _line_break(comments) + str(lines[-1])


def _indentation(text: str, position: int) -> str:
    """Return the white space that begins the line of a position."""
    line = text[max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _line_break(text: str) -> str:
    found = _LINE_BREAK.search(text)
    return found.group() if found else "\n"


def _stretches(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[int, int, int, int]]:
    """Yield stretches (old start, old end, new start, new end) that cover both lists; items pair by position.

    What is not equal is compared again by first member, so that a changed table is not taken for its neighbour.
    """
    for tag, i1, i2, j1, j2 in opcodes([freeze(item) for item in old], [freeze(item) for item in new]):
        if tag != "replace":
            yield i1, i2, j1, j2
            continue
        first = [list(map(_first_member, items)) for items in (old[i1:i2], new[j1:j2])]
        for _tag, k1, k2, l1, l2 in opcodes(*first):
            yield i1 + k1, i1 + k2, j1 + l1, j1 + l2


def opcodes(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield opcodes as difflib does, in bounded time."""
    shorter = min(len(old), len(new))
    prefix = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    suffix = next((i for i in range(shorter - prefix) if old[-1 - i] != new[-1 - i]), shorter - prefix)
    old_end, new_end = len(old) - suffix, len(new) - suffix
    yield "equal", 0, prefix, 0, prefix
    if (old_end - prefix) * (new_end - prefix) > _COMPARISONS:
        yield "replace", prefix, old_end, prefix, new_end
    else:
        compared = SequenceMatcher(None, old[prefix:old_end], new[prefix:new_end], autojunk=False)
        for tag, i1, i2, j1, j2 in compared.get_opcodes():
            yield tag, prefix + i1, prefix + i2, prefix + j1, prefix + j2
    yield "equal", old_end, len(old), new_end, len(new)


def _first_member(item: Any) -> Any:
    return freeze(next(iter(item.items()), None) if isinstance(item, Mapping) else None)
