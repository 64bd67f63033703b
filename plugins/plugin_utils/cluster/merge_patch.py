# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON merge patches (RFC 7386), as the API server takes them: made, applied, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def difference(before: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the least merge patch that turns what is there into what is wanted; empty when nothing differs."""
    found: dict[str, Any] = {}
    have = before if isinstance(before, Mapping) else {}
    for key, value in wanted.items():
        if value is None:
            if have.get(key) is not None:
                found[key] = None
        elif isinstance(value, Mapping):
            inner = difference(have.get(key), value)
            if inner or (key not in have and not value):  # nulls alone ask for nothing where nothing is
                found[key] = inner
        elif value != have.get(key):
            found[key] = value
    return found


def inverse(before: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the merge patch that takes back what a patch did to an object that was so before."""
    found: dict[str, Any] = {}
    for key, value in fields.items():
        have = before.get(key)
        found[key] = inverse(have, value) if isinstance(have, Mapping) and isinstance(value, Mapping) else have
    return found


def applied(have: Any, patch: Any) -> Any:
    """Return a value after a merge patch: mappings key by key, everything else as a whole; null removes a key."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(have) if isinstance(have, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = applied(result.get(key), value)
    return result


def without_nulls(fields: Any) -> Any:
    """Return a patch as what it makes of nothing: without the keys that it would remove."""
    if not isinstance(fields, Mapping):
        return fields
    return {key: without_nulls(value) for key, value in fields.items() if value is not None}


def removals(patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a patch what takes keys away, and nothing else."""
    inner = {key: removals(value) if isinstance(value, Mapping) else value for key, value in patch.items()}
    return {key: value for key, value in inner.items() if value is None or (isinstance(value, Mapping) and value)}


def with_removals(have: Mapping[str, Any], nulls: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value in which null stands where a patch takes keys away."""
    inner = {key: None if value is None else with_removals(have.get(key) or {}, value) for key, value in nulls.items()}
    return {**have, **inner}
