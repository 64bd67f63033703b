# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes with stand-ins for the services of a master of OpenShift 3."""

from __future__ import annotations

from .config import LAB

_SOURCE = LAB / "standins" / "masters"
_PROGRAM = "usr/libexec/master-standin"
_CONFIG = "etc/origin/master/master-config.yaml"
_UNIT = """\
[Unit]
Description=Stand-in for {what} of OpenShift 3
StartLimitIntervalSec={interval}

[Service]
Type={kind}
ExecStart={program} start master {part} --config=/{config}
Restart=always
RestartSec={pause}
TimeoutStartSec=6
"""
_POD = """\
apiVersion: v1
kind: Pod
spec:
  containers:
  - name: {name}
    image: docker.io/openshift/origin-control-plane:v{release}
"""

Files = dict[str, "tuple[int, bytes] | str"]


def files(release: str) -> Files:
    """All files of a master of this release."""
    found: Files = {
        _PROGRAM: (0o755, (_SOURCE / "openshift.py").read_bytes()),
        "usr/bin/oc": (0o755, (_SOURCE / "oc").read_bytes()),
        _CONFIG: (0o600, (_SOURCE / "master-config.yaml").read_bytes()),
        "usr/share/dockyard-lab/master-config.yaml": (0o600, (_SOURCE / "master-config.yaml").read_bytes()),
        "etc/dockyard-lab/master": (0o644, f"{release}.0\n".encode()),
    }
    return {**found, **(_units() if release == "3.9" else _static_pods(release))}


def _units() -> Files:
    found: Files = {"usr/bin/openshift": (0o755, (_SOURCE / "openshift").read_bytes())}
    for part in ("api", "controllers"):
        name = f"origin-master-{part}"
        found |= _service(name, part, program="/usr/bin/openshift", kind="notify", interval=10, pause=5)
    return found


def _static_pods(release: str) -> Files:
    """Units in place of what the kubelet runs; to the product they are static pods."""
    found: Files = {"usr/local/bin/master-restart": (0o755, (_SOURCE / "master-restart").read_bytes())}
    for part, pod in (("api", "apiserver"), ("controllers", "controller")):
        found[f"etc/origin/node/pods/{pod}.yaml"] = 0o600, _POD.format(name=part, release=release).encode()
        found |= _service(f"standin-pod-{part}", part, program=f"/{_PROGRAM}", kind="simple", interval=0, pause=1)
    return found


def _service(name: str, part: str, **more: object) -> Files:
    unit = f"etc/systemd/system/{name}.service"
    text = _UNIT.format(what=f"the {part} of a master", part=part, config=_CONFIG, **more)
    wanted = f"etc/systemd/system/multi-user.target.wants/{name}.service"
    return {unit: (0o644, text.encode()), wanted: f"/{unit}"}
