# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ConfigMap of trusted authorities that Image/cluster names (additionalTrustedCA).

One that somebody else named is extended, and stays theirs. Keys are host or host..port, values PEM.
Sources: machine-config-operator pkg/daemon/certificate_writer.go, cluster-image-registry-operator pkg/nodeca.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...policy.certificates import CertificateProblem, bundle, read_certificates
from ...policy.trust import TrustedRegistry
from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..changes import WantedObject
from ..marks import LABEL, is_ours, noted, our_entries, record
from ..seen import Cluster
from . import Part, Said

RESOURCE = Resource("ConfigMap", "", "v1", "configmaps", namespaced=True)
NAMESPACE = "openshift-config"
NAME = "dockyard-registry-cas"
_DATA = "data"
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_IMAGE = Ref(Resource("Image", "config.openshift.io", "v1", "images"), "cluster")
ACCESS: Mapping[Ref, tuple[str, ...]] = {Ref(RESOURCE, namespace=NAMESPACE): ("get", "create", "patch", "delete")}


def wanted(cluster: Cluster, said: Said) -> Part:
    """Return the ConfigMap with our authorities in it, and what is left out."""
    if said.policy.trust is None:
        return Part()
    ref = _ref(cluster)
    there = cluster.one(ref)
    data = _data(cluster, said)
    ours = there is None or is_ours(there)
    notes = [
        f"trust: the client certificate for '{registry.name}' is left out: OpenShift 4 hands its nodes authorities only"
        for registry in said.policy.trust.present
        if registry.client
    ]
    warnings = []
    if there is None and _named(cluster):
        warnings.append(f"trust: Image/cluster names {ref}, which is not there; it is made")
    if there is not None and not ours:
        notes.append(f"trust: {ref} is somebody else's; it is extended")
    if ours and not any(value for value in _after(there, data).values()):
        gone = WantedObject(ref, None, "trust asks for nothing any more", view=view, asked=("trust",))
        return Part((gone,) if there is not None else (), tuple(notes), tuple(warnings))
    metadata: dict[str, Any] = {"labels": {LABEL: "trust"}} if ours else {}
    new = {_DATA: sorted(key for key, value in data.items() if value is not None)}
    metadata |= noted(there, new if record(new) != record(our_entries(there)) else None)
    fields = {_DATA: data} | ({"metadata": metadata} if metadata else {})
    return Part((WantedObject(ref, fields, "trust", view=view, asked=("trust",)),), tuple(notes), tuple(warnings))


def reference(cluster: Cluster, said: Said) -> dict[str, str] | None:
    """Return the new additionalTrustedCA: somebody else's name stays; ours goes with the last authority."""
    ref = _ref(cluster)
    there = cluster.one(ref)
    if there is not None and not is_ours(there):
        return {"name": ref.name}
    left = any(_after(there, _data(cluster, said)).values())
    return {"name": ref.name} if left else None


def asked_to_go(cluster: Cluster, said: Said) -> list[str]:
    """Return the registries, host[:port], that are trusted now and that the words say are trusted no longer."""
    if said.policy.trust is None:
        return []
    return [key.replace("..", ":") for key, value in _data(cluster, said).items() if value is None]


def _named(cluster: Cluster) -> str:
    """Return the name that Image/cluster has, "" without one."""
    return str(at(cluster.one(_IMAGE), "spec", "additionalTrustedCA", "name") or "")


def _ref(cluster: Cluster) -> Ref:
    return Ref(RESOURCE, _named(cluster) or NAME, NAMESPACE)


def _after(there: Manifest | None, data: dict[str, str | None]) -> dict[str, str | None]:
    return {**(at(there, "data") or {}), **(at(there, "binaryData") or {}), **data}


def _data(cluster: Cluster, said: Said) -> dict[str, str | None]:
    """Key → PEM, None for a key that goes. Raises ClusterProblem for a name that cannot be a key."""
    there = cluster.one(_ref(cluster))
    have: dict[str, str] = dict(at(there, "data") or {})
    ours = set(our_entries(there).get(_DATA, ()))
    trust = said.policy.trust
    present = trust.present if trust else ()
    new = {_key(name): registry for registry in present if registry.cas for name in registry.names}
    binary = at(there, "binaryData") or {}
    if both := next((key for key in new if key in binary), None):
        raise ClusterProblem(f"trust: the key {both} stands in binaryData of {_ref(cluster)}, where it is not extended")
    mine = is_ours(there)
    gone = {key for key in have if key not in new and (key in ours or (mine and said.exact))}
    gone |= {key for key in map(_key, trust.absent if trust else ()) if key in have}
    kept = {key: _bundle(registry, have.get(key), said, key in ours) for key, registry in new.items()}
    return {**kept, **dict.fromkeys(sorted(gone))}


def _bundle(registry: TrustedRegistry, have: str | None, said: Said, ours: bool) -> str:
    """Return the authorities of a registry; beside those that others trust for it, when lists are merged."""
    if have is None or ours or said.exact:
        return bundle(registry.cas)
    try:
        theirs = read_certificates(have)
    except CertificateProblem:
        raise ClusterProblem(
            f"trust: {registry.name} has a value in the ConfigMap that is not PEM; mode: exact replaces it"
        ) from None
    known = {one.fingerprint for one in theirs}
    missing = [one for one in registry.cas if one.fingerprint not in known]
    return have.rstrip("\n") + "\n" + bundle(missing) if missing else have


def _key(name: str) -> str:
    key = name.replace(":", "..")
    if not _KEY.fullmatch(key):
        raise ClusterProblem(f"trust: '{name}' cannot be the key of a ConfigMap, so OpenShift 4 cannot trust it")
    return key


def view(manifest: Manifest) -> list[str]:
    """Show one line a key: the names of the authorities."""
    lines = []
    for key, value in sorted((at(manifest, "data") or {}).items()):
        lines.append(f"{key.replace('..', ':')}: {', '.join(_subjects(value))}")
    return lines + [f"{key.replace('..', ':')}: binary" for key in sorted(at(manifest, "binaryData") or {})]


def _subjects(text: str) -> Iterable[str]:
    try:
        return [f"{one.subject} ({one.fingerprint[:16]})" for one in read_certificates(text)]
    except CertificateProblem:
        return ["not PEM"]
