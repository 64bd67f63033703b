# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/tools/lanes: what it counts, what it says at the end, when it fails. A script stands for make."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from . import load

LANES = Path(__file__).resolve().parents[3] / "tests/tools/lanes"
# The target is the last argument. unit writes a report as pytest would; the targets named in FAILING fail.
MAKE = """#!/bin/sh
report=${PYTEST_ADDOPTS##*--junitxml=}
target=$3
case $target in
unit) cat "$UNIT_REPORT" >"${report%?}" ;;
esac
case " $WAITING " in *" $target "*) exec sleep 60 ;; esac
case " $FAILING " in *" $target "*) exit 2 ;; esac
"""
THREE = ("images and setup", "lint and unit", "hosts")
UNIT_REPORT = """<testsuites><testsuite>
<testcase classname="tests.unit.test_names" name="plain"/>
<testcase classname="tests.unit.test_names" name="property">
<properties><property name="shared" value="x"/></properties></testcase>
<testcase classname="tests.unit.formats.test_corpus" name="real file"/>
%s
</testsuite></testsuites>
"""
FAILED = '<testcase classname="tests.unit.test_names" name="wrong"><failure/></testcase>'
SKIPPED = '<testcase classname="tests.unit.formats.test_corpus" name="absent"><skipped/></testcase>'


def lanes(tmp_path: Path, *names: str, more_cases: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return call(prepared(tmp_path, more_cases), LANES, *names, **environment)


def prepared(tmp_path: Path, more_cases: str = "") -> Path:
    (tmp_path / "make").write_text(MAKE)
    (tmp_path / "make").chmod(0o755)
    (tmp_path / "unit.xml").write_text(UNIT_REPORT % more_cases)
    return tmp_path


def call(tmp_path: Path, program: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, program, *names]
    return subprocess.run(command, env=variables(tmp_path, environment), capture_output=True, text=True)


def variables(tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    mine = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "UNIT_REPORT": str(tmp_path / "unit.xml"), "PYTEST_ADDOPTS": ""}
    return {**os.environ, "ALLOW_SKIPS": "", **mine, **environment}


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.splitlines()[-1]


def test_everything_passes(tmp_path):
    done = lanes(tmp_path, *THREE)
    # setup, lint, sanity and hosts count once; unit by its report
    assert last_line(done) == "7 passed, 0 failed, 0 skipped"
    assert "cases over shared data: 2" in done.stdout
    table = [line for line in done.stdout.splitlines() if line.startswith(("images", "lint", "hosts"))]
    assert [line.split()[-1] for line in table] == ["ok", "ok", "ok"]
    assert done.returncode == 0


def test_a_failed_target_fails_the_run_and_the_rest_still_runs(tmp_path):
    done = lanes(tmp_path, *THREE, FAILING="lint")
    assert "FAILED: lint" in done.stdout
    assert "make hosts" in done.stdout
    assert last_line(done) == "6 passed, 1 failed, 0 skipped"
    assert done.returncode == 1


@pytest.mark.parametrize("setting", [{}, {"ALLOW_SKIPS": "0"}])
def test_a_skipped_test_fails_the_run(tmp_path, setting):
    done = lanes(tmp_path, "lint and unit", more_cases=SKIPPED, **setting)
    assert "FAILED: tests were skipped" in done.stdout
    assert last_line(done) == "5 passed, 0 failed, 1 skipped"
    assert done.returncode == 1


def test_a_skipped_test_may_be_allowed(tmp_path):
    done = lanes(tmp_path, "lint and unit", more_cases=SKIPPED, ALLOW_SKIPS="1")
    assert "FAILED" not in done.stdout
    assert done.returncode == 0


def test_a_failed_test_is_counted_once(tmp_path):
    done = lanes(tmp_path, "lint and unit", more_cases=FAILED, FAILING="unit")
    assert last_line(done) == "5 passed, 1 failed, 0 skipped"
    assert done.returncode == 1


def test_pytest_that_breaks_off_is_a_failure(tmp_path):
    done = lanes(tmp_path, "lint and unit", FAILING="unit")
    assert last_line(done) == "5 passed, 1 failed, 0 skipped"
    assert done.returncode == 1


def test_without_names_all_run(tmp_path):
    done = lanes(tmp_path)
    for target in ("setup", "unit", "playbooks", "molecule", "hosts"):
        assert f"make {target}: " in done.stdout


def test_lanes_that_wait_run_beside_those_that_compute(tmp_path):
    (tmp_path / "make").write_text("#!/bin/sh\nsleep 1\n")
    (tmp_path / "make").chmod(0o755)
    begin = time.monotonic()
    call(tmp_path, LANES, "hosts", "forecast")
    assert time.monotonic() - begin < 1.9


@pytest.mark.parametrize(("strict", "returncode"), [("", 0), ("0", 0), ("1", 1)])
def test_over_budget(tmp_path, strict, returncode):
    slow = re.sub(r'("lint and unit"), [\d *]+', r'\1, 0', LANES.read_text())
    (prepared(tmp_path) / "lanes").write_text(slow)
    done = call(tmp_path, tmp_path / "lanes", "lint and unit", STRICT_BUDGET=strict)
    assert "warning: lint and unit: " in done.stdout
    assert done.returncode == returncode


def test_unknown_lane(tmp_path):
    done = lanes(tmp_path, "nodes")
    first = "no such lane: nodes; there are: images and setup, page, hosts, CRI-O, masters, playbooks, lint and unit, "
    assert done.stderr.startswith(first)
    assert done.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_run_leaves_nothing_running(tmp_path, number):
    environment = variables(prepared(tmp_path), {"WAITING": "conformance"})
    process = subprocess.Popen([sys.executable, LANES, "forecast"], env=environment, stderr=subprocess.PIPE, text=True)
    mine = f"UNIT_REPORT={tmp_path}".encode()
    while not sleeping(mine):
        time.sleep(0.02)
    process.send_signal(number)
    assert process.communicate(timeout=10)[1] == "lanes: interrupted\n"
    assert process.returncode == 130
    until = time.monotonic() + 5
    while sleeping(mine) and time.monotonic() < until:
        time.sleep(0.02)
    assert sleeping(mine) == []


def sleeping(mark: bytes) -> list[Path]:
    """Processes `sleep` with this text in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "comm").read_text() == "sleep\n" and mark in (path / "environ").read_bytes():
                found.append(path)
        except OSError:
            continue
    return found


@pytest.mark.parametrize(("cold", "minutes"), [(False, 60), (True, 80)])
def test_budgets_add_up(cold, minutes):
    """With all that open issues will add."""
    assert load("lanes").whole(cold) <= minutes * 60


def test_every_target_of_a_lane_is_one_of_the_makefile():
    lanes = [lane for stage in load("lanes").stages() for track in stage for lane in track]
    targets = {target for lane in lanes for target in lane.targets}
    makefile = (LANES.parents[2] / "Makefile").read_text()
    assert {target for target in targets if f"\n{target}: " not in makefile} == set()
