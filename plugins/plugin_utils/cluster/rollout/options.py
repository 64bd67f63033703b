# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of tasks about pools."""

from __future__ import annotations

from typing import Any

LOOK: dict[str, dict[str, Any]] = {
    "pools": {
        "type": "list",
        "elements": "str",
        "description": ["The names of the MachineConfigPools. Unless given, all of them."],
    },
    "release": {
        "type": "raw",
        "description": ["The minor release of the cluster, quoted, unless it is what ClusterVersion says."],
    },
}

ROLL: dict[str, dict[str, Any]] = {
    "state": {
        "type": "str",
        "choices": ["updated", "paused", "resumed"],
        "default": "updated",
        "description": [
            "V(updated) waits until every node of the pools has the files that follow from the objects of the cluster, "
            "and is done with them.",
            "V(paused) pauses the pools, so that several changes roll out once. V(resumed) lifts what V(paused) has "
            "paused, and does not wait. A pool that somebody else has paused stays paused.",
        ],
    },
    "compare": {
        "type": "bool",
        "default": True,
        "description": [
            "Whether configs are compared with the files that follow from the objects of the cluster. Without it, the "
            "task waits until the pools have been updated for half a minute, and nothing is verified.",
        ],
    },
    "accept_paused": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether the task ends well though a pool is paused and its nodes keep old files. It is never waited for.",
        ],
    },
}

#: How long a wait may take.
TIMES: dict[str, dict[str, Any]] = {
    "timeout": {
        "type": "int",
        "description": ["Seconds after which a wait ends. Unless given, only the times of nodes end it."],
    },
    "node_timeout": {
        "type": "int",
        "default": 5400,
        "description": [
            "Seconds that one node may take, from the moment that it is told of its config; a drain alone may take an "
            "hour before the cluster gives up.",
        ],
    },
    "render_timeout": {
        "type": "int",
        "default": 300,
        "description": ["Seconds until the config of a pool has to hold what follows from the objects of the cluster."],
    },
    "explain_after": {
        "type": "int",
        "default": 60,
        "description": ["Seconds of a drain after which what holds it is named, and again as often."],
    },
}

MIGRATION: dict[str, dict[str, Any]] = {
    "names": {
        "type": "list",
        "elements": "str",
        "description": ["The names of the ImageContentSourcePolicies. Unless given, all of the cluster."],
    },
    "files": {
        "type": "list",
        "elements": "path",
        "description": [
            "Manifests of ImageContentSourcePolicies on the controller. They are converted to files below O(to), and "
            "no cluster is contacted.",
        ],
    },
    "to": {
        "type": "path",
        "description": ["A directory on the controller for the new manifests, one a file, named alike in every run."],
    },
    "overridden": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": [
            "Names of guards that do not stop the task: C(managed-by-others), when a tool for GitOps keeps the old "
            "objects.",
        ],
    },
}
