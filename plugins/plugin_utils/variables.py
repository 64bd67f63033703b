# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables of the inventory fill the options of the role's tasks, nearest first.

This is a table and not templates of the role, because Ansible compiles every template of a task again in every worker:
thirty of them cost a host more than its plan.

Facts about the old variables: openshift-ansible, roles container_runtime and docker (releases 3.6 to 3.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .observed import HostProblem
from .policy import WORDS
from .trust.policy import WORD

POLICY = "registry_policy"

_OLD = {
    "search": "openshift_docker_additional_registries",
    "blocked": "openshift_docker_blocked_registries",
    "insecure": "openshift_docker_insecure_registries",
}
_WORDS = (*WORDS, WORD)
_LIST = ", ".join(_WORDS)

#: Options that do not come from the variable that has their name behind the task's prefix.
_SOURCES: dict[str, tuple[str, ...]] = {
    word: (f"docker_registries_{word}", f"{POLICY}.{word}", *([_OLD[word]] if word in _OLD else [])) for word in _WORDS
} | {
    "hosted_registry_insecure": ("openshift_docker_hosted_registry_insecure",),
    "hosted_registry_network": ("openshift_docker_hosted_registry_network",),
    "activation": ("docker_registries_activation",),
    "warn_days": ("docker_registries_trust_warn_days",),
}


def fill(options: Iterable[str], prefix: str, value_of: Callable[[str], Any]) -> dict[str, tuple[str, Any]]:
    """For each option that some variable gives: that variable, and its value.

    value_of: the value of a variable, None when nobody gives it; it is called for no more variables than needed.
    Raises HostProblem for a registry_policy that cannot be meant.
    """
    policy = value_of(POLICY)
    # values are not shown: among them may be private keys
    if policy is not None and not isinstance(policy, Mapping):
        raise HostProblem(f"{POLICY}: a mapping of words ({_LIST}) is needed, this is a {type(policy).__name__}")
    unknown = [str(word) for word in policy or () if word not in _WORDS]
    if unknown:
        raise HostProblem(f"{POLICY}.{unknown[0]}: there is no such word; there are {_LIST}")
    found = {}
    for option in options:
        for name in _SOURCES.get(option, (f"{prefix}{option}",)):
            dummy, inside, word = name.partition(".")
            value = (policy or {}).get(word) if inside else value_of(name)
            if value is not None:
                found[option] = (name, value)
                break
    return found
