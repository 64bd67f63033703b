# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the task image_registry, and the variables of the inventory that they are taken from."""

from __future__ import annotations

from typing import Any

from ...variables import Fill, behind, from_variables
from .access import OPTION as ACCESS
from .guards import LOSSES

_LEVELS = ["Normal", "Debug", "Trace", "TraceAll"]
_AS_IN_THE_API = "Its keys are those of the API; without O(mode=exact) it is merged over what is there."

OPTIONS: dict[str, dict[str, Any]] = {
    "state": {
        "type": "str",
        "choices": ["Managed", "Removed", "Unmanaged", "Force"],
        "description": [
            "Whether the operator runs a registry. Platforms without storage of their own start as V(Removed); with "
            "O(storage) they become V(Managed) in the same change.",
            "V(Removed) deletes storage that the operator made; O(allow) must have C(storage-deleted) then.",
        ],
    },
    "storage": {
        "type": "dict",
        "description": [
            "Where images are kept: one backend of V(s3), V(gcs), V(azure), V(swift), V(ibmcos), V(oss), "
            "V(pvc), V(emptyDir), with its keys as in the API. Without it, the storage stays as it is.",
            "A change of the backend takes the old one out of the specification and sets "
            "C(managementState: Unmanaged), so that no later change deletes what a person made. No image is copied.",
        ],
    },
    "claim": {
        "type": "dict",
        "description": [
            "How the claim of O(storage) is made where it is not there. One that is there only grows.",
        ],
        "options": {
            "size": {"type": "str", "description": ["Its size; V(100Gi) for a new one."]},
            "storage_class": {
                "type": "str",
                "description": [
                    "Its storage class, unless it is the cluster's default. An empty one binds it to a volume that is "
                    "there already.",
                ],
            },
            "access_mode": {
                "type": "str",
                "choices": ["ReadWriteMany", "ReadWriteOnce"],
                "description": ["Its access mode. V(ReadWriteMany) for more than one replica, else V(ReadWriteOnce)."],
            },
        },
    },
    "credentials": {
        "type": "dict",
        "no_log": True,
        "description": [
            "The login for the storage, for the secret C(image-registry-private-configuration-user).",
            "Keys for s3: C(access_key), C(secret_key). For gcs: C(key_file), its content. For azure: C(account_key). "
            "For ibmcos: C(iam_api_key). For oss: C(access_key_id), C(access_key_secret).",
            "Keys for swift: C(username) and C(password), or C(token_id), or C(application_credential_id), "
            "C(application_credential_name) and C(application_credential_secret).",
        ],
    },
    "storage_ca": {
        "type": "str",
        "description": [
            "Certificates of the authority of an object store, as PEM. They go into the ConfigMap of "
            "C(openshift-config) that C(storage.s3.trustedCA.name) names. V(service) takes the authority of the "
            "cluster that signs for its services, where the store is one.",
        ],
    },
    "replicas": {"type": "int", "description": ["How many pods serve images."]},
    "rollout_strategy": {
        "type": "str",
        "choices": ["RollingUpdate", "Recreate"],
        "description": ["How pods are replaced. A claim that is ReadWriteOnce needs V(Recreate) and one replica."],
    },
    "log_level": {"type": "str", "choices": _LEVELS, "description": ["How much the registry logs."]},
    "operator_log_level": {"type": "str", "choices": _LEVELS, "description": ["How much the operator logs."]},
    "logging": {"type": "int", "description": ["The number that O(log_level) replaced; for old clusters."]},
    "read_only": {"type": "bool", "description": ["Whether pushes are refused."]},
    "disable_redirect": {
        "type": "bool",
        "description": ["Whether clients get images through the registry, and are not sent to the object store."],
    },
    "requests": {"type": "dict", "description": ["Limits of requests at a time: C(read), C(write).", _AS_IN_THE_API]},
    "registry_proxy": {
        "type": "dict",
        "description": ["The proxy of the registry: C(http), C(https), C(noProxy).", _AS_IN_THE_API],
    },
    "default_route": {"type": "bool", "description": ["Whether the registry has its default route."]},
    "routes": {
        "type": "list",
        "elements": "dict",
        "description": ["Further routes. Those of others stay, unless O(mode=exact)."],
        "options": {
            "name": {"type": "str", "required": True, "description": ["The name of the route."]},
            "hostname": {"type": "str", "description": ["The host; without it, the cluster makes one."]},
            "secret_name": {"type": "str", "description": ["A secret with C(tls.crt), C(tls.key) and C(tls.cacrt)."]},
            "certificate": {
                "type": "str",
                "description": ["The certificate and its chain, as PEM; the secret is made of it."],
            },
            "key": {"type": "str", "no_log": True, "description": ["The private key, as PEM."]},
            "ca": {"type": "str", "description": ["Certificates of the authority, as PEM."]},
            "state": {
                "type": "str", "choices": ["present", "absent"], "default": "present",
                "description": ["Whether the route is there."],
            },
        },
    },
    "access": ACCESS,
    "node_selector": {"type": "dict", "description": ["Labels of the nodes for the pods.", _AS_IN_THE_API]},
    "tolerations": {
        "type": "list", "elements": "dict",
        "description": ["Tolerations of the pods, as in the API. Those of others stay, unless O(mode=exact)."],
    },
    "affinity": {"type": "dict", "description": ["Affinity of the pods.", _AS_IN_THE_API]},
    "topology_spread_constraints": {
        "type": "list", "elements": "dict",
        "description": ["How pods are spread, as in the API. Those of others stay, unless O(mode=exact)."],
    },
    "resources": {"type": "dict", "description": ["Requests and limits of the pods.", _AS_IN_THE_API]},
    "mode": {
        "type": "str", "choices": ["merge", "exact"], "default": "merge",
        "description": [
            "V(merge) puts entries beside those of others. V(exact) makes mappings and lists that are given exactly as "
            "given; an empty one goes. Of the same O(storage), the keys stay that the operator fills in. Options that "
            "are not given change nothing.",
        ],
    },
    "allow": {
        "type": "list", "elements": "str", "default": [],
        "description": [f"Losses that do not stop the task: {', '.join(f'C({name})' for name in LOSSES)}."],
    },
    "release": {
        "type": "raw",
        "description": ["The minor release whose operator is asked, quoted, unless it is what ClusterVersion says."],
    },
    "warn_days": {"type": "int", "default": 30, "description": ["Warn of certificates that expire in so many days."]},
    **from_variables("image_registry_"),
}  # fmt: skip
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {
    "wait": {
        "type": "bool", "default": True,
        "description": [
            "Whether to wait until the registry really is as asked for: conditions of this generation, the rollout of "
            "its Deployment, and the storage that its pods have. When O(wait_timeout) is over, the cause is told.",
        ],
    },
    "rollback": {
        "type": "bool", "default": False,
        "description": ["Whether what was changed is put back when the registry does not get there in time."],
    },
}  # fmt: skip
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {
    "look_inside": {
        "type": "bool", "default": False,
        "description": [
            "Whether C(df) runs in a pod of a registry on a claim or an emptyDir, and tells what is mounted there and "
            "how large it is. It needs the right to create C(pods/exec).",
        ],
    },
}  # fmt: skip

_HOW = ("mode", "allow", "release", "warn_days", "from_variables")
#: Options that say what is wanted; the others say how.
ASKING = tuple(name for name in OPTIONS if name not in _HOW)
_OWN = (name for name in OPTIONS if name != "from_variables")
VARIABLES = behind("image_registry_", (*_OWN, *CHANGE_OPTIONS, *SURVEY_OPTIONS))
fill = Fill(VARIABLES)
