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

from ..engines import docker
from ..host import services
from ..host.observed import Observed
from ..host.services import Service
from ..host.watch import NotAsked, Question, Watch
from ..plan import healthz
from ..plan.draft import Check
from ..resolution import certificate_directories

_MASTER = "master-of-openshift-3"
_TOOLS = ("docker", "podman", "skopeo", "buildah", "crio", "openssl", "curl", "trust")

WATCH = Watch(
    commands=(
        Question(
            "trust.tools",
            (
                "sh", "-c",
                f"for t in {' '.join(_TOOLS)}; do command -v $t >/dev/null && echo $t; done; "
                f"test -e {services.MASTER_CONFIG} && echo {_MASTER}; :",
            ),
        ),
        *services.STARTED,
        services.CRIO_STATE,
        services.CRIO_VERSION,
        *(question for question in docker.COMMANDS if question.name != "docker.flags"),
    )
)


_DOCKER = docker.Docker()
#: Seconds until the API of a master has to answer after a restart.
_PATIENCE = 180


@dataclass(frozen=True)
class Reader:
    """One kind of engine, or a part of a master of OpenShift 3, which imports images.

    places: where it looks for certs.d, in order, () for a part of a master; adds: whether the system's trust counts
    too.

    daemon: the service that holds the system's trust in memory, None when it does not run. common_name: whether it
    takes a certificate that says its name only there. checks: after its restart.
    """

    title: str
    places: tuple[str, ...]
    adds: bool = True
    common_name: bool = False
    daemon: Service | None = None
    checks: tuple[Check, ...] = ()


def tools(host: Observed) -> frozenset[str]:
    return frozenset(host.answer("trust.tools").stdout.split())


def readers(host: Observed) -> tuple[Reader, ...]:
    """Return all on this host. Raises NotAsked."""
    return engines(host) + _masters(host)


def engines(host: Observed) -> tuple[Reader, ...]:
    """Return the engines on this host, () when there is none."""
    return tuple(reader for find in (_docker, _family) if (reader := find(host)))


def _docker(host: Observed) -> Reader | None:
    if not docker.Unit(host).start:
        return None
    version = _numbers(_DOCKER.version(host))
    return Reader(
        title=f"docker {_DOCKER.version(host)}".strip(),
        places=(certificate_directories.DOCKER,),
        adds=version >= (1, 13),
        common_name=version < (1, 14),
        daemon=services.DOCKER if _DOCKER.running(host) else None,
    )


def _family(host: Observed) -> Reader | None:
    found = [tool for tool in ("podman", "skopeo", "buildah") if tool in tools(host)]
    crio = "LoadState=loaded" in host.answer("crio.state").stdout
    if not found and not crio:
        return None
    running = crio and services.CRIO.running(host)
    title = ", ".join([*found, *(["CRI-O"] if crio else [])])
    return Reader(title, certificate_directories.FAMILY, daemon=services.CRIO if running else None)


def _masters(host: Observed) -> tuple[Reader, ...]:
    """Return what runs of a master here, in the order of restarts; the API is awaited after the last. Raises NotAsked.

    Imports are done by the API and the controllers, which read the system's trust when they start.
    """
    if _MASTER not in tools(host):
        return ()
    questions = (*services.MASTER_QUESTIONS, services.MASTER_ADDRESS)
    if missing := tuple(question for question in questions if question.name not in host.answers):
        raise NotAsked(Watch(commands=missing))
    running = [service for service in services.MASTERS if service.running(host)]
    awaited = (healthz.check(host.answer(services.MASTER_ADDRESS.name).stdout.strip(), _PATIENCE),)
    return tuple(
        Reader("OpenShift 3", (), daemon=service, checks=awaited if service is running[-1] else ())
        for service in running
    )


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version's first two numbers; one that cannot be read counts as old, which is the careful choice."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else (0, 0)


def sick(host: Observed) -> None:
    """Raises HostProblem for a daemon that does not answer: nothing is to be changed on such a host."""
    services.docker_info(host)
