# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certs.d: what an engine finds for a registry in the directory that it reads, which files count, what hides what.

Source: docker registry/registry.go ReadCertsDirectory and loadTLSConfig.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ..host.observed import Observed
from ..host.watch import Tree, Watch
from ..plan.plan import view
from ..policy.certificates import certificates_in, certificates_loaded
from ..problems import one_line
from ..resolution.certificate_directories import DOCKER, PLACES, of_registry

#: Names of what is ours in such a directory. Authorities end in .crt; a client's two files share their stem.
CA, CERT, KEY = "dockyard.crt", "dockyard.cert", "dockyard.key"

#: Private keys of others are compared by their checksums; what is in them stays on the host.
WATCH = Watch(trees=tuple(Tree(place, pattern="*", depth=2, secret="*.key") for place in PLACES))
WATCH_WITH_KEYS = Watch(trees=tuple(Tree(place, pattern="*", depth=2) for place in PLACES))


@dataclass(frozen=True)
class Looked:
    """What an engine finds for a registry. directory: the one it reads, "" when there is none.

    refused: whether what is wrong there makes it refuse every pull.
    """

    directory: str = ""
    authorities: tuple[str, ...] = ()
    shadowed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    refused: bool = False


def look(host: Observed, places: Sequence[str], name: str) -> Looked:
    """Return what an engine finds for host[:port] that looks in these places, in order."""
    existing = of_registry(places, name, partial(is_there, host))
    if not existing:
        return Looked()
    files = files_in(host, existing[0])
    hidden = [path for directory in existing[1:] for path in files_in(host, directory)]
    return Looked(
        directory=existing[0],
        authorities=tuple(path for path in files if path.endswith(".crt")),
        shadowed=tuple(hidden),
        problems=(*_problems(files), *_unreadable(host, files, places), *_not_loaded(host, files)),
        refused=bool(_lone(files)) or (tuple(places) == (DOCKER,) and bool(_unreadable(host, files, places))),
    )


def is_there(host: Observed, directory: str) -> bool:
    """Return whether the host has the directory of a registry."""
    place, dummy, name = directory.rpartition("/")
    return host.listing(place).holds(name)


def files_in(host: Observed, directory: str) -> list[str]:
    """List the files of a registry's directory."""
    return host.listing(directory.rpartition("/")[0]).inside(directory)


def _lone(files: Sequence[str]) -> list[str]:
    """Client certificates without key, and the other way round: every engine refuses every pull then."""
    other = {"cert": "key", "key": "cert"}
    return [
        path
        for path in files
        if (suffix := path.rpartition(".")[2]) in other and f"{path.rpartition('.')[0]}.{other[suffix]}" not in files
    ]


def _unreadable(host: Observed, files: Sequence[str], places: Sequence[str]) -> list[str]:
    """List unreadable files: docker then refuses every pull, podman and its family ignore a missing one.

    Sources: docker registry/registry.go ReadCertsDirectory; containers/image pkg/tlsclientconfig SetupCertificates.
    """
    found = []
    for path in files:
        about = host.about(path)
        if about["state"] == "failed" and path.rpartition(".")[2] in ("crt", "cert", "key"):
            then = "docker refuses every pull from there" if tuple(places) == (DOCKER,) else "engines look past it"
            found.append(one_line(f"{path} cannot be read ({about['reason']}), so {then}"))
    return found


def _not_loaded(host: Observed, files: Sequence[str]) -> list[str]:
    """List the files of others with a certificate that other programs read, and Go passes over without a word."""
    found = []
    for path in files:
        data = host.content(path) if path.endswith(".crt") and host.about(path)["state"] == "file" else None
        if data and len(certificates_loaded(data)) < len(certificates_in(data)):
            found.append(
                f"{path} holds a certificate that no engine loads: BEGIN CERTIFICATE and END CERTIFICATE of a PEM text "
                "must stand on lines of their own, without headers"
            )
    return found


def _problems(files: Sequence[str]) -> list[str]:
    """List client certificates without key, or the other way round: every engine refuses every pull then."""
    found = []
    lone = _lone(files)
    for path in files:
        stem, dummy, suffix = path.rpartition(".")
        other = {"cert": "key", "key": "cert"}.get(suffix)
        if path in lone:
            hint = "; an authority's file must end in .crt" if suffix == "cert" else ""
            found.append(f"{path} has no {stem.rpartition('/')[2]}.{other}, and engines refuse every pull then{hint}")
        elif suffix not in ("crt", "cert", "key"):
            found.append(f"{path} is passed over by every engine: its name ends neither in .crt nor .cert nor .key")
    return found


def view_of(path: str, content: bytes) -> str:
    """Describe a file for a person: its certificates, or that it is a private key."""
    if path.endswith(".key"):
        return "a private key\n"
    found = certificates_in(content)
    return view(certificate.line() for certificate in found) or "no certificate\n"


def view_on(host: Observed, path: str) -> str:
    """Return the same of a file on the host, "" of one that is not there."""
    if not host.exists(path):
        return ""
    return view_of(path, b"" if path.endswith(".key") else host.content(path) or b"")
