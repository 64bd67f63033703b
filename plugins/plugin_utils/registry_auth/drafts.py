# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a host as observed and the word credentials to a draft: entries of auth files, and nothing else in them.

Of a secret a person sees a mark by which two of them are told apart within one run (plan.mark_of).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..credentials import containers, edit
from ..credentials.answers import Lookup, Tried
from ..credentials.edit import Added
from ..credentials.login import Login
from ..credentials.lookup import any_image_of, look_up
from ..formats import FormatError, json_text
from ..host.observed import Observed, in_file
from ..host.watch import NotAsked, Watch
from ..plan import records
from ..plan.draft import Check, Draft, FileChange
from ..plan.plan import mark_of, view
from ..plan.proposal import Drafter
from ..policy.credentials import Credential
from ..shapes import Each
from . import proof
from .places import PODMAN, Found, Place, find, named

PART = ("registry_auth",)
#: Which entries are ours in each file, and what stood where the first one was put; never a secret.
RECORD = {"files?": Each({"keys": [str], "file?": str, "section?": str, "first?": bool})}
_MODE = "0600"
_ONLY_A_REAL_RUN = ("whether the registries take the logins",)


@dataclass(frozen=True)
class Said:
    """What a task was asked for; the words are those of its documentation.

    withdrawn: whether nothing is to be left of earlier runs, wherever it is. key: of this run, see plan.mark_of.
    """

    credentials: tuple[Credential, ...] | None = None
    auth_files: tuple[str, ...] = ()
    purge: bool = False
    withdrawn: bool = False
    verify: bool = False
    insecure: tuple[str, ...] = ()
    key: bytes = field(default=b"", repr=False)

    @property
    def present(self) -> tuple[Credential, ...]:
        return tuple(each for each in self.credentials or () if each.present)

    @property
    def absent(self) -> tuple[Credential, ...]:
        return tuple(each for each in self.credentials or () if not each.present)


@dataclass(frozen=True)
class About:
    """What the report needs to know of the draft."""

    places: tuple[Place, ...]


def drafts(said: Said) -> list[Drafter]:
    """Return one draft; none where the word was not said, which leaves everything alone."""
    return [] if said.credentials is None else [partial(draft, said)]


def places_of(host: Observed, said: Said) -> Found:
    """Raises HostProblem and NotAsked."""
    return named(said.auth_files) if said.auth_files else find(host)


def draft(said: Said, host: Observed) -> Draft:
    """Decide what has to change on the host. Raises HostProblem, with one sentence, for what must not be tried."""
    return _Drafting(host, said).draft()


class _Drafting:
    """Works out one host, one file after the other."""

    def __init__(self, host: Observed, said: Said) -> None:
        self.host, self.said = host, said
        record: dict[str, Any] = records.record_of(records.state_of(host), PART, RECORD)
        self.recorded: dict[str, dict[str, Any]] = record.get("files", {})
        self.found = Found(()) if said.withdrawn else places_of(host, said)
        self.record: dict[str, dict[str, Any]] = {}

    def draft(self) -> Draft:
        found = [self._change(place, self._wanted(place)) for place in self.found.places]
        found += [self._change(place, {}) for place in self._former()]
        changes = [change for change in found if change]
        world = self.host.with_files({change.path: change.content for change in changes})
        return Draft(
            PART,
            files=tuple(changes),
            notes=(*self.found.left_alone, *(f"{each.title}: logins are in {each.path}" for each in self.found.places)),
            warnings=tuple(text for place in self.found.places for text in self._warnings(world, place)),
            beyond=tuple(text for place in self.found.places for text in self._beyond(place)),
            checks=self._checks(changes),
            only_a_real_run_shows=_ONLY_A_REAL_RUN if self.said.verify else (),
            record={"files": self.record} if self.record else {},
            remembers=True,
            about=About(self.found.places),
        )

    def _checks(self, changes: list[FileChange]) -> tuple[Check, ...]:
        changed = {change.path for change in changes}
        logins = [(each, place) for place in self.found.places if place.path in changed for each in self.said.present]
        return (proof.check(logins, self.said.insecure),) if self.said.verify and logins else ()

    def _former(self) -> list[Place]:
        """List files of earlier runs that are no longer places: entries can still be removed from them."""
        paths = [path for path in self.recorded if path not in {place.path for place in self.found.places}]
        if unknown := tuple(path for path in paths if not self.host.knows(path)):
            raise NotAsked(Watch(files=unknown))
        return [Place(path, "a file of an earlier run") for path in paths]

    def _wanted(self, place: Place) -> dict[str, Login]:
        return {place.key(each.registry): Login(each.username, each.password) for each in self.said.present}

    def _change(self, place: Place, wanted: dict[str, Login]) -> FileChange | None:
        """Return the change of one file, None when it is as asked for; and its new record."""
        before = self.host.text(place.path)
        with in_file(place.path):
            text = self._edited(place, before, wanted)
            keys = {*wanted, *self.recorded.get(place.path, {}).get("keys", []), *self._gone(place, wanted)}
            old, new = self._view(place, before, keys), self._view(place, text, keys)
        mode = self.host.about(place.path).get("mode", _MODE)
        ours = bool(wanted) or place.path in self.record
        loose = ours and text is not None and before is not None and mode != _MODE
        if text == before and not loose:
            return None
        if loose:
            old, new = f"{old}mode: {mode}\n", f"{new}mode: {_MODE}\n"
        content, why = None if text is None else text.encode(), f"logins for {place.title}"
        return FileChange(place.path, content, why, old, new, mode=_MODE, secret=True)

    def _edited(self, place: Place, text: str | None, wanted: dict[str, Login]) -> str | None:
        """Return the text of the file as it is to be. Raises FormatError for what cannot be read."""
        if text is not None and text.strip():
            json_text.parse(text)
        known = self.recorded.get(place.path, {})
        keys = list(known.get("keys", []))
        added = Added(known.get("file"), known.get("section")) if known.get("first") else None
        for key, login in wanted.items():
            new, first = edit.put(text, key, login, old_form=place.old_form)
            if new != text:
                added = first or added
                keys.append(key)
            text = new
        for key in self._gone(place, wanted):
            if text is not None:
                text = edit.take_out(text, key, added, old_form=place.old_form)
            keys = [other for other in keys if other != key]
        if keys and text is not None:
            self.record[place.path] = {"keys": list(dict.fromkeys(keys)), **_remembered(added)}
        return text

    def _gone(self, place: Place, wanted: dict[str, Login]) -> list[str]:
        """Entries that are to go: those named absent, and with purge those of earlier runs that nobody names."""
        named = [place.key(each.registry) for each in self.said.absent]
        ours = self.recorded.get(place.path, {}).get("keys", []) if self.said.purge else []
        return list(dict.fromkeys([*named, *(key for key in ours if key not in wanted)]))

    def _view(self, place: Place, text: str | None, keys: set[str]) -> str:
        """Registry and user of our entries, and a mark for the secret."""
        lines = []
        for key, entry in edit.entries_of(text or "", old_form=place.old_form).items():
            if key in keys:
                login = edit.login_of(text or "", key, old_form=place.old_form)
                secret = repr(entry) if login is None else f"{login.username}:{login.password}"
                user = "another login" if login is None else login.username
                lines.append(f"{key}: {user}{mark_of(secret.encode(errors='replace'), self.said.key)}")
        return view(lines)

    # what a person has to hear of

    def _beyond(self, place: Place) -> Iterator[str]:
        for each in self.said.present:
            if "/" in each.registry and "docker" in place.readers:
                yield f"docker cannot keep {each.registry} apart from the rest of its registry in {place.path}"

    def _warnings(self, world: Observed, place: Place) -> Iterator[str]:
        """Whatever would be used in place of the entry that was asked for."""
        for each in self.said.present:
            for engine in place.readers:
                lookup = _lookup(world, place, each, engine)
                answer = lookup.answer()
                if answer.problem:
                    yield f"{each.registry}: {answer.problem}"
                elif lookup.is_ambiguous or not any(map(partial(_is, place, each), answer.tried[:1])):
                    used = _told(answer.tried[0]) if answer.tried else "no login"
                    yield f"{each.registry}: {engine} uses {used}, and not the entry in {place.path}"
            yield from self._narrower(world, place, each)
            yield from self._hidden(world, place, each)
        for each in self.said.absent:
            yield from self._left(world, place, each)

    def _left(self, world: Observed, place: Place, each: Credential) -> Iterator[str]:
        """Whatever still logs in to a registry whose entry is gone: an address of it, another file, a program."""
        for engine in place.readers:
            for used in _lookup(world, place, each, engine).answer().tried[:1]:
                if containers.still_logs_in(used, each.registry):
                    yield f"{each.registry}: {engine} still uses {_told(used)}"

    def _narrower(self, world: Observed, place: Place, each: Credential) -> Iterator[str]:
        """Entries for a part of the registry: podman, CRI-O and the kubelet take them for their images."""
        text = world.text(place.path)
        if text is None or place.readers == ("docker",):
            return
        wanted = self._wanted(place)
        for key in edit.entries_of(text, old_form=place.old_form):
            if key.startswith(f"{each.registry}/") and key not in wanted:
                login = edit.login_of(text, key, old_form=place.old_form)
                what = "a login of its own" if login and not login.is_empty else "no login that all engines take"
                yield f"{place.path}: {key} has {what}, which counts for its images in place of {each.registry}"

    def _hidden(self, world: Observed, place: Place, each: Credential) -> Iterator[str]:
        """Entries of others for a part of the registry in files that podman reads only after this one."""
        if place.path != PODMAN:
            return
        for path in containers.FILES[containers.FILES.index(PODMAN) + 1 :]:
            text = world.text(path)
            with suppress(FormatError):
                for key in edit.entries_of(text or "", old_form=path == containers.OLD):
                    if key.startswith(f"{each.registry}/"):
                        yield f"{path}: podman uses {key} no more, because {place.path} comes first"


def _lookup(world: Observed, place: Place, credential: Credential, engine: str) -> Lookup:
    return look_up(engine, any_image_of(credential.registry), place.order(world, engine))


def _remembered(added: Added | None) -> dict[str, Any]:
    if added is None:
        return {}
    texts = {name: text for name, text in (("file", added.file), ("section", added.section)) if text is not None}
    return {"first": True, **texts}


def _is(place: Place, credential: Credential, tried: Tried) -> bool:
    return (tried.source, tried.key, tried.helper) == (place.path, place.key(credential.registry), None)


def _told(tried: Tried) -> str:
    return (
        f"the program docker-credential-{tried.helper}" if tried.helper else f"the entry {tried.key} of {tried.source}"
    )
