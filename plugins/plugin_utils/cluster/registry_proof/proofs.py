# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proofs, each a few requests to the registry, and what their answers mean.

Source: OCI distribution specification (push, pull); OpenShift "Accessing the registry", metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from .conversation import Registry, Reply, Unanswered
from .image import MANIFEST, digest, tiny

_METRICS = "/extensions/v2/metrics"
_KINDS = (MANIFEST, "application/vnd.oci.image.manifest.v1+json")
#: What a refusal means to a person, by proof.
_NEEDS: Mapping[str, str] = {
    "login": "the login is not taken",
    "push": "the login may not push there; role editor of the project lets it",
    "pull": "the login may not pull from there; role viewer of the project lets it",
    "metrics": "the login may not read the metrics; role metrics lets it",
}


@dataclass(frozen=True)
class Proof:
    """One proof. outcome: accepted, refused, unasked (no login is wanted), undecided (nobody can tell)."""

    proof: str
    outcome: str
    reason: str


class _Refused(Exception):
    """What the registry does not take."""


def prove(registry: Registry, names: Iterable[str], image: str, tag: str) -> Iterator[Proof]:
    """Yield each proof in turn; after a login that is not taken there is nothing more to ask."""
    for name in names:
        try:
            yield Proof(name, *_PROOFS[name](registry, image, tag))
        except _Refused as reason:
            yield Proof(name, "refused", f"{reason}: {_NEEDS[name]}")
            if name == "login":
                return
        except Unanswered as reason:
            yield Proof(name, "undecided", str(reason))


def _login(registry: Registry, image: str, tag: str) -> tuple[str, str]:
    reply = _expected(registry.send("GET", "/v2/"), 200)
    if not reply.wanted:
        return "unasked", f"{registry.host} asks for no login"
    return "accepted", f"by {reply.whose}"


def _push(registry: Registry, image: str, tag: str) -> tuple[str, str]:
    made = tiny()
    for blob in made.blobs:
        start = _expected(registry.send("POST", f"/v2/{image}/blobs/uploads/"), 202)
        place = start.headers.get("Location") or ""
        place += ("&" if "?" in place else "?") + urlencode({"digest": digest(blob)})
        _expected(registry.send("PUT", place, blob, kind="application/octet-stream"), 201)
    _expected(registry.send("PUT", f"/v2/{image}/manifests/{tag}", made.manifest, kind=MANIFEST), 201)
    return "accepted", f"{image}:{tag} is {digest(made.manifest)}"


def _pull(registry: Registry, image: str, tag: str) -> tuple[str, str]:
    reply = _expected(registry.send("GET", f"/v2/{image}/manifests/{tag}", accept=", ".join(_KINDS)), 200)
    said, found = reply.headers.get("Docker-Content-Digest"), digest(reply.body)
    if said and said != found:
        raise Unanswered(f"{reply.whose} serves {found} and calls it {said}")
    made = tiny()
    if reply.body == made.manifest:
        for blob in made.blobs:
            whole = _expected(registry.fetch(f"/v2/{image}/blobs/{digest(blob)}"), 200)
            if whole.body != blob:
                raise Unanswered(f"{whole.whose} serves another blob than {digest(blob)}")
    return "accepted", f"{image}:{tag} is {found}"


def _metrics(registry: Registry, image: str, tag: str) -> tuple[str, str]:
    reply = _expected(registry.send("GET", _METRICS, at_once=True), 200)
    lines = sum(1 for line in reply.body.splitlines() if line and not line.startswith(b"#"))
    if b"# TYPE" not in reply.body:
        raise Unanswered(f"{reply.whose} answers {_METRICS} with something else than metrics")
    return "accepted", f"{lines} values"


def _expected(reply: Reply, status: int) -> Reply:
    told = f"{reply.whose} answers with status {reply.status}"
    if reply.status in (401, 403):
        raise _Refused(told)
    if reply.status != status:
        raise Unanswered(told)
    return reply


_PROOFS: Mapping[str, Callable[[Registry, str, str], tuple[str, str]]] = {
    "login": _login, "push": _push, "pull": _pull, "metrics": _metrics,
}  # fmt: skip
NAMES = tuple(_PROOFS)
