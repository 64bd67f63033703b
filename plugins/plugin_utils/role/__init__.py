# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role docker_registries: which of them fill options, and what is said of the others.

What is asked for nowhere, or under a name that nobody reads, is never passed over. Ansible compiles what a task imports
at every run, so the names that come from features are beside this: hosts.py, masters.py, storage.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from os.path import commonprefix
from typing import Any, ClassVar

from ..policy import HOST_WORDS
from ..variables import Sources

#: Options that say what is wanted; the others say how.
ASKING = (*HOST_WORDS, "hosted_registry_insecure")

NOTHING_ASKED = (
    "no policy: none of registry_policy, docker_registries_* and openshift_docker_*_registries says what {host} should "
    "get, so nothing was looked at; is group_vars beside the hosts file?"
)

#: How much a name must be like a known one to count as that one misspelt, and how much what is behind the words that
#: both begin with: a person may have variables of their own.
_LIKE, _LIKE_BEHIND = 0.85, 0.75
#: How names begin that are not ours alone; the first is the role's prefix as people write it.
_SHARED = (
    "docker_registry_", "regi", "openshift_docker_", "openshift_additional_", "openshift_master_",
    "container_runtime_docker_", "docker_storage_",
)  # fmt: skip
#: Names of others that are nearly one of ours: a table of policies, kubespray's mirrors, openshift-ansible's own.
_OF_OTHERS = (
    "registry_policies", "docker_registry_mirrors",
    "openshift_docker_log_options", "openshift_docker_use_etc_containers", "docker_storage_extra_options",
)  # fmt: skip


@dataclass(frozen=True)
class Names:
    """The variables that a role knows: its own by their prefix, and others that ask for something."""

    prefix: str
    own: tuple[str, ...]
    shared: tuple[str, ...]

    def misspelt(self, names: Iterable[str]) -> str:
        """Return the sentence about a variable whose name is nearly one of ours, "" when there is none."""
        for name in sorted(map(str, names)):
            for near in get_close_matches(name, self._meant_by(name), cutoff=_LIKE):
                common = commonprefix((name, near)).rfind("_") + 1
                if get_close_matches(name[common:], (near[common:],), cutoff=_LIKE_BEHIND):
                    return f"{name}: is not a variable of the role; did you mean {near}?"
        return ""

    def _meant_by(self, name: str) -> tuple[str, ...]:
        """Return what a name may be a misspelling of; one that others read too, with more behind, is a person's own."""
        if not name.startswith((self.prefix, *_SHARED)) or name in (*self.own, *self.shared, *_OF_OTHERS):
            return ()
        if name.startswith(self.prefix):
            return self.own
        return () if name.startswith(tuple(f"{one}_" for one in self.shared)) else self.shared


def names_of(prefix: str, variables: Iterable[Sources], others: Iterable[str], asking: Iterable[str] = ()) -> Names:
    """Name what a role knows by the sources of its options.

    others: what it reads or sets beside them, behind its prefix. asking: what else may be meant by a name of others.
    """
    filling = {name.partition(".")[0] for sources in variables for names in sources.values() for name in names}
    own = {name for name in filling if name.startswith(prefix)} | {f"{prefix}{name}" for name in others}
    return Names(prefix, tuple(sorted(own)), tuple(sorted((filling - own) | set(asking))))


def from_variables_of(where: str) -> dict[str, dict[str, Any]]:
    text = f"Whether to take options that are not given from the variables of the role {where}, as that role does."
    return {"from_variables": {"type": "bool", "default": False, "description": [text]}}


FROM_VARIABLES = from_variables_of(
    "C(docker_registries), from C(registry_policy) and from the variables of openshift-ansible"
)


class Asked:
    """A task that takes what it is not given from the variables of the role (option from_variables)."""

    spec: ClassVar[dict[str, dict[str, Any]]]
    from_variables: ClassVar[dict[str, dict[str, Any]]] = FROM_VARIABLES
    asking = ASKING
    nothing_asked = NOTHING_ASKED
    #: The variables of the role; None for those of docker_registries, loaded when they are needed.
    names: ClassVar[Names | None] = None

    @classmethod
    def misspelt(cls, names: Iterable[str]) -> str:
        """Return the sentence about a variable whose name is nearly one that the role knows, "" without one."""
        if cls.names is None:
            from .hosts import NAMES  # late: it brings all features of hosts, and only from_variables needs them

            return NAMES.misspelt(names)
        return cls.names.misspelt(names)

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.spec = getattr(cls, "spec", {}) | cls.from_variables
