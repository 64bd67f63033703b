# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands and saying how long things take."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .config import CACHE

# The lab's podman must not depend on, or write, the machine's own containers.conf. The limits and runc are what a
# nested systemd needs on hosts with small limits or cgroup v1; a podman first used without netavark stays with CNI.
_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]

[engine]
runtime = "runc"

[network]
network_backend = "netavark"
"""


class LabError(Exception):
    """Something a person has to know; shown as one sentence."""


def run(*argv: str, data: bytes | None = None, check: bool = True) -> subprocess.CompletedProcess:
    """Run a command, output captured. Raises LabError with the end of its stderr unless `check` is False."""
    done = subprocess.run(argv, input=data, capture_output=True, env=_environment())
    if check and done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-12:]
        raise LabError(" ".join(argv[:4]) + f" ... ended with {done.returncode}: " + "\n".join(said))
    return done


def podman(*argv: str, data: bytes | None = None, check: bool = True) -> str:
    """stdout of podman, stripped."""
    return run("podman", *argv, data=data, check=check).stdout.decode(errors="replace").strip()


def pass_through(*argv: str) -> int:
    """Run a command with this terminal."""
    return subprocess.run(argv, env=_environment()).returncode


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Print one line with the seconds when the block is done."""
    begin = time.monotonic()
    yield
    print(f"  {what:44} {time.monotonic() - begin:6.1f} s", flush=True)


def write_secret(path: Path, content: bytes) -> None:
    """Write a file only its owner can read; never readable in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(content)
    temporary.rename(path)


def _environment() -> dict[str, str]:
    conf = CACHE / "containers.conf"
    if not conf.exists() or conf.read_text() != _CONTAINERS_CONF:
        CACHE.mkdir(parents=True, exist_ok=True)
        conf.write_text(_CONTAINERS_CONF)
    return {**os.environ, "CONTAINERS_CONF": str(conf), "LC_ALL": "C.UTF-8"}


def fail(message: str, code: int = 1) -> None:
    """One sentence on stderr, and out."""
    print("lab: " + message, file=sys.stderr)
    raise SystemExit(code)


