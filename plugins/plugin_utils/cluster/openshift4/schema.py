# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server refuses, so that a change never reaches the operator.

Source: the CRDs and their CEL rules, API config/v1 types_image.go, types_image_digest_mirror_set.go,
types_image_tag_mirror_set.go and types_cluster_image_policy.go.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...references import ReferenceProblem, is_domain, is_location, parse
from .objects import ALLOW, NEVER, MirrorSet, Objects, SignaturePolicy, Sources
from .releases import Release
from .scopes import is_source

_MOST_SCOPES = 256
_LONGEST_SCOPE = 512
_EMAIL = re.compile(r"\S+@\S+")
_HOSTNAME = re.compile(r"(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
#: policyType → its field of rootOfTrust, what must be in it
_ROOTS = {
    "PublicKey": ("publicKey", ("keyData",)),
    "FulcioCAWithRekor": ("fulcioCAWithRekor", ("fulcioCAData", "fulcioSubject", "rekorKeyData")),
    "PKI": ("pki", ("caRootsData", "pkiCertificateSubject")),
}
_MATCHES = ("MatchRepoDigestOrExact", "MatchRepository", "ExactRepository", "RemapIdentity")
#: matchPolicy → its field of signedIdentity, names of repositories in it
_IDENTITIES = {
    "ExactRepository": ("exactRepository", ("repository",)),
    "RemapIdentity": ("remapIdentity", ("prefix", "signedPrefix")),
}
#: field with PEM in base64 → what it holds
_PEM = {
    **dict.fromkeys(("keyData", "rekorKeyData"), "PUBLIC KEY"),
    **dict.fromkeys(("fulcioCAData", "caRootsData", "caIntermediatesData"), "CERTIFICATE"),
}


def refusals(seen: Objects, release: Release) -> Iterator[str]:
    """In words a sentence can begin with. That values have the right type was seen to when they were read."""
    yield from _lists(seen.sources or Sources(), release)
    for one in seen.sets("ImageDigestMirrorSet", "ImageTagMirrorSet"):
        yield from (f"{one.where}: {what}" for what in _mirror_set(one))
    for policy in (*seen.cluster_policies, *seen.image_policies):
        yield from (f"{policy.where}: {what}" for what in _signature_policy(policy))


def _lists(sources: Sources, release: Release) -> Iterator[str]:
    if sources.search == ():
        yield "containerRuntimeSearchRegistries: [] has no item"
    if sources.search and len(set(sources.search)) < len(sources.search):
        yield "containerRuntimeSearchRegistries names a registry twice"
    if release.schema_excludes_both and sources.allowed is not None and sources.blocked is not None:
        yield "allowedRegistries and blockedRegistries are both there"


def _mirror_set(one: MirrorSet) -> Iterator[str]:
    yield from (f"{name!r} is no name" for name in (one.source,) if not is_source(name))
    yield from (f"{name!r} is no name" for name in one.mirrors if not is_location(name))
    if len(set(one.mirrors)) < len(one.mirrors):
        yield f"{one.source} has a mirror twice"
    if one.policy not in ("", NEVER, ALLOW):
        yield f"mirrorSourcePolicy {one.policy!r}"


def _signature_policy(policy: SignaturePolicy) -> Iterator[str]:
    if not 1 <= len(policy.scopes) <= _MOST_SCOPES:
        yield f"scopes are 1 to {_MOST_SCOPES}"
    yield from (f"{scope[:_LONGEST_SCOPE]!r} is no scope" for scope in policy.scopes if not _is_scope(scope))
    identity, root = (_mapping(policy.policy, key) for key in ("signedIdentity", "rootOfTrust"))
    if "signedIdentity" in policy.policy and identity.get("matchPolicy") not in _MATCHES:
        yield f"matchPolicy of signedIdentity must be one of {', '.join(_MATCHES)}"
    for match, (field, names) in _IDENTITIES.items():
        if (identity.get("matchPolicy") == match) != (field in identity):
            yield f"signedIdentity has {field} exactly with matchPolicy {match}"
        for name in names if field in identity else ():
            if not _is_repository(_mapping(identity, field).get(name)):
                yield f"signedIdentity.{field}.{name} is no repository without tag and digest"
    for kind, (field, required) in _ROOTS.items():
        if (root.get("policyType") == kind) != (field in root):
            yield f"rootOfTrust has {field} exactly with policyType {kind}"
        elif field in root:
            yield from (f"{field} has no {name}" for name in required if name not in _mapping(root, field))
        yield from _root(_mapping(root, field))


def _root(root: Mapping[str, Any]) -> Iterator[str]:
    for field, kind in _PEM.items():
        if field in root and not _is_pem(root[field], kind):
            yield f"{field} is no {kind} as PEM in base64"
    subject = _mapping(root, "pkiCertificateSubject")
    emails = (subject.get("email"), _mapping(root, "fulcioSubject").get("signedEmail"))
    yield from (f"{email!r} is no email address" for email in emails if email and not _EMAIL.fullmatch(str(email)))
    hostname = subject.get("hostname")
    if hostname and not _HOSTNAME.fullmatch(str(hostname)):
        yield f"{hostname!r} is no host name"


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _is_scope(scope: str) -> bool:
    if len(scope) > _LONGEST_SCOPE:
        return False
    if "*" in scope:
        return scope.startswith("*.") and is_domain(scope[2:]) and ":" not in scope
    if is_location(scope):
        return _is_qualified(scope)
    try:
        return _is_qualified(parse(scope).name)
    except ReferenceProblem:
        return False


def _is_repository(name: Any) -> bool:
    """What ends like a tag is taken for one, so only localhost may have a port and no path."""
    if not isinstance(name, str) or len(name) > _LONGEST_SCOPE or not is_location(name) or not _is_qualified(name):
        return False
    return "/" in name or ":" not in name or name.startswith("localhost:")


def _is_qualified(name: str) -> bool:
    host = name.partition("/")[0].partition(":")[0]
    return "." in host or host == "localhost"


def _is_pem(value: Any, kind: str) -> bool:
    try:
        text = base64.b64decode(str(value), validate=False)
    except ValueError:
        return False
    begin, end = (f"-----{word} {kind}-----".encode() for word in ("BEGIN", "END"))
    ends_well = text.startswith(begin) and text.removesuffix(b"\n").endswith(end)
    return ends_well and (kind != "CERTIFICATE" or text.count(begin) == text.count(end))
