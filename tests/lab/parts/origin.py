# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RHEL-7-like node: where the stand-in docker goes, what its variants read, how its faults are switched."""

from __future__ import annotations

from .config import LAB

_SOURCE = LAB / "standins" / "docker-fork"
_SHEBANG = b"#!/usr/bin/python2.7\n"
FAULT_FILE = "etc/dockyard-lab/fault"

# path on the node -> source; the same in all variants
_PROGRAMS = {
    "usr/bin/dockerd-current": "dockerd.py",
    "usr/bin/docker-current": "docker.py",
}
_MODULES = ("flags.py", "images.py", "lists.py", "transport.py")
_LIBRARY = "usr/libexec/docker-standin/"
_CONFIGURATION = {
    "etc/sysconfig/docker": "sysconfig-docker",
    "etc/sysconfig/docker-storage": "sysconfig-docker-storage",
    "etc/sysconfig/docker-network": "sysconfig-docker-network",
    "etc/docker/daemon.json": "daemon.json",
}
_WANTED = "etc/systemd/system/multi-user.target.wants"
_UNIT = "usr/lib/systemd/system/docker.service"

# What this docker reads. A node that never had the package atomic-registries has neither the service nor the variable.
_SERVICE = {
    "usr/lib/systemd/system/registries.service": "registries.service",
    "usr/libexec/registries": "registries.py",
}
VARIANTS: dict[str, dict[str, str]] = {
    "sysconfig": {},
    "registries-yaml": {**_SERVICE, "etc/containers/registries.conf": "registries-v0.yaml"},
    "registries-toml": {**_SERVICE, "etc/containers/registries.conf": "registries-v1.toml"},
}
# name -> number of arguments
FAULTS = {"docker-hangs": 0, "docker-dies-on": 1, "docker-ignores-file": 0, "off": 0}


def files(variant: str) -> dict[str, tuple[int, bytes] | str]:
    """All files of the stand-in as they are on a fresh node of this variant."""
    table = {**_PROGRAMS, **_CONFIGURATION, **{_LIBRARY + name: name for name in _MODULES}, **VARIANTS[variant]}
    found: dict = {path: _file(path, name) for path, name in table.items()}
    found[_UNIT] = 0o644, _unit(bool(VARIANTS[variant]))
    found["usr/bin/docker"] = "docker-current"
    for unit in ("docker", "registries") if VARIANTS[variant] else ("docker",):
        found[f"{_WANTED}/{unit}.service"] = f"/usr/lib/systemd/system/{unit}.service"
    return found


def leftovers() -> list[str]:
    """List what a change of variant has to remove first."""
    of_variants = {"/" + path for table in VARIANTS.values() for path in table}
    return sorted(of_variants) + ["/" + FAULT_FILE, f"/{_WANTED}/registries.service", "/run/containers/registries.conf"]


def _file(path: str, source: str) -> tuple[int, bytes]:
    content = (_SOURCE / source).read_bytes()
    program = path.startswith("usr/") and source.endswith(".py") and not path.startswith(_LIBRARY)
    return (0o755, _SHEBANG + content) if program else (0o644, content)


def _unit(reads_registries: bool) -> bytes:
    text = (_SOURCE / "docker.service").read_text()
    if not reads_registries:
        text = text.replace("EnvironmentFile=-/run/containers/registries.conf\n", "")
        text = text.replace(" $REGISTRIES", "").replace(" registries.service", "")
    return text.encode()
