# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the answers of mirrors mean: which images no mirror holds, and what would stop pulling without the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...resolution.references import Reference
from .images import Endpoint, Needs, Pull
from .probe import Presence

_SAID = {
    "missing": "lacks it", "refused": "does not let nodes in", "unknown": "could not be asked",
}  # fmt: skip
_NAMED = 3  # users of an image that a line names


def result(needs: Needs, answers: Mapping[Endpoint, Presence]) -> dict[str, Any]:
    """Return the result of the task: each image that has a mirror or is out of reach, and what follows."""
    images = [_image(pull, answers) for pull in needs.pulls]
    told = [one for one in images if one["mirrors"] or one["stops"]]
    missing = [
        {"image": pull.image, "source": _source(pull), **mirror}
        for pull, one in zip(needs.pulls, images, strict=True)
        for mirror in one["mirrors"]
        if mirror["outcome"] != "there"
    ]
    return {
        "changed": False,
        "complete": needs.whole and all(one["held"] for one in told),
        "images": told,
        "missing": missing,
        "stops": [one["image"] for one in told if one["stops"]],
        "without_mirror": [one["image"] for one in images if not one["mirrors"] and not one["stops"]],
        "notes": list(needs.notes),
        "account": [*_lines(told, len(images)), *needs.notes],
    }


def _image(pull: Pull, answers: Mapping[Endpoint, Presence]) -> dict[str, Any]:
    mirrors = [
        {"mirror": _named(one.reference), "outcome": answers[one].outcome, "reason": answers[one].reason}
        for one in (pull.mirrors if pull.refused is None else ())
    ]
    held = any(one["outcome"] == "there" for one in mirrors)
    contacted = pull.refused is None and pull.source is not None
    return {
        "image": pull.image, "used_by": list(pull.users), "mirrors": mirrors, "held": held,
        "contacts_source": contacted, "stops": not held and not contacted, "refused": pull.refused,
    }  # fmt: skip


def _source(pull: Pull) -> str:
    """Return what the image is called at its source, blocked or not."""
    return next((_named(one.reference) for one in pull.endpoints if not one.mirror), pull.image)


def _named(reference: Reference) -> str:
    """Return the name by which an image is copied: a digest says all, and tools take no tag beside it."""
    return str(replace(reference, tag="") if reference.digest else reference)


def _lines(told: list[dict[str, Any]], count: int) -> Iterator[str]:
    """Say it for a person: what stops first, then what would, then how many are well."""
    for one in sorted(told, key=lambda one: not one["stops"]):
        if not one["held"]:
            yield f"{one['image']}{_users(one['used_by'])}: {'; '.join(_why(one))}"
    for one in told:
        for mirror in one["mirrors"] if one["held"] else ():
            if mirror["outcome"] != "there":
                yield f"{mirror['mirror']} {_SAID[mirror['outcome']]} ({mirror['reason']}); another mirror holds it"
    held = sum(one["held"] for one in told)
    mirrored = sum(bool(one["mirrors"]) for one in told)
    yield f"{held} of {mirrored} mirrored images are held by a mirror; images without a mirror: {count - mirrored}"


def _why(one: Mapping[str, Any]) -> Iterator[str]:
    if one["refused"]:
        yield f"nodes may not pull it: {one['refused']}"
        return
    for mirror in one["mirrors"]:
        yield f"{mirror['mirror']} {_SAID[mirror['outcome']]} ({mirror['reason']})"
    if not one["mirrors"]:
        yield "it has no mirror, and nodes may not ask its source"
    else:
        yield "nodes ask the source until it is blocked" if one["contacts_source"] else "nodes may not ask the source"


def _users(users: list[str]) -> str:
    if not users:
        return ""
    more = f" and {len(users) - _NAMED} more" if len(users) > _NAMED else ""
    return f", needed by {', '.join(users[:_NAMED])}{more}"
