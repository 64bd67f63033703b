# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where one image would be pulled from, as far as the operator itself asks: for the payload, and below a signed scope.

Source: CI docker/reference (regexp.go, normalize.go, reference.go) and pkg/sysregistriesv2 (rewriteReference,
PullSourcesFromReference).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...names import match_length
from ...registries_conf import RegistriesConf, Registry

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = rf"(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*"
_REFERENCE = re.compile(
    rf"(?P<name>{_NAME})(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)
_DIGESTS = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")
_PREFIX_OF_IDENTITY = re.compile(rf"{_DOMAIN}(?:/{_COMPONENT})*")
_LONGEST_NAME = 255


class PullProblem(ValueError):
    """Why containers/image would not pull."""


@dataclass(frozen=True)
class Reference:
    """A name with tag or digest, written in full."""

    text: str
    name: str
    digest: str = ""


def parse(text: str) -> Reference | None:
    """A reference as it is written, without Docker Hub's short forms meaning anything."""
    match = _REFERENCE.fullmatch(text)
    if not match or len(match["name"]) > _LONGEST_NAME:
        return None
    if match["digest"] and not _DIGESTS.fullmatch(match["digest"]):
        return None
    return Reference(text, match["name"], match["digest"] or "")


def parse_canonical(text: str) -> Reference | None:
    """A reference that is written out, so that normalising it changes nothing."""
    host, slash, rest = text.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost") or host == "index.docker.io":
        return None
    if host == "docker.io" and "/" not in rest:
        return None  # means docker.io/library/…
    return parse(text)


def is_identity_prefix(text: str) -> bool:
    """Whether a signed identity may be remapped from or to it (CI policy_config.go validateIdentityRemappingPrefix)."""
    return _PREFIX_OF_IDENTITY.fullmatch(text) is not None


def endpoints(registry: Registry, reference: Reference) -> Iterator[tuple[str, Reference]]:
    """(location, rewritten reference) in the order they are tried, the registry itself last.

    Raises PullProblem when one rewritten name is not valid, which fails the pull as a whole.
    """
    unwanted = "tag-only" if reference.digest else "digest-only"
    locations = [mirror.location for mirror in registry.mirrors if mirror.pull_from_mirror != unwanted]
    if registry.mirror_by_digest_only and not reference.digest:
        locations = []
    for location in (*locations, registry.location):
        yield location, _rewritten(registry.prefix, location, reference)


class Lookup:
    """`RegistriesConf.find` for many names: prefixes that could match are looked up, not tried one by one."""

    def __init__(self, conf: RegistriesConf) -> None:
        # In the order of find: of two prefixes of one length the first counts.
        self._places = {prefix: place for place, prefix in enumerate(conf.registries)}
        self._registries = conf.registries
        self._lengths = {len(prefix) for prefix in conf.registries}
        self._wildcard_lengths = sorted({len(prefix) for prefix in conf.registries if prefix.startswith("*.")})

    def find(self, name: str) -> Registry | None:
        candidates = []
        for end in (*(match.start() for match in re.finditer("[:/@]", name)), len(name)):
            if end in self._lengths:
                candidates.append(name[:end])
            candidates += ["*" + name[end - length + 1 : end] for length in self._wildcard_lengths if length <= end + 1]
        matching = [prefix for prefix in candidates if prefix in self._places and match_length(prefix, name) >= 0]
        best = min(matching, key=lambda prefix: (-len(prefix), self._places[prefix]), default=None)
        return self._registries[best] if best is not None else None


def _rewritten(prefix: str, location: str, reference: Reference) -> Reference:
    length = match_length(prefix, reference.text)
    if length < 0:
        raise PullProblem(f"invalid prefix '{prefix}' for reference '{reference.text}'")
    if not location:
        return reference
    text = location + reference.text[length:]
    rewritten = parse_canonical(text)
    if rewritten is None:
        raise PullProblem(f"rewriting reference: repository name must be canonical ({text})")
    return rewritten
