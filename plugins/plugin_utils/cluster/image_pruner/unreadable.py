# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects whose image names nobody can read: one of them ends the pruner's job.

Source: openshift/oc pkg/cli/admin/prune/imageprune (addPodsToGraph and its siblings, ErrBadReference): the pruner
follows the images of all these kinds to find out what is in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...resolution.references import ReferenceProblem, parse_normalized
from ..api import Manifest, Ref, Resource, at
from ..seen import Cluster, Unread

_TEMPLATE = ("spec", "template", "spec")
#: Kind → where the specification of its pods stands; () for builds, whose strategy names an image.
KINDS: Mapping[Resource, tuple[str, ...]] = {
    Resource("Pod", "", "v1", "pods", namespaced=True): ("spec",),
    Resource("ReplicationController", "", "v1", "replicationcontrollers", namespaced=True): _TEMPLATE,
    Resource("Deployment", "apps", "v1", "deployments", namespaced=True): _TEMPLATE,
    Resource("ReplicaSet", "apps", "v1", "replicasets", namespaced=True): _TEMPLATE,
    Resource("StatefulSet", "apps", "v1", "statefulsets", namespaced=True): _TEMPLATE,
    Resource("DaemonSet", "apps", "v1", "daemonsets", namespaced=True): _TEMPLATE,
    Resource("Job", "batch", "v1", "jobs", namespaced=True): _TEMPLATE,
    Resource("CronJob", "batch", "v1", "cronjobs", namespaced=True): ("spec", "jobTemplate", *_TEMPLATE),
    Resource("DeploymentConfig", "apps.openshift.io", "v1", "deploymentconfigs", namespaced=True): _TEMPLATE,
    Resource("BuildConfig", "build.openshift.io", "v1", "buildconfigs", namespaced=True): (),
    Resource("Build", "build.openshift.io", "v1", "builds", namespaced=True): (),
}
_STRATEGIES = ("sourceStrategy", "dockerStrategy", "customStrategy")


def references(cluster: Cluster) -> list[dict[str, str]]:
    """Return {object, image, reason} for each, and for each kind that cannot be read. Raises NotRead."""
    cluster.need(*map(Ref, KINDS))
    found = []
    for resource, path in KINDS.items():
        there = cluster.try_all(Ref(resource))
        if isinstance(there, Unread):
            found.append({"object": str(Ref(resource)), "image": "", "reason": there.why})
            continue
        for one in there:
            name = f"{resource.kind} {at(one, 'metadata', 'namespace')}/{at(one, 'metadata', 'name')}"
            images = dict.fromkeys(_of_pod(at(one, *path)) if path else _of_build(one))
            found += [
                {"object": name, "image": image, "reason": why} for image in images if (why := _mistake(image))
            ]
    return found


def _of_pod(spec: Manifest | None) -> Iterator[str]:
    for kind in ("initContainers", "containers"):
        for one in at(spec, kind) or ():
            if image := at(one, "image"):
                yield str(image)


def _of_build(build: Manifest) -> Iterator[str]:
    for strategy in _STRATEGIES:
        base = at(build, "spec", "strategy", strategy, "from") or {}
        if base.get("kind") == "DockerImage" and base.get("name"):
            yield str(base["name"])


def _mistake(image: str) -> str:
    try:
        parse_normalized(image)
    except ReferenceProblem as problem:
        return str(problem)
    return ""
