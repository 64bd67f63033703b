# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts and values as the decoder of a master takes them: what stops it, and what it passes over in silence.

A text that begins with a brace is JSON, any other is YAML of which the first document counts. Keys are compared with
their case, of a key that is there twice the last one counts, null leaves a field empty, and nothing becomes text that
is a number or a boolean. Sources: ORIGIN pkg/cmd/server/apis/config/latest/helpers.go; k8s.io/apimachinery
pkg/util/yaml and pkg/runtime/serializer/json; go-yaml v2 resolve.go; and what the decoders of those years answered when
they were run: go-codec (to 3.10) and json-iterator (3.11), which OpenShift made take what go-codec took of numbers in
quotes and of empty mappings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from math import isfinite
from typing import Any

from ...formats import go_yaml
from ...libraries import yaml, yaml_faults, yaml_reason
from ...problems import Problem, one_line
from ...resolution.references import quoted
from ..openshift4 import ManifestProblem
from ..openshift4.texts import check_depth, check_size
from . import Finding, PolicyProblem, refuse

TEXT, BOOL, INT = "text", "a boolean", "a whole number"


class DecodingProblem(Problem):
    """Why the decoder stops, as one sentence."""


@dataclass(frozen=True)
class Items:
    """A list of one shape."""

    shape: Any


@dataclass(frozen=True)
class Texts:
    """A mapping from texts to texts."""


@dataclass(frozen=True)
class Decoded:
    """A value with every field of its shape, and what nobody reads or meant: (path, sentence)."""

    value: Any
    oddities: list[tuple[str, str]] = field(default_factory=list)


_EMPTY: Mapping[Any, Any] = {TEXT: "", BOOL: False, INT: 0}
_NAMES = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
_WHOLE = re.compile(r"[-+]?[0-9]+")


def read(document: Any, colons_in_flow: bool = False) -> Decoded:
    """Read the value of a text; anything else is one already. Raises DecodingProblem.

    colons_in_flow: take ``[registry:5000]`` without quotes, which go-yaml does since 2018, after OpenShift 3.
    """
    if not isinstance(document, str):
        return Decoded(document)
    return _json(document) if is_json(document) else _yaml(document, colons_in_flow)


def is_json(document: Any) -> bool:
    """Say whether this is a text that is decoded as it stands; any other is YAML, whose keys are sorted first."""
    return isinstance(document, str) and document.lstrip().startswith("{")


def decode(raw: Decoded, shape: Mapping[str, Any], loosely: bool) -> Decoded:
    """Give what was read every field of the shape, also where it is null. Raises DecodingProblem.

    loosely: as go-codec does, see Release.decodes_loosely.
    """
    decoder = _Decoder(loosely)
    value = decoder.decoded(raw.value, shape, "")
    return Decoded(value, raw.oddities + decoder.oddities)


def accepted(
    decoded: Callable[[], Decoded], refusals: Callable[[Any], Iterable[Finding]], *, refused: str
) -> Mapping[str, Any]:
    """Return the fields of a document that is taken. Raises PolicyProblem: `refused`, and the first reason."""
    try:
        fields: Mapping[str, Any] = decoded().value
    except DecodingProblem as problem:
        raise PolicyProblem(f"{refused}: {problem}") from None
    for finding in refusals(fields):
        raise PolicyProblem(f"{refused}: {finding.path}: {finding.sentence}")
    return fields


def findings(
    decoded: Callable[[], Decoded],
    refusals: Callable[[Any], Iterable[Finding]],
    doubts: Callable[[Decoded], Iterable[Finding]],
) -> Iterator[Finding]:
    """Yield what stops the decoder; else what validation refuses, and then what a person would regret."""
    try:
        found = decoded()
    except DecodingProblem as problem:
        yield refuse("", str(problem))
        return
    yield from refusals(found.value)
    yield from doubts(found)


class _Decoder:
    """Brings values into shapes, and collects the keys that nobody reads."""

    def __init__(self, loosely: bool) -> None:
        self.oddities: list[tuple[str, str]] = []
        self._loosely = loosely

    def decoded(self, value: Any, shape: Any, path: str) -> Any:
        if isinstance(shape, Items):
            return self._list(value, shape, path)
        if isinstance(shape, Texts):
            if value is not None and not isinstance(value, dict):
                raise _mismatch(path, "a mapping", value)
            return {str(key): self.decoded(item, TEXT, _below(path, key)) for key, item in (value or {}).items()}
        if isinstance(shape, Mapping):
            return self._mapping(value, shape, path)
        return self._scalar(value, shape, path)

    def _list(self, value: Any, shape: Items, path: str) -> Any:
        if isinstance(value, dict) and (self._loosely or not value):
            value = [each for pair in value.items() for each in pair]
        if value is not None and not isinstance(value, list):
            raise _mismatch(path, "a list", value)
        return value and [self.decoded(item, shape.shape, f"{path}[{n}]") for n, item in enumerate(value)]

    def _mapping(self, value: Any, shape: Mapping[str, Any], path: str) -> Any:
        if isinstance(value, list) and self._loosely and path:
            value = dict(zip(shape, value, strict=False))
        if value is not None and not isinstance(value, dict):
            raise _mismatch(path, "a mapping", value)
        members = {str(key): item for key, item in (value or {}).items()}
        self.oddities += ((_below(path, key), _unknown(key, shape)) for key in members if key not in shape)
        return {key: self.decoded(members.get(key), each, _below(path, key)) for key, each in shape.items()}

    def _scalar(self, value: Any, shape: str, path: str) -> Any:
        if value is None:
            return _EMPTY[shape]
        if shape == INT and isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value[:30])  # a number in quotes is taken where a number is wanted
        if shape == INT and isinstance(value, float) and self._loosely and value.is_integer():
            value = int(value)
        kind = {TEXT: str, BOOL: bool, INT: int}[shape]
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise _mismatch(path, shape, value)
        if isinstance(value, int) and not fits(value):
            raise _mismatch(path, f"{INT} of 64 bits", value)
        return value


def fits(number: int) -> bool:
    """Say whether a whole number has 64 bits, the first of them its sign."""
    return -_LARGEST <= number < _LARGEST


def _mismatch(path: str, wanted: str, value: Any) -> DecodingProblem:
    found = _NAMES.get(type(value), "nothing that JSON knows")
    again = f" {quoted(str(value).lower() if isinstance(value, bool) else str(value))}" if _is_short(value) else ""
    return DecodingProblem(f"{path or 'the document'} must be {wanted}, not {found}{again}")


def _is_short(value: Any) -> bool:
    return isinstance(value, (str, bool, int, float))


def _unknown(key: str, shape: Mapping[str, Any]) -> str:
    meant = next((known for known in shape if known.lower() == key.lower()), None)
    hint = f"; {meant} is meant, and its case counts" if meant else ""
    return f"nobody reads the key {quoted(key)}{hint}"


def _below(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else key


# --- JSON -----------------------------------------------------------------------------------------------------------


_ESCAPE = re.compile(
    r"\\\\|(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def _json(text: str) -> Decoded:
    oddities: list[tuple[str, str]] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        oddities.extend(_twice(key for key, _value in pairs))
        found: dict[str, Any] = {}
        for key, value in pairs:  # a mapping that is there twice is decoded into the first one
            both = isinstance(value, dict) and isinstance(found.get(key), dict)
            found[key] = {**found[key], **value} if both else value
        return found

    # Go reads half of a pair of surrogates as the sign for an unknown letter, and nothing could write it.
    text = _ESCAPE.sub(lambda found: "\\ufffd" if found[2] else found[0], text)
    try:
        value = json.loads(text, object_pairs_hook=members, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise DecodingProblem(f"line {error.lineno}: this is not JSON: {error.msg}") from None
    except ValueError:
        raise DecodingProblem("a number of the text has thousands of digits") from None
    except RecursionError:
        raise DecodingProblem("the text is nested too deeply") from None
    return Decoded(value, oddities)


def _no_constant(name: str) -> Any:
    raise DecodingProblem(f"this is not JSON: {name} is not a number there")


def _twice(keys: Iterable[Any]) -> Iterator[tuple[str, str]]:
    seen = set()
    for key in keys:
        if key in seen:
            yield "", f"the key {quoted(str(key))} is there twice, and only the last one counts"
        seen.add(key)


# --- YAML -----------------------------------------------------------------------------------------------------------

_DIRECTIVE = re.compile(r"%(?:YAML[ \t]+1\.1|TAG[ \t].*)[ \t]*(?:#.*)?")
_NOT_TEXT = frozenset([go_yaml.PLAIN, *(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))])


def _as_json(value: Any) -> Any:
    """Return a scalar as JSON has it: 5.0 is written as 5, and what is not a number not at all."""
    if not isinstance(value, float):
        return value
    if not isfinite(value):
        raise DecodingProblem(f"JSON has no number {quoted(f'{value:g}')}")
    return int(value) if value.is_integer() else value


_LARGEST = 2**63  # what 64 bits hold, one of which is the sign


def _yaml(text: str, colons_in_flow: bool) -> Decoded:
    builder = _Builder()
    for line in takewhile(lambda line: line.startswith(("%", "#")), text.splitlines()):
        if line.startswith("%") and not _DIRECTIVE.fullmatch(line):
            raise DecodingProblem(f"this is not YAML 1.1: {one_line(line)}")
    try:
        check_depth("the text", takewhile(_is_of_the_first, yaml.parse(text, Loader=go_yaml.loader())))
        loader = go_yaml.loader()(text)
        loader.ESCAPE_REPLACEMENTS = {**loader.ESCAPE_REPLACEMENTS}
        del loader.ESCAPE_REPLACEMENTS["/"]  # YAML 1.2 alone has it
        if not colons_in_flow:
            _refuse_colons_in_flow(loader)
        value = builder.built(loader.get_node()) if loader.check_node() else None
        loader.check_node()  # go-yaml stops where no second document begins
        check_size("the text", [value])
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise DecodingProblem(f"{where}this is not YAML: {one_line(yaml_reason(error))}") from None
    except yaml_faults() as error:
        raise DecodingProblem(f"this is not YAML: {one_line(str(error))}") from None
    except ManifestProblem as problem:  # of depth or size
        raise DecodingProblem(str(problem)) from None
    return Decoded(value, builder.oddities)


def _refuse_colons_in_flow(loader: Any) -> None:
    """Let a loader stop at a text without quotes that holds or ends with a colon, between brackets or braces."""
    scan = loader.scan_plain

    def scan_plain() -> Any:
        token = scan()
        if loader.flow_level and (":" in token.value or loader.peek() == ":" and loader.peek(1) in "[]{},"):
            line = token.start_mark.line + 1
            raise DecodingProblem(f"line {line}: {quoted(token.value)} needs quotes between brackets or braces")
        return token

    loader.scan_plain = scan_plain


def _is_of_the_first(event: Any) -> bool:
    return not isinstance(event, yaml.DocumentEndEvent)


class _Builder:
    """Makes values of the nodes of a document, as go-yaml and the step to JSON behind it do."""

    def __init__(self) -> None:
        self.oddities: list[tuple[str, str]] = []
        self._done: dict[int, Any] = {}
        self._unfinished: set[int] = set()

    def built(self, node: Any) -> Any:
        """Build a node, once where it is anchored; check_size counts it as often as it is used."""
        if id(node) in self._unfinished:
            raise DecodingProblem(f"line {node.start_mark.line + 1}: an alias within itself")
        if id(node) not in self._done:
            self._unfinished.add(id(node))
            self._done[id(node)] = self._new(node)
            self._unfinished.remove(id(node))
        return self._done[id(node)]

    def _new(self, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return _as_json(_scalar(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.built(item) for item in node.value]
        found: dict[str, Any] = {}
        own: list[str] = []
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag == go_yaml.MERGE:
                sources = self.built(value)
                for source in reversed(sources if isinstance(sources, list) else [sources]):
                    if not isinstance(source, dict):
                        raise DecodingProblem(f"line {key.start_mark.line + 1}: << needs a mapping")
                    found |= source  # over the keys before it, too
            else:
                own.append(self._key(key))
                found[own[-1]] = self.built(value)
        self.oddities += _twice(own)
        return found

    def _key(self, node: Any) -> str:
        key = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if key is None or isinstance(key, int) and not fits(key):
            line = node.start_mark.line + 1
            raise DecodingProblem(f"line {line}: a key must be text")
        if isinstance(key, float):
            return f"{key:g}" if isfinite(key) else f"{key:g}".replace("inf", ".inf").replace("nan", ".nan")
        return str(key).lower() if isinstance(key, bool) else str(key)


def _scalar(node: Any) -> Any:
    return go_yaml.plain_scalar(node.value) if node.tag in _NOT_TEXT else node.value
