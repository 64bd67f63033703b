# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real registry, Debian's docker-registry, on loopback: behind TLS, with the login bot:topsecret."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trust.pki import certificate, key_pem

_HTPASSWD = "bot:$2y$05$ky5JkFnT6n.rqI5/q9IbiePTCm3Mbo/iOKOB6gGkTkop1y3IP89s6"
_SECONDS = 20


def program(place: Path) -> Path:
    """Return the program of the machine, else Debian's, which is put into a place whole: other workers want it too."""
    if found := shutil.which("docker-registry"):
        return Path(found)
    unpacked = place / "usr/bin/docker-registry"
    if not unpacked.exists():
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            fetch = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "docker-registry"]
            subprocess.run(fetch, cwd=scratch, check=True)
            (package,) = Path(scratch).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", package, scratch], check=True)
            os.replace(Path(scratch) / "usr/bin/docker-registry", unpacked)
    return unpacked


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(
    program: Path, place: Path, name: str, *, root: Path | None = None, port: int = 0, read_only: bool = False
) -> Iterator[str]:
    """Serve images that are kept in root; what signs for the registry is in cert.pem of the place."""
    port = port or free_port()
    (place / "cert.pem").write_text(certificate("localhost", names=("localhost", "127.0.0.1"), days=4000))
    (place / "key.pem").write_text(key_pem("localhost"))
    (place / "htpasswd").write_text(_HTPASSWD + "\n")
    configuration = {
        "version": 0.1, "log": {"level": "error"},
        "storage": {
            "filesystem": {"rootdirectory": str(root or place / f"data-{name}")},
            "maintenance": {"readonly": {"enabled": read_only}},
        },
        "http": {
            "addr": f"127.0.0.1:{port}",
            "tls": {"certificate": str(place / "cert.pem"), "key": str(place / "key.pem")},
        },
        "auth": {"htpasswd": {"realm": "lab", "path": str(place / "htpasswd")}},
    }  # fmt: skip
    (place / f"{name}.yml").write_text(json.dumps(configuration))
    with open(place / f"{name}.log", "w") as log:
        running = subprocess.Popen([program, "serve", place / f"{name}.yml"], stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield f"localhost:{port}"
    finally:
        running.kill()
        running.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens at port {port} after {_SECONDS} s")
