# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry policy on an OpenShift 4 cluster: what is wanted of its objects, and what that does to its nodes.

What each kind of object has to say is in its own file (kinds/); here they become one draft, which is judged before
anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from ..plan.plan import Disruption
from ..policy import SERVICE_NETWORK, VOCABULARY, read_options, unique
from ..policy import lists as policy_lists
from ..policy.policy import doubts
from ..policy.word import PolicyError, Reading
from ..resolution.names import has_login, host_of, port_of
from ..resolution.references import is_domain
from ..variables import NETWORK_VARIABLES, POLICY, PREFIX, Fill, behind
from . import pools, preflight
from .api import ClusterProblem, Manifest, Ref, Resource, annotation, at
from .changes import ClusterDraft, ObjectChange, WantedObject, changes_of
from .integrated_registry import CONFIG as REGISTRY
from .kinds import (
    Kind,
    Part,
    Said,
    image,
    image_policies,
    machine_configuration,
    mirror_sets,
    mirrors_from,
    trusted_cas,
)  # fmt: skip
from .labels import is_subdomain
from .marks import is_ours
from .openshift4 import forecast, guards, releases
from .seen import Cluster, Unread

#: In this order they are written; what goes, goes after all of it.
KINDS: tuple[Kind, ...] = (machine_configuration, trusted_cas, mirror_sets, image_policies, image)

WATCH: tuple[Ref, ...] = (image.IMAGE,)

#: What the forecast reads beside the objects of the policy; what cannot be read is named.
READ_FOR_NODES = (
    image.VERSION, image.IMAGE, preflight.INFRASTRUCTURE, machine_configuration.REF, *mirror_sets.LISTS,
)  # fmt: skip
_CONFIG = "config.openshift.io"
_OPERATORS = "openshift-machine-config-operator"
#: What else decides about nodes and images: signature policies, features, an override of drains, images of catalogs.
SIGNATURES = (
    Ref(image_policies.RESOURCE),
    Ref(Resource("ImagePolicy", _CONFIG, "v1", "imagepolicies", namespaced=True)),
)
FURTHER = (
    *SIGNATURES,
    Ref(Resource("FeatureGate", _CONFIG, "v1", "featuregates"), "cluster"),
    Ref(trusted_cas.RESOURCE, "image-registry-override-drain", _OPERATORS),
    Ref(Resource("CatalogSource", "operators.coreos.com", "v1alpha1", "catalogsources", namespaced=True)),
)
MACHINE_CONFIG = Resource("MachineConfig", "machineconfiguration.openshift.io", "v1", "machineconfigs")
#: Their contents are large, so only those of people are read as a whole.
MACHINE_CONFIGS = Ref(MACHINE_CONFIG, bare=True)
_BY_CONTROLLER = "machineconfiguration.openshift.io/generated-by-controller-version"
_DISRUPTIONS = [str(one) for one in Disruption]

_WORDS = ("search", "blocked", "allowed", "insecure", "mirrors", "trust", "signatures", "import")

OPTIONS: dict[str, dict[str, Any]] = {
    "search": {
        "type": "raw",
        "description": [
            "Registries that nodes search, in order, for an image name without a registry.",
            "On OpenShift 4 a change of it reboots every node, unless O(node_disruption=reload).",
            "A list, a comma separated text or a JSON text. Without it, the list of the cluster stays as it is; an "
            "empty list empties it. This holds for all lists here.",
        ],
    },
    "blocked": {
        "type": "raw",
        "description": [
            "Scopes that nodes must not pull from. V(all) stands alone and means everything but O(search), O(allowed), "
            "the sources of O(mirrors) and O(mirrors_from), and what the cluster itself is made of.",
            "A scope is C(host), C(host:port), either with a path, or C(*.domain).",
        ],
    },
    "allowed": {
        "type": "raw",
        "description": [
            "Scopes that nodes may pull from when everything else is blocked. The repositories of the release and the "
            "integrated registry are always added.",
            "Without O(blocked) it implies O(blocked=all). Any other value of O(blocked) beside it is refused.",
        ],
    },
    "insecure": {
        "type": "raw",
        "description": ["Scopes that nodes reach over plain HTTP, or without verifying their certificate."],
    },
    "mirrors": {
        "type": "raw",
        "description": [
            "Where nodes look first for images of a scope. A list of mappings with C(source), C(mirrors), and if "
            "wanted C(pull) (V(all), V(digest), V(tag)) and C(contact_source); or a JSON text of one.",
            "It becomes an ImageDigestMirrorSet and an ImageTagMirrorSet, or an ImageContentSourcePolicy where the API "
            "has nothing newer. Mirror sets of others stay.",
        ],
    },
    "mirrors_from": {
        "type": "list",
        "elements": "path",
        "description": [
            "Files with mirror sets that are taken as they are: objects that oc-mirror wrote, or the lists "
            "C(imageDigestSources) and C(imageContentSources) of install-config.yaml.",
            "An object of others with the same name is extended, source by source, with O(mode=merge), and replaced "
            "with O(mode=exact).",
        ],
    },
    "trust": {
        "type": "raw",
        "description": [
            "Registries whose authorities nodes, builds and the integrated registry trust. A list of mappings with "
            "C(registry), C(ca) or C(ca_file), and if wanted C(aliases) and C(state); or a JSON text of one.",
            "A ConfigMap that Image/cluster names already is extended.",
        ],
    },
    "signatures": {
        "type": "raw",
        "description": [
            "Scopes whose images nodes take only with a signature (sigstore). A list of mappings with C(scope) and "
            "C(key) or C(key_file), a public key in PEM; or a JSON text of one. For C(rekor_key), C(signed_as) and "
            "signatures without a key see M(dockyard.openshift.container_registries).",
            "Each scope becomes a ClusterImagePolicy, which OpenShift has from 4.20 on, and from 4.16 on with a "
            "feature set of previews. Policies of others and of namespaces stay.",
        ],
    },
    "import": dict(VOCABULARY["import"].option),
    "external_hostnames": {
        "type": "list",
        "elements": "str",
        "description": ["Names of the integrated registry outside of the cluster; the first is used in references."],
    },
    "import_mode": {
        "type": "str",
        "choices": ["Legacy", "PreserveOriginal"],
        "description": ["How image streams import manifest lists, unless they say it themselves."],
    },
    "node_disruption": {
        "type": "str",
        "choices": ["reload", "default"],
        "description": [
            "V(reload) makes a node disruption policy by which a search list reloads CRI-O (4.17 and later). It is "
            "written first and waited for. V(default) takes it away again.",
        ],
    },
    "additional_registries": {
        "type": "raw",
        "description": [
            "Registries that hosts of OpenShift 3 search. With O(blocked=all) nodes of OpenShift 4 may pull from them; "
            "they do not search them, which would reboot every node.",
        ],
    },
    "hosted_registry_network": {
        "type": "str",
        "default": SERVICE_NETWORK,
        "description": [
            "The service network of the cluster the policy was written for.",
            "OpenShift 4 takes no address range, so this one is left out of O(insecure) with a note; any other is "
            "refused.",
        ],
    },
    "mode": {
        "type": "str",
        "choices": ["exact", "merge"],
        "default": "merge",
        "description": [
            "V(merge) puts entries beside those of others, and later removes only its own. V(exact) makes the lists "
            "exactly those of the policy.",
        ],
    },
    "release": {
        "type": "raw",
        "description": ["The minor release to forecast for, quoted, unless it is what ClusterVersion says."],
    },
    "max_disruption": {
        "type": "str",
        "choices": _DISRUPTIONS,
        "default": "drain",
        "description": ["The most that nodes may notice. A change with a higher forecast is refused."],
    },
    "overridden": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": ["Names of guards that do not stop the task."],
    },
    "warn_days": {
        "type": "int",
        "default": 30,
        "description": ["Warn of certificates that expire within so many days."],
    },
    "from_variables": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether to take options that are not given from variables: C(image_policy_...) of their names, else "
            "C(registry_policy), else the variables of openshift-ansible.",
        ],
    },
}
#: Options that say what is wanted; the others say how. What hosts search is asked, too: it widens an allow-list.
ASKING = (*_WORDS, "mirrors_from", "external_hostnames", "import_mode", "node_disruption", "additional_registries")
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}

_OWN_PREFIX = "image_policy_"
VARIABLES: dict[str, tuple[str, ...]] = {
    **behind(_OWN_PREFIX, (name for name in OPTIONS if name not in ("from_variables", *_WORDS))),
    **{
        name: tuple(filter(None, (f"{_OWN_PREFIX}{name}", f"{POLICY}.{name}", VOCABULARY[name].variable)))
        for name in _WORDS
    },
    # What hosts of OpenShift 3 searched would reboot every node of 4, so it is searched only when said for 4.
    "search": (f"{_OWN_PREFIX}search",),
    "additional_registries": (
        f"{_OWN_PREFIX}additional_registries", f"{POLICY}.search", "openshift_docker_additional_registries",
    ),
    "import": (
        f"{_OWN_PREFIX}import", f"{POLICY}.import", str(VOCABULARY["import"].variable),
        "openshift_master_image_policy_config",
    ),
    "hosted_registry_network": (f"{_OWN_PREFIX}hosted_registry_network", *NETWORK_VARIABLES),
    "warn_days": (f"{_OWN_PREFIX}warn_days", f"{PREFIX}trust_warn_days"),
}  # fmt: skip
fill = Fill(VARIABLES)


@dataclass(frozen=True)
class Asked:
    """What a task was asked for, and under which conditions it may be done."""

    said: Said
    max_disruption: Disruption = Disruption.DRAIN
    overridden: tuple[str, ...] = ()
    release: object = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read the options. Raises Problem in one sentence before anything is sent."""
    reading = Reading(read_file, hide, now, options["warn_days"])
    also = policy_lists.read("additional_registries", options["additional_registries"], reading)
    policy = read_options({name: options.get(name) for name in (*_WORDS, "hosted_registry_network")}, reading)
    if beyond := policy_lists.fit(policy.insecure or (), policy_lists.OPENSHIFT_4, policy.service_network).beyond:
        raise PolicyError("insecure", beyond[0], "is an address range, and OpenShift 4 takes none")
    if options["release"] is not None:
        releases.find(options["release"])
    notes = [*policy.notes]
    if also and policy.search is None and policy.allow_list is None:
        notes.append(
            "additional_registries: nodes go on searching what they search; that takes search, which reboots or drains "
            "every node"
        )
    files = None
    if options["mirrors_from"] is not None:
        files = tuple(
            one
            for path in options["mirrors_from"]
            for one in mirrors_from.read(path, read_file(path).decode("utf-8", "replace"), notes)
        )
        _refuse_twice(files)
    said = Said(
        policy, options["mode"], external_hostnames(options["external_hostnames"]), options["import_mode"],
        options["node_disruption"], files, also,
    )  # fmt: skip
    known = {*preflight.NAMES, *(guard.name for guard in guards.GUARDS)}
    if unknown := [name for name in options["overridden"] if name.partition(":")[0] not in known]:
        near = get_close_matches(unknown[0], known, 1)
        hint = f"; is {near[0]} meant?" if near else ""
        raise PolicyError("overridden", unknown[0], f"is not the name of a guard{hint}")
    limit = Disruption(_DISRUPTIONS.index(options["max_disruption"]))
    warnings = unique((*reading.warnings, *_doubts(said)))
    return Asked(said, limit, tuple(options["overridden"]), options["release"], tuple(notes), warnings)


def _doubts(said: Said) -> list[str]:
    """Warn about what is allowed and seldom intended, with the allow-list that the cluster will have."""
    policy = said.policy
    if policy.allow_list is not None and said.allowed_too:
        policy = replace(policy, allowed=(*(policy.allowed or ()), *said.allowed_too))
    return doubts(policy)


def _refuse_twice(files: Iterable[mirrors_from.MirrorObject]) -> None:
    """Refuse objects that become one: the old kind is written as the new one, or the other way round."""
    seen: dict[tuple[bool, str], str] = {}
    for one in files:
        key = one.kind == mirror_sets.TAG.kind, one.name
        if key in seen:
            both = f"{seen[key]}, {one.where}"
            raise PolicyError("mirrors_from", one.name, f"is the name of two objects that a cluster has as one: {both}")
        seen[key] = one.where


def external_hostnames(given: list[str] | None) -> tuple[str, ...] | None:
    """Check the names that people outside of the cluster have for its registry, each once. Raises PolicyError."""
    if given is None:
        return None
    for name in given:
        if has_login(name):
            raise PolicyError("external_hostnames", name, "contains an '@'; credentials do not belong in a name")
        if not _is_host(name):
            raise PolicyError("external_hostnames", name, "is not the name of a host, with a port or without")
    return tuple(dict.fromkeys(given))


def _is_host(name: str) -> bool:
    """Return whether a text is hostname[:port], as the API describes what it takes unseen."""
    port = port_of(name)
    return is_domain(name) and is_subdomain(host_of(name).lower()) and len(port) < 6 and 0 < int(port) < 65536


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Decide what is wanted of the cluster, and judge it. Raises NotRead, ClusterProblem."""
    if not asked.said.anything:
        return ClusterDraft(notes=asked.notes)
    parts = [kind.wanted(cluster, asked.said) for kind in KINDS]
    wanted = _in_order(one for part in parts for one in part.wanted)
    notes = [*asked.notes, *(text for part in parts for text in part.notes)]
    warnings = [*asked.warnings, *(text for part in parts for text in part.warnings)]
    refusals = [text for part in parts for text in part.refusals]
    changes = tuple(changes_of(cluster, wanted))
    said = {"policy": asked.said.policy.words()}
    start = ClusterDraft(wanted, tuple(notes), tuple(warnings), tuple(refusals), result=said)
    if not changes or refusals:
        return start
    preflight.refuse_hosted(cluster)
    return _judged(cluster, asked, start, changes, parts)


def _in_order(wanted: Iterable[WantedObject]) -> tuple[WantedObject, ...]:
    """Put removals last: nothing loses its old object before it has the new one."""
    return tuple(sorted(wanted, key=lambda one: one.fields is None))


def _judged(
    cluster: Cluster, asked: Asked, start: ClusterDraft, changes: tuple[ObjectChange, ...], parts: Iterable[Part]
) -> ClusterDraft:
    """Return the draft with its forecast, after all guards."""
    cluster.need(*READ_FOR_NODES, pools.POOLS, *FURTHER, MACHINE_CONFIGS)
    cluster.need(*configs_of_people(cluster))
    pool_list = cluster.try_all(pools.POOLS)
    warnings = list(start.warnings)
    if isinstance(pool_list, Unread):
        warnings.append(f"the pools of nodes are not known: {pool_list.why}")
        pool_list = ()
    warnings += _unread(cluster)
    found_pools = pools.read(pool_list)
    now = preflight.Situation(
        cluster, asked.said, changes, tuple(text for part in parts for text in part.lost), found_pools
    )
    refusals, told = preflight.findings(now, asked.overridden)
    warnings += [*told, *preflight.without_login(now)]
    outlook = _outlook(cluster, asked, changes)
    cost = outlook["disruption"].get(outlook["release"]) if now.on_nodes else None
    level = level_of(cost)
    if level >= Disruption.DRAIN:
        warnings += [*_budgets(cluster), *lone_registry(cluster)]
    if level > asked.max_disruption:
        refusals.append(
            f"max_disruption is {asked.max_disruption}, and this change means {level} of nodes: "
            f"{'; '.join(cost['reasons']) if cost else ''}{_way_out(level, asked)}"
        )
    refusals += _of_forecast(outlook, trusted_cas.asked_to_go(cluster, asked.said))
    warnings += [
        f"{one['guard']}: {one['found']}. {one['sentence']}" for one in outlook["new"] if one["effect"] == "surprises"
    ]
    lines = [*outlook["lines"], *(pool.line(str(level)) for pool in found_pools if now.on_nodes)]
    whom = f"{sum(pool.machines for pool in found_pools if not pool.paused)} nodes"
    found = {**start.result, "forecast": {key: value for key, value in outlook.items() if key != "manifests"}}
    found["forecast"]["pools"] = [pool.result() for pool in found_pools]
    return ClusterDraft(
        start.wanted, start.notes, tuple(warnings), tuple(refusals), level, whom, tuple(lines), found,
    )  # fmt: skip


def outlook(cluster: Cluster, asked: Asked, images: Iterable[str] = ()) -> dict[str, Any]:
    """Return the forecast of what was asked for, with where images would come from, and judge nothing of it.

    Raises NotRead, and ClusterProblem for what no cluster can have.
    """
    parts = [kind.wanted(cluster, asked.said) for kind in KINDS] if asked.said.anything else []
    if refusals := [text for part in parts for text in part.refusals]:
        raise ClusterProblem("; ".join(refusals))
    changes = tuple(changes_of(cluster, _in_order(one for part in parts for one in part.wanted)))
    cluster.need(*READ_FOR_NODES, *FURTHER, MACHINE_CONFIGS)
    cluster.need(*configs_of_people(cluster))
    return _outlook(cluster, asked, changes, images)


def _outlook(
    cluster: Cluster, asked: Asked, changes: Iterable[ObjectChange], images: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the forecast for this very cluster; `new`: findings that it does not have already."""
    release = preflight.release_of(cluster, asked.release)
    present, proposed = list(manifests_of(cluster)), [_proposed(one) for one in changes if one.fields is not None]
    gone = [change.before for change in changes if change.fields is None and change.before is not None]
    policies = machine_configuration.after(_known(cluster, machine_configuration.REF), asked.said)
    overridden = [name for name in asked.overridden if name not in preflight.NAMES]
    found = forecast.of_cluster(
        present, release.name, proposed=proposed, removed=gone,
        node_disruption_policy=policies, overridden=overridden, images=list(images), answered=True,
    )  # fmt: skip
    found["new"] = [one for one in found["findings"] if not one["already"]]
    return found


def _proposed(change: ObjectChange) -> dict[str, Any]:
    """Return a change as a manifest to be merged: what it takes away is null in it."""
    fields = {key: value for key, value in (change.fields or {}).items() if key != "metadata"}
    return {**change.ref.manifest(), **fields}


def configs_of_people(cluster: Cluster) -> list[Ref]:
    """Return the MachineConfigs that no controller made, by the list of their names."""
    listed = cluster.try_all(MACHINE_CONFIGS)
    return [
        Ref(MACHINE_CONFIG, str(at(one, "metadata", "name")))
        for one in (() if isinstance(listed, Unread) else listed)
        if not annotation(one, _BY_CONTROLLER)
    ]


def manifests_of(cluster: Cluster) -> Iterable[Manifest]:
    """Return all that was read and that a forecast looks at; logins are not."""
    for ref, answer in cluster.answers.items():
        if ref.bare or ref in (preflight.PULL_SECRET, pools.BUDGETS):
            continue
        if isinstance(answer, Mapping):
            yield answer
        elif isinstance(answer, tuple):
            yield from answer


def _unread(cluster: Cluster) -> list[str]:
    """Return what the forecast would have looked at and nobody may read; what is not there is no matter."""
    answers = [(ref, cluster.answers.get(ref)) for ref in (*FURTHER, MACHINE_CONFIGS)]
    return [f"not counted in: {answer.why}" for _ref, answer in answers if isinstance(answer, Unread)]


def _known(cluster: Cluster, ref: Ref) -> Manifest | None:
    found = cluster.try_one(ref)
    return None if isinstance(found, Unread) else found


def level_of(cost: Mapping[str, Any] | None) -> Disruption:
    """Return what nodes notice of a change, from its cost in a forecast."""
    if not cost:
        return Disruption.NONE
    levels = {"reboot": Disruption.REBOOT, "drain": Disruption.DRAIN, "restart": Disruption.RESTART}
    levels["reload"] = Disruption.RELOAD
    return max((level for word, level in levels.items() if cost.get(word)), default=Disruption.NONE)


def _way_out(level: Disruption, asked: Asked) -> str:
    if level == Disruption.REBOOT and asked.said.policy.search is not None and asked.said.node_disruption is None:
        return "; node_disruption: reload avoids it from 4.17 on"
    return ""


def _of_forecast(outlook: Mapping[str, Any], no_longer_trusted: Iterable[str]) -> list[str]:
    """List findings that the change brings and that stop the operator or pulls.

    no_longer_trusted: what somebody asked to trust no longer.
    """
    asked = {("trust-lost", name) for name in no_longer_trusted}
    return [
        f"{one['guard']}: {one['found']}. {one['sentence']} (overridden: [{one['guard']}] goes on nevertheless)"
        for one in outlook["new"]
        if one["effect"] in ("stops", "breaks") and (one["guard"], one["found"]) not in asked
    ]


def _budgets(cluster: Cluster) -> list[str]:
    found = cluster.try_all(pools.BUDGETS)
    return [f"budgets of pods are not known: {found.why}"] if isinstance(found, Unread) else pools.holding(found)


def lone_registry(cluster: Cluster) -> list[str]:
    """Warn of an integrated registry with one pod, which moves with its node; one that is unread is passed over."""
    found = cluster.try_one(REGISTRY)
    spec = {} if isinstance(found, Unread) else at(found, "spec") or {}
    if spec.get("managementState") != "Managed" or spec.get("replicas") != 1:
        return []
    return [
        "the integrated registry has one pod: while that moves from node to node, nothing can be pulled from it or "
        "pushed to it"
    ]


def survey(cluster: Cluster, asked: Asked) -> dict[str, Any]:
    """Report the lists of the cluster. Raises NotRead, ClusterProblem."""
    cluster.need(image.IMAGE, image.VERSION, pools.POOLS, *mirror_sets.LISTS)
    seen = cluster.one(image.IMAGE)
    pool_list = cluster.try_all(pools.POOLS)
    found = [] if isinstance(pool_list, Unread) else pools.read(pool_list)
    return {
        "lists": image.lists_of(seen),
        "import": list(at(seen, "spec", image.IMPORT) or ()),
        "external_hostnames": {
            "asked": list(at(seen, "spec", image.EXTERNAL) or ()),
            "exposed": list(at(seen, "status", image.EXTERNAL) or ()),
        },
        "internal_hostname": at(seen, "status", "internalRegistryHostname") or "",
        "import_mode": {
            "asked": at(seen, "spec", "imageStreamImportMode") or "",
            "in_force": at(seen, "status", "imageStreamImportMode") or "",
        },
        "trusted_cas": at(seen, "spec", "additionalTrustedCA", "name") or "",
        "mirrors": [
            {
                "kind": one.get("kind"), "name": at(one, "metadata", "name"), "ours": is_ours(one),
                "sets": [dict(each) for each in mirror_sets.sets_of(one)],
            }
            for one in mirror_sets.present(cluster)
        ],
        "version": at(cluster.one(image.VERSION), "status", "desired", "version") or "",
        "policy": asked.said.policy.words(),
        "pools": [pool.result() for pool in found],
        "pending": [pool.waiting for pool in found if pool.waiting],
    }  # fmt: skip


def _read_only() -> dict[Ref, tuple[str, ...]]:
    found = {ref: ("get",) if ref.name else ("list",) for ref in FURTHER}
    return found | {Ref(MACHINE_CONFIG): ("get", "list"), REGISTRY: ("get",)}


def access() -> dict[Ref, tuple[str, ...]]:
    """Return everything that the task may ask of the API: what, and the verbs."""
    return together(*(kind.ACCESS for kind in KINDS), preflight.ACCESS, _read_only())


def together(*tables: Mapping[Ref, tuple[str, ...]]) -> dict[Ref, tuple[str, ...]]:
    """Join tables of what is asked of the API."""
    found: dict[Ref, tuple[str, ...]] = {}
    for table in tables:
        for ref, verbs in table.items():
            found[ref] = tuple(dict.fromkeys((*found.get(ref, ()), *verbs)))
    return found
