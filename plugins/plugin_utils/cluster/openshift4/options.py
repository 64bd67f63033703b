# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the task cluster_forecast, and the variables that fill them."""

from __future__ import annotations

from typing import Any

from ...policy import SERVICE_NETWORK
from ...variables import NETWORK_VARIABLES, POLICY, PREFIX, behind

OPTIONS: dict[str, dict[str, Any]] = {
    "manifests": {
        "type": "list",
        "elements": "path",
        "required": True,
        "description": [
            "Files with manifests of the cluster, as C(oc get -o yaml) writes them.",
            "The task searches for a relative name where M(ansible.builtin.copy) searches for its source. It decrypts "
            "encrypted files.",
        ],
    },
    "proposed": {
        "type": "list",
        "elements": "path",
        "default": [],
        "description": [
            "Files with manifests to be applied.",
            "An object of the same kind and name is merged into the one that is there; null removes a key.",
        ],
    },
    "removed": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": [
            "Objects to be deleted, each C(Kind/name) or C(Kind/namespace/name), after O(proposed) was applied.",
            "Short names and plurals of oc count, such as C(icsp/old).",
        ],
    },
    "policy": {
        "type": "raw",
        "description": [
            "The words of a registry policy by their names, applied after O(proposed). A mapping, as the variable "
            "C(registry_policy) is.",
            "Words for hosts are left out with a note. Files that C(trust) names are read on the controller.",
        ],
    },
    "hosted_registry_network": {
        "type": "str",
        "default": SERVICE_NETWORK,
        "description": [
            "The service network of the cluster the policy was written for.",
            "OpenShift 4 takes no address range, so this one is left out of C(insecure) with a note; any other is "
            "refused.",
        ],
    },
    "warn_days": {
        "type": "int",
        "default": 30,
        "description": ["Warn of certificates that expire within so many days."],
    },
    "release": {
        "type": "raw",
        "description": [
            "The minor release, quoted, V(4.8) to V(4.23).",
            "By default the one that ClusterVersion/version says.",
        ],
    },
    "other_releases": {
        "type": "list",
        "elements": "raw",
        "default": [],
        "description": ["Further releases for which to say the cost."],
    },
    "images": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": ["Images for which to say where nodes would pull them from."],
    },
    "node_disruption_policy": {
        "type": "list",
        "elements": "dict",
        "description": [
            "Node disruption policies, instead of those of MachineConfiguration/cluster among the manifests.",
        ],
    },
    "overridden": {
        "type": "list",
        "elements": "raw",
        "default": [],
        "description": ["Names of guards to silence, or C(guard: found) for one finding of a guard."],
    },
    "show": {
        "type": "bool",
        "default": False,
        "description": ["Whether to print the account, line by line, beside returning it."],
    },
    "from_variables": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether options that are not given are taken from variables.",
            "O(policy) comes from C(forecast_policy), else C(registry_policy). O(other_releases) comes from "
            "C(forecast_releases), O(warn_days) from C(docker_registries_trust_warn_days), and every other option "
            "from C(forecast_...) of its name.",
            "O(hosted_registry_network) comes from C(openshift_docker_hosted_registry_network), else "
            "C(openshift_portal_net), else C(openshift_master_portal_net).",
        ],
    },
}

VARIABLES = {
    **behind(
        "forecast_",
        ("manifests", "proposed", "removed", "release", "images", "node_disruption_policy", "overridden"),
    ),
    "policy": ("forecast_policy", POLICY),
    "hosted_registry_network": NETWORK_VARIABLES,
    "warn_days": (f"{PREFIX}trust_warn_days",),
    "other_releases": ("forecast_releases",),
}
