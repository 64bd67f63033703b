# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at a registry that does not get there, through the API, and says why."""

from __future__ import annotations

from dataclasses import replace

from ..api import ClusterProblem, Manifest, Ref, at
from ..client import Client
from ..image_registry import REFUSE, problems
from ..image_registry.asked import DEFAULT_CLAIM
from ..preflight import release_of
from ..seen import Cluster, Contents, NotRead, Unread, read
from . import CLASSES, CONFIG, DEPLOYMENT, OPERATOR, PODS, claim, guards, health
from .spec import backend_of

_LOG_LINES = 5


def not_rolled_out(client: Client, config: Manifest) -> str:
    """Say what the Deployment lacks still. Raises ClusterProblem."""
    return health.not_rolled_out(config, client.read(DEPLOYMENT))


def why(client: Client) -> str:
    """Say what keeps the registry from being as asked for, "" when nothing is known."""
    try:
        return "; ".join(health.causes(scene(client)))
    except ClusterProblem as problem:
        return f"the cause is not known: {problem}"


def scene(client: Client) -> health.Scene:
    """Read what tells the cause, the last log lines of pods that end among it. Raises ClusterProblem."""
    known: dict[Ref, Contents] = {}
    while True:
        try:
            found = scene_of(Cluster(known))
            break
        except NotRead as question:
            known = read(client, question.more, known)
    logs = {pod: client.text(f"{PODS.path}/{pod}/log?tailLines={_LOG_LINES}") for pod in health.crashing(found.pods)}
    return replace(found, logs=logs)


def scene_of(cluster: Cluster) -> health.Scene:
    """Collect what tells the cause; what nobody may read tells nothing. Raises NotRead."""
    cluster.need(CONFIG, OPERATOR, DEPLOYMENT, PODS)
    config = _try(cluster, CONFIG)
    storage = at(config, "spec", "storage")
    name = str(at(storage, "pvc", "claim") or DEFAULT_CLAIM) if backend_of(storage) == "pvc" else ""
    there = _try(cluster, claim(name)) if name else None
    class_name = str(at(there, "spec", "storageClassName") or "")
    pods = cluster.try_all(PODS)
    return health.Scene(
        config, _try(cluster, OPERATOR), _try(cluster, DEPLOYMENT), there, name,
        _try(cluster, Ref(CLASSES.resource, class_name)) if class_name else None,
        () if isinstance(pods, Unread) else tuple(one for one in pods if health.is_of_registry(one)),
        _refused(cluster, config),
    )  # fmt: skip


def _refused(cluster: Cluster, config: Manifest | None) -> tuple[str, ...]:
    """List what the operator's own checks refuse of the specification that is in force. Raises NotRead."""
    spec = at(config, "spec")
    if not spec:
        return ()
    try:
        there = guards.objects(cluster, spec)
        found = problems.of(spec, spec, there, release_of(cluster, None).name)
    except ClusterProblem:
        return ()
    return tuple(f"{one['path']}: {one['sentence']}" for one in found if one["effect"] == REFUSE)


def _try(cluster: Cluster, ref: Ref) -> Manifest | None:
    found = cluster.try_one(ref)
    return None if isinstance(found, Unread) else found
