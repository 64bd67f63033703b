# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One entry of an auth file, decoded."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from .go import Unreadable, base64_decoded


@dataclass(frozen=True)
class Login:
    """User and password, or a token in their place. The secrets are not part of what is printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def is_empty(self) -> bool:
        return not (self.username or self.password or self.identity_token)

    @property
    def kind(self) -> str:
        """In the words of the filter registry_credential."""
        return "token" if self.identity_token else "empty" if self.is_empty else "basic"


def joined(username: str, password: str) -> str:
    """Join both as auth files and the header of a Basic login hold them: the base64 of ``user:password``."""
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def user_and_password(where: str, auth: str, *, padded: bool = True) -> tuple[str, str] | None:
    """Split the base64 of ``user:password``; None without a colon. Raises Unreadable, naming the entry."""
    try:
        decoded = base64_decoded(auth, padded=padded).decode(errors="replace")
    except Unreadable:
        raise Unreadable(f"the auth of {where} is not base64") from None
    user, colon, password = decoded.partition(":")
    return (user, password) if colon else None


def no_login(where: str) -> Unreadable:
    """Says that no login can be made of an auth."""
    return Unreadable(f"the auth of {where} is not the base64 of user:password")
