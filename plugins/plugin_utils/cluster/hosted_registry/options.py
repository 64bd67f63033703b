# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the task hosted_registry, and the variables of the inventory that they are taken from."""

from __future__ import annotations

from typing import Any

from ...variables import Fill, behind
from . import WORKLOADS
from .storage import BACKENDS, SOURCES
from .variables import HostedFill

LOSS = "images-left-behind"
_STORES = ", ".join(f"V({name})" for name in BACKENDS)

OPTIONS: dict[str, dict[str, Any]] = {
    "trust": {
        "type": "raw",
        "description": [
            "Registries whose authorities the hosted registry shall trust, for instance to pull through it. A list of "
            "mappings with C(registry) and C(ca) or C(ca_file), or a JSON text of one.",
            "The authorities are put beside those of O(authorities) into a ConfigMap of ours, which becomes a volume "
            "of the registry's pods. An entry that is no longer named goes; an empty list removes ConfigMap and "
            "volume.",
        ],
    },
    "authorities": {
        "type": "str",
        "description": [
            "The authorities of the system that the registry trusts as well, as PEM. They are needed once, because the "
            "directory of the registry's image that holds them is mounted over; afterwards those of the ConfigMap "
            "stay.",
        ],
    },
    "authorities_file": {
        "type": "path",
        "description": [
            "A file on the controller with O(authorities): C(/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem) of the "
            "registry's image, or of a clean host. It must have no authority that the registry shall not trust.",
        ],
    },
    "image": {
        "type": "str",
        "description": [
            "The image of the registry's container, for one that was built with more authorities in it. Unless given, "
            "it stays.",
        ],
    },
    "storage": {
        "type": "dict",
        "description": [
            f"Where images are kept: one of {_STORES}. V(pvc) has C(claim); the object stores have the keys of "
            "docker/distribution. Without it, the storage stays as it is.",
            "No image is copied.",
        ],
    },
    "claim": {
        "type": "dict",
        "description": ["How the claim of O(storage) is made where it is not there. One that is there only grows."],
        "options": {
            "size": {"type": "str", "description": ["Its size; V(100Gi) for a new one."]},
            "storage_class": {"type": "str", "description": ["Its storage class, unless it is the cluster's default."]},
            "access_modes": {
                "type": "list", "elements": "str",
                "description": ["Its access modes. V(ReadWriteMany) for more than one replica, else V(ReadWriteOnce)."],
            },
            "annotations": {"type": "dict", "description": ["Annotations of a claim that is made."]},
            "volume": {
                "type": "dict",
                "description": [
                    "A volume that is made for the claim in place of one of a storage class: one of "
                    f"{', '.join(f'V({name})' for name in SOURCES)}, with the keys of the API.",
                ],
            },
            "volume_name": {"type": "str", "description": ["The name of that volume; unless given, the claim's."]},
        },
    },
    "kind": {
        "type": "str", "choices": list(WORKLOADS), "default": "DeploymentConfig",
        "description": ["What runs the registry."],
    },
    "namespace": {"type": "str", "default": "default", "description": ["The project of the registry."]},
    "name": {"type": "str", "default": "docker-registry", "description": ["The name of what runs it."]},
    "container": {"type": "str", "default": "registry", "description": ["The registry's container in its pods."]},
    "allow": {
        "type": "list", "elements": "str", "default": [],
        "description": [
            f"Losses that do not stop the task: C({LOSS}), images in the old place that no pod would find any more.",
        ],
    },
    "warn_days": {"type": "int", "default": 30, "description": ["Warn of authorities that expire in so many days."]},
    "from_variables": {
        "type": "bool", "default": False,
        "description": [
            "Whether to take options that are not given from variables C(hosted_registry_...), and O(storage) and "
            "O(claim) from C(openshift_hosted_registry_storage_...).",
        ],
    },
}  # fmt: skip
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {
    "wait": {
        "type": "bool", "default": True,
        "description": ["Whether to wait until all pods are new and serve. When that fails, the cause is told."],
    },
    "rollback": {
        "type": "bool", "default": False,
        "description": ["Whether what was changed is put back when the rollout does not get there in time."],
    },
}  # fmt: skip
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}

#: Options that say what is wanted; the others say where and how.
ASKING = ("trust", "image", "storage")
_OPENSHIFT = "openshift_hosted_registry_"
VARIABLES = {
    **behind("hosted_registry_", (*(name for name in OPTIONS if name != "from_variables"), *CHANGE_OPTIONS)),
    "namespace": ("hosted_registry_namespace", f"{_OPENSHIFT}namespace"),
    "name": ("hosted_registry_name", f"{_OPENSHIFT}name"),
}
fill = HostedFill(Fill(VARIABLES))
