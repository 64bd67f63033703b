# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role node_storage, as this package has those of docker_registries."""

from __future__ import annotations

from typing import Any

from .. import storage
from . import Asked, from_variables_of, names_of

#: What the role node_storage and its playbook read or set, behind its prefix, beside the options of its task.
_OF_STORAGE = (
    "result", "info", "plan", "drain", "node", "api_host", "kubeconfig", "remote_kubeconfig", "delete_emptydir_data",
    "force", "drain_timeout", "ready_timeout", "serial", "max_failures", "outcome", "message", "drained", "restored",
)  # fmt: skip
NAMES_OF_STORAGE = names_of(storage.PREFIX, (storage.VARIABLES,), _OF_STORAGE)


class AskedOfStorage(Asked):
    """The same for the role node_storage, whose task is told the name of its host."""

    asking = storage.ASKING
    nothing_asked = (
        "nothing is asked for: neither node_storage_devices, _driver and _settings nor openshift-ansible's variables "
        "say what storage {host} should get, so nothing was looked at; is group_vars beside the hosts file?"
    )
    from_variables = from_variables_of("C(node_storage) and from the variables of openshift-ansible")
    names = NAMES_OF_STORAGE
    variables: dict[str, Any]

    def must_ask(self, options: dict[str, Any]) -> None:
        """Refuse a call that asks for nothing; to grow what is there is something."""
        if options.get("mode") != "grow":
            super().must_ask(options)  # type: ignore[misc]

    def read(self, options: dict[str, Any]) -> Any:
        """Read the options, with the name that `confirm` must be."""
        return super().read({**options, "host": self.variables.get("inventory_hostname")})  # type: ignore[misc]
