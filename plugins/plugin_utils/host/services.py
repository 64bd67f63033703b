# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that hold their files in memory, as one snapshot saw them: docker, CRI-O, and the masters of OpenShift 3.

Sources: docker 1.13 and 20.10 (cli/command/system/info.go), systemd.unit(5). Containers outlive a restart of CRI-O.
Masters: openshift-ansible 3.6 and 3.7 (playbooks/common/openshift-master/restart_services.yml: one unit, or from 3.7
and with several masters two), 3.11 (roles/openshift_control_plane/files/scripts/docker/master-restart: static pods).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .observed import HostProblem, Observed
from .watch import Question

# Where systemd holds the socket, any client starts a daemon that is down, `docker --version` too: looking must not.
_DOCKER_INFO = ("sh", "-c", "systemctl is-active --quiet docker.service && exec docker info")

# Upstream's unit allows three starts a minute. A restart that systemd refuses for that would leave the host without its
# engine, and putting everything back is a restart too. Of one that does not start the last words are told: its own.
_RESTART = (
    "systemctl reset-failed $0; systemctl restart $0 && exit; code=$?; "
    "journalctl _SYSTEMD_UNIT=$0 -n 1 -o cat --no-pager >&2; exit $code"
)

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
CRIO_UNIT = Question("crio.unit", ("systemctl", "cat", "crio.service"), "crio")
STARTED = tuple(Question(f"{name}.started", ("sh", "-c", _STARTED, name), name) for name in ("docker", "crio"))

#: Masters are processes of the host, as static pods too; told are the first start of one and the last.
MASTER_CONFIG = "/etc/origin/master/master-config.yaml"
MASTER_RESTART = "/usr/local/bin/master-restart"
_MASTERS_STARTED = (
    f"for pid in $(pgrep -f -- '[c]onfig={MASTER_CONFIG}'); do "
    'sed "s/.*) //" /proc/$pid/stat 2>/dev/null | cut -d" " -f20; done | sort -n | '
    "sed -n '1s/^/started /p; $s/^started //; $s/^/latest /p'; "
    'grep "^btime " /proc/stat; echo "ticks $(getconf CLK_TCK)"'
)
_MASTER_UNITS = tuple(
    f"{product}-{part}"
    for product in ("origin", "atomic-openshift")
    for part in ("master", "master-api", "master-controllers")
)
MASTER_STATE = Question(
    "masters.state",
    ("systemctl", "show", "-p", "Id,ActiveState,LoadState", *(f"{unit}.service" for unit in _MASTER_UNITS)),
)
MASTER_STARTED = Question("masters.started", ("sh", "-c", _MASTERS_STARTED))
_MASTER_PODS = Question("masters.pods", ("sh", "-c", f"test -x {MASTER_RESTART} && ls /etc/origin/node/pods/; :"))
#: What runs; and since when, which takes longest to tell.
MASTERS_RUN = (MASTER_STATE, _MASTER_PODS)
MASTER_QUESTIONS = (*MASTERS_RUN, MASTER_STARTED)
#: Where its API listens; nothing else of the file is told.
MASTER_ADDRESS = Question(
    "masters.address", ("sed", "-n", "/^servingInfo:/,/^[^ #]/s/^ *bindAddress: *//p", MASTER_CONFIG)
)

#: What `docker info` always shows while it has a daemon to ask; upstream's client ends with 0 even without one.
_DAEMON_SPEAKS = "Insecure Registries:"


@dataclass(frozen=True)
class Service:
    """A unit. disturbs: whether a restart takes down the containers that `containers` counts (None: nobody knows).

    down: states in which there is nothing to be told; a docker that failed is brought up again. reloads: whether a
    reload makes it read its registries again, and leaves it alive. answers: the beginning of the names of its answers,
    where it shares them with other services.
    """

    name: str
    disturbs: bool
    containers: Callable[[Observed], int | None] = field(compare=False, repr=False)
    down: tuple[str, ...] = ("inactive", "failed")
    reloads: Callable[[Observed], bool] = field(default=lambda host: True, compare=False, repr=False)
    answers: str = ""

    @property
    def unit(self) -> str:
        return f"{self.name}.service"

    @property
    def restart(self) -> tuple[str, ...]:
        """The command that starts it anew."""
        return ("sh", "-c", _RESTART, self.unit)

    def running(self, host: Observed) -> bool:
        """Return whether a process holds the files in memory. Raises HostProblem when systemd did not answer."""
        told = _state(host, self.answers or self.name)
        if self.answers:
            told = next((block for block in told.split("\n\n") if f"Id={self.unit}" in block.splitlines()), "")
        found = re.search(r"^ActiveState=(\S+)", told, re.MULTILINE)
        return found is not None and found[1] not in self.down

    def started(self, host: Observed, fact: str = "started") -> int:
        """Return the second in which it was started, by the host's clock; 0 when nobody knows."""
        words = [line.split() for line in host.answer(f"{self.answers or self.name}.started").stdout.splitlines()]
        facts = {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdigit()}
        if not facts.get("ticks") or not {fact, "btime"} <= set(facts):
            return 0
        return facts["btime"] + facts[fact] // facts["ticks"]


@dataclass(frozen=True)
class StaticPod(Service):
    """A part of a master that the node runs as a pod; its name is what master-restart calls it, and pod its file."""

    pod: str = ""

    @property
    def unit(self) -> str:
        return f"master {self.name} (static pod)"

    @property
    def restart(self) -> tuple[str, ...]:
        return (MASTER_RESTART, self.name)

    def running(self, host: Observed) -> bool:
        return self.pod in host.answer(_MASTER_PODS.name).stdout.split()


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
#: Of a master, in the order in which they are told. A failed one is brought up again, and no container goes with any.
MASTERS: tuple[Service, ...] = (
    *(
        Service(
            unit, disturbs=False, containers=lambda host: 0, down=("inactive",), reloads=lambda host: False,
            answers="masters",
        )
        for unit in _MASTER_UNITS
    ),
    *(
        StaticPod(
            name, disturbs=False, containers=lambda host: 0, reloads=lambda host: False, answers="masters", pod=pod
        )
        for name, pod in (("api", "apiserver.yaml"), ("controllers", "controller.yaml"))
    ),
)  # fmt: skip
SERVICES = {service.unit: service for service in (DOCKER, CRIO, *MASTERS)}
