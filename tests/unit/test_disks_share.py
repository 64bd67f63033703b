# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cases on real disks a week takes: as many as another one, and in the end every case has had its turn."""

from __future__ import annotations

import datetime
import runpy

import pytest
import yaml
from cases import DATA
from conftest import REPOSITORY

SHARES = runpy.run_path(str(REPOSITORY / "tests/integration/disks/share.py"))
Share, WAYS, OTHER_WAYS, ENDS = (SHARES[name] for name in ("Share", "WAYS", "OTHER_WAYS", "ENDS"))
TODAY = datetime.date(2026, 11, 28)


@pytest.mark.parametrize("count", [1, 5, 18, 25])
def test_every_layout_has_its_turn_and_no_week_has_none(count):
    rows = list(range(count))
    weeks = [Share(week=week).of_layouts(rows) for week in range(10)]
    assert {row for week in weeks for row in week} == set(rows)
    assert all(weeks) and max(map(len, weeks)) - min(map(len, weeks)) <= 1
    assert Share(full=True).of_layouts(rows) == rows and Share().of_layouts([]) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moments", [3, 12, 50])
def test_every_moment_of_every_way_is_killed_and_loses_power_within_a_year(way, moments):
    wanted = {(number, end) for number in range(moments) for end in ENDS}
    weeks = [share for share in map(Share, [False] * 52, range(1, 53)) if share.of_ways() == [(way, 0)]]
    assert len(weeks) == 26
    ends = [{(number, share.end_at(way, 0, number)) for number in range(moments)} & wanted for share in weeks]
    assert set.union(*ends) == wanted
    assert max(map(len, ends)) <= moments // WAYS[way] + 1


@pytest.mark.parametrize("way", [*WAYS, *OTHER_WAYS])
def test_a_run_with_time_ends_at_every_moment_and_two_runs_in_both_ways(way):
    wanted = {(number, end) for number in range(37) for end in ENDS}
    seen = []
    for full in (Share(full=True, week=1), Share(full=True, week=2)):
        parts = [part for name, part in full.of_ways() if name == way]
        assert len(parts) == 2
        ends = [{(number, full.end_at(way, part, number)) for number in range(37)} & wanted for part in parts]
        assert all({end for _number, end in some} == set(ENDS) for some in ends)
        seen.append(set.union(*ends))
    assert {number for number, _end in seen[0]} == set(range(37)) and len(seen[0]) == 37
    assert seen[0] | seen[1] == wanted


def test_what_is_said_outside_counts():
    usual = Share.of({}, TODAY)
    assert (usual.full, usual.week, usual.layouts, usual.ways) == (False, 48, 10, WAYS)
    assert str(usual).endswith(", one layout in 10, one kill in 4 of \"podman's volume, with one more disk\", SEED=48")
    said = Share.of({"FULL": "0", "SEED": "3", "LAYOUTS": "2", "KILLS": "1"}, TODAY)
    assert (said.week, said.layouts, set(said.ways.values())) == (3, 2, {1}) and said.end_at(*said.of_ways()[0], 5)
    assert Share.of({"FULL": "1"}, TODAY).full
    assert str(Share(full=True, week=1)) == "every layout and every moment, SEED=1"


def test_ways_are_rows_of_the_table():
    rows = yaml.safe_load((DATA / "storage/disks.yml").read_text(encoding="utf-8"))
    assert {*WAYS, *OTHER_WAYS} <= {row["name"] for row in rows if row["ends"] == "changed"}
