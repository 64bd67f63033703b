# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a forecast has to know of a cluster beside registries: its version, its nodes, what is always there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...resolution.references import ReferenceProblem, parse_canonical
from . import ManifestProblem, authorities, exports, machine_configs, node_files
from .disruption import NodeCost
from .machine_configs import MachineConfig
from .node_files import NodeFiles
from .objects import SINGLETONS, Manifest, Objects, cited, name_of
from .releases import USER_CA, Release
from .scenario import Outcome

#: The policy that comes with a release says this scope must be signed. We do not need its key.
_SIGNED = "quay.io/openshift-release-dev/ocp-release"
_SKIPS_DRAIN = ("openshift-machine-config-operator", "image-registry-override-drain")
_UNKNOWN_KEY = "bm90IGluIHRoZSBleHBvcnQ="


@dataclass(frozen=True)
class Cluster:
    """role: of the pool whose files are told. skips_drain: the ConfigMap for that is there."""

    version: str = ""
    topology: str = ""
    role: str = "worker"
    has_knobs: bool = False
    skips_drain: bool = False
    #: Budgets of pods that allow no eviction now.
    full_budgets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def selector(self) -> Mapping[str, Any]:
        """Of the MachineConfigs that the pool takes."""
        return machine_configs.selector_of(self.role)

    @property
    def is_single_node(self) -> bool:
        return self.topology == "SingleReplica"

    @property
    def is_hosted(self) -> bool:
        return self.topology == "External"


def read(present: Iterable[Manifest]) -> Cluster:
    """Read the facts of a cluster from its own objects. Raises ManifestProblem without its release image."""
    found, notes = Cluster(), list[str]()
    for manifest in filter(exports.is_read, present):
        kind, _group, namespace, name = exports.identity(manifest)
        if (kind, name) == ("ClusterVersion", SINGLETONS[kind] if kind in SINGLETONS else ""):
            found = replace(found, version=_version(manifest, notes))
        elif kind == "Infrastructure":
            topology = str(_at(manifest, "status", "controlPlaneTopology") or "")
            found = replace(found, topology=topology, role="master" if topology == "SingleReplica" else found.role)
        elif kind == "MachineConfigPool":
            notes += _pool(manifest, name)
            if name == "worker" and _at(manifest, "status", "machineCount") == 0:
                found = replace(found, role="master")  # a compact cluster
        elif kind == "MachineConfiguration":
            found = replace(found, has_knobs=True)
        elif kind == "PodDisruptionBudget" and _at(manifest, "status", "disruptionsAllowed") == 0:
            found = replace(found, full_budgets=(*found.full_budgets, f"{namespace}/{name}"))
        elif (namespace, name) == _SKIPS_DRAIN:
            found = replace(found, skips_drain=kind == "ConfigMap")
    return replace(found, notes=tuple(notes))


def _version(manifest: Manifest, notes: list[str]) -> str:
    if not _at(manifest, "status", "desired", "image"):
        raise ManifestProblem(
            "ClusterVersion/version says no status.desired.image, which is the payload: export it whole"
        )
    image = _at(manifest, "status", "desired", "image")
    if isinstance(image, str) and "@" in image and not _is_canonical(image):
        raise ManifestProblem(f"ClusterVersion/version: status.desired.image has no whole digest: {cited(image)}")
    version = _at(manifest, "status", "desired", "version")
    history = _at(manifest, "status", "history")
    latest = history[0] if isinstance(history, (list, tuple)) and history else None
    if _at(latest, "state") == "Partial":
        notes.append(
            f"the cluster is being updated to {_at(latest, 'version')}; its nodes may be of the release before"
        )
    return version if isinstance(version, str) else ""


def _is_canonical(image: str) -> bool:
    """Return whether the text is an image with a whole digest."""
    try:
        return bool(parse_canonical(image))
    except ReferenceProblem:
        return False


#: Conditions of a pool each of which says that it is sick; the first sums the others up, a moment later.
_SICK = ("Degraded", "NodeDegraded", "RenderDegraded")


def _pool(manifest: Manifest, name: str) -> Iterator[str]:
    conditions = _at(manifest, "status", "conditions")
    whole = conditions if isinstance(conditions, (list, tuple)) else ()
    true = {_at(one, "type") for one in whole if str(_at(one, "status")) == "True"}
    sick, away = (_at(manifest, "status", f"{kind}MachineCount") for kind in ("degraded", "unavailable"))
    count, most = _at(manifest, "status", "machineCount"), _at(manifest, "spec", "maxUnavailable")
    if _at(manifest, "spec", "paused") is True:
        yield f"the pool {name} is paused, so its nodes take nothing until it goes on"
    if true.intersection(_SICK) or (isinstance(sick, int) and sick > 0):
        yield f"the pool {name} is degraded, so its nodes take nothing until that is repaired"
    if isinstance(count, int):
        together = _together(count, most)
        steps = f", in {-(-count // together)} steps" if together and count else ""
        yield f"the pool {name} has {count} nodes, {1 if most is None else most} at a time{steps}"
        # While a pool rolls these are the nodes that roll.
        if isinstance(away, int) and 0 < together <= away and "Updating" not in true:
            yield (
                f"{away} of the nodes of the pool {name} are away already, cordoned or not ready, which is as many as"
                " may be at a time: none takes anything until they are back"
            )


def _together(count: int, most: Any) -> int:
    """Count the nodes of a pool that are taken at a time: a number, or a share rounded down, at least one."""
    text = str(1 if most is None else most)
    number = text.removesuffix("%")
    if not number.isdecimal() or len(number) > 4:
        return 0
    return max(1, int(number) * count // 100 if text.endswith("%") else int(number))


def of_pool(cluster: Cluster, changed: Iterable[MachineConfig]) -> Cluster:
    """Return the cluster as seen from the pool that changed MachineConfigs are for, when that is not the usual one."""
    roles = [one.role for one in changed]
    others = [role for role in roles if role]
    if not others or cluster.role in roles:
        return cluster
    note = f"what follows is about the pool {others[0]}, for which the MachineConfigs are"
    return replace(cluster, role=others[0], notes=(*cluster.notes, note))


def assumed(manifests: Iterable[Manifest], release: Release, cluster: Cluster) -> Iterator[str]:
    """Yield what is counted in though the export does not hold it."""
    if by_default(manifests, release, cluster):
        yield (
            f"ClusterImagePolicy/openshift, which comes with {release.name} and says that {_SIGNED} must be signed,"
            " is not among the manifests: it is counted in, without its key"
        )


def by_default(manifests: Iterable[Manifest], release: Release, cluster: Cluster) -> list[Manifest]:
    """Return the signature policy that comes with the release, for an export that lacks it: it always exists."""
    there = {exports.identity(one)[0::3] for one in manifests}
    is_missing = release.default_signature_policy and ("ClusterImagePolicy", "openshift") not in there
    if not is_missing or "okd" in cluster.version:
        return []
    root = {"policyType": "PublicKey", "publicKey": {"keyData": _UNKNOWN_KEY}}
    spec = {"scopes": [_SIGNED], "policy": {"rootOfTrust": root}}
    metadata = {"name": "openshift"}
    return [{"apiVersion": "config.openshift.io/v1", "kind": "ClusterImagePolicy", "metadata": metadata, "spec": spec}]


def rendered(seen: Objects, release: Release) -> NodeFiles:
    """Render the operator's files; without the two objects that it needs, it keeps its old ones."""
    found = node_files.of_objects(seen, release)
    missing = [
        kind for kind, there in (("Image", seen.sources), ("ClusterVersion", seen.release_image)) if there is None
    ]
    if missing:
        found.error = f"there is no {missing[0]}/{SINGLETONS[missing[0]]}, without which the operator writes nothing"
    return found


def policies(
    outcome: Outcome, said: Any, release: Release, notes: list[str], present: Iterable[Manifest] = ()
) -> Any:
    """Node disruption policies for files: those in the status, which holds the defaults too, and those in a spec.

    The operator makes the status of the defaults and the spec, so what a change takes out of the spec of today
    (present) leaves the status, and what it brings comes there, which notes say. said: instead of both.
    """
    if said is not None:
        return said
    if release.fixed is not None:
        return ()
    for manifest in outcome.manifests:
        if manifest.get("kind") == "MachineConfiguration":
            if exports.identity(manifest)[3] in ("cluster", "None"):
                stored = (one for one in present if exports.identity(one) == exports.identity(manifest))
                return _in_force(manifest, next(stored, {}), notes)
            notes.append(f"{name_of(manifest)}: the operator reads only MachineConfiguration/cluster")
    return ()


def _in_force(manifest: Manifest, stored: Manifest, notes: list[str]) -> list[Any]:
    asked, before = (_files(_at(one, "spec", "nodeDisruptionPolicy", "files")) for one in (manifest, stored))
    dropped = {str(_at(one, "path")) for one in before} - {str(_at(one, "path")) for one in asked}
    in_status = _files(_at(manifest, "status", "nodeDisruptionPolicyStatus", "clusterPolicies", "files"))
    taken = [one for one in in_status if str(_at(one, "path")) not in dropped]
    gone = [str(_at(one, "path")) for one in in_status if one not in taken]
    if gone:
        notes.append(
            f"the node disruption policy for {', '.join(gone)} goes out of the spec of"
            " MachineConfiguration/cluster: what is told here holds once the operator has taken it out of the status"
        )
    by_path = {str(_at(one, "path")): one for one in taken}
    new = [one for one in asked if by_path.get(str(_at(one, "path"))) != one]
    if new:
        paths = ", ".join(str(_at(one, "path")) for one in new)
        notes.append(
            f"the node disruption policy for {paths} is in the spec of MachineConfiguration/cluster and not in its"
            " status: what is told here holds once the operator has taken it over, so apply it first and wait"
        )
    elif _at(manifest, "metadata", "generation") != _at(manifest, "status", "observedGeneration"):
        notes.append("MachineConfiguration/cluster was changed, and its status does not say yet what is in force")
    return [*taken, *new]


def _files(value: Any) -> list[Any]:
    if value is not None and not isinstance(value, (list, tuple)):
        raise ManifestProblem("MachineConfiguration/cluster: the node disruption policies for files must be a list")
    return list(value or ())


def of_another_release(cluster: Cluster, release: Release) -> Iterator[str]:
    """Yield that what is told is not about the release that the cluster has."""
    if cluster.version and not f"{cluster.version}.".startswith(f"{release.name}."):
        yield f"the cluster is of release {cluster.version}; what follows is told for {release.name}"


def proxy_bundle(manifests: Iterable[Manifest]) -> dict[str, str]:
    """Return the authorities that nodes get from the ConfigMap that Proxy/cluster names, where both exist."""
    text = _at(_bundle_of(list(manifests))[1], "data", "ca-bundle.crt")
    return {USER_CA: text} if isinstance(text, str) else {}


def _bundle_of(manifests: Sequence[Manifest]) -> tuple[str, Manifest | None]:
    """Return the ConfigMap that Proxy/cluster names: its name, "" for none, and itself where it is there."""
    name = str(_at(_singleton(manifests, "Proxy"), "spec", "trustedCA", "name") or "")
    known = ("ConfigMap", "", authorities.NAMESPACE, name)
    return name, next((one for one in manifests if name and exports.identity(one) == known), None)


def _singleton(manifests: Iterable[Manifest], kind: str) -> Manifest:
    """Return the object of a kind that is called cluster, an empty one where it is not there."""
    return next((one for one in manifests if exports.identity(one)[0::3] == (kind, "cluster")), {})


#: Fields of the spec of Proxy/cluster that the operator writes to /etc/mco/proxy.env of nodes.
_PROXY_ENV = ("httpProxy", "httpsProxy", "noProxy")


def of_proxy(before: Sequence[Manifest], after: Sequence[Manifest]) -> Iterator[str]:
    """Yield what nodes notice of a change of Proxy/cluster and is not counted.

    Source: MCO templates/common/_base/files/proxy-env.yaml, a path that no default node disruption policy has.
    """
    old, new = (_singleton(manifests, "Proxy") for manifests in (before, after))
    if changed := [field for field in _PROXY_ENV if (_at(old, "spec", field) or "") != (_at(new, "spec", field) or "")]:
        yield f"{' and '.join(changed)} of Proxy/cluster: nodes reboot for it, which is not counted"
    (former, was), (name, now) = map(_bundle_of, (before, after))
    if name and now is None and (was is not None or name != former):
        yield (
            f"the ConfigMap {authorities.NAMESPACE}/{name}, which Proxy/cluster names, is not among the manifests, so"
            " what nodes notice of its authorities is not counted"
        )


def not_for_nodes(outcome: Outcome) -> Iterator[str]:
    """Yield which ConfigMaps of a change nobody names, so that they reach no node."""
    named = {(authorities.NAMESPACE, authorities.read(outcome.manifests).name), _SKIPS_DRAIN}
    proxies = (one for one in outcome.manifests if one.get("kind") == "Proxy")
    named |= {(authorities.NAMESPACE, _at(one, "spec", "trustedCA", "name")) for one in proxies}
    for kind, _group, namespace, name in sorted(outcome.touched):
        if kind == "ConfigMap" and (namespace, name) not in named:
            where = "/".join(filter(None, (namespace, name)))
            yield (
                f"ConfigMap {where} reaches no node: neither additionalTrustedCA of Image/cluster nor"
                " trustedCA of Proxy/cluster names it"
            )


#: field of the spec of Image/cluster → what notices it, when nodes do not
_BESIDE_NODES = {
    "allowedRegistriesForImport": "what users may import",
    "externalRegistryHostnames": "the names of the registry in image streams",
    "imageStreamImportMode": "how image streams import lists of manifests",
}


def beside_nodes(before: Iterable[Manifest], after: Iterable[Manifest]) -> Iterator[str]:
    """Yield what changes in Image/cluster without a node noticing it."""
    old, new = (_singleton(manifests, "Image") for manifests in (before, after))
    for field, what in _BESIDE_NODES.items():
        if _at(old, "spec", field) != _at(new, "spec", field):
            yield f"spec.{field} of Image/cluster changes {what}, and nothing on nodes"


def doubts(cluster: Cluster, cost: NodeCost | None, release: Release) -> Iterator[str]:
    """Yield what is not known of the cluster and would change the answer."""
    if cost is None:
        return
    if (cost.drain or cost.reboot) and not cluster.topology:
        yield "Infrastructure/cluster is not among the manifests: a cluster of a single node is not drained"
    if cost.drain and cluster.full_budgets:
        names = ", ".join(cluster.full_budgets[:5])
        yield f"budgets of pods allow no eviction now, so a drain waits for them: {names}"
    if cost.reboot and release.fixed is None and not cluster.has_knobs:
        yield (
            "MachineConfiguration/cluster is not among the manifests, so the default node disruption policies are"
            " taken; one of yours may replace a reboot"
        )


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
