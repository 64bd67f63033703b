# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted of objects becomes changes: only what differs, from what was read, in the order of writing.

The basis of a change is a checksum of what a person may set (everything but status and bookkeeping), so that a plan
stays the same plan while controllers write status.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..plan.plan import Change, Disruption, Plan, checksum
from ..problems import one_line
from . import marks
from .api import ClusterProblem, Manifest, Ref, at
from .client import Client
from .merge_patch import applied, difference, without_nulls
from .seen import Cluster

_LONGEST_VALUE = 2000  # as long as an entry with twenty mirrors
#: Parts of metadata that servers keep; a person's manifest has none of them.
_BOOKKEEPING = (
    "managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink", "deletionTimestamp",
    "deletionGracePeriodSeconds",
)  # fmt: skip


class NotYet(ClusterProblem):
    """An object that a controller makes by itself is not there yet. why: looks for what keeps it from being made."""

    def __init__(self, sentence: str, why: Callable[[Client], str]) -> None:
        super().__init__(sentence)
        self.why = why


@dataclass(frozen=True)
class Until:
    """What has to come true after a change before the next one is sent. what: the end of "waited … for".

    more: what other objects lack still, once the object itself is right; "" when nothing. why: the cause, looked for
    when the time is over. rollback: whether everything that was patched is then put back. always: whether it is waited
    for even when nothing differs.
    """

    holds: Callable[[Manifest], bool]
    what: str
    more: Callable[[Client, Manifest], str] | None = None
    why: Callable[[Client], str] | None = None
    rollback: bool = False
    always: bool = False


@dataclass(frozen=True)
class WantedObject:
    """How one object shall be.

    fields: what shall be in it, merged into what is there; null takes a key away, None the whole object. why: which
    word asked. on_nodes: whether files of nodes follow from it. view: how a person is shown the object's settings.
    secret: whether the fields hold secrets. replaces: whether the object is deleted and made anew. anew: what is wanted
    of the object as it is now, None for nothing: for one that others write all the time, so that only it is planned
    again after a conflict. heard: takes the answer to a request that leaves no object behind, and that is always sent;
    returns what went wrong, "" for nothing. asked: the options without which it would not be wanted.
    """

    ref: Ref
    fields: Manifest | None
    why: str
    on_nodes: bool = False
    until: Until | None = None
    view: Callable[[Manifest], Iterable[str]] | None = None
    secret: bool = False
    replaces: bool = False
    anew: Callable[[Manifest | None], WantedObject | None] | None = field(default=None, compare=False)
    heard: Callable[[Manifest], str] | None = field(default=None, compare=False)
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectChange:
    """One write. before: the object as it was read, None when it is to be made; fields: None when it is to go."""

    wanted: WantedObject
    before: Manifest | None
    fields: Manifest | None

    @property
    def ref(self) -> Ref:
        return self.wanted.ref

    @property
    def verb(self) -> str:
        if self.fields is None:
            return "delete"
        return "create" if self.before is None else "replace" if self.wanted.replaces else "patch"

    @property
    def what(self) -> str:
        """As a person says it: "create ConfigMap openshift-config/cas"."""
        verb = "request" if self.wanted.heard else "change" if self.verb == "patch" else self.verb
        return f"{verb} {self.ref}"

    @property
    def after(self) -> Manifest | None:
        """The object as it will be."""
        if self.fields is None:
            return None
        start = self.ref.manifest() if self.before is None or self.wanted.replaces else self.before
        result: Manifest = applied(start, self.fields)
        return result

    def digest(self) -> str:
        """Return a checksum of what is sent and of the state that it was made for."""
        facts = [self.verb, self.ref.path, self.fields, settings(self.before)]
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()

    def send(self, client: Client, *, rehearse: bool = False) -> Manifest | None:
        """Write it, or let the server judge it only. Returns the object as stored. Raises Moved, ClusterProblem."""
        version, uid = (str(at(self.before, "metadata", key) or "") for key in ("resourceVersion", "uid"))
        if self.fields is None:
            client.delete(self.ref, uid, version, rehearse=rehearse)
            return None
        if self.before is not None and self.wanted.replaces:
            client.delete(self.ref, uid, version, rehearse=rehearse)
            if rehearse:
                return None
        if self.before is None or self.wanted.replaces:
            return client.create(self.ref, self.after or {}, rehearse=rehearse)
        return client.patch(self.ref, self.fields, version, rehearse=rehearse)


@dataclass(frozen=True)
class ClusterDraft:
    """What one feature wants of a cluster that looks so, and what a person is to hear of it.

    refusals: what must not be tried. disruption and whom: what nodes notice. lines: read before the plan. result: the
    feature's part of the result.
    """

    wanted: tuple[WantedObject, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    disruption: Disruption = Disruption.NONE
    whom: str = ""
    lines: tuple[str, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterProposal:
    """A plan and the writes that carry it out, in their order."""

    plan: Plan
    changes: tuple[ObjectChange, ...] = ()
    drafts: tuple[ClusterDraft, ...] = ()


def propose_changes(
    cluster: Cluster, drafts: Iterable[ClusterDraft], names: Callable[[Iterable[str]], tuple[str, ...]] = tuple
) -> ClusterProposal:
    """Turn drafts into one plan. Raises NotRead, and ClusterProblem for what must not be tried.

    names: of the variables that options were taken from.
    """
    drafts = tuple(drafts)
    if refusals := _unique(reason for draft in drafts for reason in draft.refusals):
        raise ClusterProblem("; ".join(refusals))
    pairs = [(draft, change) for draft in drafts for change in changes_of(cluster, draft.wanted)]
    changes = tuple(change for _draft, change in pairs)
    plan = Plan(
        changes=tuple(replace(_shown(draft, change), asked_by=names(change.wanted.asked)) for draft, change in pairs),
        notes=_unique(text for draft in drafts for text in draft.notes),
        warnings=_unique(text for draft in drafts for text in draft.warnings),
        sends=_sends(changes),
        subject="cluster",
    )
    return ClusterProposal(plan, changes, drafts)


def _sends(changes: tuple[ObjectChange, ...]) -> str:
    """Return a checksum of all that is sent, "" for nothing."""
    text = "".join(change.digest() for change in changes).encode()
    return checksum(text, secret=any(change.wanted.secret for change in changes)) if changes else ""


def changes_of(cluster: Cluster, wanted: Iterable[WantedObject]) -> Iterator[ObjectChange]:
    """Return the writes for what is not as wanted. Raises NotRead for an object that nobody read, ClusterProblem."""
    for one in wanted:
        change = change_of(one, None if one.heard else cluster.find(one.ref))
        if change is not None:
            yield change


def change_of(wanted: WantedObject, before: Manifest | None) -> ObjectChange | None:
    """Return the write that makes of an object what is wanted; None when it is so."""
    if wanted.fields is None:
        return None if before is None else ObjectChange(wanted, before, None)
    if before is None or wanted.replaces:
        return ObjectChange(wanted, before, without_nulls(wanted.fields))
    fields = difference(before, wanted.fields)
    return ObjectChange(wanted, before, fields) if fields else None


def settings(manifest: Manifest | None) -> dict[str, Any] | None:
    """Return an object without what servers and controllers write: no status, no bookkeeping. None stays None."""
    if manifest is None:
        return None
    metadata = {key: value for key, value in (manifest.get("metadata") or {}).items() if key not in _BOOKKEEPING}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}


def _shown(draft: ClusterDraft, change: ObjectChange) -> Change:
    view = change.wanted.view or (lambda manifest: settings_of(manifest, change.fields or manifest))
    before, after = ("\n".join(map(one_line, view(one))) if one else "" for one in (change.before, change.after))
    node_cost = draft.disruption if change.wanted.on_nodes else Disruption.NONE
    return Change(
        change.what, change.wanted.why, before, after, node_cost, draft.whom if node_cost else "", _undo(change)
    )


def _undo(change: ObjectChange) -> str:
    """Say how a change is taken back; what a secret held before is kept nowhere."""
    if change.wanted.heard:
        return ""
    again = "give the former secret again" if change.wanted.secret else "its former settings, which the diff shows"
    return {"create": "delete it", "delete": "create it again"}.get(change.verb, again)


def settings_of(manifest: Manifest, touched: Manifest) -> Iterator[str]:
    """Yield the touched settings of an object, one a line: "spec.registrySources.blockedRegistries: a.example.com"."""
    for key in (key for key in touched if key not in ("apiVersion", "kind", "status")):
        yield from _lines(key, manifest.get(key), touched[key])


def _lines(path: str, value: Any, touched: Any) -> Iterator[str]:
    if value is None or path == "metadata.name":
        return
    if isinstance(value, Mapping):
        keys = touched if isinstance(touched, Mapping) else value
        for key in (key for key in keys if key not in marks.ALL):  # bookkeeping of ours
            inner = touched.get(key) if isinstance(touched, Mapping) else None
            yield from _lines(f"{path}.{key}", value.get(key), inner)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            yield f"{path}: {_text(item)}"
    elif isinstance(value, list):
        yield f"{path}: {', '.join(map(_text, value))}"
    else:
        yield f"{path}: {_text(value)}"


def _text(value: Any) -> str:
    text = one_line(value if isinstance(value, str) else json.dumps(value))
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"{text[: _LONGEST_VALUE - 1]}… (SHA-256 {hashlib.sha256(text.encode()).hexdigest()[:12]})"


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
