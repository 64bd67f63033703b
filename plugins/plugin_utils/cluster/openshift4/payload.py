# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the operator keeps a list of blocked registries from cutting a cluster off from its own payload.

Source: MCO helpers.go getValidBlockedAndAllowedRegistries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import registries_conf
from ...names import match_length
from . import go_text, mirrors
from .mirrors import Stopped
from .objects import Objects, Sources
from .pulls import PullProblem, Reference, endpoints, parse_canonical
from .releases import Release
from .scopes import Scopes, is_mirror, is_source, nested

Names = tuple[str, ...]


@dataclass(frozen=True)
class Protected:
    """The lists as they go on. None: nothing was ever put in, which is not the same as an empty list to a writer."""

    registries_blocked: Names | None = None
    policy_blocked: Names | None = None
    allowed: Names | None = None
    warnings: tuple[str, ...] = ()


def payload_of(objects: Objects) -> Reference:
    """The release image. Raises Stopped when the operator cannot read it."""
    reference = parse_canonical(objects.release_image or "")
    if reference is None:
        raise Stopped("error parsing reference of release image")
    return reference


def protect(objects: Objects, release: Release) -> Protected:
    """blockedRegistries and allowedRegistries with the payload taken care of."""
    payload = payload_of(objects)
    sources = objects.sources or Sources()
    blocked: list[str] = []
    policy_blocked: list[str] = []
    allowed: list[str] = []
    refused: list[str] = []
    for entry in sources.blocked or ():
        if not _covers_payload(entry, payload, release):
            blocked.append(entry)
            policy_blocked.append(entry)
            continue
        try:
            mirrored = has_unblocked_mirror(payload, objects, release)
        except (Stopped, PullProblem, registries_conf.RegistriesConfProblem) as problem:
            return Protected(warnings=(f"{problem}; every blocked and allowed entry is dropped",))
        if mirrored:
            blocked.append(entry)
            policy_blocked += [entry] if entry != payload.name else []
            allowed.append(payload.name)
        else:
            refused.append(entry)
            if release.payload_by_registry:
                blocked, policy_blocked, allowed = [], [], []
    allowed += sources.allowed or ()
    return Protected(tuple(blocked) or None, tuple(policy_blocked) or None, tuple(allowed) or None, _said(refused))


def has_unblocked_mirror(image: Reference, objects: Objects, release: Release) -> bool:
    """Whether some endpoint of the image lies in no blocked entry. Image tag mirrors do not count.

    Raises Stopped, PullProblem or RegistriesConfProblem where the operator meets an error of its own.
    """
    sources = objects.sources or Sources()
    near = _near(image, objects)
    blocked_near = (near.sources or Sources()).blocked or ()
    entries = mirrors.edited(near, (near.sources or Sources()).insecure or (), blocked_near, release, tag_kinds=())
    conf = registries_conf.read_table({"registry": [entry.table() for entry in entries]}, "a temporary file")
    registry = conf.find(image.name)
    if registry is None:
        raise PullProblem(f"no registry is configured for {image.name}")
    blocked = Scopes(sources.blocked or ())
    return not all(blocked.contain(rewritten.name) for location, rewritten in list(endpoints(registry, image)))


def _near(image: Reference, objects: Objects) -> Objects:
    """Only what has to do with the image, unless something is written so that it could break the file as a whole."""
    sources = objects.sources or Sources()
    sets = objects.sets(*mirrors.DIGEST_KINDS)
    named = (name for one in sets for name in (one.source, *one.mirrors))
    listed = (*(sources.insecure or ()), *(sources.blocked or ()))
    if not all(map(is_mirror, named)) or not all(map(is_source, listed)):
        return objects
    kept = [one for one in sets if match_length(one.source, image.name) >= 0]
    blocked = tuple(entry for entry in sources.blocked or () if match_length(entry, image.name) >= 0)
    return Objects(sources=Sources(blocked=blocked), mirror_sets={mirrors.DIGEST_KINDS[0]: kept})


def _covers_payload(entry: str, payload: Reference, release: Release) -> bool:
    if release.payload_by_registry:
        return entry == payload.name.partition("/")[0]
    return nested(payload.name, entry)


def _said(refused: Iterable[str]) -> tuple[str, ...]:
    names = list(refused)
    if not names:
        return ()
    return (
        f"error adding {go_text.quoted_list(names)} to blocked registries, cannot block the repository being used by"
        " the payload",
    )
