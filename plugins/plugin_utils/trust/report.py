# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person is told of the certificates on a host: which file an engine uses, whose it is, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ..host.observed import HostProblem, Observed
from ..policy.certificates import Certificate, certificates_in, certificates_loaded
from ..policy.trust import Trust
from ..resolution import certificate_directories
from . import certs_d, readers, stores

_Finder = Callable[[bytes], tuple[Certificate, ...]]


def asked(trust: Trust, now: datetime) -> list[dict[str, Any]]:
    """Report the request of the task, in terms of certificates."""
    return [
        {
            "registry": registry.name,
            "names": list(registry.names),
            "certificates": [ca.plain(now) for ca in registry.cas],
        }
        for registry in trust.present
    ]


def survey(host: Observed, trust: Trust, now: datetime, expires_in_days: int | None) -> dict[str, Any]:
    """Return every name that has a directory in certs.d or is asked for, by engine; the anchors; what expires soon."""
    names = _names(host, trust)
    registries = [_registry(host, name, reader, now) for name in names for reader in readers.engines(host)]
    anchors = _anchors(host, now)
    found = [certificate for entry in (*registries, *anchors) for certificate in entry["certificates"]]
    soon = [each for each in found if expires_in_days is not None and each["days_left"] < expires_in_days]
    days = [each["days_left"] for each in found]
    return {
        "registries": registries, "anchors": anchors, "expiring": _once(soon), "days_left": min(days) if days else None,
    }  # fmt: skip


def _names(host: Observed, trust: Trust) -> list[str]:
    directories = (path for place in certificate_directories.PLACES for path in host.listing(place).directories)
    said = (name for registry in trust.present for name in registry.names)
    return sorted({*(path.rpartition("/")[2] for path in directories), *said})


def _registry(host: Observed, name: str, reader: readers.Reader, now: datetime) -> dict[str, Any]:
    looked = certs_d.look(host, reader.places, name)
    system = reader.adds or not looked.authorities
    return {
        "name": name,
        "engine": reader.title,
        "directory": looked.directory or None,
        "files": list(looked.authorities),
        "system_trust": system,
        "certificates": _plain(host, looked.authorities, now, certificates_loaded),
        "shadowed": list(looked.shadowed),
        "problems": list(looked.problems),
    }


def _anchors(host: Observed, now: datetime) -> list[dict[str, Any]]:
    """Report the files that somebody added to the system's trust, and whether programs see them."""
    try:
        store = stores.store_of(host)
        effective = stores.trusted_now(host, store)
    except HostProblem:
        return []
    found = []
    for path in stores.anchor_files(host, store):
        certificates = _read(host, path)
        seen = bool(certificates) and all(each.fingerprint in effective for each in certificates)
        found.append({"path": path, "effective": seen, "certificates": _plain(host, [path], now)})
    return found


def _plain(
    host: Observed, paths: Iterable[str], now: datetime, found_in: _Finder = certificates_in
) -> list[dict[str, Any]]:
    return [{"path": path, **each.plain(now)} for path in paths for each in _read(host, path, found_in)]


def _read(host: Observed, path: str, found_in: _Finder = certificates_in) -> tuple[Certificate, ...]:
    try:
        return found_in(host.content(path) or b"")
    except HostProblem:
        return ()


def _once(certificates: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Soonest first, each place once."""
    places = {(each["path"], each["fingerprint"]): each for each in certificates}
    return sorted(places.values(), key=lambda each: (each["days_left"], each["path"]))
