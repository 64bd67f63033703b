# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker 1.12 and 1.13 of RHEL and CentOS 7: Red Hat's fork, which knows --add-registry and --block-registry.

Sources: projectatomic/docker (cmd/dockerd/daemon.go, registry/config.go), projectatomic/registries (the generator
behind registries.service), openshift-ansible roles/container_runtime; units as published for RHEL 7.
"""

from __future__ import annotations

import re
from typing import Any

from ..formats import FormatError, environment_file, toml_text, yaml_text
from ..host import services
from ..names import DOCKER_HUB, hub_name
from ..observed import HostProblem, Observed, Question, Watch, in_file
from ..plan.draft import Check, Due, FileChange, Step, Validation
from ..policy import ALL, Policy, unique
from ..policy.lists import DOCKER
from ..registries_conf import MAIN as REGISTRIES_CONF
from ..registries_conf import version_of
from . import Desired, Lists, Request, added, docker, merged
from .docker import DAEMON_JSON, DaemonJson, Document, Spelling, Unit, flag_values, mapping, texts, without_flag

SYSCONFIG = "/etc/sysconfig/docker"
GENERATOR = "/usr/libexec/registries"

SPELLING = {
    "search": Spelling("--add-registry", "ADD_REGISTRY", "add-registry", "search", "registries"),
    "blocked": Spelling("--block-registry", "BLOCK_REGISTRY", "block-registry", "block", "block_registries"),
    "insecure": Spelling(
        "--insecure-registry", "INSECURE_REGISTRY", "insecure-registries", "insecure", "insecure_registries"
    ),
    "mirrors": Spelling("--registry-mirror", "OPTIONS", "registry-mirrors"),
}

_GENERATE = Step(
    "restart registries.service",
    ("systemctl", "restart", "registries.service"),
    "it makes the file that docker reads of registries.conf",
)


class DockerFork(docker.Docker):
    name = "docker-fork"
    title = "docker (Red Hat's fork)"
    default_mode = "exact"
    watch = Watch(
        files=(SYSCONFIG, REGISTRIES_CONF, DAEMON_JSON, GENERATOR),
        commands=(
            *docker.COMMANDS,
            Question("registries.state", ("systemctl", "show", "-p", "LoadState", "registries.service"), "docker"),
            Question("dockerd-current.help", ("dockerd-current", "--help")),
        ),
    )

    def present(self, host: Observed) -> bool:
        """By what the daemon understands, never by a version number."""
        understands = SPELLING["search"].flag in host.answer("dockerd-current.help").stdout
        return understands or Unit(host).passes("$ADD_REGISTRY") or Unit(host).passes("$REGISTRIES")

    def in_force(self, host: Observed) -> Lists | None:
        info = services.docker_info(host)
        if info is None:
            return None  # a daemon that is down: the activation brings it up or the commit is taken back
        search = re.search(r"^ ?Registries: (.*)$", info, re.MULTILINE)
        names = [entry.rsplit(" ", 1)[0] for entry in search.group(1).split(", ")] if search else []
        blocked = flag_values(docker.flags(host), SPELLING["blocked"].flag)
        return Lists(
            search=unique(names),
            blocked=unique(hub_name(name, "docker") for name in blocked),
            insecure=docker.insecure_of(docker.block_of(info, "Insecure Registries")),
            mirrors=docker.mirrors_of(docker.block_of(info, "Registry Mirrors")),
        )

    def desired(self, host: Observed, policy: Policy, request: Request) -> Desired:
        places = _places(host)
        exact = (request.mode or self.default_mode) == "exact"
        said = self._enforceable(policy)
        ours = request.record.get("added", {})
        record: dict[str, list[str]] = dict(ours)
        for word, given in said.items():
            target = _target(places, word)
            present = unique(item for place in places if place.holds(word) for item in place.read(word))
            wanted = given if exact else merged(given, present, tuple(ours.get(word, ())))
            record[word] = list(given) if exact else added(given, present, tuple(ours.get(word, ())))
            for place in places:
                if place.holds(word):
                    place.write(word, wanted if place is target else ())
        why = f"the policy says {', '.join(said)}" if said else "nothing was said"
        return Desired(
            edits=tuple(edit for place in places if (edit := place.edit(why))),
            expected=_expected(places),
            unenforceable=tuple(self._unenforceable(policy)),
            notes=tuple(self._notes(policy, said)),
            record={"added": record} if record else {},
        )

    def validations(self, host: Observed, edits: tuple[FileChange, ...]) -> tuple[Validation, ...]:
        return ()  # this docker reads its lists only when it starts

    def activation(self, host: Observed) -> Due | None:
        """registries.service first, so that the file it generates is fresh when docker reads it."""
        return Due(services.DOCKER, first=(_GENERATE,) if _generated(host) else ())

    def refresh(self, host: Observed) -> tuple[Step, ...]:
        """A docker that requires registries.service starts it itself, and would be restarted with it."""
        return (_GENERATE,) if _generated(host) and not Unit(host).requires("registries.service") else ()

    def checks(self, host: Observed, expected: Lists) -> tuple[Check, ...]:
        search = {
            "pattern": r"^ ?Registries: (?P<items>.*)$", "items": list(expected.search), "separator": ", ",
            "strip": r" \(\w+\)$",
        }  # fmt: skip
        blocked = {
            "pattern": rf"^{SPELLING['blocked'].flag}[=\n](?P<items>.*)$", "items": list(expected.blocked),
            "ordered": False, "same": {"public": DOCKER_HUB, "index.docker.io": DOCKER_HUB},
        }  # fmt: skip
        return (
            Check("docker info shows the lists", docker.INFO, (search, *docker.expected_blocks(expected)), attempts=15),
            Check("the daemon runs with the block list", docker.FLAGS, ({"rc": 0}, blocked)),
        )

    def report(self, host: Observed) -> dict[str, Any]:
        places = _places(host)
        lists = self.in_force(host) or _expected(places)
        files = [place.path for place in places if any(place.read(word) for word in SPELLING if place.holds(word))]
        problems = [] if self.running(host) else ["docker.service is not running; the lists are those of its files"]
        return {**lists.plain(), "files": files, "problems": problems}

    def _enforceable(self, policy: Policy) -> dict[str, tuple[str, ...]]:
        """What of each word the fork can do, as it spells it."""
        lists = ("search", "blocked", "insecure")
        said = {word: getattr(policy, word) for word in lists if getattr(policy, word) is not None}
        if policy.allowed and policy.blocked is None:
            said["blocked"] = (ALL,)
        said = {word: tuple(item for item in items if DOCKER.holds(word, item)) for word, items in said.items()}
        if policy.mirrors is not None:
            said["mirrors"] = docker.mirror_urls(policy)[0]
        return said

    def _unenforceable(self, policy: Policy) -> list[str]:
        found = [
            f"{word} '{item}': {SPELLING[word].flag} takes whole registries only, no path and no wildcard"
            for word in ("search", "blocked", "insecure")
            for item in getattr(policy, word) or ()
            if not DOCKER.holds(word, item)
        ]
        found += [
            f"allowed '{item}': under 'all' this docker pulls only from registries that are searched"
            for item in policy.allowed or ()
            if item not in (policy.search or ())
        ]
        found += [
            f"mirror '{mirror}': under 'all' this docker uses only mirrors that are searched"
            for mirrored in policy.mirrors or ()
            for mirror in mirrored.mirrors
            if policy.allow_list is not None and mirrored.source == DOCKER_HUB and mirror not in (policy.search or ())
        ]
        return found + docker.mirror_urls(policy)[1] + docker.no_short_names(policy)

    def _notes(self, policy: Policy, said: dict[str, tuple[str, ...]]) -> list[str]:
        blocked = said.get("blocked", ())
        if policy.search and DOCKER_HUB not in policy.search and not {ALL, DOCKER_HUB} & set(blocked):
            return [f"this docker always searches {DOCKER_HUB} last, unless it is blocked"]
        return []


#: Words whose order means something to this docker.
_ORDERED = ("search", "mirrors")


class _Sysconfig:
    """/etc/sysconfig/docker: flags in shell-like variables."""

    path = SYSCONFIG
    variables = tuple(dict.fromkeys(["OPTIONS", *(spelling.variable for spelling in SPELLING.values())]))

    def __init__(self, text: str | None) -> None:
        self.old_text = text or ""
        self.values = environment_file.parse(self.old_text)
        self.old_values = dict(self.values)

    def holds(self, word: str) -> bool:
        return word in SPELLING

    def read(self, word: str) -> list[str]:
        flag = SPELLING[word].flag
        return [value for name in self.variables for value in flag_values(self._words(name), flag)]

    def write(self, word: str, items: tuple[str, ...]) -> None:
        """Take away what goes and put what comes into the word's variable.

        What stays keeps its place and its spelling, unless that would be another order of searched registries.
        """
        spelling, before, present = SPELLING[word], dict(self.values), self.read(word)
        if present == list(items) and not self._bare(spelling.flag):
            return
        for stay in ([item for item in items if item in present], []):
            self.values = dict(before)
            seen: set[str] = set()
            for name in self.variables:
                words = self._words(name)
                values = [value for value in flag_values(words, spelling.flag) if value in stay and value not in seen]
                rest = without_flag(words, spelling.flag, values)
                seen.update(values)
                if name == spelling.variable:
                    rest += [part for item in items if item not in stay for part in (spelling.flag, item)]
                self._set(name, rest)
            if word not in _ORDERED or self.read(word) == list(items):
                return

    def edit(self, why: str) -> FileChange | None:
        if self.values == self.old_values:
            return None
        with in_file(self.path):
            text = environment_file.edit(self.old_text, self.values)
        return FileChange(self.path, text.encode(), why, self._view(self.old_values), self._view(self.values))

    def _words(self, name: str) -> list[str]:
        return environment_file.words(self.values.get(name, ""))

    def _bare(self, flag: str) -> bool:
        return any(words and words[-1] == flag for words in map(self._words, self.variables))

    def _set(self, name: str, words: list[str]) -> None:
        if words == self._words(name):
            return
        if not words and name != "OPTIONS":
            self.values.pop(name, None)
        else:
            self.values[name] = environment_file.edit_words(self.values.get(name, ""), words)

    def _view(self, values: dict[str, str]) -> str:
        """Registry flags only: OPTIONS may carry other people's secrets."""
        shown = []
        for name in self.variables:
            words = environment_file.words(values.get(name, ""))
            for spelling in SPELLING.values():
                shown += [f"{name}: {spelling.flag} {value}\n" for value in flag_values(words, spelling.flag)]
        return "".join(shown)


class _RegistriesV1(Document):
    """registries.conf as TOML v1, also with the quoted table names that registries_migrator wrote."""

    path = REGISTRIES_CONF
    parse = staticmethod(toml_text.parse)
    edit_text = staticmethod(toml_text.edit)

    def holds(self, word: str) -> bool:
        return bool(SPELLING[word].v1)

    def read(self, word: str) -> list[str]:
        return texts(self.path, self._table(word).get("registries", []), f"[registries.{SPELLING[word].v1}]")

    def put(self, word: str, items: list[str]) -> None:
        table = self._table(word)
        if not table:
            self.document.setdefault("registries", {})[SPELLING[word].v1] = table
        table["registries"] = items

    def _table(self, word: str) -> dict[str, Any]:
        kind = SPELLING[word].v1
        quoted = self.document.get(f"registries.{kind}")
        plain = mapping(self.path, self.document.get("registries"), "'registries'").get(kind)
        return mapping(self.path, quoted or plain, f"[registries.{kind}]")


class _RegistriesV0(Document):
    """registries.conf as YAML, the oldest form."""

    path = REGISTRIES_CONF
    parse = staticmethod(yaml_text.parse)
    edit_text = staticmethod(yaml_text.edit)

    def holds(self, word: str) -> bool:
        return bool(SPELLING[word].v0)

    def read(self, word: str) -> list[str]:
        return texts(self.path, self.document.get(SPELLING[word].v0), SPELLING[word].v0)

    def put(self, word: str, items: list[str]) -> None:
        self.document[SPELLING[word].v0] = items


_Place = _Sysconfig | Document


def _places(host: Observed) -> list[_Place]:
    """Everywhere this docker takes registry lists from, in the order in which it adds them up."""
    unit = Unit(host)
    found: list[_Place] = []
    path = SYSCONFIG
    try:
        if unit.reads(SYSCONFIG) and any(unit.passes(f"${name}") for name in _Sysconfig.variables):
            found.append(_Sysconfig(host.text(SYSCONFIG)))
        path = REGISTRIES_CONF
        if _generated(host) and (place := _registries_place(host)):
            found.append(place)
        path = DAEMON_JSON
        found.append(DaemonJson(host.text(DAEMON_JSON), SPELLING))
    except FormatError as error:
        raise HostProblem(f"{path}: {error}") from None
    return found


def _target(places: list[_Place], word: str) -> _Place:
    """The one place that is to hold a list: registries.conf where docker reads it, else sysconfig, else daemon.json."""
    holding = {place.path: place for place in places if place.holds(word)}
    return next(holding[path] for path in (REGISTRIES_CONF, SYSCONFIG, DAEMON_JSON) if path in holding)


def _generated(host: Observed) -> bool:
    """Whether registries.conf reaches docker: the generator's unit exists and its output is on the command line."""
    return "LoadState=loaded" in host.answer("registries.state").stdout and Unit(host).passes("$REGISTRIES")


def _registries_place(host: Observed) -> Document | None:
    """The reader for the form the file has; None for the v2 form, in which the generator finds nothing."""
    text = host.text(REGISTRIES_CONF)
    if not _says_something(text):
        kind = _RegistriesV1 if _generator_knows_toml(host) else _RegistriesV0
        return kind(text, SPELLING)
    try:
        document = toml_text.parse(text or "")
    except FormatError as toml_error:
        try:
            return _RegistriesV0(text, SPELLING)
        except FormatError:
            raise toml_error from None
    return None if version_of(document) == 2 else _RegistriesV1(text, SPELLING)


def _generator_knows_toml(host: Observed) -> bool:
    """The older generator reads YAML only. Where it cannot be looked into, the newer one is assumed."""
    if host.files.get(GENERATOR, {}).get("state") != "file":
        return True
    return "toml" in (host.text(GENERATOR) or "").lower()


def _says_something(text: str | None) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in (text or "").splitlines())


def _expected(places: list[_Place]) -> Lists:
    """What docker makes of its places: additional registries that are not blocked, then Docker Hub."""
    everywhere = {
        word: [item for place in places if place.holds(word) for item in place.read(word)] for word in SPELLING
    }
    blocked = unique(hub_name(item, "docker") for item in everywhere["blocked"])
    search = [name for name in (hub_name(item, "docker") for item in everywhere["search"]) if name not in blocked]
    if not {ALL, DOCKER_HUB} & set(blocked):
        search.append(DOCKER_HUB)
    insecure, mirrors = docker.insecure_of(everywhere["insecure"]), docker.mirrors_of(everywhere["mirrors"])
    return Lists(unique(search), blocked, insecure, mirrors)
