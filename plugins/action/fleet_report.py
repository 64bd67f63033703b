# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from collections.abc import Container, Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import clock
from ansible_collections.dockyard.openshift.plugins.plugin_utils.fleet import metrics, page, report
from ansible_collections.dockyard.openshift.plugins.plugin_utils.fleet.options import OPTIONS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task, TaskProblem, plain
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import ControllerFiles

#: A metrics file is read by a program of another user.
_FOR_EVERYBODY = 0o644


class ActionModule(ControllerFiles, Task):
    """Needs no connection: it reads what earlier tasks of the run registered."""

    _requires_connection = False
    spec = OPTIONS

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        paths = _paths(options)
        expected = {about: set(names) for about, names in options["expected"].items()}
        wanted = {"host": options["results"], "cluster": options["cluster_results"]}
        asked = [(name, kind) for kind in wanted for name in options[f"{kind}s"]]
        subjects = [self._subject(name, kind, wanted[kind], expected) for name, kind in asked]
        now = clock.now()
        found = report.document(subjects, options["run"], now, check_mode=self._task.check_mode)
        if page_path := paths["page"]:
            self.write_privately(page_path, page.render(found).encode())
        if paths["json"]:
            self.write_privately(paths["json"], (json.dumps(found, indent=1) + "\n").encode())
        if paths["metrics"]:
            self.write_whole(paths["metrics"], metrics.render(found).encode(), _FOR_EVERYBODY)
        drifted = [one["name"] for one in found["subjects"] if one["drift"]]
        return {
            "changed": False, "account": report.account(found), "failing": report.failing(found), "drifted": drifted,
            "summary": found["summary"], "files": [path for path in paths.values() if path],
        }  # fmt: skip

    def _subject(
        self, name: str, kind: str, wanted: Mapping[str, str], expected: Mapping[str, Container[str]]
    ) -> report.Subject:
        """Collect what tasks registered for a host or cluster under the names of variables that are wanted."""
        variables = self.variables["hostvars"].raw_get(name)
        if not isinstance(variables, Mapping):
            raise TaskProblem(f"{kind}s: {name} is not in the inventory")
        results = {about: plain(variables[variable]) for variable, about in wanted.items() if variable in variables}
        known = {about: one for about, one in results.items() if isinstance(one, Mapping)}
        return report.Subject(name, kind, known, [about for about, names in expected.items() if name in names])


def _paths(options: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the absolute path of each file that is wanted. Raises TaskProblem."""
    path = options["page"]
    if path and not path.endswith((".html", ".htm")):
        raise TaskProblem(f"page: {path} does not end in .html; the JSON beside it has the same name with .json")
    found = {"page": path, "json": f"{os.path.splitext(path)[0]}.json" if path else None, "metrics": options["metrics"]}
    return {name: os.path.abspath(os.path.expanduser(path)) if path else None for name, path in found.items()}
