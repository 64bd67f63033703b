# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of tasks that take nodes out of service."""

from __future__ import annotations

from typing import Any

#: What a drain may do; named as in the filter drain_plan.
DRAIN: dict[str, dict[str, Any]] = {
    "node": {"type": "str", "required": True, "description": ["The name of the node in the cluster."]},
    "force": {
        "type": "bool",
        "default": False,
        "description": ["Whether pods go that no controller would start again."],
    },
    "ignore_daemonsets": {
        "type": "bool",
        "default": False,
        "description": ["Whether pods of daemon sets stay where they are, instead of stopping the drain."],
    },
    "delete_emptydir_data": {
        "type": "bool",
        "default": False,
        "description": ["Whether pods go whose data in an emptyDir is lost with them."],
    },
    "pod_selector": {"type": "str", "description": ["A label selector; other pods stay where they are."]},
    "skip_wait_for_delete_timeout": {
        "type": "int",
        "default": 0,
        "description": ["Seconds after which a pod that is being deleted is not waited for any longer; V(0): never."],
    },
}

SERVICE: dict[str, dict[str, Any]] = {
    "state": {
        "type": "str",
        "choices": ["drained", "in_service"],
        "default": "drained",
        "description": [
            "V(drained) keeps new pods away from the node and waits until its pods are gone. V(in_service) waits until "
            "the node is ready and lets pods come back.",
            "A node that somebody else has cordoned stays cordoned.",
        ],
    },
    "grace_period": {
        "type": "int",
        "description": ["Seconds that pods have to end, instead of what they say themselves."],
    },
    "ready_timeout": {
        "type": "int",
        "default": 300,
        "description": ["Seconds that a node has to become ready."],
    },
    "max_out_of_service": {
        "type": "int",
        "description": [
            "How many nodes of the cluster may be out of service at once, whoever drains them with this option. A "
            "Lease counts them; the task waits for its turn.",
        ],
    },
    "lease_namespace": {"type": "str", "default": "default", "description": ["The namespace of that Lease."]},
}
