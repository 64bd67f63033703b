# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host looked like in one snapshot: files, directories, answers of commands, our own records. Pure values."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from ..formats import FormatError, decode
from ..problems import Problem, one_line

STATE_PATH = "/var/lib/dockyard/state.json"
LAST_PATH = "/var/lib/dockyard/last.json"

#: No more of a file is read than this, so no more is written either (see module_utils/_hands.py).
FILE_LIMIT = 1024 * 1024


class HostProblem(Problem):
    """Something on the host that must be refused; its text is one sentence for a person."""


@contextmanager
def in_file(path: str) -> Iterator[None]:
    """Let whatever is wrong with the text of a file, or with an edit of it, be a HostProblem that names the file."""
    try:
        yield
    except FormatError as error:
        raise HostProblem(f"{path}: {error}") from None


@dataclass(frozen=True)
class Listing:
    """A directory as a Tree found it: full paths of its files, and of the directories below it."""

    there: bool = False
    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()

    def holds(self, name: str) -> bool:
        """Return whether there is a directory of this name in it."""
        return name in self._names

    def inside(self, directory: str) -> list[str]:
        """List the files of a directory below it."""
        return self._by_directory.get(directory, [])

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(path.rpartition("/")[2] for path in self.directories)

    @cached_property
    def _by_directory(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.files:
            found.setdefault(path.rpartition("/")[0], []).append(path)
        return found


@dataclass(frozen=True)
class Answer:
    """What a command said. `rc` is None when the program is not there; `failure` says why there is no answer.

    Not `asked`: see Question.unless.
    """

    rc: int | None = None
    stdout: str = ""
    stderr: str = ""
    failure: str = ""
    asked: bool = True

    @property
    def there(self) -> bool:
        return self.rc is not None or bool(self.failure)


@dataclass(frozen=True)
class Observed:
    """One host as one snapshot saw it; `with_texts` gives the same host after a change of files."""

    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    directories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    journal: Mapping[str, Any] | None = None
    journal_problem: str = ""
    last: Mapping[str, Any] | None = None
    last_problem: str = ""
    locked: bool = False
    clock: int = 0
    uid: int = 0
    user: str = "root"
    changed: Mapping[str, bytes | None] = field(default_factory=dict)

    def exists(self, path: str) -> bool:
        if path in self.changed:
            return self.changed[path] is not None
        return bool(self.files.get(path, {}).get("state", "absent") != "absent")

    def knows(self, path: str) -> bool:
        """Return whether the snapshot looked for the file, or the plan writes it."""
        return path in self.files or path in self.changed

    def text(self, path: str) -> str | None:
        """Return the file's text, None when it is absent. Raises HostProblem when it cannot be read or is not text."""
        data = self.content(path)
        if data is None:
            return None
        with in_file(path):
            return decode(data)

    def checksum(self, path: str) -> str:
        """Return the sha256 the snapshot saw, or 'absent': what a commit compares with before it swaps."""
        return str(self.files.get(path, {}).get("sha256") or "absent")

    def entries(self, directory: str) -> list[str]:
        """Full paths of the files a directory listing matched, in byte order; files to be written there included."""
        listing = self.directories.get(directory, {})
        if listing.get("state") == "failed":
            raise HostProblem(one_line(f"{directory}: {listing['reason']}"))
        paths = {f"{directory}/{name}" for name in listing.get("entries", [])}
        for path, content in self.changed.items():
            if path.rpartition("/")[0] == directory and path.endswith(".conf"):
                (paths.discard if content is None else paths.add)(path)
        return sorted(paths, key=str.encode)

    def listing(self, directory: str) -> Listing:
        """Return a directory that a Tree asked for. Raises HostProblem when it could not be read."""
        if directory not in self._listings:
            self._listings[directory] = self._listing(directory)
        return self._listings[directory]

    @cached_property
    def _listings(self) -> dict[str, Listing]:
        return {}

    def _listing(self, directory: str) -> Listing:
        found = self.directories.get(directory, {"state": "absent"})
        if found["state"] == "failed":
            raise HostProblem(one_line(f"{directory}: {found['reason']}"))
        files = (f"{directory}/{name}" for name in found.get("entries", []))
        below = (f"{directory}/{name}" for name in found.get("directories", []))
        return Listing(found["state"] == "directory", tuple(files), tuple(below))

    def content(self, path: str) -> bytes | None:
        """Return the file's bytes, None when it is absent. Raises HostProblem when it cannot be read."""
        return self.changed[path] if path in self.changed else self._bytes(path)

    def certificates(self, path: str) -> tuple[str, ...]:
        """Fingerprints of the certificates of one of the bundles, () when it is absent."""
        file = self.files.get(path, {"state": "absent"})
        if file["state"] == "failed":
            raise HostProblem(one_line(f"{path}: {file['reason']}"))
        return tuple(file.get("certificates", ()))

    def about(self, path: str) -> Mapping[str, Any]:
        """Mode, owner, link and label of a file, as the snapshot told them."""
        return self.files.get(path, {"state": "absent"})

    def answer(self, name: str) -> Answer:
        return self.answers.get(name, Answer())

    def with_texts(self, texts: Mapping[str, str | None]) -> Observed:
        return self.with_files({path: None if text is None else text.encode() for path, text in texts.items()})

    def with_files(self, contents: Mapping[str, bytes | None]) -> Observed:
        """Return the same host after these files were written, or removed."""
        return replace(self, changed={**self.changed, **contents}) if contents else self

    def with_answers(self, answers: Mapping[str, Answer]) -> Observed:
        """Return the same host after these questions were asked again."""
        return replace(self, answers={**self.answers, **answers})

    def without_interrupted(self) -> Observed:
        """Return the host as it is once the transaction that its journal tells of has been taken back.

        A file that somebody else changed since stays as they left it.
        """
        journal = self.journal or {"files": [], "old": {}}
        files = dict(self.files)
        for entry in journal["files"]:
            if entry["present"] == "new":
                files[entry["path"]] = journal["old"][entry["path"]]
        restored = {entry["path"]: files[entry["path"]] for entry in journal["files"] if entry["present"] == "new"}
        made = set(journal.get("directories", []))
        directories = {path: _relisted(path, found, restored, made) for path, found in self.directories.items()}
        return replace(self, files=files, directories=directories)

    def _bytes(self, path: str) -> bytes | None:
        file = self.files.get(path, {"state": "absent"})
        if file["state"] == "failed":
            raise HostProblem(one_line(f"{path}: {file['reason']}"))
        if file["state"] == "file" and "content" not in file:
            raise HostProblem(f"{path}: its content was left on the host")
        return _decoded(file["content"]) if file["state"] == "file" else None


@lru_cache(maxsize=64)  # a plan reads the same few files again and again
def _decoded(content: str) -> bytes:
    return base64.b64decode(content)


def _relisted(
    directory: str, listing: Mapping[str, Any], restored: Mapping[str, Mapping[str, Any]], made: set[str]
) -> Mapping[str, Any]:
    """Return a listing as it is once these files are back, and without the directories that were made only now."""
    if directory in made:
        return {"state": "absent"}
    begin = len(directory) + 1
    back = {
        path[begin:]: file["state"] != "absent" for path, file in restored.items() if path.startswith(directory + "/")
    }
    deep = "directories" in listing
    if listing.get("state") == "failed" or (not deep and (not back or any("/" in name for name in back))):
        return listing
    entries = {name for name in listing.get("entries", []) if back.get(name, True)} | {n for n in back if back[n]}
    found = {"state": "directory" if entries else listing["state"], "entries": sorted(entries)}
    if not deep:
        return found
    below = {name for name in listing["directories"] if f"{directory}/{name}" not in made}
    below |= {name.rpartition("/")[0] for name in entries if "/" in name}
    return {**found, "directories": sorted(below)}
