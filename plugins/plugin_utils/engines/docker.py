# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both dockers share, Red Hat's fork and upstream's Moby: the unit, docker info, flags, daemon.json.

Sources: docker 1.13 and 20.10 (cli/command/system/info.go, daemon/config, registry/config.go), systemd.unit(5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..formats import json_text
from ..host import services
from ..names import DOCKER_HUB
from ..observed import HostProblem, Observed, Question, in_file
from ..plan.draft import FileChange
from ..policy import MirrorSet, Policy, unique
from ..shapes import Each
from . import Lists

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


class Unit:
    """What docker.service says, drop-ins included (an empty ExecStart= resets those before it)."""

    def __init__(self, host: Observed) -> None:
        if failure := host.answer("docker.unit").failure:
            raise HostProblem(f"systemctl cat docker.service gave {failure}; nothing was changed")
        self.text = host.answer("docker.unit").stdout.replace("\\\n", " ")
        starts = [start.strip() for start in re.findall(r"^ExecStart=(.*)$", self.text, re.MULTILINE)]
        while "" in starts:
            starts = starts[starts.index("") + 1 :]
        self.start = " ".join(starts)
        files = re.findall(r"^EnvironmentFile=(.*)$", self.text, re.MULTILINE)
        self.environment_files = [path.strip().lstrip("-") for path in files]

    def passes(self, variable: str) -> bool:
        return variable in self.start.replace("{", "").replace("}", "").split()

    def requires(self, unit: str) -> bool:
        named = re.findall(r"^(?:Requires|BindsTo|PartOf)=(.*)$", self.text, re.MULTILINE)
        return unit in " ".join(named).split()

    def reads(self, path: str) -> bool:
        return path in self.environment_files


class Docker:
    """The questions that both dockers answer alike; the base of their engines."""

    record: Any = {"added?": Each([str])}

    def version(self, host: Observed) -> str:
        found = re.search(r"version ([^\s,]+)", host.answer("docker.version").stdout)
        return found.group(1) if found else ""

    def running(self, host: Observed) -> bool:
        return services.DOCKER.running(host)


def flags(host: Observed) -> list[str]:
    """The words of the running daemon's command line. Raises HostProblem when they cannot be read."""
    answer = host.answer("docker.flags")
    if answer.failure or answer.rc:
        said = answer.failure or (answer.stderr.strip() or f"ended with {answer.rc}").splitlines()[-1]
        raise HostProblem(f"docker runs, and what the daemon was started with cannot be read: {said}")
    return answer.stdout.splitlines()


def block_of(text: str, title: str) -> list[str]:
    """The indented lines below a title of docker info."""
    found = re.search(rf"^( ?){title}:\n((?:\1 \S+(?:\n|\Z))*)", text, re.MULTILINE)
    return found.group(2).split() if found else []


def expected_blocks(expected: Lists) -> Iterator[dict[str, Any]]:
    """What docker info must show of both lists, and nothing else; for a Check."""
    yield {"pattern": "^ ?Insecure Registries:$", "found": True}  # else the daemon has not spoken
    blocks = (
        ("Insecure Registries", expected.insecure, LOOPBACK, False),
        ("Registry Mirrors", expected.mirrors, (), True),
    )
    for title, items, ignored, ordered in blocks:
        yield {
            "pattern": rf"^( ?){title}:\n(?P<items>(?:\1 \S+\n)*)", "items": list(items), "separator": r"\s+",
            "strip": "/$", "ignored": list(ignored), "ordered": ordered,
        }  # fmt: skip


def insecure_of(items: Iterable[str]) -> tuple[str, ...]:
    """The insecure registries without those docker adds by itself; their order means nothing."""
    return unique(sorted(set(items) - set(LOOPBACK)))


def mirrors_of(urls: Iterable[str]) -> tuple[str, ...]:
    """Mirrors without the slash that docker shows behind them, and that docker 1.13 refuses on its command line."""
    return unique(url.rstrip("/") for url in urls)


def no_short_names(policy: Policy) -> list[str]:
    """What of a policy only containers/image knows."""
    mode = [f"short_name_mode '{policy.short_name_mode}': docker knows none"] if policy.short_name_mode else []
    return mode + [f"alias '{name}': docker knows no aliases" for name in policy.aliases or ()]


def mirror_urls(policy: Policy) -> tuple[tuple[str, ...], list[str]]:
    """(addresses for docker's mirror list, what of the mirrors docker cannot do and why)."""
    urls: list[str] = []
    beyond: list[str] = []
    for mirrored in policy.mirrors or ():
        if reason := _beyond_docker(mirrored):
            beyond.append(f"mirrors of '{mirrored.source}': {reason}")
            continue
        for mirror in mirrored.mirrors:
            urls.append(f"https://{mirror}")
            if mirror in (policy.insecure or ()):  # tried in order, as an insecure registry is
                urls.append(f"http://{mirror}")
    return unique(urls), beyond


def _beyond_docker(mirrored: MirrorSet) -> str:
    if mirrored.source != DOCKER_HUB:
        return f"docker mirrors {DOCKER_HUB} only, all of it"
    if mirrored.pull != "all":
        return "docker uses a mirror for all pulls"
    if not mirrored.contact_source:
        return f"docker always falls back to {DOCKER_HUB}"
    if any("/" in mirror for mirror in mirrored.mirrors):
        return "a mirror of docker is a whole registry, without a path"
    return ""


def flag_values(words: Iterable[str], flag: str) -> list[str]:
    """The values of a repeated flag, `--flag value` and `--flag=value`; a bare flag at the end has none."""
    found, rest = [], iter(words)
    for word in rest:
        if word == flag:
            found += [value for value in [next(rest, None)] if value is not None]
        elif word.startswith(flag + "="):
            found.append(word.partition("=")[2])
    return found


def without_flag(words: Iterable[str], flag: str, but: Iterable[str] = ()) -> list[str]:
    """The words without a repeated flag and its values; of those values that stay, the first of each."""
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


class Document:
    """A structured file that holds lists under keys; the format modules keep all its other bytes."""

    path = ""
    parse: Callable[[str], Any]
    edit_text: Callable[[str, Any], str]

    def __init__(self, text: str | None, spelling: dict[str, Spelling]) -> None:
        self.spelling = spelling
        self.old_text = text or ""
        self.document = mapping(self.path, type(self).parse(self.old_text), "the file")
        self.old = self._lists()

    def holds(self, word: str) -> bool:
        """Whether this kind of file has a place for the word."""
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


class DaemonJson(Document):
    """/etc/docker/daemon.json. An emptied list goes with its key."""

    path = DAEMON_JSON
    parse = staticmethod(lambda text: json_text.parse(text) if text.strip() else {})
    edit_text = staticmethod(lambda text, value: json_text.edit(text if text.strip() else "{}\n", value))

    def read(self, word: str) -> list[str]:
        key = self.spelling[word].json
        found = texts(self.path, self.document.get(key, []), key)
        return list(mirrors_of(found)) if word == "mirrors" else found

    def put(self, word: str, items: list[str]) -> None:
        if items:
            self.document[self.spelling[word].json] = self.spelled(word, items)
        else:
            self.document.pop(self.spelling[word].json, None)

    def spelled(self, word: str, items: list[str]) -> list[str]:
        """Items as the file spells them already, mirrors with the slash behind them for instance."""
        present = texts(self.path, self.document.get(self.spelling[word].json), word) if word == "mirrors" else []
        spelling = {mirrors_of([item])[0]: item for item in reversed(present)}
        return [spelling.get(item, item) for item in items]


def mapping(path: str, value: Any, what: str) -> dict[str, Any]:
    """The value as a mapping; nothing at all counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise HostProblem(f"{path}: {what} is not a mapping")
    return value


def texts(path: str, value: Any, key: str) -> list[str]:
    """The value as a list of texts; null counts as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise HostProblem(f"{path}: '{key}' is not a list of names")
    return list(value)


def _view(lists: dict[str, list[str]]) -> str:
    return "".join(f"{word}: {item}\n" for word, items in lists.items() for item in items)
