# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy word `trust`: every shape people write it in goes in, validated values come out.

Everything that can be known to be wrong is refused here, before any host is touched. What comes from outside is what
the time is, and the texts of the files on the controller that entries name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..resolution.names import NO_LOGIN, NameProblem, has_login, parse_scope
from . import certificates
from .certificates import Certificate, CertificateProblem
from .word import PolicyError, Reading, Word, from_json, unique

NAME = "trust"
STATES = ("present", "absent")

#: Texts of an entry; each may be given as KEY_file instead, a file on the controller.
TEXTS = ("ca", "client_cert", "client_key")
_KEYS = ("registry", "aliases", "state", *TEXTS, *(f"{text}_file" for text in TEXTS))


@dataclass(frozen=True)
class ClientPair:
    """What a registry that asks for it is shown. The key is never printed: not in repr, not in a plan."""

    certificate: str
    key: str

    def __repr__(self) -> str:
        return "ClientPair(…)"


@dataclass(frozen=True)
class TrustedRegistry:
    """One registry that is to be trusted, or no longer.

    names: its name first, then the aliases, each host[:port]; cas: the authorities that sign for it; invalid: the
    fingerprints of those that are valid no more or not yet, which stay where they are and can prove nothing.
    """

    names: tuple[str, ...]
    cas: tuple[Certificate, ...] = ()
    client: ClientPair | None = None
    client_certificates: tuple[Certificate, ...] = ()
    present: bool = True
    invalid: frozenset[str] = frozenset()

    @property
    def needs_certs_d(self) -> bool:
        """Whether only engines can be made to trust it: a server's own certificate is not an authority."""
        return any(ca.is_ca is False for ca in self.cas)

    @property
    def name(self) -> str:
        return self.names[0]


@dataclass(frozen=True)
class Trust:
    """What was asked for; None for registries means that nothing was said, which leaves everything alone."""

    registries: tuple[TrustedRegistry, ...] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def present(self) -> tuple[TrustedRegistry, ...]:
        return tuple(registry for registry in self.registries or () if registry.present)

    @property
    def absent(self) -> frozenset[str]:
        return frozenset(registry.name for registry in self.registries or () if not registry.present)


def _entries(value: object) -> list[dict[str, Any]]:
    """Return the entries of a list of mappings, or of a JSON text of one."""
    try:
        value = from_json(value)
    except ValueError:
        # never quoted: a text that is not a list may well be a key
        raise PolicyError(NAME, "the text given", "is not a list of mappings with registry and ca") from None
    if isinstance(value, Mapping) or not isinstance(value, (list, tuple)):
        raise PolicyError(NAME, type(value).__name__, "is not a list of mappings with registry and ca")
    found = []
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, Mapping):
            raise PolicyError(NAME, f"entry {number}", "is not a mapping with registry and ca")
        if unknown := sorted(set(map(str, entry)) - set(_KEYS)):
            raise PolicyError(NAME, unknown[0], f"is not a key of an entry ({', '.join(_KEYS)})")
        found.append({str(key): item for key, item in entry.items() if item is not None})
    return found


def read(name: str, value: object, reading: Reading) -> Trust:
    """Validate the entries, and judge their certificates. Raises PolicyError; read_file may raise its own."""
    entries = _entries(value)
    for entry in entries:  # before anything can be refused
        reading.keep_secret(str(entry.get("client_key", "")))
    warnings: list[str] = []
    registries = [_registry(entry, reading, warnings) for entry in entries]
    _refuse_contradictions(registries)
    reading.warnings += warnings
    return Trust(_joined(registries), unique(warnings))


def _registry(entry: Mapping[str, Any], reading: Reading, warnings: list[str]) -> TrustedRegistry:
    now, warn_days = reading.now, reading.warn_days
    names = _names(entry)
    state = entry.get("state", "present")
    if state not in STATES:
        raise PolicyError(NAME, names[0], f"has a state that is not one of {', '.join(STATES)}")
    if state == "absent":
        return TrustedRegistry(names, present=False)
    texts = {key: _text(names[0], key, entry, reading) for key in TEXTS}
    if texts["ca"] is None and texts["client_cert"] is None:
        raise PolicyError(NAME, names[0], "has no ca")
    if (texts["client_cert"] is None) != (texts["client_key"] is None):
        lone, other = ("client_cert", "client_key") if texts["client_key"] is None else ("client_key", "client_cert")
        raise PolicyError(NAME, names[0], f"has a {lone} without {other}; an engine needs both or neither")
    cas = _authorities(names[0], texts["ca"], now, warn_days, warnings) if texts["ca"] is not None else ()
    good = {ca.fingerprint for ca in (certificates.valid(cas, now) if cas else ())}
    registry = TrustedRegistry(names, cas, invalid=frozenset(ca.fingerprint for ca in cas) - good)
    return _with_client(registry, texts, now, warn_days, warnings) if texts["client_cert"] is not None else registry


def _names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    registry, aliases = entry.get("registry"), entry.get("aliases", [])
    if not isinstance(registry, str) or not registry.strip():
        raise PolicyError(NAME, "an entry", "has no registry")
    if isinstance(aliases, str):
        if has_login(aliases):  # before a password with a comma in it is taken apart
            raise PolicyError(NAME, aliases, NO_LOGIN)
        aliases = [part for part in re.split(r"[,\s]+", aliases) if part]
    if not isinstance(aliases, (list, tuple)) or not all(isinstance(alias, str) for alias in aliases):
        raise PolicyError(NAME, registry, "has aliases that are not a list of names and addresses")
    return unique(_name(name) for name in (registry, *aliases))


def _name(text: str) -> str:
    """Read host[:port] of image names; it also names a directory, so it is checked as one."""
    try:
        scope = parse_scope(text.strip())
        if not scope.is_registry:
            raise NameProblem("is not a whole registry (host[:port]), which is what a certificate is for")
    except NameProblem as problem:
        raise PolicyError(NAME, text, str(problem)) from None
    return scope.text


def _text(registry: str, key: str, entry: Mapping[str, Any], reading: Reading) -> str | None:
    value, path = entry.get(key), entry.get(f"{key}_file")
    if path is not None:
        if value is not None:
            raise PolicyError(NAME, registry, f"has both {key} and {key}_file")
        value = reading.text_of(str(path))
        if value is None:
            raise PolicyError(NAME, registry, f"has a {key}_file, which only a task can read; give its text as {key}")
        if key == "client_key":
            reading.keep_secret(value)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise PolicyError(NAME, registry, f"has a {key} that is not text in PEM form")
    return value


def _authorities(
    registry: str, text: str, now: datetime, warn_days: int, warnings: list[str]
) -> tuple[Certificate, ...]:
    try:
        found = certificates.read_certificates(text)
        for certificate in found:
            certificates.judge_authority(certificate)
        certificates.valid(found, now)
    except CertificateProblem as problem:
        raise PolicyError(NAME, registry, f"ca {problem}") from None
    for certificate in found:
        for doubt in certificates.doubts(certificate, now, warn_days):
            warnings.append(f"{registry}: the authority '{certificate.subject}' {doubt}")
    if len(found) > 1:
        subjects = "; ".join(certificate.subject for certificate in found)
        warnings.append(f"{registry}: ca holds {len(found)} certificates, and all of them are trusted: {subjects}")
    return found


def _with_client(
    registry: TrustedRegistry, texts: Mapping[str, str | None], now: datetime, warn_days: int, warnings: list[str]
) -> TrustedRegistry:
    word = "client_cert"
    try:
        chain = certificates.read_certificates(texts["client_cert"] or "")
        certificates.judge_client(chain[0], now)
        word = "client_key"
        key = certificates.read_client_key(texts["client_key"] or "", chain[0])
    except CertificateProblem as problem:
        raise PolicyError(NAME, registry.name, f"{word} {problem}") from None
    for doubt in certificates.doubts(chain[0], now, warn_days, authority=False):
        warnings.append(f"{registry.name}: the client certificate '{chain[0].subject}' {doubt}")
    return replace(registry, client=ClientPair(certificates.bundle(chain), key), client_certificates=chain)


def _refuse_contradictions(registries: Iterable[TrustedRegistry]) -> None:
    """Refuse entries that share a name and say different things about it."""
    seen: dict[str, TrustedRegistry] = {}
    for registry in registries:
        for name in registry.names:
            other = seen.setdefault(name, registry)
            if other.present != registry.present:
                raise PolicyError(NAME, name, "is both present and absent")
            if {ca.fingerprint for ca in other.cas} != {ca.fingerprint for ca in registry.cas}:
                raise PolicyError(
                    NAME,
                    name,
                    "is given two different CAs; put both certificates into the ca of one entry if both sign",
                )
            if other.client != registry.client:
                raise PolicyError(NAME, name, "is given two different client certificates")


def _joined(registries: Iterable[TrustedRegistry]) -> tuple[TrustedRegistry, ...]:
    """Join entries about the same registry into one with the names of both."""
    found: dict[str, TrustedRegistry] = {}
    for registry in registries:
        earlier = found.get(registry.name)
        names = dict.fromkeys((*earlier.names, *registry.names)) if earlier else registry.names
        found[registry.name] = replace(registry, names=tuple(names))
    return tuple(found.values())


TRUST = Word(
    read,
    option={
        "type": "raw",
        "description": [
            "Registries whose certificates the host shall trust. A list of mappings with C(registry), C(ca) or "
            "C(ca_file), and if wanted C(aliases), C(client_cert) and C(client_key) (or their files), and C(state); "
            "or a JSON text of one.",
            "C(registry) is C(host) or C(host:port), as in names of images. C(aliases) are further names and "
            "addresses.",
            "C(ca) holds the certificates of the authorities that sign for it, as PEM text; C(ca_file) names a file "
            "on the controller with them. Several authorities are trusted side by side, for instance while one "
            "replaces another.",
            "C(client_cert) and C(client_key), or C(client_cert_file) and C(client_key_file), are what the host shows "
            "the registry when it asks. Files may be encrypted with ansible-vault.",
            "C(state) is V(present) (the default) or V(absent).",
            "Without it, all certificates stay as they are; an empty list removes everything that earlier runs put on "
            "the host.",
        ],
    },
    group=NAME,
)
