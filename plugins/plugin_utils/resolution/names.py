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
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..problems import Problem

DOCKER_HUB = "docker.io"

#: Which other names mean Docker Hub, and to whom.
HUB_NAMES = {
    # what a person writes in a policy; ours to decide ("public" is from the variables of openshift-ansible)
    "policy": frozenset({"public", "index.docker.io", "registry-1.docker.io"}),
    # docker: registry/config.go ValidateIndexName; "public" is the fork's --block-registry, registry-1 another registry
    "docker": frozenset({"public", "index.docker.io"}),
    # names of images: containers/image docker/reference/normalize.go splitDockerDomain
    "images": frozenset({"index.docker.io"}),
    # keys of auth.json: containers/image pkg/docker/config normalizeRegistry
    "logins": frozenset({"index.docker.io", "registry-1.docker.io"}),
}

_OFFICIAL = "library"  # where Docker Hub keeps images without a namespace

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PATH_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_CIDR = re.compile(r"[0-9.]+/[0-9]{1,2}|[0-9a-f]*:[0-9a-f]*:[0-9a-f:]*/[0-9]{1,3}", re.IGNORECASE)
#: An '@' that introduces no digest, with all before it.
_LOGIN = re.compile(r".*@(?!sha[0-9]+:[0-9a-f])", re.DOTALL)
#: What people are told of a name with a login.
NO_LOGIN = "contains an '@'; credentials do not belong in a registry name"
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_CIDR_AND_PORT = re.compile(r"[0-9]+(?:\.[0-9]+){3}/[0-9]{1,2}:")
#: An address of a registry's API, as docker writes it into auth files.
_API = re.compile(r"\A([^/]+)/v[12]\Z")
_LONGEST = 255


_ENDS = re.compile(r"[:/@]|\Z")
_DOT = re.compile(r"\.")


class NameProblem(Problem):
    """Why a text is not a registry, scope or range; its text completes the sentence "VALUE …"."""


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


def hub_name(name: str, to: str) -> str:
    """Return the name, or docker.io where that is meant. to: a key of HUB_NAMES."""
    return DOCKER_HUB if name in HUB_NAMES[to] else name


def host_of(name: str) -> str:
    """Return the host of host[:port]."""
    return name.partition(":")[0]


def port_of(name: str) -> str:
    """Return the port of host[:port], that of HTTPS where none is written."""
    return name.partition(":")[2] or "443"


def has_port(name: str) -> bool:
    return ":" in name


def is_address(name: str) -> bool:
    """Return whether host[:port] has an IPv4 address for its host."""
    return bool(_ADDRESS.fullmatch(host_of(name)))


def has_login(text: str) -> bool:
    """Return whether the text holds an '@' that belongs to no digest, so maybe a user and a password before it."""
    return bool(_LOGIN.match(text))


def without_login(text: str) -> str:
    """Replace all that may belong to a login by one sign; a quote at the beginning stays."""
    found = _LOGIN.match(text)
    quote = text[:1] if text[:1] in ("'", '"') else ""
    return f"{quote}…@{text[found.end() :]}" if found else text


@lru_cache(maxsize=4096)  # every word is read several times in a run
def parse_scope(text: str) -> Scope:
    """Read one policy entry; raises NameProblem with a reason a person can act on."""
    _refuse_foreign_syntax(text)
    if text in HUB_NAMES["policy"]:
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
    if slash and host in HUB_NAMES["policy"] and "." in host:
        host, remark = DOCKER_HUB, remark or f"means {DOCKER_HUB}/{path}, as references to images do"
    return Scope(f"{host}/{path}" if path else host, path, remark)


def official_image(scope: str) -> str:
    """Return the image of Docker Hub that docker.io/NAME means to a person, "" for any other scope.

    To engines it is a namespace: they make docker.io/NAME of an image docker.io/library/NAME before they compare.
    """
    host, dummy, path = scope.partition("/")
    is_name = host == DOCKER_HUB and path not in ("", _OFFICIAL) and "/" not in path
    return f"{DOCKER_HUB}/{_OFFICIAL}/{path}" if is_name else ""


def parse_range(text: str, *, hint: str = "") -> str | None:
    """Return the normalised IPv4 range when ``text`` is written as one (``10.0.0.0/8``), else None."""
    if not _CIDR.fullmatch(text):
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise NameProblem(f"is not an address range{hint}") from None
    return str(network)


def is_range(text: str) -> bool:
    """Return whether a normalised entry is an address range."""
    return bool(_CIDR.fullmatch(text))


def in_range(name: str, entry: str) -> bool:
    """Return whether a registry named by its IPv4 address is inside an address range."""
    try:
        return is_range(entry) and ipaddress.ip_address(name.partition(":")[0]) in ipaddress.ip_network(entry)
    except ValueError:
        return False


def covers(scope: str, name: str) -> bool:
    """Return whether containers/image matches the image name (or narrower scope) by this scope as a prefix.

    Source: containers/image pkg/sysregistriesv2 refMatchingPrefix and refMatchingSubdomainPrefix.
    """
    return match_length(scope, name) >= 0


class Scopes:
    """Many scopes, to be asked which of them cover a name; costs the length of the name, not their number.

    rule: whether a scope covers a name, where that is not `covers`.
    """

    def __init__(self, scopes: Iterable[str], rule: Callable[[str, str], bool] = covers) -> None:
        self._places = {scope: place for place, scope in enumerate(dict.fromkeys(scopes))}
        self._wildcards = frozenset(len(scope) for scope in self._places if scope.startswith("*."))
        self._others = frozenset(len(scope) for scope in self._places if not scope.startswith("*."))
        self._rule = rule

    def covering(self, name: str) -> str | None:
        """Return the first of the scopes that covers the name; None when none does."""
        return next(iter(self.all_covering(name)), None)

    def all_covering(self, name: str) -> list[str]:
        """Return the scopes that cover the name, in the order they were given."""
        if not self._places:
            return []
        found = [scope for scope in self._possible(name) if scope in self._places and self._rule(scope, name)]
        return sorted(found, key=self._places.__getitem__)

    def _possible(self, name: str) -> Iterator[str]:
        """Yield every scope that may cover the name; of wildcards, its rule has to say whether they do.

        Looking these up is faster than trying thousands; cutting out no other lengths keeps hostile names cheap.
        """
        ends = [match.start() for match in _ENDS.finditer(name)]
        if not name.startswith("*."):
            yield from (name[:end] for end in ends if end and end in self._others)
        dots = _DOT.finditer(name.partition("/")[0]) if self._wildcards else ()
        for start in (match.start() for match in dots):
            end = ends[bisect_right(ends, start)]  # wildcards have neither port nor path
            if end - start + 1 in self._wildcards:
                yield f"*{name[start:end]}"

    def inside(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Return scope → those of the names that it covers, itself left out; a scope without any is left out."""
        found: dict[str, list[str]] = {}
        for name in names:
            for scope in self.all_covering(name):
                if scope != name:
                    found.setdefault(scope, []).append(name)
        return found


def match_length(prefix: str, name: str) -> int:
    """Count the characters of ``name`` that the prefix matches, -1 for none (same source as `covers`)."""
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


def _refuse_foreign_syntax(text: str) -> None:
    if has_login(text):
        raise NameProblem(NO_LOGIN)
    if "://" in text:
        scheme, dummy, rest = text.partition("://")
        hint = ", in insecure too for plain HTTP" if scheme.lower() == "http" else ""
        name = hub_name(_API.sub(r"\1", rest.rstrip("/")), "policy")
        raise NameProblem(f"begins with a scheme; write {name or 'the host'}{hint}")
    if text.startswith("\\") or (text.startswith("*") and text.endswith("*") and len(text) > 1):
        raise NameProblem("carries markup of a guide (a backslash or surrounding asterisks); write the bare name")
    if re.search(r"\s", text):
        raise NameProblem("contains a space; separate entries by commas or write a list")
    if text == "None":
        raise NameProblem("is Python's word for nothing; write [] for an empty list, or leave the variable out")
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
    """Remove tag and digest: engines compare names without, so an entry with one would never match."""
    bare = re.split(r"[:@]", path, maxsplit=1)[0]
    return (
        bare,
        "carries a tag or digest; engines compare names without it, so all of the repository is meant"
        if bare != path
        else "",
    )
