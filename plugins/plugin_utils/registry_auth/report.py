# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of logins: files, registries and users, never a secret."""

from __future__ import annotations

from typing import Any

from ..credentials import containers, docker, kubelet
from ..credentials.answers import Source, Tried, entry
from ..credentials.go import Unreadable
from ..credentials.login import Login
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
    entries: list[dict[str, Any]] = []
    problem = None
    try:
        if (text := host.text(place.path)) is not None:
            source = Source(place.path, text, place.old_form)
            entries, *_others = [_entries(engine, source) for engine in place.readers or ("podman",)]
    except HostProblem as reason:
        problem = str(reason)
    except Unreadable as reason:
        problem = f"{place.path}: {reason}"
    return {"path": place.path, "read_by": place.title, "problem": problem, "entries": entries}


def _entries(engine: str, source: Source) -> list[dict[str, Any]]:
    """Return the entries and helpers of a file. Raises Unreadable."""
    logins, helpers = _read(engine, source)
    found = [entry(source, key, login) for key, login in logins.items()]
    found += [Tried("helper", key, source.name, helper=helper) for key, helper in helpers.items()]
    return [{key: one.result()[key] for key in _SHOWN} for one in found]


def _read(engine: str, source: Source) -> tuple[dict[str, Login], dict[str, str]]:
    """Return logins and helpers as an engine reads them, the helper of everything under "". Raises Unreadable."""
    if engine == "kubelet":
        return kubelet.read(source), {}
    if engine == "docker":
        config = docker.read(source)
        return config.logins, config.helpers | ({"": config.store} if config.store else {})
    auth_file = containers.read(source)
    return {key: auth_file.login(key) for key in auth_file.entries}, auth_file.helpers
