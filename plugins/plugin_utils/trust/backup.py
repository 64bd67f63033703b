# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect the archive of a host: all of certs.d, the anchors, and authorities in the system's trust alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from ..host.observed import HostProblem, Observed
from ..host.watch import Question, Tree, Watch
from ..plan import records
from ..plan.proposal import start_of
from ..policy.certificates import Certificate, certificates_in
from ..problems import one_line
from ..resolution import certificate_directories
from . import certs_d, stores
from .archive import Archive, Saved, allowed
from .drafts import PART, RECORD, slug
from .stores import Store

OPTIONS: dict[str, dict[str, Any]] = {
    "path": {
        "type": "path",
        "required": True,
        "description": [
            "The archive on the controller. The task creates missing directories, readable for their owner only."
        ],
    },
    "keys": {"type": "bool", "default": True, "description": ["Whether to save private keys."]},
    "encrypt": {
        "type": "bool",
        "default": False,
        "description": ["Whether to encrypt the archive with the vault password of this run."],
    },
}

_LONGEST_LINK = 4096

_ANCHORS = tuple(Tree(store.anchors, pattern="*", depth=2) for store in stores.STORES)
_SOURCES = tuple(
    Tree(path, pattern="*", depth=2, form="certificates") for store in stores.STORES for path in store.sources
)
_COMMON = Watch(
    files=tuple(store.bundle for store in stores.STORES),
    commands=(*stores.WATCH.commands, Question("trust.list", ("trust", "list", "--filter=ca-anchors"))),
    trees=_ANCHORS + _SOURCES,
    labels=True,
)
WATCH = _COMMON + certs_d.WATCH_WITH_KEYS
WATCH_WITHOUT_KEYS = _COMMON + certs_d.WATCH

# One entry of `trust list`: its full address, which is what `trust extract --filter` wants, and its label.
_LISTED = re.compile(r"^(pkcs11:id=([^;\s]+);type=cert)$\n(?:^ +.*\n)*?^ +label: (.*)$", re.MULTILINE)


def collect(host: Observed, name: str, *, keys: bool) -> tuple[Archive, list[str]]:
    """Return (archive, warnings). Raises HostProblem for unreadable files: half a backup is none."""
    start = start_of(host)
    files, links, left_out, warnings = [], {}, [], []
    for path in _paths(start):
        about = start.about(path)
        if not allowed(path):
            warnings.append(f"{path} has a name that is not a registry's, and is not saved")
        elif about.get("link"):
            links[path] = one_line(str(about["link"]))[:_LONGEST_LINK]
        elif about["state"] == "failed":
            raise HostProblem(f"{path}: {about['reason']}")
        elif path.endswith(".key") and not keys:
            left_out.append(path)
        else:
            files.append(_saved(path, start.content(path) or b"", about))
            if (mode := str(about["mode"])[-4:]) != files[-1].mode:
                warnings.append(f"{path} has mode {mode} and is saved as {files[-1].mode}; no certificate needs more")
    files += _only_in_system(start)
    record = records.record_of(records.state_of(start), PART, RECORD)
    return Archive(name, tuple(files), links, tuple(left_out), record), warnings


def _paths(host: Observed) -> list[str]:
    places = (*certificate_directories.PLACES, *(store.anchors for store in stores.STORES))
    return [path for place in places for path in host.listing(place).files]


def _saved(path: str, content: bytes, about: Mapping[str, Any]) -> Saved:
    return Saved(
        path, content, f"0{str(about['mode'])[-3:]}", int(about["uid"]), int(about["gid"]), about.get("label"), "file",
        () if path.endswith(".key") else tuple(map(_shown, certificates_in(content))),
    )  # fmt: skip


def _shown(certificate: Certificate) -> dict[str, str]:
    return {
        "subject": certificate.subject, "fingerprint": certificate.fingerprint,
        "not_after": f"{certificate.not_after:%Y-%m-%d}",
    }  # fmt: skip


def _only_in_system(host: Observed) -> list[Saved]:
    """Authorities that programs trust though they are neither the distribution's nor in the directory of anchors.

    That is how `trust anchor --store` leaves them. They are saved as the anchors they could as well have been.
    """
    try:
        store = stores.store_of(host)
    except HostProblem:
        return []
    if not store.sources:
        return []
    known = {
        sum256 for place in store.sources for path in host.listing(place).files for sum256 in host.certificates(path)
    }
    for path in host.listing(store.anchors).files:
        known |= {certificate.fingerprint for certificate in certificates_in(host.content(path) or b"")}
    alone = certificates_in(host.content(store.bundle) or b"", known)
    listed = _listed(host)
    return [_from_system(store, each, listed) for each in alone]


def _from_system(store: Store, certificate: Certificate, listed: Mapping[str, tuple[str, str]]) -> Saved:
    address, label = listed.get(certificate.key_id, ("", ""))
    shown = _shown(certificate) | ({"pkcs11": address, "label": label} if address else {})
    path = f"{store.anchors}/{slug(certificate, 'system')}"
    return Saved(path, certificate.pem.encode(), origin="system trust", certificates=(shown,))


def _listed(host: Observed) -> dict[str, tuple[str, str]]:
    """Read the list of p11-kit: key id → (its address, label)."""
    found = _LISTED.findall(host.answer("trust.list").stdout)
    return {unquote_to_bytes(key_id).hex(): (address, label) for address, key_id, label in found}
