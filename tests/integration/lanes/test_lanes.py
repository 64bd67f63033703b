# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/tools/lanes: what it counts, what it says at the end, when it fails. A script stands for make."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LANES = Path(__file__).resolve().parents[3] / "tests/tools/lanes"
# The target is the last argument. unit writes a report as pytest would; the targets named in FAILING fail.
MAKE = """#!/bin/sh
report=${PYTEST_ADDOPTS##*--junitxml=}
target=$3
case $target in
unit) cat "$UNIT_REPORT" >"$report" ;;
esac
case " $FAILING " in *" $target "*) exit 2 ;; esac
"""
THREE = ("images and setup", "lint and unit", "hosts")
UNIT_REPORT = """<testsuites><testsuite>
<testcase classname="tests.unit.test_names" name="plain"/>
<testcase classname="tests.unit.test_names" name="property">
<properties><property name="shared" value="x"/></properties></testcase>
<testcase classname="tests.unit.formats.test_corpus" name="real file"/>
<testcase classname="tests.unit.formats.test_corpus" name="absent"><skipped/></testcase>
%s
</testsuite></testsuites>
"""


def lanes(tmp_path: Path, *names: str, more_cases: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "make").write_text(MAKE)
    (tmp_path / "make").chmod(0o755)
    (tmp_path / "unit.xml").write_text(UNIT_REPORT % more_cases)
    return call(tmp_path, LANES, *names, UNIT_REPORT=str(tmp_path / "unit.xml"), PYTEST_ADDOPTS="", **environment)


def call(tmp_path: Path, program: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", **environment}
    return subprocess.run([sys.executable, program, *names], env=environment, capture_output=True, text=True)


def test_everything_passes(tmp_path):
    done = lanes(tmp_path, *THREE)
    # setup, lint, sanity, hosts and molecule count once; unit by its report
    assert done.stdout.splitlines()[-1].startswith("=== 8 passed, 0 failed, 1 skipped in ")
    assert "cases over shared data: 2" in done.stdout
    table = [line for line in done.stdout.splitlines() if line.startswith(("images", "lint", "hosts"))]
    assert [line.split()[-1] for line in table] == ["ok", "ok", "ok"]
    assert done.returncode == 0


def test_a_failed_target_fails_the_run_and_the_rest_still_runs(tmp_path):
    done = lanes(tmp_path, *THREE, FAILING="lint")
    assert "FAILED: lint" in done.stdout
    assert "make molecule" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("=== 7 passed, 1 failed, 1 skipped in ")
    assert done.returncode == 1


def test_a_failed_test_is_counted_once(tmp_path):
    failed = '<testcase classname="tests.unit.test_names" name="wrong"><failure/></testcase>'
    done = lanes(tmp_path, "lint and unit", more_cases=failed, FAILING="unit")
    assert done.stdout.splitlines()[-1].startswith("=== 5 passed, 1 failed, 1 skipped in ")
    assert done.returncode == 1


def test_pytest_that_breaks_off_is_a_failure(tmp_path):
    done = lanes(tmp_path, "lint and unit", FAILING="unit")
    assert done.stdout.splitlines()[-1].startswith("=== 5 passed, 1 failed, 1 skipped in ")
    assert done.returncode == 1


def test_without_names_all_run(tmp_path):
    done = lanes(tmp_path)
    for target in ("setup", "unit", "playbooks", "molecule", "engines"):
        assert f"make {target}\n" in done.stdout


@pytest.mark.parametrize(("strict", "returncode"), [("", 0), ("0", 0), ("1", 1)])
def test_over_budget(tmp_path, strict, returncode):
    slow = LANES.read_text().replace("7 * 60", "0")
    (tmp_path / "lanes").write_text(slow)
    (tmp_path / "make").write_text("#!/bin/sh\n")
    (tmp_path / "make").chmod(0o755)
    done = call(tmp_path, tmp_path / "lanes", STRICT_BUDGET=strict)
    assert "warning: lint and unit: " in done.stdout
    assert done.returncode == returncode


def test_unknown_lane(tmp_path):
    done = lanes(tmp_path, "nodes")
    assert done.stderr.startswith("no such lane: nodes; there are: images and setup, lint and unit, ")
    assert done.returncode == 1
