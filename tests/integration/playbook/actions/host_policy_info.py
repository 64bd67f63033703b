# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the real task: answers with one engine and selects from it as asked."""

from __future__ import annotations

import json
import os
from typing import Any

import jmespath
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role import Asked
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.hosts import FEATURES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostInfo

ENGINE = {
    "name": "containers",
    "title": "podman",
    "version": "4.3.1",
    "running": True,
    "mode": "merge",
    "search": ["a.example.com", "b.example.com"],
    "blocked": [],
    "insecure": ["b.example.com"],
    "files": ["/etc/containers/registries.conf"],
    "problems": ["a later drop-in names b.example.com too"],
}


class ActionModule(Asked, HostInfo):
    features = FEATURES

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["from_variables"]:
            self.must_ask(options)
        task_vars = self.variables
        self._low_level_execute_command("true")
        args = json.loads(json.dumps(self.given(), default=str))
        drift = bool(task_vars.get("drift"))
        account = ["differs from the policy:" if drift else "as the policy says"]
        answer = {"engines": [ENGINE], "drift": drift, "account": account, **task_vars.get("node_has", {})}
        with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
            entry = {"task": "host_policy_info", "host": str(task_vars["inventory_hostname"])}
            log.write(json.dumps({**entry, "args": args}) + "\n")
        return {**answer, "selected": jmespath.search(args.get("query") or "@", answer)}
