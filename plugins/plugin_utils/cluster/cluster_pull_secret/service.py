# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pull secret of all nodes: entries put in and taken out, which nodes will have them, and who still lacks a login.

Sources: reference/openshift4-disruption.md (what a change of it does to nodes); machine-config-operator#1718 (a secret
written anew), #3806 (one bad entry stops every node); OpenShift "Image configuration resources" (mirrors use it alone).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_bytes
from typing import Any

from ...plan.plan import Disruption, mark_of
from ...policy import options_of
from ...policy.word import UNSHOWN, PolicyError
from ...problems import Problem
from ...variables import Fill, behind
from .. import managers, pools, preflight, registries
from ..api import ClusterProblem, Manifest, Ref, at
from ..changes import ClusterDraft, WantedObject, change_of
from ..dockercfg_secret.options import MODE_OPTIONS, read_logins, word_variables
from ..integrated_registry import CONFIG as REGISTRY
from ..kinds import image, machine_configuration, mirror_sets
from ..openshift4 import disruption
from ..pull_secrets import NAMESPACES, NEW, entries, sources
from ..pull_secrets.entries import Logins, Mark, shown
from ..seen import Cluster, Unread

SECRET = preflight.PULL_SECRET
WATCH: tuple[Ref, ...] = (SECRET,)
#: Where nodes have it.
FILE = "/var/lib/kubelet/config.json"
#: Registries that every cluster pulls from, for the catalogs of operators and for images of builds.
_ALWAYS = (sources.RED_HAT,)

OPTIONS: dict[str, dict[str, Any]] = {
    **options_of("credentials"),
    **MODE_OPTIONS,
    "from_variables": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether to take options that are not given from variables C(cluster_pull_secret_...) of their names, and "
            "O(credentials) else from C(registry_policy) and the variables of openshift-ansible.",
        ],
    },
}
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}
PREFIX = "cluster_pull_secret_"
VARIABLES: dict[str, tuple[str, ...]] = {
    **behind(PREFIX, ("from_file", "mode", "lose")),
    "credentials": word_variables(PREFIX),
}
fill = Fill(VARIABLES)
ACCESS: Mapping[Ref, tuple[str, ...]] = {
    SECRET: ("get", "patch"), pools.POOLS: ("list",), image.IMAGE: ("get",), image.VERSION: ("get",),
    preflight.INFRASTRUCTURE: ("get",), machine_configuration.REF: ("get",), REGISTRY: ("get",),
    **dict.fromkeys(mirror_sets.LISTS, ("list",)),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a task was asked for. mark: tells secrets apart within one run. hide: takes what nobody may be shown."""

    logins: Logins
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    mark: Mark = field(compare=False)
    hide: Callable[[str], None] = field(compare=False)


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read what the options say. Raises Problem before anything is sent."""
    logins, notes = read_logins(options, now, read_file, hide, more=False)
    changes = "manifests_to" in options
    if changes and not logins.anything:
        raise PolicyError("credentials", UNSHOWN, "nothing is asked for: give credentials or from_file")
    if changes and options["manifests_to"]:
        raise PolicyError("manifests_to", options["manifests_to"], "would hold logins in plain text")
    for registry in logins.present:
        if registry.startswith(("http://", "https://")):
            notes.append(f"{registry}: nodes take it for the whole registry, whatever the path")
    key = token_bytes(16)
    told = tuple(sources.personal(logins, now))
    return Asked(logins, tuple(notes), told, lambda secret: mark_of(secret, key), hide)


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Decide what is wanted of the secret, and what nodes notice. Raises NotRead, ClusterProblem."""
    if not asked.logins.anything:
        return ClusterDraft(notes=asked.notes)
    cluster.need(SECRET, image.IMAGE, *mirror_sets.LISTS)
    there = cluster.one(SECRET)
    if there is None and cluster.one(Ref(NAMESPACES, SECRET.namespace)) is None:
        raise ClusterProblem(f"there is no project {SECRET.namespace}; is this OpenShift 4?")
    wanted = _secret(there, asked)
    change = change_of(wanted, there)
    warnings = list(asked.warnings)
    if change is not None:
        preflight.refuse_hosted(cluster)
        kept = managers.others(there or {}, change.fields or {})
        warnings += [f"{SECRET} is kept by {' and '.join(kept)}, which may write its own again"] if kept else []
    if beside := entries.outside(there):
        warnings.append(f"{SECRET} has {', '.join(map(shown, beside))} beside auths, where nobody reads a login")
    after = there if change is None else change.after
    warnings += entries.undecided(after, asked.logins.present)
    warnings += entries.still_serving(after, asked.logins.absent, "crio")
    warnings += _without_login(cluster, after)
    if change is None:
        return ClusterDraft((wanted,), asked.notes, tuple(warnings))
    level, lines, told = _on_nodes(cluster)
    machines = f"{len(lines)} pools of nodes"
    return ClusterDraft((wanted,), asked.notes, (*warnings, *told), (), level, machines, tuple(lines))


def _secret(there: Manifest | None, asked: Asked) -> WantedObject:
    found = entries.wanted(there, SECRET, NEW, asked.logins, replace=None, mark=asked.mark)
    for value in (at(found.fields, "data") or {}).values():
        asked.hide(value)
    return replace(found, on_nodes=True, anew=lambda now: _secret(now, asked))


# --- what nodes notice ---


def _on_nodes(cluster: Cluster) -> tuple[Disruption, list[str], list[str]]:
    """Return what a change does to nodes, a line for each pool, and warnings."""
    cluster.need(pools.POOLS, image.VERSION, machine_configuration.REF)
    told: list[str] = []
    level, reasons = Disruption.NONE, ""
    try:
        release = preflight.release_of(cluster, None).name
        policies = machine_configuration.in_force(cluster.one(machine_configuration.REF))
        cost = disruption.of_change({FILE: "old"}, {FILE: "new"}, release, policies)
        level, reasons = registries.level_of(vars(cost)), "; ".join(cost.reasons)
    except Problem as problem:
        told.append(f"what nodes notice is not known: {problem}")
    if level >= Disruption.DRAIN:
        told += registries.lone_registry(cluster)
    how = "without a drain or a reboot" if level == Disruption.NONE else f"with a {level} ({reasons})"
    listed = cluster.try_all(pools.POOLS)
    if isinstance(listed, Unread):
        return level, [], [*told, f"which nodes will have it is not known: {listed.why}"]
    found = pools.read(listed)
    for pool in found:
        if pool.paused:
            told.append(f"the pool {pool.name} is paused: its nodes, and new ones, keep the old pull secret")
        if pool.degraded:
            told.append(f"the pool {pool.name} is degraded, so the secret may not reach it: {pool.degraded}")
    return level, [pool.line(f"{FILE} is written {how}") for pool in found], told


def _without_login(cluster: Cluster, secret: Manifest | None) -> list[str]:
    """List the mirrors, the registries that are searched, and those of every cluster, for which nodes have no login."""
    places = dict(_places(cluster))
    try:
        missing = entries.without_login(secret, places) if secret is not None else list(places)
    except ClusterProblem:
        return []  # the draft or the report has said so
    return [
        f"{place} has no login in the global pull secret, the only one that nodes use for {places[place]}"
        for place in missing
    ]


def _places(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield the places that nodes pull from by themselves, and what they are."""
    for one in mirror_sets.present(cluster):
        for each in mirror_sets.sets_of(one):
            yield from ((str(mirror), "mirrors") for mirror in each.get("mirrors") or ())
    seen = cluster.try_one(image.IMAGE)
    if not isinstance(seen, Unread):
        yield from ((entry, "registries that are searched") for entry in image.lists_of(seen)["search"])
    yield from ((place, "images of the platform") for place in _ALWAYS)


# --- report ---


def survey(cluster: Cluster, asked: Asked) -> dict[str, Any]:
    """Report the entries of the secret, and who lacks one. Raises NotRead, ClusterProblem."""
    cluster.need(SECRET, image.IMAGE, pools.POOLS, *mirror_sets.LISTS)
    there = cluster.one(SECRET)
    listed = cluster.try_all(pools.POOLS)
    return {
        "there": there is not None,
        **entries.report(there),
        "without_login": _without_login(cluster, there),
        "pools": [] if isinstance(listed, Unread) else [pool.result() for pool in pools.read(listed)],
    }
