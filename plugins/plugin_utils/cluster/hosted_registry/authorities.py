# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authorities that the registry trusts: one bundle of the system's and ours, in a ConfigMap of ours.

The whole directory of the bundle is mounted over, so that the system's authorities have to be in it, too. Go reads the
bundle once, when the registry starts: a mark in the pod template makes new pods when it changes.
Sources: RHEL "Using shared system certificates" (/etc/pki/ca-trust/extracted/pem, to which
/etc/pki/tls/certs/ca-bundle.crt leads); Go crypto/x509 root_linux.go; Kubernetes "ConfigMaps" (1 MiB).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ...policy.certificates import Certificate, bundle, certificates_in
from ...policy.trust import Trust
from ...policy.word import PolicyError
from ..api import ClusterProblem, Manifest, Ref, at
from ..changes import WantedObject
from ..marks import ENTRIES, LABEL, is_ours, our_entries, record
from . import CONFIG_MAPS
from .template import Parts, container_of, mount_at, mounts_around, volume_of

NAME = "dockyard-registry-authorities"
VOLUME = "dockyard-authorities"
DIRECTORY = "/etc/pki/ca-trust/extracted/pem"
KEY = "tls-ca-bundle.pem"
#: On the pod template: a checksum of the bundle that its pods have read.
MARK = "dockyard.openshift/authorities"
_OURS = "authorities"
#: A ConfigMap holds 1 MiB; some of it is its own.
LARGEST = 1024 * 1024 - 16 * 1024


@dataclass(frozen=True)
class Result:
    """The ConfigMap as it shall be (None: as it is, or none), and what the template has for it."""

    wanted: WantedObject | None = None
    parts: Parts = Parts()
    warnings: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        return self.wanted is not None and self.wanted.fields is None


def ref(namespace: str) -> Ref:
    """Name the ConfigMap of a registry in this namespace."""
    return Ref(CONFIG_MAPS, NAME, namespace)


def read_system(text: str) -> tuple[Certificate, ...]:
    """Read the authorities of a system. Raises PolicyError."""
    if "\x00" in text or "\ufffd" in text:
        raise PolicyError("authorities", "the file", "is not text; a bundle in PEM form is needed, not a key store")
    if "PRIVATE KEY-----" in text:
        raise PolicyError("authorities", "the text", "holds a private key; only certificates belong there")
    if "-----BEGIN TRUSTED CERTIFICATE-----" in text:
        raise PolicyError(
            "authorities", "the text", f"is in OpenSSL's own form, which Go does not read; take {DIRECTORY}/{KEY}"
        )
    found = certificates_in(text.encode("ascii", "replace"))
    if not found:
        raise PolicyError("authorities", "the text", "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
    if len(found) < (count := text.count("-----BEGIN CERTIFICATE-----")):
        raise PolicyError("authorities", "the text", f"has {count} certificates, {count - len(found)} of which nobody "
                          "can read")  # fmt: skip
    return found


def wanted(
    workload: Manifest, container: str, there: Manifest | None, trust: Trust, system: tuple[Certificate, ...] | None
) -> Result:
    """Say how ConfigMap and template shall be. there: the ConfigMap as it is. Raises ClusterProblem."""
    namespace = str(at(workload, "metadata", "namespace"))
    if there is not None and not is_ours(there):
        raise ClusterProblem(f"trust: {ref(namespace)} was not made by this collection; rename it, or remove it")
    ours = {one.fingerprint: one for registry in trust.present for one in registry.cas}
    if not ours:
        return _gone(workload, container, namespace, there)
    _refuse_other_volume(workload, container)
    base = _system(there, system)
    known = {one.fingerprint for one in base}
    added = [one for one in ours.values() if one.fingerprint not in known]
    text = bundle([*base, *added])
    if len(text.encode()) > LARGEST:
        raise ClusterProblem(
            f"trust: the bundle would have {len(text.encode())} bytes, and a ConfigMap holds {LARGEST}; take the "
            "authorities of a clean system"
        )
    metadata = {
        "labels": {LABEL: "trust"},
        "annotations": {ENTRIES: record({_OURS: [one.fingerprint for one in added]})},
    }
    fields = {"metadata": metadata, "data": {KEY: text}}
    parts = Parts(
        volumes={VOLUME: {"configMap": {"name": NAME}}},
        mounts={DIRECTORY: VOLUME},
        annotations={MARK: hashlib.sha256(text.encode()).hexdigest()[:16]},
    )
    clients = [one.name for one in trust.present if one.client]
    told = tuple(
        f"trust: the client certificate for '{name}' is left out: the registry is given authorities only"
        for name in clients
    )
    return Result(WantedObject(ref(namespace), fields, "trust", view=view), parts, told)


def _system(there: Manifest | None, given: tuple[Certificate, ...] | None) -> tuple[Certificate, ...]:
    """Return the system's authorities: those given, else those that the ConfigMap has beside ours."""
    if given is not None:
        return given
    kept, _ours = split(there)
    if not kept:
        raise ClusterProblem(
            f"authorities: they are needed once, because {DIRECTORY} of the registry's image is mounted over: give its "
            f"{KEY} or that of a clean host of the same release as authorities_file"
        )
    return kept


def split(there: Manifest | None) -> tuple[tuple[Certificate, ...], tuple[Certificate, ...]]:
    """Return the system's authorities in the ConfigMap, and ours."""
    ours = set(our_entries(there).get(_OURS, ()))
    found = certificates_in(str(at(there, "data", KEY) or "").encode("ascii", "replace"))
    return tuple(one for one in found if one.fingerprint not in ours), tuple(
        one for one in found if one.fingerprint in ours
    )


def _refuse_other_volume(workload: Manifest, container: str) -> None:
    """Refuse where somebody else's volume is mounted at our place or below. Raises ClusterProblem."""
    for mount in mounts_around(container_of(workload, container), DIRECTORY):
        if mount.get("name") != VOLUME:
            name = at(workload, "metadata", "name")
            raise ClusterProblem(
                f"trust: the volume {mount.get('name')} is mounted at {mount.get('mountPath')} already, as the "
                f"product's guide does it; remove it first: oc set volume dc/{name} --remove --name={mount.get('name')}"
            )
    there = volume_of(workload, VOLUME)
    if there is not None and at(there, "configMap", "name") != NAME:
        raise ClusterProblem(f"trust: the volume {VOLUME} is somebody else's; rename it, or remove it")


def _gone(workload: Manifest, container: str, namespace: str, there: Manifest | None) -> Result:
    """Take away what earlier runs made; without any, nothing is to be done."""
    parts = Parts()
    if at(mount_at(container_of(workload, container), DIRECTORY), "name") == VOLUME:
        parts |= Parts(mounts={DIRECTORY: None})
    if at(volume_of(workload, VOLUME), "configMap", "name") == NAME:
        parts |= Parts(volumes={VOLUME: None})
    if MARK in (at(workload, "spec", "template", "metadata", "annotations") or {}):
        parts |= Parts(annotations={MARK: None})
    gone = (
        WantedObject(ref(namespace), None, "trust asks for nothing any more", view=view) if there is not None else None
    )
    return Result(gone, parts)


def view(manifest: Manifest) -> list[str]:
    """Show our authorities one a line, and how many the system's are."""
    system, ours = split(manifest)
    digest = hashlib.sha256(bundle(system).encode()).hexdigest()[:16]
    return [f"{len(system)} authorities of the system, SHA-256 {digest}…", *(one.line() for one in ours)]
