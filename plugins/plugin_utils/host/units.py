# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A unit of systemd as `systemctl cat` shows it: its settings, and the command line that its daemon is started with.

Sources: systemd.syntax(7), systemd.exec(5) (Environment=, EnvironmentFile=), systemd.service(5) (COMMAND LINES).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..formats import FormatError, environment_file
from .observed import HostProblem, Observed
from .watch import NotAsked, Watch

_FRAGMENT = re.compile(r"# (/\S+\.(?:service|conf))")
_VARIABLE = re.compile(r"\$(\w+)")
_IN_BRACES = re.compile(r"\$\{(\w+)\}")
#: For a shell it is split into words, too.
_ALONE_IN_BRACES = re.compile(rf"(?<!\S){_IN_BRACES.pattern}(?!\S)")
#: In front of the program's path: they change how it is run, not what it is told.
_PREFIXES = "-:+!|"


@dataclass(frozen=True)
class Setting:
    """One assignment of a unit. origin: its file and line, the unit's name where nobody knows the file."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True)
class Word:
    """One word of a command line, the place that puts it there, and the variable that is split into such words."""

    text: str
    origin: str
    variable: str = ""


class Unit:
    """The settings of a unit and of its drop-ins, in the order in which systemd reads them."""

    def __init__(self, name: str, text: str) -> None:
        self.settings = tuple(_settings(name, text))

    def values(self, key: str) -> list[Setting]:
        """Return all settings of a key; an empty one removes those before it. None of our keys is in two sections."""
        found: list[Setting] = []
        for setting in self.settings:
            if setting.key == key:
                found = [*found, setting] if setting.value else []
        return found

    def environment_files(self) -> list[str]:
        """Return the paths of its EnvironmentFile settings."""
        return [setting.value.lstrip("-") for setting in self.values("EnvironmentFile")]

    def passed(self) -> list[str]:
        """Return the variables that the program gets word by word, in the order of its command line."""
        commands = map(_without_shell, self.values("ExecStart"))
        words = (word for setting in commands for word in environment_file.words(setting.value))
        return [variable[1] for word in words if (variable := _VARIABLE.fullmatch(word))]

    def command_line(self, host: Observed, known: tuple[str, ...] = ()) -> list[Word]:
        """Return the words that the program of ExecStart gets, the program first.

        known: environment files that every look at a host reads. Raises NotAsked for another one that was not read,
        and HostProblem for one that cannot be read.
        """
        environment = self.environment(host, known)
        commands = map(_without_shell, self.values("ExecStart"))
        return [word for setting in commands for word in _expanded(setting, environment)]

    def environment(self, host: Observed, known: tuple[str, ...] = ()) -> dict[str, Word]:
        """Return the variables by name; files win over Environment=, later files over earlier ones.

        known, and what is raised: as above.
        """
        found: dict[str, Word] = {}
        for setting in self.values("Environment"):
            for assignment in environment_file.words(setting.value):
                name, equals, value = assignment.partition("=")
                if equals:
                    found[name] = Word(value, setting.origin)
        files = [path for path in self.environment_files() if "*" not in path]
        if more := tuple(path for path in files if path not in known and not host.knows(path)):
            raise NotAsked(Watch(files=more))
        for path in files:
            found |= _of_file(path, host.text(path) or "")
        return found


def _settings(name: str, text: str) -> Iterator[Setting]:
    file, number, start, begun = "", 0, 0, ""
    for line in text.splitlines():
        number += 1
        if not begun and (fragment := _FRAGMENT.fullmatch(line.rstrip())):
            file, number = fragment[1], 0
            continue
        if line.lstrip().startswith(("#", ";")):
            continue  # also between the lines of one value
        start = start if begun else number
        line = begun + line.strip()
        if line.endswith("\\"):
            begun = line[:-1] + " "
            continue
        begun = ""
        key, equals, value = line.partition("=")
        if equals:
            yield Setting(key.strip(), value.strip(), f"{file} line {start}" if file else name)


def _without_shell(setting: Setting) -> Setting:
    """Return a command that a shell runs, without the shell: it puts the same variables in place."""
    words = environment_file.words(setting.value)
    if len(words) == 3 and words[0].rpartition("/")[2] in ("sh", "bash") and words[1] == "-c":
        command = words[2].removeprefix("exec ").partition("|")[0]
        return replace(setting, value=_ALONE_IN_BRACES.sub(r"$\1", command))
    return setting


def _of_file(path: str, text: str) -> dict[str, Word]:
    try:
        values = environment_file.parse(text)
    except FormatError as error:
        raise HostProblem(f"{path}: {error}") from None
    return {name: Word(value, f"{path} line {_line_of(text, name)}") for name, value in values.items()}


def _line_of(text: str, name: str) -> int:
    """Return the line of the last assignment of a variable, which is the one that counts."""
    assigned = re.compile(rf"\s*{re.escape(name)}\s*=")
    return max((number for number, line in enumerate(text.splitlines(), 1) if assigned.match(line)), default=1)


def _expanded(setting: Setting, environment: Mapping[str, Word]) -> Iterator[Word]:
    written = environment_file.words(setting.value)
    for number, word in enumerate(written):
        if number == 0:
            yield Word(word.lstrip("@" + _PREFIXES), setting.origin)
        elif number == 1 and "@" in written[0].partition("/")[0]:
            continue  # the name that the program is told it has
        elif variable := _VARIABLE.fullmatch(word):
            if value := environment.get(variable[1]):
                yield from (Word(each, value.origin, variable[1]) for each in environment_file.words(value.text))
        else:
            used = [environment[name] for name in _IN_BRACES.findall(word) if name in environment]
            text = _IN_BRACES.sub(lambda match: environment[match[1]].text if match[1] in environment else "", word)
            yield Word(text.replace("$$", "$"), used[0].origin if used else setting.origin)
