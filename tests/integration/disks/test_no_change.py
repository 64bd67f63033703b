# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that finds everything as it is asked for costs little more than a ping: one look, and nothing else.

Ping and run in turns, on one connection, in one play. The machine is emulated and does what others leave it, so the
best of each is compared.
"""

from __future__ import annotations

import pytest

from .conftest import chosen, storage

MOST, ROUNDS = 1.6, 6
SETTINGS = {"VG": "docker_vol"}
ROOT = {**SETTINGS, "CONTAINER_ROOT_LV_NAME": "dockerlv", "CONTAINER_ROOT_LV_MOUNT_PATH": "/var/lib/docker"}
PODMAN = {"mode": "grow", "path": "/var/lib/containers", "size": "1G", "settings": {"VG": "containers"}}
AS_IT_IS = [
    {"name": "overlay", "asks": {"driver": "overlay2", "devices": ["/dev/vdb"], "settings": ROOT}},
    {"name": "pool", "asks": {"driver": "devicemapper", "devices": ["/dev/vdb"], "settings": SETTINGS}},
    {"name": "podman", "asks": PODMAN},
]


@pytest.mark.parametrize("row", chosen(AS_IT_IS))
def test_costs_little_more_than_a_ping(disks, row):
    disks.begin(row["name"])
    turns = [{"ansible.builtin.ping": {}}, storage(row["asks"])] * (1 + ROUNDS)
    assert not any(result["failed"] or result["changed"] for result in disks.play(*turns))
    took = disks.seconds()[2:]  # the first of each meets a machine that has nothing in its memory
    ping, ours = min(took[::2]), min(took[1::2])
    print(f"{row['name']}: {ours:.2f} s, a ping {ping:.2f} s, {ours / ping:.2f} times")
    assert ours <= MOST * ping, f"{ours:.2f} s against {ping:.2f} s of a ping"
