# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node images: distribution packages -> tarball in the cache -> image in podman."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .config import CACHE, IMAGES, LAB, LABEL
from .shell import podman, run, step

_EVERY_NODE = ["systemd-sysv", "iproute2", "procps"]
_APTOPTS = ['Acquire::Languages "none"', 'APT::Install-Recommends "false"', 'Acquire::Retries "3"']
_KEYRING = "./usr/share/keyrings/debian-archive-keyring.pgp"
# two builds at a time: each alternates between downloading and unpacking
_PARALLEL = 2
TEST_IMAGES = "localhost/dockyard-lab-test:"


def tag(name: str) -> str:
    """The image's name in podman; another package list or script gives another name."""
    return f"localhost/dockyard-lab-{name}:{_digest(name)}"


def ensure(names: list[str]) -> None:
    """Make the images that podman does not have yet, from the cache where it has the tarball."""
    missing = [name for name in names if run("podman", "image", "exists", tag(name), check=False).returncode]
    if not missing:
        return
    mirror = machine_mirror()
    # one that lends its keyring to another is built before it
    lenders = {IMAGES[name]["keyring_of"] for name in missing if "keyring_of" in IMAGES[name]}
    first = [name for name in IMAGES if name in lenders]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        lent = {name: pool.submit(_image, name, mirror, name in missing) for name in first}
        rest = [name for name in missing if name not in lenders and "keyring_of" not in IMAGES[name]]
        waiting = [pool.submit(_image, name, mirror) for name in rest]
        for future in lent.values():
            future.result()
        waiting += [pool.submit(_image, name, mirror) for name in missing if "keyring_of" in IMAGES[name]]
        for future in waiting:
            future.result()


def prune() -> None:
    """Remove images of former versions that no container uses any more."""
    current = {tag(name) for name in IMAGES}
    for image in podman("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "label=" + LABEL).split():
        if image not in current and not image.startswith(TEST_IMAGES):
            podman("rmi", image, check=False)


def remove() -> None:
    """Every image of the lab, of any version; the tarballs stay in the cache."""
    ids = podman("images", "--quiet", "--filter", "label=" + LABEL).split()
    if ids:
        podman("rmi", "--force", *sorted(set(ids)))


def _image(name: str, mirror: list[str], wanted: bool = True) -> None:
    tarball = _tarball(name)
    if not tarball.exists():
        with step("image {}: packages of {}".format(name, IMAGES[name]["suite"])):
            _build(name, tarball, mirror)
    if wanted:
        with step(f"image {name}: import"):
            podman("import", "--change", "LABEL " + LABEL, str(tarball), tag(name))


def _build(name: str, tarball: Path, mirror: list[str]) -> None:
    conf = IMAGES[name]
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar"]
    argv += ["--include=" + ",".join(_EVERY_NODE + conf["packages"])]
    argv += ["--aptopt=" + option for option in _APTOPTS + conf.get("aptopts", [])]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{path}/*" for path in ("doc", "man", "locale", "info")]
    argv += [f"--customize-hook={hook}" for hook in _hooks(name)]
    if "keyring_of" in conf:
        argv += ["--keyring={}".format(_keyring(conf["keyring_of"]))]
    tarball.parent.mkdir(parents=True, exist_ok=True)
    partial = tarball.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    run(*argv, conf["suite"], str(partial), *mirror)
    for old in tarball.parent.glob(name + "-*.tar"):
        old.unlink()
    partial.rename(tarball)


def _keyring(lender: str) -> Path:
    path = CACHE / "images" / (lender + "-keyring.pgp")
    path.write_bytes(run("tar", "-xOf", str(_tarball(lender)), _KEYRING).stdout)
    return path


def machine_mirror() -> list[str]:
    """The Debian mirror this machine uses itself; on other distributions mmdebstrap's own choice."""
    sites = run("apt-get", "indextargets", "--format", "$(SITE)", "Label: Debian", check=False).stdout.decode().split()
    return sites[:1]


def _hooks(name: str) -> list[Path]:
    candidates = [LAB / "images" / "common.sh", LAB / "images" / (IMAGES[name].get("finish", name) + ".sh")]
    return [path for path in candidates if path.exists()]


def _tarball(name: str) -> Path:
    return CACHE / "images" / (f"{name}-{_digest(name)}.tar")


def _digest(name: str) -> str:
    """Of what decides the content; how the node is started later does not."""
    conf = {key: value for key, value in IMAGES[name].items() if key != "cgroup2"}
    scripts = [path.read_text() for path in _hooks(name)]
    return hashlib.sha256(json.dumps([_EVERY_NODE, _APTOPTS, conf, scripts]).encode()).hexdigest()[:12]
