# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The question that every check is given, and the parts of a specification that several of them look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .surroundings import Surroundings

#: Key of spec.storage → the operator's name for it, in its order.
BACKENDS: Mapping[str, str] = {
    "emptyDir": "EmptyDir",
    "s3": "S3",
    "swift": "Swift",
    "gcs": "GCS",
    "ibmcos": "IBMCOS",
    "pvc": "PVC",
    "azure": "Azure",
    "oss": "OSS",
}
_LAST_WITH_OSS = 16
#: Platform → key of its own storage; None: there is none. Others, among them Libvirt, get an emptyDir.
_PLATFORMS: Mapping[str, str | None] = {
    "AWS": "s3",
    "Azure": "azure",
    "GCP": "gcs",
    "IBMCloud": "ibmcos",
    "PowerVS": "ibmcos",
    "OpenStack": "swift",
    "oVirt": "pvc",
    **dict.fromkeys(
        ("BareMetal", "VSphere", "None", "Nutanix", "KubeVirt", "EquinixMetal", "AlibabaCloud", "External")
    ),
}
#: The claim that the operator makes, and that platforms with a claim use.
DEFAULT_CLAIM = "image-registry-storage"


@dataclass(frozen=True)
class Asked:
    """spec as the API server would store it; current: the one in force, {} when it is not known."""

    spec: Mapping[str, Any]
    current: Mapping[str, Any]
    around: Surroundings
    minor: int

    @property
    def state(self) -> str:
        return str(self.spec.get("managementState") or "")

    @property
    def replicas(self) -> int:
        return int(self.spec.get("replicas") or 0)

    @property
    def taken(self) -> tuple[str | None, dict[str, Any]]:
        """The backend that the operator takes, with its configuration, unless there are more than one."""
        named = backends(self.storage, self.minor)
        if named:
            return named[0], dict(part(self.storage, named[0]))
        return of_platform(self.around.platform, self.minor)

    @property
    def storage(self) -> Mapping[str, Any]:
        return part(self.spec, "storage")


def part(holder: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the mapping below a mapping, {} where there is none."""
    found: Any = holder
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def known_backends(minor: int) -> list[str]:
    """Return the keys that this release of the operator has a driver for."""
    return [key for key in BACKENDS if key != "oss" or minor <= _LAST_WITH_OSS]


def backends(storage: Mapping[str, Any], minor: int) -> list[str]:
    """Return the keys of storage that count for the operator, in its order."""
    return [key for key in known_backends(minor) if storage.get(key) is not None]


def of_platform(platform: str, minor: int) -> tuple[str | None, dict[str, Any]]:
    """Return the backend that the operator takes where none is named, with its configuration.

    Source: CIRO pkg/storage/storage.go GetPlatformStorage.
    """
    if platform == "AlibabaCloud" and minor <= _LAST_WITH_OSS:
        return "oss", {}
    backend = _PLATFORMS.get(platform, "emptyDir")
    return backend, {"claim": DEFAULT_CLAIM} if backend == "pvc" else {}
