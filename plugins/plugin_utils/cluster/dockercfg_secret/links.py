# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of a service account that name secrets: one name is put behind the others, or taken out, and no more.

The platform writes these lists, too: a list that was read is only ever written with the version that was read.
Sources: Kubernetes "Configure Service Accounts for Pods"; openshift-controller-manager#319 (lists without its secret
make its controller produce another one).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..api import ClusterProblem, Manifest, Ref, at
from ..changes import WantedObject
from .options import Link

WHY = "link"
LISTS = ("imagePullSecrets", "secrets")
#: Service accounts that controllers make in every project.
OF_THE_PLATFORM = ("default", "builder", "deployer")


def wanted(there: Manifest | None, ref: Ref, secret: str, links: Iterable[Link], *, own: bool) -> WantedObject:
    """Return the service account with the secret in these lists of it, or out of them.

    own: whether it is the one that a controller makes for the account. Raises ClusterProblem.
    """
    fields: dict[str, Any] = {}
    for link in links:
        have = list(at(there, link.among) or ())
        others = [item for item in have if at(item, "name") != secret]
        if link.present and len(others) == len(have):
            fields[link.among] = [*have, {"name": secret}]
        elif not link.present and len(others) < len(have):
            if own:
                raise ClusterProblem(
                    f"link: {secret} is made for {ref} by the controller of service accounts, which makes another one "
                    "when it is not linked; it stays"
                )
            fields[link.among] = others or None
    return WantedObject(ref, fields, WHY, view=view)


def view(manifest: Manifest) -> list[str]:
    """Show one line a list: the names in their order."""
    pairs = [(name, names_in(manifest, name)) for name in LISTS]
    return [f"{name}: {', '.join(found)}" for name, found in pairs if found]


def names_in(manifest: Manifest | None, among: str) -> list[str]:
    """Return the names in one of the lists of a service account, in their order."""
    return [str(at(item, "name")) for item in at(manifest, among) or ()]


def everywhere(account: str) -> tuple[Link, ...]:
    """Return what takes a secret out of every list of a service account."""
    return tuple(Link(account, name, False) for name in LISTS)
