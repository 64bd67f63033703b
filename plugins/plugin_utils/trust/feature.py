# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of registries as a feature of tasks about hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..observed import Observed, Watch
from ..plan.proposal import Drafter, Proposal, start_of
from ..policy import options_of, read_options
from ..policy.trust import Trust
from ..policy.word import Reading
from ..variables import COMMON, PREFIX, Fill, behind, words
from . import drafts as drafting
from . import proof
from . import report as reporting

WATCH = drafting.WATCH

WARN_DAYS = {
    "warn_days": {
        "type": "int",
        "default": 30,
        "description": ["Warn of certificates that expire within so many days."],
    }
}

WORD_OPTIONS = options_of("trust") | WARN_DAYS

OPTIONS = WORD_OPTIONS | {
    "scope": {
        "type": "str",
        "choices": ["auto", "system", "engine", "both"],
        "default": "auto",
        "description": [
            "With V(system) authorities go into the trust store of the operating system, where all programs see them. "
            "With V(engine) they go into C(certs.d) of the engines, where they count for their registry only. "
            "With V(both) they go into both.",
            "With V(auto) they go into the first; names with a port, addresses, and all names on docker before 1.13, "
            "which forgets the first when it finds anything in the second, get a directory in C(certs.d) as well.",
            "A client certificate always goes into C(certs.d), because there is no other place for it.",
        ],
    },
    "purge": {
        "type": "bool",
        "default": True,
        "description": [
            "Whether the list is all that is ours, so that what an earlier run put on the host for other registries "
            "goes.",
            "With V(false) only the registries of the list are looked at.",
        ],
    },
}

CHANGE_OPTIONS = {
    "verify": {
        "type": "str",
        "choices": ["full", "store", "none"],
        "default": "full",
        "description": [
            "With V(full) the host verifies the certificates against its trust store and connects to the registries. "
            "One that cannot be reached is no failure. With V(store) it does the first only, with V(none) neither.",
        ],
    },
}

SURVEY_OPTIONS = {
    "expires_in_days": {
        "type": "int",
        "description": ["Name the certificates that expire within so many days in RV(expiring)."],
    },
}

VARIABLES = {
    **words("trust"),
    **behind(f"{PREFIX}trust_", ("warn_days", "scope", "purge", "verify", "expires_in_days", "query")),
    **COMMON,
}
fill = Fill(VARIABLES)


@dataclass(frozen=True)
class Said:
    """What was asked for, and when."""

    drafting: drafting.Said
    now: datetime


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Said:
    how = {key: options[key] for key in ("scope", "purge", "verify", "activation") if key in options}
    policy = read_options(options, Reading(read_file, hide, now, options["warn_days"]), "trust")
    return Said(drafting.Said(policy.trust or Trust(), **how), now)


def watch(said: Said) -> Watch:
    return Watch()


def drafts(host: Observed, said: Said) -> Iterable[Drafter]:
    return drafting.drafts(said.drafting)


def report(proposal: Proposal, said: Said, report: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"registries": reporting.asked(said.drafting.trust, said.now), "verified": proof.outcomes(report)}


def survey(host: Observed, said: Said, options: Mapping[str, Any]) -> dict[str, Any]:
    return reporting.survey(start_of(host), said.drafting.trust, said.now, options["expires_in_days"])
