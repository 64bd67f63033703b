# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person must hear of when it goes wrong: one base class, caught in one place for tasks and one for filters."""

from __future__ import annotations

import re

#: More of a sentence nobody reads, and what makes one longer is always something that was given.
_LONGEST = 4000

#: A password in an address; it may hold the signs that end one. A name alone may be a token.
_PASSWORD = re.compile(
    r"(://(?=[^\s'\"]{1,1000}@)(?:[^/\s:@'\",]*:)?)(?:[^\s'\",]|,(?!\w+://)){1,1000}@(?!sha[0-9])"
)
#: The same without a scheme, as in a key of an auth file; a digest, and a port with a path, are none.
_LOGIN = re.compile(r"(?<![^\s'\"(=])(?!sha[0-9])[^/\s:'\"(=]*:(?!/|[0-9]+/)[^\s'\"]{1,1000}@(?!sha[0-9])(?=[\w\[])")


def one_line(text: str) -> str:
    """Return the text as it is, with a space for everything in it that could break a line or steer a terminal."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def without_passwords(text: str) -> str:
    """Return the text with the passwords of its addresses hidden where they stand, however short they are."""
    text = _PASSWORD.sub(r"\1********@", text) if "://" in text else text
    return _LOGIN.sub("…@", text) if "@" in text else text


class Problem(Exception):
    """Something that must be refused. Its text is one sentence for a person.

    Whatever was given, it is on one line, of some length, and without passwords of addresses.
    """

    #: The option that is wrong, where the sentence begins with its name: whoever knows the variable that filled the
    #: option puts that name there instead.
    word: str = ""

    def __str__(self) -> str:
        text = without_passwords(super().__str__()[: 2 * _LONGEST])
        return one_line(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
