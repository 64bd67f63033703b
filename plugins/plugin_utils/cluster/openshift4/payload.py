# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the operator keeps a list of blocked registries from cutting a cluster off from its own payload.

Source: MCO helpers.go getValidBlockedAndAllowedRegistries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...resolution import registries_conf
from ...resolution.names import match_length
from ...resolution.pull_sources import RewriteProblem, endpoints
from ...resolution.references import Reference, ReferenceProblem, is_location, parse_canonical
from . import go_text, mirrors
from .mirrors import Stopped
from .objects import Objects, Sources
from .releases import Release
from .scopes import Scopes, is_source, nested

Names = tuple[str, ...]

#: Repository of the release image → that of the images a release is made of.
_COMPONENTS = {
    "quay.io/openshift-release-dev/ocp-release": "quay.io/openshift-release-dev/ocp-v4.0-art-dev",
    "quay.io/openshift-release-dev/ocp-release-nightly": "quay.io/openshift-release-dev/ocp-v4.0-art-dev",
    "quay.io/openshift/okd": "quay.io/openshift/okd-content",
    "quay.io/okd/scos-release": "quay.io/okd/scos-content",
}
#: Builds for one test have both in a namespace of their own.
_OF_ONE_TEST = re.compile(r"(registry\.build[0-9]+\.ci\.openshift\.org/ci-(?:ln|op)-[^/]+)/release")

_REFUSED = "error adding {} to blocked registries, cannot block the {} being used by the payload"


@dataclass(frozen=True)
class Protected:
    """The lists as they go on. None: nothing was ever put in, which is not the same as an empty list to a writer."""

    registries_blocked: Names | None = None
    policy_blocked: Names | None = None
    allowed: Names | None = None
    warnings: tuple[str, ...] = ()


class Stumble(Exception):
    """The operator meets an error while it looks after the payload; it logs this text and goes on with no lists."""


def payload_of(objects: Objects) -> Reference:
    """Return the release image. Raises Stopped when the operator cannot read it."""
    try:
        return parse_canonical(objects.release_image or "")
    except ReferenceProblem:
        raise Stopped("error parsing reference of release image") from None


def components_of(repository: str) -> str | None:
    """Return the repository of the components, by that of the release image; None where nobody outside can know it."""
    of_test = _OF_ONE_TEST.fullmatch(repository)
    return f"{of_test[1]}/stable" if of_test else _COMPONENTS.get(repository)


def repositories(objects: Objects) -> list[str]:
    """List the repositories of a cluster that its manifests name: the release image and its components."""
    try:
        name = payload_of(objects).name
    except Stopped:
        return []
    return [name, *filter(None, [components_of(name)])]


def protect(objects: Objects, release: Release) -> Protected:
    """blockedRegistries and allowedRegistries with the payload taken care of. Raises Stopped."""
    payload = payload_of(objects)
    if release.payload_by_registry:
        return _protect_registry(objects.sources or Sources(), payload)
    sources = objects.sources or Sources()
    blocked: list[str] = []
    policy_blocked: list[str] = []
    allowed: list[str] = []
    refused: list[str] = []
    for entry in sources.blocked or ():
        if not nested(payload.name, entry):
            blocked.append(entry)
            policy_blocked.append(entry)
            continue
        try:
            mirrored = has_unblocked_mirror(payload, objects, release)
        except Stumble as problem:
            return Protected(warnings=(f"{problem}; every blocked and allowed entry is dropped",))
        if mirrored:
            blocked.append(entry)
            policy_blocked += [entry] if entry != payload.name else []
            allowed.append(payload.name)
        else:
            refused.append(entry)
    allowed += sources.allowed or ()
    warnings = (_REFUSED.format(go_text.quoted_list(refused), "repository"),) if refused else ()
    return Protected(tuple(blocked) or None, tuple(policy_blocked) or None, tuple(allowed) or None, warnings)


def _protect_registry(sources: Sources, payload: Reference) -> Protected:
    """Protect as up to 4.10: only the payload's registry counted, mirrors did not, and what comes before it
    was dropped with it.
    """
    blocked = sources.blocked or ()
    warnings: Names = ()
    if payload.domain in blocked:
        blocked = blocked[blocked.index(payload.domain) + 1 :]
        warnings = (_REFUSED.format(go_text.quoted(payload.domain), "registry"),)
    return Protected(blocked or None, blocked or None, sources.allowed or None, warnings)


def has_unblocked_mirror(image: Reference, objects: Objects, release: Release) -> bool:
    """Return whether no blocked entry contains some endpoint of the image; tag mirrors do not count. Raises Stumble."""
    blocked = Scopes((objects.sources or Sources()).blocked or ())
    near = _near(image, objects)
    sources = near.sources or Sources()
    try:
        entries = mirrors.edited(near, sources.insecure or (), sources.blocked or (), release, tag_kinds=())
        conf = registries_conf.read_table({"registry": [entry.table() for entry in entries]}, "a temporary file")
        registry = conf.find(image.name)
        if registry is None:
            raise Stumble(f"no registry is configured for {image.name}")
        found = endpoints(image, registry, conf)
    except (Stopped, RewriteProblem, registries_conf.RegistriesConfProblem) as problem:
        raise Stumble(str(problem)) from None
    return not all(blocked.contain(endpoint.reference.name) for endpoint in found)


def _near(image: Reference, objects: Objects) -> Objects:
    """Keep the entries that concern the image, unless one is written so that it could break the whole file."""
    sources = objects.sources or Sources()
    sets = objects.sets(*mirrors.DIGEST_KINDS)
    named = (name for one in sets for name in (one.source, *one.mirrors))
    listed = (*(sources.insecure or ()), *(sources.blocked or ()))
    if not all(map(is_location, named)) or not all(map(is_source, listed)):
        return objects
    kept = [one for one in sets if match_length(one.source, image.name) >= 0]
    blocked = tuple(entry for entry in sources.blocked or () if match_length(entry, image.name) >= 0)
    return Objects(sources=Sources(blocked=blocked), mirror_sets={mirrors.DIGEST_KINDS[0]: kept})
