# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan wants to know of a host: the arguments of the module host_snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

#: A system's trust has some hundred kilobytes.
_BUNDLE_LIMIT = 8 * 1024 * 1024


class Question(NamedTuple):
    """A command asked on the host, under the name of its Answer."""

    name: str
    argv: tuple[str, ...]
    #: the program it is about, where that is not the first word: without it nothing is asked
    needs: str = ""
    #: the program whose being there answers what mostly matters; then it is asked only for a plan that raises NotAsked
    unless: str = ""


@dataclass(frozen=True)
class Tree:
    """A directory to be read, several levels deep. Of files whose name matches `secret` only the checksum is told."""

    path: str
    pattern: str = "*.conf"
    depth: int = 1
    secret: str = ""
    form: str = "content"

    def option(self) -> dict[str, Any]:
        options = {"path": self.path, "pattern": self.pattern, "depth": self.depth, "form": self.form}
        return {**options, "secret": self.secret} if self.secret else options


@dataclass(frozen=True)
class Watch:
    """What an engine wants to know of a host: the arguments of host_snapshot.

    bundles: large files of which only the fingerprints of their certificates are told. last: the last transaction.
    """

    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    commands: tuple[Question, ...] = ()
    timeout: float = 10.0
    trees: tuple[Tree, ...] = ()
    bundles: tuple[str, ...] = ()
    labels: bool = False
    last: bool = False

    def __add__(self, other: Watch) -> Watch:
        return Watch(
            tuple(dict.fromkeys(self.files + other.files)),
            tuple(dict.fromkeys(self.directories + other.directories)),
            tuple({question.name: question for question in self.commands + other.commands}.values()),
            max(self.timeout, other.timeout),
            tuple(dict.fromkeys(self.trees + other.trees)),
            tuple(dict.fromkeys(self.bundles + other.bundles)),
            self.labels or other.labels,
            self.last or other.last,
        )

    def arguments(self) -> dict[str, Any]:
        """Return the options of the module host_snapshot."""
        bundles = [{"path": path, "form": "certificates", "limit": _BUNDLE_LIMIT} for path in self.bundles]
        trees = [Tree(path) for path in self.directories] + list(self.trees)
        return {
            "files": [{"path": path} for path in self.files] + bundles,
            "directories": [tree.option() for tree in trees],
            "labels": self.labels,
            **({"last": True} if self.last else {}),
            "commands": [
                {"name": name, "argv": list(argv), "timeout": self.timeout}
                | {key: program for key, program in (("needs", needs), ("unless", unless)) if program}
                for name, argv, needs, unless in self.commands
            ],
        }


class NotAsked(Exception):
    """A plan depends on what was not asked because it seldom matters; `more` asks it: a Watch, where it is a host."""

    def __init__(self, more: Any) -> None:
        super().__init__("the world must be looked at again")
        self.more = more
