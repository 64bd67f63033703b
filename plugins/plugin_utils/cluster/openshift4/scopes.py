# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scopes as the machine-config-operator compares them, which is not how containers/image does.

Source: RU registries.go ScopeIsNestedInsideScope and IsValidRegistriesConfScope; the pattern of sources is that of API
config/v1 types_image_digest_mirror_set.go. That of mirrors is the same as containers/image's of a location.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...resolution.references import is_domain, is_location


def is_source(text: str) -> bool:
    """Return whether the text can be the source of mirrors from 4.16 on: host[:port][/path] or *.domain."""
    return is_location(text) or (text.startswith("*.") and is_domain(text[2:]) and ":" not in text)


def is_entry(text: str) -> bool:
    """Return whether the operator takes the text in a list of registries. It looks at asterisks only; a tag passes."""
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
        """Return the scopes that contain ``sub``, in the order they were given."""
        return sorted(self._order.keys() & self._candidates(sub), key=self._order.__getitem__)

    def contain(self, sub: str) -> bool:
        return not self._order.keys().isdisjoint(self._candidates(sub))

    def _candidates(self, sub: str) -> list[str]:
        """Yield every scope that could contain it. Only existing lengths are cut out, so hostile text costs little."""
        found = [sub]
        end = sub.find("/")
        while end >= 0:
            if end in self._lengths:
                found.append(sub[:end])
            end = sub.find("/", end + 1)
        part = (_host_part(sub) if self._has_wildcard else None) or ""
        start = part.find(".")
        while start >= 0:
            if len(part) - start + 1 in self._lengths:
                found.append("*" + part[start:])
            start = part.find(".", start + 1)
        return found


def _host_part(scope: str) -> str | None:
    """Return the part that a wildcard is compared with; None when no wildcard contains the scope (a port in a path)."""
    if ":" not in scope:
        return scope.partition("/")[0]
    part = scope.partition(":")[0]
    return None if "/" in part else part
