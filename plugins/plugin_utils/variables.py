# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables of the inventory fill the options of the role's tasks, nearest first.

This is a table and not templates of the role, because Ansible compiles every template of a task again in every worker:
thirty of them cost a host more than its plan.

Facts about the old variables: openshift-ansible, roles container_runtime and docker (releases 3.6 to 3.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .policy import WORDS, variables_of, words_in

POLICY = "registry_policy"

#: Options that do not come from the variable that has their name behind the task's prefix.
_SOURCES: dict[str, tuple[str, ...]] = {word: variables_of(word, "docker_registries_", POLICY) for word in WORDS} | {
    "hosted_registry_insecure": ("openshift_docker_hosted_registry_insecure",),
    # openshift-ansible's default for the first is the second
    "hosted_registry_network": ("openshift_docker_hosted_registry_network", "openshift_portal_net"),
    "policy": ("forecast_policy", POLICY),
    "other_releases": ("forecast_releases",),
    "activation": ("docker_registries_activation",),
    "warn_days": ("docker_registries_trust_warn_days",),
}


def fill(options: Iterable[str], prefix: str, value_of: Callable[[str], Any]) -> dict[str, tuple[str, Any]]:
    """For each option that some variable gives: that variable, and its value.

    value_of: the value of a variable, None when nobody gives it; it is called for no more variables than needed.
    Raises PolicyError for a registry_policy that is invalid.
    """
    policy = value_of(POLICY)
    words = {} if policy is None else words_in(POLICY, policy)
    found = {}
    for option in options:
        for name in _SOURCES.get(option, (f"{prefix}{option}",)):
            dummy, inside, word = name.partition(".")
            value = words.get(word) if inside else value_of(name)
            if value is not None:
                found[option] = (name, value)
                break
    return found
