# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of a cluster as it was asked for: which objects are wanted, judged before the first write.

Sources: reference/registry-operator.md; CIRO. The order of writing: what pods read comes before the specification that
makes them read it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...plan.plan import mark_of
from ...policy.certificates import CertificateProblem, read_certificates
from ...policy.word import PolicyError
from .. import managers
from ..api import Manifest, Ref, at
from ..changes import ClusterDraft, NotYet, Until, WantedObject, changes_of
from ..image_pruner import service as pruner
from ..image_registry.asked import DEFAULT_CLAIM
from ..image_registry.backends import USER_SECRET
from ..marks import LABEL
from ..merge_patch import applied
from ..seen import Cluster, Unread
from . import (
    CA_KEY,
    CLAIMS,
    CLASSES,
    CONFIG,
    DEPLOYMENT,
    JOBS,
    PODS,
    PRUNER,
    ROUTER_CA,
    ROUTES,
    VOLUMES,
    access,
    authorities,
    claim,
    claims,
    credentials,
    diagnosis,
    findings,
    guards,
    health,
    secret,
    store,
)
from .move import images
from .options import ASKING, CHANGE_OPTIONS, OPTIONS, SURVEY_OPTIONS, VARIABLES, fill
from .spec import backend_of, left_over, read_storage, spec_patch

__all__ = [
    "ASKING",
    "CHANGE_OPTIONS",
    "OPTIONS",
    "SURVEY_OPTIONS",
    "VARIABLES",
    "WATCH",
    "draft",
    "fill",
    "read",
    "survey",
]

WATCH: tuple[Ref, ...] = (CONFIG,)
#: How image_registry_problems begins the sentence on a storage that changes.
_LEFT_BEHIND = "nothing is copied"


@dataclass(frozen=True)
class Asked:
    """What a task was asked for. said: options as the API has them. mark: tells secrets apart within one run."""

    said: Mapping[str, Any]
    credentials: Mapping[str, str] | None
    routes: tuple[Mapping[str, Any], ...]
    grants: tuple[access.Grant, ...]
    warnings: tuple[str, ...]
    wait: bool
    rollback: bool
    now: datetime
    mark: Callable[[bytes], str] = field(compare=False)

    @property
    def anything(self) -> bool:
        return any(self.said[name] is not None for name in ASKING)


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read what the options say. Raises PolicyError in one sentence before anything is sent."""
    said = dict(options)
    said["storage"] = read_storage(options["storage"])
    login = credentials.read(options["credentials"], hide)
    said["routes"], warnings = credentials.read_routes(options["routes"], now, options["warn_days"], hide)
    grants, told = access.read(options["access"])
    claims.read(options["claim"], said["storage"])
    _judge_mappings(said)
    if unknown := [name for name in options["allow"] if name not in guards.LOSSES]:
        raise PolicyError("allow", unknown[0], f"is not the name of a loss ({', '.join(guards.LOSSES)})")
    if options["storage_ca"] is not None:
        store.judge(said["storage_ca"], said["storage"])
    if options.get("manifests_to") and (login or any("tls" in one for one in said["routes"] or ())):
        raise PolicyError(
            "manifests_to", options["manifests_to"], "would hold logins or keys in plain text; leave them out"
        )
    key = os.urandom(16)
    return Asked(
        said, login, tuple(said["routes"] or ()), grants, (*warnings, *told), bool(options.get("wait")),
        bool(options.get("rollback")), now, lambda value: mark_of(value, key),
    )  # fmt: skip


def _judge_mappings(said: Mapping[str, Any]) -> None:
    """Refuse mappings that would do nothing: an empty one is only a wish with mode: exact."""
    for name in ("requests", "registry_proxy", "node_selector", "affinity", "resources"):
        if said[name] == {} and said["mode"] != "exact":
            raise PolicyError(name, "{}", "asks for nothing; mode: exact takes away what is there")


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Say what is wanted of the cluster, and judge it. Raises NotRead, NotYet, ClusterProblem."""
    if not asked.anything:
        return ClusterDraft()
    config = cluster.one(CONFIG)
    if config is None:
        raise NotYet(f"{CONFIG}: the registry operator has not made it yet", diagnosis.why)
    said = asked.said
    patch = spec_patch(config, said, said["mode"] == "exact")
    spec = applied(at(config, "spec") or {}, patch.get("spec") or {})
    made = _claim(cluster, said, spec)
    wanted = [*access.wanted(cluster, asked.grants), *_before_the_spec(cluster, asked, spec), *made.wanted]
    if any(said[name] is not None for name in ASKING if name != "access"):
        wanted.append(WantedObject(CONFIG, patch, _why(said), until=_until(asked)))
    warnings = (*asked.warnings, *made.warnings, *_always(config, spec))
    notes = (*made.notes, *_for_clients(said), *_left_over(config, said))
    start = ClusterDraft(tuple(wanted), notes, warnings, made.refusals)
    changes = [one for one in changes_of(cluster, wanted) if one.ref.resource not in access.RESOURCES]
    if made.refusals or not changes:
        return start
    if said["storage"] is not None and "pvc" in said["storage"]:
        guards.refuse_claim_twice(_with_claims(cluster), str(at(said["storage"], "pvc", "claim") or ""))
    judged = _counted(cluster, guards.judge(cluster, config, wanted, said["allow"], said["release"]))
    doubts = (*_kept_by_others(config), *_nfs(cluster, spec), *store.doubts(cluster, spec))
    if said["node_selector"] is not None:
        doubts += tuple(findings.nowhere(cluster, spec))
    warnings = (*start.warnings, *judged.warnings, *doubts)
    return ClusterDraft(start.wanted, start.notes, warnings, judged.refusals)


def _left_over(config: Manifest, said: Mapping[str, Any]) -> Iterator[str]:
    """Say what another place of the same backend takes over from the one before."""
    storage, before = said["storage"], at(config, "spec", "storage") or {}
    if storage is not None and said["mode"] == "merge" and (keys := left_over(before, storage)):
        told = " and ".join(filter(None, (", ".join(keys[:-1]), keys[-1])))
        backend = backend_of(storage)
        yield f"storage: {backend} keeps {told} of the place before; null or mode: exact takes them away"


def _for_clients(said: Mapping[str, Any]) -> Iterator[str]:
    """Say what clients outside of the cluster need for routes that are asked for."""
    need = "need the authority of its certificate"
    if said["default_route"]:
        yield f"clients of the default route {need} in certs.d of its host; image_registry_info has both"
    for route in said["routes"] or ():
        if route["state"] == "present" and (host := str(route.get("hostname") or "")):
            yield f"clients of {host} {need} in {certs_d(host)}; image_registry_info has it in trust"


def _counted(cluster: Cluster, judged: guards.Judged) -> guards.Judged:
    """Say how many images a change of the storage would leave behind. Raises NotRead."""
    if not any(_LEFT_BEHIND in text for text in (*judged.refusals, *judged.warnings)):
        return judged
    found = cluster.try_all(images.IMAGES)
    if isinstance(found, Unread) or not (count := images.kept(found).count):
        return judged
    more = f"{_LEFT_BEHIND} ({count} images that were pushed to it; the task image_registry_move copies them)"
    texts = ([text.replace(_LEFT_BEHIND, more) for text in each] for each in (judged.refusals, judged.warnings))
    refusals, warnings = map(tuple, texts)
    return guards.Judged(refusals, warnings)


def _why(said: Mapping[str, Any]) -> str:
    return ", ".join(name for name in ASKING if said[name] is not None)


def _with_claims(cluster: Cluster) -> Cluster:
    cluster.need(CLAIMS)
    return cluster


def _before_the_spec(cluster: Cluster, asked: Asked, spec: Mapping[str, Any]) -> Iterator[WantedObject]:
    """Yield the objects that pods read: authorities, logins, certificates of routes. Raises NotRead, ClusterProblem."""
    said = asked.said
    if said["storage_ca"] is not None:
        ref = authorities(str(at(said["storage"], "s3", "trustedCA", "name")))
        pem = store.certificates(cluster, said["storage_ca"])
        start = {} if cluster.one(ref) else {"metadata": {"labels": {LABEL: "storage_ca"}}}
        yield WantedObject(ref, {**start, "data": {CA_KEY: pem}}, "storage_ca", view=_ca_lines)
    if asked.credentials is not None:
        there = cluster.one(secret(USER_SECRET))
        yield credentials.wanted(asked.credentials, backend_of(spec.get("storage")), there, asked.mark)
    for route in asked.routes:
        if "tls" in route and route["state"] == "present":
            yield credentials.wanted_tls(route, cluster.one(secret(str(route["secret_name"]))), asked.mark)


def _ca_lines(manifest: Manifest) -> list[str]:
    try:
        found = read_certificates(str(at(manifest, "data", CA_KEY) or ""))
    except CertificateProblem:
        return [f"{CA_KEY}: not PEM"]
    return [f"{CA_KEY}: {one.line()}" for one in found]


def _claim(cluster: Cluster, said: Mapping[str, Any], spec: Mapping[str, Any]) -> claims.Claims:
    if said["claim"] is None:
        return claims.Claims()
    name = str(at(spec, "storage", "pvc", "claim"))
    cluster.need(CLAIMS, CLASSES)
    there = next((one for one in cluster.all(CLAIMS) if at(one, "metadata", "name") == name), None)
    replicas = spec.get("replicas")
    count = replicas if isinstance(replicas, int) else 1
    return claims.wanted(claim(name), said["claim"], count, there, cluster.all(CLASSES))


def _always(config: Manifest, spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person hears at every run."""
    if backend_of(spec.get("storage")) == "emptyDir":
        yield "storage: emptyDir loses every image when the pod of the registry is replaced; it is not for production"
    before = at(config, "spec", "managementState")
    if before == "Removed" and spec.get("managementState") == "Managed":
        yield "state: the registry was Removed, and is started with this change"


def _kept_by_others(config: Manifest) -> list[str]:
    found = managers.others(config, {})
    return [f"{CONFIG} is kept by {' and '.join(found)}, which may write its own again"] if found else []


def _nfs(cluster: Cluster, spec: Mapping[str, Any]) -> list[str]:
    """Warn where the volume of the claim is NFS; one that nobody may read is passed over."""
    name = at(spec, "storage", "pvc", "claim")
    there = next((one for one in cluster.all(CLAIMS) if name and at(one, "metadata", "name") == name), None)
    volume = at(there, "spec", "volumeName")
    found = cluster.try_one(Ref(VOLUMES.resource, str(volume))) if volume else None
    return [claims.nfs(f"the volume {volume}")] if not isinstance(found, Unread) and at(found, "spec", "nfs") else []


def _until(asked: Asked) -> Until | None:
    if not asked.wait:
        return None
    return Until(
        lambda config: not health.missing(config), "the registry to be as asked for", more=diagnosis.not_rolled_out,
        why=diagnosis.why, rollback=asked.rollback, always=True,
    )  # fmt: skip


# --- report ---


def survey(cluster: Cluster, asked: Asked) -> dict[str, Any]:
    """Report what the cluster has now. Raises NotRead, ClusterProblem."""
    config = cluster.one(CONFIG)
    spec: Mapping[str, Any] = at(config, "spec") or {}
    cluster.need(DEPLOYMENT, PODS, ROUTES, ROUTER_CA, CLAIMS, PRUNER, JOBS, secret(USER_SECRET))
    deployment = cluster.one(DEPLOYMENT)
    pods = [one for one in cluster.all(PODS) if health.is_of_registry(one)]
    missing = health.missing(config) if config else "there is no Config/cluster"
    return {
        "state": spec.get("managementState") or "",
        "conditions": _conditions(config),
        "healthy": bool(config) and not missing and not health.not_rolled_out(config or {}, deployment),
        "unfinished": missing or health.not_rolled_out(config or {}, deployment),
        "causes": health.causes(diagnosis.scene_of(cluster)),
        "findings": findings.findings(cluster, config),
        "specification": findings.specification(config),
        "replicas": {"asked": spec.get("replicas"), "available": at(deployment, "status", "availableReplicas") or 0},
        "pods": [_pod(one) for one in pods],
        "storage": {**_storage(cluster, spec), "managed": bool(at(config, "status", "storageManaged"))},
        "credentials": {"secret": USER_SECRET, "keys": sorted(at(cluster.one(secret(USER_SECRET)), "data") or {})},
        "routes": [_route(one, asked.now) for one in cluster.all(ROUTES)],
        "trust": trust(cluster),
        "pruner": pruner.report(cluster),
    }  # fmt: skip


def _conditions(config: Manifest | None) -> dict[str, Any]:
    return {
        name: {key: one.get(key) or "" for key in ("status", "reason", "message")}
        for name, one in health.conditions(config).items()
    }


def trust(cluster: Cluster) -> list[dict[str, str]]:
    """Say which authority signs for each route, as the word `trust` of a policy has it."""
    router = cluster.try_one(ROUTER_CA)
    default = "" if isinstance(router, Unread) else str(at(router, "data", CA_KEY) or "")
    found = [(at(one, "spec", "host"), at(one, "spec", "tls") or {}) for one in cluster.all(ROUTES)]
    pairs = [(host, tls.get("caCertificate") or ("" if tls.get("certificate") else default)) for host, tls in found]
    return [{"registry": str(host), "ca": str(ca)} for host, ca in pairs if host and ca]


def _pod(pod: Manifest) -> dict[str, Any]:
    ready = health.conditions(pod).get("Ready", {}).get("status") == "True"
    return {"name": at(pod, "metadata", "name"), "node": at(pod, "spec", "nodeName") or "", "ready": ready}


def _storage(cluster: Cluster, spec: Mapping[str, Any]) -> dict[str, Any]:
    storage = spec.get("storage") or {}
    backend = backend_of(storage)
    found: dict[str, Any] = {"backend": backend, "managementState": storage.get("managementState") or ""}
    if backend:
        found["configuration"] = dict(storage[backend])
    if backend == "pvc":
        name = at(storage, "pvc", "claim") or DEFAULT_CLAIM
        there = next((one for one in cluster.all(CLAIMS) if at(one, "metadata", "name") == name), None)
        found["claim"] = {
            "name": name, "phase": at(there, "status", "phase") or "missing",
            "capacity": at(there, "status", "capacity", "storage") or "",
            "access_modes": list(at(there, "spec", "accessModes") or ()),
            "deleting": bool(at(there, "metadata", "deletionTimestamp")),
        }  # fmt: skip
    return found


def certs_d(host: str) -> str:
    """Return the file in which podman, CRI-O and docker look for the authority of a registry."""
    return f"/etc/docker/certs.d/{host}/ca.crt"


def _route(route: Manifest, now: datetime) -> dict[str, Any]:
    """Report a route; days_left are those of its own certificate, None with the router's."""
    tls: Mapping[str, Any] = at(route, "spec", "tls") or {}
    days = None
    if tls.get("certificate"):
        try:
            days = read_certificates(str(tls["certificate"]))[0].days_left(now)
        except CertificateProblem:
            days = None
    return {
        "name": at(route, "metadata", "name"), "host": at(route, "spec", "host") or "",
        "ca": tls.get("caCertificate") or "", "days_left": days,
        "ca_file": certs_d(str(at(route, "spec", "host"))) if at(route, "spec", "host") else "",
    }  # fmt: skip
