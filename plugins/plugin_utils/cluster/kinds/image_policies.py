# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ClusterImagePolicy: which images nodes take only with a signature. One object of ours for each scope.

Objects of others stay; where one speaks of the same scope, both demands hold. In namespaces nothing is written.
Source: OpenShift API config/v1 types_cluster_image_policy.go; MCO controller getValidScopePolicies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from ...policy import Signed
from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..changes import WantedObject
from ..marks import LABEL, is_ours
from ..openshift4 import signatures
from ..seen import Cluster
from . import Part, Said

_KIND, _GROUP, _PLURAL = signatures.KIND, "config.openshift.io", "clusterimagepolicies"
RESOURCE = Resource(_KIND, _GROUP, "v1", _PLURAL)
#: From 4.16 on with a feature set of previews; of the same shape.
PREVIEW = Resource(_KIND, _GROUP, "v1alpha1", _PLURAL)
_VERBS = ("list", "create", "patch", "delete")
ACCESS: Mapping[Ref, tuple[str, ...]] = {Ref(RESOURCE): _VERBS}
WORD = "signatures"


def wanted(cluster: Cluster, said: Said) -> Part:
    """Return an object for each scope, and those of ours whose scopes nobody names any more."""
    demands = said.policy.signatures
    if demands is None:
        return Part()
    resource = next((one for one in (RESOURCE, PREVIEW) if cluster.has(one)), None)
    if resource is None and demands:
        raise ClusterProblem(
            f"{WORD}: this API has no {_KIND}; OpenShift has it from 4.20 on, and from 4.16 on with a feature set of "
            "previews"
        )
    if resource is None:
        return Part()
    there = cluster.all(Ref(resource))
    objects = [_demand(resource, signed) for signed in demands]
    kept = {one.ref.name for one in objects}
    gone = [name for one in there if is_ours(one, WORD) and (name := str(at(one, "metadata", "name"))) not in kept]
    objects += [_object(Ref(resource, name), None, f"{WORD} asks for it no longer") for name in gone]
    return Part(tuple(objects), warnings=tuple(_also_demanded(there, demands)))


def view(manifest: Manifest) -> list[str]:
    """Show one line a scope: "quay.io/team must be signed (PublicKey 1a2b…)"; another key is seen to be another."""
    root = at(manifest, "spec", "policy", "rootOfTrust") or {}
    mark = hashlib.sha256(repr(sorted(root.items())).encode()).hexdigest()[:12]
    scopes = at(manifest, "spec", "scopes") or ()
    return [f"{scope} must be signed ({root.get('policyType')} {mark})" for scope in scopes]


def _demand(resource: Resource, signed: Signed) -> WantedObject:
    fields = {"metadata": {"labels": {LABEL: WORD}}, "spec": signatures.spec_of(signed)}
    return _object(Ref(resource, signatures.name_of(signed.scope)), fields, WORD)


def _object(ref: Ref, fields: Manifest | None, why: str) -> WantedObject:
    return WantedObject(ref, fields, why, on_nodes=True, view=view, asked=(WORD,))


def _also_demanded(there: tuple[Manifest, ...], demands: tuple[Signed, ...]) -> Iterator[str]:
    asked = {signed.scope for signed in demands}
    for one in there:
        for scope in () if is_ours(one, WORD) else at(one, "spec", "scopes") or ():
            if scope in asked:
                yield f"{WORD}: {_KIND} {at(one, 'metadata', 'name')} speaks of '{scope}' too, and both demands hold"
