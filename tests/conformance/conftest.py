# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our rules beside the Go libraries they come from: each program answers one case a line."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .amount import CASES, SEED

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = REPOSITORY / ".cache/conformance"
# Without cgo and gpgme, so that it builds wherever there is Go.
BUILD = ["go", "build", "-trimpath", "-tags", "containers_image_openpgp,containers_image_rekor_stub", "-o"]
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}

sys.path[:0] = [str(REPOSITORY / ".cache/collections"), str(REPOSITORY / "tests/unit")]


def pytest_report_header() -> str:
    return f"conformance: CASES={CASES} SEED={SEED}"


class Program:
    """A Go program that answers JSON by JSON."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen([PROGRAMS / name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, case: dict[str, Any] | str) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the program ended ({self.process.wait()}) at {case}"
        return json.loads(line)

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0


@pytest.fixture(scope="session")
def programs() -> None:
    """Built from the pinned modules. No Go, no test: `make conformance` sees to it that there is one."""
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    with open(PROGRAMS / "lock", "w") as lock:  # tests run side by side, and one build is enough
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            [*BUILD, f"{PROGRAMS}/", "./..."], cwd=Path(__file__).parent, env=os.environ | ENVIRONMENT, check=True
        )


def _answering(name: str) -> Any:
    """Make a fixture of a program."""

    @pytest.fixture(scope="session")
    def program(programs: None) -> Iterator[Program]:
        running = Program(name)
        yield running
        running.end()

    return program


#: containers/image
library = _answering("resolution")
#: the libraries of the machine-config-operator
operator = _answering("node_files")
#: containers/image, docker/cli and the kubelet's keyring
library_of_logins = _answering("credentials")
#: the drain of kubectl, against an API in memory
kubectl = _answering("drain")
#: the rules of the ImagePolicy plug-in of OpenShift 3.11
openshift3 = _answering("openshift3")
#: how masters of OpenShift 3 read YAML
yaml_v2 = _answering("yaml")
