# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of manifests, read so that a mistake in one is a sentence that names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from ...formats import go_yaml
from ...libraries import yaml, yaml_faults, yaml_reason
from ...problems import one_line
from . import ManifestProblem, objects
from .objects import Manifest, cited

_DEEPEST = 100
_TOO_DEEP = f"nested deeper than {_DEEPEST} levels"
_MOST = 2_000_000  # values after aliases are followed; a hundred thousand mirrors have less than one million
_DATE = "tag:yaml.org,2002:timestamp"
#: Objects as JSON, one behind the other without a mark between them: kubectl reads them so, and YAML does not.
_BEHIND = re.compile(r"(\}[ \t]*\r?\n)(?=\{)")

#: What oc says beside the objects, in a file that took both; it stands at the very left, as no value does.
_WARNING = re.compile(r"^Warning: .*", re.M)


def decoded(raw: bytes) -> str:
    """Return the text of a file: UTF-8, or the UTF-16 that a shell of Windows writes."""
    return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")


def documents(value: Any) -> Iterator[Manifest]:
    """Yield every object of manifests, and of files {name, content} among them. Raises ManifestProblem."""
    for item in objects.each_manifest(value):
        if set(item) == {"name", "content"}:
            yield from objects.each_manifest(values(item["name"], item["content"]))
        else:
            yield item


def unfinished(value: Any) -> Iterator[str]:
    """Yield the names of files that do not end with the end of a line, as what oc wrote does."""
    for name, content in _files(value):
        if content.strip() and not content.endswith(("\n", "}", "]")):
            yield name


def warnings(value: Any) -> Iterator[str]:
    """Yield what oc warns of in files, with their names."""
    for name, content in _files(value):
        yield from (f"{name}: {cited(line)}" for line in dict.fromkeys(_WARNING.findall(content)))


def _files(value: Any) -> Iterator[tuple[str, str]]:
    """Yield name and content of each file among manifests."""
    for item in value if isinstance(value, (list, tuple)) else ():
        content = item.get("content") if isinstance(item, Mapping) and set(item) == {"name", "content"} else None
        if isinstance(content, str):
            yield one_line(str(item["name"])), content


def values(name: Any, content: Any) -> list[Any]:
    """Return the documents of a file, whatever they hold. Raises ManifestProblem."""
    if not isinstance(name, str) or not isinstance(content, str):
        raise ManifestProblem(f"a file of manifests must have name and content as text: {cited(name)}")
    name, content = one_line(name), _BEHIND.sub(r"\1--- ", _WARNING.sub("", content))
    try:
        check_depth(name, _with_keys_once(name, yaml.parse(content, Loader=_loader())))
        found = list(yaml.load_all(content, Loader=_loader()))
    except ManifestProblem:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        first = content.lstrip().partition("\n")[0]
        if objects.is_message(first):
            raise ManifestProblem(f"{name} holds a message, so objects may be missing: {cited(first)}") from None
        where = f", line {mark.line + 1}" if mark else ""
        if "nesting depth" in str(error.problem):  # libyaml from 0.2.6 on looks ahead, and stops before we do
            raise ManifestProblem(f"{name}{where}: {_TOO_DEEP}") from None
        raise ManifestProblem(f"{name}{where}: {cited(yaml_reason(error))}") from None
    except LookupError:
        raise ManifestProblem(f"{name} cannot be read as YAML: a value is not of the type that it names") from None
    except yaml_faults() as error:
        raise ManifestProblem(f"{name} cannot be read as YAML: {cited(str(error).partition(chr(10))[0])}") from None
    check_size(name, found)
    return found


@cache
def _loader() -> Any:
    """Return a loader that takes scalars and keys for what oc takes them; a date stays one, which no field may be."""

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # in C it is ten times as fast
        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            tag = super().resolve(kind, value, implicit)
            is_plain = kind is yaml.ScalarNode and implicit[0] and tag not in (go_yaml.MERGE, _DATE)
            return go_yaml.PLAIN if is_plain else tag

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            return {_key(key): value for key, value in super().construct_mapping(node, deep=deep).items()}

    Loader.add_constructor(go_yaml.PLAIN, lambda _loader, node: go_yaml.scalar_of_today(node.value))
    return Loader


def _key(key: Any) -> Any:
    """Return a key as JSON has it, which oc makes of YAML first."""
    return key if key is None or isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key)


def _with_keys_once(name: str, events: Iterable[Any]) -> Iterator[Any]:
    """Hand the events on; refuse a mapping with a key twice, of which a reader of YAML keeps the last in silence."""
    keys: list[set[str] | None] = []  # of every open mapping; None for a sequence
    awaited: list[bool] = []  # whether a key comes next
    for event in events:
        yield event
        if isinstance(event, yaml.CollectionEndEvent):
            keys.pop()
            awaited.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        if keys and keys[-1] is not None:
            if awaited[-1] and isinstance(event, yaml.ScalarEvent) and event.value != "<<":
                if event.value in keys[-1]:
                    line = event.start_mark.line + 1
                    raise ManifestProblem(f"{name}, line {line}: the key {cited(event.value)!r} is there twice")
                keys[-1].add(event.value)
            awaited[-1] = not awaited[-1]
        if isinstance(event, yaml.CollectionStartEvent):
            keys.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
            awaited.append(True)


def check_depth(name: str, events: Iterable[Any]) -> None:
    """Check the depth before anything is built: the loader in C does not survive deep nesting."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            line = event.start_mark.line + 1
            raise ManifestProblem(f"{name}, line {line}: {_TOO_DEEP}")


def check_size(name: str, documents: list[Any]) -> None:
    """Refuse what a few aliases make of a short text, and what is within itself."""
    level: list[Any] = [documents]
    seen = 0
    for _depth in range(_DEEPEST + 2):
        inner: list[Any] = []
        for value in level:
            inner += value.values() if isinstance(value, Mapping) else value
            seen += len(value)
            if seen > _MOST:
                raise ManifestProblem(f"{name}: aliases multiply the document beyond measure")
        level = [value for value in inner if isinstance(value, (list, Mapping))]
        if not level:
            return
    raise ManifestProblem(f"{name}: an alias within itself, or nested deeper than {_DEEPEST} levels")
