# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask registries whether they have a manifest, each with the login that nodes would use, within a time.

Source of what is sent: OCI distribution specification, "Checking if content exists in the registry".
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ...credentials import containers
from ...credentials.go import Unreadable
from ...credentials.login import Login
from ...credentials.lookup import look_up
from ...problems import one_line
from ...resolution.references import Reference
from .images import Endpoint, Needs

_KINDS = (
    "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)  # fmt: skip
_DIGEST = "Docker-Content-Digest"
_AT_ONCE = 8


@dataclass(frozen=True)
class Presence:
    """What a registry said of a manifest. outcome: there, missing, refused, or unknown where nobody can tell."""

    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Question:
    """A request for the headers of a manifest. authorities: PEM that counts beside that of the controller.

    login: the registry gets it only after it has asked for one.
    """

    registry: str
    path: str
    insecure: bool
    authorities: str = field(default="", repr=False)
    login: Login | None = None
    accept: str = ", ".join(_KINDS)


class NoAnswer(Exception):
    """Why nobody can say whether the registry has it."""


#: Sends a question, following no redirect: (status, headers, who answered). Raises NoAnswer.
Send = Callable[[Question], tuple[int, Mapping[str, str], str]]


def ask(
    needs: Needs, places: Iterable[Endpoint], send: Send, seconds: float, hide: Callable[[str], None]
) -> dict[Endpoint, Presence]:
    """Ask for each place once, several at a time. seconds: for all of them together. hide: is told each secret."""
    waiting: queue.SimpleQueue[Endpoint] = queue.SimpleQueue()
    asked = dict.fromkeys(places)
    for place in asked:
        waiting.put(place)
    found: dict[Endpoint, Presence] = {}
    end = time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < end:
            try:
                place = waiting.get_nowait()
            except queue.Empty:
                return
            found[place] = _one(needs, place, send, hide)

    # Daemons: a registry that sends a byte now and then must not hold the task up when the time is over.
    threads = [threading.Thread(target=work, daemon=True) for _number in range(min(_AT_ONCE, len(asked)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = Presence("unknown", f"no answer within {seconds:g} s")
    return {place: found.get(place, late) for place in asked}


def _one(needs: Needs, place: Endpoint, send: Send, hide: Callable[[str], None]) -> Presence:
    reference = place.reference
    path = f"/v2/{reference.path}/manifests/{reference.digest or reference.tag or 'latest'}"
    try:
        login = _login(needs, reference, hide)
        authorities = needs.authorities_of(reference.domain)
        status, headers, whose = send(Question(reference.domain, path, place.insecure, authorities, login))
    except NoAnswer as reason:
        return Presence("unknown", one_line(str(reason)))
    except Exception as problem:  # a name of its class: its text may hold what was sent
        return Presence("unknown", f"{reference.domain} cannot be asked: {type(problem).__name__}")
    how = "with the login of the pull secret" if login else "without a login"
    return _judged(status, headers, whose, reference.digest, how)


def _judged(status: int, headers: Mapping[str, str], whose: str, digest: str, how: str) -> Presence:
    said = headers.get(_DIGEST) or digest
    if status == 200 and digest and said != digest:
        return Presence("unknown", f"{whose} answers with another digest, {one_line(said)}")
    if status == 200:
        return Presence("there")
    told = f"{whose} answers with status {status}"
    if status == 404:
        return Presence("missing", told)
    if status in (401, 403):
        return Presence("refused", f"{told} {how}")
    if 300 <= status < 400:
        return Presence("unknown", f"{told}, which leads elsewhere and is not followed")
    return Presence("unknown", told)


def _login(needs: Needs, reference: Reference, hide: Callable[[str], None]) -> Login | None:
    """Return the login that CRI-O would use. Raises NoAnswer."""
    if needs.logins is None:
        return None
    answer = look_up("crio", reference, [needs.logins]).answer()
    if answer.problem:
        raise NoAnswer(answer.problem)
    for tried in answer.tried:
        if tried.kind == "helper":
            raise NoAnswer(f"the pull secret names a program of nodes for the login at {reference.domain}")
        try:
            login = containers.read(needs.logins).login(tried.key)
        except Unreadable as reason:
            raise NoAnswer(str(reason)) from None
        for secret in filter(None, (login.password, login.identity_token)):
            hide(secret)
        return login
    return None
