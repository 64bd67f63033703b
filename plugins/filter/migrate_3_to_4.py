# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.dockyard.openshift.plugins.plugin_utils import migration
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered


def migrate_3_to_4(found: Any) -> dict[str, Any]:
    """Make the variables of a cluster of OpenShift 4 from what one of 3 has."""
    # Names of variables in it are for the new inventory: nobody here is to put their values in.
    made: dict[str, Any] = wrap_var(filtered(migration.migrate, found))
    return made


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migrate_3_to_4": migrate_3_to_4}
