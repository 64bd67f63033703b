# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import one_line
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import CHANGE_OPTIONS, HostTask
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive, feature, proof, restore


class ActionModule(HostTask):
    spec = restore.OPTIONS | feature.CHANGE_OPTIONS | CHANGE_OPTIONS

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        found = self._archive(options["path"], options["other_host"])
        for saved in found.files:
            if saved.path.endswith(".key"):
                self.secrets.add_key(saved.content.decode("utf-8", "replace"))
        said = restore.Said(found, options["verify"], options["activation"])
        how = Applying(options["activation"])
        result, _proposal = self.apply(
            lambda host: propose(host, [partial(restore.draft, said)], how), options["expect_plan"], restore.WATCH
        )
        if not result.get("failed"):
            result["verified"] = proof.outcomes(self.report)
        return result

    def _archive(self, path: str, other_host: bool) -> archive.Archive:
        """Read and verify the archive, before the host is looked at."""
        try:
            found = archive.unpack(self.decrypt(self.read_file(path)))
        except archive.ArchiveProblem as problem:
            raise HostProblem(f"the archive {path} {problem}; nothing was changed") from None
        name = str(self.variables["inventory_hostname"])
        if found.host != name and not other_host:
            raise HostProblem(
                f"the archive {path} is of the host {one_line(found.host)}, not of {name}; "
                "set other_host to use it nevertheless"
            )
        return found
