# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker 1.12 and 1.13 of RHEL and CentOS 7: Red Hat's fork, which knows --add-registry and --block-registry.

Sources: projectatomic/docker (cmd/dockerd/daemon.go, registry/config.go), projectatomic/registries (the generator
behind registries.service), openshift-ansible roles/container_runtime; units as published for RHEL 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..formats import FormatError, environment_file, json_text, toml_text, yaml_text
from ..names import DOCKER_HUB
from ..observed import HostProblem, Observed, Watch
from ..plan import Disruption
from ..policy import ALL, Policy, unique
from ..registries_conf import MAIN as REGISTRIES_CONF
from ..registries_conf import version_of
from . import Check, Desired, Edit, Lists, Request, Step, Validation, added, merged

SYSCONFIG = "/etc/sysconfig/docker"
DAEMON_JSON = "/etc/docker/daemon.json"
GENERATOR = "/usr/libexec/registries"


@dataclass(frozen=True)
class Spelling:
    """How a word is written in the four places where a list can stand."""

    flag: str
    variable: str
    v1: str
    v0: str
    json: str


SPELLING = {
    "search": Spelling("--add-registry", "ADD_REGISTRY", "search", "registries", "add-registry"),
    "blocked": Spelling("--block-registry", "BLOCK_REGISTRY", "block", "block_registries", "block-registry"),
    "insecure": Spelling(
        "--insecure-registry", "INSECURE_REGISTRY", "insecure", "insecure_registries", "insecure-registries"
    ),
}

# The daemon's own command line: the only place where a running daemon shows what it blocks.
_FLAGS = (
    "sh", "-c",
    "pid=$(systemctl show -p MainPID docker.service | cut -d= -f2); "
    'test "$pid" -gt 0 && tr "\\0" "\\n" < "/proc/$pid/cmdline"',
)  # fmt: skip
_INFO = ("docker", "info")
_GENERATE = Step("restart registries.service", ("systemctl", "restart", "registries.service"))
_LOOPBACK = "127.0.0.0/8"  # always insecure for docker, never listed by us


class DockerFork:
    name = "docker-fork"
    title = "docker (Red Hat's fork)"
    default_mode = "exact"
    watch = Watch(
        files=(SYSCONFIG, REGISTRIES_CONF, DAEMON_JSON, GENERATOR),
        commands=(
            ("docker.unit", ("systemctl", "cat", "docker.service")),
            ("docker.state", ("systemctl", "show", "-p", "ActiveState", "docker.service")),
            ("registries.state", ("systemctl", "show", "-p", "LoadState", "registries.service")),
            ("docker.version", ("docker", "--version")),
            ("dockerd-current.help", ("dockerd-current", "--help")),
            ("docker.info", _INFO),
            ("docker.flags", _FLAGS),
        ),
    )

    def present(self, host: Observed) -> bool:
        """By what the daemon understands, never by a version number."""
        understands = SPELLING["search"].flag in host.answer("dockerd-current.help").stdout
        return understands or _Unit(host).passes("$ADD_REGISTRY") or _Unit(host).passes("$REGISTRIES")

    def version(self, host: Observed) -> str:
        found = re.search(r"version ([^\s,]+)", host.answer("docker.version").stdout)
        return found.group(1) if found else ""

    def running(self, host: Observed) -> bool:
        state = host.answer("docker.state").stdout
        return "ActiveState=inactive" not in state and bool(state)

    def busy(self, host: Observed) -> int:
        info = host.answer("docker.info").stdout
        if re.search(r"^ ?Live Restore Enabled: true", info, re.MULTILINE):
            return 0
        found = re.search(r"^ Running: (\d+)", info, re.MULTILINE)
        return int(found.group(1)) if found else 0

    def in_force(self, host: Observed) -> Lists | None:
        info = host.answer("docker.info")
        if not self.running(host):
            return None
        if info.failure:
            raise HostProblem(f"docker info gave {info.failure}; the daemon is sick, nothing was changed")
        if info.rc != 0:
            return None  # a daemon that is down: the activation brings it up or the commit is taken back
        search = re.search(r"^ ?Registries: (.*)$", info.stdout, re.MULTILINE)
        names = [entry.rsplit(" ", 1)[0] for entry in search.group(1).split(", ")] if search else []
        block = re.search(r"^ ?Insecure Registries:\n((?: {1,2}\S+\n?)*)", info.stdout, re.MULTILINE)
        insecure = block.group(1).split() if block else []
        blocked = _flag_values(host.answer("docker.flags").stdout.splitlines(), SPELLING["blocked"].flag)
        return Lists(
            search=unique(names),
            blocked=unique(_hub(name) for name in blocked),
            insecure=unique(sorted(set(insecure) - {_LOOPBACK})),
        )

    def desired(self, host: Observed, policy: Policy, request: Request) -> Desired:
        places = _places(host)
        target = _target(host, places)
        exact = (request.mode or self.default_mode) == "exact"
        said = self._enforceable(policy)
        ours = request.record.get("added", {})
        record: dict[str, list[str]] = dict(ours)
        for word, given in said.items():
            present = unique(item for place in places for item in place.read(word))
            wanted = given if exact else merged(given, present, tuple(ours.get(word, ())))
            record[word] = list(given) if exact else added(given, present, tuple(ours.get(word, ())))
            for place in places:
                place.write(word, wanted if place is target else ())
        why = f"the policy says {', '.join(said)}" if said else "nothing was said"
        return Desired(
            edits=tuple(edit for place in places if (edit := place.edit(why))),
            expected=_expected(places),
            unenforceable=tuple(self._unenforceable(policy)),
            notes=tuple(self._notes(policy, said)),
            record={"added": record} if record else {},
        )

    def validations(self, host: Observed, edits: tuple[Edit, ...]) -> tuple[Validation, ...]:
        return ()  # this docker reads its lists only when it starts

    def activation(self, host: Observed) -> tuple[Step, ...]:
        """registries.service first, so that the file it generates is fresh when docker reads it."""
        restart = Step(
            "restart docker.service", ("systemctl", "restart", "docker.service"), disruption=Disruption.RESTART
        )
        return (_GENERATE, restart) if _generated(host) else (restart,)

    def refresh(self, host: Observed) -> tuple[Step, ...]:
        """A docker that requires registries.service starts it itself, and would be restarted with it."""
        return (_GENERATE,) if _generated(host) and not _Unit(host).requires("registries.service") else ()

    def checks(self, host: Observed, expected: Lists) -> tuple[Check, ...]:
        listing = ", ".join(rf"{re.escape(name)} \(\w+\)" for name in expected.search)
        insecure = "|".join(re.escape(name) for name in (*expected.insecure, _LOOPBACK))
        info = [
            # without anything to search the line is left out
            {"pattern": rf"^ ?Registries: {listing}$" if listing else r"^ ?Registries: \S", "found": bool(listing)},
            *({"pattern": rf"^ +{re.escape(name)}$", "found": True} for name in expected.insecure),
            {"pattern": rf"^ ?Insecure Registries:\n(?: {{1,2}}(?:{insecure})\n)*(?! )", "found": True},
        ]
        flag = SPELLING["blocked"].flag
        spellings = {name: f"(?:{name}|public)" if name == DOCKER_HUB else re.escape(name) for name in expected.blocked}
        flags = [{"pattern": rf"^{flag}[=\n]{spelling}$", "found": True} for spelling in spellings.values()]
        others = "|".join(spellings.values()) or "(?!)"
        flags.append({"pattern": rf"^{flag}[=\n](?!(?:{others})$)", "found": False})
        return (
            Check("docker info shows the lists", _INFO, tuple(info), attempts=15),
            Check("the daemon runs with the block list", _FLAGS, tuple(flags)),
        )

    def report(self, host: Observed) -> dict[str, Any]:
        places = _places(host)
        lists = self.in_force(host) or _expected(places)
        files = [place.path for place in places if any(place.read(word) for word in SPELLING)]
        problems = [] if self.running(host) else ["docker.service is not running; the lists are those of its files"]
        return {
            "search": list(lists.search), "blocked": list(lists.blocked), "insecure": list(lists.insecure),
            "files": files, "problems": problems,
        }  # fmt: skip

    def _enforceable(self, policy: Policy) -> dict[str, tuple[str, ...]]:
        """What of each word the fork can do."""
        said = {word: getattr(policy, word) for word in SPELLING if getattr(policy, word) is not None}
        if policy.allowed and policy.blocked is None:
            said["blocked"] = (ALL,)
        return {word: tuple(item for item in items if _flag_can_say(word, item)) for word, items in said.items()}

    def _unenforceable(self, policy: Policy) -> list[str]:
        found = [
            f"{word} '{item}': {spelling.flag} takes whole registries only, no path and no wildcard"
            for word, spelling in SPELLING.items()
            for item in getattr(policy, word) or ()
            if not _flag_can_say(word, item)
        ]
        return found + [
            f"allowed '{item}': under 'all' this docker pulls only from registries that are searched"
            for item in policy.allowed or ()
            if item not in (policy.search or ())
        ]

    def _notes(self, policy: Policy, said: dict[str, tuple[str, ...]]) -> list[str]:
        blocked = said.get("blocked", ())
        if policy.search and DOCKER_HUB not in policy.search and not {ALL, DOCKER_HUB} & set(blocked):
            return [f"this docker always searches {DOCKER_HUB} last, unless it is blocked"]
        return []


class _Unit:
    """What docker.service says, drop-ins included (an empty ExecStart= resets those before it)."""

    def __init__(self, host: Observed) -> None:
        self.text = host.answer("docker.unit").stdout.replace("\\\n", " ")
        starts = re.findall(r"^ExecStart=(.*)$", self.text, re.MULTILINE)
        while "" in (stripped := [start.strip() for start in starts]):
            starts = starts[stripped.index("") + 1 :]
        self.start = " ".join(starts)
        self.environment_files = [
            path.lstrip("-").strip() for path in re.findall(r"^EnvironmentFile=(.*)$", self.text, re.MULTILINE)
        ]

    def passes(self, variable: str) -> bool:
        return variable in self.start.replace("{", "").replace("}", "").split()

    def requires(self, unit: str) -> bool:
        named = re.findall(r"^(?:Requires|BindsTo|PartOf)=(.*)$", self.text, re.MULTILINE)
        return unit in " ".join(named).split()

    def reads(self, path: str) -> bool:
        return path in self.environment_files


class _Sysconfig:
    """/etc/sysconfig/docker: flags in shell-like variables."""

    path = SYSCONFIG
    _variables = ("OPTIONS", *(spelling.variable for spelling in SPELLING.values()))

    def __init__(self, text: str | None) -> None:
        self.old_text = text or ""
        self.values = environment_file.parse(self.old_text)
        self.old_values = dict(self.values)

    def read(self, word: str) -> list[str]:
        flag = SPELLING[word].flag
        return [value for name in self._variables for value in _flag_values(self._words(name), flag)]

    def write(self, word: str, items: tuple[str, ...]) -> None:
        spelling = SPELLING[word]
        if self.read(word) == list(items) and not self._bare(spelling.flag):
            return
        for name in self._variables:
            rest = _without_flag(self._words(name), spelling.flag)
            if name == spelling.variable:
                rest += [part for item in items for part in (spelling.flag, item)]
            self._set(name, rest)

    def edit(self, why: str) -> Edit | None:
        if self.values == self.old_values:
            return None
        text = environment_file.edit(self.old_text, self.values)
        return Edit(self.path, text, self._view(self.old_values), self._view(self.values), why)

    def _words(self, name: str) -> list[str]:
        return environment_file.words(self.values.get(name, ""))

    def _bare(self, flag: str) -> bool:
        return any(words and words[-1] == flag for words in map(self._words, self._variables))

    def _set(self, name: str, words: list[str]) -> None:
        if words == self._words(name):
            return
        if not words and name != "OPTIONS":
            self.values.pop(name, None)
        else:
            self.values[name] = environment_file.edit_words(self.values.get(name, ""), words)

    def _view(self, values: dict[str, str]) -> str:
        """Registry flags only: OPTIONS may carry other people's secrets."""
        flags = [spelling.flag for spelling in SPELLING.values()]
        lines = []
        for name in self._variables:
            words = environment_file.words(values.get(name, ""))
            shown = [f"{flag} {value}" for flag in flags for value in _flag_values(words, flag)]
            lines += [f"{name}: {flag}" for flag in shown]
        return "".join(f"{line}\n" for line in lines)


class _Document:
    """A structured file that holds the lists under keys; the format modules keep all its other bytes."""

    path = ""
    parse: Callable[[str], Any]
    edit_text: Callable[[str, Any], str]

    def __init__(self, text: str | None) -> None:
        self.old_text = text or ""
        self.document: Any = type(self).parse(self.old_text)
        self.old = {word: self.read(word) for word in SPELLING}

    def read(self, word: str) -> list[str]:
        raise NotImplementedError

    def put(self, word: str, items: list[str]) -> None:
        raise NotImplementedError

    def write(self, word: str, items: tuple[str, ...]) -> None:
        if self.read(word) != list(items):
            self.put(word, list(items))

    def edit(self, why: str) -> Edit | None:
        if {word: self.read(word) for word in SPELLING} == self.old:
            return None
        text = type(self).edit_text(self.old_text, self.document)
        return Edit(
            self.path, text, _list_view(self.old), _list_view({word: self.read(word) for word in SPELLING}), why
        )


class _RegistriesV1(_Document):
    """registries.conf as TOML v1, also with the quoted table names that registries_migrator wrote."""

    path = REGISTRIES_CONF
    parse = staticmethod(toml_text.parse)
    edit_text = staticmethod(toml_text.edit)

    def read(self, word: str) -> list[str]:
        return _texts(self.path, self._table(word).get("registries", []), f"[registries.{SPELLING[word].v1}]")

    def put(self, word: str, items: list[str]) -> None:
        table = self._table(word)
        if not table:
            self.document.setdefault("registries", {})[SPELLING[word].v1] = table
        table["registries"] = items

    def _table(self, word: str) -> dict[str, Any]:
        kind = SPELLING[word].v1
        table = self.document.get(f"registries.{kind}") or self.document.get("registries", {}).get(kind, {})
        if not isinstance(table, dict):
            raise HostProblem(f"{self.path}: [registries.{kind}] is not a table")
        return table


class _RegistriesV0(_Document):
    """registries.conf as YAML, the oldest form."""

    path = REGISTRIES_CONF
    parse = staticmethod(yaml_text.parse)
    edit_text = staticmethod(yaml_text.edit)

    def read(self, word: str) -> list[str]:
        return _texts(self.path, (self.document or {}).get(SPELLING[word].v0) or [], SPELLING[word].v0)

    def put(self, word: str, items: list[str]) -> None:
        self.document = {**(self.document or {}), SPELLING[word].v0: items}


class _DaemonJson(_Document):
    """/etc/docker/daemon.json: the same option here and as a flag stops the daemon, so the lists move out of it."""

    path = DAEMON_JSON
    parse = staticmethod(lambda text: json_text.parse(text) if text.strip() else {})
    edit_text = staticmethod(lambda text, value: json_text.edit(text or "{}\n", value))

    def read(self, word: str) -> list[str]:
        return _texts(self.path, self.document.get(SPELLING[word].json, []), SPELLING[word].json)

    def put(self, word: str, items: list[str]) -> None:
        if items:
            self.document[SPELLING[word].json] = items
        else:
            self.document.pop(SPELLING[word].json, None)


_Place = _Sysconfig | _Document


def _places(host: Observed) -> list[_Place]:
    """Everywhere this docker takes registry lists from, in the order its flags are put together."""
    unit = _Unit(host)
    found: list[_Place] = []
    path = SYSCONFIG
    try:
        if unit.reads(SYSCONFIG) and any(unit.passes(f"${name}") for name in _Sysconfig._variables):
            found.append(_Sysconfig(host.text(SYSCONFIG)))
        path = REGISTRIES_CONF
        if _generated(host) and (place := _registries_place(host)):
            found.append(place)
        path = DAEMON_JSON
        found.append(_DaemonJson(host.text(DAEMON_JSON)))
    except FormatError as error:
        raise HostProblem(f"{path}: {error}") from None
    return found


def _target(host: Observed, places: list[_Place]) -> _Place:
    """The one place that is to hold the lists: registries.conf where docker reads it, else sysconfig."""
    for kind in (_RegistriesV1, _RegistriesV0, _Sysconfig, _DaemonJson):
        for place in places:
            if isinstance(place, kind):
                return place
    raise HostProblem("docker.service takes registry lists from no file this collection knows")


def _generated(host: Observed) -> bool:
    """Whether registries.conf reaches docker: the generator's unit exists and its output is on the command line."""
    return "LoadState=loaded" in host.answer("registries.state").stdout and _Unit(host).passes("$REGISTRIES")


def _registries_place(host: Observed) -> _Document | None:
    """The reader for the form the file has; None for the v2 form, in which the generator finds nothing."""
    text = host.text(REGISTRIES_CONF)
    knows_toml = "toml" in (host.text(GENERATOR) or "toml").lower() if _readable(host, GENERATOR) else True
    if not _says_something(text):
        return _RegistriesV1(text) if knows_toml else _RegistriesV0(text)
    try:
        document = toml_text.parse(text or "")
    except FormatError as toml_error:
        try:
            return _RegistriesV0(text)
        except FormatError:
            raise toml_error from None
    return None if version_of(document) == 2 else _RegistriesV1(text)


def _readable(host: Observed, path: str) -> bool:
    return host.files.get(path, {}).get("state") == "file"


def _says_something(text: str | None) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in (text or "").splitlines())


def _expected(places: list[_Place]) -> Lists:
    """What docker makes of its places: additional registries that are not blocked, then Docker Hub."""
    everywhere = {word: [item for place in places for item in place.read(word)] for word in SPELLING}
    blocked = unique(_hub(item) for item in everywhere["blocked"])
    search = [_hub(item) for item in everywhere["search"] if _hub(item) not in blocked]
    if not {ALL, DOCKER_HUB} & set(blocked):
        search.append(DOCKER_HUB)
    insecure = unique(sorted(set(everywhere["insecure"]) - {_LOOPBACK}))
    return Lists(search=unique(search), blocked=blocked, insecure=insecure)


def _flag_can_say(word: str, item: str) -> bool:
    if word == "insecure" and re.fullmatch(r"[0-9.]+/[0-9]+", item):
        return True
    return "/" not in item and "*" not in item


def _hub(name: str) -> str:
    return DOCKER_HUB if name in ("public", "index.docker.io") else name


def _flag_values(words: list[str], flag: str) -> list[str]:
    """The values of a repeated flag, `--flag value` and `--flag=value`; a bare flag at the end has none."""
    found, rest = [], iter(words)
    for word in rest:
        if word == flag:
            found += [value for value in [next(rest, None)] if value is not None]
        elif word.startswith(flag + "="):
            found.append(word.partition("=")[2])
    return found


def _without_flag(words: list[str], flag: str) -> list[str]:
    kept, rest = [], iter(words)
    for word in rest:
        if word == flag:
            next(rest, None)
        elif not word.startswith(flag + "="):
            kept.append(word)
    return kept


def _texts(path: str, value: Any, key: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise HostProblem(f"{path}: '{key}' is not a list of names")
    return list(value)


def _list_view(lists: dict[str, list[str]]) -> str:
    return "".join(f"{word}: {item}\n" for word, items in lists.items() for item in items)
