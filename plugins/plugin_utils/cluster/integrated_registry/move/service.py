# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves a registry to another storage, step by step; each step is found by looking, so that any run can go on.

At any failure the old storage still serves: until the switch it is the only one in use, and a switch that does not get
there is taken back. Nothing here ever deletes a storage, a claim or an image.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ....policy.word import PolicyError
from ...api import ClusterProblem, Manifest, Ref, at
from ...changes import ClusterDraft, ObjectChange, WantedObject, changes_of
from ...client import Client, Moved
from ...image_registry.backends import MINTED_SECRET, USER_SECRET
from ...image_registry.values import quantity
from ...merge_patch import difference, inverse
from ...seen import Cluster, Contents, NotRead, read
from .. import CONFIG, DEPLOYMENT, PODS, diagnosis, health, secret
from .. import claim as claim_ref
from .. import service as registry
from ..spec import backend_of, is_another_place
from . import copying, images
from .state import ABANDON, COPY, MEMORY, NEW, OLD, OTHER, WORKS, Memory, Sight, Step, memory_of, next_step, plan

_POLL = 2.0  # seconds between two looks at what is waited for
_PROGRESS = 30.0  # seconds between two lines that say how far it is
_CONFLICTS = 5
_SPARE = 1.1  # a claim needs a little more than what layers have together
_LOG_LINES = 20


#: What failed is made again once: by another run than the one that made it, which tells the failure instead.
_MADE = {Step.DISCARD_COPY: Step.COPY, Step.DISCARD_PROOF: Step.PROVE}
_AWAITED = {Step.DISCARD_COPY: Step.AWAIT_COPY, Step.DISCARD_PROOF: Step.AWAIT_PROOF}


@dataclass(frozen=True)
class MoveOptions:
    """What a person asked for beside the new storage; the names are those of the options."""

    data: str
    copy_image: str | None = None
    proof: str = "pull"
    proof_image: str | None = None
    state: str = "moved"
    wait_timeout: float = 600.0
    copy_timeout: float = 14400.0


def judge(options: MoveOptions, storage: Mapping[str, Any]) -> None:
    """Refuse options that contradict each other. Raises PolicyError."""
    if options.data == COPY and not options.copy_image:
        raise PolicyError("copy_image", "nothing", "is said; a copy needs an image with a shell, or data: abandon")
    if options.data == ABANDON and options.copy_image:
        raise PolicyError("copy_image", options.copy_image, "is of no use with data: abandon")
    if options.data == COPY and options.proof == "waive" and options.proof_image:
        raise PolicyError("proof_image", options.proof_image, "is of no use with proof: waive")
    if options.proof_image:
        images.read_proof(options.proof_image)
    if options.copy_image and (not options.copy_image.isprintable() or " " in options.copy_image.strip()):
        raise PolicyError("copy_image", options.copy_image, "is not the name of an image")
    if backend_of(storage) == "emptyDir":
        raise PolicyError("storage", "emptyDir", "loses every image with its pod; nothing is moved there")


@dataclass
class MoveService:
    """One registry and the API server of its cluster. asked: the new storage, as the task image_registry takes it.

    say: is told how far it is. clock and sleep are for tests.
    """

    client: Client
    asked: registry.Asked
    options: MoveOptions
    say: Callable[[str], None] = lambda text: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    written: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    # --- the run ---

    def move(self, *, check: bool) -> dict[str, Any]:
        """Do what is left of the move, and say what was done. Raises ClusterProblem, PolicyError."""
        config = self._config()
        if self.options.state == "cancelled":
            return self._cancelled(config, check=check)
        sight = self._sight(config)
        left = plan(self.options.data, sight)
        if sight.memory is None and left:
            self._preflight(config)
        result = {
            "steps": [step.value for step in left], "warnings": self.warnings, "changed": bool(left),
            "images": self._kept().count if left else None,
        }  # fmt: skip
        if check or not left:
            return {**result, "account": self._account(left, check=check)}
        try:
            copied = self._carry_out()
        except ClusterProblem as problem:
            raise ClusterProblem(f"{problem}; {self._where()}") from None
        return {**result, "copied": copied, "written": self.written, "account": self._account(left, check=False)}

    def _carry_out(self) -> Mapping[str, int] | None:
        """Do one step after the other. Raises ClusterProblem."""
        conflicts, copied, done = 0, None, None
        made: set[Step] = set()
        while True:
            try:
                config = self._config()
                sight = self._sight(config)
                copied = (sight.memory.copied if sight.memory else None) or copied
                step = next_step(self.options.data, sight)
                if step is Step.END:
                    return copied
                if (step, sight) == done:
                    raise ClusterProblem(f"{step.value}: that was done, and nothing of it is seen")
                done = (step, sight)
                self.say(f"registry: {step.value}")
                self._do(_AWAITED.get(step, step) if _MADE.get(step) in made else step, config, sight)
                made.add(step)
            except Moved:
                conflicts, done = conflicts + 1, None
                if conflicts > _CONFLICTS:
                    raise

    def _account(self, steps: list[Step], *, check: bool) -> list[str]:
        if not steps:
            return ["the registry keeps its images there already"]
        head = "this would be done" if check else "this was done"
        return [head, *(f"- {step.value}" for step in steps)]

    def _where(self) -> str:
        """Say what serves after a failure, and how to go on."""
        try:
            config = self._config()
            memory = memory_of(config)
            place = self._place(config, memory)
        except (ClusterProblem, ValueError):
            return "where the registry keeps its images now is not known; the old storage was not touched"
        frozen = "read-only " if at(config, "spec", "readOnly") is True else ""
        if memory is None:
            return "nothing was moved"
        which = "new" if place == NEW else "old"
        return f"the registry serves {frozen}from the {which} storage; the next run goes on, state: cancelled gives up"

    # --- what is seen ---

    def _config(self) -> Manifest:
        found = self.client.read(CONFIG)
        if found is None:
            raise ClusterProblem(f"{CONFIG} is not there: the operator has not made it yet")
        return found

    def _sight(self, config: Manifest) -> Sight:
        """Look at everything that tells which step is next. Raises ClusterProblem."""
        memory = self._memory(config)
        place = self._place(config, memory)
        if place == OTHER:
            raise ClusterProblem(
                f"{CONFIG}: its storage is neither the one that this move began with nor the new one; "
                "state: cancelled forgets the move"
            )
        draft = self._draft(config)
        sight = Sight(
            place, memory, at(config, "spec", "readOnly") is True, self._unfinished(config),
            prepared=not self._before(draft), proof_needed=self.options.proof == "pull",
        )  # fmt: skip
        if memory is None or self.options.data != COPY:
            return sight
        if place == OLD:
            return replace(sight, copy=copying.state_of(self.client.read(copying.JOB)))
        ref = self._proof_ref()
        if ref is None:
            return replace(sight, proof_needed=False)
        return replace(sight, proof=images.proof_of(self.client.read(ref[0])))

    def _memory(self, config: Manifest) -> Memory | None:
        try:
            memory = memory_of(config)
        except ValueError:
            raise ClusterProblem(f"{CONFIG}: its annotation {MEMORY} cannot be read; remove it to begin anew") from None
        if memory is None or self.options.state == "cancelled":
            return memory
        storage = self._wanted_storage()
        if backend_of(memory.after) != backend_of(storage) or is_another_place(memory.after, storage):
            raise ClusterProblem(
                f"a move to another storage ({_named(memory.after)}) is under way: finish that, or give it up with "
                "state: cancelled"
            )
        if memory.data != self.options.data:
            raise ClusterProblem(f"the move that is under way has data: {memory.data}; finish it so, or cancel it")
        return memory

    def _wanted_storage(self) -> Mapping[str, Any]:
        return dict(self.asked.said["storage"] or {})

    def _place(self, config: Manifest, memory: Memory | None) -> str:
        """Say where the specification keeps images: at the old storage, the new one, or somewhere else."""
        now = at(config, "spec", "storage") or {}
        after = memory.after if memory else self._wanted_storage()
        if backend_of(now) == backend_of(after) and not is_another_place(now, after):
            return NEW
        if memory is None:
            return OLD
        before = memory.before
        return OLD if backend_of(now) == backend_of(before) and not is_another_place(now, before) else OTHER

    def _unfinished(self, config: Manifest) -> str:
        return health.missing(config) or health.not_rolled_out(config, self.client.read(DEPLOYMENT))

    def _draft(self, config: Manifest) -> ClusterDraft:
        """Ask the task image_registry what the new storage needs. Raises ClusterProblem with what it refuses."""
        known: dict[Ref, Contents] = {CONFIG: config}
        while True:
            try:
                cluster = Cluster(known)
                draft = registry.draft(cluster, self.asked)
                self._changes = list(changes_of(cluster, draft.wanted))
                break
            except NotRead as question:
                known = read(self.client, question.more, known)
        if draft.refusals:
            raise ClusterProblem("; ".join(draft.refusals))
        return draft

    def _before(self, draft: ClusterDraft) -> list[ObjectChange]:
        """Return the writes that have to be done before the specification changes."""
        return [change for change in self._changes if change.ref != CONFIG]

    # --- preflight ---

    def _preflight(self, config: Manifest) -> None:
        """Refuse a move that cannot end well, before anything is written. Raises ClusterProblem."""
        now, after = at(config, "spec", "storage") or {}, self._wanted_storage()
        if at(config, "spec", "managementState") != "Managed":
            state = at(config, "spec", "managementState")
            raise ClusterProblem(f"the registry is {state}, and only one that serves is moved; use image_registry")
        if not backend_of(now):
            raise ClusterProblem("the registry has no storage that could be moved; use image_registry")
        if lacks := self._unfinished(config):
            raise ClusterProblem(f"the registry does not serve as it is, so nothing is moved: {lacks}")
        found = self._kept()
        if self.options.data == ABANDON:
            self.warnings.append(
                f"data: abandon: {found.count} images that were pushed to {_named(now)} can no longer be pulled; the "
                "old storage stays as it is"
            )
            return
        logins = {} if {backend_of(now), backend_of(after)} == {"pvc"} else self._logins()
        if reason := copying.why_not(now, after, logins):
            raise ClusterProblem(f"the images cannot be copied: {reason}")
        self._judge_size(found)
        if self.options.proof == "waive":
            self.warnings.append("proof: waive: no image from before is pulled after the switch")
        elif self._proof_ref() is None:
            self.warnings.append("no image of before is known that could be pulled as a proof; proof_image names one")

    def _logins(self) -> dict[str, Manifest | None]:
        """Return the secrets with logins, as they are once everything is written that has to be."""
        found = {name: self.client.read(secret(name)) for name in (USER_SECRET, MINTED_SECRET)}
        for change in self._changes:
            if change.ref == secret(USER_SECRET):
                data = {**(at(found[USER_SECRET], "data") or {}), **(at(change.fields, "data") or {})}
                found[USER_SECRET] = {"data": {key: value for key, value in data.items() if value is not None}}
        return found

    def _judge_size(self, found: images.Kept) -> None:
        """Compare the new claim with what the layers have together. Raises ClusterProblem."""
        claim = next((one for one in self._changes if one.ref.resource.kind == "PersistentVolumeClaim"), None)
        size = at(claim.fields, "spec", "resources", "requests", "storage") if claim else None
        if claim is None and self.asked.said["storage"] and backend_of(self._wanted_storage()) == "pvc":
            name = str(at(self._wanted_storage(), "pvc", "claim") or "")
            there = self.client.read(claim_ref(name))
            size = at(there, "status", "capacity", "storage") or at(there, "spec", "resources", "requests", "storage")
        room = quantity(size)
        if room is not None and found.size * _SPARE > room:
            raise ClusterProblem(
                f"claim: {size} is too little: the images have {found.size} bytes ({found.count} images); ask for more"
            )

    def _kept(self) -> images.Kept:
        return images.kept(self._images())

    def _images(self) -> tuple[Manifest, ...]:
        if not hasattr(self, "_all_images"):
            answers = read(self.client, (images.IMAGES,), {})
            self._all_images = Cluster(answers).all(images.IMAGES)
        return self._all_images

    def _proof_ref(self) -> tuple[Ref, Mapping[str, Any]] | None:
        """Name the pod of the proof, with what it is made of; None when there is no image that could be pulled."""
        if not hasattr(self, "_proof"):
            chosen = images.read_proof(self.options.proof_image) if self.options.proof_image else None
            if chosen is None and self.options.proof == "pull":
                answers = read(self.client, (images.STREAMS,), {})
                chosen = images.choose(self._images(), Cluster(answers).all(images.STREAMS))
            host = str(at(self.client.read(images.CONFIG_IMAGE), "status", "internalRegistryHostname") or "")
            self._proof = images.proof_pod(*chosen, host) if chosen else None
        return self._proof

    # --- steps ---

    def _do(self, step: Step, config: Manifest, sight: Sight) -> None:
        actions: dict[Step, Callable[[Manifest, Memory], None]] = {
            Step.PREPARE: lambda config, memory: self._prepare(),
            Step.AWAIT_FROZEN: lambda config, memory: self._await_registry("to be read-only"),
            Step.DISCARD_COPY: lambda config, memory: self._remove(copying.JOB),
            Step.COPY: self._copy,
            Step.AWAIT_COPY: lambda config, memory: self._await_copy(),
            Step.COUNT: self._count,
            Step.SWITCH: self._switch,
            Step.AWAIT_SWITCH: self._await_switch,
            Step.DISCARD_PROOF: lambda config, memory: self._remove_proof(),
            Step.PROVE: lambda config, memory: self._prove(),
            Step.AWAIT_PROOF: self._await_proof,
            Step.THAW: self._thaw,
        }
        if step is Step.FREEZE:
            self._freeze(config, sight)
        elif sight.memory is not None:
            actions[step](config, sight.memory)

    def _write(self, wanted: WantedObject, before: Manifest | None) -> None:
        fields = wanted.fields if before is None else difference(before, wanted.fields or {})
        change = ObjectChange(wanted, before, fields)
        if before is None or fields:
            change.send(self.client)
            self.written.append(change.what)

    def _patch(self, config: Manifest, spec: Mapping[str, Any], memory: Memory | None, why: str) -> None:
        """Change the specification together with what is remembered."""
        kept = {"annotations": {MEMORY: memory.text() if memory else None}}
        self._write(WantedObject(CONFIG, {"metadata": kept, **({"spec": spec} if spec else {})}, why), config)

    def _freeze(self, config: Manifest, sight: Sight) -> None:
        before = at(config, "spec", "storage") or {}
        fresh = Memory(dict(before), dict(self._wanted_storage()), self.options.data, sight.read_only)
        memory = replace(sight.memory, copied=None) if sight.memory else fresh
        self._patch(config, {"readOnly": True}, memory, "the move begins")

    def _prepare(self) -> None:
        for change in self._before(ClusterDraft()):
            change.send(self.client)
            self.written.append(change.what)

    def _copy(self, config: Manifest, memory: Memory) -> None:
        made = copying.manifest(memory.before, memory.after, str(self.options.copy_image), self._logins())
        self._write(WantedObject(copying.JOB, made, "copy"), None)

    def _await_copy(self) -> None:
        def state() -> str:
            return copying.state_of(self.client.read(copying.JOB))

        found = self._wait(lambda: state() != WORKS, self.options.copy_timeout, lambda: "the copy is under way")
        if not found:
            raise ClusterProblem(f"{copying.JOB}: waited {self.options.copy_timeout:g} s for the copy{self._words()}")
        if state() == "failed":
            raise ClusterProblem(f"{copying.JOB} failed{self._words()}")

    def _words(self) -> str:
        """Quote the last words of the Job, and what keeps its pod from starting."""
        pods = self._pods_of_job()
        told = [*health.of_pods(health.Scene(None, None, None, None, "", None, tuple(pods)))]
        lines = self._log().splitlines()
        told += [f"its last words: {health.short(lines[-1])}"] if lines else []
        return f": {'; '.join(told)}" if told else ""

    def _pods_of_job(self) -> list[Manifest]:
        return [
            one for one in self.client.read_all(PODS) if at(one, "metadata", "labels", "job-name") == copying.JOB.name
        ]

    def _log(self) -> str:
        pods = sorted(self._pods_of_job(), key=lambda one: str(at(one, "metadata", "creationTimestamp") or ""))
        texts = [
            self.client.text(f"{PODS.path}/{at(one, 'metadata', 'name')}/log?tailLines={_LOG_LINES}") for one in pods
        ]
        return next((text for text in reversed(texts) if copying.counted(text)), texts[-1] if texts else "")

    def _count(self, config: Manifest, memory: Memory) -> None:
        counted = copying.counted(self._log())
        if counted is None:
            words = self._words()  # they go with the Job
            self._remove(copying.JOB)
            raise ClusterProblem(f"{copying.JOB} ended and did not say what it copied{words}; it is made again")
        if not counted["blobs"] and (count := self._kept().count):
            self._remove(copying.JOB)
            raise ClusterProblem(
                f"{copying.JOB} copied no blob, and the cluster knows {count} images that were pushed: look whether "
                "the old storage holds them; the copy is made again. To go without them, cancel, then say data: abandon"
            )
        self.say(f"registry: copied and compared {counted['blobs']} blobs, {counted['files']} files")
        self._patch(config, {}, replace(memory, copied=counted), "the copy is compared")

    def _switch(self, config: Manifest, memory: Memory) -> None:
        """Change the storage, and remember how to take it back, in one patch."""
        change = next((one for one in self._changes if one.ref == CONFIG), None)
        spec = dict(at(change.fields, "spec") or {}) if change else {}
        spec.pop("readOnly", None)
        back = inverse(at(config, "spec") or {}, spec)
        self._patch(config, spec, replace(memory, back=back), "storage")

    def _await_switch(self, config: Manifest, memory: Memory) -> None:
        try:
            self._await_registry("to use the new storage")
        except ClusterProblem as problem:
            self._back(memory)
            raise ClusterProblem(f"{problem}; the old storage was put back") from None

    def _await_registry(self, what: str) -> None:
        lacks = ""

        def served() -> bool:
            nonlocal lacks
            lacks = self._unfinished(self._config())
            return not lacks

        if not self._wait(served, self.options.wait_timeout, lambda: lacks):
            cause = diagnosis.why(self.client)
            told = ": ".join(filter(None, (lacks, cause)))
            raise ClusterProblem(f"waited {self.options.wait_timeout:g} s for the registry {what}: {told}")

    def _back(self, memory: Memory, *, copied: bool = True) -> None:
        """Take the switch back, whatever has been written in between."""
        for _try in range(_CONFLICTS):
            config = self._config()
            try:
                kept = replace(memory, copied=memory.copied if copied else None, back={})
                self._patch(config, memory.back or {"storage": {**memory.before}}, kept, "the switch is taken back")
                return
            except Moved:
                continue
        raise ClusterProblem(f"{CONFIG} is written by somebody else all the time; the old storage is not put back")

    def _prove(self) -> None:
        if (made := self._proof_ref()) is not None:
            self._write(WantedObject(made[0], made[1], "proof"), None)

    def _await_proof(self, config: Manifest, memory: Memory) -> None:
        ref = (self._proof_ref() or (copying.JOB, {}))[0]

        def state() -> str:
            return images.proof_of(self.client.read(ref))

        if self._wait(lambda: state() != WORKS, self.options.wait_timeout, lambda: "the pull is under way"):
            if state() == "done":
                return
        told = health.short(images.why_not_pulled(self.client.read(ref)))
        self._remove_proof()
        self._remove(copying.JOB)
        self._back(memory, copied=False)
        raise ClusterProblem(f"an image from before could not be pulled: {told}; the old storage was put back")

    def _remove_proof(self) -> None:
        if (made := self._proof_ref()) is not None:
            self._remove(made[0])

    def _remove(self, ref: Ref) -> None:
        """Remove an object of ours, whatever state it is in."""
        found = self.client.read(ref)
        if found is not None:
            uid, version = (str(at(found, "metadata", key) or "") for key in ("uid", "resourceVersion"))
            self.client.delete(ref, uid, version)
            self.written.append(f"delete {ref}")

    def _thaw(self, config: Manifest, memory: Memory) -> None:
        self._remove(copying.JOB)
        if self.options.data == COPY and self.options.proof == "pull":
            self._remove_proof()
        self._patch(config, self._former_read_only(memory), None, "the move is done")

    def _former_read_only(self, memory: Memory) -> dict[str, Any]:
        return {} if memory.read_only else {"readOnly": False}

    def _wait(self, ready: Callable[[], bool], seconds: float, lacks: Callable[[], str]) -> bool:
        """Look until it is ready, and say now and then what is lacking; False when the time is over."""
        end = self.clock() + seconds
        told = self.clock()
        while not ready():
            if self.clock() >= end:
                return False
            if self.clock() - told >= _PROGRESS:
                told = self.clock()
                self.say(f"registry: {lacks()}")
            self.sleep(_POLL)
        return True

    # --- giving up ---

    def _cancelled(self, config: Manifest, *, check: bool) -> dict[str, Any]:
        """Let pushes in again and forget the move; only before the switch. Raises ClusterProblem."""
        memory = self._memory(config)
        if memory is None:
            return {"changed": False, "steps": [], "account": ["no move is under way"], "warnings": []}
        if self._place(config, memory) == NEW:
            raise ClusterProblem(
                "the registry uses the new storage already: finish the move, or move back with a move of its own"
            )
        if not check:
            self._remove(copying.JOB)
            self._patch(config, self._former_read_only(memory), None, "the move is given up")
        steps = ["remove the Job of the copy", Step.THAW.value]
        return {"changed": True, "steps": steps, "written": self.written, "warnings": [], "account": ["given up"]}


def _named(storage: Mapping[str, Any]) -> str:
    backend = backend_of(storage)
    found = storage.get(backend) or {}
    place = next((found[key] for key in ("claim", "bucket", "container") if found.get(key)), "")
    return f"{backend} {place}".rstrip()
