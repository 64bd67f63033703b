# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A forecast: what a cluster has, what is proposed, and what becomes of its nodes and of the images they pull."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ... import pull_sources, registries_conf, signature_policy
from ...policy import Policy
from ...references import ReferenceProblem
from ...registries_conf import RegistriesConfProblem
from ...signature_policy import SignaturePolicyProblem
from . import ManifestProblem, account, disruption, guards, manifests, node_files, objects, releases, rendered, texts
from .disruption import Disruption
from .guard_checks import Situation, payload_repositories
from .node_files import SEARCH_DROP_IN, NodeFiles
from .releases import Release

#: For manifests that do not say theirs.
USUAL_RELEASE = "4.18"


def of_cluster(
    present: Any,
    release: object = None,
    *,
    proposed: Any = (),
    policy: Policy | None = None,
    images: Iterable[str] = (),
    other_releases: Iterable[object] = (),
    node_disruption_policy: Any = None,
    overridden: Iterable[str] = (),
) -> dict[str, Any]:
    """What nodes would get, what that costs, what the guards say, where images come from. Raises ManifestProblem.

    present, proposed: manifests, or files of them as {name, content}. release: by default what ClusterVersion says.
    policy: applied last. node_disruption_policy: by default those of MachineConfiguration.
    """
    have, notes = list(texts.documents(present)), list[str]()
    main = releases.find(_release(have) if release is None else release)
    change = Change(have, list(texts.documents(proposed)), policy)
    policies = _policies(have, notes) if node_disruption_policy is None else node_disruption_policy
    wanted = change.outcome(main, notes)
    before, seen = _files(have, main), objects.read(wanted, main)
    after = node_files.of_objects(seen, main)
    others = _costs_elsewhere(change, _list("other_releases", other_releases), policies, notes)
    costs = {main.name: _cost(before, after, main, policies)} | others
    on_nodes = (before if after.error else after).on_node
    found = {
        "release": main.name,
        "files": on_nodes,
        "generated": after.files,
        "before": before.on_node,
        "error": after.error,
        "error_before": before.error,
        "warnings": after.warnings,
        "notes": notes,
        "disruption": {name: asdict(cost) if cost else None for name, cost in costs.items()},
        "findings": guards.findings(Situation(seen, main, after, wanted), _texts("overridden", overridden)),
        "images": _pulls(_texts("images", images), on_nodes),
        "manifests": wanted,
    }
    return {**found, "lines": list(account.lines(found))}


def _release(have: Iterable[Mapping[str, Any]]) -> Any:
    for manifest in have:
        if manifest.get("kind") == "ClusterVersion":
            return _at(manifest, "status", "desired", "version") or USUAL_RELEASE
    return USUAL_RELEASE


@dataclass(frozen=True)
class Change:
    """What is there and what shall be done to it: manifests first, then the words of a policy."""

    present: list[Any]
    proposed: list[Any]
    policy: Policy | None

    def outcome(self, release: Release, notes: list[str]) -> list[Any]:
        """The manifests that a cluster of this release would hold. Raises ManifestProblem."""
        found = manifests.merged_into(self.present, self.proposed)
        if self.policy is None:
            return found
        seen = objects.read(found, release)
        said = manifests.of_policy(
            self.policy, release.name, payload=payload_repositories(seen), internal_registry=seen.internal_registry
        )
        notes += said.notes
        return manifests.merged_into(found, said.objects, said.removed)


def _files(manifests: list[Any], release: Release) -> NodeFiles:
    return node_files.of_objects(objects.read(manifests, release), release)


def _cost(before: NodeFiles, after: NodeFiles, release: Release, policies: Any) -> Disruption | None:
    """None: the operator stops, so nodes keep what they have."""
    if after.error:
        return None
    return disruption.of_change(before.on_node, after.on_node, release.name, policies)


def _costs_elsewhere(
    change: Change, others: Iterable[object], policies: Any, notes: list[str]
) -> dict[str, Disruption | None]:
    """The same change in other releases, whose objects may be others; what one cannot be told is a note."""
    costs: dict[str, Disruption | None] = {}
    for release in map(releases.find, others):
        try:
            wanted = change.outcome(release, [])
            costs[release.name] = _cost(_files(change.present, release), _files(wanted, release), release, policies)
        except ManifestProblem as problem:
            costs[release.name] = None
            notes.append(f"not to be had in {release.name}: {problem}")
    return costs


def _policies(have: Iterable[Mapping[str, Any]], notes: list[str]) -> Any:
    """Node disruption policies in force: the status of MachineConfiguration/cluster, which holds the defaults too."""
    for manifest in have:
        if manifest.get("kind") == "MachineConfiguration":
            if _at(manifest, "metadata", "generation") != _at(manifest, "status", "observedGeneration"):
                notes.append(
                    "MachineConfiguration/cluster was changed, and its status does not say yet what is in force"
                )
            return _at(manifest, "status", "nodeDisruptionPolicyStatus", "clusterPolicies", "files") or ()
    return ()


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _pulls(images: list[str], files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each image with the candidates for it, as the files of a node have it, or why there are none."""
    found = []
    for image in images:
        candidates, refused = [], None
        try:
            conf = rendered.conf(files[registries_conf.MAIN])
            if SEARCH_DROP_IN in files:
                conf = conf.with_drop_in(registries_conf.read(files[SEARCH_DROP_IN], SEARCH_DROP_IN, drop_in=True))
            policy = signature_policy.read(files[signature_policy.PATH])
            candidates = [one.result() for one in pull_sources.resolve(image, conf, policy)]
        except (ReferenceProblem, RegistriesConfProblem, SignaturePolicyProblem) as problem:
            refused = str(problem)
        found.append({"image": image, "candidates": candidates, "refused": refused})
    return found


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ManifestProblem(f"{name} must be a list, not {objects.kind_of(value)}: {objects.shown(value)}")
    return list(value)


def _texts(name: str, value: Any) -> list[str]:
    for item in _list(name, value):
        if not isinstance(item, str):
            raise ManifestProblem(f"{name}: an item must be text, not {objects.kind_of(item)}: {objects.shown(item)}")
    return list(value)
