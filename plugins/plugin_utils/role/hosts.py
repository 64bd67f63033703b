# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role docker_registries brings to a host, and the variables that it knows."""

from __future__ import annotations

from typing import Any

from .. import openshift_ansible, registries, registry_auth
from ..policy import HOST_WORDS
from ..trust import feature as trust
from ..variables import PREFIX
from . import names_of

#: What the role's task brings to a host, in this order.
FEATURES = (trust, registry_auth, registries)

#: The words of all features, and what is needed to read them.
WORD_OPTIONS: dict[str, dict[str, Any]] = {
    name: about for feature in FEATURES for name, about in feature.WORD_OPTIONS.items()
}

#: What the role and its playbooks read or set beside the options of tasks, behind the prefix.
_OF_THE_ROLE = (
    "before_restart", "after_restart", "drain", "drain_node", "drain_kubeconfig", "drain_remote_kubeconfig",
    "drain_force", "drain_ignore_daemonsets", "drain_delete_emptydir_data", "drain_timeout",
    "drain_max_out_of_service", "drain_state", "serial", "max_failures", "backup_directory", "backup_encrypt",
    "backup_keys",
    "result", "info", "trust_info", "backup_result", "restore_result", "plan", "outcome", "message",
)  # fmt: skip
_MEANT = (*openshift_ansible.BESIDE, *(f"{PREFIX}{word}" for word in HOST_WORDS))
NAMES = names_of(PREFIX, (feature.VARIABLES for feature in FEATURES), _OF_THE_ROLE, _MEANT)
