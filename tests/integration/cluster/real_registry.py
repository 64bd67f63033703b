# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on loopback: Debian's docker-registry behind TLS, with the login bot:topsecret; an object store."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trust.pki import certificate, key_pem

_HTPASSWD = "bot:$2y$05$ky5JkFnT6n.rqI5/q9IbiePTCm3Mbo/iOKOB6gGkTkop1y3IP89s6"
_SECONDS = 20


def program(name: str, place: Path) -> Path:
    """Return a program of the machine, else Debian's, which is put into a place whole: other workers want it too."""
    if found := shutil.which(name):
        return Path(found)
    unpacked = place / "usr/bin" / name
    if not unpacked.exists():
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            fetch = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name]
            subprocess.run(fetch, cwd=scratch, check=True)
            (package,) = Path(scratch).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", package, scratch], check=True)
            os.replace(Path(scratch) / "usr/bin" / name, unpacked)
    return unpacked


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(
    program: Path, place: Path, name: str, *, port: int = 0, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Serve images; what signs for the registry is in cert.pem of the place. environment: says where they are kept."""
    port = port or free_port()
    (place / "cert.pem").write_text(certificate("localhost", names=("localhost", "127.0.0.1"), days=4000))
    (place / "key.pem").write_text(key_pem("localhost"))
    (place / "htpasswd").write_text(_HTPASSWD + "\n")
    configuration = {
        "version": 0.1, "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(place / f"data-{name}")}},
        "http": {
            "addr": f"127.0.0.1:{port}",
            "tls": {"certificate": str(place / "cert.pem"), "key": str(place / "key.pem")},
        },
        "auth": {"htpasswd": {"realm": "lab", "path": str(place / "htpasswd")}},
    }  # fmt: skip
    (place / f"{name}.yml").write_text(json.dumps(configuration))
    with _running([program, "serve", place / f"{name}.yml"], port, place / f"{name}.log", environment or {}):
        yield f"localhost:{port}"


@contextmanager
def _running(command: list[Any], port: int, said: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a server until the block ends; nothing of our own environment reaches it but PATH."""
    with open(said, "w") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": os.environ["PATH"], **environment})
    try:
        _wait_for(port)
        yield
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


@contextmanager
def object_store(program: Path, place: Path, bucket: str, login: tuple[str, str]) -> Iterator[str]:
    """Serve a bucket by the protocol S3; its objects are files below store/BUCKET of the place."""
    port = free_port()
    (place / "store" / bucket).mkdir(parents=True)
    (place / "about").mkdir()
    environment = {"ROOT_ACCESS_KEY_ID": login[0], "ROOT_SECRET_ACCESS_KEY": login[1]}
    command = [program, "--port", f"127.0.0.1:{port}", "posix", "--sidecar", place / "about", place / "store"]
    with _running(command, port, place / "store.log", environment):
        yield f"http://127.0.0.1:{port}"
