# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that must not be shown to anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_HIDDEN = "********"

#: A line of a key in PEM form; shorter ones (the last of a key) could be anybody's word.
_SECRET_LINE = 24

_URL_PASSWORD = re.compile(r"://[^/\s:@'\"]*:([^/\s@'\"]+)@")


class Secrets:
    """Texts that are taken out of whatever a task returns."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add_key(self, pem: str) -> None:
        """Register a private key: none of its lines is to be shown."""
        self._texts |= {line.strip() for line in pem.splitlines() if len(line.strip()) >= _SECRET_LINE}

    def add_passwords_of_urls(self, text: str) -> None:
        """Register the passwords in addresses such as http://user:password@proxy."""
        self._texts.update(_URL_PASSWORD.findall(text))

    def hidden_in(self, value: Any) -> Any:
        """The value without any of the secrets in its texts; keys of mappings stay."""
        if not self._texts:
            return value
        pattern = re.compile("|".join(re.escape(text) for text in sorted(self._texts, key=len, reverse=True)))
        return _replaced(value, pattern)


def _replaced(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(_HIDDEN, value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, pattern) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, pattern) for item in value]
    return value
