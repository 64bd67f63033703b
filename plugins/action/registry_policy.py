# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import libraries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_options
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role import Asked
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.hosts import FEATURES, WORD_OPTIONS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task, TaskProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import ControllerFiles
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import report


class ActionModule(Asked, ControllerFiles, Task):
    """Needs no connection: the host is never contacted."""

    _requires_connection = False
    spec = WORD_OPTIONS
    fills = tuple(feature.fill for feature in FEATURES)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        if lacking := libraries.missing():
            wanted = f"pip install {' '.join(lacking)}"
            raise TaskProblem(f"the controller lacks Python libraries that the next tasks need: {wanted}")
        self.must_ask(options)
        reading = Reading(self.read_file, self.secrets.add_key, warn_days=options["warn_days"])
        policy = read_options(options, reading)
        result: dict[str, Any] = {"changed": False, "policy": policy.words(), "notes": list(policy.notes)}
        if policy.trust is not None:
            result["trust"] = report.asked(policy.trust, reading.now)
        return result | ({"warnings": list(policy.warnings)} if policy.warnings else {})
