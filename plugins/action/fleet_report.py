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

#: What is written, and with which permissions: a metrics file is read by a program of another user.
_KINDS = {
    "page": (page.render, 0o600),
    "json": (lambda found: json.dumps(found, indent=1) + "\n", 0o600),
    "metrics": (metrics.render, 0o644),
}


class ActionModule(ControllerFiles, Task):
    """Needs no connection: it reads what earlier tasks of the run registered."""

    _requires_connection = False
    spec = OPTIONS

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        expected = {about: set(names) for about, names in options["expected"].items()}
        wanted = {"host": options["results"], "cluster": options["cluster_results"]}
        asked = [(name, kind) for kind in wanted for name in options[f"{kind}s"]]
        subjects = [self._subject(name, kind, wanted[kind], expected) for name, kind in asked]
        now = clock.now()
        found = report.document(subjects, options["run"], now, check_mode=self._task.check_mode)
        files, problems = self._write(options, found)
        drifted = [one["name"] for one in found["subjects"] if one["drift"]]
        failure = {"failed": True, "msg": "; ".join(problems)} if problems else {}
        return {
            "changed": False, "account": report.account(found), "failing": report.failing(found), "drifted": drifted,
            "summary": found["summary"], "files": files, **failure,
        }  # fmt: skip

    def _write(self, options: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Write every file that is wanted; return them, and why others are not there."""
        paths, problems = _paths(options)
        written = []
        for kind, path in paths.items():
            render, mode = _KINDS[kind]
            try:
                self.write_whole(path, render(found).encode(), mode)
                written.append(path)
            except TaskProblem as problem:
                problems.append(str(problem))
        return written, problems

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


def _paths(options: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return the absolute path of each file that is wanted, and what is wrong with names."""
    path, problems = options["page"], []
    if path and not path.endswith((".html", ".htm")):
        problems.append(f"page: {path} does not end in .html; the JSON beside it has the same name with .json")
        path = None
    found = {"page": path, "json": f"{os.path.splitext(path)[0]}.json" if path else None, "metrics": options["metrics"]}
    return {kind: os.path.abspath(os.path.expanduser(path)) for kind, path in found.items() if path}, problems
