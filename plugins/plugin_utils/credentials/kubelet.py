# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kubelet: which entries of a pod's pull secrets and of the node's file it tries, in which order.

Source: kubernetes pkg/credentialprovider (keyring.go, config.go, secrets/secrets.go) of 1.34. The kubelet of OpenShift
3.11 differs in one thing: it refuses base64 without padding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..resolution.names import DOCKER_HUB
from ..resolution.references import Reference
from .answers import Attempts, Lookup, Source, Tried, entry
from .go import TEXT, Made, Map, Struct, Unreadable, unmarshal, url_parts
from .login import Login, no_login, user_and_password

#: The place whose entries serve Docker Hub's images when no other matches.
_HUB = "index.docker.io"


def _login(fields: dict[str, str], where: str) -> Login:
    auth = fields["auth"]
    if not auth:
        return Login(fields["username"], fields["password"])
    found = user_and_password(where, auth, padded=auth.strip().endswith("="))
    if found is None:
        raise no_login(where)
    return Login(*found)


_LOGINS = Map(Made(Struct(dict.fromkeys(("username", "password", "email", "auth"), TEXT)), _login))
_FILE = Struct({"auths": _LOGINS, "HttpHeaders": Map(TEXT)})

#: Plug-ins that bring logins of a cloud, by the registries (matchImages) that OpenShift 4 configures them for.
_PLUGINS = {
    "ecr-credential-provider": re.compile(
        r"[^.]+\.dkr[.-]ecr(-fips)?\.[^.]+\.(amazonaws\.com(\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn"
        r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
    ),
    "acr-credential-provider": re.compile(r"[^.]+\.azurecr\.(io|cn|de|us)"),
    "gcr-credential-provider": re.compile(r"gcr\.io|[^.]+\.gcr\.io|[^.]+\.pkg\.dev|container\.cloud\.google\.com"),
}


class _Entry(NamedTuple):
    """One entry of a file or secret, at the place (host and path) that its key means."""

    place: str
    tried: Tried


def read(source: Source) -> dict[str, Login]:
    """Logins by key; helpers and identity tokens are unknown here. One bad entry spoils all. Raises Unreadable."""
    logins: dict[str, Login]
    logins = unmarshal(source.text, _LOGINS) if source.old_form else unmarshal(source.text, _FILE)["auths"]
    return logins


def is_hub(key: str) -> bool:
    """Say whether an entry of this key serves all images of Docker Hub."""
    return _place(key) in (DOCKER_HUB, _HUB)


def kubelet(reference: Reference, sources: Sequence[Source], secrets: Sequence[Source] = ()) -> Lookup:
    """Return all entries that match: those of the pod's secrets together, then those of the node's file."""
    lookup = Lookup()
    lookup.note_unread(sources[1:], "the kubelet takes the first file that it can read")
    of_pod: list[list[_Entry]] = []
    for secret in secrets:
        try:
            of_pod.append(_entries(secret))
        except Unreadable as reason:
            lookup.refuse(secret, "the kubelet", f"{reason}; no other pull secret is tried either")
            return lookup
    of_node: list[list[_Entry]] = []
    for source in sources[:1]:
        try:
            of_node.append(_entries(source))
        except Unreadable as reason:
            lookup.notes.append(f"{source.name}: the kubelet passes over it without a word: {reason}")
    groups = [*_matching(reference, of_pod), *_matching(reference, of_node)]
    for order in (1, -1):
        lookup.answers.append(Attempts(tuple(tried for group in groups for tried in group[::order])))
    lookup.notes += _notes(reference, groups)
    return lookup


def _entries(source: Source) -> list[_Entry]:
    return [
        _Entry(place, entry(source, key, login))
        for key, login in read(source).items()
        if (place := _place(key)) is not None
    ]


def _matching(reference: Reference, files: Sequence[Sequence[_Entry]]) -> Iterator[list[Tried]]:
    """Groups of entries in the order in which they are tried; within a group, the kubelet's order is random."""
    known = {entry.place for file in files for entry in file}
    places = sorted((place for place in known if _matches(place, reference)), key=_bytes, reverse=True)
    # A host without dot and colon, as in localhost/app, passes for a namespace of Docker Hub (isDefaultRegistryMatch).
    if not places and (reference.domain == DOCKER_HUB or not set(reference.domain) & set(".:")):
        places = [_HUB]
    for place in places:
        yield from ([entry.tried for entry in file if entry.place == place] for file in files)


def _place(key: str) -> str | None:
    """Host and path of a key; None for what is passed over because it is not a URL."""
    try:
        host, path = url_parts(key if key.startswith(("https://", "http://")) else f"https://{key}")
    except Unreadable:
        return None
    path = path[3:] if path.startswith(("/v1/", "/v2/")) else path
    return host + ("" if path == "/" else path)


def _matches(place: str, reference: Reference) -> bool:
    """URLsMatch: the same port, parts of the host one by one, and a path that is a plain prefix."""
    try:
        host, path = url_parts(f"https://{place}")
    except Unreadable:
        return False
    name, port = _host_and_port(host)
    wanted, wanted_port = _host_and_port(reference.domain)
    parts, wanted_parts = name.split("."), wanted.split(".")
    return (
        port == wanted_port
        and len(parts) == len(wanted_parts)
        and f"/{reference.path}".startswith(path)
        and all(map(_glob, parts, wanted_parts))
    )


def _host_and_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon else (host, "")


def _glob(pattern: str, part: str) -> bool:
    """filepath.Match; of its signs, a host can hold no other than the asterisk."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), part) is not None


def _bytes(place: str) -> bytes:
    return place.encode(errors="surrogateescape")


def _notes(reference: Reference, groups: Sequence[Sequence[Tried]]) -> Iterator[str]:
    for group in groups:
        if len(group) > 1:
            yield f"{group[0].source}: the order of {', '.join(tried.key for tried in group)} is random"
    for tried in (tried for group in groups for tried in group):
        prefix = (_place(tried.key) or "").rstrip("/")
        if "*" not in prefix and "/" in prefix and not f"{reference.name}/".startswith(f"{prefix}/"):
            yield f"the key {tried.key} is a plain prefix for the kubelet; podman would not use it here"
    for plugin, registries in _PLUGINS.items():
        if registries.fullmatch(reference.domain):
            yield f"on its cloud, the kubelet may get a login for {reference.domain} from {plugin}"
