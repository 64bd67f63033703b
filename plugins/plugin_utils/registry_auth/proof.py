# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proof after a commit, by the host itself: registries take the logins that stand in its auth files.

What runs there is module_utils/_login.py. It reads the secret from the file, so none is on a command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..host.programs import with_python
from ..plan.draft import Check
from ..policy.credentials import Credential
from ..resolution.names import covers
from .places import Place

NAME = "registries take the logins"
_PROGRAM = Path(__file__).parents[2] / "module_utils/_login.py"
_MISSING = "echo 'any undecided: this host has no Python'"
_SAID = re.compile(r"^(\S+) (accepted|refused|unasked|undecided): (.*)$", re.MULTILINE)


def check(logins: Iterable[tuple[Credential, Place]], insecure: Iterable[str]) -> Check:
    """Return whether every login is taken where it is asked for; what cannot be reached is not a failure."""
    scopes = tuple(insecure)
    words = [
        word
        for credential, place in logins
        for word in (credential.registry, place.path, place.key(credential.registry), _how(credential, scopes))
    ]
    return Check(NAME, with_python(_program(), *words, missing=_MISSING), ({"rc": 0},), attempts=1, timeout=120.0)


def outcomes(report: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the findings of the host, each registry once."""
    said = "\n".join(str(answer.get("stdout", "")) for answer in report if answer.get("step") == "check")
    found = {(registry, outcome): reason for registry, outcome, reason in _SAID.findall(said)}
    return [
        {"registry": registry, "outcome": outcome, "reason": reason} for (registry, outcome), reason in found.items()
    ]


def _how(credential: Credential, insecure: tuple[str, ...]) -> str:
    return "insecure" if any(covers(scope, credential.registry) for scope in insecure) else "secure"


@cache
def _program() -> str:
    return _PROGRAM.read_text(encoding="utf-8")
