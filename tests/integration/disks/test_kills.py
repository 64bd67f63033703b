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

from .conftest import FULL, QUARTER, SEED, Disks, storage, table
from .test_layouts import is_as_promised

ON_GUEST = Path(__file__).parent / "on_guest/usercustomize.py"
USER_SITE = "/root/.local/lib/python3.11/site-packages/usercustomize.py"
#: Names of rows of disks.yml. The others are for a run with time.
WAYS = ("podman's volume, with one more disk", "from devicemapper to overlay2")
OTHER_WAYS = (
    "from overlay2 to devicemapper", "one more disk for overlay2", "one more disk for the pool",
    "a fresh disk for overlay2",
)  # fmt: skip
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


def moments(disks: Disks, row) -> Iterator[tuple[str, str]]:
    """Go the way once; yield, at each moment of this run's share, the name of its snapshot and what comes next."""
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
        name = f"moment{number}"
        if FULL or number % QUARTER == SEED % QUARTER:
            machine.save(name)
            yield name, held.partition(" ")[2]
        number += 1
        machine.sh("rm /run/moment/held")
    (result,) = disks.ended(play)
    assert (result["failed"], result["changed"]) == (False, True), result
    assert number > 1, "a way without moments"


@pytest.mark.parametrize("name", WAYS + (OTHER_WAYS if FULL else ()))
def test_the_next_run_finishes(disks, subtests, name):
    row = row_of(name)
    found = list(moments(disks, row))
    for number, (snapshot, what) in enumerate(found):
        ends = ("kill", "power") if FULL else (("kill", "power")[(number + SEED) % 2],)
        for end in ends:
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
        machine.wait()
        machine.sh("systemctl is-system-running --wait >/dev/null || true")
    assert machine.sh(WELL) == ""
    again, unchanged = disks.play(storage(row["storage"]), storage(row["storage"]))
    assert not again["failed"], again
    assert (unchanged["failed"], unchanged["changed"]) == (False, False), unchanged
    is_as_promised(disks, row)
