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
from ..role import PREFIX, filler
from . import drafts as drafting
from . import proof
from . import report as reporting

WATCH = drafting.WATCH

_OPTIONS = (*options_of("trust"), "warn_days", "scope", "purge", "verify", "expires_in_days", "query")
fill = filler(_OPTIONS, f"{PREFIX}trust_")


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
