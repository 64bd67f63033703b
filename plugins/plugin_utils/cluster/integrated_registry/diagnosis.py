# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at a registry that does not get there, through the API, and says why."""

from __future__ import annotations

from ..api import ClusterProblem, Manifest, Ref, at
from ..client import Client, NoSuchKind
from ..image_registry import REFUSE, problems
from ..image_registry.asked import DEFAULT_CLAIM
from ..preflight import release_of
from ..seen import Cluster, NotRead, read
from . import CLASSES, CONFIG, DEPLOYMENT, OPERATOR, PODS, claim, guards, health
from .spec import backend_of

_LOG_LINES = 5


def not_rolled_out(client: Client) -> str:
    """Say what the Deployment lacks still. Raises ClusterProblem."""
    config = client.read(CONFIG)
    return health.not_rolled_out(config or {}, client.read(DEPLOYMENT))


def why(client: Client) -> str:
    """Say what keeps the registry from being as asked for, "" when nothing is known. Raises ClusterProblem."""
    return "; ".join(health.causes(scene(client)))


def scene(client: Client) -> health.Scene:
    """Read what tells the cause; what cannot be read tells nothing."""
    config = _try(client, CONFIG)
    storage = at(config, "spec", "storage")
    name = str(at(storage, "pvc", "claim") or DEFAULT_CLAIM) if backend_of(storage) == "pvc" else ""
    there = _try(client, claim(name)) if name else None
    class_name = str(at(there, "spec", "storageClassName") or "")
    pods = tuple(one for one in _try_all(client, PODS) if health.is_of_registry(one))
    logs = {pod: client.text(f"{PODS.path}/{pod}/log?tailLines={_LOG_LINES}") for pod in health.crashing(pods)}
    return health.Scene(
        config, _try(client, OPERATOR), _try(client, DEPLOYMENT), there, name,
        _try(client, Ref(CLASSES.resource, class_name)) if class_name else None, pods, _refused(client, config), logs,
    )  # fmt: skip


def _refused(client: Client, config: Manifest | None) -> tuple[str, ...]:
    """What the operator's own checks refuse of the specification that is in force."""
    spec = at(config, "spec")
    known = read(client, (CONFIG,), {})
    while spec:
        try:
            cluster = Cluster(known)
            there = guards.objects(cluster, spec)
            found = problems.of(spec, spec, there, release_of(cluster, None).name)
            return tuple(f"{one['path']}: {one['sentence']}" for one in found if one["effect"] == REFUSE)
        except NotRead as question:
            known = read(client, question.more, known)
        except ClusterProblem:
            break
    return ()


def _try(client: Client, ref: Ref) -> Manifest | None:
    try:
        return client.read(ref)
    except (NoSuchKind, ClusterProblem):
        return None


def _try_all(client: Client, ref: Ref) -> tuple[Manifest, ...]:
    try:
        return client.read_all(ref)
    except (NoSuchKind, ClusterProblem):
        return ()
