# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For all unit tests: the collection is importable, and cases shared with other projects run where they are at hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"

sys.path[:0] = [str(REPOSITORY / ".cache" / "collections"), str(Path(__file__).parent)]

settings.register_profile("ci", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")

shared_cases = {"passed": 0, "failed": 0, "skipped": 0}


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of shared data beside the repository; without it the test is skipped, or fails if REQUIRE_SHARED=1."""
    if SHARED.is_dir():
        return SHARED
    if os.environ.get("REQUIRE_SHARED") == "1":
        pytest.fail(f"REQUIRE_SHARED=1, and there is no {SHARED.name} beside the repository")
    pytest.skip("no shared data beside the repository")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    uses_shared_data = "shared_dir" in getattr(item, "fixturenames", ())
    if uses_shared_data and call.when == "setup":
        item.user_properties.append(("shared", "yes"))  # for the count of all lanes, see tests/tools/lanes
    report = yield
    if uses_shared_data and (report.when == "call" or report.skipped):
        shared_cases[report.outcome] += 1
    return report


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(
        "shared cases: {passed} passed, {failed} failed, {skipped} skipped".format(**shared_cases)
    )
