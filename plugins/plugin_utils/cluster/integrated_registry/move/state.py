# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a move to another storage, as a function of what is seen: pure, so that any run can go on from anywhere.

What has to be remembered between runs stands in an annotation of Config/cluster, and changes together with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from ...api import Manifest, annotation

#: On Config/cluster while a move is under way.
MEMORY = "dockyard.openshift/move"
COPY, ABANDON = "copy", "abandon"
OLD, NEW, OTHER = "old", "new", "other"
#: What a Job or a pod of ours has come to.
ABSENT, WORKS, FAILED, DONE = "absent", "works", "failed", "done"


class Step(Enum):
    """What is done next; the value says it to a person."""

    PREPARE = "make what the new storage needs"
    FREEZE = "make the registry read-only"
    AWAIT_FROZEN = "wait until all pods are read-only"
    DISCARD_COPY = "remove the Job of a copy that does not count"
    COPY = "copy the images with a Job"
    AWAIT_COPY = "wait for the copy"
    COUNT = "compare what was copied"
    SWITCH = "switch to the new storage"
    AWAIT_SWITCH = "wait until all pods use the new storage"
    DISCARD_PROOF = "remove the pod of a proof that does not count"
    PROVE = "pull an image from before"
    AWAIT_PROOF = "wait for the pull"
    THAW = "let pushes in again, unless the registry was read-only before"
    END = "nothing"


@dataclass(frozen=True)
class Memory:
    """What a move remembers. before: the storage it came from; back: the patch that takes the switch back.

    read_only: what the specification said before; copied: what the copy counted, None until it is compared.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    data: str = COPY
    read_only: bool = False
    copied: Mapping[str, int] | None = None
    back: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Return it as the annotation holds it."""
        return json.dumps({
            "from": self.before, "to": self.after, "data": self.data, "readOnly": self.read_only,
            "copied": self.copied, "back": self.back,
        }, sort_keys=True)  # fmt: skip


def memory_of(config: Manifest) -> Memory | None:
    """Read the annotation, None without one. Raises ValueError when nobody can read it."""
    text = annotation(config, MEMORY)
    if not text:
        return None
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(found.get(key), dict) for key in ("from", "to")):
        raise ValueError(MEMORY)
    copied = found.get("copied")
    return Memory(
        found["from"], found["to"], str(found.get("data")), found.get("readOnly") is True,
        copied if isinstance(copied, dict) else None, found.get("back") or {},
    )  # fmt: skip


@dataclass(frozen=True)
class Sight:
    """What is seen of a move. place: where the specification keeps images. unfinished: what the pods lack of it still.

    prepared: whether everything is there that the new storage needs. proof_needed: whether a pull has to be tried.
    """

    place: str
    memory: Memory | None = None
    read_only: bool = False
    unfinished: str = ""
    prepared: bool = False
    copy: str = ABSENT
    proof: str = ABSENT
    proof_needed: bool = True


def next_step(data: str, sight: Sight) -> Step:
    """Say what comes next, whoever did what came before."""
    if sight.memory is None:
        return Step.END if sight.place == NEW else Step.FREEZE
    if sight.place == OLD:
        return _before_the_switch(data, sight, sight.memory)
    if sight.unfinished:
        return Step.AWAIT_SWITCH
    if data == COPY and sight.proof_needed:
        proofs = {
            ABSENT: Step.PROVE, WORKS: Step.AWAIT_PROOF, FAILED: Step.DISCARD_PROOF, DONE: Step.THAW,
        }  # fmt: skip
        return proofs[sight.proof]
    return Step.THAW


def _before_the_switch(data: str, sight: Sight, memory: Memory) -> Step:
    if not sight.read_only:  # somebody let pushes in, so a copy made meanwhile lacks them
        return Step.FREEZE if sight.copy == ABSENT else Step.DISCARD_COPY
    if sight.unfinished:
        return Step.AWAIT_FROZEN
    if memory.copied is not None or (data == ABANDON and sight.prepared):
        return Step.SWITCH
    if not sight.prepared:
        return Step.PREPARE
    copies = {ABSENT: Step.COPY, WORKS: Step.AWAIT_COPY, FAILED: Step.DISCARD_COPY, DONE: Step.COUNT}
    return copies[sight.copy]


def effect(data: str, step: Step, sight: Sight) -> Sight:
    """Return what is seen when a step has succeeded; with it a plan is made without doing anything."""
    memory = sight.memory
    if step is Step.FREEZE:
        start = memory or Memory({}, {}, data, sight.read_only)
        return replace(sight, memory=replace(start, copied=None), read_only=True, unfinished="pods")
    if step is Step.SWITCH:
        return replace(sight, place=NEW, unfinished="pods")
    if step is Step.COUNT and memory is not None:
        return replace(sight, memory=replace(memory, copied={}))
    if step is Step.THAW:
        return replace(sight, memory=None, read_only=bool(memory and memory.read_only), copy=ABSENT, proof=ABSENT)
    changes: dict[Step, dict[str, Any]] = {
        Step.PREPARE: {"prepared": True},
        Step.AWAIT_FROZEN: {"unfinished": ""},
        Step.AWAIT_SWITCH: {"unfinished": ""},
        Step.DISCARD_COPY: {"copy": ABSENT},
        Step.COPY: {"copy": WORKS},
        Step.AWAIT_COPY: {"copy": DONE},
        Step.DISCARD_PROOF: {"proof": ABSENT},
        Step.PROVE: {"proof": WORKS},
        Step.AWAIT_PROOF: {"proof": DONE},
    }
    return replace(sight, **changes.get(step, {}))


def plan(data: str, sight: Sight) -> list[Step]:
    """Return all steps from here to the end, if each succeeds."""
    steps: list[Step] = []
    while (step := next_step(data, sight)) is not Step.END:
        steps.append(step)
        sight = effect(data, step, sight)
    return steps
