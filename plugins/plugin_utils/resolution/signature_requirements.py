# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requirements of policy.json: which members each type has, and when the engines refuse one.

Source of every rule: containers/image signature/policy_config.go and policy_config_sigstore.go. Members in upper case,
unknown members and values of another kind all refuse the whole file there, so they are problems here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .references import ReferenceProblem, is_location, parse_normalized, quoted

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_KEY_TYPES = ("GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs")
_REKOR = ("rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas")
_SIGSTORE_KEYS = ("keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki")


@dataclass(frozen=True)
class _Shape:
    """members: name → kind; required: must be there; counts: of these, at least and at most so many must be filled."""

    members: Mapping[str, str]
    required: tuple[str, ...] = ()
    counts: tuple[tuple[tuple[str, ...], int, int], ...] = ()


@dataclass(frozen=True)
class _Kind:
    """accepts: whether a value is of this kind; filled: whether it counts as given."""

    words: str
    accepts: Callable[[Any], bool]
    filled: Callable[[Any], bool] = field(default=lambda value: value is not None)


REQUIREMENTS: Mapping[str, _Shape] = {
    "insecureAcceptAnything": _Shape({}),
    "reject": _Shape({}),
    "signedBy": _Shape(
        {
            "keyType": "key type",
            "keyPath": "path",
            "keyPaths": "list",
            "keyData": "base64",
            "signedIdentity": "identity",
        },
        required=("keyType",),
        counts=((("keyPath", "keyPaths", "keyData"), 1, 1),),
    ),
    "signedBaseLayer": _Shape({"baseLayerIdentity": "identity"}, required=("baseLayerIdentity",)),
    "sigstoreSigned": _Shape(
        {
            "keyPath": "text",
            "keyPaths": "filled list",
            "keyData": "base64 or null",
            "keyDatas": "base64 list",
            **dict(zip(_REKOR, ("text", "filled list", "base64 or null", "base64 list"), strict=True)),
            "fulcio": "fulcio",
            "pki": "pki",
            "signedIdentity": "identity",
        },
        counts=((_SIGSTORE_KEYS, 1, 1), (_REKOR, 0, 1)),
    ),
}

_FULCIO = _Shape(
    {"caPath": "text", "caData": "base64 or null", "oidcIssuer": "text", "subjectEmail": "text"},
    counts=((("caPath", "caData"), 1, 1), (("oidcIssuer",), 1, 1), (("subjectEmail",), 1, 1)),
)
_PKI = _Shape(
    {
        "caRootsPath": "text",
        "caRootsData": "base64 or null",
        "caIntermediatesPath": "text",
        "caIntermediatesData": "base64 or null",
        "subjectEmail": "text",
        "subjectHostname": "text",
    },
    counts=(
        (("caRootsPath", "caRootsData"), 1, 1),
        (("caIntermediatesPath", "caIntermediatesData"), 0, 1),
        (("subjectEmail", "subjectHostname"), 1, 2),
    ),
)
_IDENTITIES: Mapping[str, _Shape] = {
    "matchExact": _Shape({}),
    "matchRepoDigestOrExact": _Shape({}),
    "matchRepository": _Shape({}),
    "exactReference": _Shape({"dockerReference": "reference"}, required=("dockerReference",)),
    "exactRepository": _Shape({"dockerRepository": "repository"}, required=("dockerRepository",)),
    "remapIdentity": _Shape({"prefix": "prefix", "signedPrefix": "prefix"}, required=("prefix", "signedPrefix")),
}


def problem(requirement: Any) -> str | None:
    """Say why the engines would refuse one requirement, to be completed by its position; None when they accept it."""
    kind = requirement.get("type") if isinstance(requirement, dict) else None
    if not isinstance(kind, str) or kind not in REQUIREMENTS:
        return f"has the unknown requirement type '{kind}', with which the engines refuse the file"
    wrong = _wrong(requirement, REQUIREMENTS[kind])
    if not wrong and requirement.get("fulcio") is not None and not _count(requirement, REQUIREMENTS[kind], _REKOR):
        wrong = "fulcio without a rekorPublicKey…"
    if not wrong and requirement.get("pki") is not None and _count(requirement, REQUIREMENTS[kind], _REKOR):
        wrong = "pki together with a rekorPublicKey…"
    return f"has a requirement {kind} that the engines refuse: {wrong}" if wrong else None


def _wrong(value: Mapping[str, Any], shape: _Shape) -> str | None:
    for name in value:
        if name != "type" and name not in shape.members:
            return f"unknown key {quoted(name)}"
    for name in shape.required:
        if name not in value:
            return f"no {name}"
    for name, kind in shape.members.items():
        if name in value and not _KINDS[kind].accepts(value[name]):
            return f"{name} must be {_KINDS[kind].words}"
    for names, least, most in shape.counts:
        if not least <= _count(value, shape, names) <= most:
            amount = "at most one" if not least else "exactly one" if least == most else "at least one"
            return f"{amount} of {', '.join(names)} must be given"
    return None


def _count(value: Mapping[str, Any], shape: _Shape, names: tuple[str, ...]) -> int:
    return sum(name in value and _KINDS[shape.members[name]].filled(value[name]) for name in names)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_base64(value: Any) -> bool:
    """Return whether the Go decoder, which ignores line breaks, accepts the text."""
    return isinstance(value, str) and bool(_BASE64.fullmatch(value.replace("\r", "").replace("\n", "")))


def _is_object(value: Any, shape: _Shape) -> bool:
    return isinstance(value, dict) and "type" not in value and _wrong(value, shape) is None


def _is_identity(value: Any) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind in _IDENTITIES and _wrong(value, _IDENTITIES[kind]) is None


def _is_repository(value: Any, *, complete: bool = False) -> bool:
    """Return whether the text is an image name; complete: with tag or digest."""
    try:
        reference = parse_normalized(value) if isinstance(value, str) else None
    except ReferenceProblem:
        return False
    return reference is not None and not (complete and reference.tagged() != reference)


_KINDS: Mapping[str, _Kind] = {
    "text": _Kind("text", _is_text, bool),
    "path": _Kind("text that is not empty", lambda value: isinstance(value, str) and value != ""),
    "list": _Kind("a list of texts", _is_list),
    "filled list": _Kind("a list of texts that is not empty", lambda value: _is_list(value) and value != []),
    "base64": _Kind("text in base64", _is_base64),
    "base64 or null": _Kind("text in base64", lambda value: value is None or _is_base64(value)),
    "base64 list": _Kind(
        "a list of texts in base64 that is not empty",
        lambda value: isinstance(value, list) and value != [] and all(v is None or _is_base64(v) for v in value),
    ),
    "key type": _Kind(f"one of {', '.join(_KEY_TYPES)}", lambda value: value in _KEY_TYPES),
    "identity": _Kind("an identity that the engines know, complete and with nothing else", _is_identity),
    "reference": _Kind("an image with tag or digest", lambda value: _is_repository(value, complete=True)),
    "repository": _Kind("an image name", _is_repository),
    "prefix": _Kind(
        "a registry or an image name with one", lambda value: isinstance(value, str) and is_location(value)
    ),
    "fulcio": _Kind("caPath or caData, oidcIssuer and subjectEmail", lambda value: _is_object(value, _FULCIO)),
    "pki": _Kind(
        "caRootsPath or caRootsData, and subjectEmail or subjectHostname", lambda value: _is_object(value, _PKI)
    ),
}
