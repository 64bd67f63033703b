# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that must not be shown to anybody."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from ..problems import without_passwords

_HIDDEN = "********"

#: A line of a key in PEM form; shorter ones (the last of a key) could be anybody's word.
_SECRET_LINE = 24

_SHORTEST = 4

#: A password ends before the last @ of what names the host; a careless hand leaves a slash in it.
_URL_PASSWORDS = tuple(
    re.compile(rf"://[^/\s:'\"]*:([^{ends}'\"]{{1,1000}})@(?!sha[0-9])") for ends in (r"/\s", r"\s")
)


class Secrets:
    """Texts that are taken out of whatever a task returns."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add_key(self, text: str) -> None:
        """Register a private key of several lines, or a password: none of them is to be shown."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) == 1:
            self.add_text(lines[0])
        else:
            self._texts |= {line for line in lines if len(line) >= _SECRET_LINE}

    def add_text(self, text: str) -> None:
        """Register a token or password; one of a few letters could be anybody's word."""
        if len(text.strip()) >= _SHORTEST:
            self._texts.add(text.strip())

    def add_passwords_of_urls(self, text: str) -> None:
        """Register the passwords in addresses such as http://user:password@proxy."""
        for pattern in _URL_PASSWORDS:
            for found in pattern.findall(text):
                self.add_text(found)

    def add_passwords_of(self, value: Any) -> None:
        """Register the passwords in addresses anywhere in a value; contents of recorded files are looked into."""
        if isinstance(value, str):
            self.add_passwords_of_urls(value)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self.add_passwords_of(_decoded(item) if key == "content" else item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.add_passwords_of(item)

    def hidden_in(self, value: Any) -> Any:
        """Remove the secrets from the texts of a value; keys of mappings stay."""
        known = "|".join(re.escape(text) for text in sorted(self._texts, key=len, reverse=True))
        return _replaced(value, re.compile(known) if known else None)


def _decoded(value: Any) -> Any:
    """Return the text of a recorded content; as it is where it is none."""
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except (ValueError, TypeError):
        return value


def _replaced(value: Any, pattern: re.Pattern[str] | None) -> Any:
    if isinstance(value, str):
        value = without_passwords(value)
        return pattern.sub(_HIDDEN, value) if pattern else value
    if isinstance(value, Mapping):
        return {key: _replaced(item, pattern) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, pattern) for item in value]
    return value
