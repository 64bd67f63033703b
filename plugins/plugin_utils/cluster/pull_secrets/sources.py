# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where logins for a secret come from: the word `credentials`, a file, a token of a service account.

Sources: docker/cli config.json and .dockercfg; Red Hat "Registry Service Accounts" (their users are NUMBER|NAME);
OpenShift OAuth access tokens (sha256~…); RFC 7519 (exp).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ...credentials import kubelet
from ...credentials.answers import Source
from ...credentials.docker import HUB_KEY
from ...credentials.go import Unreadable
from ...credentials.login import Login, joined
from ...formats import FormatError, json_text
from ...policy.credentials import Credential, check
from ...policy.word import UNSHOWN, PolicyError
from ...resolution.names import DOCKER_HUB, NameProblem, parse_scope
from .entries import Logins, is_hub, shown

Hide = Callable[[str], None]
_PROGRAMS = ("credHelpers", "credsStore")
_SECRETS = frozenset({"auth", "password", "identitytoken", "registrytoken"})
_TOKEN_OF_A_PERSON = "sha256~"  # noqa: S105 - how such a token begins
RED_HAT = "registry.redhat.io"


def logins_of(
    credentials: Iterable[Credential], of_file: Mapping[str, Login], *, mode: str, lose: Iterable[str]
) -> Logins:
    """Put both sources together. Raises PolicyError where they contradict each other."""
    exact = mode == "exact"
    present, absent = dict(of_file), []
    for one in credentials:
        if not one.present:
            if one.registry in of_file:
                raise PolicyError("credentials", one.registry, "is absent here, and has a login in from_file")
            absent.append(one.registry)
            continue
        login = Login(one.username, one.password)
        if present.setdefault(one.registry, login) != login:
            raise PolicyError("credentials", one.registry, "has another login here than in from_file")
    if lose and not exact:
        raise PolicyError("lose", ", ".join(lose), "is only asked for with mode: exact")
    return Logins(present, tuple(absent), exact, tuple(lose))


def of_file(path: str, read_file: Callable[[str], bytes], hide: Hide) -> tuple[dict[str, Login], list[str]]:
    """Read the logins of a .dockercfg, config.json or auth.json: registry → login, and notes. Raises PolicyError."""
    try:
        text = read_file(path).decode()
    except UnicodeDecodeError:
        raise PolicyError("from_file", path, "is not text") from None
    try:
        document = json_text.parse(text)
    except FormatError as problem:
        raise PolicyError("from_file", path, f"cannot be read as logins: {problem}") from None
    if not isinstance(document, dict):
        raise PolicyError("from_file", path, "holds no object, which a file of logins is")
    _hide_all(document, hide)
    programs = [name for name in _PROGRAMS if document.get(name)]
    entries = document.get("auths") if "auths" in document or programs else _of_old_form(document)
    if not isinstance(entries, dict):
        entries = {}
    found: dict[str, Login] = {}
    notes = []
    for key, entry in entries.items():
        login = _login(path, key, entry)
        if login.is_empty:
            notes.append(f"from_file: {shown(key)} has no login in {path}, so it is left out")
            continue
        hide(joined(login.username, login.password))
        hide(login.password)
        found[key] = login
    hub, *others = sorted(filter(is_hub, found), key=_falls_behind) or [DOCKER_HUB]
    notes += [f"from_file: {shown(key)} is left out: for Docker Hub, {shown(hub)} counts" for key in others]
    found = {DOCKER_HUB if key == hub else key: login for key, login in found.items() if key not in others}
    if not found:
        why = f"leaves its logins to a program ({', '.join(programs)}), which no secret can" if programs else "has none"
        raise PolicyError("from_file", path, why)
    return found, notes


def _of_old_form(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the entries of a file that holds nothing else; none of one without logins, as a config.json may be."""
    logins = [item for item in document.values() if isinstance(item, dict) and not _SECRETS.isdisjoint(item)]
    return document if logins else {}


def _falls_behind(key: str) -> tuple[bool, bool]:
    """Order the keys of Docker Hub: the one that podman and CRI-O take, the one that docker takes, any other.

    Below its own, docker keeps tokens, and never asks for them (docker/cli internal/oauth/manager storeTokensInStore).
    """
    return key != DOCKER_HUB, key != HUB_KEY


def _login(path: str, key: str, entry: object) -> Login:
    """Return the login of an entry as the kubelet takes it. Raises PolicyError, which shows nothing but the key."""
    if not isinstance(entry, dict):
        raise PolicyError("from_file", path, f"has an entry for {shown(key)} that is not an object")
    if not entry.get("auth") and any(entry.get(name) for name in ("identitytoken", "registrytoken")):
        raise PolicyError("from_file", path, f"has for {shown(key)} a token alone, which no secret can hold")
    try:
        login = kubelet.read(Source("", json.dumps({"auths": {key: entry}})))[key]
    except Unreadable as problem:
        raise PolicyError("from_file", path, f"has a broken entry: {str(problem).replace(key, shown(key))}") from None
    if not login.is_empty and not (login.username and login.password):
        raise PolicyError("from_file", path, f"has an entry for {shown(key)} without user or password")
    password = login.password.strip("\0")
    if not login.is_empty:
        check("from_file", shown(key), login.username, password)
    return Login(login.username, password)


def _hide_all(document: Mapping[str, Any], hide: Hide) -> None:
    """Hide whatever could be a secret before anything is said of the file."""
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                secret = key in _SECRETS and isinstance(item, str)
                (hide if secret else waiting.append)(item)
        elif isinstance(value, list):
            waiting += value


def registries(word: str, given: Iterable[object]) -> tuple[str, ...]:
    """Read names of registries for which a token shall count. Raises PolicyError."""
    found = []
    for name in given:
        try:
            scope = parse_scope(str(name).strip())
        except NameProblem as problem:
            raise PolicyError(word, str(name), str(problem)) from None
        if scope.is_wildcard:
            raise PolicyError(word, str(name), "is a wildcard; name the registries")
        found.append(scope.text)
    if not found:
        raise PolicyError(word, UNSHOWN, "names no registry that the login is for")
    return tuple(dict.fromkeys(found))


# --- what a person has to hear ---


def personal(logins: Logins, now: datetime) -> Iterator[str]:
    """Warn of logins of a person, and of tokens that end, where they can be told."""
    for registry, login in logins.present.items():
        if login.password.startswith(_TOKEN_OF_A_PERSON):
            yield f"{registry}: the token is that of a person, and ends with its session; take one of a service account"
        elif login.username in ("kubeadmin", "kube:admin"):
            yield f"{registry}: the user kubeadmin is taken away from clusters; take a service account"
        elif registry.partition("/")[0] == RED_HAT and "|" not in login.username:
            yield (
                f"{registry}: the user {login.username} is that of a person, as users of registry service accounts are "
                "NUMBER|NAME"
            )
        elif end := _end_of(login.password):
            told = "has ended" if end <= now else "ends"
            yield f"{registry}: the token {told} on {end:%Y-%m-%d %H:%M} UTC; one in a token secret does not end"


def _end_of(token: str) -> datetime | None:
    """Return when a JSON web token ends, None for any other text."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), timezone.utc)
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
