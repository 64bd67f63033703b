# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trust store of the operating system, by family: where its anchors go, and what makes of them what programs read.

Sources: update-ca-trust(8) of Fedora's ca-certificates; update-ca-certificates(8) of Debian's. `update-ca-trust`
ends with 0 whatever it finds in anchors/, so certificates are judged before they get there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..host.observed import HostProblem, Observed
from ..host.watch import Question, Tree, Watch


@dataclass(frozen=True)
class Store:
    """One family. bundle: the file that programs read in the end; sources: where the distribution installs its own.

    forgets: what the command is told where anchors go; without it, Debian's leaves links to them that lead nowhere.
    """

    family: str
    anchors: str
    bundle: str
    update: tuple[str, ...]
    sources: tuple[str, ...]
    forgets: tuple[str, ...] = ()

    @property
    def tool(self) -> str:
        return self.update[0]


#: In this order: a host that has both keeps the first one's directory only when it uses it.
STORES = (
    Store(
        family="redhat",
        anchors="/etc/pki/ca-trust/source/anchors",
        bundle="/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        update=("update-ca-trust", "extract"),
        sources=("/usr/share/pki/ca-trust-source", "/usr/share/pki/ca-trust-source/anchors"),
    ),
    Store(
        family="debian",
        anchors="/usr/local/share/ca-certificates",
        bundle="/etc/ssl/certs/ca-certificates.crt",
        update=("update-ca-certificates",),
        sources=(),
        forgets=("--fresh",),
    ),
)


def _where(tool: str) -> tuple[str, ...]:
    """Prints nothing, and fails where there is no such program or it may not run."""
    return ("sh", "-c", f"command -v {tool} >/dev/null && test -x $(command -v {tool})")


WATCH = Watch(
    trees=tuple(Tree(store.anchors, pattern="*", depth=2) for store in STORES),
    bundles=tuple(store.bundle for store in STORES),
    commands=tuple(Question(f"store.{store.family}", _where(store.tool), store.tool) for store in STORES),
)


def store_of(host: Observed) -> Store:
    """Return the host's store. Raises HostProblem where there is none, or its tool is missing or disabled."""
    for store in STORES:
        if not host.listing(store.anchors).there:
            continue
        answer = host.answer(f"store.{store.family}")
        if answer.rc == 0:
            return store
        reason = answer.failure or "is not there, or may not be run"
        raise HostProblem(
            f"this host has {store.anchors}, but {store.tool} {reason}; the system's trust cannot be changed"
        )
    places = " nor ".join(store.anchors for store in STORES)
    raise HostProblem(f"this host has no trust store that is known here (neither {places} exists)")


def bundle_of(host: Observed) -> str:
    """Return the bundle of a host whose trust we do not change, "" when it is not one of the known ones."""
    return next((store.bundle for store in STORES if host.exists(store.bundle)), "")


def trusted_now(host: Observed, store: Store) -> frozenset[str]:
    """Fingerprints of all that programs trust now. Raises HostProblem when that cannot be read."""
    return frozenset(host.certificates(store.bundle))


def missing(host: Observed, store: Store, asked: Iterable[str]) -> set[str]:
    """Return those of the fingerprints that programs do not trust, or that a daemon started before may not.

    After an update that was cut off nobody knows who has seen what, so all of them count.
    """
    journal = host.journal or {"actions": [], "started": 0}
    begun = journal["actions"][: journal["started"]]
    if any(tuple(action["argv"])[: len(store.update)] == store.update for action in begun):
        return set(asked)
    return set(asked) - trusted_now(host, store)


def is_anchor(path: str) -> bool:
    """Return whether a file is in a directory of anchors, of which p11-kit reads everything, hidden files too."""
    return any(path.startswith(f"{store.anchors}/") for store in STORES)


def anchor_files(host: Observed, store: Store) -> tuple[str, ...]:
    """List the files in the directory of anchors, whoever put them there. Debian's tool takes *.crt only."""
    return tuple(path for path in host.listing(store.anchors).files if _counts(store, path))


def _counts(store: Store, path: str) -> bool:
    return path.endswith(".crt") or store.family != "debian"
