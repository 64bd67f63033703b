# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine with disks of its own (tests/lab/disks), its disks as a test wants them, and the collection on it.

FULL=1 takes every case; otherwise a quarter of them, another one each week (SEED), and those that must always run.
"""

from __future__ import annotations

import datetime
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = REPOSITORY / "tests/data/storage"
FULL = os.environ.get("FULL", "0") not in ("", "0")
SEED = int(os.environ.get("SEED") or datetime.date.today().isocalendar().week)
QUARTER = 4

sys.path[:0] = [str(REPOSITORY / "tests/lab")]

from disks import guest as lab  # noqa: E402


def pytest_report_header() -> str:
    return f"disks: {'every case' if FULL else f'a quarter of the cases, SEED={SEED}'}"


def table(name: str) -> list[dict[str, Any]]:
    """Read a table of cases."""
    return yaml.safe_load((DATA / name).read_text())


def chosen(name: str, always: bool = False) -> bool:
    """Tell whether a case runs this time."""
    return FULL or always or zlib.crc32(name.encode()) % QUARTER == SEED % QUARTER


def cases(name: str) -> list[Any]:
    """Choose the rows of a table for this run, as parameters."""
    return [pytest.param(row, id=row["name"]) for row in table(name) if chosen(row["name"], row.get("always", False))]


# --- the machine ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Guest]:
    """Start the machine, or take the one that runs; all of ssh, Ansible's too, shares one connection."""
    was_up = lab.running()
    lab.up()
    guest = lab.Guest(control=str(tmp_path_factory.mktemp("ssh") / "c"))
    yield guest
    guest.disconnect()
    if not was_up:
        lab.end()


@pytest.fixture
def fresh(machine: lab.Guest) -> lab.Guest:
    """Bring the machine back to what it was after its boot: empty disks, no docker."""
    machine.load("base")
    return machine
