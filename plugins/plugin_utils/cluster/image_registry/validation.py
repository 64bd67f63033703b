# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server does with a custom resource: prune, fill in defaults, validate, by the schema of its CRD.

Sources: k8s.io/apiextensions-apiserver pkg/apiserver/schema (pruning, defaulting) and k8s.io/kube-openapi validation.
Only the words that the vendored schema uses are known; a test sees to it that there are no others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..openshift4.objects import cited, kind_of
from .values import duration, is_loose_duration, quantity

Schema = Mapping[str, Any]

_ANY = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_KEYS = "x-kubernetes-list-map-keys"
_LARGEST_WHOLE_FLOAT = 2**53 - 1
_INT64 = 2**63
#: What the one choice (anyOf) of the schema is about, at storage.oss.encryption.
_CHOICE = "names kms exactly when method is KMS"
_INTERNAL_ONLY = "internal is forbidden when type is not Internal"
#: Fields whose value nobody may see.
_SECRET = ("httpSecret",)
#: CEL rules by their message: whether they hold for a value.
_RULES: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    _INTERNAL_ONLY: lambda value: value.get("type") == "Internal" or "internal" not in value,
}
#: First minor release that has a field, where the vendored schema of an older release has it already.
_FIRST = {
    "storage.ibmcos": 9,
    "storage.oss": 10,
    "storage.s3.trustedCA": 11,
    "topologySpreadConstraints": 11,
    "storage.s3.chunkSizeMiB": 16,
}


class Mistake(NamedTuple):
    """What the API server refuses. path is within the spec."""

    path: str
    sentence: str


def schema_of(minor: int) -> Schema:
    """Return the schema of spec for a minor release of OpenShift 4."""
    return _schema(14 if minor < 15 else 18, minor)


@cache
def _schema(vendored: int, minor: int) -> Schema:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    schema: dict[str, Any] = found[f"4.{vendored}"]
    for path, first in _FIRST.items():
        *parents, name = path.split(".")
        holder = schema
        for parent in parents:
            holder = holder["properties"].get(parent, {"properties": {}})
        if minor < first:
            holder["properties"].pop(name, None)
    return schema


def stored(value: Any, schema: Schema, path: str = "") -> tuple[Any, list[str]]:
    """Return what the API server would store of a value, and the paths of unknown fields, which it drops."""
    unknown: list[str] = []
    return _stored(value, schema, path, unknown), unknown


def _stored(value: Any, schema: Schema, path: str, unknown: list[str]) -> Any:
    if isinstance(value, list) and "items" in schema:
        return [_stored(item, schema["items"], f"{path}[{place}]", unknown) for place, item in enumerate(value)]
    if not isinstance(value, Mapping) or schema.get(_ANY):
        return value
    properties = schema.get("properties", {})
    found: dict[str, Any] = {}
    for name, item in value.items():
        key = str(name)
        inner = properties.get(key, schema.get("additionalProperties"))
        if inner is None:
            unknown.append(_join(path, key))
        elif item is not None or inner.get("nullable"):
            found[key] = _stored(item, inner, _join(path, key), unknown)
    for key, inner in properties.items():
        if key not in found and "default" in inner:
            found[key] = _stored(inner["default"], inner, _join(path, key), unknown)
    return found


def as_there(wanted: Any, there: Any, schema: Schema) -> Any:
    """Return a wanted value as it is written there, where both mean the same; null for what is the same as absent.

    Whoever writes the object with Go writes 60s as 1m0s, 1024Mi as 1Gi, and leaves false, 0 and empty texts out.
    """
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return {key: _member(key, one, there, schema) for key, one in wanted.items()}
    read = duration if schema.get("format") == "duration" else quantity if schema.get(_INT_OR_STRING) else None
    if read is None or wanted is None or there is None:
        return wanted
    meant = read(str(wanted))
    return there if meant is not None and meant == read(str(there)) else wanted


def _member(key: str, wanted: Any, there: Mapping[str, Any], schema: Schema) -> Any:
    inner = schema.get("properties", {}).get(key)
    if inner is None:  # of a map every value counts, the empty one of a label too
        return as_there(wanted, there.get(key), schema.get("additionalProperties", {}))
    may_lack = there.get(key) is None and key not in schema.get("required", ())
    if may_lack and not isinstance(wanted, Mapping) and is_unsaid(wanted, inner) and not mistakes(wanted, inner):
        return None
    return as_there(wanted, there.get(key), inner)


def is_unsaid(value: Any, schema: Schema) -> bool:
    """Say whether a value is what Go writes for a field of which nobody said anything."""
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        return all(key in properties and is_unsaid(one, properties[key]) for key, one in value.items())
    if schema.get("format") == "duration":
        return value is None or duration(str(value)) == 0
    return value in (None, "", False, 0, [])


def mistakes(value: Any, schema: Schema, path: str = "") -> list[Mistake]:
    """Return everything in a stored value that the schema does not allow; CEL rules only where the rest is right."""
    found = list(_mistakes(value, schema, path))
    return found or list(_broken_rules(value, schema, path))


def _mistakes(value: Any, schema: Schema, path: str) -> Iterator[Mistake]:
    if value is None and schema.get("nullable"):
        return
    wrong = _wrong_type(value, schema)
    if wrong:
        value_shown = "" if path in _SECRET else f": {cited(value)}"
        yield Mistake(path, f"must be {wrong}, not {kind_of(value)}{value_shown}")
        return
    yield from (Mistake(path, sentence) for sentence in _wrong_value(value, schema))
    if isinstance(value, list):
        yield from _mistakes_in_list(value, schema, path)
    elif isinstance(value, Mapping) and not schema.get(_ANY):
        yield from (Mistake(_join(path, key), "is required") for key in schema.get("required", ()) if key not in value)
        properties = schema.get("properties", {})
        for key, item in value.items():
            inner = properties.get(key, schema.get("additionalProperties"))
            if inner is not None:
                yield from _mistakes(item, inner, _join(path, key))
    if not _holds_any(value, schema):
        yield Mistake(path, _CHOICE)


def _mistakes_in_list(value: list[Any], schema: Schema, path: str) -> Iterator[Mistake]:
    seen = []
    for place, item in enumerate(value):
        yield from _mistakes(item, schema["items"], f"{path}[{place}]")
        if _KEYS in schema and isinstance(item, Mapping):
            names = [item.get(key) for key in schema[_KEYS]]
            if names in seen:
                yield Mistake(f"{path}[{place}]", f"is there twice: {', '.join(map(cited, names))}")
            seen.append(names)


def _wrong_type(value: Any, schema: Schema) -> str:
    """Return what a value must be, "" if it is."""
    if schema.get(_INT_OR_STRING):
        return "" if isinstance(value, str) or _is_integer(value) else "a whole number or text"
    wanted = schema.get("type")
    if wanted == "integer":
        return "" if _is_integer(value) else "a whole number"
    if wanted == "boolean":
        return "" if isinstance(value, bool) else "true or false"
    kinds = {"string": (str, "text"), "array": (list, "a list"), "object": (Mapping, "a mapping")}
    if wanted in kinds:
        kind, name = kinds[wanted]
        return "" if isinstance(value, kind) else name
    return ""


def _is_integer(value: Any) -> bool:
    """JSON knows one kind of number: 2.0 is whole, and what 64 bits do not hold is a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return True
    return abs(value) <= _LARGEST_WHOLE_FLOAT and value == int(value)


def _wrong_value(value: Any, schema: Schema) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"must be one of {', '.join(repr(one) for one in schema['enum'])}, not {cited(value)!r}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"must be {schema['minimum']} or more, not {value}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"must be {schema['maximum']} or less, not {value}"
    if not isinstance(value, str):
        return
    if len(value) < schema.get("minLength", 0):
        yield f"must have {schema['minLength']} characters or more: {cited(value)!r}"
    if len(value) > schema.get("maxLength", len(value)):
        yield f"must have {schema['maxLength']} characters or less: {cited(value)!r}"
    if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
        yield f"must match {schema['pattern']}, not be {cited(value)!r}"
    if schema.get("format") == "duration" and not is_loose_duration(value):
        yield f"must be a duration such as 30s or 1h30m, not {cited(value)!r}"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern of Go, where "$" is the end of the text only; in Python it also matches before a line end."""
    return re.compile(text.replace("$", r"\Z"))


def _holds_any(value: Any, schema: Schema) -> bool:
    if schema.get(_INT_OR_STRING) or "anyOf" not in schema:
        return True  # its two types were looked at
    return any(_holds(value, one) for one in schema["anyOf"])


def _holds(value: Any, schema: Schema) -> bool:
    return not any(_mistakes(value, schema, "")) and ("not" not in schema or not _holds(value, schema["not"])) and all(
        _holds(value[key], inner) for key, inner in schema.get("properties", {}).items() if key in value
    )  # fmt: skip


def _broken_rules(value: Any, schema: Schema, path: str) -> Iterator[Mistake]:
    if isinstance(value, Mapping):
        for rule in schema.get("x-kubernetes-validations", ()):
            if not _RULES[rule["message"]](value):
                yield Mistake(path, rule["message"])
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                yield from _broken_rules(value[key], inner, _join(path, key))


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
