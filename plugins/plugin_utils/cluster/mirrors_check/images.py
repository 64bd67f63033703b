# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images a cluster asks for, and the endpoints that its nodes would ask for each, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...credentials import pull_secrets
from ...credentials.answers import Source
from ...resolution.references import Reference, ReferenceProblem, parse_normalized
from .. import pools, preflight, registries
from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..kinds import image, trusted_cas
from ..openshift4 import authorities, clusters, exports, forecast
from ..seen import Cluster, Unread

OPTIONS: dict[str, dict[str, Any]] = {
    "images": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": ["Further images that nodes shall be able to pull, as C(quay.io/team/app@sha256:…)."],
    },
    "in_use": {
        "type": "bool",
        "default": True,
        "description": [
            "Whether the images of the pods and catalogs of the cluster and its release are looked for as well.",
        ],
    },
}
_PODS = Ref(Resource("Pod", "", "v1", "pods", namespaced=True))
_PROXY = Ref(Resource("Proxy", "config.openshift.io", "v1", "proxies"), "cluster")
_DONE = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Endpoint:
    """One place that nodes would ask."""

    reference: Reference
    mirror: bool
    insecure: bool
    blocked: bool


@dataclass(frozen=True)
class Pull:
    """One image, who needs it, and where nodes look for it. refused: why they look nowhere."""

    image: str
    users: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    refused: str | None = None

    @property
    def mirrors(self) -> tuple[Endpoint, ...]:
        return tuple(one for one in self.endpoints if one.mirror and not one.blocked)

    @property
    def source(self) -> Endpoint | None:
        """The last one, which is what the image is called; None where nodes may not ask it."""
        return next((one for one in self.endpoints if not one.mirror and not one.blocked), None)


@dataclass(frozen=True)
class Needs:
    """What is to be looked for, and as whom. authorities: PEM by registry; those of "" count for all.

    whole: whether everything that runs was looked at.
    """

    pulls: tuple[Pull, ...]
    logins: Source | None = field(default=None, repr=False)
    authorities: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    whole: bool = True

    def authorities_of(self, registry: str) -> str:
        return "\n".join(filter(None, (self.authorities.get(registry), self.authorities.get(""))))


def access() -> dict[Ref, tuple[str, ...]]:
    """Return everything that the task may ask of the API: what, and the verbs."""
    reading = {
        ref: tuple(verb for verb in verbs if verb in ("get", "list"))
        for ref, verbs in registries.access().items()
        if ref not in (pools.BUDGETS, pools.POOLS)
    }
    return {ref: verbs for ref, verbs in reading.items() if verbs} | {_PODS: ("list",), _PROXY: ("get",)}


def check(images: Iterable[str]) -> None:
    """Raises ReferenceProblem, ClusterProblem for a text that names no image."""
    for one in images:
        if not one.strip():
            raise ClusterProblem("images: an image without a name")
        parse_normalized(one)


def needs(cluster: Cluster, asked: registries.Asked, images: Iterable[str], in_use: bool) -> Needs:
    """Return the images with their endpoints, as nodes would have them with what was asked. Raises NotRead, Problem."""
    cluster.need(image.IMAGE, preflight.PULL_SECRET, _PROXY, *((_PODS,) if in_use else ()))
    cluster.need(*_config_maps(cluster))
    notes: list[str] = []
    users: dict[str, list[str]] = {one: [] for one in images}
    foreseen = registries.outlook(cluster, asked)
    if in_use:
        for name, user in _in_use(cluster, notes):
            users.setdefault(name, []).append(user)
    if foreseen["error"]:
        raise ClusterProblem(f"nodes would get none of it: {foreseen['error']}")
    found = forecast.pulls(list(users), foreseen["files"])
    return Needs(
        tuple(_pull(one, users[one["image"]]) for one in found),
        _logins(cluster, notes),
        _authorities(foreseen["manifests"]),
        tuple(dict.fromkeys(notes)),
        whole=not (in_use and isinstance(cluster.try_all(_PODS), Unread)),
    )


def _in_use(cluster: Cluster, notes: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (image, who needs it) for what runs, is offered by catalogs, and is the release."""
    payload = at(cluster.one(image.VERSION), "status", "desired", "image")
    if isinstance(payload, str) and payload:
        yield payload, "the release"
    pods = cluster.try_all(_PODS)
    if isinstance(pods, Unread):
        notes.append(f"images of pods are not looked for: {pods.why}")
        pods = ()
    going = [one for one in pods if at(one, "status", "phase") not in _DONE]
    for name, user in exports.images_of([*registries.manifests_of(without_pods(cluster)), *going]):
        try:
            parse_normalized(name)
        except ReferenceProblem as problem:
            notes.append(f"{user}: {problem}")
        else:
            yield name, user


def without_pods(cluster: Cluster) -> Cluster:
    """Return what was read but the pods: a forecast does not look at them, and there are many."""
    return Cluster({ref: answer for ref, answer in cluster.answers.items() if ref != _PODS})


def _config_maps(cluster: Cluster) -> list[Ref]:
    """Return the ConfigMaps with authorities that the cluster names."""
    names = [
        at(cluster.try_one(image.IMAGE), "spec", "additionalTrustedCA", "name"),
        at(cluster.try_one(_PROXY), "spec", "trustedCA", "name"),
    ]
    return [Ref(trusted_cas.RESOURCE, str(name), trusted_cas.NAMESPACE) for name in names if name]


def _pull(found: Mapping[str, Any], users: list[str]) -> Pull:
    endpoints = [
        Endpoint(parse_normalized(one["reference"]), one["mirror"], one["insecure"], one["blocked"])
        for candidate in found["candidates"]
        for one in candidate["endpoints"]
    ]
    return Pull(found["image"], tuple(dict.fromkeys(users)), tuple(endpoints), found["refused"])


def _logins(cluster: Cluster, notes: list[str]) -> Source | None:
    """Return the global pull secret, the only logins that nodes use for mirrors."""
    secret = cluster.try_one(preflight.PULL_SECRET)
    if isinstance(secret, Unread):
        notes.append(f"registries are asked without a login: {secret.why}")
    elif secret is not None:
        try:
            return pull_secrets.read(secret)
        except pull_secrets.SecretProblem as problem:
            raise ClusterProblem(f"the global pull secret {problem}, so no node could log in") from None
    return None


def _authorities(manifests: Iterable[Manifest]) -> dict[str, str]:
    """Return the authorities that nodes would trust by registry, from the objects as they will be; of "" for all."""
    whole = list(manifests)
    return authorities.read(whole).on_nodes | {"": "".join(clusters.proxy_bundle(whole).values())}
