# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words `short_name_mode` and `aliases`: what podman and its family make of names without a registry."""

from __future__ import annotations

from collections.abc import Mapping

from ..resolution.names import has_login
from ..resolution.references import SHORT_NAME_MODES, ReferenceProblem, parse_alias
from .word import PolicyError, Reading, Targets, Word, kind_of


def read_mode(name: str, value: object, reading: Reading) -> str:
    """Read a mode. Raises PolicyError."""
    for mode in SHORT_NAME_MODES:
        if value == mode:
            return mode
    raise PolicyError(name, value, f"is not one of {', '.join(SHORT_NAME_MODES)}")


def read_aliases(name: str, value: object, reading: Reading) -> dict[str, str]:
    """Read full names by short name; "" takes an alias of others away. Raises PolicyError."""
    if not isinstance(value, Mapping):
        raise PolicyError(name, value, f"is {kind_of(value)}; write a mapping of short names to full names")
    for short, full in value.items():
        for text in (short, full):
            if not isinstance(text, str):
                raise PolicyError(name, text, "is not text")
            if has_login(text):
                raise PolicyError(name, text, "contains an '@'; neither credentials nor a digest belong in an alias")
        try:
            parse_alias(short, full)
        except ReferenceProblem as problem:
            raise PolicyError(name, short, f"cannot be an alias: {problem}") from None
    return dict(value)


SHORT_NAME_MODE = Word(
    read_mode,
    str,
    Targets.HOSTS,
    option={
        "type": "str",
        "choices": list(SHORT_NAME_MODES),
        "description": [
            "How podman and its family resolve an image name without a registry when they search several registries, "
            "V(enforcing), V(permissive) or V(disabled).",
        ],
    },
)
ALIASES = Word(
    read_aliases,
    dict,
    Targets.HOSTS,
    option={
        "type": "dict",
        "description": [
            "Full image names by short name, for podman and its family. An empty full name removes an alias that "
            "other files define.",
        ],
    },
)
