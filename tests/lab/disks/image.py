# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest's kernel, initrd and root disk, built from the distribution's packages."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from parts.images import machine_mirror
from parts.shell import LabError, run, step

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[2] / ".cache/disks"
SUITE = "bookworm"
PACKAGES = (
    "systemd-sysv", "udev", "kmod", "dbus", "openssh-server", "python3", "iproute2", "procps", "ca-certificates",
    "lvm2", "thin-provisioning-tools", "dmeventd", "xfsprogs", "e2fsprogs", "parted", "fdisk", "gdisk",
    "docker.io", "iptables", "busybox-static",
)  # fmt: skip
#: The root disk; what is not used takes no room.
SIZE = "3G"
#: What the kernel needs before it can see a disk or the network, without the modules that these need.
EARLY = ("virtio_pci", "virtio_blk", "virtio_net")


def key() -> str:
    """Name what the image is made of: another version of anything is another image."""
    files = [HERE / "finish", HERE / "init", *(path for path in sorted((HERE / "root").rglob("*")) if path.is_file())]
    parts = [(str(path.relative_to(HERE)), path.read_bytes().hex()) for path in files]
    return hashlib.sha256(json.dumps([SUITE, PACKAGES, SIZE, EARLY, parts]).encode()).hexdigest()[:12]


def ensure() -> Path:
    """Return the folder with kernel, initrd, root.img and keys; build it first where it is not there."""
    place = CACHE / "image" / key()
    if (place / "root.img").exists():
        return place
    if os.geteuid():
        raise LabError("the guest's root file system is made by mmdebstrap and chroot, which needs root")
    shutil.rmtree(place.parent, ignore_errors=True)
    place.mkdir(parents=True)
    # A checkout's path may hold what a chroot's tools do not expect; the root itself is gone at the end.
    with tempfile.TemporaryDirectory(dir=place, prefix="root-") as root:
        keys(place)
        with step(f"guest: packages of {SUITE}"):
            packages(Path(root), place)
        with step("guest: initrd and root disk"):
            kernel(Path(root), place)
            disk(Path(root), place)
    return place


def keys(place: Path) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "disks", "-f", str(place / "id_ed25519"))


def packages(root: Path, place: Path) -> None:
    options = ["--quiet", "--variant=minbase", "--mode=root", "--include=" + ",".join(PACKAGES)]
    options += ['--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"']
    options += ['--aptopt=Acquire::Retries "3"']
    options += [f"--dpkgopt=path-exclude=/usr/share/{path}/*" for path in ("doc", "man", "locale", "info")]
    hook = f"--customize-hook={HERE / 'finish'}"
    run("mmdebstrap", *options, hook, SUITE, str(root), *machine_mirror(), AUTHORIZED_KEY=str(place / "id_ed25519.pub"))
    host_key = (root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
    (place / "known_hosts").write_text(" ".join(["disks1", *host_key]) + "\n")


def kernel(root: Path, place: Path) -> None:
    """Copy the kernel, and make an initrd of busybox, the early modules and init."""
    version = next((root / "usr/lib/modules").iterdir()).name
    shutil.copyfile(root / f"boot/vmlinuz-{version}", place / "vmlinuz")
    asked = ("chroot", str(root), "modprobe", "-S", version, "--show-depends", "--all", *EARLY)
    modules = [Path(line.split()[1]) for line in run(*asked).stdout.decode().splitlines() if line.startswith("insmod")]
    modules = list(dict.fromkeys(modules))
    tree = root / "tmp/initrd"
    for folder in ("bin", "dev", "root", "modules"):
        (tree / folder).mkdir(parents=True)
    shutil.copy(root / "bin/busybox", tree / "bin/busybox")
    shutil.copy(HERE / "init", tree / "init")
    for module in modules:
        shutil.copy(root / str(module).lstrip("/"), tree / "modules")
    (tree / "modules/order").write_text("".join(f"{module.name}\n" for module in modules))
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    archive = subprocess.run(
        [root / "bin/busybox", "cpio", "-o", "-H", "newc"], cwd=tree, input=names.encode(), check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ).stdout  # fmt: skip
    (place / "initrd").write_bytes(gzip.compress(archive, 6))
    shutil.rmtree(tree)


def disk(root: Path, place: Path) -> None:
    image = place / "root.partial"
    run("truncate", "-s", SIZE, str(image))
    run("mkfs.ext4", "-q", "-F", "-d", str(root), str(image))
    image.rename(place / "root.img")
