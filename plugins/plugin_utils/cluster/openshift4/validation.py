# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects compared with a schema as an API server does it: strict about fields, and lenient about what stays.

Source: the structural schemas of apiextensions.k8s.io/v1 with strict field validation and ratcheting: what is equal to
the stored value may stay wrong; items of lists have no stored value of their own unless the list is a map by a key.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from .objects import cited, kind_of

#: A test of a value, and what is said behind the value when it fails.
Rule = tuple[Callable[[Any], bool], str]

_TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "text": ("text", str),
    "list": ("a list", (list, tuple)),
    "mapping": ("a mapping", Mapping),
    "boolean": ("true or false", bool),
    "any": ("anything", object),
}
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")


@dataclass(frozen=True)
class Shape:
    """The schema of one value. length: of a text in characters, of a list in items; None: no upper limit.

    each: the schema of every item of a list, or of every value of a mapping whose keys are free (`keys` says how they
    are written). key: the items of a list are told apart by this field, which no two may have equal.
    """

    type: str
    fields: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    is_open: bool = False
    each: Shape | None = None
    keys: tuple[Callable[[str], bool], Callable[[str], str]] | None = None
    one_of: tuple[str, ...] = ()
    length: tuple[int, int | None] = (0, None)
    is_set: bool = False
    key: str = ""
    rules: tuple[Rule, ...] = ()

    def __hash__(self) -> int:
        return id(self)


MISSING = "is required, and missing"
OPEN = Shape("mapping", is_open=True)
ANY = Shape("any")


def text(one_of: tuple[str, ...] = (), longest: int | None = None, rules: tuple[Rule, ...] = ()) -> Shape:
    return Shape("text", one_of=one_of, length=(0, longest), rules=rules)


def array(each: Shape, fewest: int = 0, most: int | None = None, is_set: bool = False, key: str = "") -> Shape:
    return Shape("list", each=each, length=(fewest, most), is_set=is_set, key=key)


def record(fields: Mapping[str, Shape], required: tuple[str, ...] = (), rules: tuple[Rule, ...] = ()) -> Shape:
    return Shape("mapping", fields=fields, required=required, rules=rules)


def mapping_of(
    each: Shape, is_key: Callable[[str], bool], otherwise: Callable[[str], str], rules: tuple[Rule, ...] = ()
) -> Shape:
    return Shape("mapping", each=each, keys=(is_key, otherwise), rules=rules)


def union(word: str, members: Mapping[str, tuple[str, Shape]], one_of: tuple[str, ...] = ()) -> Shape:
    """Make a mapping whose field `word` selects one of the others. members: value of `word` → field, its schema."""

    def rule(value: str, name: str) -> Rule:
        return (
            lambda said: (said.get(word) == value) == (said.get(name) is not None),
            f"must have {name} exactly with {word} {value}",
        )

    fields = {word: text(one_of=one_of), **dict(members.values())}
    return record(fields, (word,), tuple(rule(value, name) for value, (name, _shape) in members.items()))


def matching(pattern: str, otherwise: str) -> Rule:
    whole = re.compile(pattern)
    return (lambda value: whole.fullmatch(value) is not None, otherwise)


def pem_rules(kind: str, counted: bool) -> tuple[Rule, ...]:
    """Return the rules of PEM in base64: how it begins and ends, and whether every block that begins ends."""
    begin, end = (f"-----{word} {kind}-----" for word in ("BEGIN", "END"))

    def holds(value: str) -> bool:
        try:
            said = base64.b64decode(value).decode()
        except ValueError:
            return False
        well = said.startswith(begin) and said.endswith((end, f"{end}\n"))
        return well and (not counted or said.count(begin) == said.count(end))

    return (
        (lambda value: _BASE64.fullmatch(value) is not None, "is not base64"),
        (lambda value: _BASE64.fullmatch(value) is None or holds(value), f"is not a {kind} as PEM in base64"),
    )


def problems(shape: Shape, value: Any, old: Any = ..., path: str = "", whole: Shape | None = None) -> Iterator[str]:
    """Yield "path: reason" for whatever is refused about a value; nothing for one that is equal to the old one."""
    if old is not ... and _same(value, old):
        return
    whole = whole or shape
    words, types = _TYPES[shape.type]
    if not isinstance(value, types):
        yield f"{path or 'the object'}: must be {words}, not {kind_of(value)}: {cited(value)}"
        return
    found = [*_of_itself(shape, value, path), *_of_parts(shape, value, old, path, whole)]
    # As an API server: rules are asked only of what has the right shape.
    yield from found or (
        f"{path or 'the object'}: {f'{cited(value)!r} ' if shape.type == 'text' else ''}{otherwise}"
        for rule, otherwise in shape.rules
        if not rule(value)
    )


def _same(value: Any, old: Any) -> bool:
    """Return whether both are the same to an API server: null is nothing."""
    if isinstance(value, Mapping) and isinstance(old, Mapping):
        keys = {key for one in (value, old) for key, item in one.items() if item is not None}
        return all(_same(value.get(key), old.get(key)) for key in keys)
    return type(value) is type(old) and bool(value == old)


def _of_itself(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.one_of and value not in shape.one_of:
        yield f"{path}: {cited(value)!r} must be one of {', '.join(repr(one) for one in shape.one_of)}"
    if shape.type in ("text", "list"):
        least, most = shape.length
        unit = "characters" if shape.type == "text" else "items"
        if len(value) < least:
            yield f"{path}: must have at least {least} {unit if least > 1 else unit[:-1]}, and has {len(value)}"
        if most is not None and len(value) > most:
            yield f"{path}: may have at most {most} {unit}, and has {len(value)}"


def _of_parts(shape: Shape, value: Any, old: Any, path: str, whole: Shape) -> Iterator[str]:
    if shape.type == "list" and shape.each:
        yield from _twice(shape, value, path)
        known = {item[shape.key]: item for item in _mappings(old) if shape.key in item} if shape.key else {}
        for number, item in enumerate(value):
            before = known.get(item.get(shape.key), ...) if shape.key and isinstance(item, Mapping) else ...
            yield from problems(shape.each, item, before, f"{path}[{number}]", whole)
    elif shape.type == "mapping":
        yield from _of_fields(shape, value, old, path, whole)


def _of_fields(shape: Shape, value: Mapping[Any, Any], old: Any, path: str, whole: Shape) -> Iterator[str]:
    stored = old if isinstance(old, Mapping) else {}
    unknown = [] if shape.each or shape.is_open else [str(name) for name in value if name not in shape.fields]
    meant = {name: _meant(shape, name, path, whole) for name in unknown}
    for name in shape.required:
        place = _below(path, name)
        # One mistake is one finding: a field in another place, or under another name, is not missing too.
        if value.get(name) is None and not any(one == place or one.startswith(f"{place}.") for one in meant.values()):
            yield f"{place}: {MISSING}"
    for name, item in value.items():
        inner = shape.each or shape.fields.get(name)
        if shape.keys and (not isinstance(name, str) or not shape.keys[0](name)):
            yield f"{path}: {cited(name)!r} {shape.keys[1](str(name))}"
        if inner is None:
            # An API server drops what it does not know: a field that is stored is one that it knows, and we do not.
            if not shape.is_open and stored.get(name) is None:
                yield f"{_below(path, cited(name))}: {_unknown(shape, str(name), path, meant[str(name)])}"
        elif item is not None:  # null is dropped
            yield from problems(inner, item, stored.get(name, ...), _below(path, cited(name)), whole)


def _twice(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not shape.is_set and not shape.key:
        return
    said = [item.get(shape.key) if shape.key else item for item in value if not shape.key or isinstance(item, Mapping)]
    counts = Counter(item for item in said if isinstance(item, str))
    yield from (f"{path}: names {cited(item)!r} twice" for item, number in counts.items() if number > 1)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def _unknown(shape: Shape, name: str, path: str, meant: str) -> str:
    """Describe a field that the schema lacks, with the one that is probably meant."""
    said = "there is no such field"
    if meant:
        return f"{said}; it belongs to {meant}" if meant.endswith(f".{name}") else f"{said}; is {meant} meant?"
    known = _known(shape)
    return f"{said}; there is {' or '.join(_below(path, field) for field in known)}" if len(known) <= 6 else said


def _meant(shape: Shape, name: str, path: str, whole: Shape) -> str:
    """Return the path of the field that is probably meant: one of nearly this name, or of this name elsewhere."""
    if near := get_close_matches(name, shape.fields, 1, 0.7):
        return _below(path, near[0])
    if places := [place for place in _places(whole) if place.rpartition(".")[2] == name]:
        return places[0]
    return _below(path, known[0]) if len(known := _known(shape)) == 1 else ""


def _known(shape: Shape) -> list[str]:
    return [field for field in shape.fields if field not in ("apiVersion", "kind", "status")]


def _places(shape: Shape, path: str = "") -> Iterator[str]:
    for name, inner in shape.fields.items():
        yield _below(path, name)
        in_list = inner.each is not None and inner.type == "list"
        yield from _places(inner.each or inner, _below(path, name) + "[]" * in_list)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
