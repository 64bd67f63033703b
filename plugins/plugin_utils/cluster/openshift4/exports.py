# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody brought of a cluster, and for it: what is read, what is missing, what belongs elsewhere.

The absence of an object in an export says that the object is not there only when the export is whole: what is cut off,
a message of oc, or a page of a list is refused by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from . import ManifestProblem, objects, schema, validation
from .objects import Manifest, cited, name_of
from .releases import NEWEST, RELEASES

#: kind → API groups in which it is read. The first of them is meant where none is said.
READ: Mapping[str, tuple[str, ...]] = {
    **{kind: (group,) for kind, group in objects.GROUPS.items()},
    "MachineConfiguration": ("operator.openshift.io",),
    "MachineConfig": ("machineconfiguration.openshift.io",),
    "MachineConfigPool": ("machineconfiguration.openshift.io",),
    "Infrastructure": (objects.CONFIG,),
    "Proxy": (objects.CONFIG,),
    "PodDisruptionBudget": ("policy",),
    "FeatureGate": (objects.CONFIG,),
    "ConfigMap": ("",),
}
_VERSIONS = {"ImageContentSourcePolicy": "v1alpha1"}
#: Read for the images they name.
WORKLOADS: Mapping[str, tuple[str, ...]] = {
    "CatalogSource": ("operators.coreos.com",),
    "ClusterServiceVersion": ("operators.coreos.com",),
    "ClusterCatalog": ("olm.operatorframework.io",),
    "UpdateService": ("updateservice.operator.openshift.io",),
    "DeploymentConfig": ("apps.openshift.io",),
    **dict.fromkeys(("Pod", "ReplicationController"), ("",)),
    **dict.fromkeys(("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"), ("apps",)),
    **dict.fromkeys(("Job", "CronJob"), ("batch",)),
}
NAMESPACED = {"ImagePolicy", "ConfigMap", "PodDisruptionBudget", *WORKLOADS}
#: Kinds that can change what nodes get or pull, in the order in which their absence is told.
ASKED_FOR = (
    "ImageDigestMirrorSet", "ImageTagMirrorSet", "ImageContentSourcePolicy", "ClusterImagePolicy", "ImagePolicy",
    "ConfigMap", "MachineConfig", "MachineConfiguration", "MachineConfigPool", "Infrastructure", "CatalogSource",
)  # fmt: skip
#: Kinds whose stored objects are whole by their schema.
_CLOSELY = (*objects.MIRROR_KINDS, "Image", "ClusterImagePolicy", "ImagePolicy")
_FOR_IMAGES = "only the images it names are looked at"
_GIVEN_BY = "its objects go to other clusters; give those as the proposal of a forecast for such a cluster"
_RENDER = "it is made into other objects first; give those"
_INSTALL = "it is read when a cluster is installed, and changes nothing afterwards"
_HOSTED = "it configures a hosted cluster"
#: kind → why it is not read, though it has to do with images
ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "SyncSet", "SelectorSyncSet", "Policy", "ConfigurationPolicy", "PolicyGenerator", "ManifestWork",
            "ManifestWorkReplicaSet", "ClusterGroupUpgrade",
        ),
        _GIVEN_BY,
    ),
    **dict.fromkeys(("Template", "Kustomization", "Application", "ApplicationSet", "HelmRelease"), _RENDER),
    **dict.fromkeys(
        ("AgentClusterInstall", "InfraEnv", "ClusterDeployment", "ClusterInstance", "SiteConfig", "InstallConfig"),
        _INSTALL,
    ),
    **dict.fromkeys(
        ("HostedCluster", "NodePool", "HostedControlPlane"),
        f"{_HOSTED}, whose nodes take their files from NodePool and HostedCluster",
    ),
    "ImageSetConfiguration": "it configures oc-mirror, which writes the objects; give those",
    "ImageContentPolicy": "no release serves this kind; ImageDigestMirrorSet is meant",
    "ImagePolicyConfig": "it belongs to OpenShift 3",
    "MasterConfig": "it belongs to OpenShift 3",
    "ImageRegistryConfig": "it configures the registry inside the cluster, not the nodes",
    **dict.fromkeys(("CatalogSource", "ClusterCatalog", "UpdateService"), "only the images it names are looked at"),
    "Infrastructure": "it is never changed from outside",
    "FeatureGate": "features that it turns on are not followed, nor that nodes reboot for it",
    **dict.fromkeys(("MachineConfigPool", "PodDisruptionBudget"), "only what is there already is looked at"),
    "ClusterVersion": "the update that it asks for is not followed; name its release as a further one",
}  # fmt: skip
#: The same for what would be in every export.
_WHEN_PROPOSED: Mapping[str, str] = {
    **dict.fromkeys(("ContainerRuntimeConfig", "KubeletConfig"), "nodes reboot for it, which is not counted"),
    "Secret": "logins are not looked at; nodes take the global pull secret without noticing",
}
_INSTALL_CONFIG = {
    "imageDigestSources", "imageContentSources", "baseDomain", "controlPlane", "compute", "pullSecret",
    "additionalTrustBundle", "installConfig",
}  # fmt: skip


def group_of(manifest: Manifest) -> str:
    api = manifest.get("apiVersion")
    return str(api).partition("/")[0] if "/" in str(api or "") else "" if api else _group(str(manifest.get("kind")))


def _group(kind: str) -> str:
    return {**READ, **WORKLOADS}.get(kind, ("",))[0]


def is_read(manifest: Manifest) -> bool:
    """Return whether the forecast itself reads the object, so that proposing it can change an answer."""
    kind = manifest.get("kind")
    return isinstance(kind, str) and group_of(manifest) in READ.get(kind, ())


def identity(manifest: Manifest) -> tuple[str, str, str, str]:
    """Kind, group, namespace and name: what makes two manifests one object."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    kind = str(manifest.get("kind"))
    name = metadata.get("name") or objects.SINGLETONS.get(kind)
    known = kind in READ and kind not in NAMESPACED
    return kind, group_of(manifest), "" if known else str(metadata.get("namespace") or ""), str(name)


def of_cluster(documents: Iterable[Manifest], answered: bool = False) -> list[Manifest]:
    """Return the objects of an export, each once. Raises ManifestProblem unless it is all of one cluster.

    answered: an API server gave them just now, so what is missing in one is not there, and nothing is cut off.
    """
    found: dict[tuple[str, ...], Manifest] = {}
    result: list[Manifest] = []
    for manifest in documents:
        if not manifest.get("kind"):
            raise ManifestProblem(f"the manifests of the cluster hold {called(manifest)} which is not an object")
        if not is_read(manifest):
            result.append(manifest)
            continue
        if not answered:
            _check_whole(manifest)
        other = found.setdefault(identity(manifest), manifest)
        if other is manifest:
            result.append(manifest)
        elif _content(other) != _content(manifest):
            raise ManifestProblem(
                f"{name_of(manifest)} is among the manifests twice, and differs: they are of two clusters or two times"
            )
    _check_needed(result)
    return result


def _check_whole(manifest: Manifest) -> None:
    metadata = manifest.get("metadata")
    exported = isinstance(metadata, Mapping) and bool({"uid", "resourceVersion", "creationTimestamp"} & set(metadata))
    kind = str(manifest.get("kind"))
    needs_spec = kind in objects.MIRROR_KINDS or kind.endswith("ImagePolicy")
    if metadata is None and ("metadata" in manifest or (kind == "Image" and "spec" not in manifest)):
        raise ManifestProblem(f"{name_of(manifest)} has no metadata: the export is cut off")
    if "spec" not in manifest and (needs_spec or (kind in ("Image", "MachineConfig") and exported)):
        raise ManifestProblem(f"{name_of(manifest)} has no spec: the export is cut off")
    if exported and kind in _CLOSELY and _has_nothing(manifest["spec"]):
        raise ManifestProblem(f"{name_of(manifest)} says nothing behind a field of its spec: the export is cut off")
    if missing := _missing_status(manifest, exported):
        raise ManifestProblem(f"{name_of(manifest)} has no {missing}, which every stored one has: it is cut off")
    for text in schema.refusals(manifest, RELEASES[NEWEST]) if kind in _CLOSELY else ():
        where, _space, reason = text.removeprefix(f"{name_of(manifest)}: ").partition(": ")
        if where.startswith("spec.") and reason == validation.MISSING:
            raise ManifestProblem(f"{name_of(manifest)} has no {where}, which every stored one has: it is cut off")
    if not isinstance(metadata, Mapping) or not metadata.get("name"):
        if kind not in objects.SINGLETONS and kind != "MachineConfiguration":
            raise ManifestProblem(f"{name_of(manifest)}: an object of a cluster has a name; the export is cut off")


def _missing_status(manifest: Manifest, exported: bool) -> str:
    """Return which part of the status an answer needs and is not there; people write pools, and no Infrastructure."""
    kind, status = manifest.get("kind"), manifest.get("status")
    if kind == "Infrastructure" and (not isinstance(status, Mapping) or not status.get("controlPlaneTopology")):
        return "status.controlPlaneTopology"
    return "status" if kind == "MachineConfigPool" and exported and not isinstance(status, Mapping) else ""


def _has_nothing(value: Any) -> bool:
    """Return whether something in a value is null, which no server stores in objects of these kinds."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return value is None or any(map(_has_nothing, inner))


def _content(manifest: Manifest) -> Any:
    return {key: value for key, value in manifest.items() if key not in ("metadata", "apiVersion")}


def _check_needed(found: list[Manifest]) -> None:
    """Refuse an export without these two, which every cluster has."""
    for kind in ("ClusterVersion", "Image"):
        if not any(identity(one)[0::3] == (kind, objects.SINGLETONS[kind]) and is_read(one) for one in found):
            there = ", ".join(f"{kind} ({number})" for kind, number in Counter(map(_kind, found)).most_common(8))
            raise ManifestProblem(
                f"the manifests hold no {kind}/{objects.SINGLETONS[kind]}, which every cluster has: add it to the"
                f" export (oc get {_ARGUMENTS[kind]} -o yaml); there is {there or 'nothing in them'}"
            )


_ARGUMENTS = {"ClusterVersion": "clusterversion version", "Image": "image.config cluster"}


def _kind(manifest: Manifest) -> str:
    return cited(manifest.get("kind") or f"a document without kind{_looks_like(manifest)}")


def _looks_like(manifest: Manifest) -> str:
    hit = _INSTALL_CONFIG & {str(key) for key in manifest}
    return " (it looks like an install-config)" if hit else ""


def account_of(found: Iterable[Manifest]) -> Iterator[str]:
    """Yield what was read of a cluster, and which kinds are not among it."""
    counts = Counter(str(one.get("kind")) for one in found if is_read(one) or is_workload(one))
    yield "read: " + ", ".join(
        f"{kind}/{objects.SINGLETONS[kind]}" if kind in objects.SINGLETONS else f"{number} {kind}"
        for kind, number in counts.items()
    )
    missing = [kind for kind in ASKED_FOR if kind not in counts]
    if missing:
        yield f"not among the manifests, so taken as not there: {', '.join(missing)}"


def passed_over(found: Iterable[Manifest], proposed: bool) -> Iterator[str]:
    """Yield what is not read though somebody may think so: everything proposed, of the present what touches images."""
    for manifest in found:
        kind = manifest.get("kind")
        reason = ELSEWHERE.get(str(kind)) or (_WHEN_PROPOSED.get(str(kind)) if proposed else None)
        if is_workload(manifest):
            yield from [f"{called(manifest)}: {reason or _FOR_IMAGES}"] if proposed else []
        elif not counts(manifest) and (proposed or not kind or reason):
            yield f"{called(manifest)} is not read{': ' + reason if reason else ''}"
        elif proposed and reason and is_read(manifest):
            yield f"{called(manifest)}: {reason}"


def is_workload(manifest: Manifest) -> bool:
    kind = manifest.get("kind")
    return isinstance(kind, str) and group_of(manifest) in WORKLOADS.get(kind, ())


def called(manifest: Manifest) -> str:
    """Name a document for a sentence: an object by its kind and name, another one by what it looks like."""
    if manifest.get("kind"):
        return name_of(manifest)
    if not manifest:
        return "an empty mapping,"
    hit = _looks_like(manifest)
    says = "; imageDigestSources are written as an ImageDigestMirrorSet" if hit else ""
    return f"a document without kind{hit}{says}, with {', '.join(cited(str(key)) for key in list(manifest)[:5])},"


def meant(manifest: Manifest) -> str | None:
    """Say why no API server has a kind that looks like ours; None for kinds of others."""
    kind, group = manifest.get("kind"), group_of(manifest)
    if not isinstance(kind, str) or is_workload(manifest) or kind in ELSEWHERE and kind not in READ:
        return None
    if kind in READ:
        of_others = not group.endswith("openshift.io") or group == "image.openshift.io" or kind == "ConfigMap"
        if group in READ[kind] or of_others and group:
            return None
        said = cited(manifest.get("apiVersion") or "no apiVersion")
        return f"no API has this kind in {said}; it is in {READ[kind][0]}/{_VERSIONS.get(kind, 'v1')}"
    near = get_close_matches(kind, READ, 1, 0.8)
    if near and (group.endswith("openshift.io") or not group):
        return f"no API has a kind {cited(kind)}; is {near[0]} meant?"
    return None


def counts(manifest: Manifest) -> bool:
    """Return whether a proposed object can change an answer."""
    return is_read(manifest) or is_workload(manifest) or meant(manifest) is not None


def images_of(manifests: Iterable[Manifest]) -> Iterator[tuple[str, str]]:
    """Yield (image, object that names it) for what is run in the cluster or offered to it."""
    for manifest in manifests:
        if is_workload(manifest):
            for image in dict.fromkeys(_images(manifest.get("spec"))):
                yield image, name_of(manifest)


def _images(value: Any) -> Iterator[str]:
    """Yield every image that a spec names, at any depth: of containers, catalogs, and related images of operators."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            said = [one.get(key) for key in ("image", "ref", "graphDataImage", "releases")]
            said += [image.get("reference") for image in said[:1] if isinstance(image, Mapping)]  # of a volume
            yield from (image for image in said if isinstance(image, str) and image)
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one
