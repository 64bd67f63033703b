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
from ..host.watch import Question, Watch
from ..resolution import certificate_directories

_TOOLS = ("docker", "podman", "skopeo", "buildah", "crio", "openssl", "curl", "trust")

WATCH = Watch(
    commands=(
        Question(
            "trust.tools", ("sh", "-c", f"for t in {' '.join(_TOOLS)}; do command -v $t >/dev/null && echo $t; done; :")
        ),
        *services.STARTED,
        services.CRIO_STATE,
        services.CRIO_VERSION,
        *(question for question in docker.COMMANDS if question.name != "docker.flags"),
    )
)


_DOCKER = docker.Docker()


@dataclass(frozen=True)
class Reader:
    """One kind of engine. places: where it looks for certs.d, in order; adds: whether the system's trust counts too.

    daemon: the service that holds the system's trust in memory, None when it does not run. common_name: whether it
    takes a certificate that says its name only there.
    """

    title: str
    places: tuple[str, ...]
    adds: bool = True
    common_name: bool = False
    daemon: Service | None = None


def tools(host: Observed) -> frozenset[str]:
    return frozenset(host.answer("trust.tools").stdout.split())


def readers(host: Observed) -> tuple[Reader, ...]:
    """Return all on this host, () when there is no engine."""
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


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version's first two numbers; one that cannot be read counts as old, which is the careful choice."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else (0, 0)


def sick(host: Observed) -> None:
    """Raises HostProblem for a daemon that does not answer: nothing is to be changed on such a host."""
    services.docker_info(host)
