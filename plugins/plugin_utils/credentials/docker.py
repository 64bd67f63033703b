# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker: which entry of its config.json it uses.

Sources: docker/cli cli/config/configfile/file.go (LoadFromReader, GetAuthConfig), cli/config/credentials/file_store.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..resolution.names import DOCKER_HUB
from ..resolution.references import Reference
from .answers import Attempts, Lookup, Source
from .go import TEXT, Many, Map, Struct, Unreadable, unmarshal_first, url_parts
from .login import Login, no_login, user_and_password

#: What docker asks for where it means Docker Hub.
HUB_KEY = "https://index.docker.io/v1/"

_ENTRY = Struct(dict.fromkeys("username password auth serveraddress identitytoken registrytoken".split(), TEXT))
_PROXY = Struct(dict.fromkeys("httpProxy httpsProxy noProxy ftpProxy allProxy".split(), TEXT))
# A member of another type refuses the whole file, whatever it is for.
_TEXTS = (
    "psFormat imagesFormat networksFormat pluginsFormat volumesFormat statsFormat detachKeys credsStore"
    " serviceInspectFormat servicesFormat tasksFormat secretFormat configFormat nodesFormat currentContext"
)
_FILE = Struct(
    {
        "auths": Map(_ENTRY),
        "credHelpers": Map(TEXT),
        "HttpHeaders": Map(TEXT),
        "pruneFilters": Many(TEXT),
        "proxies": Map(_PROXY),
        "cliPluginsExtraDirs": Many(TEXT),
        "plugins": Map(Map(TEXT)),
        "aliases": Map(TEXT),
        "features": Map(TEXT),
    }
    | dict.fromkeys(_TEXTS.split(), TEXT)
)


@dataclass(frozen=True)
class AuthFile:
    """Logins by key, helpers by what they are asked for, and the helper for everything else."""

    logins: dict[str, Login]
    helpers: dict[str, str]
    store: str


def read(source: Source) -> AuthFile:
    """Decodes every entry at once: a bad one spoils the file. Raises Unreadable."""
    document = unmarshal_first(source.text, _FILE)
    logins = {key: _login(key, entry) for key, entry in document["auths"].items()}
    return AuthFile(logins, document["credHelpers"], document["credsStore"])


def docker(reference: Reference, sources: Sequence[Source]) -> Lookup:
    """Return the entry of the host; a path in a key means nothing."""
    lookup = Lookup()
    lookup.note_unread(sources[1:], "docker reads its config.json alone")
    for source in sources[:1]:
        try:
            _look(reference, source, lookup)
        except Unreadable as reason:
            lookup.refuse(source, "docker", reason)
    return lookup


def _look(reference: Reference, source: Source, lookup: Lookup) -> None:
    auth_file = read(source)
    asked = HUB_KEY if reference.domain == DOCKER_HUB else reference.domain
    if helper := auth_file.helpers.get(asked, auth_file.store):
        lookup.ask(source, asked, helper)
        return
    keys = [asked] if asked in auth_file.logins else [key for key in auth_file.logins if host_of_key(key) == asked]
    lookup.note_random(source, "docker", keys)
    for key in keys:
        login = auth_file.logins[key]
        if login.is_empty:
            lookup.answers.append(Attempts())
        else:
            lookup.offer(source, key, login)
        if not f"{reference.name}/".startswith(f"{_path(key)}/"):
            lookup.notes.append(f"{source.name}: docker lets the key {key} serve the whole host")
    if not keys and reference.domain == DOCKER_HUB:
        lookup.notes += [
            f"{source.name}: docker never uses the key {key}; for Docker Hub it asks for {HUB_KEY}"
            for key in auth_file.logins
            if "docker.io" in key
        ]


def host_of_key(key: str) -> str:
    """Return the registry that a key means to docker (ConvertToHostname, hostFromURLFallback).

    Of an address that is not a URL, or is one without a host, docker takes the text behind the scheme.
    """
    _scheme, is_address, rest = key.partition("://")
    if is_address:
        try:
            host = url_parts(key)[0].removesuffix(":")
        except Unreadable:
            host = ""
        if host := host or rest.partition("/")[0]:
            return host
    return key.partition("/")[0]


def _path(key: str) -> str:
    """host/path of a key, without the version of the API."""
    bare = key.partition("://")[2] or key
    return bare.rstrip("/").removesuffix("/v1").removesuffix("/v2")


def _login(key: str, entry: dict[str, str]) -> Login:
    if not entry["auth"]:
        return Login(entry["username"], entry["password"], entry["identitytoken"])
    found = user_and_password(key, entry["auth"])
    if not found or not found[0]:
        raise no_login(key)
    return Login(found[0], found[1].strip("\0"), entry["identitytoken"])
