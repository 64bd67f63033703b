# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who reads certificates on a host: docker, the podman family, CRI-O's daemon; and what each of them makes of them.

Sources: docker 1.12 and 1.13 registry/registry.go (before 1.13 the system's pool was used only when certs.d gave no
authority); containers/image pkg/tlsclientconfig; Go crypto/x509 (the system's pool is read once in the life of a
process; common names are no longer looked at since Go 1.15).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..engines import Step, docker
from ..observed import Observed, Question, Watch
from ..plan.plan import Disruption
from . import certs_d

_TOOLS = ("docker", "podman", "skopeo", "buildah", "crio", "openssl", "curl", "trust")

# Ticks since boot, the boot's second and the ticks of a second: together, when a daemon was started.
_STARTED = (
    'pid=$(systemctl show -p MainPID $0.service | cut -d= -f2); test "${pid:-0}" -gt 0 || exit 0; '
    'sed "s/.*) //" /proc/$pid/stat | cut -d" " -f20 | sed "s/^/started /"; '
    'grep "^btime " /proc/stat; echo "ticks $(getconf CLK_TCK)"'
)

WATCH = Watch(
    commands=(
        Question(
            "trust.tools", ("sh", "-c", f"for t in {' '.join(_TOOLS)}; do command -v $t >/dev/null && echo $t; done; :")
        ),
        *(Question(f"{daemon}.started", ("sh", "-c", _STARTED, daemon), daemon) for daemon in ("docker", "crio")),
        Question("crio.state", ("systemctl", "show", "-p", "ActiveState,LoadState", "crio.service"), "crio"),
        *(question for question in docker.COMMANDS if question.name != "docker.flags"),
    )
)


_DOCKER = docker.Docker()


@dataclass(frozen=True)
class Reader:
    """One kind of engine. places: where it looks for certs.d, in order; adds: whether the system's trust counts too.

    daemon: the unit that holds the system's trust in memory. common_name: whether it takes a certificate that says
    its name only there.
    """

    title: str
    places: tuple[str, ...]
    adds: bool = True
    common_name: bool = False
    daemon: str = ""
    busy: int = 0


def tools(host: Observed) -> frozenset[str]:
    return frozenset(host.answer("trust.tools").stdout.split())


def readers(host: Observed) -> tuple[Reader, ...]:
    """All on this host, () when there is no engine."""
    return tuple(reader for find in (_docker, _family) if (reader := find(host)))


def _docker(host: Observed) -> Reader | None:
    if not docker.Unit(host).start:
        return None
    version = _numbers(_DOCKER.version(host))
    return Reader(
        title=f"docker {_DOCKER.version(host)}".strip(),
        places=(certs_d.DOCKER,),
        adds=version >= (1, 13),
        common_name=version < (1, 14),
        daemon="docker.service" if _DOCKER.running(host) else "",
        busy=_DOCKER.busy(host),
    )


def _family(host: Observed) -> Reader | None:
    found = [tool for tool in ("podman", "skopeo", "buildah") if tool in tools(host)]
    crio = "LoadState=loaded" in host.answer("crio.state").stdout
    if not found and not crio:
        return None
    running = crio and "ActiveState=active" in host.answer("crio.state").stdout
    title = ", ".join([*found, *(["CRI-O"] if crio else [])])
    return Reader(title, certs_d.FAMILY, daemon="crio.service" if running else "")


def _numbers(version: str) -> tuple[int, ...]:
    """A version's first two numbers; one that cannot be read counts as old, which is the careful choice."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else (0, 0)


def started(host: Observed, daemon: str) -> int:
    """The second in which a daemon was started, by the host's clock; 0 when nobody knows."""
    words = [line.split() for line in host.answer(f"{daemon.partition('.')[0]}.started").stdout.splitlines()]
    facts = {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdigit()}
    if not facts.get("ticks") or not {"started", "btime"} <= set(facts):
        return 0
    return facts["btime"] + facts["started"] // facts["ticks"]


# Upstream's unit allows three starts a minute. A restart that systemd refuses for that would leave the host without its
# engine, and putting everything back is a restart too.
_RESTART = "systemctl reset-failed $0; exec systemctl restart $0"


def restart(reader: Reader) -> Step:
    """Containers under CRI-O do not notice; those under docker may."""
    disruption = Disruption.RESTART if "docker" in reader.daemon else Disruption.RELOAD
    return Step(f"restart {reader.daemon}", ("sh", "-c", _RESTART, reader.daemon), disruption=disruption)


def sick(host: Observed) -> None:
    """Raises HostProblem for a daemon that does not answer: nothing is to be changed on such a host."""
    _DOCKER.info(host)
