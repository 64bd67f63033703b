# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: systemd containers on the lab's network."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import PurePosixPath

from . import crio, images, keys, masters, origin, registries
from .config import CACHE, IMAGES, LABEL, NETWORK, NODES
from .shell import LabError, limits_conf, podman, run, step

# path without leading slash -> (mode, content) of a file, or -> the target of a symbolic link
Files = dict[str, "tuple[int, bytes] | str"]
_BOOT_SECONDS = 60
_CONTENT = "dockyard.lab.content"
_BOOTED = ("running", "degraded", "maintenance")
_INIT = ["/lib/systemd/systemd"]
# systemd from 258 on refuses cgroup v1, which a host may still have; the container mounts v2 for itself there
_CGROUP2_INIT = ["/bin/sh", "-c", "[ -e /sys/fs/cgroup/cgroup.controllers ] || "
                 "{ umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; }; exec /lib/systemd/systemd"]


def network_up() -> None:
    """No name service and no way out: names are in /etc/hosts, and a pull that leaves the lab fails at once."""
    if run("podman", "network", "exists", NETWORK["name"], check=False).returncode:
        podman("network", "create", "--internal", "--disable-dns", "--label", LABEL,
               "--subnet", NETWORK["subnet"], "--gateway", NETWORK["gateway"], NETWORK["name"])


def up(name: str) -> None:
    """Create and start the node unless it is current. Raises LabError for a foreign container."""
    if current(name):
        return
    if name in existing():
        remove([name])
    elif not run("podman", "container", "exists", name, check=False).returncode:
        raise LabError(f"a container {name} exists that is not the lab's: rename or remove it first")
    with step(f"node {name}: create"):
        _create(name)
    # the files went in before systemd starts; so a container that was ever started is complete
    with step(f"node {name}: start"):
        podman("start", name)
        _announce(name)


def wait(name: str) -> None:
    """Return when the node has booted, with a note on units that failed. Raises LabError when it does not answer."""
    deadline = time.monotonic() + _BOOT_SECONDS
    state = ""
    while running(name) and time.monotonic() < deadline:
        state = podman("exec", name, "systemctl", "is-system-running", "--wait", check=False)
        if state in _BOOTED:
            break
        time.sleep(0.1)
    if state not in _BOOTED:
        raise LabError(f"node {name} does not boot; see `podman logs {name}`")
    if state != "running":
        failed = podman("exec", name, "systemctl", "--failed", "--no-legend", "--plain", check=False)
        print(f"  note: node {name} is {state}: {failed}")


def remove(names: list[str]) -> None:
    """Containers with their anonymous volumes."""
    podman("rm", "--force", "--ignore", "--volumes", "--time", "0", *names)


def existing() -> list[str]:
    """Names of all containers of the lab, extra nodes too."""
    return podman("ps", "--all", "--filter", "label=" + LABEL, "--format", "{{.Names}}").split()


def running(name: str) -> bool:
    """Return whether there is such a container of the lab, and it runs."""
    container = _inspect(name)
    return bool(container) and container["State"]["Running"]


def current(name: str) -> bool:
    """Return whether the node runs from this checkout's image, with its keys and stand-ins."""
    container = _inspect(name)
    wanted = images.tag(NODES[name]["image"]), _digest(_files(name))
    return running(name) and (container["ImageName"], container["Config"]["Labels"].get(_CONTENT)) == wanted


@contextlib.contextmanager
def taken(name: str) -> Iterator[None]:
    """Keep the node to this test alone: tests run side by side, and others that want it wait."""
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def put(name: str, files: Files) -> None:
    """Copy files into a node, created or running, owned by root."""
    stream, now = io.BytesIO(), int(time.time())
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for directory in sorted({str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o700 if directory.split("/")[0] == "root" else 0o755
            entry.mtime = now
            archive.addfile(entry)
        for path, value in files.items():
            entry = tarfile.TarInfo(path)
            if isinstance(value, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, value
                archive.addfile(entry)
            else:
                entry.mode, content = value
                entry.size, entry.mtime = len(content), now
                archive.addfile(entry, io.BytesIO(content))
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:  # podman 4.3 leaves its copy of the archive behind
        run("podman", "cp", "-", name + ":/", data=stream.getvalue(), TMPDIR=scratch)


def _create(name: str) -> None:
    node = NODES[name]
    argv = ["create", "--name", name, "--hostname", name, "--label", LABEL, "--network", NETWORK["name"],
            "--systemd=always", "--privileged", "--stop-timeout", "5"]
    if "address" in node:
        argv += ["--ip", node["address"]]
    for other, conf in NODES.items():
        aliases = [other, *conf.get("names", [])] if "address" in conf else []
        argv += [f"--add-host={alias}:{conf['address']}" for alias in aliases]
    for volume in node.get("volumes", []):
        argv += ["--volume", volume]
    files = _files(name)
    argv += ["--label", f"{_CONTENT}={_digest(files)}", images.tag(node["image"])]
    podman(*argv, *(_CGROUP2_INIT if IMAGES[node["image"]].get("cgroup2") else _INIT))
    put(name, files)


def _announce(name: str) -> None:
    """Let the others know: to them the address still belongs to the container before this one, for half a minute."""
    others = [NETWORK["gateway"], *(node["address"] for node in NODES.values() if "address" in node)]
    script = "for other; do echo >/dev/udp/$other/9; done"
    podman("exec", name, "bash", "-c", script, "bash", *others, check=False)


def _inspect(name: str) -> dict:
    found = run("podman", "container", "inspect", name, check=False)
    container = json.loads(found.stdout)[0] if found.returncode == 0 else {}
    key, value = LABEL.split("=")
    return container if container and container["Config"]["Labels"].get(key) == value else {}


def _digest(files: Files) -> str:
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:12]


def _files(name: str) -> Files:
    node = NODES[name]
    files: Files = {"etc/machine-id": (0o444, hashlib.md5(name.encode()).hexdigest().encode() + b"\n")}
    if node.get("ssh", True):
        key = keys.host_key(name)
        files["etc/ssh/ssh_host_ed25519_key"] = 0o600, key.read_bytes()
        files["etc/ssh/ssh_host_ed25519_key.pub"] = 0o644, keys.public(key).encode() + b"\n"
        files["root/.ssh/authorized_keys"] = 0o600, keys.public(keys.SSH_KEY).encode() + b"\n"
    if "auth_file" in node:
        files[node["auth_file"]] = 0o600, keys.AUTH_FILE.read_bytes()
    if node["image"] == "podman":  # /etc/containers is what tests change
        files["usr/share/containers/containers.conf"] = 0o644, limits_conf().encode()
    if "docker" in node:
        files.update(origin.files(node["docker"]))
    if node.get("crio"):
        files.update(crio.files())
    if "master" in node:
        files.update(masters.files(node["master"]))
    if name == "registry":
        files.update(registries.files())
    return files
