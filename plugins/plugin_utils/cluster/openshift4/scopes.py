# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scopes as the machine-config-operator compares them, which is not how containers/image does.

Source: RU registries.go ScopeIsNestedInsideScope and IsValidRegistriesConfScope; the patterns are those of API
config/v1 types_image_digest_mirror_set.go, written so that they take linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_MIRROR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?(?:/{_COMPONENT})*")
_WILDCARD = re.compile(rf"\*(?:\.{_LABEL})+")


def is_mirror(text: str) -> bool:
    """Whether the text is host[:port][/path], what a mirror may look like from 4.16 on."""
    return _MIRROR.fullmatch(text) is not None


def is_source(text: str) -> bool:
    """Whether the text can be the source of mirrors from 4.16 on: as a mirror, or *.domain."""
    return is_mirror(text) or _WILDCARD.fullmatch(text) is not None


def is_entry(text: str) -> bool:
    """Whether the operator takes the text in a list of registries. It looks at asterisks only; a tag passes."""
    if "*" not in text:
        return text != ""
    return text.startswith("*.") and not any(sign in text[2:] for sign in "/@:*")


def nested(sub: str, sup: str) -> bool:
    """True when the scope ``sub`` lies in the scope ``sup``. A host does not contain host:port, *.x not x."""
    if sub == sup or sub.startswith(sup + "/"):
        return True
    part = _host_part(sub) if sup.startswith("*.") else None
    return part is not None and part.endswith(sup[1:])


class Scopes:
    """Many scopes, asked at once which of them contain another one: `nested` for each, without trying each."""

    def __init__(self, scopes: Iterable[str]) -> None:
        self._order = {scope: number for number, scope in enumerate(dict.fromkeys(scopes))}
        self._lengths = {len(scope) for scope in self._order}
        self._has_wildcard = any(scope.startswith("*.") for scope in self._order)

    def containing(self, sub: str) -> list[str]:
        """The scopes that contain ``sub``, in the order they were given."""
        if not self._order:
            return []
        found = {scope for scope in self._candidates(sub) if scope in self._order}
        return sorted(found, key=self._order.__getitem__)

    def contain(self, sub: str) -> bool:
        if self._order:
            for scope in self._candidates(sub):
                if scope in self._order:
                    return True
        return False

    def _candidates(self, sub: str) -> Iterator[str]:
        """Every scope that could contain it. Only lengths that exist are cut out, so hostile text costs little."""
        if len(sub) in self._lengths:
            yield sub
        for end in _positions("/", sub):
            if end in self._lengths:
                yield sub[:end]
        part = (_host_part(sub) if self._has_wildcard else None) or ""
        for start in _positions(".", part):
            if len(part) - start + 1 in self._lengths:
                yield "*" + part[start:]


def _host_part(scope: str) -> str | None:
    """What a wildcard is compared with; None when no wildcard contains the scope (a port behind a path)."""
    if ":" not in scope:
        return scope.partition("/")[0]
    part = scope.partition(":")[0]
    return None if "/" in part else part


def _positions(sign: str, text: str) -> Iterator[int]:
    position = text.find(sign)
    while position >= 0:
        yield position
        position = text.find(sign, position + 1)
