# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EnvironmentFile of systemd (/etc/sysconfig/docker and the like), read as systemd reads it.

Grammar: systemd, src/basic/env-file.c (reading), env-util.c (valid names), extract-word.c (words); compared with a
running systemd 252. systemd 219 (RHEL 7) reads backslashes inside quotes differently, see ``differs_on_el7``; what
this module writes reads the same there, and in a shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os.path import commonprefix

from . import FormatError, line_of, refuse_nul
from .splice import Item, Style, sequence_pieces, splice


def _unnamed(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\?P<\w+>", "?:", pattern.pattern)


_DOUBLE_QUOTED = r'"(?P<double>(?:\\[\s\S]|[^"\\])*\\?)"?'  # an end quote may be missing at the end of the file
_QUOTED_PIECE = re.compile(rf"'(?P<single>[^']*)'?|{_DOUBLE_QUOTED}")
_QUOTED = _unnamed(_QUOTED_PIECE)
_BARE = r"(?:\\[\s\S]|[^\\\n\r])*\\?"
_VALUE = re.compile(rf"(?P<quoted>(?:[ \t]*(?:{_QUOTED}))*)[ \t]*(?P<bare>{_BARE})")
_STATEMENT = re.compile(
    rf"(?P<comment>[#;]{_BARE})|(?P<key>[^ \t\n\r][^=\n\r]*)(?:=(?P<value>{_VALUE.pattern}))?"
)
_ESCAPE = re.compile(r"\\([\s\S]?)")
_SIGN = {"single": re.compile(r"[\s\S]"), "double": re.compile(r"\\?[\s\S]"), "bare": re.compile(r"\\?[\s\S]")}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
#: Lines that a shell reads alike: comments, plain assignments, and a word alone, which sets nothing in either.
_ALIKE_IN_SHELL = re.compile(
    r"""(?:[ \t]*(?:\#[^\n]*(?<!\\)|[A-Za-z_][A-Za-z0-9_]*(?:=(?:'[^']*'|"(?:[^"\\`$]|\\[\s\S])*")*"""
    r"""(?:[^\s"'\\`$;&|<>()~]|\\[^\r])*)?[ \t]*)?(?:\n|\Z))*"""
)
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_LINE_BREAK_AT_END = re.compile(r"(?:\r\n|\n|\r)\Z")
# Where systemd gives up on a file: no Unicode character (src/basic/utf8.c, unichar_is_valid).
_LAST_OF_PLANES = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NO_CHARACTER = re.compile(f"[\ud800-\udfff\ufdd0-\ufdef{_LAST_OF_PLANES}]")
_CONTROL = re.compile(r"[\x01-\x08\x0b-\x1f\x7f]")  # systemd 219 drops a variable that holds one

_WORD_PIECE = re.compile(
    rf"{_DOUBLE_QUOTED}|'(?P<single>(?:\\[\s\S]|[^'\\])*\\?)'?|(?P<bare>(?:\\[\s\S]?|[^ \t\n\r'\"\\])+)"
)
_WORD = re.compile("(?:" + _unnamed(_WORD_PIECE) + ")+")


@dataclass(frozen=True)
class _Statement:
    line_start: int
    start: int
    end: int  # where its line break is, or the end of the text
    name: str  # "" when systemd assigns nothing
    value: str
    value_start: int
    complete: bool  # a line put behind it would not become a part of it


def parse(text: str) -> dict[str, str]:
    """Read the variables by name, each with the value assigned last, without those whose name systemd ignores.

    Raises FormatError when systemd refuses the file: for a NUL byte or a code point that is not a character.
    """
    return {statement.name: statement.value for statement in _statements(text) if statement.name}


def differs_on_el7(text: str, name: str) -> bool:
    """Return whether systemd 219 (RHEL 7) reads another value: it removes a backslash before any quoted character."""
    old = {statement.name: statement.value for statement in _statements(text, _unquoted_el7) if statement.name}
    return old.get(name) != parse(text).get(name)


def differs_in_shell(text: str) -> int | None:
    """Return the first line that a shell reads otherwise, None when it takes the same from the file."""
    alike = _ALIKE_IN_SHELL.match(text)
    end = alike.end() if alike else 0
    return line_of(text, end) if end < len(text) else None


def edit(text: str, value: Mapping[str, str]) -> str:
    """Change the text so that exactly these variables have these values.

    A changed variable is rewritten where it was assigned last; earlier assignments of it mean nothing and stay. What
    stays of its value keeps its spelling: quotes, escapes, lines that go on. One that goes, goes everywhere. A new one
    is put behind the last comment or assignment that mentions it. Raises FormatError for what cannot be written.
    """
    old = parse(text)
    changes = {name: value.get(name) for name in old if value.get(name) != old[name]}
    for name, new in value.items():
        if name not in old or name in changes:
            _refuse_control(text, name, new)
    result = _rewritten(text, changes) if changes else text
    for name in value:
        if name not in old:
            result = _with_new(result, name, value[name])
    if parse(result) != dict(value):
        raise FormatError("cannot be written in this file: " + ", ".join(sorted(set(value) - set(old) | set(changes))))
    return result


def words(value: str) -> list[str]:
    """Return the arguments that a lone ``$NAME`` in ExecStart= becomes: split at white space, quotes removed."""
    return [word for word, dummy in _words(value)]


def join(items: Sequence[str]) -> str:
    """Make a value that ``words`` splits into these items."""
    return " ".join(_quoted_word(item) for item in items)


def edit_words(value: str, items: Sequence[str]) -> str:
    """Change the value so that ``words`` gives these items; words that stay keep quoting and spacing."""
    found = list(_words(value))
    old = [word for word, dummy in found]
    spans = [span for dummy, span in found]
    if old == list(items):
        return value
    if not old:
        return join(items)

    def change(index: int, word: str) -> str:
        return value[spans[index].start : spans[index].end] if word == old[index] else _quoted_word(word)

    pieces = sequence_pieces(old, items, change, _quoted_word)
    result = splice(value, 0, len(value), spans, pieces, Style(separator="", comment=""))
    # A last word whose quote is open swallows what is put behind it.
    return result if words(result) == list(items) else join(items)


def _statements(text: str, unquoted: Callable[[re.Match[str]], str] | None = None) -> Iterator[_Statement]:
    refuse_nul(text)
    position = 0
    while match := _STATEMENT.search(text, position):
        indentation = len(text[position : match.start()]) - len(text[position : match.start()].rstrip(" \t"))
        position = match.end()
        name = value = ""
        if match["value"] is not None:
            name = match["key"].rstrip(" \t")
            pieces = _QUOTED_PIECE.finditer(match["quoted"])
            value = "".join(map(unquoted or _unquoted, pieces)) + _bare(match["bare"])
        refused = _NO_CHARACTER.search(name + value)
        if refused:
            raise FormatError(f"systemd refuses a file with {refused[0]!a}", line_of(text, match.start()))
        yield _Statement(
            line_start=match.start() - indentation,
            start=match.start(),
            end=position,
            name=name if _NAME.match(name) else "",
            value=value,
            value_start=match.start("value"),
            complete=position < len(text) or _ends_at_line_break(match[0]),
        )


def _ends_at_line_break(statement: str) -> bool:
    match = _STATEMENT.match(statement + "\n")
    return match is not None and match.end() == len(statement) and statement[-1] not in "\r\n"


def _unquoted(piece: re.Match[str]) -> str:
    if piece["single"] is not None:
        return piece["single"]
    return _ESCAPE.sub(_unescaped, piece["double"])


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1] in ("", "\n"):
        return ""
    return escape[1] if escape[1] in '"\\`$' else escape[0]


def _unquoted_el7(piece: re.Match[str]) -> str:
    return _ESCAPE.sub(_bare_escape, piece["single"] or piece["double"] or "")


def _bare(text: str) -> str:
    """Return the value of text outside quotes: without the white space at its end, unless that is escaped."""
    kept = text.rstrip(" \t")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    if backslashes % 2 == 1:
        kept = text[: len(kept) + 1]
    return _ESCAPE.sub(_bare_escape, kept)


def _bare_escape(escape: re.Match[str]) -> str:
    return escape[1].strip("\r\n")


def _refuse_control(text: str, name: str, value: str) -> None:
    """Raise FormatError for a value that systemd 219 would drop; it is not shown, because it may be a secret."""
    if found := _CONTROL.search(value):
        lines = [statement.start for statement in _statements(text) if statement.name == name]
        reason = f"{name} holds the control character {found[0]!a}, for which systemd drops the variable"
        raise FormatError(reason, line_of(text, lines[-1]) if lines else None)


def _rewritten(text: str, changes: Mapping[str, str | None]) -> str:
    """Return the text with these variables changed, or (None) taken away."""
    statements = [statement for statement in _statements(text) if statement.name in changes]
    last = {statement.name: statement for statement in statements}
    parts, position = [], 0
    for statement in statements:
        value = changes[statement.name]
        if value is not None:
            if statement is last[statement.name]:
                written = text[statement.value_start : statement.end]
                parts += [text[position : statement.value_start], _respelled(written, statement.value, value)]
                position = statement.end
            continue
        parts.append(text[position : statement.line_start])
        line_break = _LINE_BREAK.match(text, statement.end)
        position = line_break.end() if line_break else statement.end
    return "".join(parts) + text[position:]


def _respelled(written: str, old: str, new: str) -> str:
    """Return the spelling of a value with what changes in it changed; quoted anew where that reads as another value."""
    inner = written.strip(" \t")
    before = written[: len(written) - len(written.lstrip(" \t"))]
    behind = written[len(before) + len(inner) :] if inner[-1:] in ("'", '"') else ""
    differed = differs_on_el7(f"X={written}\n", "X")
    for candidate in (_changed_inside(written, old, new), before + _quoted(new, inner[:1]) + behind):
        line = f"X={candidate}\n"
        if candidate is not None and parse(line) == {"X": new} and (differed or not differs_on_el7(line, "X")):
            return candidate
    return _quoted(new, inner[:1])


def _changed_inside(written: str, old: str, new: str) -> str | None:
    """Change a value within its pieces, quoted or with escapes; None where there are none, or quotes need escaping."""
    inner = written.strip(" \t")
    pieces = list(_pieces(inner))
    if [kind for kind, _start, _text in pieces] == ["bare"] and "\\" not in inner:
        return None
    indent = written.index(inner)
    spans = [
        (indent + start + begin, indent + start + end, kind)
        for kind, start, text in pieces
        for match in _SIGN[kind].finditer(text)
        for begin, end in _signs(match, kind)
    ]
    first = len(commonprefix([old, new]))
    last = len(commonprefix([old[first:][::-1], new[first:][::-1]]))
    middle = new[first : len(new) - last]
    if len(spans) != len(old) or not pieces or re.search(r"""['"\\`$]""", middle):
        return None
    _kind, start, text = pieces[-1]
    begin = spans[first - 1][1] if first else indent + pieces[0][1]
    end = spans[len(old) - last][0] if last else max(begin, indent + start + len(text))
    if (spans[first - 1][2] if first else pieces[0][0]) == "bare":
        middle = re.sub(r"([ \t;#])", r"\\\1", middle)
    return written[:begin] + middle + written[end:]


def _pieces(value: str) -> Iterator[tuple[str, int, str]]:
    """Yield the quoted pieces of a value, and its rest without quotes: kind, where its text begins, the text."""
    found = _VALUE.fullmatch(value)
    if not found:
        return
    for piece in _QUOTED_PIECE.finditer(found["quoted"]):
        kind = "double" if piece["single"] is None else "single"
        yield kind, piece.start(kind), piece[kind]
    if found["bare"]:
        yield "bare", found.start("bare"), found["bare"]


def _signs(match: re.Match[str], kind: str) -> Iterator[tuple[int, int]]:
    """Yield where the characters stand that a piece of a quoted text means: none for a line that goes on."""
    meant = len(_ESCAPE.sub(_unescaped, match[0])) if kind == "double" else match[0] != "\\\n"
    for number in range(meant):
        yield match.start() + number, match.end() if number == meant - 1 else match.start() + number + 1


def _with_new(text: str, name: str, value: str) -> str:
    """Return the text with an assignment behind the last statement that mentions the name, else at the end."""
    position = _place_of_new(text, name)
    before = text[:position]
    found = _LINE_BREAK_AT_END.search(before) or _LINE_BREAK.search(text)
    line_break = found[0] if found else "\n"
    line = f"{name}={_quoted(value)}"
    line = line_break + line if before and before[-1] not in "\r\n" else line + line_break
    return before + line + text[position:]


def _place_of_new(text: str, name: str) -> int:
    """Find a place for a line: the end of the text, or the start of a line that is not a continuation."""
    statements = list(_statements(text))
    end = len(text)
    if statements and not statements[-1].complete:
        end = statements.pop().line_start
    mention = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    mentions = [index for index, s in enumerate(statements) if mention.search(text, s.start, s.end)]
    if not mentions:
        return end
    index = mentions[-1]
    if not re.search(rf"{re.escape(name)}[ \t]*=", text[statements[index].start : statements[index].end]):
        index = _last_of_comment_block(text, statements, index)
    line_break = _LINE_BREAK.match(text, statements[index].end)
    return line_break.end() if line_break else end


def _last_of_comment_block(text: str, statements: Sequence[_Statement], index: int) -> int:
    """Return the last of the comment lines that follow without a gap: a new line must not tear a text apart."""
    while index + 1 < len(statements):
        following = statements[index + 1]
        gap = text[statements[index].end : following.start]
        if text[following.start] not in "#;" or len(_LINE_BREAK.findall(gap)) > 1:
            break
        index += 1
    return index


def _quoted(value: str, as_before: str = "'") -> str:
    """Quote a value so that systemd 219, later ones and a shell read it alike: a backslash only in double quotes.

    as_before: the quote that the value had, kept where nothing has to be escaped in it.
    """
    plain = not re.search(r'["`$\\]', value)
    if "'" in value or "\\" in value or (as_before == '"' and plain):
        return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'
    return f"'{value}'"


def _words(value: str) -> Iterator[tuple[str, Item]]:
    for match in _WORD.finditer(value):
        pieces = [piece["double"] or piece["single"] or piece["bare"] or "" for piece in _WORD_PIECE.finditer(match[0])]
        yield "".join(_ESCAPE.sub(r"\1", piece) for piece in pieces), Item(match.start(), match.end())


def _quoted_word(word: str) -> str:
    if word and not re.search(r"[ \t\n\r'\"\\]", word):
        return word
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'
