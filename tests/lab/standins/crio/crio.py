#!/usr/bin/python3
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product; see README.md beside this file.
"""crio: started by systemd (Type=notify), answers crictl; skopeo pulls with the lists that are held."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent import futures
from pathlib import Path

sys.path.insert(0, "/usr/libexec/crio-standin")

import grpc  # noqa: E402
import held  # noqa: E402
import messages  # noqa: E402

ROOT = Path(os.environ.get("CRIO_STANDIN_ROOT", "/"))
SOCKET = ROOT / "var/run/crio/crio.sock"
STORE = ROOT / "var/lib/crio-standin"
VERSION_FILE = ROOT / "etc/dockyard-lab/crio-version"
USUAL = "1.34.11"


def said_version() -> str:
    return VERSION_FILE.read_text(encoding="utf-8").strip() if VERSION_FILE.exists() else USUAL


def log(level: str, text: str) -> None:
    print(f'time="now" level={level} msg={json.dumps(text)}', flush=True)


class Daemon:
    """What is held, and what was pulled. Raises held.Broken for files with which CRI-O does not start."""

    def __init__(self) -> None:
        self.version = held.version_of(said_version())
        self.settings = held.settings(ROOT)
        self.held = held.load(ROOT, self.version)
        STORE.mkdir(parents=True, exist_ok=True)

    def reload(self) -> None:
        """Read the lists again; a broken file changes nothing and is told by the log alone."""
        log("info", "Reloading configuration")
        try:
            held.settings(ROOT)
            self.held = held.load(ROOT, self.version)
        except held.Broken as problem:
            whose = "" if str(problem).startswith("update config") else "system registries reload failed: "
            log("error", f"Unable to reload configuration: {whose}{problem}")
            return
        log("info", self.held.told())
        log("info", "Configuration reload completed")

    def pull(self, image: str, auth: tuple[str, str] | None) -> str:
        """Pull an image and return its digest. Raises held.Refused with the words of the last attempt."""
        said = ""
        for name in held.names(image, self.held, self.settings, self.version):
            place = STORE / hashlib.sha256(name.encode()).hexdigest()
            done = self._skopeo(name, place, auth)
            if done.returncode == 0:
                digest = f"sha256:{hashlib.sha256((place / 'manifest.json').read_bytes()).hexdigest()}"
                self._remember(name, digest)
                return digest
            shutil.rmtree(place, ignore_errors=True)
            lines = done.stderr.strip().splitlines() or [f"skopeo ended with {done.returncode}"]
            said = re.sub(r"^\S*FATA\[\d+\] |.*level=fatal msg=", "", lines[-1]).strip(chr(34))
        raise held.Refused(said)

    def _skopeo(self, name: str, place: Path, auth: tuple[str, str] | None) -> subprocess.CompletedProcess[str]:
        """Run skopeo on a copy of /etc/containers in which the lists are those that are held; the rest is read now."""
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / "containers"
            shutil.copytree(ROOT / "etc/containers", copy, symlinks=True, dirs_exist_ok=True)
            (copy / "registries.conf").unlink(missing_ok=True)
            shutil.rmtree(copy / "registries.conf.d", ignore_errors=True)
            for path, text in self.held.files.items():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_text(text, encoding="utf-8")
            policy = self.settings.get("signature_policy")
            insecure = held.is_insecure(name, self.held, self.settings, self.version)
            command = [
                "skopeo", *(["--policy", policy] if policy else []), "copy", "-q",
                *(["--src-tls-verify=false"] if insecure else []),
                *(["--src-creds", ":".join(auth)] if auth else []),
                f"docker://{name}", f"dir:{place}",
            ]  # fmt: skip
            bind = 'mount --bind "$0" /etc/containers && exec "$@"'
            return subprocess.run(
                ["unshare", "-m", "sh", "-c", bind, str(copy), *command], capture_output=True, text=True, check=False
            )

    def images(self) -> dict[str, str]:
        file = STORE / "images.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def _remember(self, name: str, digest: str | None) -> None:
        found = {key: value for key, value in self.images().items() if key != name}
        (STORE / "images.json").write_text(json.dumps(found | ({name: digest} if digest else {})), encoding="utf-8")

    def found(self, image: str) -> tuple[str, str] | None:
        """Return name and digest of an image that was pulled: by its name, its digest, or a short name."""
        for name, digest in self.images().items():
            untagged = name.removesuffix(":latest")
            if image in (name, digest, untagged) or name.endswith(f"/{image}") or untagged.endswith(f"/{image}"):
                return name, digest
        return None

    def remove(self, image: str) -> None:
        if found := self.found(image):
            self._remember(found[0], None)
            shutil.rmtree(STORE / hashlib.sha256(found[0].encode()).hexdigest(), ignore_errors=True)


def methods(daemon: Daemon) -> dict[str, Callable[[bytes], messages.Message]]:
    """Map the methods of CRI that a pull needs to functions of their requests."""

    def pull(request: bytes) -> messages.Message:
        return [(1, daemon.pull(messages.image_of(request), messages.auth_of(request)))]

    def status(request: bytes) -> messages.Message:
        found = daemon.found(messages.image_of(request))
        return [(1, messages.image(*found, 1))] if found else []

    def listed(request: bytes) -> messages.Message:
        return [(1, messages.image(name, digest, 1)) for name, digest in daemon.images().items()]

    def remove(request: bytes) -> messages.Message:
        daemon.remove(messages.image_of(request))
        return []

    def version(request: bytes) -> messages.Message:
        return [(1, "0.1.0"), (2, "cri-o"), (3, said_version()), (4, "v1")]

    image, runtime = "runtime.v1.ImageService", "runtime.v1.RuntimeService"
    return {
        f"/{image}/PullImage": pull, f"/{image}/ImageStatus": status, f"/{image}/ListImages": listed,
        f"/{image}/RemoveImage": remove, f"/{image}/ImageFsInfo": lambda request: [],
        f"/{runtime}/Version": version, f"/{runtime}/Status": lambda request: [(1, [])],
    }  # fmt: skip


class Handler(grpc.GenericRpcHandler):
    """Answers in bytes, so that no code has to be made of the definition of CRI."""

    def __init__(self, table: dict[str, Callable[[bytes], messages.Message]]) -> None:
        self.table = table

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = self.table.get(details.method)
        if method is None:
            return None

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                return messages.encode(method(request))
            except held.Refused as problem:
                context.abort(grpc.StatusCode.UNKNOWN, str(problem))
                raise

        return grpc.unary_unary_rpc_method_handler(answer)


def notify(text: str) -> None:
    """Tell systemd."""
    if path := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(text.encode(), path.replace("@", "\0", 1) if path.startswith("@") else path)


def main() -> int:
    if "--version" in sys.argv:
        print(f"crio version {said_version()}")
        return 0
    try:
        daemon = Daemon()
    except held.Broken as problem:
        log("fatal", f"validating runtime config: invalid registries: {problem}")
        return 1
    if daemon.version >= (1, 16):
        signal.signal(signal.SIGHUP, lambda number, frame: daemon.reload())
    elif daemon.version >= held.OLD:
        signal.signal(signal.SIGHUP, lambda number, frame: log("info", "Reloading configuration"))
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    SOCKET.unlink(missing_ok=True)
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Handler(methods(daemon)),))
    server.add_insecure_port(f"unix://{SOCKET}")
    server.start()
    log("info", f"Starting CRI-O, version: {said_version()}, git: stand-in")
    notify("READY=1")
    signal.signal(signal.SIGTERM, lambda number, frame: server.stop(0))
    server.wait_for_termination()
    return 0


if __name__ == "__main__":
    sys.exit(main())
