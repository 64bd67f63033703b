# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that dies at any moment of a growth or a switch is finished by the next one; so is one whose host loses power.

Each way is gone once, with the machine saved right before each command that does something (on_guest). From there the
run is killed, or the power is cut, and the same task is run again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Disks, storage, table
from .share import SHARE
from .test_layouts import is_as_promised

ON_GUEST = Path(__file__).parent / "on_guest/usercustomize.py"
USER_SITE = "/root/.local/lib/python3.11/site-packages/usercustomize.py"
KILL = "pkill -9 -x python3; pkill -9 -f '^/usr/bin/python3'; rm -rf /run/moment; pgrep -x python3 || true"
#: Docker that runs, on storage that is not what its files say, is what must never be; "" when all is well.
WELL = """
systemctl is-active --quiet docker || exit 0
docker info --format '{{ .Driver }}' > /tmp/driver 2>/dev/null || { echo 'docker runs and does not answer'; exit 0; }
grep -q -- "--storage-driver $(cat /tmp/driver)" /etc/sysconfig/docker-storage ||
  echo "docker runs with $(cat /tmp/driver)"
docker ps -aq >/dev/null || echo 'docker runs without its containers'
"""


def row_of(name):
    return next(row for row in table("disks.yml") if row["name"] == name)


def moments(disks: Disks, row, part: int) -> Iterator[tuple[str, str, str]]:
    """Go the way once; yield, at each moment of this run's share, its snapshot, how a run ends, and what comes next."""
    machine = disks.machine
    disks.begin(row.get("from", "base"))
    machine.put(ON_GUEST.read_bytes(), USER_SITE)
    machine.sh("mkdir /run/moment; sync")
    play = disks.start(storage(row["storage"]))
    number = 0
    while play.poll() is None:
        held = machine.sh("cat /run/moment/held 2>/dev/null", check=False)
        if not held:
            time.sleep(0.1)
            continue
        if end := SHARE.end_at(row["name"], part, number):
            snapshot = f"moment{number}"
            machine.save(snapshot)
            yield snapshot, end, held.partition(" ")[2]
        number += 1
        machine.sh("rm /run/moment/held")
    (result,) = disks.ended(play)
    assert (result["failed"], result["changed"]) == (False, True), result
    assert number > 1, "a way without moments"


@pytest.mark.parametrize(("name", "part"), SHARE.of_ways())
def test_the_next_run_finishes(disks, subtests, name, part):
    row = row_of(name)
    for snapshot, end, what in list(moments(disks, row, part)):
        with subtests.test(end=end, before=what):
            finishes(disks, row, snapshot, end)
        disks.machine.forget(snapshot)


def finishes(disks, row, snapshot, end):
    machine = disks.machine
    machine.load(snapshot)
    if end == "kill":
        machine.sh(KILL)
    else:
        machine.lose_power()
        machine.sh("systemctl is-system-running --wait >/dev/null || true")
    assert machine.sh(WELL) == ""
    again, unchanged = disks.play(storage(row["storage"]), storage(row["storage"]))
    assert not again["failed"], again
    assert (unchanged["failed"], unchanged["changed"]) == (False, False), unchanged
    is_as_promised(disks, row)
