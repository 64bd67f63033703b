# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster as a look at it found it: objects and lists that were read, and the answers "not there" and "unread".

Three things are never mixed up: an object that is not there (None), a kind that the API does not have, and what could
not be read, which is a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..host.watch import NotAsked
from .api import ClusterProblem, Manifest, Ref, Resource, ref_of
from .client import Client, NoSuchKind, Rejected


@dataclass(frozen=True)
class NoKind:
    """The API has no objects of the kind."""


@dataclass(frozen=True)
class Unread:
    """Why something could not be read, as a sentence. It may be there or not."""

    why: str


Contents = Manifest | tuple[Manifest, ...] | NoKind | Unread | None


class NotRead(NotAsked):
    """A plan depends on objects that were not read; `more` names them."""

    def __init__(self, *refs: Ref) -> None:
        super().__init__(refs)


@dataclass(frozen=True)
class Cluster:
    """What was read, by what was asked. Asking for more raises NotRead, and the task reads it."""

    answers: Mapping[Ref, Contents] = field(default_factory=dict)

    def one(self, ref: Ref) -> Manifest | None:
        """Return the object, None when it does not exist. Raises ClusterProblem when unread or of an unknown kind."""
        found = self.try_one(ref)
        if isinstance(found, Unread):
            raise ClusterProblem(found.why)
        return found

    def find(self, ref: Ref) -> Manifest | None:
        """Return the object as `one` does, from a list that must hold it where one was read, so that it is read once.

        Lists that count: those of its namespace, of its name in all namespaces, and of everything.
        """
        if not self.was_read(ref):
            resource, name = ref.resource, ref.name
            for everything in (Ref(resource, namespace=ref.namespace), named_everywhere(resource, name), Ref(resource)):
                if self.was_read(everything) and not isinstance(self.try_all(everything), Unread):
                    if everything not in self._lists:
                        self._lists[everything] = self._by_name(everything)
                    return self._lists[everything].get(ref)
        return self.one(ref)

    @cached_property
    def _lists(self) -> dict[Ref, dict[Ref, Manifest]]:
        return {}

    def _by_name(self, everything: Ref) -> dict[Ref, Manifest]:
        return {ref_of(everything.resource, item): item for item in self.all(everything)}

    def try_one(self, ref: Ref) -> Manifest | Unread | None:
        """Return the object, None when it does not exist, and why it is unread, also when its kind does not exist."""
        found = self._answer(ref)
        if isinstance(found, NoKind):
            return Unread(f"{ref}: this API has no {ref.resource.full_name}")
        return found if isinstance(found, (Mapping, Unread)) else None

    def all(self, ref: Ref) -> tuple[Manifest, ...]:
        """Return all objects of a kind; none where the API lacks the kind. Raises ClusterProblem when unread."""
        found = self.try_all(ref)
        if isinstance(found, Unread):
            raise ClusterProblem(found.why)
        return found

    def try_all(self, ref: Ref) -> tuple[Manifest, ...] | Unread:
        """Return all objects of a kind; none where the API does not have it; why they could not be read."""
        found = self._answer(ref)
        return found if isinstance(found, (tuple, Unread)) else ()

    def has(self, resource: Resource) -> bool:
        """Say whether the API has the kind. Raises ClusterProblem when the list could not be read."""
        found = self._answer(Ref(resource))
        if isinstance(found, Unread):
            raise ClusterProblem(found.why)
        return not isinstance(found, NoKind)

    def need(self, *refs: Ref) -> None:
        """Ask for everything at once that is not read yet. Raises NotRead."""
        if missing := [ref for ref in refs if ref not in self.answers]:
            raise NotRead(*missing)

    def was_read(self, ref: Ref) -> bool:
        return ref in self.answers

    def _answer(self, ref: Ref) -> Contents:
        if ref not in self.answers:
            raise NotRead(ref)
        return self.answers[ref]


def named_everywhere(resource: Resource, name: str) -> Ref:
    """Name all objects of a kind that have this name, whatever their namespace."""
    return Ref(resource, fields=f"metadata.name={name}")


def read(client: Client, refs: Iterable[Ref], known: Mapping[Ref, Contents]) -> dict[Ref, Contents]:
    """Read what is not known yet, each once. Raises ClusterProblem where the server cannot be asked at all."""
    answers = dict(known)
    for ref in refs:
        if ref not in answers:
            answers[ref] = _read(client, ref)
    return answers


def _read(client: Client, ref: Ref) -> Contents:
    try:
        return client.read(ref) if ref.name else client.read_all(ref)
    except NoSuchKind:
        return NoKind()
    except Rejected as problem:
        if problem.status != 403:
            raise
        return Unread(str(problem))
