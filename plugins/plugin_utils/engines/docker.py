# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both dockers share, Red Hat's fork and upstream's Moby: the unit, docker info, flags, daemon.json.

Sources: docker 1.13 and 20.10 (cli/command/system/info.go, daemon/config, registry/config.go), systemd.unit(5).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..formats import FormatError, json_text
from ..host import services, units
from ..host.observed import HostProblem, Observed, in_file
from ..host.watch import NotAsked, Question, Watch
from ..plan.draft import FileChange
from ..plan.plan import view
from ..policy import MirrorSet, Policy, unique
from ..policy.lists import DOCKER
from ..problems import one_line
from ..resolution.names import DOCKER_HUB, NameProblem, in_range, parse_range
from ..shapes import Each
from . import Lists, Unmet, differing

DAEMON_JSON = "/etc/docker/daemon.json"
INFO = ("docker", "info")

# Where systemd holds the socket, any client starts a daemon that is down: looking must not.
_VERSION = ("env", "DOCKER_HOST=unix:///dev/null", "docker", "--version")

# The daemon's own command line: the only place where a running daemon shows all it was told.
FLAGS = (
    "sh", "-c",
    "pid=$(systemctl show -p MainPID docker.service | cut -d= -f2); "
    'test "$pid" -gt 0 && tr "\\0" "\\n" < "/proc/$pid/cmdline"',
)  # fmt: skip

COMMANDS = (
    Question("docker.unit", ("systemctl", "cat", "docker.service"), "docker"),
    services.DOCKER_STATE,
    Question("docker.version", _VERSION, "docker"),
    services.DOCKER_INFO,
    Question("docker.flags", FLAGS, "docker"),
)

_MARK = "\ufeff"

#: The flags that say lists; upstream's docker knows the last two.
LIST_FLAGS = ("--add-registry", "--block-registry", "--insecure-registry", "--registry-mirror")

#: Always insecure for docker, never listed by us.
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class Spelling:
    """How a word is written where a list can stand; v1 and v0 are the old forms of registries.conf."""

    flag: str
    variable: str
    json: str
    v1: str = ""
    v0: str = ""


#: Files that units of docker name as EnvironmentFile, so that one look at a host is enough for nearly all.
ENVIRONMENT_FILES = (
    "/etc/default/docker", "/etc/sysconfig/docker", "/etc/sysconfig/docker-storage", "/etc/sysconfig/docker-network",
    "/run/containers/registries.conf",
)  # fmt: skip


class Unit(units.Unit):
    """What docker.service says, drop-ins included. Raises HostProblem when systemd did not answer."""

    def __init__(self, host: Observed) -> None:
        if failure := host.answer("docker.unit").failure:
            raise HostProblem(f"systemctl cat docker.service gave {failure}; nothing was changed")
        super().__init__("docker.service", host.answer("docker.unit").stdout)
        self.start = " ".join(setting.value for setting in self.values("ExecStart"))

    def words(self, host: Observed) -> list[units.Word]:
        """Return the words that docker is started with the next time. Raises NotAsked.

        The systemd of RHEL 7 lets a line go on within single quotes, too. A newer one would pass docker the line break
        as a word, and docker would not run.
        """
        return [word for word in self.command_line(host, ENVIRONMENT_FILES) if word.text != "\n"]

    def requires(self, unit: str) -> bool:
        kinds = ("Requires", "BindsTo", "PartOf")
        return unit in [name for kind in kinds for each in self.values(kind) for name in each.value.split()]


class Docker:
    """The questions that both dockers answer alike; the base of their engines."""

    record: Any = {"added?": Each([str])}

    def version(self, host: Observed) -> str:
        found = re.search(r"version ([^\s,]+)", host.answer("docker.version").stdout)
        return found.group(1) if found else ""

    def after_start(self, host: Observed) -> Lists | None:
        return None

    def running(self, host: Observed) -> bool:
        return services.DOCKER.running(host)

    def differs(self, host: Observed, shown: Lists, expected: Lists) -> frozenset[str]:
        return differing(shown, expected)


def flags(host: Observed) -> list[str]:
    """Return the words of the running daemon's command line. Raises HostProblem when they cannot be read."""
    answer = host.answer("docker.flags")
    if answer.failure or answer.rc:
        said = answer.failure or (answer.stderr.strip() or f"ended with {answer.rc}").splitlines()[-1]
        raise HostProblem(f"docker runs, and what the daemon was started with cannot be read: {said}")
    return answer.stdout.splitlines()


def version_of(host: Observed) -> tuple[int, ...]:
    """Read the first two numbers of docker's version; an unreadable one counts as old, the careful choice."""
    found = re.search(r"version (\d+)\.(\d+)", host.answer("docker.version").stdout)
    return tuple(map(int, found.groups())) if found else (0, 0)


@dataclass(frozen=True)
class Since:
    """From which version of upstream's docker on it does what older ones do not."""

    #: a scheme in front of an insecure registry is cut off (registry/config.go); before, it is a part of the name
    cuts_schemes: tuple[int, int] = (17, 5)
    #: a byte order mark in daemon.json is passed over (moby 44777); before, docker does not start with one
    skips_marks: tuple[int, int] = (23, 0)
    #: a reload reads the insecure list, and that of mirrors, again (daemon/reload.go); before, only a start does
    reloads_insecure: tuple[int, int] = (1, 13)
    reloads_mirrors: tuple[int, int] = (17, 6)
    #: a mirror may have a path (registry/config.go, ValidateMirror; 24.0 began in the middle)
    mirrors_have_paths: tuple[int, int] = (25, 0)


SINCE = Since()


def insecure_name(entry: str, *, cuts_scheme: bool = False) -> str:
    """Return an entry of the insecure list as docker keeps it: a range as its network, upstream's without a scheme.

    Sources: LoadInsecureRegistries in registry/config.go (net.ParseCIDR), of the fork and of moby.
    """
    if cuts_scheme:
        entry = re.sub(r"^https?://", "", entry, flags=re.IGNORECASE)
    try:
        return parse_range(entry) or entry
    except NameProblem:
        return entry  # to docker it is a name like any other


def mirror_name(url: str) -> str:
    """Spell an entry of the mirror list as docker keeps it: no slash at the end, no login, scheme in lower case.

    Source: ValidateMirror in registry/config.go.
    """
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme.lower()}{separator}{authority.rpartition('@')[2]}{slash}{path}".rstrip("/")


_COMPONENT = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(
    rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[0-9a-fA-F:.]+\])(?::(?P<port>[0-9]{{1,5}}))?|[0-9a-fA-F]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*"
)
_MIRROR = re.compile(r"https?:(?P<host>//[^/?#]*|)(?P<path>(?:[^?#%]|%[0-9a-f]{2})*)[?#]?", re.IGNORECASE)
_NO_HOST = re.compile(r"[@\s%]")


def not_taken(key: str, entry: str, version: tuple[int, ...]) -> bool:
    """Return whether upstream's docker neither starts nor reloads with this entry of daemon.json.

    Sources: validateHostPort and ValidateMirror in registry/config.go, 20.10 to 28, and what those of 28 answered.
    """
    if version < SINCE.cuts_schemes:
        return False
    if key == "registry-mirrors":
        found = _MIRROR.fullmatch(entry)
        if not found or _NO_HOST.search(found["host"]):
            return True
        return version < SINCE.mirrors_have_paths and found["path"] not in ("", "/")
    name = insecure_name(entry, cuts_scheme=True)
    taken = _REGISTRY.fullmatch(name)
    return not _is_network(name) and (not taken or int(taken["port"] or 0) > 65535)


def _is_network(name: str) -> bool:
    try:
        return parse_range(name) is not None
    except NameProblem:
        return False


def block_of(text: str, title: str) -> list[str]:
    """Return the indented lines below a title of docker info."""
    found = re.search(rf"^( ?){title}:\n((?:\1 \S+(?:\n|\Z))*)", text, re.MULTILINE)
    return found.group(2).split() if found else []


def expected_blocks(expected: Lists, ignored: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the exact blocks of docker info for both lists, for a Check. ignored: see docker_fork._by_address."""
    yield {"pattern": "^ ?Insecure Registries:$", "found": True}  # else the daemon has not spoken
    blocks = (
        ("Insecure Registries", expected.insecure, (*LOOPBACK, *ignored), False),
        ("Registry Mirrors", expected.mirrors, (), True),
    )
    for title, items, ignored, ordered in blocks:
        yield {
            "pattern": rf"^( ?){title}:\n(?P<items>(?:\1 \S+\n)*)", "items": list(items), "separator": r"\s+",
            "strip": "/$", "ignored": list(ignored), "ordered": ordered,
        }  # fmt: skip


def takes_insecure(entry: str) -> bool:
    """Return whether an entry of the insecure list does what it says; Docker Hub's is always asked by verified HTTPS.

    Sources: lookupV2Endpoints in registry/service_v2.go, of the fork and of moby.
    """
    return DOCKER.holds("insecure", entry) and entry != DOCKER_HUB


def not_insecure(entry: str, what: str) -> str:
    """Say why the insecure list cannot hold an entry. what: the list."""
    if entry == DOCKER_HUB:
        return f"insecure '{entry}': docker asks Docker Hub by verified HTTPS, whatever its lists say"
    return f"insecure '{entry}': {what} takes whole registries and ranges only, no path and no wildcard"


def insecure_of(items: Iterable[str], *, cuts_scheme: bool = False) -> tuple[str, ...]:
    """Return the insecure registries that docker shows, without its own additions; their order means nothing."""
    return unique(sorted({insecure_name(item, cuts_scheme=cuts_scheme) for item in items} - set(LOOPBACK)))


def mirrors_of(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the mirrors that docker shows, without the slash behind them that docker 1.13 refuses as a flag."""
    return unique(map(mirror_name, urls))


def only_for_containers(policy: Policy) -> list[str]:
    """Name the words of a policy that only containers/image knows."""
    mode = [f"short_name_mode '{policy.short_name_mode}': docker knows none"] if policy.short_name_mode else []
    aliases = [f"alias '{name}': docker knows no aliases" for name in policy.aliases or ()]
    signed = [f"signatures of '{one.scope}': docker verifies none of sigstore" for one in policy.signatures or ()]
    return mode + aliases + signed


def mirror_urls(policy: Policy, *, mirrors_alone: bool = False) -> tuple[tuple[str, ...], list[str]]:
    """Return addresses for docker's mirror list, and the mirrors that docker cannot use with the reason.

    mirrors_alone: whether this docker can leave out the source.
    """
    urls: list[str] = []
    beyond: list[str] = []
    for mirrored in policy.mirrors or ():
        if reason := _beyond_docker(mirrored, mirrors_alone):
            beyond.append(f"mirrors of '{mirrored.source}': {reason}")
            continue
        for mirror in mirrored.mirrors:
            urls.append(f"https://{mirror}")
            # An insecure registry is tried both ways, a mirror only as its address says.
            if any(mirror == item or in_range(mirror, item) for item in policy.insecure or ()):
                urls.append(f"http://{mirror}")
    return unique(urls), beyond


def _beyond_docker(mirrored: MirrorSet, mirrors_alone: bool) -> str:
    if mirrored.source != DOCKER_HUB:
        return f"docker mirrors {DOCKER_HUB} only, all of it"
    if mirrored.pull != "all":
        return "docker uses a mirror for all pulls"
    if not mirrored.contact_source and not mirrors_alone:
        return f"docker always falls back to {DOCKER_HUB}"
    if any("/" in mirror for mirror in mirrored.mirrors):  # to docker, a path is one before /v2/, and no repository's
        return "a mirror of docker is a whole registry, without a path"
    return ""


def flag_values(words: Iterable[str], flag: str) -> list[str]:
    """Return the values of a repeated flag, `--flag value` and `--flag=value`; a bare flag at the end has none."""
    found, rest = [], iter(words)
    for word in rest:
        if word == flag:
            found += [value for value in [next(rest, None)] if value is not None]
        elif word.startswith(flag + "="):
            found.append(word.partition("=")[2])
    return found


def listed(words: Iterable[units.Word], flag: str) -> list[units.Word]:
    """Return the values of a repeated flag, each with the place that says it."""
    found, rest = [], iter(words)
    for word in rest:
        if word.text == flag:
            found += [value for value in [next(rest, None)] if value is not None]
        elif word.text.startswith(flag + "="):
            found.append(replace(word, text=word.text.partition("=")[2]))
    return found


def config_file(words: Iterable[units.Word]) -> str:
    """Return the one file that this docker reads its settings from."""
    named = listed(words, "--config-file")
    return named[-1].text if named else DAEMON_JSON


def config_text(host: Observed, path: str) -> str | None:
    """Return the text of that file. Raises NotAsked for one that was not looked at, and HostProblem."""
    if not path.startswith("/"):
        raise HostProblem(one_line(f"docker is given --config-file {path}; write its full path there"))
    if path != DAEMON_JSON and not host.knows(path):
        raise NotAsked(Watch(files=(path,)))
    return host.text(path)


def clash(origin: str, flag: str, key: str, path: str) -> str:
    """Say why docker does not start, or reload, with the same option as a flag and in its file."""
    return (
        f"docker is given {flag} by {origin} and '{key}' by {path}; with both it does not start, so take the flag away "
        "first"
    )


#: Keys of daemon.json that are a flag under another name (cmd/dockerd/config.go); the others are their flag's name.
_FLAG_OF = {f"{name}s": name for name in (
    "authorization-plugin", "default-address-pool", "default-ulimit", "dns-opt", "exec-opt", "host", "label", "log-opt",
    "node-generic-resource", "storage-opt",
)} | {"insecure-registries": "insecure-registry", "registry-mirrors": "registry-mirror"}
_SHORT = {
    "bridge": "b", "debug": "D", "group": "G", "host": "H", "log-level": "l", "pidfile": "p", "storage-driver": "s",
}  # fmt: skip
#: The only key that a flag may say, too.
_ADDS_UP = "runtimes"


def said_twice(keys: Iterable[str], words: Iterable[units.Word]) -> Iterator[tuple[units.Word, str]]:
    """Yield the flags that daemon.json says too, each with its key (findConfigurationConflicts in daemon/config)."""
    given = list(words)
    for key in keys:
        name = _FLAG_OF.get(key, key)
        short = f"-{_SHORT[name]}" if name in _SHORT else None
        for word in given if key != _ADDS_UP else ():
            if word.text.partition("=")[0] == f"--{name}" or (short and word.text.startswith(short)):
                yield word, key
                break


def misspelt_keys(document: Mapping[str, Any], spelling: Mapping[str, Spelling], path: str) -> list[str]:
    """Say which keys are nearly one of ours: keys are compared letter by letter, and docker takes no unknown one."""
    ours = {each.json for each in spelling.values()}
    return [
        f"{path}: docker does not know the key '{key}', so it does not start or reload with it; write '{key.lower()}'"
        for key in document
        if key not in ours and key.lower() in ours
    ]


def without_effect(
    said: Mapping[str, tuple[str, ...]], names: Mapping[str, Callable[[str], str]], expected: Lists
) -> list[str]:
    """Sentences about entries that would not be in force with the files as they will be."""
    return [
        f"{each.word} '{each.entry}' would have no effect: docker would show "
        f"{', '.join(getattr(expected, each.word)) or 'nothing'}"
        for each in unmet_words(said, names, expected)
    ]


def unmet_words(
    said: Mapping[str, tuple[str, ...]], names: Mapping[str, Callable[[str], str]], lists: Lists
) -> list[Unmet]:
    """List the entries that these lists of docker lack. names: how docker reads an entry of each."""
    spelled = {word: unique(map(names[word], entries)) for word, entries in said.items()}
    shown = lists.plain()
    return unmet_by_lists(spelled, shown | {"insecure": [*shown["insecure"], *LOOPBACK]})


def unmet_by_lists(said: Mapping[str, tuple[str, ...]], shown: Mapping[str, Iterable[str]]) -> list[Unmet]:
    """List what docker's own lists lack of these. said, shown: entries as it spells them, by word.

    What is tried in order has to come first, and in this order; the other lists need only hold the entries.
    """
    found = []
    for word, given in said.items():
        there = list(shown.get(word, ()))
        wanted = [entry for entry in given if word != "search" or entry not in shown.get("blocked", ())]
        if word in ("search", "mirrors"):
            if there[: len(wanted)] != wanted:
                found.append(Unmet(word, ", ".join(wanted)))
        else:
            found += [Unmet(word, entry) for entry in wanted if entry not in there]
    return found


def without_flag(words: Iterable[str], flag: str, but: Iterable[str] = ()) -> list[str]:
    """Return the words without a repeated flag and its values; of those values that stay, the first of each."""
    kept, rest, stay = [], iter(words), set(but)
    for word in rest:
        spelled = [word]
        if word == flag:
            spelled += [value for value in [next(rest, None)] if value is not None]
        elif not word.startswith(flag + "="):
            kept.append(word)
            continue
        value = "=".join(spelled).partition("=")[2]
        if value in stay:
            stay.remove(value)
            kept += spelled
    return kept


def without_lists(words: Iterable[str]) -> list[str]:
    """Return the words of a command line without those that say a list."""
    for flag in LIST_FLAGS:
        words = without_flag(words, flag)
    return list(words)


class Document:
    """A structured file that holds lists under keys; the format modules keep all its other bytes."""

    path = ""
    parse: Callable[[str], Any]
    edit_text: Callable[[str, Any], str]

    def __init__(self, text: str | None, spelling: dict[str, Spelling], path: str = "") -> None:
        self.spelling = spelling
        self.path = path or self.path
        self.old_text = text or ""
        self.document = mapping(self.path, type(self).parse(self.old_text), "the file")
        self.old = self._lists()

    def holds(self, word: str) -> bool:
        """Return whether this kind of file has a place for the word."""
        return word in self.spelling

    def read(self, word: str) -> list[str]:
        raise NotImplementedError

    def put(self, word: str, items: list[str]) -> None:
        raise NotImplementedError

    def write(self, word: str, items: tuple[str, ...]) -> None:
        if self.read(word) != list(items):
            self.put(word, list(items))

    def edit(self, why: str) -> FileChange | None:
        new = self._lists()
        if new == self.old:
            return None
        with in_file(self.path):
            text = type(self).edit_text(self.old_text, self.document)
        return FileChange(self.path, text.encode(), why, _view(self.old), _view(new))

    def _lists(self) -> dict[str, list[str]]:
        return {word: self.read(word) for word in self.spelling if self.holds(word)}


def _as_go_reads(text: str) -> Any:
    """Decode as Go does: of a key that is there twice the last one counts; text may follow, which an edit refuses."""
    try:
        return json_text.parse(text, twice=True)
    except FormatError as error:
        try:
            value, _end = json.JSONDecoder(parse_constant=int).raw_decode(text.lstrip())
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
        raise error from None


class DaemonJson(Document):
    """/etc/docker/daemon.json, or the file that --config-file names. An emptied list goes with its key."""

    path = DAEMON_JSON
    parse = staticmethod(lambda text: _as_go_reads(text) if text.strip() else {})
    edit_text = staticmethod(lambda text, value: json_text.edit(text if text.strip() else "{}\n", value, twice=True))

    def __init__(
        self, text: str | None, spelling: dict[str, Spelling], path: str = "", *, skips_mark: bool = False
    ) -> None:
        """skips_mark: whether this docker passes over a byte order mark. Raises HostProblem and FormatError."""
        bare = (text or "").removeprefix(_MARK)
        self.mark = _MARK if bare != (text or "") else ""
        if self.mark and not skips_mark:
            where = path or self.path
            raise HostProblem(f"{where}: it begins with a byte order mark, with which this docker does not start")
        super().__init__(bare if text is not None else None, spelling, path)
        self._refuse_hyphens()

    def says(self, word: str) -> bool:
        """Return whether the key is there, however empty: with a flag of the same kind docker does not start then."""
        return self.spelling[word].json in self.document

    def read(self, word: str) -> list[str]:
        key = self.spelling[word].json
        found = texts(self.path, self.document.get(key, []), key)
        return list(mirrors_of(found)) if word == "mirrors" else found

    def edit(self, why: str) -> FileChange | None:
        change = super().edit(why)
        return replace(change, content=self.mark.encode() + (change.content or b"")) if change else None

    def _lists(self) -> dict[str, list[str]]:
        return {word: self.read(word) for word in self.spelling if self.says(word)}

    def _refuse_hyphens(self) -> None:
        """Refuse names with a hyphen at an end: one makes docker drop the whole list, or not start."""
        wrong = [item for item in self.read("insecure") if item.startswith("-") or item.endswith("-")]
        if wrong:
            key = self.spelling["insecure"].json
            raise HostProblem(
                f"{self.path}: '{key}' holds '{wrong[0]}', for which docker drops the whole list; correct it"
            )

    def put(self, word: str, items: list[str]) -> None:
        key = self.spelling[word].json
        is_twice = any(name.startswith(key + json_text.SHADOWED) for name in self.document)
        if items or is_twice:  # else the earlier one of two would count
            self.document[key] = self.spelled(word, items)
        else:
            self.document.pop(key, None)

    def spelled(self, word: str, items: list[str]) -> list[str]:
        present = texts(self.path, self.document.get(self.spelling[word].json), word)
        return as_spelled(items, present, mirror_name if word == "mirrors" else str)


def as_spelled(items: Iterable[str], present: list[str], name: Callable[[str], str] = str) -> list[str]:
    """Return items as a file spells them already, mirrors with the slash behind them for instance.

    An entry that stands there twice stays so: to drop it would change nothing. name: what docker makes of an entry.
    """
    spelling = {name(item): item for item in reversed(present)}
    result = [spelling.get(name(item), item) for item in unique(items)]
    kept, seen = set(map(name, result)), set[str]()
    for number, item in enumerate(present):
        if name(item) in seen & kept:
            before = present[number - 1]
            result.insert(result.index(before) + 1 if before in result else len(result), item)
        seen.add(name(item))
    return result


def mapping(path: str, value: Any, what: str) -> dict[str, Any]:
    """Return the value as a mapping; nothing at all counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise HostProblem(f"{path}: {what} is not a mapping")
    return value


def texts(path: str, value: Any, key: str) -> list[str]:
    """Return the value as a list of texts; null counts as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise HostProblem(f"{path}: '{key}' is not a list of names")
    return list(value)


def _view(lists: dict[str, list[str]]) -> str:
    return view(f"{word}: {item}" for word, items in lists.items() for item in items)
