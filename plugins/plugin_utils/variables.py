# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How variables of the inventory fill the options of tasks; which ones do is a table of each feature, VARIABLES.

This is a table and not templates of the role, because Ansible compiles every template of a task again in every worker:
thirty of them cost a host more than its plan.

Facts about the old variables: openshift-ansible, roles container_runtime and docker (releases 3.6 to 3.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import openshift_ansible, policy
from .policy import words_in

#: Variables of the role begin with it.
PREFIX = "docker_registries_"
POLICY = "registry_policy"

#: Option → the variables that it is taken from, nearest first; NAME.KEY is a key of the mapping in the variable NAME.
Sources = Mapping[str, tuple[str, ...]]

#: openshift-ansible's default for each is the next (playbooks/init/cluster_facts.yml; the last is an older name).
NETWORK_VARIABLES = ("openshift_docker_hosted_registry_network", "openshift_portal_net", "openshift_master_portal_net")

#: Of options that all tasks about hosts have.
COMMON: Sources = {name: (f"{PREFIX}{name}",) for name in ("activation", "expect_plan", "undo", "state")}


def behind(prefix: str, options: Iterable[str]) -> Sources:
    """Map options to the variables with their names behind a prefix."""
    return {option: (f"{prefix}{option}",) for option in options}


def from_variables(prefix: str) -> dict[str, dict[str, Any]]:
    """Make the option of a task whose options may be taken from variables behind a prefix."""
    text = f"Whether to take options that are not given from variables C({prefix}...)."
    return {"from_variables": {"type": "bool", "default": False, "description": [text]}}


def words(group: str) -> Sources:
    """Return the words of a group, for tasks of the role."""
    return policy.variables_of(group, PREFIX, POLICY)


def words_of(spec: Mapping[str, Mapping[str, Any]], options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return those of these options that say what is wanted; the ones with a default say how."""
    return tuple(
        name
        for name, about in spec.items()
        if options.get(name) is not None and ("default" not in about or options[name] is True)
    )


@dataclass(frozen=True)
class Fill:
    """Gives options the values of variables (see task/base.py)."""

    sources: Sources

    def __call__(self, options: Iterable[str], value_of: Callable[[str], Any]) -> dict[str, tuple[str, Any]]:
        """Return, for each option that some variable sets, that variable and its value.

        value_of: the value of a variable, None when nobody gives it; it is called for no more variables than needed.
        Raises PolicyError for a registry_policy that is invalid.
        """
        given = value_of(POLICY)
        entries = {} if given is None else words_in(POLICY, given)
        found = {}
        for option in options:
            for name in self.sources.get(option, ()):
                dummy, inside, word = name.partition(".")
                if name in openshift_ansible.WORD_OF:
                    name, value = openshift_ansible.value_of(name, value_of) or (name, None)
                else:
                    value = entries.get(word) if inside else value_of(name)
                if value is not None:
                    found[option] = (name, value)
                    break
        return found

    def remarks(self, origins: Mapping[str, str], value_of: Callable[[str], Any]) -> list[str]:
        """List the values of the variables that are left out, one sentence each; none where no list is filled here.

        origins: option → the variable from which it was taken, or "" for one that the task gives itself.
        """
        if not openshift_ansible.LISTS.keys() <= self.sources.keys():
            return []
        return openshift_ansible.remarks(origins.keys(), lambda word: origins.get(word, ""), value_of)

    def trail(self, origins: Mapping[str, str], value_of: Callable[[str], Any]) -> dict[str, tuple[str, ...]]:
        """Return, for each option that adds up from variables of openshift-ansible, all of them. origins: as above."""
        return {
            option: openshift_ansible.trail(openshift_ansible.WORD_OF[source], value_of)
            for option, name in origins.items()
            if name in openshift_ansible.SUMS
            for source in self.sources.get(option, ())
            if source in openshift_ansible.WORD_OF
        }
