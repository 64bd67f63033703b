# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts as Go programs read them: JSON into a struct, base64, URLs.

Sources: encoding/json (decode.go, fold.go, stream.go), encoding/base64, net/url (url.go) of Go 1.24 and later.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from urllib.parse import unquote_to_bytes

from ..problems import Problem

#: A shape is what a program expects at one place: TEXT, Map, Many, Struct or Made.
TEXT = ""


@dataclass(frozen=True)
class Map:
    """An object with any names and values of one shape."""

    of: Any


@dataclass(frozen=True)
class Many:
    """An array of items of one shape."""

    of: Any


@dataclass(frozen=True)
class Struct:
    """An object of which the fields named here are read; other members are passed over, whatever they hold."""

    fields: dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A value of another shape that becomes something else as soon as it is read, as UnmarshalJSON does."""

    of: Any
    make: Callable[[Any, str], Any]


class Unreadable(Problem):
    """Why a Go program refuses a text; the sentence holds nothing of the text but names of members."""


class _Members(list[tuple[str, Any]]):
    """The members of an object as they are written, repeated names included."""


_SPACE = " \t\r\n"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Names of fields match without regard to case; Unicode knows two more small letters than ASCII does for s and k.
FOLDED = str.maketrans(ascii_lowercase + "\u017f\u212a", ascii_uppercase + "SK")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE64_UNPADDED = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")


def unmarshal(text: str, shape: Any) -> Any:
    """Return the whole text as json.Unmarshal reads it into a value of the shape. Raises Unreadable."""
    return _decoded(_scanned(text, 0)[0], shape, _zero(shape), "the document")


def unmarshal_first(text: str, shape: Any) -> Any:
    """Decode the first value as json.Decoder does: text behind it is ignored, and an empty text is nothing."""
    start = len(text) - len(text.lstrip(_SPACE))
    if start == len(text):
        return _zero(shape)
    return _decoded(_scanned(text, start, whole=False)[0], shape, _zero(shape), "the document")


def base64_decoded(text: str, *, padded: bool = True) -> bytes:
    """Line breaks are passed over, and nothing else that is not base64. Raises Unreadable."""
    text = text.replace("\r", "").replace("\n", "")
    if not (_BASE64 if padded else _BASE64_UNPADDED).fullmatch(text):
        raise Unreadable("is not base64")
    return base64.b64decode(text + "=" * (-len(text) % 4))


def is_base64(text: str) -> bool:
    """Say whether base64_decoded reads a text."""
    try:
        base64_decoded(text)
    except Unreadable:
        return False
    return True


def url_parts(text: str) -> tuple[str, str]:
    """Host (with its port) and unescaped path of a URL. Raises Unreadable.

    A host with signs that no host can have is given as it is, because no image has it either.
    """
    text, dummy, fragment = text.partition("#")
    if _CONTROL.search(text) or _BAD_ESCAPE.search(fragment):
        raise Unreadable("is not a URL")
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() if scheme else 0 :].partition("?")[0]
    if not rest.startswith("//"):
        if text.startswith(":") or (not scheme and ":" in rest.partition("/")[0]):
            raise Unreadable("is not a URL")
        return "", "" if scheme and not rest.startswith("/") else _unescaped(rest)
    authority, slash, path = rest[2:].partition("/")
    user, at, host = authority.rpartition("@")
    if not _USER.fullmatch(user) or _BAD_ESCAPE.search(user) or not _has_possible_port(host):
        raise Unreadable("is not a URL")
    return host, _unescaped(slash + path)


def _has_possible_port(host: str) -> bool:
    dummy, colon, port = host.rpartition(":")
    return not colon or host.endswith("]") or not port or (port.isascii() and port.isdigit())


def _unescaped(path: str) -> str:
    if _BAD_ESCAPE.search(path):
        raise Unreadable("is not a URL")
    return unquote_to_bytes(path).decode(errors="surrogateescape")


def _scanned(text: str, start: int, *, whole: bool = True) -> tuple[Any, int]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_Members, parse_constant=_refuse_constant, parse_int=float, parse_float=float
    )
    try:
        return decoder.raw_decode(text, start) if not whole else (decoder.decode(text), len(text))
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise Unreadable(f"is not valid JSON (line {error.lineno}: {reason})") from None
    except RecursionError:
        raise Unreadable("is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise Unreadable(f"is not valid JSON ({name} is not a value there)")


def _zero(shape: Any) -> Any:
    if isinstance(shape, Struct):
        return {name: _zero(field) for name, field in shape.fields.items()}
    return {Map: {}, Many: [], Made: None}.get(type(shape), TEXT)


def _decoded(value: Any, shape: Any, old: Any, where: str) -> Any:
    """Decode the value in its shape; fields that are absent keep `old`. where: how a sentence names the place."""
    if isinstance(shape, Made):
        return shape.make(_decoded(value, shape.of, _zero(shape.of), where), where)
    if value is None:
        return _zero(shape) if isinstance(shape, (Map, Many)) else old
    if shape == TEXT:
        if not isinstance(value, str):
            raise Unreadable(f"{where} is not text")
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(shape, Many):
        if not isinstance(value, list) or isinstance(value, _Members):
            raise Unreadable(f"{where} is not a list")
        return [_decoded(item, shape.of, _zero(shape.of), f"an item of {where}") for item in value]
    if not isinstance(value, _Members):
        raise Unreadable(f"{where} is not an object")
    members = [(_LONE_SURROGATE.sub("\ufffd", name), item) for name, item in value]
    result = dict(old)
    if isinstance(shape, Map):
        for name, item in members:
            result[name] = _decoded(item, shape.of, _zero(shape.of), json.dumps(name, ensure_ascii=False))
        return result
    folded = {name.translate(FOLDED): name for name in shape.fields}
    for written, item in members:
        name = written if written in shape.fields else folded.get(written.translate(FOLDED), "")
        if name:
            result[name] = _decoded(item, shape.fields[name], result[name], json.dumps(written, ensure_ascii=False))
    return result
