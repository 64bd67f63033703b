# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A forecast: what a cluster has, what is proposed, and what becomes of its nodes and of the images they pull."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from ...policy import Policy
from ...resolution import pull_sources, signature_policy
from ...resolution.references import ReferenceProblem
from ...resolution.registries_conf import RegistriesConfProblem
from ...resolution.signature_policy import REJECT, SignaturePolicyProblem
from . import (
    ManifestProblem,
    account,
    authorities,
    change_checks,
    clusters,
    disruption,
    exports,
    guards,
    machine_configs,
    mirror_endpoints,
    objects,
    releases,
    texts,
)
from .clusters import Cluster
from .disruption import NodeCost
from .guard_checks import Situation
from .machine_configs import MachineConfig
from .node_files import NodeFiles
from .objects import Manifest, Objects
from .releases import Release
from .scenario import Outcome, Scenario


def of_cluster(
    present: Any,
    release: object = None,
    *,
    proposed: Any = (),
    removed: Any = (),
    policy: Policy | None = None,
    images: Iterable[str] = (),
    other_releases: Iterable[object] = (),
    node_disruption_policy: Any = None,
    overridden: Iterable[str] = (),
    answered: bool = False,
) -> dict[str, Any]:
    """Return what nodes would get, what that costs, what the guards say, where images come from.

    present, proposed: manifests, or files of them as {name, content}. removed: objects to be deleted, "Kind/name".
    release: by default what ClusterVersion says. policy: applied last. node_disruption_policy: by default those of
    MachineConfiguration. answered: whether an API server answered with what is present. Raises ManifestProblem, also
    when an export lacks what every cluster has.
    """
    have = exports.of_cluster(texts.documents(present), answered)
    cluster = clusters.read(have)
    version = _version(cluster, release)
    main = releases.find(version)
    scenario = Scenario(have, list(texts.documents(proposed)), _removed(removed), policy, had_files=bool(proposed))
    outcome = scenario.outcome(main)
    cluster = clusters.of_pool(cluster, machine_configs.changed(have, outcome.manifests))
    notes = [
        *_passed_over(scenario), *_cut_off(present), *_warned(present, proposed),
        *clusters.of_another_release(cluster, main), *cluster.notes, *outcome.notes,
    ]  # fmt: skip
    before, after = State.of(have, have, main, cluster), State.of(outcome.manifests, have, main, cluster)
    old, new = _on_nodes(before, after)
    policies = clusters.policies(outcome, node_disruption_policy, main, notes, have)
    cost = _cost(before, after, main, policies)
    others = _costs_elsewhere(scenario, _list("other_releases", other_releases), node_disruption_policy, cluster, notes)
    now = after.situation(version, outcome, before.situation(version, Outcome(have)), cost, policy)
    notes += _notes_on_change(before, after, outcome, cost, now)
    found: dict[str, Any] = {
        "release": main.name,
        "read": list(exports.account_of(have)),
        "files": new,
        "generated": after.files.files,
        "before": old,
        "certificates": list(authorities.changes(before.authorities, after.authorities)),
        "error": after.files.error,
        "error_before": before.files.error,
        "warnings": [text for text in after.files.warnings if text not in after.seen.ignored],
        "notes": notes,
        "disruption": {name: asdict(one) if one else None for name, one in ({main.name: cost} | others).items()},
        "findings": _told_apart(guards.findings(now, _overridden(overridden)), scenario, cost),
        "images_in_use": sorted({image for image, _where in exports.images_of(outcome.manifests)}),
        "manifests": outcome.manifests,
    }
    return _with_answers(found, _texts("images", images))


def _notes_on_change(
    before: State, after: State, outcome: Outcome, cost: NodeCost | None, now: Situation
) -> Iterator[str]:
    """Yield what is to be known of the change and of its result."""
    yield from after.notes()
    yield from _notes_on_rewritten(before, after) if cost else ()
    yield from clusters.assumed(outcome.manifests, after.release, after.cluster)
    yield from clusters.doubts(after.cluster, cost, after.release)
    yield from authorities.not_there(before.authorities, after.authorities)
    yield from clusters.of_proxy(before.manifests, after.manifests)
    yield from clusters.not_for_nodes(outcome)
    yield from _notes_on_lists(now)
    yield from clusters.beside_nodes(before.manifests, outcome.manifests)


def _with_answers(found: dict[str, Any], images: list[str]) -> dict[str, Any]:
    """Add what follows from the rest: where images come from, which guards fail, what a person reads."""
    found["images"] = pulls(images, found["files"])
    found["failing"] = sorted(
        {one["guard"] for one in found["findings"] if one["effect"] != "surprises" and not one["already"]}
    )
    return {**found, "lines": list(account.lines(found))}


@dataclass(frozen=True)
class State:
    """A cluster before or after: its objects, and what its nodes have of them."""

    manifests: list[Manifest]
    release: Release
    cluster: Cluster
    seen: Objects
    files: NodeFiles
    configs: list[MachineConfig] = field(default_factory=list)
    #: Paths of MachineConfigs that the change touches.
    paths: frozenset[str] = frozenset()

    @classmethod
    def of(cls, manifests: list[Manifest], present: list[Manifest], release: Release, cluster: Cluster) -> State:
        """Return the state with these objects; present: what the cluster holds today."""
        seen = objects.read([*manifests, *clusters.by_default(manifests, release, cluster)], release)
        configs = machine_configs.read(manifests)
        paths = frozenset(path for one in machine_configs.changed(present, manifests) for path in one.files)
        return cls(manifests, release, cluster, seen, clusters.rendered(seen, release), configs, paths)

    @property
    def on_node(self) -> dict[str, str]:
        return self.with_paths(self.paths)

    @cached_property
    def entries(self) -> dict[str, str]:
        return machine_configs.entries(self.files, self.configs, self.cluster.selector)

    def with_paths(self, paths: frozenset[str]) -> dict[str, str]:
        """Return the files of a node, with those of MachineConfigs at these paths, and the authorities of the proxy."""
        files = machine_configs.on_node(self.files, self.configs, self.cluster.selector, paths)
        return files | clusters.proxy_bundle(self.manifests)

    @property
    def arrives(self) -> bool:
        """Whether nodes get what the operator would write."""
        return not self.files.error and not self.cluster.is_hosted

    @property
    def authorities(self) -> authorities.Authorities:
        return authorities.read(self.manifests)

    def notes(self) -> list[str]:
        return list(machine_configs.notes(self.files, self.configs, self.cluster.role))

    def situation(
        self,
        version: str,
        outcome: Outcome,
        before: Situation | None = None,
        cost: NodeCost | None = None,
        policy: Policy | None = None,
    ) -> Situation:
        said = policy.trust.registries or () if policy and policy.trust else ()
        return Situation(
            self.seen,
            self.release,
            self.files,
            self.manifests,
            version=version,
            refused=outcome.refused,
            unknown=outcome.unknown,
            not_taken=outcome.not_taken,
            before=before,
            cost=cost,
            overridden=list(machine_configs.overridden(self.files, self.configs, self.cluster.selector)),
            is_hosted=self.cluster.is_hosted,
            on_node=self.on_node,
            trusted_by_words=frozenset(name for registry in said for name in registry.names),
        )


def _version(cluster: Cluster, release: object) -> str:
    """Return the version whose rules count: what was said, completed by what the cluster says of the same release."""
    if release is None:
        if not cluster.version:
            raise ManifestProblem(
                "ClusterVersion/version says no status.desired.version: export it whole, or name the release"
            )
        return cluster.version
    name = releases.find(release).name
    return cluster.version if cluster.version.startswith(f"{name}.") and str(release) == name else str(release)


def _removed(value: Any) -> list[Any]:
    return [value] if isinstance(value, (str, Mapping)) else _list("removed", value)


def _cut_off(present: Any) -> Iterator[str]:
    return (f"{name} does not end with a whole line, so it may be cut off" for name in texts.unfinished(present))


def _warned(*given: Any) -> Iterator[str]:
    return (f"a warning of oc is passed over, {text}" for value in given for text in texts.warnings(value))


def _passed_over(scenario: Scenario) -> list[str]:
    """List manifests that are not read. Raises ManifestProblem when no other was proposed."""
    said = list(exports.passed_over(scenario.proposed, proposed=True))
    if scenario.proposed and not any(map(exports.counts, scenario.proposed)):
        raise ManifestProblem(f"nothing that is proposed is read: {'; '.join(said[:5])}")
    if scenario.proposes_nothing:
        said.append("the files hold no object")
    return [f"proposed: {text}" for text in said] + list(exports.passed_over(scenario.present, proposed=False))


def _told_apart(findings: list[dict[str, Any]], scenario: Scenario, cost: NodeCost | None) -> list[dict[str, Any]]:
    """Findings as they are; where nothing arrives, what stops it is news to whoever proposes something."""
    if scenario.is_nothing or cost is not None:
        return findings
    return [one | ({"already": False} if one["effect"] == "stops" else {}) for one in findings]


def _on_nodes(before: State, after: State) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files of a node before and after, with those of MachineConfigs that the change is about."""
    old = before.with_paths(after.paths)
    return old, after.on_node if after.arrives else old


def _cost(before: State, after: State, release: Release, policies: Any) -> NodeCost | None:
    """Compute the cost; None: nothing arrives, because the operator stops or is missing, so nodes keep their files."""
    if not after.arrives:
        return None
    changed = machine_configs.changed(before.manifests, after.manifests)
    reboots = [f"MachineConfig {one.name} sets {' and '.join(one.reboots)}" for one in changed if one.reboots]
    return disruption.of_change(
        *_on_nodes(before, after),
        release.name,
        policies,
        is_single_node=after.cluster.is_single_node,
        skips_drain=after.cluster.skips_drain,
        reboots=dict.fromkeys(reboots),
        rewritten=_rewritten(before, after),
    )


def _rewritten(before: State, after: State) -> list[str]:
    """Return the paths of changed MachineConfigs of whose file something else is said, be its text the same or not."""
    old, new = before.entries, after.entries
    return sorted(path for path in after.paths if old.get(path) != new.get(path))


def _notes_on_rewritten(before: State, after: State) -> Iterator[str]:
    files, now = _on_nodes(before, after)
    for path in _rewritten(before, after):
        if path in files and files[path] == now.get(path):
            yield f"{path} is written anew with the same text: its mode, its owner or how it is written changes"


def _costs_elsewhere(
    scenario: Scenario, others: Iterable[object], policies: Any, cluster: Cluster, notes: list[str]
) -> dict[str, NodeCost | None]:
    """Return the same change in other releases, whose objects may be others; what one cannot be told is a note."""
    costs: dict[str, NodeCost | None] = {}
    for release in map(releases.find, others):
        try:
            outcome = scenario.outcome(release)
            before = State.of(scenario.present, scenario.present, release, cluster)
            after = State.of(outcome.manifests, scenario.present, release, cluster)
            in_force = clusters.policies(outcome, policies, release, [], scenario.present)
            costs[release.name] = _cost(before, after, release, in_force)
        except ManifestProblem as problem:
            costs[release.name] = None
            notes.append(f"cannot be told for {release.name}: {problem}")
            continue
        notes += [f"in {release.name} not: {text}" for text in (*outcome.refused, *outcome.unknown)]
    return costs


def _notes_on_lists(now: Situation) -> list[str]:
    """List notes for a reader of an allow-list or a block-list that are not mistakes."""
    notes = []
    changed = now.before is None or now.before.sources != now.sources
    if changed and (mirrors := change_checks.mirrors_not_allowed(now)):
        notes.append(
            f"the allow-list does not hold the mirrors themselves ({account.some(mirrors)}): what names them directly,"
            " as catalogs of a disconnected cluster do, is rejected"
        )
    if changed and now.sources.blocked and not change_checks.is_payload_known(now):
        notes.append(
            f"where the images of the release {now.payload[0]} come from is not known, so the block-list is not"
            " compared with it"
        )
    notes += [
        f"images of {scope} must be signed: the mirror {mirror}, which is new, has to hold their signatures too"
        for scope, mirror in change_checks.new_mirrors_of_signed(now)
    ]
    return notes


def pulls(images: list[str], files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return each image with the candidates for it, as the files of a node have it, or why there are none."""
    found = []
    for image in images:
        candidates: list[dict[str, Any]] = []
        refused = None
        try:
            conf = mirror_endpoints.of_node(files)
            policy = signature_policy.read(files[signature_policy.PATH])
            resolved = pull_sources.resolve(image, conf, policy)
            candidates = [_judged(one.result()) | {"not_asked": list(_not_asked(one))} for one in resolved]
            reasons = [one["refused"] for one in candidates]
            refused = reasons[0] if reasons and all(reasons) else None
        except (ReferenceProblem, RegistriesConfProblem, SignaturePolicyProblem) as problem:
            refused = str(problem)
        found.append({"image": image, "candidates": candidates, "refused": refused})
    return found


def _not_asked(candidate: pull_sources.Candidate) -> Iterator[str]:
    """Yield the mirrors that serve other pulls than this one, with what they serve."""
    registry = candidate.registry
    asked = {endpoint.location for endpoint in candidate.endpoints if endpoint.mirror}
    for mirror in registry.mirrors if registry else ():
        if mirror.location not in asked:
            tag_only = mirror.pull_from_mirror == "tag-only"
            yield f"{mirror.location}, which serves pulls by {'tag' if tag_only else 'digest'} only"


def _judged(candidate: dict[str, Any]) -> dict[str, Any]:
    """Judge the candidates; one that policy.json rejects is refused, and nothing is tried."""
    policy = candidate["policy"]
    if candidate["refused"] or not policy or not any(one in REJECT for one in policy["requirement"]):
        return candidate
    by = f"scope {policy['scope']}" if policy["scope"] else "by its default, because no entry allows it"
    return candidate | {"refused": f"rejected by policy.json, {by}; nothing is tried"}


def _overridden(value: Any) -> list[str]:
    """Name the guards; "GUARD: FOUND" without quotes is a mapping to a reader of YAML."""
    items = _list("overridden", value)
    said = [f"{name}: {found}" for one in items if isinstance(one, Mapping) for name, found in one.items()]
    return said + _texts("overridden", [one for one in items if not isinstance(one, Mapping)])


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ManifestProblem(f"{name} must be a list, not {objects.kind_of(value)}: {objects.cited(value)}")
    return list(value)


def _texts(name: str, value: Any) -> list[str]:
    for item in _list(name, value):
        if not isinstance(item, str):
            raise ManifestProblem(f"{name}: an item must be text, not {objects.kind_of(item)}: {objects.cited(item)}")
    return list(value)
