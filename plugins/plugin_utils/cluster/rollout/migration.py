# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Move ImageContentSourcePolicies of a cluster to ImageDigestMirrorSets without a moment that has neither.

The new objects are made, every pool is waited for, it is proved that no file of a node depends on the old objects any
more, and only then they are deleted. Each step is seen from the objects, so a run that was killed is gone on with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...problems import Problem
from .. import managers, preflight
from ..api import ClusterProblem, Manifest, Ref, at, ref_of
from ..changes import settings
from ..client import Client
from ..kinds import image
from ..kinds.mirror_sets import DIGEST, OLD
from ..openshift4 import convert, releases
from ..seen import Cluster
from . import expected
from .service import Rollout

#: The guard of cluster_registries that a person may override here too.
MANAGED = "managed-by-others"


@dataclass(frozen=True)
class Pair:
    """An old object, and the new one that takes its place. there: whether that exists and holds as much."""

    old: Manifest
    new: dict[str, Any]
    there: bool


def converted(manifests: Iterable[Manifest]) -> list[dict[str, Any]]:
    """Make the new objects as oc adm migrate icsp does, without what a server and its tools keep. Raises Problem."""
    found: dict[str, dict[str, Any]] = {}
    for one in convert.icsp_to_idms(list(manifests)):
        name = at(one, "metadata", "name")
        if not name:
            raise ClusterProblem("an ImageContentSourcePolicy without a name cannot be converted")
        if name in found:
            raise ClusterProblem(f"ImageContentSourcePolicy/{name} is there twice")
        found[name] = one
    return list(found.values())


def pairs(cluster: Cluster, names: Iterable[str] | None) -> list[Pair]:
    """Return what is to be migrated. Raises NotRead, and ClusterProblem where it must not be tried."""
    cluster.need(Ref(DIGEST), Ref(OLD), image.VERSION, preflight.INFRASTRUCTURE)
    preflight.refuse_hosted(cluster)
    old, present = ({str(at(one, "metadata", "name")): one for one in cluster.all(Ref(kind))} for kind in (OLD, DIGEST))
    for name in names or ():
        if name not in old and name not in present:  # what has a new object already was migrated by an earlier run
            known = ", ".join(old) or "none"
            raise ClusterProblem(f"names: there is no ImageContentSourcePolicy {name}; there are {known}")
    chosen = [one for name, one in old.items() if names is None or name in names]
    if not chosen:
        return []
    if not cluster.has(DIGEST):
        raise ClusterProblem("this API has no ImageDigestMirrorSets, to which this would move; they came with 4.13")
    version = str(at(cluster.one(image.VERSION), "status", "desired", "version") or "")
    release = releases.find(version)
    if len(release.mirror_kinds) > 1 and not releases.takes_icsp_beside(release, version):
        raise ClusterProblem(
            f"in {version} old and new mirror objects side by side stop the operator, and nodes would get nothing new; "
            "update the cluster first"
        )
    return [_pair(one, present) for one in chosen]


def _pair(old: Manifest, present: Mapping[str, Manifest]) -> Pair:
    (new,) = converted([settings(old) or {}])
    name = str(at(new, "metadata", "name"))
    has = _sets(present.get(name))
    lacks = [source for source, mirrors in _sets(new).items() if has.get(source) != mirrors]
    if name in present and lacks:
        raise ClusterProblem(
            f"ImageDigestMirrorSet/{name} is there with other mirrors for {', '.join(lacks)}; make them the same, or "
            "rename one of the two objects"
        )
    return Pair(old, new, name in present)


def _sets(manifest: Manifest | None) -> dict[str, list[str]]:
    found = at(manifest, "spec", "imageDigestMirrors") or ()
    return {str(at(one, "source")): [str(mirror) for mirror in at(one, "mirrors") or ()] for one in found}


@dataclass
class Migration:
    """A migration of one cluster. names: of the old objects, None for all."""

    client: Client
    rollout: Rollout
    names: tuple[str, ...] | None = None
    overridden: tuple[str, ...] = ()

    def run(self, *, check: bool = False) -> dict[str, Any]:
        """Migrate, or say what would be done. Raises ClusterProblem."""
        self.done: dict[str, Any] = {"changed": False, "created": [], "deleted": [], "notes": []}
        found = self.rollout.answered(lambda cluster: pairs(cluster, self.names))
        if not found:
            which = "" if self.names is None else f" named {' or '.join(self.names)}"
            return self.done | {"account": [f"there is no ImageContentSourcePolicy{which} to migrate"]}
        self._refuse_managed(found)
        fresh = [pair for pair in found if not pair.there]
        self._prove_by_forecast(found, fresh)
        if check:
            return self.done | {"changed": True, "account": list(_plan(found))}
        try:
            return self._steps(found, fresh)
        except Problem as problem:
            return self.done | {"failed": True, "msg": f"{problem}; {self._so_far()}"}

    def _steps(self, found: list[Pair], fresh: list[Pair]) -> dict[str, Any]:
        for rehearse in (True, False) if self.client.can_rehearse() else (False,):
            for pair in fresh:
                self.client.create(ref_of(DIGEST, pair.new), pair.new, rehearse=rehearse)
                if not rehearse:
                    self._note("created", ref_of(DIGEST, pair.new))
        self._wait()
        self._prove_on_nodes()
        for pair in found:
            ref, metadata = ref_of(OLD, pair.old), pair.old["metadata"]
            self.client.delete(ref, str(metadata.get("uid", "")), str(metadata.get("resourceVersion", "")))
            self._note("deleted", ref)
        waited = self._wait()
        lines = [f"{word} {name}" for word in ("created", "deleted") for name in self.done[word]]
        return self.done | {"account": [*lines, *waited["account"], "no file of a node differs"]}

    def _note(self, word: str, ref: Ref) -> None:
        self.done[word].append(str(ref))
        self.done["changed"] = True
        self.rollout.say(f"{word} {ref}")

    def _wait(self) -> dict[str, Any]:
        """Wait for every pool. Raises ClusterProblem when not every node is seen to be done."""
        waited = self.rollout.wait()
        self.done["notes"] = list(dict.fromkeys([*self.done["notes"], *waited["notes"]]))
        if waited.get("failed"):
            raise ClusterProblem(str(waited["msg"]))
        if not waited["verified"]:
            raise ClusterProblem(f"not every node was seen with its files: {'; '.join(waited['notes'])}")
        return waited

    def _prove_on_nodes(self) -> None:
        """Look at what each node has. Raises ClusterProblem for a difference."""
        found = self.rollout.report()
        for pool in found["pools"]:
            for node in pool["nodes"]:
                if node["as_expected"] is not True:
                    raise ClusterProblem(f"the files of {node['name']} are not those of the objects")

    def _prove_by_forecast(self, found: list[Pair], fresh: list[Pair]) -> None:
        """Compute the files of nodes with the old objects and without. Raises ClusterProblem for a difference."""
        gone = {at(pair.old, "metadata", "name") for pair in found}
        before = self.rollout.answered(expected.of)
        after = self.rollout.answered(
            lambda cluster: expected.of(
                cluster,
                leaving_out=lambda one: one.get("kind") == convert.ICSP and at(one, "metadata", "name") in gone,
                more=[pair.new for pair in fresh],
            )
        )
        if why := before.unknown or before.problem or after.unknown or after.problem:
            raise ClusterProblem(f"it cannot be proved that the files of nodes stay as they are: {why}")
        differing = [
            path
            for path in before.generated.on_node.keys() | after.generated.on_node.keys()
            if before.generated.on_node.get(path) != after.generated.on_node.get(path)
        ]
        if differing:
            raise ClusterProblem(
                f"the files of nodes would differ in {', '.join(sorted(differing))} without the old objects, since "
                "other mirror sets name the same sources; merge them first"
            )

    def _refuse_managed(self, found: Iterable[Pair]) -> None:
        if MANAGED in self.overridden:
            return
        for pair in found:
            if keepers := managers.others(pair.old, {"spec": pair.old.get("spec")}):
                raise ClusterProblem(
                    f"{MANAGED}: {ref_of(OLD, pair.old)} is kept by {' and '.join(keepers)}, which would make it again "
                    f"(overridden: [{MANAGED}] goes on nevertheless)"
                )

    def _so_far(self) -> str:
        made, gone = self.done["created"], self.done["deleted"]
        if not made and not gone:
            return "nothing was deleted"
        words = [f"created {', '.join(made)}" if made else "", f"deleted {', '.join(gone)}" if gone else ""]
        rest = "" if gone else ", and nothing was deleted"
        return f"{' and '.join(filter(None, words))}{rest}; the next run goes on"


def _plan(found: Iterable[Pair]) -> Iterator[str]:
    """Say what would be done."""
    found = list(found)
    yield from (f"would create {ref_of(DIGEST, pair.new)}" for pair in found if not pair.there)
    yield "would wait for every pool"
    yield from (f"would delete {ref_of(OLD, pair.old)}" for pair in found)
    yield "no file of a node would differ"
