# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where each engine of a host reads logins, and which of these files is the one to be written.

Sources: docker/cli cli/config (root's config.json); containers/image pkg/docker/config; crio.conf(5); kubernetes
pkg/credentialprovider/config.go (the kubelet's root directory comes first); openshift-ansible 3.6 to 3.11
(oreg_auth_credentials_path, docker_auth_credentials_path).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..credentials import containers
from ..credentials.answers import Source
from ..credentials.docker import HUB_KEY
from ..engines.containers import files as containers_files
from ..host.observed import HostProblem, Observed
from ..host.watch import NotAsked, Question, Watch
from ..resolution.names import DOCKER_HUB

DOCKER = "/root/.docker/config.json"
#: /run is empty after a reboot, and the file of docker is docker's; so of podman's files it is this one.
PODMAN = "/root/.config/containers/auth.json"
KUBELET = "/var/lib/kubelet/config.json"
ORIGIN = "/var/lib/origin/.docker/config.json"
#: Written by the machine-config operator of OpenShift 4, from the pull secret of the cluster.
_MACHINE_CONFIG = "/etc/machine-config-daemon"

_TOOLS = ("docker", "podman", "skopeo", "buildah", "crio")
_DIRECTORIES = (KUBELET.rpartition("/")[0], ORIGIN.rpartition("/")[0], _MACHINE_CONFIG)
_LOOK = (
    f"for t in {' '.join(_TOOLS)}; do command -v $t >/dev/null && echo $t; done; "
    f'for d in {" ".join(_DIRECTORIES)}; do [ -d $d ] && echo "$d $(readlink -f $d)"; done; :'
)

WATCH = Watch(
    files=(*containers.FILES, KUBELET, ORIGIN),
    commands=(Question("auth.engines", ("sh", "-c", _LOOK)),),
) + containers_files.CRIO_WATCH


@dataclass(frozen=True)
class Place:
    """A file that is written. readers: the engines (of credentials.lookup) that read it, as people call them."""

    path: str
    title: str
    readers: tuple[str, ...] = ()

    @property
    def old_form(self) -> bool:
        return self.path.endswith(".dockercfg")

    def key(self, registry: str) -> str:
        """Return the key of a registry here: docker knows Docker Hub by an address only."""
        return HUB_KEY if registry == DOCKER_HUB and "docker" in self.readers else registry

    def order(self, host: Observed, engine: str) -> list[Source]:
        """Return the files that are there, in the order in which an engine reads them when it comes to this one."""
        paths = containers.FILES if engine == "podman" and self.path in containers.FILES else (self.path,)
        texts = {path: host.text(path) for path in paths if host.knows(path)}
        return [Source(path, text, path.endswith(".dockercfg")) for path, text in texts.items() if text is not None]


@dataclass(frozen=True)
class Found:
    """The places of a host, and what is left to others there."""

    places: tuple[Place, ...]
    left_alone: tuple[str, ...] = ()


def named(paths: tuple[str, ...]) -> Found:
    """Return the files that a person names, whoever reads them."""
    return Found(tuple(Place(path, "the file named in auth_files", _readers(path)) for path in paths))


def find(host: Observed) -> Found:
    """Find one place an engine. Raises HostProblem when there is no engine, NotAsked for a file of crio.conf."""
    tools, directories = _looked(host)
    global_file = _global_auth_file(host) if "crio" in tools else None
    family: list[str] = [tool for tool in ("podman", "skopeo", "buildah") if tool in tools]
    family += ["CRI-O"] if "crio" in tools and not global_file else []
    places = []
    if "docker" in tools:
        places.append(Place(DOCKER, "docker", ("docker",)))
    if directories.get(ORIGIN.rpartition("/")[0], "/root/.docker") != "/root/.docker":
        places.append(Place(ORIGIN, "nodes of OpenShift up to 3.10", ("docker", "kubelet")))
    if family:
        places.append(Place(PODMAN, ", ".join(family), ("podman",)))
    if global_file:
        places.append(Place(global_file, "CRI-O (global_auth_file)", ("crio",)))
    if KUBELET.rpartition("/")[0] in directories and global_file != KUBELET:
        places.append(Place(KUBELET, "the kubelet", ("kubelet",)))
    if not places:
        raise HostProblem("no container engine was found on this host, so no file for logins; name files in auth_files")
    if _MACHINE_CONFIG not in directories:
        return Found(tuple(places))
    left = f"{KUBELET} is written by OpenShift 4 itself, from the pull secret of the cluster; it is left alone here"
    return Found(tuple(place for place in places if place.path != KUBELET), (left,))


def _readers(path: str) -> tuple[str, ...]:
    known = {PODMAN: ("podman",), KUBELET: ("kubelet",), ORIGIN: ("docker", "kubelet")}
    return known.get(path, ("docker",) if path.endswith("/.docker/config.json") else ())  # docker's, of any user


def _looked(host: Observed) -> tuple[frozenset[str], dict[str, str]]:
    """Return the existing tools, and the existing directories → their real paths."""
    lines = [line.split(" ", 1) for line in host.answer("auth.engines").stdout.splitlines()]
    return frozenset(words[0] for words in lines if len(words) == 1), {
        words[0]: words[1] for words in lines[:] if len(words) > 1
    }


def _global_auth_file(host: Observed) -> str | None:
    """Return the file that crio.conf names, its drop-ins last; None where it names none."""
    setting = containers_files.crio_settings(host).get("global_auth_file")
    named = setting.value if setting else None
    if not isinstance(named, str) or not named:
        return None
    if not host.knows(named):
        raise NotAsked(Watch(files=(named,)))
    return named
