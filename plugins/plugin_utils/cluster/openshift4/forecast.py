# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A forecast: what a cluster has, what is proposed, and what becomes of its nodes, as values and as lines to read."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from . import disruption, guards, manifests, node_files, objects, releases
from .disruption import Disruption
from .guard_checks import Situation, payload_repositories
from .node_files import NodeFiles
from .releases import Release

#: A difference of more lines is told by its size.
_LONGEST_DIFFERENCE = 2000


def of_cluster(
    present: Any,
    release: object,
    *,
    proposed: Any = (),
    policy: Mapping[str, Any] | None = None,
    other_releases: Iterable[object] = (),
    node_disruption_policy: Any = None,
    overridden: Iterable[str] = (),
) -> dict[str, Any]:
    """What nodes would get, what that costs in each release, and what the guards say.

    present: manifests of the cluster; its MachineConfiguration may be among them and says the node disruption policies
    unless node_disruption_policy does. proposed: manifests to be applied. policy: words, applied after them.
    Raises ManifestProblem for what cannot be meant.
    """
    main, have = releases.find(release), list(objects.documents(present))
    wanted = manifests.merged_into(have, objects.documents(proposed))
    notes: list[str] = []
    if policy:
        there = objects.read(wanted, main)
        said = manifests.of_policy(
            policy, release, payload=payload_repositories(there), internal_registry=there.internal_registry
        )
        wanted, notes = manifests.merged_into(wanted, said.objects, said.removed), said.notes
    policies = _policies(have, notes) if node_disruption_policy is None else node_disruption_policy
    before, seen = _files(have, main), objects.read(wanted, main)
    after = node_files.of_objects(seen, main)
    costs = {main.name: _cost(before, after, main, policies)}
    for other in map(releases.find, other_releases):
        costs.setdefault(other.name, _cost(_files(have, other), _files(wanted, other), other, policies))
    findings = guards.findings(Situation(seen, main, after, wanted), overridden)
    return {
        "files": after.on_node,
        "generated": after.files,
        "before": before.on_node,
        "error": after.error,
        "warnings": after.warnings,
        "notes": notes,
        "disruption": {name: asdict(cost) if cost else None for name, cost in costs.items()},
        "findings": findings,
        "manifests": wanted,
        "lines": list(_lines(main.name, before, after, notes, costs, findings)),
    }


def _files(manifests: list[Any], release: Release) -> NodeFiles:
    return node_files.of_objects(objects.read(manifests, release), release)


def _cost(before: NodeFiles, after: NodeFiles, release: Release, policies: Any) -> Disruption | None:
    """None: the operator stops, so nodes keep what they have."""
    if after.error:
        return None
    return disruption.of_change(before.on_node, after.on_node, release.name, policies)


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


def _lines(
    release: str,
    before: NodeFiles,
    after: NodeFiles,
    notes: list[str],
    costs: Mapping[str, Disruption | None],
    findings: list[dict[str, str]],
) -> Iterator[str]:
    yield f"Forecast for OpenShift {release}"
    yield from (f"  {text}" for text in notes)
    if before.error:
        yield f"  today the operator has stopped, so this is the difference from its templates: {before.error}"
    if after.error:
        yield f"  the operator would stop, silently, and nodes would keep what they have: {after.error}"
    else:
        yield from _difference(before.on_node, after.on_node)
    yield from (f"  it would log: {text}" for text in after.warnings)
    for name, cost in costs.items():
        yield f"Nodes, {name}: {_summary(cost)}"
        yield from (f"  {reason}" for reason in (cost.reasons if cost else ()))
    yield f"Guards: {len(findings) or 'nothing to say'}"
    for finding in findings:
        yield f"  {finding['effect']}: {finding['guard']}: {finding['found']}. {finding['sentence']}"


def _summary(cost: Disruption | None) -> str:
    if cost is None:
        return "nothing arrives"
    said = ["drain"] * cost.drain + ["reboot"] * cost.reboot
    said += [
        f"{kind} {', '.join(units)}" for kind, units in (("reload", cost.reload), ("restart", cost.restart)) if units
    ]
    return ", ".join(said) or "nothing to notice"


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    if not changed:
        yield "  no file changes"
    for path in changed:
        old, new = (_readable(path, files.get(path, "")).splitlines() for files in (before, after))
        state = "new" if path not in before else "removed" if path not in after else "changed"
        yield f"  {path}: {state}, {len(old)} lines before, {len(new)} after"
        if len(old) + len(new) <= _LONGEST_DIFFERENCE:
            yield from (
                f"    {line}"
                for line in difflib.unified_diff(old, new, n=1, lineterm="")
                if line[:3] not in ("---", "+++")
            )


def _readable(path: str, text: str) -> str:
    """JSON in one form, so that a difference shows what it means and not how it is indented."""
    if not path.endswith(".json") or not text:
        return text
    document = json.loads(text)
    return json.dumps({**document, "transports": document["transports"].get("docker", {})}, indent=2)
