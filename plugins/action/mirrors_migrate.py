# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import export
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import check_name, ref_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.changes import WantedObject
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.kinds.mirror_sets import DIGEST
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import objects, texts
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout import migration
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout import options as rollout
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout.service import Wanted
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task, TaskProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import content_of, write_text
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import CLUSTER_OPTIONS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_pools import PoolsConnection


class ActionModule(PoolsConnection, Task):
    spec = CLUSTER_OPTIONS | rollout.MIGRATION | rollout.TIMES

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        if (options["files"] is None) is not (options["to"] is None):
            raise TaskProblem("files and to belong together: manifests that are read, and where new ones are written")
        if options["files"] is not None and options["names"] is not None:
            raise TaskProblem("names chooses objects of a cluster, and files are converted whole; leave one out")
        if options["files"] is not None:
            return self._files(options["files"], options["to"])
        for name in options["overridden"]:
            if name != migration.MANAGED:
                raise TaskProblem(f"overridden: {name!r} is not the name of a guard ({migration.MANAGED})")
        names = None if options["names"] is None else tuple(options["names"])
        if names == ():
            raise TaskProblem("names: [] names no object; leave it out for all of them")
        for name in names or ():
            check_name("names", name)
        service = self.rollout_of(options, Wanted.of(options))
        return migration.Migration(service.client, service, names, tuple(options["overridden"])).run(
            check=self._task.check_mode
        )

    def _files(self, paths: list[str], directory: str) -> dict[str, Any]:
        """Write the new objects of old ones; the cluster is not asked."""
        manifests: list[Mapping[str, Any]] = []
        for path in paths:
            document = {"name": path, "content": texts.decoded(self.read_file(path))}
            try:
                manifests += objects.each_manifest(list(texts.documents([document])))
            except Problem as problem:
                said = str(problem) if str(problem).startswith(path) else f"{path}: {problem}"
                raise TaskProblem(f"files: {said}") from None
        if not manifests:
            raise TaskProblem("files: there is no manifest in them")
        wanted = [WantedObject(ref_of(DIGEST, one), one, "migrate") for one in migration.converted(manifests)]
        written = []
        for name, text in export.files(wanted).items():
            path = os.path.join(directory, name)
            if content_of("to", path) != text:
                written.append(path)
                if not self._task.check_mode:
                    write_text("to", path, text)
        names = [os.path.join(directory, name) for name in export.files(wanted)]
        return {"changed": bool(written), "manifests": names, "created": [], "deleted": [], "notes": [],
                "account": [f"{path}: {'written' if path in written else 'as it was'}" for path in names]}  # fmt: skip
