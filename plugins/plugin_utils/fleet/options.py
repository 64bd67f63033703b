# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the task fleet_report, and which registered variables of our playbooks it reads."""

from __future__ import annotations

from typing import Any

#: Variable that a task registers → what the task is about.
OF_HOSTS = {
    "docker_registries_result": "registries",
    "docker_registries_info": "registries",
    "image_policy_result": "image policy",
    "registry_storage_hosted": "integrated registry",
    "registry_storage_hosted_found": "integrated registry",
    # The later of several about the same counts: a plan is less than what came of it.
    "node_storage_info": "storage",
    "node_storage_plan": "storage",
    "node_storage_result": "storage",
    "image_policy_trust_result": "trust of the master",
    "image_policy_info": "image policy",
}
OF_CLUSTERS = {
    "registry_access_cluster": "pull secret",
    "registry_access_cluster_found": "pull secret",
    "registry_access_result": "logins of projects",
    "registry_access_found": "logins of projects",
    "registry_access_imports": "imports",
    "cluster_result": "registries",
    "cluster_info": "registries",
    "image_policy_nodes_result": "nodes",
    "registry_storage_result": "image registry",
    "registry_storage_info": "image registry",
    "registry_storage_pruner": "image pruner",
    "registry_storage_pruner_info": "image pruner",
}

OPTIONS: dict[str, dict[str, Any]] = {
    "hosts": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": ["Hosts to speak of. One of which nothing at all is registered was not looked at."],
    },
    "clusters": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": ["Hosts of the inventory that stand for clusters."],
    },
    "expected": {
        "type": "dict",
        "default": {},
        "description": [
            "What it is about, as in O(results), and the hosts and clusters that were to be asked for it. One of which "
            "nothing is registered is said not to have been looked at.",
        ],
    },
    "run": {"type": "str", "default": "report", "description": ["The name of the run, for a person."]},
    "page": {
        "type": "path",
        "description": [
            "A file on the controller for the report as one HTML page, which needs no network. Its name ends in "
            "C(.html); the same as JSON is written beside it, in a file whose name ends in C(.json).",
            "Both are readable for their owner only, and are written in check mode too.",
        ],
    },
    "metrics": {
        "type": "path",
        "description": [
            "A file on the controller for drift and days left as metrics of Prometheus, readable for everybody; "
            "written in check mode too.",
        ],
    },
    "results": {
        "type": "dict",
        "default": OF_HOSTS,
        "description": ["The registered variables of hosts that are read, and what each is about."],
    },
    "cluster_results": {
        "type": "dict",
        "default": OF_CLUSTERS,
        "description": ["The registered variables of clusters that are read, and what each is about."],
    },
}
