# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node with the stand-in for CRI-O, and the real crictl, which is built once from pinned Go modules."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .config import CACHE, LAB

_SOURCE = LAB / "standins" / "crio"
_LIBRARY = "usr/libexec/crio-standin/"
_WANTED = "etc/systemd/system/multi-user.target.wants/crio.service"
_UNIT = "usr/lib/systemd/system/crio.service"
_CRICTL_CONF = "runtime-endpoint: unix:///var/run/crio/crio.sock\nimage-endpoint: unix:///var/run/crio/crio.sock\n"


def files() -> dict[str, tuple[int, bytes] | str]:
    """All files of the stand-in, and of its client."""
    found: dict[str, tuple[int, bytes] | str] = {
        _LIBRARY + name: (0o644, (_SOURCE / name).read_bytes()) for name in ("held.py", "messages.py")
    }
    found["usr/bin/crio"] = 0o755, (_SOURCE / "crio.py").read_bytes()
    found["usr/bin/crictl"] = 0o755, _crictl().read_bytes()
    found["etc/crictl.yaml"] = 0o644, _CRICTL_CONF.encode()
    found[_UNIT] = 0o644, (_SOURCE / "crio.service").read_bytes()
    found[_WANTED] = f"/{_UNIT}"
    return found


def _crictl() -> Path:
    """Build the client unless it is there; another version is built beside the old one."""
    key = hashlib.sha256((_SOURCE / "crictl/go.sum").read_bytes()).hexdigest()[:12]
    program, copy = CACHE / f"crictl-{key}", CACHE / f"crictl-{key}.source"
    if not program.exists():
        print("building crictl: once, two minutes on two cores", file=sys.stderr)
        shutil.copytree(_SOURCE / "crictl", copy, dirs_exist_ok=True)
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
        half = program.with_suffix(".half")
        command = ["go", "build", "-ldflags", "-s -w", "-o", str(half), "sigs.k8s.io/cri-tools/cmd/crictl"]
        subprocess.run(command, cwd=copy, env=environment, check=True)
        half.rename(program)
    return program
