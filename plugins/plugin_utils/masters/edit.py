# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One file of a master, edited key by key, and a memory of what stood in each place, so that it can be put back.

The memory is a part of our record on the host: rules and import entries by name with what they were before (None: they
were not there), and keys with how they were written before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..cluster.openshift3 import image_policy, import_policy
from ..cluster.openshift3.decoding import Decoded, DecodingProblem, decode
from ..formats import yaml_text
from ..formats.splice import same
from ..host.observed import HostProblem, in_file
from .asked import HEAD, IMPORTS, Named
from .config import File, Path, at, mapping_for

#: The memory of one file.
MEMORY = {
    "lists?": {"rules?": dict, "imports?": dict},
    "before?": [{"keys": [str], "written": (str, None), "now": (str, int, float, bool, list, dict, None)}],
}

#: The lists that entries are merged into.
_LISTS = ("executionRules", IMPORTS)
#: The fields of an entry of each list.
_SHAPES: Mapping[str, Mapping[str, Any]] = {"rules": image_policy.RULE, "imports": import_policy.ENTRY}


class Editing:
    """The changes of one file. memory: of earlier runs."""

    def __init__(self, file: File, memory: Mapping[str, Any]) -> None:
        self.file = file
        self.value = _unshared(file.value)
        lists = memory.get("lists", {})
        self.ours: dict[str, dict[str, Any]] = {kind: dict(lists.get(kind, {})) for kind in ("rules", "imports")}
        self.before: list[dict[str, Any]] = [dict(entry) for entry in memory.get("before", [])]
        self._rewrite: list[dict[str, Any]] = []

    def copy(self) -> Any:
        """Copy the value as it is by now."""
        return _unshared(self.value)

    def memory(self) -> dict[str, Any]:
        """Return what later runs must know; {} when nothing is ours."""
        lists = {kind: names for kind, names in self.ours.items() if names}
        return {key: kept for key, kept in (("lists", lists), ("before", self.before)) if kept}

    def text(self) -> str:
        """Return the new text. Raises HostProblem when a change cannot be made in this file."""
        with in_file(self.file.path):
            text = yaml_text.edit(self.file.text, self.value, go=True)
            for entry in self._rewrite:
                text = yaml_text.rewritten(text, entry["keys"], entry["written"], go=True)
        return text

    def mapping(self, keys: Path) -> dict[str, Any]:
        """Return the mapping below these keys; where there is none, make it and remember what was there."""
        for n in range(1, len(keys) + 1):
            if not at(self.value, keys[:n]):
                self._remember(keys[:n], {})
                break
            if (yaml_text.written(self.file.text, keys[:n], go=True) or "").lstrip().startswith("*"):
                raise self._elsewhere(keys[n - 1])
        return mapping_for(self.file.path, self.value, keys)

    def put(self, keys: Path, value: Any) -> None:
        """Give a key a value, None: take it away."""
        parent = self.mapping(keys[:-1]) if value is not None or at(self.value, keys[:-1]) else {}
        if value is None and keys[-1] not in parent or keys[-1] in parent and same(parent[keys[-1]], value):
            return
        self._remember(keys, value)
        for entry in self.before:
            if entry["keys"] == list(keys):
                entry["now"] = value
        if value is not None:
            parent[keys[-1]] = value
            return
        del parent[keys[-1]]
        for entry in [each for each in self.before if each["keys"] == list(keys)]:
            before = _written_value(entry)  # '', 0 and false are to the master what a missing key is
            if not before or _holds_nothing(before):
                self._put_back(entry)
        self._restore_empty()

    def has_put(self, keys: Path) -> bool:
        """Say whether a key has a value of ours."""
        return any(entry["keys"] == list(keys) for entry in self.before)

    def restore(self, keys: Path) -> None:
        """Put back what stood at a key before we gave it a value."""
        for entry in [each for each in self.before if each["keys"] == list(keys)]:
            self._put_back(entry)
        self._restore_empty()

    def merge(self, kind: str, keys: Path, name: str, wanted: Named, keep: Iterable[str], purge: bool) -> None:
        """Merge entries into a list of mappings, by their name.

        Entries of earlier runs that are not wanted any more go, with purge those of others too, but for those to keep.
        """
        found = at(self.value, keys)
        if found is not None and not isinstance(found, list):
            raise HostProblem(f"{self.file.path}: {keys[-1]} is not a list; nothing is written to it")
        ours, result, seen = self.ours[kind], [], set()
        for entry in found or []:
            called = _name(entry, name)
            if called in wanted.present and called not in seen:
                seen.add(called)
                if _means_the_same(kind, entry, wanted.present[called]):
                    result.append(entry)
                    continue
                ours.setdefault(called, entry)
                result.append(dict(wanted.present[called]))
            elif called in keep and called not in wanted.absent:
                result.append(entry)
            elif called in wanted.absent or purge or called in ours:
                old = ours.pop(called, None)
                result += [old] if old and called not in wanted.absent and not purge else []
            else:
                result.append(entry)
        for called, entry in wanted.present.items():
            if called not in seen:
                ours[called] = None
                result.append(dict(entry))
        self._put_list(keys, result)

    def _put_list(self, keys: Path, items: list[Any]) -> None:
        """Give a list its items; one that we made and that holds nothing any more becomes what was there before."""
        if not items and not at(self.value, keys):
            return
        if not at(self.value, keys):
            self.mapping(keys[:-1])
            if not any(entry["keys"] == list(keys[: len(entry["keys"])]) for entry in self.before):
                self._remember(keys, [])
        self.mapping(keys[:-1])[keys[-1]] = items
        if not items:
            self._restore_empty()

    def _remember(self, keys: Path, now: Any) -> None:
        if self.has_put(keys):
            return
        with in_file(self.file.path):
            written = yaml_text.written(self.file.text, keys, go=True)
        if written is None and at(self.file.value, keys) is not None:
            raise self._elsewhere(keys[-1])
        self.before.append({"keys": list(keys), "written": written, "now": now})

    def _elsewhere(self, key: str) -> HostProblem:
        return HostProblem(f"{self.file.path}: {key} is written elsewhere (an alias or <<); change it by hand")

    def withdraw(self) -> None:
        """Take everything of ours out again."""
        for kind, (keys, name) in self._places().items():
            found = at(self.value, keys)
            if isinstance(found, list):
                ours = self.ours[kind]
                gone = {called for called, before in ours.items() if before is None}
                parent = mapping_for(self.file.path, self.value, keys[:-1])
                parent[keys[-1]] = [
                    ours.get(_name(each, name), each) for each in found if _name(each, name) not in gone
                ]
            self.ours[kind] = {}
        for entry in reversed(self.before):
            value = at(self.value, tuple(entry["keys"]))
            if not _is_made(entry) and same(value, entry["now"]):
                self._put_back(entry)
        self._restore_empty()
        self.before = []

    def _places(self) -> dict[str, tuple[Path, str]]:
        policy = ("admissionConfig", "pluginConfig", "openshift.io/ImagePolicy", "configuration")
        keys = policy if at(self.value, policy) else ()
        return {
            "rules": ((*keys, "executionRules"), "name"),
            "imports": (("imagePolicyConfig", "allowedRegistriesForImport"), "domainName"),
        }

    def _restore_empty(self) -> None:
        """Put back what stood where we made a mapping or a list that holds nothing any more."""
        for entry in reversed(list(self.before)):
            if _is_made(entry) and _holds_nothing(at(self.value, tuple(entry["keys"])), entry["keys"][-1]):
                self._put_back(entry)

    def _put_back(self, entry: dict[str, Any]) -> None:
        keys = tuple(entry["keys"])
        self.before.remove(entry)
        self._rewrite = [other for other in self._rewrite if tuple(other["keys"][: len(keys)]) != keys]
        if entry["written"] is None:
            parent = at(self.value, keys[:-1])
            if isinstance(parent, dict):
                parent.pop(keys[-1], None)
            return
        mapping_for(self.file.path, self.value, keys[:-1])[keys[-1]] = _written_value(entry)
        self._rewrite.append(entry)


def _unshared(value: Any) -> Any:
    """Copy a value so that what aliases share in the text is not shared: a change is made in one place."""
    if isinstance(value, Mapping):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def _written_value(entry: Mapping[str, Any]) -> Any:
    """Read what was at a key, None where there was none."""
    if entry["written"] is None:
        return None
    return yaml_text.parse(f"value: {entry['written']}\n", go=True)["value"]


def _means_the_same(kind: str, entry: Any, wanted: Any) -> bool:
    """Say whether masters read in an entry what is wanted: a field with its default is one that is not written."""
    try:
        found, asked = (decode(Decoded(each), _SHAPES[kind], loosely=False) for each in (entry, wanted))
    except DecodingProblem:
        return False
    return not found.oddities and same(found.value, asked.value)


def _name(entry: Any, key: str) -> str:
    """Return the name of an entry of a list, "" where it has none: then it is nobody's that we know."""
    name = entry.get(key) if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else ""


def _is_made(entry: Mapping[str, Any]) -> bool:
    """Return whether we made a mapping, or a list for our entries, rather than give a key what was asked for."""
    return entry["now"] == {} or entry["now"] == [] and entry["keys"][-1] in _LISTS


def _holds_nothing(value: Any, key: str = "") -> bool:
    """Return whether nothing is said by the value of a key, nor by anything in it but the head of a policy.

    An empty list says something where it holds no entries of ours: there are no resolution rules, not even the usual.
    """
    if isinstance(value, Mapping):
        return all(each in HEAD or _holds_nothing(item, each) for each, item in value.items())
    return value is None or value == [] and key in _LISTS
