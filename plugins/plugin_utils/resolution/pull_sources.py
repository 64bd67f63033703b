# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an image would be pulled from: what podman and CRI-O do with a reference before they contact anything.

Source of every rule: containers/image pkg/shortnames (candidates), pkg/sysregistriesv2 (endpoints), docker (what is
blocked) and docker/policyconfiguration (policy.json). People find it explained in docs/resolution.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..problems import Problem
from .names import match_length
from .references import Reference, ReferenceProblem, parse, parse_canonical, parse_normalized, quoted
from .registries_conf import Mirror, RegistriesConf, RegistryTable
from .signature_policy import Requirements, requirements_for


class RewriteProblem(Problem):
    """Why a reference cannot be rewritten for an endpoint; with it the whole pull fails."""


@dataclass(frozen=True)
class Endpoint:
    """One place that a pull would contact. blocked_by: the entry that forbids it, found by the name contacted."""

    reference: Reference
    location: str
    mirror: bool
    insecure: bool
    blocked_by: RegistryTable | None = None

    def result(self) -> dict[str, Any]:
        return {
            "reference": str(self.reference),
            "location": self.location,
            "mirror": self.mirror,
            "insecure": self.insecure,
            "blocked": self.blocked_by is not None,
        }


@dataclass(frozen=True)
class Candidate:
    """One full name that a reference may stand for. refused: why it cannot be pulled at all.

    policy: (scope, requirements) of policy.json; the scope is None for its default. None: no policy.json was given.
    """

    reference: Reference
    registry: RegistryTable | None = None
    endpoints: tuple[Endpoint, ...] = ()
    refused: str | None = None
    policy: tuple[str | None, Requirements] | None = None

    def result(self) -> dict[str, Any]:
        return {
            "reference": str(self.reference),
            "prefix": self.registry.prefix if self.registry else "",
            "refused": self.refused,
            "endpoints": [endpoint.result() for endpoint in self.endpoints],
            "policy": {"scope": self.policy[0], "requirement": self.policy[1]} if self.policy else None,
        }


def resolve(text: str, conf: RegistriesConf, policy: Mapping[str, Any] | None = None) -> list[Candidate]:
    """List the images that would be pulled for a reference, in the order of the attempts. Raises ReferenceProblem.

    policy: a policy.json that `signature_policy.check` has accepted.
    """
    names = candidates(text, conf)
    # The only mode that asks a person, and neither Ansible nor a kubelet has one.
    ambiguous = conf.short_name_mode == "enforcing" and len(names) > 1
    found = [_with_endpoints(Candidate(name, conf.find(name.name)), conf) for name in names]
    if ambiguous:
        refused = f"{quoted(text)} may mean several images, and short-name-mode enforcing asks at a terminal which"
        found = [replace(candidate, refused=refused) for candidate in found]
    if policy is None:
        return found
    return [replace(candidate, policy=requirements_for(policy, candidate.reference)) for candidate in found]


def candidates(text: str, conf: RegistriesConf) -> list[Reference]:
    """Return the full names that a reference may stand for: itself, its alias, or one a registry of the search list.

    Raises ReferenceProblem, also when only one of them would not be a reference. An alias counts in every
    short-name-mode. Upstream: shortnames.Resolve.
    """
    written = parse(text)
    if not written.is_short:
        return [parse_normalized(text).tagged()]
    if alias := conf.aliases.get(written.name):
        return [replace(parse(alias), tag=written.tag, digest=written.digest).tagged()]
    return [parse_normalized(f"{registry}/{text}").tagged() for registry in conf.search or ()]


def endpoints(reference: Reference, registry: RegistryTable | None, conf: RegistriesConf) -> tuple[Endpoint, ...]:
    """List the mirrors that serve this kind of reference, in order, then the registry itself.

    Raises RewriteProblem when just one of them cannot be asked for the reference.
    """
    if registry is None:
        return (_endpoint(reference, Mirror(str(reference)), False, conf),)
    itself = Mirror(registry.location, registry.insecure)
    places = [(mirror, True) for mirror in registry.mirrors if _serves(mirror, registry, reference)]
    return tuple(
        _endpoint(rewrite(reference, registry.prefix, place.location), place, is_mirror, conf)
        for place, is_mirror in [*places, (itself, False)]
    )


def rewrite(reference: Reference, prefix: str, location: str) -> Reference:
    """Return the reference with the location in place of what the prefix matches; raises RewriteProblem.

    Upstream: Endpoint.rewriteReference.
    """
    text = str(reference)
    length = match_length(prefix, text)
    if length < 0:
        raise RewriteProblem(f"the prefix {quoted(prefix)} does not match {text}")
    if not location:
        if prefix.startswith("*."):
            return reference
        raise RewriteProblem(f"the prefix {quoted(prefix)} has no location")
    try:
        return parse_canonical(location + text[length:])
    except ReferenceProblem as problem:
        raise RewriteProblem(f"{text} cannot be asked for at {quoted(location)}: {problem}") from None


def _serves(mirror: Mirror, registry: RegistryTable, reference: Reference) -> bool:
    """Return whether a mirror serves a reference; one with tag and digest counts as one with a digest."""
    if registry.mirror_by_digest_only or mirror.pull_from_mirror == "digest-only":
        return bool(reference.digest)
    return not (mirror.pull_from_mirror == "tag-only" and reference.digest)


def _endpoint(reference: Reference, place: Mirror, is_mirror: bool, conf: RegistriesConf) -> Endpoint:
    """Judge a location: blocked goes by the name that is contacted, insecure by the entry that led here."""
    physical = conf.find(reference.name)
    blocked_by = physical if physical and physical.blocked else None
    return Endpoint(reference, place.location, is_mirror, place.insecure, blocked_by)


def _with_endpoints(candidate: Candidate, conf: RegistriesConf) -> Candidate:
    try:
        places = endpoints(candidate.reference, candidate.registry, conf)
    except RewriteProblem as problem:
        return replace(candidate, refused=str(problem))
    blocking = [place.blocked_by for place in places if place.blocked_by]
    refused = None
    if len(blocking) == len(places):
        entries = dict.fromkeys(f"{quoted(entry.prefix)} of {entry.file}" for entry in blocking)
        refused = f"every endpoint is blocked, by the entry {' and '.join(entries)}"
    return replace(candidate, endpoints=places, refused=refused)
