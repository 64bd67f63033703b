# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upstream's docker (Moby, docker-ce): insecure registries and mirrors of Docker Hub, in /etc/docker/daemon.json.

Sources: docker 20.10 daemon/config, daemon/reload.go (both keys are reloaded by SIGHUP), registry/config.go.
"""

from __future__ import annotations

from typing import Any

from ..formats import FormatError
from ..host import services
from ..names import DOCKER_HUB
from ..observed import HostProblem, Observed, Watch
from ..plan.draft import Check, Due, FileChange, Step, Validation
from ..policy import Policy
from ..policy.lists import DOCKER
from . import Desired, Lists, Request, added, docker, merged
from .docker import DAEMON_JSON, DaemonJson, Spelling, Unit, flag_values
from .docker_fork import DockerFork

ENVIRONMENT_FILES = ("/etc/default/docker", "/etc/sysconfig/docker")

SPELLING = {
    "insecure": Spelling("--insecure-registry", "", "insecure-registries"),
    "mirrors": Spelling("--registry-mirror", "", "registry-mirrors"),
}


class _ReloadedDaemonJson(DaemonJson):
    """At SIGHUP a key that is gone changes nothing (measured with 20.10), so an emptied list stays as an empty list."""

    def says(self, word: str) -> bool:
        return self.spelling[word].json in self.document

    def put(self, word: str, items: list[str]) -> None:
        self.document[self.spelling[word].json] = self.spelled(word, items)

    def _lists(self) -> dict[str, list[str]]:
        return {word: self.read(word) for word in self.spelling if self.says(word)}


class Moby(docker.Docker):
    name = "docker"
    title = "docker (upstream)"
    default_mode = "merge"
    watch = Watch(files=(DAEMON_JSON, *ENVIRONMENT_FILES), commands=docker.COMMANDS)

    def present(self, host: Observed) -> bool:
        return "dockerd" in Unit(host).start and not DockerFork().present(host)

    def in_force(self, host: Observed) -> Lists | None:
        info = services.docker_info(host)
        if info is None:
            return None
        return Lists(
            search=(DOCKER_HUB,),
            insecure=docker.insecure_of(docker.block_of(info, "Insecure Registries")),
            mirrors=docker.mirrors_of(docker.block_of(info, "Registry Mirrors")),
        )

    def desired(self, host: Observed, policy: Policy, request: Request) -> Desired:
        place = self._place(host)
        exact = (request.mode or self.default_mode) == "exact"
        said = self._enforceable(policy)
        ours = request.record.get("added", {})
        record: dict[str, list[str]] = dict(ours)
        for word, given in said.items():
            present, mine = tuple(place.read(word)), tuple(ours.get(word, ()))
            wanted = given if exact else merged(given, present, mine)
            record[word] = list(given) if exact else added(given, present, mine)
            if self._remembers(host, place, word):
                place.put(word, list(wanted))
            elif set(wanted) != set(present) or word == "mirrors":  # only mirrors are tried in order
                place.write(word, wanted)
        edit = place.edit(f"the policy says {', '.join(said)}")
        return Desired(
            edits=(edit,) if edit else (),
            expected=self._expected(host, place),
            unenforceable=tuple(self._unenforceable(policy)),
            refusals=tuple(self._clashes(host, place)),
            record={"added": record} if record else {},
        )

    def validations(self, host: Observed, edits: tuple[FileChange, ...]) -> tuple[Validation, ...]:
        return ()  # dockerd --validate came with 23.0; before, only the daemon itself reads the file

    def activation(self, host: Observed) -> Due | None:
        """SIGHUP is enough for both keys; containers do not notice."""
        return Due(services.DOCKER, restart=False)

    def refresh(self, host: Observed) -> tuple[Step, ...]:
        return ()  # nothing is generated from daemon.json

    def checks(self, host: Observed, expected: Lists) -> tuple[Check, ...]:
        wanted = tuple(docker.expected_blocks(expected))
        return (Check("docker info shows the lists", docker.INFO, wanted, attempts=10, delay=0.5),)

    def report(self, host: Observed) -> dict[str, Any]:
        place = self._place(host)
        lists = self.in_force(host) or self._expected(host, place)
        files = [DAEMON_JSON] if host.exists(DAEMON_JSON) else []
        problems = [] if self.running(host) else ["docker.service is not running; the lists are those of its files"]
        return {**lists.plain(), "files": files, "problems": problems + self._clashes(host, place)}

    def _place(self, host: Observed) -> _ReloadedDaemonJson:
        try:
            return _ReloadedDaemonJson(host.text(DAEMON_JSON), SPELLING)
        except FormatError as error:
            raise HostProblem(f"{DAEMON_JSON}: {error}") from None

    def _expected(self, host: Observed, place: _ReloadedDaemonJson) -> Lists:
        """What the daemon makes of its flags and its file; a list whose key is gone it keeps until its next start."""
        lists = {word: [*self._flags(host, word), *place.read(word)] for word in SPELLING}
        for word, items in lists.items():
            items += self._remembers(host, place, word)
        return Lists((DOCKER_HUB,), (), docker.insecure_of(lists["insecure"]), docker.mirrors_of(lists["mirrors"]))

    def _flags(self, host: Observed, word: str) -> list[str]:
        return flag_values(host.answer("docker.flags").stdout.splitlines(), SPELLING[word].flag)

    def _remembers(self, host: Observed, place: _ReloadedDaemonJson, word: str) -> list[str]:
        """What the daemon goes on using although neither its flags nor its file say so any longer."""
        in_force = None if place.says(word) else self.in_force(host)
        said = docker.mirrors_of(self._flags(host, word))
        return [item for item in getattr(in_force, word, ()) if item not in said]

    def _enforceable(self, policy: Policy) -> dict[str, tuple[str, ...]]:
        said: dict[str, tuple[str, ...]] = {}
        if policy.insecure is not None:
            said["insecure"] = tuple(item for item in policy.insecure if DOCKER.holds("insecure", item))
        if policy.mirrors is not None:
            said["mirrors"] = docker.mirror_urls(policy)[0]
        return said

    def _unenforceable(self, policy: Policy) -> list[str]:
        found = [
            f"search '{item}': docker searches {DOCKER_HUB} only" for item in policy.search or () if item != DOCKER_HUB
        ]
        found += [f"blocked '{item}': docker cannot block" for item in policy.blocked or ()]
        found += [f"allowed '{item}': docker cannot block anything else" for item in policy.allowed or ()]
        found += [
            f"insecure '{item}': docker takes whole registries and ranges only, no path and no wildcard"
            for item in policy.insecure or ()
            if not DOCKER.holds("insecure", item)
        ]
        return found + docker.mirror_urls(policy)[1] + docker.no_short_names(policy)

    def _clashes(self, host: Observed, place: _ReloadedDaemonJson) -> list[str]:
        """The same option as a flag and in the file keeps the daemon from starting, or from reloading."""
        return [
            f"docker is given {spelling.flag} by {self._source(host, spelling.flag)} and '{spelling.json}' by "
            f"{DAEMON_JSON}; with both it does not start, so take the flag away first"
            for word, spelling in SPELLING.items()
            if place.says(word) and self._source(host, spelling.flag)
        ]

    def _source(self, host: Observed, flag: str) -> str:
        """Where a flag comes from: a file and line, the unit, or the running daemon's command line."""
        unit = Unit(host)
        for path in ENVIRONMENT_FILES:
            if unit.reads(path):
                for number, line in enumerate((host.text(path) or "").splitlines(), 1):
                    if flag in line and not line.lstrip().startswith(("#", ";")):
                        return f"{path} line {number}"
        if flag in unit.start:
            return "docker.service"
        return "its command line" if flag_values(host.answer("docker.flags").stdout.splitlines(), flag) else ""
