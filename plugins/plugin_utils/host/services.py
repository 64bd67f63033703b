# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that hold their files in memory, as one snapshot saw them: docker and CRI-O.

Sources: docker 1.13 and 20.10 (cli/command/system/info.go), systemd.unit(5). Containers outlive a restart of CRI-O.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..observed import HostProblem, Observed, Question

# Where systemd holds the socket, any client starts a daemon that is down, `docker --version` too: looking must not.
_DOCKER_INFO = ("sh", "-c", "systemctl is-active --quiet docker.service && exec docker info")

# Ticks since boot, the boot's second and the ticks of a second: together, when a daemon was started.
_STARTED = (
    'pid=$(systemctl show -p MainPID $0.service | cut -d= -f2); test "${pid:-0}" -gt 0 || exit 0; '
    'sed "s/.*) //" /proc/$pid/stat | cut -d" " -f20 | sed "s/^/started /"; '
    'grep "^btime " /proc/stat; echo "ticks $(getconf CLK_TCK)"'
)

DOCKER_STATE = Question("docker.state", ("systemctl", "show", "-p", "ActiveState", "docker.service"), "docker")
DOCKER_INFO = Question("docker.info", _DOCKER_INFO, "docker")
CRIO_VERSION = Question("crio.version", ("crio", "--version"))
CRIO_STATE = Question("crio.state", ("systemctl", "show", "-p", "ActiveState,LoadState", "crio.service"), "crio")
STARTED = tuple(Question(f"{name}.started", ("sh", "-c", _STARTED, name), name) for name in ("docker", "crio"))

#: What `docker info` always shows while it has a daemon to ask; upstream's client ends with 0 even without one.
_DAEMON_SPEAKS = "Insecure Registries:"


@dataclass(frozen=True)
class Service:
    """A unit. disturbs: whether a restart takes down the containers that `containers` counts (None: nobody knows).

    down: states in which there is nothing to be told; a docker that failed is brought up again. reloads: whether a
    reload makes it read its registries again, and leaves it alive.
    """

    name: str
    disturbs: bool
    containers: Callable[[Observed], int | None] = field(compare=False, repr=False)
    down: tuple[str, ...] = ("inactive", "failed")
    reloads: Callable[[Observed], bool] = field(default=lambda host: True, compare=False, repr=False)

    @property
    def unit(self) -> str:
        return f"{self.name}.service"

    def running(self, host: Observed) -> bool:
        """Return whether a process holds the files in memory. Raises HostProblem when systemd did not answer."""
        found = re.search(r"^ActiveState=(\S+)", _state(host, self.name), re.MULTILINE)
        return found is not None and found[1] not in self.down

    def started(self, host: Observed) -> int:
        """Return the second in which it was started, by the host's clock; 0 when nobody knows."""
        words = [line.split() for line in host.answer(f"{self.name}.started").stdout.splitlines()]
        facts = {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdigit()}
        if not facts.get("ticks") or not {"started", "btime"} <= set(facts):
            return 0
        return facts["btime"] + facts["started"] // facts["ticks"]


def docker_info(host: Observed) -> str | None:
    """Return the output of docker info; None while the daemon is down. Raises HostProblem when a running one fails."""
    answer = host.answer("docker.info")
    if answer.failure:
        raise HostProblem(f"docker info gave {answer.failure}; the daemon is sick, nothing was changed")
    if answer.rc == 0 and _DAEMON_SPEAKS in answer.stdout and DOCKER.running(host):
        return answer.stdout
    if answer.there and "ActiveState=active" in _state(host, "docker"):
        said = (answer.stderr.strip() or answer.stdout.strip() or "it says nothing").splitlines()[-1]
        raise HostProblem(f"docker info ended with {answer.rc} ({said}); the daemon is sick, nothing was changed")
    return None


def _state(host: Observed, name: str) -> str:
    answer = host.answer(f"{name}.state")
    if answer.failure:
        raise HostProblem(f"systemctl show {name}.service gave {answer.failure}; nothing was changed")
    return answer.stdout


def _docker_containers(host: Observed) -> int | None:
    info = docker_info(host)
    if info is None:
        return None if "ActiveState=active" in _state(host, "docker") else 0
    if re.search(r"^ ?Live Restore Enabled: true", info, re.MULTILINE):
        return 0
    found = re.search(r"^ +Running: (\d+)", info, re.MULTILINE)
    return int(found.group(1)) if found else None


def crio_version(host: Observed) -> tuple[int, int]:
    """Read the first two numbers of CRI-O's version; an unreadable one counts as old, the careful choice."""
    found = re.search(r"version:? v?(\d+)\.(\d+)", host.answer("crio.version").stdout, re.IGNORECASE)
    return (int(found[1]), int(found[2])) if found else (0, 0)


#: From which version on CRI-O reads its registries at SIGHUP: 1.9 to 1.14 end with it, 1.15 reads other settings only
#: (1.11 and 1.34 seen, the others by their source).
_CRIO_RELOADS = (1, 16)

DOCKER = Service("docker", disturbs=True, containers=_docker_containers, down=("inactive",))
CRIO = Service(
    "crio", disturbs=False, containers=lambda host: 0, reloads=lambda host: crio_version(host) >= _CRIO_RELOADS
)
SERVICES = {service.unit: service for service in (DOCKER, CRIO)}
