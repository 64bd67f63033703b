# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy word `credentials`: who logs in to which registry; validated, and never shown.

Source of the old variables: openshift-ansible 3.6 to 3.11 (see openshift_ansible.py).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..resolution.names import NameProblem, has_login, parse_scope
from .word import UNSHOWN, PolicyError, Reading, Word, from_json, kind_of

NAME = "credentials"
STATES = ("present", "absent")

#: The user of a token where nobody names one: registries that take tokens do not look at it.
TOKEN_USER = "token"
_SECRETS = ("password", "auth", "token")
_KEYS = ("registry", "username", "state", *_SECRETS, *(f"{secret}_file" for secret in _SECRETS))


@dataclass(frozen=True)
class Credential:
    """A login for a registry, or for a part of it (host[:port][/path]); or that there is to be none any more."""

    registry: str
    username: str = ""
    password: str = field(default="", repr=False)
    present: bool = True


def read(name: str, value: object, reading: Reading) -> tuple[Credential, ...]:
    """Validate the entries. No sentence shows anything of an entry but its registry. Raises PolicyError."""
    entries = list(_entries(name, value))
    for entry in entries:  # before anything can be refused
        for secret in _SECRETS:
            reading.keep_secret(str(entry.get(secret, "")))
    found: dict[str, Credential] = {}
    for number, entry in enumerate(entries, 1):
        credential = _credential(name, number, entry, reading)
        if found.setdefault(credential.registry, credential) != credential:
            raise PolicyError(name, credential.registry, "has two entries that differ; an auth file holds one")
    return tuple(found.values())


def _entries(name: str, value: object) -> Iterable[dict[str, Any]]:
    """Return the entries of a list of mappings, or of a JSON text of one."""
    try:
        value = from_json(value)
    except ValueError:
        raise PolicyError(name, UNSHOWN, "the text is not a JSON list of mappings") from None
    if not isinstance(value, (list, tuple)):
        raise PolicyError(name, UNSHOWN, f"a list of mappings with registry, username and password is needed, "
                          f"this is {kind_of(value)}")  # fmt: skip
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, Mapping):
            raise PolicyError(name, UNSHOWN, f"entry {number} is {kind_of(entry)}, not a mapping with registry, "
                              "username and password")  # fmt: skip
        unknown = [number_of for number_of, key in enumerate(entry, 1) if key not in _KEYS]
        if unknown:
            raise PolicyError(name, UNSHOWN, f"entry {number} has a key that does not exist (number {unknown[0]}); "
                              f"there are {', '.join(_KEYS)}")  # fmt: skip
        yield {str(key): item for key, item in entry.items() if item is not None}


def _credential(name: str, number: int, entry: Mapping[str, Any], reading: Reading) -> Credential:
    registry = _registry(name, number, entry.get("registry"))
    state = entry.get("state", "present")
    if state not in STATES:
        raise PolicyError(name, registry, f"has a state that is neither {' nor '.join(STATES)}")
    if state == "absent":
        return Credential(registry, present=False)
    secrets = {key: text for key in _SECRETS if (text := _text(name, registry, key, entry, reading)) is not None}
    if len(secrets) != 1:
        told = "no password, auth or token" if not secrets else f"both {' and '.join(list(secrets)[:2])}"
        raise PolicyError(name, registry, f"has {told}; exactly one of them is needed")
    (kind, secret), username = next(iter(secrets.items())), entry.get("username")
    if username is not None and not isinstance(username, str):
        raise PolicyError(name, registry, f"has a username that is {kind_of(username)}; write it in quotes")
    if kind == "auth":
        return Credential(registry, *_of_auth(name, registry, secret, username, reading))
    username = username if username is not None else TOKEN_USER if kind == "token" else ""
    if not username:
        raise PolicyError(name, registry, "has no username")
    check(name, registry, username, secret)
    # base64 hides nothing, so the entry as it will stand in the file is a secret too
    reading.keep_secret(base64.b64encode(f"{username}:{secret}".encode()).decode())
    return Credential(registry, username, secret)


def _registry(name: str, number: int, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(name, UNSHOWN, f"entry {number} has no registry")
    text = value.strip()
    try:
        if has_login(text):
            raise NameProblem("contains an '@'; the login belongs in username and password")
        scope = parse_scope(text)
        if scope.is_wildcard:
            raise NameProblem("is a wildcard, which only the kubelet knows in an auth file; name the registries")
    except NameProblem as problem:
        raise PolicyError(name, text, str(problem)) from None
    return scope.text


def _text(name: str, registry: str, key: str, entry: Mapping[str, Any], reading: Reading) -> str | None:
    value, path = entry.get(key), entry.get(f"{key}_file")
    if path is None:
        if value is not None and not isinstance(value, str):
            article = "an" if key.startswith("a") else "a"
            raise PolicyError(name, registry, f"has {article} {key} that is {kind_of(value)}; write it in quotes")
        return value
    if value is not None:
        raise PolicyError(name, registry, f"has both {key} and {key}_file")
    if not isinstance(path, str):
        raise PolicyError(name, registry, f"has a {key}_file that is {kind_of(path)}, not a path")
    text = reading.text_of(path)
    if text is None:
        raise PolicyError(name, registry, f"has a {key}_file, which only a task can read; give its text as {key}")
    text = text.removesuffix("\n").removesuffix("\r")
    reading.keep_secret(text)
    return text


def _of_auth(name: str, registry: str, auth: str, username: str | None, reading: Reading) -> tuple[str, str]:
    """Split the ``auth`` of an auth file into user and password."""
    try:
        user, colon, password = base64.b64decode("".join(auth.split()), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise PolicyError(name, registry, "has an auth that is not base64 of user:password") from None
    if not colon or not user:
        raise PolicyError(name, registry, "has an auth that is not base64 of user:password")
    if username not in (None, user):
        raise PolicyError(name, registry, "has a username other than the one in its auth")
    reading.keep_secret(password)
    check(name, registry, user, password)
    return user, password


def check(name: str, registry: str, username: str, password: str) -> None:
    """Refuse a login that no auth file can hold, or that is surely a mistake."""
    if ":" in username:
        raise PolicyError(name, registry, "has a username with a colon, which ends the user in an auth file")
    if not username.strip():
        raise PolicyError(name, registry, "has a username of blanks")
    if not password:
        raise PolicyError(name, registry, "has an empty password")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in username + password):
        raise PolicyError(name, registry, "has a username or password with a line break or another control character")
    for key, text in (("username", username), ("password", password)):
        if "$ANSIBLE_VAULT;" in text:
            raise PolicyError(name, registry, f"has a {key} that is still encrypted with ansible-vault")
        if "{{" in text:
            raise PolicyError(name, registry, f"has a {key} that is a template nobody filled")
    try:
        (username + password).encode()
    except UnicodeEncodeError:
        raise PolicyError(name, registry, "has half of a surrogate pair, which no file can hold") from None


CREDENTIALS = Word(
    read,
    variable="openshift_additional_registry_credentials",
    option={
        "type": "raw",
        "description": [
            "Logins to registries. A list of mappings with C(registry), C(username) and C(password), or a JSON text of "
            "one.",
            "C(registry) is C(host), C(host:port) or, for podman, CRI-O and the kubelet, with a path, as in names of "
            "images.",
            "In place of C(password) there may be C(token), for which the user counts for nothing, or C(auth), the "
            "base64 of C(user:password) as it stands in auth files. C(password_file), C(token_file) and C(auth_file) "
            "name a file on the controller, which may be encrypted with ansible-vault.",
            "C(state) is V(present) (the default) or V(absent), which takes the registry's own entry out of the files, "
            "whoever put it there.",
            "Without it, all logins stay as they are.",
        ],
    },
    group=NAME,
)
