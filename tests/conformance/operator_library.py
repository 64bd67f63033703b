# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries of the machine-config-operator at a test's disposal, by the Go program in node_files/.

CASES says how many cases a test generates (300; `make conformance-full` takes 2500), SEED which ones: the same seed
gives the same cases. Without one it is the week of the year, so that CI sees new cases and a failure can be had again.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).parent / "node_files"
PROGRAM = REPOSITORY / ".cache" / "conformance" / "node_files"
BUILD = ["go", "build", "-trimpath", "-tags", "containers_image_openpgp", "-o", str(PROGRAM), "."]

sys.path.append(str(REPOSITORY / "tests/unit"))
from openshift4 import manifests  # noqa: E402, F401

SEED = int(os.environ.get("SEED") or "%d%02d" % datetime.date.today().isocalendar()[:2])
CASES = int(os.environ.get("CASES", "300"))
ENOUGH = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


class OperatorLibrary:
    """One question at a time, as JSON."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the program ended ({self.process.wait()}) at {question}"
        return json.loads(answer)


def started() -> Iterator[OperatorLibrary]:
    """Built from the pinned modules; without Go the test is skipped, or fails if REQUIRE_GO=1."""
    if not shutil.which("go"):
        (pytest.fail if os.environ.get("REQUIRE_GO") == "1" else pytest.skip)("there is no Go on this machine")
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    subprocess.run(BUILD, cwd=SOURCE, check=True, env=environment)
    asked = OperatorLibrary()
    yield asked
    assert asked.process.stdin
    asked.process.stdin.close()
    assert asked.process.wait(timeout=10) == 0
