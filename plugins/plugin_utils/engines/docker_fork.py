# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker 1.12 and 1.13 of RHEL and CentOS 7: Red Hat's fork, which knows --add-registry and --block-registry.

Sources: projectatomic/docker (cmd/dockerd/daemon.go, registry/config.go), projectatomic/registries (the generator
behind registries.service), openshift-ansible roles/container_runtime; units as published for RHEL 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..formats import FormatError, environment_file, toml_text, yaml_text
from ..host import services
from ..host.observed import HostProblem, Observed, in_file
from ..host.watch import Question, Watch
from ..plan.draft import Check, Due, FileChange, Step, Validation
from ..plan.plan import view
from ..policy import ALL, MirrorSet, Policy, unique
from ..policy.lists import DOCKER, REGISTRIES_CONF_V1
from ..resolution.names import DOCKER_HUB, host_of, hub_name, is_range
from ..resolution.registries_conf import MAIN as REGISTRIES_CONF
from ..resolution.registries_conf import version_of
from . import (
    ALL_WORDS,
    Desired,
    Lists,
    Request,
    Unmet,
    added,
    differing,
    docker,
    fork_pull,
    fork_start,
    joint_list,
    without_ours,
)
from .containers import files
from .docker import DAEMON_JSON, DaemonJson, Document, Spelling, Unit, flag_values, mapping, texts, without_flag

SYSCONFIG = "/etc/sysconfig/docker"
GENERATOR = "/usr/libexec/registries"
_GENERATED = "/run/containers/registries.conf"
_V1_TABLES = ("search", "insecure", "block")
_V0_KEYS = ("registries", "insecure_registries", "block_registries")
_OF_THE_FORK = re.compile(r"\$\{?(?:ADD_REGISTRY|REGISTRIES)\b")
_FALSE = ("false", "0", "f")

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
    #: made: the variables of /etc/sysconfig/docker that we have put there; emptied, they go
    record: Any = {**docker.Docker.record, "made?": [str]}
    watch = Watch(
        files=(*docker.ENVIRONMENT_FILES, REGISTRIES_CONF, DAEMON_JSON, GENERATOR),
        commands=(
            *docker.COMMANDS,
            Question("registries.state", ("systemctl", "show", "-p", "LoadState", "registries.service"), "docker"),
            Question("dockerd-current.help", ("dockerd-current", "--help")),
        ),
    )

    def present(self, host: Observed) -> bool:
        """Recognise the fork by the flags of its daemon, never by a version number."""
        understands = SPELLING["search"].flag in host.answer("dockerd-current.help").stdout
        return understands or _OF_THE_FORK.search(Unit(host).start) is not None

    def in_force(self, host: Observed) -> Lists | None:
        """Read docker info and the command line; nothing shows the blocked registries of daemon.json."""
        info = services.docker_info(host)
        if info is None:
            return None  # a daemon that is down: the activation brings it up or the commit is taken back
        search = re.search(r"^ ?Registries: (.*)$", info, re.MULTILINE)
        names = [entry.rsplit(" ", 1)[0] for entry in search[1].split(", ")] if search and search[1] else []
        blocked = map(_blocked_name, flag_values(docker.flags(host), SPELLING["blocked"].flag))
        return Lists(
            search=unique(names),
            blocked=unique(blocked),
            insecure=docker.insecure_of(docker.block_of(info, "Insecure Registries")),
            mirrors=docker.mirrors_of(docker.block_of(info, "Registry Mirrors")),
        )

    def desired(self, host: Observed, policy: Policy, request: Request) -> Desired:
        places = _Places(host, request.record)
        exact = (request.mode or self.default_mode) == "exact"
        said = self._enforceable(policy)
        ours = request.record.get("added", {})
        record: dict[str, list[str]] = dict(ours)
        refusals: list[str] = []
        for word, given in said.items():
            given = unique((*places.given_by_others(word, policy), *given))
            present, mine = places.entries(word), tuple(ours.get(word, ()))
            wanted = given if exact else joint_list(given, present, mine, _NAMES[word])
            record[word] = added(given, present, mine, _NAMES[word])
            refusals += places.write(word, wanted)
        why = f"the policy says {', '.join(said)}" if said else "nothing was said"
        clashes = places.clashes()
        edits = () if clashes else places.edits(why)
        expected = _Places(host.with_files({edit.path: edit.content for edit in edits})).expected()
        lost = docker.without_effect(said, _NAMES, expected) + self._pulls_otherwise(said, expected)
        return Desired(
            edits=edits,
            expected=expected,
            unenforceable=tuple(self._unenforceable(policy, places)),
            refusals=(*refusals, *(clashes or self._does_not_start(host, edits, places) or lost)),
            notes=tuple(self._notes(policy, said)),
            warnings=tuple(self._warnings(policy, places)),
            record=({"added": record} | places.made()) if record else {},
        )

    @staticmethod
    def _pulls_otherwise(said: Mapping[str, tuple[str, ...]], expected: Lists) -> list[str]:
        """Say which entries do not reach their effect on a pull, though docker shows them."""
        found = [
            f"blocked '{entry}' would have no effect: docker would still ask it"
            for entry in map(_blocked_name, said.get("blocked", ()))
            if entry in fork_pull.endpoints(expected, f"{entry}/image")
        ]
        if said.get("search") and expected.search and not fork_pull.names(expected, "image"):
            found.append(
                f"search '{expected.search[0]}': this docker fails every image name without a registry while it stands "
                "first, because it has neither dot nor port; write it with one"
            )
        return found

    def withdrawn(self, host: Observed, record: Mapping[str, Any]) -> Desired:
        return self.desired(host, *without_ours(record))

    def _does_not_start(self, host: Observed, edits: tuple[FileChange, ...], places: _Places) -> list[str]:
        """Say why this docker would not start with the new files: it checks nothing before it is stopped."""
        after = host.with_files({edit.path: edit.content for edit in edits})
        words = [word.text for word in Unit(after).words(after) if _file_of(word.origin) != _GENERATED]
        odd = [item for item in places.generated_flags()[1::2] if not item or item != "".join(item.split())]
        if odd:
            return [f"docker would not start: {REGISTRIES_CONF} holds the name '{odd[0]}', which no flag can carry"]
        if _generated(after) and (problem := _why_not_generated(after.text(REGISTRIES_CONF))):
            return [f"registries.service could not read {REGISTRIES_CONF}: {problem}"]
        words += places.generated_flags()
        said = fork_start.refusal(words, docker.config_text(after, places.json.path))
        return [f"docker would not start with these files: {said}"] if said else []

    def validations(self, host: Observed, edits: tuple[FileChange, ...]) -> tuple[Validation, ...]:
        return ()  # this docker reads its lists only when it starts

    def activation(self, host: Observed, differs: frozenset[str] = ALL_WORDS) -> Due | None:
        """registries.service first, so that the file it generates is fresh when docker reads it.

        Of all lists only the insecure one of daemon.json is read again by SIGHUP.
        """
        if differs == {"insecure"} and Unit(host).values("ExecReload") and _daemon_json(host).says("insecure"):
            return Due(services.DOCKER, restart=False)
        return Due(services.DOCKER, first=(_GENERATE,) if _generated(host) else ())

    def refresh(self, host: Observed) -> tuple[Step, ...]:
        """Restart registries.service, unless docker requires it: docker then starts it itself."""
        return (_GENERATE,) if _generated(host) and not Unit(host).requires("registries.service") else ()

    def differs(self, host: Observed, shown: Lists, expected: Lists) -> frozenset[str]:
        """Compare the lists; those blocked by daemon.json count as in force since docker started."""
        unseen = set(_blocked_by_file(host))
        blocked = tuple(name for name in expected.blocked if name not in unseen or name in shown.blocked)
        by_address = set(_by_address(expected))
        insecure = tuple(name for name in shown.insecure if name not in by_address)
        return frozenset(
            word
            for word in differing(replace(shown, insecure=insecure), replace(expected, blocked=blocked))
            if word != "blocked" or set(shown.blocked) != set(blocked)
        )

    def checks(self, host: Observed, expected: Lists) -> tuple[Check, ...]:
        search = {
            "pattern": r"^ ?Registries: (?P<items>.*)$", "items": list(expected.search), "separator": ", ",
            "strip": r" \(\w+\)$",
        }  # fmt: skip
        unseen = set(_blocked_by_file(host))
        blocked = {
            "pattern": rf"^{SPELLING['blocked'].flag}[=\n](?P<items>.*)$",
            "items": [name for name in expected.blocked if name not in unseen],
            "ordered": False, "same": {"public": DOCKER_HUB, "index.docker.io": DOCKER_HUB, "*": ALL},
            "ignored": sorted(unseen),
        }  # fmt: skip
        blocks = docker.expected_blocks(expected, _by_address(expected))
        return (
            Check("docker info shows the lists", docker.INFO, (search, *blocks), attempts=15, shows="docker.info"),
            Check("the daemon runs with the block list", docker.FLAGS, ({"rc": 0}, blocked), shows="docker.flags"),
        )

    def contradicted(self, host: Observed, policy: Policy) -> list[Unmet]:
        lists = self.in_force(host)
        if lists is None:
            return []
        lists = replace(lists, blocked=unique((*lists.blocked, *_blocked_by_file(host))))
        return docker.unmet_words(self._enforceable(policy), _NAMES, lists)

    def report(self, host: Observed) -> dict[str, Any]:
        places = _Places(host)
        in_force = self.in_force(host)
        lists = places.expected()
        if in_force:
            lists = replace(in_force, blocked=unique((*in_force.blocked, *_blocked_by_file(host))))
        problems = [] if self.running(host) else ["docker.service is not running; the lists are those of its files"]
        return {**lists.plain(), "files": places.files(), "problems": problems + places.clashes()}

    def _enforceable(self, policy: Policy) -> dict[str, tuple[str, ...]]:
        """Return the part of each word that the fork can enforce, in its spelling."""
        lists = ("search", "blocked", "insecure")
        said = {word: getattr(policy, word) for word in lists if getattr(policy, word) is not None}
        if policy.allowed and policy.blocked is None:
            said["blocked"] = (ALL,)
        if any(map(_mirrors_alone, policy.mirrors or ())) and said.get("blocked") != (ALL,):
            said["blocked"] = unique((*said.get("blocked", ()), DOCKER_HUB))
        said = {word: tuple(item for item in items if DOCKER.holds(word, item)) for word, items in said.items()}
        if "insecure" in said:
            said["insecure"] = tuple(filter(docker.takes_insecure, said["insecure"]))
        if policy.mirrors is not None:
            said["mirrors"] = docker.mirror_urls(policy, mirrors_alone=True)[0]
        return said

    def _unenforceable(self, policy: Policy, places: _Places) -> list[str]:
        found = [
            f"{word} '{item}': {SPELLING[word].flag} takes whole registries only, no path and no wildcard"
            for word in ("search", "blocked")
            for item in getattr(policy, word) or ()
            if not DOCKER.holds(word, item)
        ]
        flag = SPELLING["insecure"].flag
        found += [docker.not_insecure(item, flag) for item in policy.insecure or () if not docker.takes_insecure(item)]
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
        if (policy.blocked or policy.allowed) and (origin := places.origin_of("--disable-legacy-registry")):
            found.append(f"blocked: {origin} says --disable-legacy-registry, which switches its block list off")
        if any(map(_mirrors_alone, policy.mirrors or ())) and places.verifies_signatures():
            found.append(
                f"mirrors of '{DOCKER_HUB}' alone: it verifies signatures, so it asks {DOCKER_HUB} itself first"
            )
        return found + docker.mirror_urls(policy, mirrors_alone=True)[1] + docker.only_for_containers(policy)

    def _notes(self, policy: Policy, said: dict[str, tuple[str, ...]]) -> list[str]:
        blocked = said.get("blocked", ())
        if policy.search and DOCKER_HUB not in policy.search and not {ALL, DOCKER_HUB} & set(blocked):
            return [f"this docker always searches {DOCKER_HUB} last, unless it is blocked"]
        return []

    def _warnings(self, policy: Policy, places: _Places) -> list[str]:
        found = []
        if any(map(_mirrors_alone, policy.mirrors or ())):
            found.append(
                f"this docker pulls from mirrors alone only while {DOCKER_HUB} is blocked, so short names do not find "
                "its images"
            )
        blocked = places.entries("blocked")
        if blocked and not policy.blocked and (origin := places.origin_of("--disable-legacy-registry")):
            found.append(
                f"{origin} says --disable-legacy-registry, so this docker blocks nothing of {', '.join(blocked)}"
            )
        return found


def _mirrors_alone(mirrored: MirrorSet) -> bool:
    """Find a set with mirrors and without its source: the fork can do that for Docker Hub, by blocking it."""
    return mirrored.source == DOCKER_HUB and not mirrored.contact_source


def _blocked_name(name: str) -> str:
    """Read an entry of the block list: `*` is all, `public` Docker Hub (registry/config.go)."""
    return ALL if name == "*" else hub_name(name, "docker")


def _search_name(name: str) -> str:
    """Normalise an entry of the search list as a flag does (ValidateIndexName); daemon.json leaves it as it is."""
    return DOCKER_HUB if name == "index.docker.io" else name


_NAMES: dict[str, Callable[[str], str]] = {
    "search": _search_name, "blocked": _blocked_name, "insecure": docker.insecure_name, "mirrors": docker.mirror_name,
}  # fmt: skip


def _by_address(expected: Lists) -> tuple[str, ...]:
    """Searched registries that docker may show as insecure because of their address, looked up when it starts."""
    ranges = any(map(is_range, expected.insecure))
    return tuple(
        name
        for name in expected.search
        if name not in expected.insecure and (ranges or host_of(name) == "localhost" or name.startswith("127."))
    )


def _blocked_by_file(host: Observed) -> tuple[str, ...]:
    return unique(map(_blocked_name, _daemon_json(host).read("blocked")))


#: Words whose order means something to this docker.
_ORDERED = ("search", "mirrors")


class _Sysconfig:
    """/etc/sysconfig/docker: flags in shell-like variables."""

    path = SYSCONFIG

    def __init__(self, text: str | None, variables: tuple[str, ...], record: Mapping[str, Any]) -> None:
        """variables: those that reach docker's command line, in its order, and from this file."""
        self.variables = variables
        self.old_text = text or ""
        self.values = environment_file.parse(self.old_text)
        self.old_values = dict(self.values)
        # Earlier versions did not remember what they had put there, and took all away but this one.
        self.earlier = "made" not in record and bool(record.get("added"))
        taken = [spelling.variable for spelling in SPELLING.values() if spelling.variable != "OPTIONS"]
        self.ours = record.get("made", taken if self.earlier else [])

    def made(self) -> dict[str, list[str]]:
        """Return what is to be remembered: the variables that are there because of us."""
        if self.earlier and self.values == self.old_values:
            return {}
        there = [name for name in self.variables if name in self.values]
        return {"made": [name for name in there if name in self.ours or name not in self.old_values]}

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
        usual = (spelling.variable, "OPTIONS", *self.variables)
        target = next(name for name in usual if name in self.variables)
        for stay in ([item for item in items if item in present], []):
            self.values = dict(before)
            seen: set[str] = set()
            for name in self.variables:
                words = self._words(name)
                values = [value for value in flag_values(words, spelling.flag) if value in stay and value not in seen]
                rest = without_flag(words, spelling.flag, values)
                seen.update(values)
                if name == target:
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
        if not words and name in self.ours:
            self.values.pop(name, None)
        else:
            self.values[name] = environment_file.edit_words(self.values.get(name, ""), words)

    def _view(self, values: dict[str, str]) -> str:
        """Registry flags only: OPTIONS may carry other people's secrets."""
        shown = []
        for name in self.variables:
            words = environment_file.words(values.get(name, ""))
            for spelling in SPELLING.values():
                shown += [f"{name}: {spelling.flag} {value}" for value in flag_values(words, spelling.flag)]
        return view(shown)


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
        table["registries"] = docker.as_spelled(items, self.read(word))

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
        self.document[SPELLING[word].v0] = docker.as_spelled(items, self.read(word))


_KEY_OF_YAML = re.compile(r"^['\"]?\w+['\"]?[ \t]*:", re.MULTILINE)
_Place = _Sysconfig | Document
_VARIABLES = tuple(dict.fromkeys(["OPTIONS", *(spelling.variable for spelling in SPELLING.values())]))


class _Places:
    """Everywhere this docker takes registry lists from, in the order in which it adds them up. Raises NotAsked.

    record: what is remembered of this host. fixed: words of its command line that stand where we do not write.
    shared: places that podman's family and CRI-O read too, so that their engine writes the same lists there.
    """

    def __init__(self, host: Observed, record: Mapping[str, Any] | None = None) -> None:
        unit = Unit(host)
        self.words = unit.words(host)
        self.reloads = bool(unit.values("ExecReload"))
        self.json = _daemon_json(host)
        self.writable: list[_Place] = []
        path = SYSCONFIG
        try:
            if variables := _variables_of_sysconfig(unit, host):
                self.writable.append(_Sysconfig(host.text(SYSCONFIG), variables, record or {}))
            path = REGISTRIES_CONF
            if _generated(host) and (place := _registries_place(host)):
                self.writable.append(place)
        except FormatError as error:
            raise HostProblem(f"{path}: {error}") from None
        variables = next((place.variables for place in self.writable if isinstance(place, _Sysconfig)), ())
        self.shared = [place for place in self.writable if place.path == REGISTRIES_CONF and files.are_read(host)]
        self.writable.append(self.json)
        ours = {(SYSCONFIG, name) for name in variables} | {(_GENERATED, "REGISTRIES")}
        others = [each for each in self.words if (_file_of(each.origin), each.variable) not in ours]
        self.fixed = {word: docker.listed(others, spelling.flag) for word, spelling in SPELLING.items()}

    def entries(self, word: str) -> tuple[str, ...]:
        """Return all entries of a list, as they are written."""
        return unique((*(each.text for each in self.fixed[word]), *self._written(word)))

    def write(self, word: str, wanted: tuple[str, ...]) -> list[str]:
        """Make the places say this list, each entry once; why that cannot be, one sentence an entry."""
        name = _NAMES[word]
        if self.json.says(word) and self._stays(word) and _same(word, self.json.read(word), wanted):
            return []  # to move it would cost a restart, and change nothing
        names, fixed = set(map(name, wanted)), set(map(name, (each.text for each in self.fixed[word])))
        rest = tuple(item for item in wanted if name(item) not in fixed)
        target = self._target(word)
        for place in self.writable:
            if not place.holds(word):
                continue
            items = rest if place is target else ()
            if _same(word, place.read(word), items):
                items = tuple(place.read(word))
            place.write(word, items)
        if target is not self.json and (rest or fixed):
            self.json.document.pop(SPELLING[word].json, None)  # an empty list there is one too many beside a flag
        return [
            f"{each.origin} gives docker {SPELLING[word].flag} {each.text}, which is not asked for; take it away there"
            for each in self.fixed[word]
            if name(each.text) not in names
        ]

    def given_by_others(self, word: str, policy: Policy) -> tuple[str, ...]:
        """Return the entries that another engine puts into the same file; docker takes any text as a name."""
        asked = getattr(policy, word) or ()
        return tuple(item for item in asked if self._is_shared(word) and REGISTRIES_CONF_V1.holds(word, item))

    def edits(self, why: str) -> tuple[FileChange, ...]:
        return tuple(edit for place in self.writable if (edit := place.edit(why)))

    def made(self) -> dict[str, list[str]]:
        """Return what is to be remembered of variables that are there because of us."""
        found = [place.made() for place in self.writable if isinstance(place, _Sysconfig)]
        return found[0] if found else {}

    def generated_flags(self) -> list[str]:
        """Return the flags that registries.service will make of registries.conf."""
        found = [place for place in self.writable if place.path == REGISTRIES_CONF]
        return [
            part
            for place in found
            for word in SPELLING
            if place.holds(word)
            for item in place.read(word)
            for part in (SPELLING[word].flag, item.rstrip("/"))
        ]

    def files(self) -> list[str]:
        """Return the files that say something of a list."""
        return [
            place.path for place in self.writable if any(place.read(word) for word in SPELLING if place.holds(word))
        ]

    def clashes(self) -> list[str]:
        """Name lists that are both a flag and in the file, which keeps docker from starting."""
        return [
            docker.clash(origin, SPELLING[word].flag, SPELLING[word].json, self.json.path)
            for word in SPELLING
            if self.json.says(word) and (origin := self._flag_origin(word))
        ]

    def expected(self) -> Lists:
        """Compute docker's lists from the places: additional registries that are not blocked, then Docker Hub."""
        said = {
            word: [*map(_search_name, self._of_flags(word)), *self.json.read(word)]
            for word in ("search", "blocked", "insecure")
        }
        blocked = unique({"*": ALL, "public": DOCKER_HUB}.get(name, name) for name in said["blocked"])
        search = [name for name in said["search"] if name not in blocked]
        if not {ALL, DOCKER_HUB} & set(blocked):
            search.append(DOCKER_HUB)
        mirrors = docker.mirrors_of(self.entries("mirrors"))
        return Lists(unique(search), blocked, docker.insecure_of(said["insecure"]), mirrors)

    def origin_of(self, flag: str) -> str:
        """Return the place that switches something on, as a flag or a key of daemon.json; "" for none."""
        for word in reversed(self.words):
            name, _equals, value = word.text.partition("=")
            if name == flag:
                return word.origin if value.lower() not in _FALSE else ""
        return self.json.path if self.json.document.get(flag.removeprefix("--")) is True else ""

    def verifies_signatures(self) -> bool:
        """Return whether docker asks for signatures, which it does unless it is told not to."""
        flag = "--signature-verification"
        if any(word.text.partition("=")[0] == flag for word in self.words):
            return bool(self.origin_of(flag))
        return self.json.document.get(flag.removeprefix("--")) is not False

    def _is_shared(self, word: str) -> bool:
        return any(place.holds(word) for place in self.shared)

    def _stays(self, word: str) -> bool:
        """Return whether daemon.json may go on saying a list: not beside a flag, which what others write becomes."""
        return not self._is_shared(word) and not self._of_flags(word)

    def _written(self, word: str) -> list[str]:
        return [item for place in self.writable if place.holds(word) for item in place.read(word)]

    def _of_flags(self, word: str) -> list[str]:
        flags = [place for place in self.writable if place is not self.json and place.holds(word)]
        return [each.text for each in self.fixed[word]] + [
            item.rstrip("/") if place.path == REGISTRIES_CONF else item  # as the generator does
            for place in flags
            for item in place.read(word)
        ]

    def _flag_origin(self, word: str) -> str:
        if self.fixed[word]:
            return self.fixed[word][0].origin
        flags = [place for place in self.writable if place is not self.json and place.holds(word)]
        return next((place.path for place in flags if place.read(word)), "")

    def _target(self, word: str) -> _Place:
        """Return the place of a list: registries.conf where it is read, else sysconfig, else daemon.json.

        An insecure list that stands in daemon.json alone stays there: a reload is enough for it.
        """
        if word == "insecure" and self.reloads and self.json.read(word) and self._stays(word):
            return self.json
        holding = {place.path: place for place in self.writable if place.holds(word)}
        return next(holding[path] for path in (REGISTRIES_CONF, SYSCONFIG, self.json.path) if path in holding)


def _same(word: str, one: Iterable[str], other: Iterable[str]) -> bool:
    """Return whether docker makes the same of both; only what is tried in order has one."""
    here, there = (list(map(_NAMES[word], items)) for items in (one, other))
    return here == there or (word in ("blocked", "insecure") and sorted(here) == sorted(there))


def _file_of(origin: str) -> str:
    return origin.partition(" line ")[0]


def _variables_of_sysconfig(unit: Unit, host: Observed) -> tuple[str, ...]:
    """Name the variables of /etc/sysconfig/docker that reach docker: the unit passes them, nothing sets them later."""
    paths = unit.environment_files()
    if SYSCONFIG not in paths:
        return ()
    later = paths[len(paths) - paths[::-1].index(SYSCONFIG) :]
    set_later = {name for path in later for name in environment_file.parse(host.text(path) or "")}
    known = {*_VARIABLES, *environment_file.parse(host.text(SYSCONFIG) or "")} - set_later
    return unique(name for name in unit.passed() if name in known)


def _daemon_json(host: Observed) -> DaemonJson:
    path = docker.config_file(Unit(host).words(host))
    try:
        return DaemonJson(docker.config_text(host, path), SPELLING, path)
    except FormatError as error:
        raise HostProblem(f"{path}: {error}") from None


def _generated(host: Observed) -> bool:
    """Return whether registries.conf reaches docker: the generator's unit exists and its output is a flag."""
    return "LoadState=loaded" in host.answer("registries.state").stdout and "REGISTRIES" in Unit(host).passed()


def _registries_place(host: Observed) -> Document | None:
    """Return the reader for the form the file has; None for the v2 form, in which the generator finds nothing."""
    text = host.text(REGISTRIES_CONF)
    if not _says_something(text):
        kind = _RegistriesV1 if _generator_knows_toml(host) else _RegistriesV0
        return kind(text, SPELLING)
    try:
        document = toml_text.parse(text or "")
    except FormatError as toml_error:
        try:
            return _RegistriesV0(text, SPELLING)
        except FormatError as yaml_error:
            raise (yaml_error if _KEY_OF_YAML.search(text or "") else toml_error) from None
    old = isinstance(document.get("registries"), dict) or any(f"registries.{kind}" in document for kind in _V1_TABLES)
    return _RegistriesV1(text, SPELLING) if old or version_of(document) != 2 else None


def _why_not_generated(text: str | None) -> str:
    """Say why the generator ends without a file, "" when it makes one; an older file of its own stays then.

    Source: projectatomic/registries, run with Python 2.7.
    """
    if text is None or not _says_something(text):
        return ""
    try:
        document = toml_text.parse(text)
    except FormatError:
        values = yaml_text.parse(text)
        nulls = [key for key in _V0_KEYS if isinstance(values, dict) and key in values and values[key] is None]
        return f"'{nulls[0]}' has no list" if nulls else ""
    if text.startswith("\ufeff"):
        return "it begins with a byte order mark"
    if re.search(r"^[ \t]*registries[ \t]*\.[ \t]*\w+[ \t]*\.", text, re.MULTILINE):
        return "it has a key with dots"
    tables = document.get("registries")
    found = {**(tables if isinstance(tables, dict) else {})}
    found |= {kind: document[f"registries.{kind}"] for kind in _V1_TABLES if f"registries.{kind}" in document}
    bare = [kind for kind in _V1_TABLES if kind in found and "registries" not in (found[kind] or {})]
    return f"[registries.{bare[0]}] has no list 'registries'" if bare else ""


def _generator_knows_toml(host: Observed) -> bool:
    """Return whether the generator reads TOML; the older one reads YAML only. An unreadable one counts as newer."""
    if host.files.get(GENERATOR, {}).get("state") != "file":
        return True
    return "toml" in (host.text(GENERATOR) or "").lower()


def _says_something(text: str | None) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in (text or "").splitlines())
