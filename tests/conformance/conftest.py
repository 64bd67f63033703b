# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection beside containers/image itself: what one says of a case, the other has to say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).parent / "resolution"
PROGRAM = REPOSITORY / ".cache" / "conformance" / "resolution"
# Without cgo and gpgme, so that it builds wherever there is Go.
BUILD = ["go", "build", "-trimpath", "-tags", "containers_image_openpgp,containers_image_rekor_stub", "-o"]

sys.path.insert(0, str(REPOSITORY / ".cache" / "collections"))


class Library:
    """containers/image, asked one case at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, case: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the program ended ({self.process.wait()}) at {case}"
        return json.loads(line)


@pytest.fixture(scope="session")
def library() -> Iterator[Library]:
    """Built from the pinned modules; without Go the test is skipped, or fails if REQUIRE_GO=1."""
    if not shutil.which("go"):
        (pytest.fail if os.environ.get("REQUIRE_GO") == "1" else pytest.skip)("there is no Go on this machine")
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    subprocess.run([*BUILD, str(PROGRAM), "."], cwd=SOURCE, env=environment, check=True)
    asked = Library()
    yield asked
    assert asked.process.stdin
    asked.process.stdin.close()
    assert asked.process.wait(timeout=10) == 0
