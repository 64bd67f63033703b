# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of logins: files, registries and users, never a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..credentials import containers, docker
from ..credentials.answers import Source, Tried, entry
from ..credentials.go import Unreadable
from ..host.observed import HostProblem, Observed
from ..plan.proposal import Proposal
from .drafts import About, Said, places_of
from .places import Place

_SHOWN = ("key", "kind", "username", "helper")


def asked(said: Said) -> list[dict[str, Any]]:
    """Report the request of the task."""
    return [
        {"registry": each.registry, "username": each.username or None, "state": "present" if each.present else "absent"}
        for each in said.credentials or ()
    ]


def written(proposal: Proposal) -> list[dict[str, Any]]:
    """Return the files of the places, once the proposal is carried out."""
    places = [place for draft in proposal.drafts if isinstance(draft.about, About) for place in draft.about.places]
    return [_file(proposal.world, place) for place in places]


def survey(host: Observed, said: Said) -> list[dict[str, Any]]:
    """Return the files that would be written and those that engines read beside them. Raises NotAsked."""
    try:
        places = list(places_of(host, said).places)
    except HostProblem:
        places = []
    known = {place.path for place in places}
    others = [path for path in containers.FILES if path not in known and host.exists(path)]
    places += [Place(path, "podman, which reads it too") for path in others]
    return [
        _file(host, place) | {"exists": host.exists(place.path), "mode": host.about(place.path).get("mode")}
        for place in places
    ]


def _file(host: Observed, place: Place) -> dict[str, Any]:
    try:
        text, problem = host.text(place.path), None
    except HostProblem as reason:
        text, problem = None, str(reason)
    entries: list[dict[str, Any]] = []
    if text is not None:
        try:
            entries = [
                {key: tried[key] for key in ("key", "kind", "username", "helper")} for tried in _entries(place, text)
            ]
        except Unreadable as reason:
            problem = f"{place.path}: {reason}"
    return {"path": place.path, "read_by": place.title, "problem": problem, "entries": entries}


def _entries(place: Place, text: str) -> Iterator[dict[str, Any]]:
    """Entries and helpers of a file. Raises Unreadable."""
    source = Source(place.path, text, place.old_form)
    auth_file = containers.read(source)
    for key in auth_file.entries:
        yield entry(source, key, auth_file.login(key)).result()
    for key, helper in auth_file.helpers.items():
        yield Tried("helper", key, place.path, helper=helper).result()
    if "docker" in place.readers and (store := docker.read(source).store):
        yield Tried("helper", "", place.path, helper=store).result()
