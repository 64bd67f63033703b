# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of registries as a feature of tasks about hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..host.observed import Observed
from ..host.watch import Watch
from ..plan.proposal import Drafter, Proposal, start_of
from ..policy import options_of, read_options
from ..policy.trust import Trust
from ..policy.word import Reading, unique
from ..variables import COMMON, PREFIX, Fill, behind, words
from . import drafts as drafting
from . import proof, shown
from . import report as reporting

WATCH = drafting.WATCH

WORD_OPTIONS = options_of("trust") | {
    "warn_days": {
        "type": "int",
        "default": 30,
        "description": ["Warn of certificates that expire within so many days."],
    }
}

OPTIONS = WORD_OPTIONS | {
    "scope": {
        "type": "str",
        "choices": ["auto", "system", "engine", "both"],
        "default": "auto",
        "description": [
            "V(system) puts authorities into the trust store of the operating system, where all programs see them. "
            "V(engine) puts them into C(certs.d) of the engines, where they count for their registry only. V(both) "
            "does both.",
            "V(auto) uses the trust store. It adds a directory in C(certs.d) for names with a port, for addresses, "
            "and for all names on docker before 1.13, which forgets the trust store when it finds anything in "
            "C(certs.d).",
            "A client certificate always goes into C(certs.d), because there is no other place for it.",
        ],
    },
    "purge": {
        "type": "bool",
        "default": True,
        "description": [
            "Whether to remove what earlier runs put on the host for registries that the list no longer names.",
            "V(false) looks at the registries of the list only.",
        ],
    },
}

CHANGE_OPTIONS = {
    "verify": {
        "type": "str",
        "choices": ["full", "store", "none"],
        "default": "full",
        "description": [
            "V(full) makes the host verify the certificates against its trust store and connect to the registries; a "
            "registry that cannot be reached is not a failure. V(store) does the first only, V(none) neither.",
        ],
    },
}

SURVEY_OPTIONS = {
    "expires_in_days": {
        "type": "int",
        "description": [
            "Name the certificates that expire within so many days in RV(expiring).",
            "With it the host connects to the registries of the list, and RV(shown) says until when the certificates "
            "are valid that they show.",
        ],
    },
}

VARIABLES = {
    **words("trust"),
    **behind(f"{PREFIX}trust_", ("warn_days", "scope", "purge", "verify", "expires_in_days", "query")),
    **COMMON,
}
fill = Fill(VARIABLES)


@dataclass(frozen=True)
class Asked:
    """What was asked for, and when."""

    drafting: drafting.Said
    now: datetime
    connects: bool = False


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    how = {key: options[key] for key in ("scope", "purge", "verify", "activation") if key in options}
    # an allow-list matters to what is trusted
    group = "trust" if options.get("trust") is None else ""
    policy = read_options(options, Reading(read_file, hide, now, options["warn_days"]), group)
    trust = policy.trust or Trust()
    trust = replace(trust, warnings=unique((*trust.warnings, *policy.out_of_reach())))
    return Asked(drafting.Said(trust, **how), now, connects=options.get("expires_in_days") is not None)


def watch(said: Asked) -> Watch:
    names = [name for registry in said.drafting.trust.present for name in registry.names]
    asked = WATCH if said.drafting.trust.registries is not None else Watch()
    return asked + (shown.watch(names) if said.connects else Watch())


def drafts(host: Observed, said: Asked) -> Iterable[Drafter]:
    return drafting.drafts(said.drafting)


def withdraw(host: Observed) -> Iterable[Drafter]:
    return drafting.drafts(drafting.Said(Trust(()), verify="none"))


def confirm(host: Observed) -> Iterable[Drafter]:
    return ()  # certificates are put back as files and by the steps of the plan that is taken back


def report(proposal: Proposal, said: Asked, report: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"registries": reporting.asked(said.drafting.trust, said.now), "verified": proof.outcomes(report)}


def survey(host: Observed, said: Asked, options: Mapping[str, Any]) -> dict[str, Any]:
    found = reporting.survey(start_of(host), said.drafting.trust, said.now, options["expires_in_days"])
    return found | {"shown": shown.report(host, said.now)}
