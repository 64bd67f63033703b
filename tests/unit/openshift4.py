# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests of OpenShift 4 in the short form of our tables."""

from __future__ import annotations

from typing import Any

PAYLOAD = "quay.io/openshift-release-dev/ocp-release@sha256:" + "4207ba569ff014931f1b5d125fe37519" * 2
KINDS = {
    "icsp": ("ImageContentSourcePolicy", "operator.openshift.io/v1alpha1", "repositoryDigestMirrors"),
    "idms": ("ImageDigestMirrorSet", "config.openshift.io/v1", "imageDigestMirrors"),
    "itms": ("ImageTagMirrorSet", "config.openshift.io/v1", "imageTagMirrors"),
}
REGISTRY_LISTS = {
    "insecure": "insecureRegistries",
    "blocked": "blockedRegistries",
    "allowed": "allowedRegistries",
    "search": "containerRuntimeSearchRegistries",
}
KEY = (
    "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFCi0tLS0tRU5EIFBV"
    "QkxJQyBLRVktLS0tLQo="
)


def manifests(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a case.

    insecure, blocked, allowed, search: lists of Image/cluster. payload: the release image, false for no ClusterVersion.
    icsp, idms, itms: [[source, [mirror…], policy]…], one object; {object: [[…]…]…} for several. signed: scopes of a
    ClusterImagePolicy; signed_in: {namespace: scopes}. more: whole manifests.
    """
    found = [_object("Image", "config.openshift.io/v1", "cluster", {"registrySources": image_lists(case)})]
    payload = case.get("payload", PAYLOAD)
    if payload is not False:
        status = {"desired": {"image": payload}}
        version = {"apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion", "metadata": {"name": "version"}}
        found.append(version | {"status": status})
    for word, (kind, api, key) in KINDS.items():
        given = case.get(word)
        objects = given if isinstance(given, dict) else {} if given is None else {f"{word}-0": given}
        found += [_object(kind, api, name, {key: [_set(one) for one in sets]}) for name, sets in objects.items()]
    if "signed" in case:
        found.append(_signed("ClusterImagePolicy", {"name": "signed"}, case["signed"]))
    for namespace, scopes in case.get("signed_in", {}).items():
        found.append(_signed("ImagePolicy", {"name": "signed", "namespace": namespace}, scopes))
    return found + case.get("more", [])


def image_lists(case: dict[str, Any]) -> dict[str, Any]:
    return {key: case[word] for word, key in REGISTRY_LISTS.items() if word in case}


def _object(kind: str, api: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _set(one: list[Any]) -> dict[str, Any]:
    source, mirrors, *policy = one
    return {"source": source, "mirrors": mirrors} | ({"mirrorSourcePolicy": policy[0]} if policy else {})


def _signed(kind: str, metadata: dict[str, str], scopes: list[str]) -> dict[str, Any]:
    root = {"policyType": "PublicKey", "publicKey": {"keyData": KEY}}
    spec = {"scopes": scopes, "policy": {"rootOfTrust": root}}
    return {"apiVersion": "config.openshift.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
