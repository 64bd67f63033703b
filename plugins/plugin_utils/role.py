# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role docker_registries: which of them fill options, and what is said of the others.

What is asked for nowhere, or under a name that nobody reads, is never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from typing import Any

from . import variables
from .policy import WORDS

PREFIX = "docker_registries_"

#: Options that say what is wanted; the others say how.
ASKING = (*WORDS, "hosted_registry_insecure")

NOTHING_ASKED = (
    "no policy: none of registry_policy, docker_registries_* and openshift_docker_*_registries says what {host} should "
    "get, so nothing was looked at; is group_vars beside the hosts file?"
)

#: Options of all tasks about hosts.
_COMMON = ("activation", "expect_plan")

#: What the role and its playbooks read or set beside the options of tasks, behind the prefix.
_OF_THE_ROLE = (
    "before_restart", "after_restart", "serial", "max_failures", "backup_directory", "backup_encrypt", "backup_keys",
    "result", "info", "trust_info", "backup_result", "restore_result", "plan", "outcome", "message",
)  # fmt: skip
_OF_TASKS = (
    *WORDS, "mode", "unenforceable", "foreign_scopes", "activation", "expect_plan", "images", "query",
    *("trust_scope", "trust_purge", "trust_verify", "trust_warn_days", "trust_expires_in_days", "trust_query"),
)  # fmt: skip
KNOWN = tuple(f"{PREFIX}{name}" for name in (*_OF_TASKS, *_OF_THE_ROLE))

#: How much a name must be like a known one to count as that one misspelt: a person may have variables of their own.
_LIKE = 0.85


class Asked:
    """A task that takes what it is not given from the variables of the role (option from_variables)."""

    asking = ASKING
    nothing_asked = NOTHING_ASKED

    @staticmethod
    def misspelt(names: Iterable[str]) -> str:
        """The sentence about a variable whose name is nearly one of ours, "" when there is none."""
        return misspelt(names)


def filler(own: Collection[str], prefix: str) -> Callable[..., dict[str, tuple[str, Any]]]:
    """A fill (see task/base.py) for these options of a feature, behind its prefix, and for those of all tasks."""

    def fill(options: Iterable[str], value_of: Callable[[str], Any]) -> dict[str, tuple[str, Any]]:
        options = list(options)
        found = variables.fill([option for option in options if option in own], prefix, value_of)
        return found | variables.fill([option for option in options if option in _COMMON], PREFIX, value_of)

    return fill


def misspelt(names: Iterable[str]) -> str:
    """The sentence about a variable whose name is nearly one of ours, "" when there is none."""
    for name in sorted(map(str, names)):
        if name.startswith(PREFIX) and name not in KNOWN:
            near = get_close_matches(name, KNOWN, 1, _LIKE)
            if near:
                return f"{name}: there is no such variable; {near[0]} is meant"
    return ""
