# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role docker_registries: which of them fill options, and what is said of the others.

What is asked for nowhere, or under a name that nobody reads, is never passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

from . import masters, registries, registry_auth, storage
from .policy import HOST_WORDS
from .trust import feature as trust
from .variables import PREFIX

#: What the role's task brings to a host, in this order.
FEATURES = (trust, registry_auth, registries)

#: The words of all features, and what is needed to read them.
WORD_OPTIONS: dict[str, dict[str, Any]] = {
    name: about for feature in FEATURES for name, about in feature.WORD_OPTIONS.items()
}

#: Options that say what is wanted; the others say how.
ASKING = (*HOST_WORDS, "hosted_registry_insecure")

NOTHING_ASKED = (
    "no policy: none of registry_policy, docker_registries_* and openshift_docker_*_registries says what {host} should "
    "get, so nothing was looked at; is group_vars beside the hosts file?"
)


def _known(variables: Mapping[str, Iterable[str]], prefix: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return the variables of a role: those that fill options of its task, and the others, by prefix."""
    filling = {name for names in variables.values() for name in names if name.startswith(prefix)}
    return tuple(sorted(filling | {f"{prefix}{name}" for name in others}))


def _from_variables(where: str) -> dict[str, dict[str, Any]]:
    text = f"Whether to take options that are not given from the variables of the role {where}, as that role does."
    return {"from_variables": {"type": "bool", "default": False, "description": [text]}}


FROM_VARIABLES = _from_variables(
    "C(docker_registries), from C(registry_policy) and from the variables of openshift-ansible"
)

#: What the role and its playbooks read or set beside the options of tasks, behind the prefix.
_OF_THE_ROLE = (
    "before_restart", "after_restart", "drain", "drain_node", "drain_kubeconfig", "drain_remote_kubeconfig",
    "drain_force", "drain_ignore_daemonsets", "drain_delete_emptydir_data", "drain_timeout",
    "drain_max_out_of_service", "drain_state", "serial", "max_failures", "backup_directory", "backup_encrypt",
    "backup_keys",
    "result", "info", "trust_info", "backup_result", "restore_result", "plan", "outcome", "message",
)  # fmt: skip
_OF_TASKS = {names[0] for feature in FEATURES for names in feature.VARIABLES.values() if names[0].startswith(PREFIX)}
KNOWN = (*sorted(_OF_TASKS), *(f"{PREFIX}{name}" for name in _OF_THE_ROLE))

#: How much a name must be like a known one to count as that one misspelt: a person may have variables of their own.
_LIKE = 0.85


class Asked:
    """A task that takes what it is not given from the variables of the role (option from_variables)."""

    spec: ClassVar[dict[str, dict[str, Any]]]
    from_variables: ClassVar[dict[str, dict[str, Any]]] = FROM_VARIABLES
    asking = ASKING
    nothing_asked = NOTHING_ASKED

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.spec = getattr(cls, "spec", {}) | cls.from_variables

    @staticmethod
    def misspelt(names: Iterable[str]) -> str:
        """Return a sentence about a variable whose name is nearly one of ours, "" without one."""
        return misspelt(names)


#: What the role image_policy reads or sets, behind its prefix, beside the options of its task.
_OF_MASTERS = (
    "result", "info", "trust_result", "pause", "wait", "accept_paused", "node_timeout", "render_timeout",
    "explain_after", "images", "cluster_result", "nodes_result", "cluster_info", "nodes_info",
)  # fmt: skip
KNOWN_OF_MASTERS = _known(masters.VARIABLES, masters.PREFIX, _OF_MASTERS)


class AskedOfMasters(Asked):
    """The same for the role image_policy."""

    asking = masters.ASKING
    nothing_asked = (
        "nothing is asked for: neither image_policy_rules nor image_policy_imports nor openshift-ansible's variables "
        "say what the master {host} should get, so nothing was looked at; is group_vars beside the hosts file?"
    )
    from_variables = _from_variables("C(image_policy) and from the variables of openshift-ansible")

    @staticmethod
    def misspelt(names: Iterable[str]) -> str:
        return misspelt(names, masters.PREFIX, KNOWN_OF_MASTERS)


#: What the role node_storage and its playbook read or set, behind its prefix, beside the options of its task.
_OF_STORAGE = (
    "result", "info", "plan", "drain", "node", "api_host", "kubeconfig", "remote_kubeconfig", "delete_emptydir_data",
    "force", "drain_timeout", "ready_timeout", "serial", "max_failures", "outcome", "message", "drained", "restored",
)  # fmt: skip
KNOWN_OF_STORAGE = _known(storage.VARIABLES, storage.PREFIX, _OF_STORAGE)


class AskedOfStorage(Asked):
    """The same for the role node_storage, whose task is told the name of its host."""

    asking = storage.ASKING
    nothing_asked = (
        "nothing is asked for: neither node_storage_devices, _driver and _settings nor openshift-ansible's variables "
        "say what storage {host} should get, so nothing was looked at; is group_vars beside the hosts file?"
    )
    from_variables = _from_variables("C(node_storage) and from the variables of openshift-ansible")
    variables: dict[str, Any]

    @staticmethod
    def misspelt(names: Iterable[str]) -> str:
        return misspelt(names, storage.PREFIX, KNOWN_OF_STORAGE)

    def must_ask(self, options: dict[str, Any]) -> None:
        """Refuse a call that asks for nothing; to grow what is there is something."""
        if options.get("mode") != "grow":
            super().must_ask(options)  # type: ignore[misc]

    def read(self, options: dict[str, Any]) -> Any:
        """Read the options, with the name that `confirm` must be."""
        return super().read({**options, "host": self.variables.get("inventory_hostname")})  # type: ignore[misc]


def misspelt(names: Iterable[str], prefix: str = PREFIX, known: tuple[str, ...] = KNOWN) -> str:
    """Return the sentence about a variable whose name is nearly one of ours, "" when there is none."""
    for name in sorted(map(str, names)):
        if name.startswith(prefix) and name not in known:
            near = get_close_matches(name, known, 1, _LIKE)
            if near:
                return f"{name}: is not a variable of the role; did you mean {near[0]}?"
    return ""
