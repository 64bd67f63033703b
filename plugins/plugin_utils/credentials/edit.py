# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of an auth file put in and taken out again, without another byte changed.

The law: what was put in and is taken out again leaves the bytes that were there before. Where an empty object got its
first entry, that takes what `Added` remembers; it holds nothing of an entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..formats import FormatError, json_text
from .go import FOLDED, Unreadable
from .login import Login, joined, user_and_password

_SECTION = "auths"
#: Members of an entry that say who logs in; what else an entry holds (an e-mail) is left to it.
_OF_A_LOGIN = ("auth", "username", "password", "identitytoken", "registrytoken")


@dataclass(frozen=True)
class Added:
    """What stood where the first entry was put: the text of the file or of its section; None for nothing.

    Neither is said where there were entries already.
    """

    file: str | None = None
    section: str | None = None


def login_of(text: str, key: str, *, old_form: bool = False) -> Login | None:
    """Return the login of an entry for every engine, None when it is absent or they disagree. Raises FormatError.

    Entries are compared by user and password, never by bytes. Both may stand beside the auth, as kubectl writes them.
    """
    entry = entries_of(text, old_form=old_form).get(key)
    if not isinstance(entry, dict) or any(name not in ("auth", "email", "username", "password") for name in entry):
        return None
    auth = entry.get("auth")
    if not isinstance(auth, str) or _spoils("email", entry.get("email")):
        return None
    try:
        user, password = user_and_password(key, auth) or ("", "")
    except Unreadable:
        return None
    same = (entry.get("username", user), entry.get("password", password)) == (user, password)
    return Login(user, password) if same else None


def entries_of(text: str, *, old_form: bool = False) -> dict[str, Any]:
    """Return the entries by key, as they are written. Raises FormatError."""
    return _entries(_document(text), old_form)


def put(text: str | None, key: str, login: Login, *, old_form: bool = False) -> tuple[str, Added | None]:
    """Return the text with this login under this key, and what to remember when it is the first. Raises FormatError.

    text: None for a file that is not there. A login that is there already, however it is written, is left alone.
    """
    if text is not None and login_of(text, key, old_form=old_form) == login:
        return text, None
    document = _document(text)
    entries = _entries(document, old_form)
    changed = {**entries, key: _entry(entries.get(key), login)}
    value = changed if old_form else {**document, _SECTION: changed}
    new = json_text.edit(text if text is not None and text.strip() else "{}", value)
    if text is None or not text.strip():
        new = new if new.endswith("\n") else f"{new}\n"
    return new, None if entries else Added(*_before(text, document, old_form))


def _before(text: str | None, document: Mapping[str, Any], old_form: bool) -> tuple[str | None, str | None]:
    if not document or old_form:
        return text, None
    if _SECTION not in document:
        return None, None
    start, end = json_text.span(text or "", _SECTION)
    whole = set(document) == {_SECTION}
    return (text, None) if whole else (None, (text or "")[start:end])


def take_out(text: str, key: str, added: Added | None = None, *, old_form: bool = False) -> str | None:
    """Return the text without this entry; None for a file that was not there before. Raises FormatError.

    added: what `put` remembered of the file, for the last entry; without it an empty section stays.
    """
    document = _document(text)
    entries = _entries(document, old_form)
    if key not in entries:
        return text
    left = {name: entry for name, entry in entries.items() if name != key}
    if left or added is None:
        return json_text.edit(text, left if old_form else {**document, _SECTION: left})
    rest = {} if old_form else {name: value for name, value in document.items() if name != _SECTION}
    if not rest:
        return added.file
    if added.section is None:
        return json_text.edit(text, rest)
    emptied = json_text.edit(text, {**document, _SECTION: {}})
    start, end = json_text.span(emptied, _SECTION)
    return emptied[:start] + added.section + emptied[end:]


def _document(text: str | None) -> Any:
    """Return what a text means: of a blank one, as of none, that there are no logins. So does docker read it."""
    return json_text.parse(text) if text and text.strip() else {}


def _entries(document: Any, old_form: bool) -> dict[str, Any]:
    """Raises FormatError for what no engine takes for a file of logins."""
    if not isinstance(document, dict):
        raise FormatError("not an object, which a file of logins is")
    section = document if old_form else document.get(_SECTION)
    if not old_form:
        other = [name for name in document if name != _SECTION and name.translate(FOLDED) == _SECTION.upper()]
        if other:
            raise FormatError(f"the member {other[0]} is {_SECTION} to engines, too; write it in small letters, once")
    if section is not None and not isinstance(section, dict):
        raise FormatError(f"{_SECTION} is not an object")
    entries = dict(section or {})
    if wrong := [name for name, entry in entries.items() if entry is not None and not isinstance(entry, dict)]:
        raise FormatError(f"the entry {wrong[0]} is not an object")
    return entries


def _entry(old: Any, login: Login) -> dict[str, Any]:
    """Return the entry with another login. Names of members count in any letters, so the other spellings have to go."""
    auth = joined(login.username, login.password)
    folded = {name.translate(FOLDED) for name in _OF_A_LOGIN}
    kept = {
        name: value
        for name, value in (old or {}).items()
        if name == "auth" or not (name.translate(FOLDED) in folded or _spoils(name, value))
    }
    return {**kept, "auth": auth}


def _spoils(name: str, value: Any) -> bool:
    """Say whether a member beside the login keeps the kubelet from the whole file."""
    return name.translate(FOLDED) == "EMAIL" and not (value is None or isinstance(value, str))
