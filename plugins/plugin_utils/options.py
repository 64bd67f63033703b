# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every task's options, once, as data. tests/unit/test_options.py holds them against the documentation."""

from __future__ import annotations

from typing import Any

from .policy import SERVICE_NETWORK, options_of

Options = dict[str, dict[str, Any]]

#: Whether what a task is not given comes from the variables of the role (see variables.py).
FROM_VARIABLES: Options = {"from_variables": {"type": "bool", "default": False}}

HOSTED_NETWORK: Options = {"hosted_registry_network": {"type": "str", "default": SERVICE_NETWORK}}

POLICY_WORDS: Options = (
    options_of("registries") | {"hosted_registry_insecure": {"type": "bool", "default": False}} | HOSTED_NETWORK
)

#: How a policy is brought to a host.
APPLYING: Options = {
    "mode": {"type": "str", "choices": ["exact", "merge"]},
    "unenforceable": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
    "foreign_scopes": {"type": "str", "choices": ["fail", "reject", "keep"], "default": "fail"},
}

CONTAINER_REGISTRIES: Options = (
    FROM_VARIABLES
    | POLICY_WORDS
    | APPLYING
    | {
        "activation": {"type": "str", "choices": ["now", "if_idle", "defer"], "default": "if_idle"},
        "expect_plan": {"type": "str"},
    }
)

CONTAINER_REGISTRIES_INFO: Options = (
    FROM_VARIABLES
    | POLICY_WORDS
    | APPLYING
    | {
        "images": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
    }
)

#: The word `trust`, and how it is judged.
WARN_DAYS: Options = {"warn_days": {"type": "int", "default": 30}}

TRUST_WORDS: Options = options_of("trust") | WARN_DAYS

REGISTRY_POLICY: Options = FROM_VARIABLES | POLICY_WORDS | TRUST_WORDS

TRUST_APPLYING: Options = {
    "scope": {"type": "str", "choices": ["auto", "system", "engine", "both"], "default": "auto"},
    "purge": {"type": "bool", "default": True},
}

REGISTRY_TRUST: Options = (
    FROM_VARIABLES
    | TRUST_WORDS
    | TRUST_APPLYING
    | {
        "verify": {"type": "str", "choices": ["full", "store", "none"], "default": "full"},
        "activation": {"type": "str", "choices": ["now", "if_idle", "defer"], "default": "if_idle"},
        "expect_plan": {"type": "str"},
    }
)

REGISTRY_TRUST_INFO: Options = (
    FROM_VARIABLES
    | TRUST_WORDS
    | TRUST_APPLYING
    | {
        "expires_in_days": {"type": "int"},
        "query": {"type": "str"},
    }
)

CERTIFICATES_BACKUP: Options = {
    "path": {"type": "path", "required": True},
    "keys": {"type": "bool", "default": True},
    "encrypt": {"type": "bool", "default": False},
}

CERTIFICATES_RESTORE: Options = {
    "path": {"type": "path", "required": True},
    "other_host": {"type": "bool", "default": False},
    "verify": {"type": "str", "choices": ["full", "store", "none"], "default": "full"},
    "activation": {"type": "str", "choices": ["now", "if_idle", "defer"], "default": "if_idle"},
    "expect_plan": {"type": "str"},
}

CLUSTER_FORECAST: Options = (
    FROM_VARIABLES
    | HOSTED_NETWORK
    | WARN_DAYS
    | {
        "manifests": {"type": "list", "elements": "path", "required": True},
        "proposed": {"type": "list", "elements": "path", "default": []},
        "policy": {"type": "raw"},
        "release": {"type": "raw"},
        "other_releases": {"type": "list", "elements": "raw", "default": []},
        "images": {"type": "list", "elements": "str", "default": []},
        "node_disruption_policy": {"type": "list", "elements": "dict"},
        "overridden": {"type": "list", "elements": "str", "default": []},
    }
)

HOST_POLICY: Options = (
    FROM_VARIABLES
    | POLICY_WORDS
    | TRUST_WORDS
    | APPLYING
    | TRUST_APPLYING
    | {
        "verify": {"type": "str", "choices": ["full", "store", "none"], "default": "full"},
        "activation": {"type": "str", "choices": ["now", "if_idle", "defer"], "default": "if_idle"},
        "expect_plan": {"type": "str"},
    }
)

HOST_POLICY_INFO: Options = (
    FROM_VARIABLES
    | POLICY_WORDS
    | TRUST_WORDS
    | APPLYING
    | TRUST_APPLYING
    | {
        "images": {"type": "list", "elements": "str"},
        "expires_in_days": {"type": "int"},
        "query": {"type": "str"},
    }
)
