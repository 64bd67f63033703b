# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a value from outside must look like to be believed: the one door for answers of hosts, records and journals.

A shape is: a type (bool is not an int here, and a text can be written to a file); a text, for that very text; None;
[shape] for a list of it; (shape, …) for any of these; {"key": shape, "key?": shape} for a mapping with this key and
maybe that one, whatever else it holds; Each(shape) for a mapping from texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Each(NamedTuple):
    """A mapping from texts to values of one shape."""

    shape: Any


def fits(value: Any, shape: Any) -> bool:
    """Return whether a value has a shape."""
    if shape is str:
        return isinstance(value, str) and (value.isascii() or can_be_written(value))
    if isinstance(shape, type):
        return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
    if isinstance(shape, Each):
        return isinstance(value, dict) and all(
            fits(key, str) and fits(item, shape.shape) for key, item in value.items()
        )
    if isinstance(shape, tuple):
        return any(fits(value, each) for each in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_has(value, key, kind) for key, kind in shape.items())
    return bool(value == shape) and type(value) is type(shape)


def can_be_written(text: str) -> bool:
    """Return whether a file can hold the text: JSON can carry half of a surrogate pair, a file cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _has(value: Mapping[Any, Any], key: str, shape: Any) -> bool:
    name = key.rstrip("?")
    return fits(value[name], shape) if name in value else key.endswith("?")
