# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""podman, skopeo, buildah and CRI-O: which entry of their auth files they use.

Source: containers/image pkg/docker/config/config.go (findCredentialsInFile, decodeDockerAuth, normalizeAuthFileKey).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..resolution.names import hub_name
from ..resolution.references import Reference
from .answers import Attempts, Lookup, Source, Tried
from .go import TEXT, Map, Struct, Unreadable, unmarshal
from .login import Login, user_and_password

OLD = "/root/.dockercfg"
#: Where root's podman, skopeo and buildah look, in this order.
FILES = ("/run/containers/0/auth.json", "/root/.config/containers/auth.json", "/root/.docker/config.json", OLD)

_ENTRY = Struct({"auth": TEXT, "identitytoken": TEXT})
_FILE = Struct({"auths": Map(_ENTRY), "credHelpers": Map(TEXT)})


@dataclass(frozen=True)
class AuthFile:
    """Entries by key, not yet decoded, and helpers by registry. credsStore is nothing to these engines."""

    entries: dict[str, dict[str, str]]
    helpers: dict[str, str]

    def login(self, key: str) -> Login:
        """Return the login of an entry; none where ``auth`` has no colon. Raises Unreadable for invalid base64."""
        found = user_and_password(key, self.entries[key]["auth"])
        return Login(found[0], found[1].strip("\0"), self.entries[key]["identitytoken"]) if found else Login()


def read(source: Source) -> AuthFile:
    """Raises Unreadable where every pull that comes to this file fails."""
    if source.old_form:
        return AuthFile(unmarshal(source.text, Map(_ENTRY)), {})
    document = unmarshal(source.text, _FILE)
    return AuthFile(document["auths"], document["credHelpers"])


def podman(reference: Reference, sources: Sequence[Source]) -> Lookup:
    """Return the first file that has a login, in the order in which podman reads them."""
    lookup = Lookup()
    _look(reference, list(sources), "podman", lookup)
    return lookup


def crio(reference: Reference, sources: Sequence[Source]) -> Lookup:
    """CRI-O's global auth file, which is never read in the old form."""
    lookup = Lookup()
    lookup.note_unread(sources[1:], "CRI-O reads its global_auth_file alone")
    _look(reference, [Source(source.name, source.text) for source in sources[:1]], "CRI-O", lookup)
    return lookup


def _look(reference: Reference, sources: list[Source], engine: str, lookup: Lookup) -> None:
    """Adds what the first of the files may answer; where that is nothing, what those behind it answer."""
    if not sources:
        lookup.answers.append(Attempts())
        return
    source, rest = sources[0], sources[1:]
    try:
        auth_file = read(source)
    except Unreadable as reason:
        lookup.refuse(source, engine, reason)
        return
    if (helper := auth_file.helpers.get(reference.domain)) is not None:
        _ask(source, reference.domain, helper, engine, lookup)
        return
    keys = _keys(reference, source, auth_file)
    lookup.note_random(source, engine, keys)
    for key in keys:
        try:
            login = auth_file.login(key)
        except Unreadable as reason:
            lookup.refuse(source, engine, reason)
            continue
        if not login.is_empty:
            lookup.offer(source, key, login)
            continue
        lookup.notes.append(f"{source.name}: {engine} takes the empty entry {key}, and no other one here")
        _look(reference, rest, engine, lookup)
    if not keys:
        lookup.notes += [
            f"{source.name}: {engine} does not use the key {key}: only whole parts of a path count" + _for_urls(key)
            for key in auth_file.entries
            if reference.name.startswith(key) and key
        ]
        _look(reference, rest, engine, lookup)


def _ask(source: Source, registry: str, helper: str, engine: str, lookup: Lookup) -> None:
    if helper:
        lookup.ask(source, registry, helper)
    else:
        lookup.refuse(source, engine, f"credHelpers names no program for {registry}")


def _keys(reference: Reference, source: Source, auth_file: AuthFile) -> list[str]:
    """Return the most specific name that is a key; else all addresses of the registry, of which one is taken."""
    parents = [reference.name.rsplit("/", count)[0] for count in range(reference.name.count("/") + 1)]
    names = [reference.domain] if source.old_form else parents
    exact = [name for name in names if name in auth_file.entries]
    registry = hub_name(reference.domain, "logins")
    return exact[:1] or [key for key in auth_file.entries if registry_of(key, source.old_form) == registry]


def registry_of(key: str, old_form: bool) -> str:
    """Normalise an address that docker once wrote: http[s]://host/v1/."""
    address = key.removeprefix("http://").removeprefix("https://")
    if old_form or address != key:
        address = address.partition("/")[0]
    return hub_name(address, "logins")


def still_logs_in(used: Tried, scope: str) -> bool:
    """Say whether an entry that serves a scope whose own is gone does so for it, and not for more of the registry."""
    return used.kind != "empty" and not scope.startswith(f"{registry_of(used.key, False)}/")


def _for_urls(key: str) -> str:
    return ", and a slash at the end is none" if key.endswith("/") else ""
