# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts as Go programs write them, byte for byte: TOML, JSON and YAML of the operator, and quoted text in its errors.

Sources: BurntSushi/toml v1.5 encode.go, encoding/json, go-yaml v2 (sorter.go, emitterc.go), strconv.Quote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cmp_to_key
from typing import Any

from ...libraries import yaml

_TOML_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)} | {
    ord(sign): "\\" + letter for sign, letter in zip('"\\\b\t\n\f\r', '"\\btnfr', strict=True)
}
_JSON_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "&<>\u2028\u2029"}
_QUOTE_ESCAPES = {ord(sign): "\\" + letter for sign, letter in zip('"\\\a\b\f\n\r\t\v', '"\\abfnrtv', strict=True)}
# Longer keys of a mapping are written as "? key".
_LONGEST_SIMPLE_KEY = 128
# What go-yaml would read as something else than text; the last one it only fears that others do.
_WORDS = frozenset("y yes true on n no false off null".split())
_NUMBER = re.compile(
    r"[-+]?(?:(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)"
)
_BARE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9./@:_-]*[A-Za-z0-9./@_-])?")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


def toml_string(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'  # the usual case
    return f'"{text.translate(_TOML_ESCAPES)}"'


def toml_strings(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(toml_string, texts))}]"


def json_text(value: Any, indent: int | None) -> str:
    """Write as json.MarshalIndent does, or as json.Marshal when indent is None. Keys keep their order."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=False).translate(_JSON_ESCAPES)


def sorted_by_bytes(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Go writes maps sorted by the bytes of their keys, which is Python's order of text too."""
    return {key: mapping[key] for key in sorted(mapping)}


def quoted(text: str) -> str:
    """Quote a string as %q does."""
    return '"' + "".join(_quoted_sign(sign) for sign in text) + '"'


def quoted_list(texts: Iterable[str]) -> str:
    """Quote a slice of strings as %q does."""
    return f"[{' '.join(map(quoted, texts))}]"


def yaml_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys in the order go-yaml sorts them: letters last, numbers by their value.

    This is not an order for every set of keys (10. < 1A. < 5. < 10.); for such a set go-yaml's own output varies.
    """
    return sorted(keys, key=cmp_to_key(_compare_keys))


def yaml_member(key: str, value: str, column: int) -> str:
    """Return one member of a block mapping and its line end; the value stands on lines of its own, two columns in."""
    indent, shown = " " * column, _yaml_scalar(key)
    if len(key.encode()) > _LONGEST_SIMPLE_KEY:
        return f"{indent}? {shown}\n{indent}: {value}\n"
    return f"{indent}{shown}:\n{indent}  {value}\n"


def _quoted_sign(sign: str) -> str:
    code = ord(sign)
    if code in _QUOTE_ESCAPES:
        return _QUOTE_ESCAPES[code]
    if sign.isprintable():
        return sign
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _yaml_scalar(text: str) -> str:
    """Text that means something else when bare is double quoted; what cannot stand bare gets single quotes."""
    if text.lower() in _WORDS or _NUMBER.fullmatch(text.replace("_", "")) or _SEXAGESIMAL.fullmatch(text):
        return toml_string(text)
    if _BARE.fullmatch(text):
        return text
    return str(yaml.safe_dump(text, width=10**9, allow_unicode=True)).removesuffix("...\n").rstrip("\n")


def _compare_keys(one: str, other: str) -> int:
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return -1 if _comes_first(one, other, place) else 1
    return len(one) - len(other)


def _comes_first(one: str, other: str, place: int) -> bool:
    a, b = one[place], other[place]
    if a.isalpha() and b.isalpha():
        return a < b
    if a.isalpha() or b.isalpha():
        return b.isalpha()
    # Digits already passed that are not all zeros make a zero here count as a digit of a longer number.
    passed = re.search(r"[0-9]*\Z", one[:place])
    lead = "1" if "0" in (a, b) and passed and passed[0].strip("0") else ""
    digits_a, digits_b = _digits(one, place), _digits(other, place)
    number_a, number_b = _number(lead + digits_a), _number(lead + digits_b)
    if number_a != number_b:
        return number_a < number_b
    if len(digits_a) != len(digits_b):
        return len(digits_a) < len(digits_b)
    return a < b


def _digits(text: str, place: int) -> str:
    match = re.compile(r"[0-9]*").match(text, place)
    return match[0] if match else ""


def _number(digits: str) -> tuple[int, str]:
    """Compares as the number does, however long it is."""
    significant = digits.lstrip("0")
    return len(significant), significant
