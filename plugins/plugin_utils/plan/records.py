# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""state.json: what earlier runs left on a host and what is ours to change or remove again, one record a part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..host.observed import STATE_PATH, HostProblem, Observed
from ..shapes import fits
from .draft import FileChange
from .plan import view

_VERSION = 1
_MODE = "0600"

State = dict[str, Any]


def state_of(host: Observed) -> State:
    """Read all records of a host. Raises HostProblem for a damaged file, and one of a newer version."""
    text = host.text(STATE_PATH)
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise damaged()
    version = value.get("version", _VERSION)
    if isinstance(version, int) and not isinstance(version, bool) and version > _VERSION:
        raise HostProblem(
            f"{STATE_PATH} was written by a newer version of dockyard.openshift (its form is {version}, this version "
            f"knows {_VERSION}); use that version for this host"
        )
    if value and (version != _VERSION or isinstance(version, bool)):
        raise damaged()
    return value


def damaged() -> HostProblem:
    """Make the refusal of a record that is not as we write it."""
    return HostProblem(f"{STATE_PATH}: this record of what belongs to us is damaged; restore or remove it")


def record_of(state: State, part: tuple[str, ...], shape: Any) -> Any:
    """Return the record of one part, {} without one. Raises HostProblem when it has another shape than ours."""
    found: Any = state
    for key in part:
        if not isinstance(found, dict):
            raise damaged()
        found = found.get(key, {})
    if not fits(found, shape):
        raise damaged()
    return found


def with_record(state: State, part: tuple[str, ...], record: Mapping[str, Any]) -> State:
    """Put this record into the state; an empty one leaves no trace, nor does a part that becomes empty."""
    key, rest = part[0], part[1:]
    below = state.get(key, {})
    if rest and not isinstance(below, dict):
        raise damaged()
    value: Any = with_record(below, rest, record) if rest else dict(record)
    others = {name: kept for name, kept in state.items() if name != key}
    return others | {key: value} if value else others


def change_of(before: State, after: State) -> FileChange:
    """Make the change of the file itself."""
    versioned = {"version": _VERSION, **after} if set(after) - {"version"} else {}
    return FileChange(
        STATE_PATH,
        (json.dumps(versioned, indent=1, sort_keys=True) + "\n").encode(),
        "later runs must know which entries are ours",
        _view(before),
        _view(after),
        mode=_MODE,
    )


def _view(state: State) -> str:
    return view(line for key in sorted(set(state) - {"version"}) for line in _lines(key, state[key]))


def _lines(path: str, value: Any) -> Iterator[str]:
    """Yield one line for each fact; checksums are left out, as they mean nothing to a person."""
    if isinstance(value, dict):
        for key in sorted(set(value) - {"sha256"}):
            yield from _lines(f"{path} {key}", value[key])
    elif isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        yield f"{path}: {', '.join(map(str, value))}"
    else:
        yield f"{path}: {json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else value}"
