# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image references: what podman, skopeo, buildah and CRI-O take for one, and what it means in full.

Source of the grammar and of the normalisation: containers/image docker/reference (reference.go, regexp.go,
normalize.go), which is older than distribution/reference: it knows no IPv6 hosts, and a first component in upper case
does not make a registry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..problems import Problem
from .names import DOCKER_HUB, hub_name, without_login

#: How podman and its family take a short name when several registries are searched (pkg/sysregistriesv2).
SHORT_NAME_MODES = ("enforcing", "permissive", "disabled")

_OFFICIAL = "library"  # where Docker Hub keeps images without a namespace
_DEFAULT_TAG = "latest"
_LONGEST_NAME = 255
_SHOWN = 100  # characters of a text that a sentence repeats

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_LOCATION = re.compile(rf"{_DOMAIN.pattern}(?:/{_COMPONENT.pattern})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://")
_IDENTIFIER = re.compile(r"[0-9a-f]{64}")


class ReferenceProblem(Problem):
    """Why a text is not an image reference, as a sentence that names the text."""

    sentence = "{text} is not an image reference: {reason}"

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(self.sentence.format(text=quoted(text), reason=reason))
        self.reason = reason


class AliasProblem(ReferenceProblem):
    """Why a text cannot stand in an alias."""

    sentence = "{text} {reason}"


@dataclass(frozen=True)
class Reference:
    """``domain/path:tag@digest``; a part that is not there is empty.

    Also a full name may have no domain: `a.b_c/x` begins with something that only a path can hold.
    """

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.name}{':' if self.tag else ''}{self.tag}{'@' if self.digest else ''}{self.digest}"

    @property
    def name(self) -> str:
        """Without tag and digest."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def is_short(self) -> bool:
        """Whether it has to be completed by a registry."""
        return not is_registry(self.domain)

    def tagged(self) -> Reference:
        """Add the tag that is meant where none is written."""
        return self if self.tag or self.digest else replace(self, tag=_DEFAULT_TAG)


def parse(text: str) -> Reference:
    """Parse a reference as it is written; raises ReferenceProblem. (Upstream: reference.Parse.)"""
    rest, has_digest, digest = text.partition("@")
    if "/" in digest:
        raise ReferenceProblem(text, "the part behind its '@' is not a digest; credentials do not belong in a name")
    name, has_tag, tag = _without_tag(rest)
    if len(name) > _LONGEST_NAME:
        raise ReferenceProblem(text, f"its name has more than {_LONGEST_NAME} characters")
    domain, slash, path = name.partition("/")
    if not (slash and is_domain(domain)):
        domain, path = "", name
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            raise ReferenceProblem(text, _why_no_component(component, text))
    if has_tag and not _TAG.fullmatch(tag):
        raise ReferenceProblem(text, f"{quoted(tag)} is not a tag")
    if has_digest and not _DIGEST.fullmatch(digest):
        raise ReferenceProblem(text, f"{quoted(digest)} is not a digest (sha256: and 64 digits of 0-9a-f)")
    return Reference(domain, path, tag, digest)


def parse_normalized(text: str) -> Reference:
    """Return the full name that docker makes of a reference: docker.io and library where it names neither registry nor
    namespace. Raises ReferenceProblem. (Upstream: reference.ParseNormalizedNamed.)
    """
    if _IDENTIFIER.fullmatch(text):
        raise ReferenceProblem(text, "64 hexadecimal digits are the ID of an image, not a name")
    domain, slash, rest = text.partition("/")
    if not (slash and is_registry(domain)):
        domain, rest = DOCKER_HUB, text
    domain = hub_name(domain, "images")
    if domain == DOCKER_HUB and "/" not in rest:
        rest = f"{_OFFICIAL}/{rest}"
    try:
        return parse(f"{domain}/{rest}")
    except ReferenceProblem as problem:
        raise ReferenceProblem(text, problem.reason) from None


def parse_canonical(text: str) -> Reference:
    """Parse a full name that is written as such; raises ReferenceProblem. (Upstream: reference.ParseNamed.)"""
    reference = parse_normalized(text)
    if str(reference) != text:
        raise ReferenceProblem(text, f"it is not canonical, docker would read it as {reference}")
    return reference


def is_domain(text: str) -> bool:
    """Return whether the text can be the ``host[:port]`` of a reference."""
    return bool(_DOMAIN.fullmatch(text))


def is_location(text: str) -> bool:
    """Return whether the text is ``host[:port][/path]``, of any length: a registry, or the beginning of image names."""
    return bool(_LOCATION.fullmatch(text))


def is_registry(domain: str) -> bool:
    """Return whether the first component of a reference names a registry, not a namespace of Docker Hub."""
    return "." in domain or ":" in domain or domain == "localhost"


def quoted(text: str) -> str:
    """Quote a text for a sentence: on one line, not too long, without a login."""
    start = found.end() if (found := _SCHEME.match(text)) else 0
    host = text.rpartition("@")[2]
    if "/" in host or "://" in text or is_registry(host) and is_domain(host):  # anything else may be a wrong digest
        text = text[:start] + without_login(text[start:])
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _without_tag(text: str) -> tuple[str, str, str]:
    """Split off the tag: a colon before the last slash belongs to a port, one behind it to the tag."""
    start = text.rfind("/") + 1
    last, colon, tag = text[start:].partition(":")
    return text[:start] + last, colon, tag


def _why_no_component(component: str, text: str) -> str:
    if "://" in text:
        return f"write it without {quoted(text.partition('://')[0] + '://')}"
    if not component:
        return "a part of its name is empty"
    if component != component.lower() and _COMPONENT.fullmatch(component.lower()):
        return f"{quoted(component)} has upper-case letters"
    return f"{quoted(component)} cannot be part of a name"


def parse_alias(name: str, value: str) -> tuple[str, str]:
    """Parse a short name and its full name, normalised; "" takes an alias away. Raises ReferenceProblem.

    Source: containers/image pkg/sysregistriesv2/shortnames.go.
    """
    short, full = parse(name), parse(value) if value else None
    if not short.is_short or str(short) != short.name:
        raise AliasProblem(name, "is not a short name")
    if full and (full.is_short or str(full) != full.name):
        raise AliasProblem(value, "is not an image name with a registry and without a tag")
    return name, str(parse_normalized(value)) if value else ""
