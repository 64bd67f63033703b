# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words that are lists of names: `search`, `blocked`, `allowed`, `insecure`; and what targets take of them.

Facts about the old variables: openshift-ansible, roles container_runtime and docker (releases 3.6 to 3.11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..resolution.names import (
    DOCKER_HUB,
    NO_LOGIN,
    NameProblem,
    Scope,
    has_login,
    is_range,
    official_image,
    parse_range,
    parse_scope,
)
from ..resolution.references import is_registry
from .word import PolicyError, Reading, Word, kind_of, unique

ALL = "all"
SERVICE_NETWORK = "172.30.0.0/16"

#: A longer text is refused before it is parsed.
_LONGEST_TEXT = 1024 * 1024
_DEEPEST = 4
_IPV6 = re.compile(r"\[[0-9a-fA-F:.]+\]")


@dataclass(frozen=True)
class Takes:
    """Which entries beside whole registries the lists of a target can hold."""

    ranges: bool = False
    paths: bool = False
    wildcards: bool = False

    def holds(self, word: str, entry: str) -> bool:
        """Return whether the list of this word can hold the entry. Ranges are for `insecure` alone."""
        if is_range(entry):
            return self.ranges and word == "insecure"
        return (self.paths or "/" not in entry) and (self.wildcards or "*" not in entry)


#: docker registry/config.go and opts: ValidateIndexName, LoadInsecureRegistries (ParseCIDR); both dockers.
DOCKER = Takes(ranges=True)
#: containers/image docs/containers-registries.conf.5.md: prefix, location.
REGISTRIES_CONF = Takes(paths=True, wildcards=True)
#: the same page, "VERSION 1": lists of names that are compared as they are.
REGISTRIES_CONF_V1 = Takes(paths=True)
#: machine-config-operator writes them into registries.conf (runtime-utils pkg/registries EditRegistriesConfig).
OPENSHIFT_4 = Takes(paths=True, wildcards=True)


@dataclass(frozen=True)
class Fitting:
    """Entries of `insecure` by what a target makes of them.

    held: it can hold them. left_out: the service network, where a target without ranges does nothing and need not.
    beyond: other ranges, paths and wildcards that it cannot hold.
    """

    held: tuple[str, ...]
    left_out: tuple[str, ...]
    beyond: tuple[str, ...]


def fit(entries: Iterable[str], takes: Takes, service_network: str) -> Fitting:
    """Sort the entries of `insecure` for a target."""
    held, left_out, beyond = [], [], []
    for entry in entries:
        if takes.holds("insecure", entry):
            held.append(entry)
        elif entry == service_network:
            left_out.append(entry)
        else:
            beyond.append(entry)
    return Fitting(tuple(held), tuple(left_out), tuple(beyond))


def read(name: str, value: object, reading: Reading) -> tuple[str, ...]:
    """Read a list of names in any of its shapes, each once. Raises PolicyError."""
    return unique(each for entry in entries(name, value) for each in _normalised(name, entry, reading))


def entries(name: str, value: object, depth: int = 0) -> list[str]:
    """Split a list into its entries: a list of texts, a comma or newline separated text, or a JSON text of either.

    Empty items are dropped, as a person means them. Raises PolicyError.
    """
    if value is None:
        return []
    if depth > _DEEPEST:
        raise PolicyError(name, value, "is nested too deeply; write one list of names")
    if isinstance(value, str):
        return _entries_of_text(name, value, depth)
    if not isinstance(value, (list, tuple)):
        raise PolicyError(name, value, f"is {kind_of(value)}; write a list of names or a comma separated text")
    found: list[str] = []
    for item in value:
        if not isinstance(item, str):
            raise PolicyError(name, item, f"is {kind_of(item)} in a list of names; every entry must be text")
        found += _entries_of_text(name, item, depth + 1)
    return found


def network(name: str, text: str) -> str:
    """Read the address range of a network. Raises PolicyError."""
    try:
        found = parse_range(text)
    except NameProblem:
        found = None
    if found is None:
        raise PolicyError(name, text, "is not an address range such as 172.30.0.0/16")
    return found


def _entries_of_text(name: str, text: str, depth: int) -> list[str]:
    if len(text) > _LONGEST_TEXT:
        raise PolicyError(name, text[:40] + "…", f"is longer than {_LONGEST_TEXT} characters")
    text = text.strip()
    if text[:1] in ("[", "{", '"') and not _IPV6.match(text):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise PolicyError(name, text, "looks like JSON but is not; write a list of names") from None
        return entries(name, value, depth + 1)
    if has_login(text):  # before a password with a comma in it is taken apart
        raise PolicyError(name, text, NO_LOGIN)
    return [item for item in (part.strip() for line in text.splitlines() for part in line.split(",")) if item]


def _normalised(name: str, entry: str, reading: Reading) -> tuple[str, ...]:
    """Return an entry in its usual spelling, and the image of Docker Hub that may be meant with it."""
    if entry == ALL and name == "blocked":
        return (ALL,)
    try:
        scope = _scope_or_range(name, entry)
    except NameProblem as problem:
        raise PolicyError(name, entry, str(problem)) from None
    if scope.remark:
        (reading.warnings if "tag" in scope.remark else reading.notes).append(f"{name}: '{entry}' {scope.remark}")
    warn_of_no_registry(name, scope.text, reading)
    if scope.text == f"*.{DOCKER_HUB}":
        reading.warnings.append(f"{name}: '{entry}' matches no image of Docker Hub, whose name is {DOCKER_HUB} alone")
    return (scope.text, *with_official_image(name, scope.text, reading))


def warn_of_no_registry(name: str, scope: str, reading: Reading) -> None:
    """Warn of a scope that no image name begins with, because it is not taken for a registry there."""
    if not is_registry(scope.partition("/")[0]):
        reading.warnings.append(
            f"{name}: '{scope}' has neither dot nor port, so image names beginning with it mean Docker Hub"
        )


def with_official_image(name: str, scope: str, reading: Reading) -> tuple[str, ...]:
    """Return the image docker.io/library/NAME for docker.io/NAME, with a note; nothing for other scopes."""
    image = official_image(scope)
    if not image:
        return ()
    reading.notes.append(
        f"{name}: '{scope}' is a namespace of Docker Hub to engines, and its image of that name is '{image}'; both are "
        "meant"
    )
    return (image,)


def _scope_or_range(name: str, entry: str) -> Scope:
    if entry == ALL:
        raise NameProblem("is a word for blocked only")
    if name == "insecure":
        found = parse_range(entry)
        if found:
            return Scope(found, remark="" if found == entry else f"means the range {found}")
    elif parse_range(entry, hint=" nor a registry"):
        raise NameProblem("is an address range; only insecure takes ranges")
    scope = parse_scope(entry)
    if name == "search" and not scope.is_registry:
        raise NameProblem("is not a whole registry; search takes host[:port] only")
    return scope


SEARCH = Word(
    read,
    list,
    variable="openshift_docker_additional_registries",
    option={
        "type": "raw",
        "description": [
            "Registries that engines try, in order, for an image name without a registry.",
            "A list, a comma separated text or a JSON text. Each is C(host) or C(host:port).",
            "Without it, the list on the host stays as it is; an empty list empties it. This holds for all lists here.",
        ],
    },
)
BLOCKED = Word(
    read,
    list,
    variable="openshift_docker_blocked_registries",
    option={
        "type": "raw",
        "description": [
            "Scopes that engines must not pull from. V(public) means C(docker.io). V(all) stands alone and means "
            "everything but O(search) and O(allowed).",
            "A scope is C(host), C(host:port), either with a path, or C(*.domain).",
        ],
    },
)
ALLOWED = Word(
    read,
    list,
    option={
        "type": "raw",
        "description": [
            "Scopes that engines may pull from beside those of O(search) when everything else is blocked.",
            "Without O(blocked) it implies O(blocked=all). Any other value of O(blocked) beside it is refused.",
        ],
    },
)
INSECURE = Word(
    read,
    list,
    variable="openshift_docker_insecure_registries",
    option={
        "type": "raw",
        "description": [
            "Scopes that engines reach over plain HTTP, or without verifying their certificate.",
            "Address ranges such as V(10.0.0.0/8) are allowed where the engine supports them.",
        ],
    },
)
