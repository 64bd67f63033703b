# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upstream's docker (Moby, docker-ce): insecure registries and mirrors of Docker Hub, in /etc/docker/daemon.json.

Sources: docker 20.10 to 28 daemon/config, registry/config.go, daemon/reload.go (SIGHUP reloads both keys; one that the
file does not have changes nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..formats import FormatError
from ..host import services
from ..host.observed import HostProblem, Observed
from ..host.watch import Watch
from ..plan.draft import Check, Due, FileChange, Step, Validation
from ..policy import Policy
from ..resolution.names import DOCKER_HUB
from . import ALL_WORDS, Desired, Lists, Request, Unmet, added, docker, joint_list, without_ours
from .docker import DAEMON_JSON, DaemonJson, Spelling, Unit, flag_values
from .docker_fork import DockerFork

SPELLING = {
    "insecure": Spelling("--insecure-registry", "", "insecure-registries"),
    "mirrors": Spelling("--registry-mirror", "", "registry-mirrors"),
}


class _ReloadedDaemonJson(DaemonJson):
    """At SIGHUP a key that is gone changes nothing (measured with 20.10), so an emptied list stays as an empty list."""

    def put(self, word: str, items: list[str]) -> None:
        self.document[self.spelling[word].json] = self.spelled(word, items)


class Moby(docker.Docker):
    name = "docker"
    title = "docker (upstream)"
    default_mode = "merge"
    watch = Watch(files=(DAEMON_JSON, *docker.ENVIRONMENT_FILES), commands=docker.COMMANDS)

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
        name = self._names(host)
        for word, given in said.items():
            present, mine = tuple(place.read(word)), tuple(ours.get(word, ()))
            if self._flags_say(host, place, word, given, exact):
                continue
            wanted = given if exact else joint_list(given, present, mine, name[word])
            record[word] = added(given, present, mine, name[word])
            here, there = (list(map(name[word], items)) for items in (wanted, present))
            if self._remembers(host, place, word):
                place.put(word, list(wanted))
            elif here != there and (word == "mirrors" or set(here) != set(there)):  # only mirrors are tried in order
                place.write(word, wanted)
        for word in SPELLING if self._interrupted(host, place) else ():
            if word not in said and self._remembers(host, place, word):
                place.put(word, [])
        edit = place.edit(f"the policy says {', '.join(said)}")
        after = host.with_files({edit.path: edit.content}) if edit else host
        expected = self._expected(after, self._place(after))
        return Desired(
            edits=(replace(edit, way_back=self._way_back(host, place)),) if edit else (),
            expected=expected,
            unenforceable=tuple(self._unenforceable(policy)),
            refusals=tuple(self._refusals(host, place, edit) or docker.without_effect(said, name, expected)),
            record={"added": record} if record else {},
        )

    def withdrawn(self, host: Observed, record: Mapping[str, Any]) -> Desired:
        return self.desired(host, *without_ours(record))

    def validations(self, host: Observed, edits: tuple[FileChange, ...]) -> tuple[Validation, ...]:
        return ()  # dockerd --validate came with 23.0; before, only the daemon itself reads the file

    def after_start(self, host: Observed) -> Lists | None:
        """Return what the daemon has once it has forgotten lists whose keys are gone: a reload keeps them."""
        place = self._place(host)
        if not any(self._remembers(host, place, word) for word in SPELLING):
            return None
        return self._lists(host, {word: [*self._flags(host, word), *place.read(word)] for word in SPELLING})

    def activation(self, host: Observed, differs: frozenset[str] = ALL_WORDS) -> Due | None:
        """SIGHUP is enough for both keys, but for old versions; containers do not notice."""
        version, since = docker.version_of(host), docker.SINCE
        reloads = {"insecure": since.reloads_insecure, "mirrors": since.reloads_mirrors}
        old = [word for word in reloads if word in differs and (0, 0) < version < reloads[word]]
        return Due(services.DOCKER, restart=bool(old))

    def refresh(self, host: Observed) -> tuple[Step, ...]:
        return ()  # nothing is generated from daemon.json

    def checks(self, host: Observed, expected: Lists) -> tuple[Check, ...]:
        wanted = tuple(docker.expected_blocks(expected))
        return (Check("docker info shows the lists", docker.INFO, wanted, attempts=10, delay=0.5, shows="docker.info"),)

    def contradicted(self, host: Observed, policy: Policy) -> list[Unmet]:
        lists = self.in_force(host)
        return docker.unmet_words(self._enforceable(policy), self._names(host), lists) if lists else []

    def report(self, host: Observed) -> dict[str, Any]:
        place = self._place(host)
        lists = self.in_force(host) or self._expected(host, place)
        files = [place.path] if host.exists(place.path) else []
        problems = [] if self.running(host) else ["docker.service is not running; the lists are those of its files"]
        return {**lists.plain(), "files": files, "problems": problems + self._clashes(host, place)}

    def _place(self, host: Observed) -> _ReloadedDaemonJson:
        path = docker.config_file(Unit(host).words(host))
        skips_mark = docker.version_of(host) >= docker.SINCE.skips_marks
        try:
            return _ReloadedDaemonJson(docker.config_text(host, path), SPELLING, path, skips_mark=skips_mark)
        except FormatError as error:
            raise HostProblem(f"{path}: {error}") from None

    def _names(self, host: Observed) -> dict[str, Callable[[str], str]]:
        """Return, for each list, how this docker reads an entry."""
        cuts_scheme = docker.version_of(host) >= docker.SINCE.cuts_schemes
        return {"insecure": partial(docker.insecure_name, cuts_scheme=cuts_scheme), "mirrors": docker.mirror_name}

    def _expected(self, host: Observed, place: _ReloadedDaemonJson) -> Lists:
        """Compute the daemon's lists from flags and file; a list whose key is gone stays until its next start."""
        lists = {word: [*self._flags(host, word), *place.read(word)] for word in SPELLING}
        for word, items in lists.items():
            items += self._remembers(host, place, word)
        return self._lists(host, lists)

    @staticmethod
    def _lists(host: Observed, lists: Mapping[str, list[str]]) -> Lists:
        cuts_scheme = docker.version_of(host) >= docker.SINCE.cuts_schemes
        insecure = docker.insecure_of(lists["insecure"], cuts_scheme=cuts_scheme)
        return Lists((DOCKER_HUB,), (), insecure, docker.mirrors_of(lists["mirrors"]))

    def _flags(self, host: Observed, word: str) -> list[str]:
        """Return the command line of the running daemon, else that of its next start."""
        running = host.answer("docker.flags").stdout.splitlines()
        return flag_values(running or [each.text for each in Unit(host).words(host)], SPELLING[word].flag)

    def _flags_say(
        self, host: Observed, place: _ReloadedDaemonJson, word: str, given: tuple[str, ...], exact: bool
    ) -> bool:
        """Return whether flags of the unit say the list already; its file must not say it as well."""
        spelled = self._names(host)[word]
        flags, wanted = set(map(spelled, self._flags(host, word))), set(map(spelled, given))
        return bool(flags) and not place.says(word) and (wanted == flags if exact else wanted <= flags)

    def _remembers(self, host: Observed, place: _ReloadedDaemonJson, word: str) -> list[str]:
        """Name what the daemon goes on using although neither its flags nor its file hold it any longer."""
        in_force = None if place.says(word) else self.in_force(host)
        said = set(map(self._names(host)[word], self._flags(host, word)))
        return [item for item in getattr(in_force, word, ()) if item not in said]

    def _way_back(self, host: Observed, after: _ReloadedDaemonJson) -> bytes | None:
        """Return the old file as it has to be reloaded for the lists in force; None where it says them by itself."""
        in_force, place = self.in_force(host), self._place(host)
        if in_force is None:
            return None
        said = self._lists(host, {word: place.read(word) for word in SPELLING})
        for word in filter(after.says, SPELLING):
            if not place.says(word) or getattr(said, word) != getattr(in_force, word):
                place.put(word, list(getattr(in_force, word)))
        edit = place.edit("")
        return edit.content if edit else None

    @staticmethod
    def _interrupted(host: Observed, place: _ReloadedDaemonJson) -> bool:
        """Return whether what the daemon remembers may be of a run that was interrupted, and nobody's wish."""
        return host.journal is not None and any(entry["path"] == place.path for entry in host.journal["files"])

    def _enforceable(self, policy: Policy) -> dict[str, tuple[str, ...]]:
        said: dict[str, tuple[str, ...]] = {}
        if policy.insecure is not None:
            said["insecure"] = tuple(item for item in policy.insecure if docker.takes_insecure(item))
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
            docker.not_insecure(item, "docker") for item in policy.insecure or () if not docker.takes_insecure(item)
        ]
        return found + docker.mirror_urls(policy)[1] + docker.only_for_containers(policy)

    def _clashes(self, host: Observed, place: _ReloadedDaemonJson) -> list[str]:
        """Name options that are both a flag and in the file, which keeps the daemon from starting or reloading."""
        return [
            docker.clash(origin, spelling.flag, spelling.json, place.path)
            for word, spelling in SPELLING.items()
            if place.says(word) and (origin := self._source(host, spelling.flag))
        ]

    def _refusals(self, host: Observed, place: _ReloadedDaemonJson, edit: FileChange | None) -> list[str]:
        """Say what keeps the daemon from its lists; other options matter once it has to read the file."""
        found = docker.misspelt_keys(place.document, SPELLING, place.path) + self._clashes(host, place)
        lists = [spelling.json for spelling in SPELLING.values()]
        others = [key for key in place.document if key not in lists] if edit else []
        twice = docker.said_twice(others, Unit(host).words(host))
        found += [
            f"{place.path}: with '{entry}' in '{key}' docker neither starts nor reloads; correct it"
            for key in lists
            for entry in docker.texts(place.path, place.document.get(key), key)
            if docker.not_taken(key, entry, docker.version_of(host))
        ]
        return found + [docker.clash(word.origin, word.text.partition("=")[0], key, place.path) for word, key in twice]

    def _source(self, host: Observed, flag: str) -> str:
        """Locate a flag: file and line, or the running daemon's command line."""
        if said := docker.listed(Unit(host).words(host), flag):
            return said[0].origin
        return "its command line" if flag_values(host.answer("docker.flags").stdout.splitlines(), flag) else ""
