# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of service accounts that do not end: the Secret of a token, who fills it, and which one counts.

A controller made them by itself up to Kubernetes 1.23; since then somebody has to make the Secret, and a controller
fills it. Source: Kubernetes "Managing Service Accounts", "Manually create an API token for a ServiceAccount".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from ..api import Manifest, Ref, annotation, at
from ..client import Client
from ..marks import LABEL, is_ours
from . import SECRETS, SERVICE_ACCOUNTS

TYPE = "kubernetes.io/service-account-token"
ACCOUNT, _UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
WORD = "service_account"


def listed(project: str) -> Ref:
    """Name all token secrets of a project."""
    return Ref(SECRETS, namespace=project, fields=f"type={TYPE}")


def made(project: str, account: str) -> Ref:
    """Name the token secret that is made for a service account."""
    return Ref(SECRETS, f"{account}-dockyard-token", project)


def fields(account: str) -> dict[str, Any]:
    """Return the secret that a controller fills with a token."""
    metadata = {"labels": {LABEL: WORD}, "annotations": {ACCOUNT: account}}
    return {"metadata": metadata, "type": TYPE}


def is_made_for(secret: Manifest, account: str) -> bool:
    """Say whether it is the secret that we made for a service account of this name."""
    return is_ours(secret, WORD) and _is_token_for(secret, account)


def is_of_former(secret: Manifest, account: Manifest | None) -> bool:
    """Say whether its service account was deleted; one of the same name that was made since has another token."""
    return annotation(secret, _UID) not in ("", str(at(account, "metadata", "uid") or ""))


def _is_token_for(secret: Manifest, account: str) -> bool:
    return at(secret, "type") == TYPE and annotation(secret, ACCOUNT) == account


def token_in(secret: Manifest | None) -> str:
    """Return the token in a secret, "" while there is none."""
    try:
        return base64.b64decode(str(at(secret, "data", "token") or ""), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def of_account(account: Manifest | None, secrets: Iterable[Manifest]) -> list[Manifest]:
    """Return the token secrets of a service account: ours first, then in the order of its list, then by name.

    A secret of a service account that had the same name and was deleted is none of them, nor one that is being deleted.
    """
    name = str(at(account, "metadata", "name") or "")
    order = [str(at(item, "name")) for item in at(account, "secrets") or ()]
    found = [
        one for one in secrets
        if name and _is_token_for(one, name) and not is_of_former(one, account)
        and not at(one, "metadata", "deletionTimestamp")
    ]  # fmt: skip

    def place(secret: Manifest) -> tuple[bool, int, str]:
        own = str(at(secret, "metadata", "name"))
        return not is_ours(secret), order.index(own) if own in order else len(order), own

    return sorted(found, key=place)


def read(client: Client, project: str, account: str) -> tuple[str, str]:
    """Return the token of a service account and "", or "" and what lacks. Raises NoSuchKind, ClusterProblem."""
    ref = Ref(SERVICE_ACCOUNTS, account, project)
    there = client.read(ref)
    if there is None:
        return "", f"there is no {ref} at {client.transport.address}"
    found = of_account(there, client.read_all(listed(project)))
    token = next(filter(None, map(token_in, found)), "")
    return token, "" if token else f"{ref} at {client.transport.address} has no token secret with a token in it"
