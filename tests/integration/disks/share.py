# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which share of the cases on real disks one run takes: all with FULL=1, otherwise one in so many, others each week.

A layout takes about half a minute, a kill a minute, and a way has to be gone once before it is killed on; so a week has
one way, and few of its moments. In the end all have had their turn. LAYOUTS and KILLS say another one in how many.
FULL=1 ends a run at every moment of every way, killed or without power by turns, and the other way round with the next
SEED; a way has two parts then, for two machines.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

_Case = TypeVar("_Case")

#: Ways of disks.yml that a run is killed on, by turns of weeks, and one in how many of their moments.
WAYS = {"podman's volume, with one more disk": 4, "from devicemapper to overlay2": 12}
#: Those of a run with time.
OTHER_WAYS = (
    "from overlay2 to devicemapper", "one more disk for overlay2", "one more disk for the pool",
    "a fresh disk for overlay2",
)  # fmt: skip
ENDS = ("kill", "power")
PARTS = 2


@dataclass(frozen=True)
class Share:
    """The share of one run. week: any number; the next one takes the next cases."""

    full: bool = False
    week: int = 0
    layouts: int = 10
    ways: Mapping[str, int] = field(default_factory=lambda: WAYS)

    @classmethod
    def of(cls, environment: Mapping[str, str], today: datetime.date) -> Share:
        """Read FULL, SEED, LAYOUTS and KILLS; the week is that of the calendar unless SEED names one."""
        week = int(environment.get("SEED") or today.isocalendar().week)
        layouts = max(1, int(environment.get("LAYOUTS") or cls.layouts))
        ways = {way: max(1, int(environment.get("KILLS") or usual)) for way, usual in WAYS.items()}
        return cls(environment.get("FULL", "0") not in ("", "0"), week, layouts, ways)

    def of_layouts(self, cases: Sequence[_Case]) -> list[_Case]:
        """Choose as many of these cases in every week, give or take one, and never none."""
        one_in = min(self.layouts, len(cases))
        return [case for number, case in enumerate(cases) if self.full or (number - self.week) % one_in == 0]

    def of_ways(self) -> list[tuple[str, int]]:
        """Choose the way of this week, or both parts of all."""
        if not self.full:
            return [(list(self.ways)[self.week % len(self.ways)], 0)]
        return [(way, part) for way in (*self.ways, *OTHER_WAYS) for part in range(PARTS)]

    def end_at(self, way: str, part: int, number: int) -> str:
        """Say how a run ends at the moment of this number, from 0 on; "" when it is not its turn."""
        if self.full:
            rounds, its_turn = self.week, number // 2 % PARTS == part  # a part has both ends
        else:
            rounds, turn = divmod(self.week // len(self.ways), self.ways[way])
            its_turn = number % self.ways[way] == turn
        return ENDS[(rounds + number) % len(ENDS)] if its_turn else ""

    def __str__(self) -> str:
        if self.full:
            return f"every layout and every moment, SEED={self.week}"
        ((way, _part),) = self.of_ways()
        return f"all refusals, one layout in {self.layouts}, one kill in {self.ways[way]} of {way!r}, SEED={self.week}"


SHARE = Share.of(os.environ, datetime.date.today())
