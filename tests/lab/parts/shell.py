# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands and saying how long things take."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .config import CACHE

# The lab's podman must not depend on, or write, the machine's own containers.conf. The limits and runc are what a
# nested systemd needs on hosts with small limits or cgroup v1; a podman first used without netavark stays with CNI.
_CONTAINERS_CONF = """\
{limits}
[engine]
runtime = "runc"

[network]
network_backend = "netavark"
"""
# What nodes get of each, and less where this machine has less: raising a hard limit takes CAP_SYS_RESOURCE.
_LIMITS = {"nofile": (resource.RLIMIT_NOFILE, 20000), "nproc": (resource.RLIMIT_NPROC, 32768)}


class LabError(Exception):
    """Something a person has to know; shown as one sentence."""


def run(*argv: str, data: bytes | None = None, check: bool = True, **more: str) -> subprocess.CompletedProcess:
    """Run a command, output captured. Raises LabError with the end of its stderr unless `check` is False.

    `more` are variables of its environment.
    """
    done = subprocess.run(argv, input=data, capture_output=True, env=_environment() | more)
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


def containers_conf() -> str:
    """Write the configuration that every podman of the lab and of its tests runs with; the path for CONTAINERS_CONF."""
    path = CACHE / "containers.conf"
    text = _CONTAINERS_CONF.format(limits=limits_conf())
    if not path.exists() or path.read_text() != text:
        write_secret(path, text.encode())  # whole at any time: several podmen may be reading it
    return str(path)


def limits_conf() -> str:
    """Write what a containers.conf says of limits, here and in nodes that run containers of their own."""
    limits = {name: _allowed(*limit) for name, limit in _LIMITS.items()}
    texts = ", ".join(f'"{name}={number}:{number}"' for name, number in limits.items())
    return f"[containers]\ndefault_ulimits = [{texts}]\n"


def _allowed(limit: int, wanted: int) -> int:
    """Return the wanted number, or this process's hard limit where that is less."""
    hard = resource.getrlimit(limit)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)


def _environment() -> dict[str, str]:
    # podman 5 warns at every call where the machine has cgroup v1
    quiet = {"PODMAN_IGNORE_CGROUPSV1_WARNING": "1"}
    return {**os.environ, "CONTAINERS_CONF": containers_conf(), "LC_ALL": "C.UTF-8", **quiet}


def fail(message: str, code: int = 1) -> None:
    """One sentence on stderr, and out."""
    print("lab: " + message, file=sys.stderr)
    raise SystemExit(code)


