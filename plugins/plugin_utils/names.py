# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registry names and scopes: what a policy entry may look like, and when one covers another.

Source of the grammar: distribution/reference (host, port and path components) and the prefix rules of
containers/image pkg/sysregistriesv2; see docs/policy.md.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .problems import Problem

DOCKER_HUB = "docker.io"

# Names under which people write Docker Hub; every engine reads them as docker.io.
_HUB_ALIASES = frozenset({"public", "index.docker.io", "registry-1.docker.io"})

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PATH_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_CIDR = re.compile(r"[0-9.]+/[0-9]{1,2}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]*/[0-9]{1,3}", re.IGNORECASE)
_CIDR_AND_PORT = re.compile(r"[0-9]+(?:\.[0-9]+){3}/[0-9]{1,2}:")
_LONGEST = 255


_ENDS = re.compile(r"[:/@]|\Z")


class NameProblem(Problem):
    """Why a text is no registry, scope or range; its text completes the sentence "VALUE …"."""


@dataclass(frozen=True)
class Scope:
    """``host[:port][/path]`` or ``*.domain``; ``text`` is the normalised spelling engines are given."""

    text: str
    path: str = ""
    remark: str = ""

    @property
    def is_registry(self) -> bool:
        """A whole registry, ``host[:port]``: what search lists and docker's flags can hold."""
        return not self.path and not self.is_wildcard

    @property
    def is_wildcard(self) -> bool:
        return self.text.startswith("*.")


def parse_scope(text: str) -> Scope:
    """Read one policy entry; raises NameProblem with a reason a person can act on."""
    _refuse_foreign_syntax(text)
    if text in _HUB_ALIASES:
        return Scope(DOCKER_HUB, remark="" if text == "public" else f"means {DOCKER_HUB}")
    if text.startswith("*."):
        return _wildcard(text)
    if "*" in text:
        raise NameProblem("has a wildcard in the wrong place; only a leading '*.' before a domain is one")
    host, slash, path = text.rstrip("/").partition("/")
    _check_host_and_port(host)
    path, remark = _without_tag(path)
    for component in path.split("/") if slash else []:
        if not _PATH_COMPONENT.fullmatch(component):
            raise NameProblem(f"has a path that no image can have (at '{component}')")
    return Scope(f"{host}/{path}" if path else host, path, remark)


def parse_range(text: str, *, hint: str = "") -> str | None:
    """The normalised IPv4 range when ``text`` is written as one (``10.0.0.0/8``), else None."""
    if not _CIDR.fullmatch(text):
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise NameProblem(f"is not an address range{hint}") from None
    return str(network)


def covers(scope: str, name: str) -> bool:
    """True when the scope matches the image name (or narrower scope) the way containers/image matches a prefix.

    Source: containers/image pkg/sysregistriesv2 refMatchingPrefix and refMatchingSubdomainPrefix.
    """
    return match_length(scope, name) >= 0


def match_length(prefix: str, name: str) -> int:
    """How many characters of ``name`` the prefix matches, -1 for none (same source as `covers`)."""
    if prefix.startswith("*."):
        # The first occurrence only, as upstream does: `.x` in `a.x.b.x/img` is looked for once.
        at = name.find(prefix[1:])
        if at < 0 or "/" in name[:at]:
            return -1
        end = at + len(prefix) - 1
    elif name.startswith(prefix):
        end = len(prefix)
    else:
        return -1
    return end if end == len(name) or name[end] in ":/@" else -1


class Coverage:
    """Many scopes at once: asking for one name takes no longer when there are more of them."""

    def __init__(self, scopes: Iterable[str]) -> None:
        self._places: dict[str, int] = {}
        for scope in scopes:
            self._places.setdefault(scope, len(self._places))
        self._wildcards = any(scope.startswith("*.") for scope in self._places)

    def of(self, name: str) -> str | None:
        """The first of the scopes that covers the name (see `covers`), None when none does."""
        found = [scope for scope in self._candidates(name) if scope in self._places and covers(scope, name)]
        return min(found, key=self._places.__getitem__, default=None)

    def _candidates(self, name: str) -> Iterator[str]:
        """Everything a scope that covers the name can be: it ends where the name does, or before one of `:/@`."""
        ends = [match.start() for match in _ENDS.finditer(name)]
        yield from (name[:end] for end in ends)
        if self._wildcards:
            dots = (at for at, sign in enumerate(name.partition("/")[0]) if sign == ".")
            yield from (f"*{name[dot:end]}" for dot in dots for end in ends if end > dot)


def _refuse_foreign_syntax(text: str) -> None:
    if "://" in text:
        raise NameProblem(
            f"begins with a scheme; write {text.split('://', 1)[1] or 'the host'}, in insecure too for plain HTTP"
        )
    if text.startswith("\\") or (text.startswith("*") and text.endswith("*") and len(text) > 1):
        raise NameProblem("carries markup of a guide (a backslash or surrounding asterisks); write the bare name")
    if re.search(r"\s", text):
        raise NameProblem("contains a space; separate entries by commas or write a list")
    if "@" in text.split("/", 1)[0]:
        raise NameProblem("contains an '@'; credentials do not belong into a registry name")
    if _CIDR_AND_PORT.match(text):
        raise NameProblem("mixes an address range and a port; ranges have none")
    if text.startswith("[") or text.count(":") > 1:
        raise NameProblem("is an IPv6 address; image names cannot carry one, use a host name")
    if len(text) > _LONGEST:
        raise NameProblem(f"is longer than {_LONGEST} characters")


def _wildcard(text: str) -> Scope:
    domain = text[2:]
    if any(sign in domain for sign in ":/@*"):
        raise NameProblem("is a wildcard with more than a domain; only '*.domain' is possible, without port or path")
    _check_host_and_port(domain)
    return Scope(text)


def _check_host_and_port(text: str) -> None:
    host, colon, port = text.partition(":")
    if host != host.lower():
        raise NameProblem(f"has upper-case letters in the host, which engines compare literally; write {text.lower()}")
    if host.isdigit():
        raise NameProblem("is only a number; write host:port")
    if not _HOST.fullmatch(host):
        raise NameProblem("is not host[:port][/path] or *.domain")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise NameProblem(f"has a port that does not exist ('{port}')")


def _without_tag(path: str) -> tuple[str, str]:
    """Engines compare names without tag and digest, so an entry with one would never match."""
    bare = re.split(r"[:@]", path, maxsplit=1)[0]
    return (
        bare,
        "carries a tag or digest; engines compare names without it, so all of the repository is meant"
        if bare != path
        else "",
    )
