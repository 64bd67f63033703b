# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import is_encrypted
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive, backup


class ActionModule(HostTask):
    spec = backup.OPTIONS

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        host = self.see(backup.WATCH if options["keys"] else backup.WATCH_WITHOUT_KEYS)
        path = os.path.abspath(os.path.expanduser(options["path"]))
        found, warnings = backup.collect(host, str(self.variables["inventory_hostname"]), keys=options["keys"])
        content = archive.pack(found)
        try:
            archive.unpack(content)
        except archive.ArchiveProblem as problem:
            raise HostProblem(f"the certificates of this host cannot be saved: an archive of them {problem}") from None
        before, same = self._present(path, content, options["encrypt"], warnings)
        if before and before.files and not found.files:
            raise HostProblem(
                f"this host has no certificates, and {path} holds {len(before.files)} file(s) of it; "
                "it is not overwritten with nothing, so remove it if that is what is meant"
            )
        if not same and not self._task.check_mode:
            self.write_privately(path, self.encrypt(content) if options["encrypt"] else content)
        result: dict[str, Any] = {
            "changed": not same, "path": path, "files": found.manifest()["files"], "links": dict(found.links),
            "left_out": list(found.left_out),
        }  # fmt: skip
        if self._task.diff:
            views = [_view(each) if each else "" for each in (before, found)]
            result["diff"] = [{"before_header": path, "after_header": path, "before": views[0], "after": views[1]}]
        return result | ({"warnings": warnings} if warnings else {})

    def _present(
        self, path: str, content: bytes, encrypt: bool, warnings: list[str]
    ) -> tuple[archive.Archive | None, bool]:
        """Return the existing archive, decrypted, and whether it is as it would be written now."""
        try:
            with open(path, "rb") as stream:
                stored, mode = stream.read(), os.fstat(stream.fileno()).st_mode & 0o777
        except FileNotFoundError:
            return None, False
        except OSError as error:
            raise HostProblem(f"{path} cannot be read: {error.strerror}") from None
        try:
            plain = self.decrypt(stored)
        except Problem as problem:
            raise HostProblem(f"{path} is there already: {problem}") from None
        same = plain == content and bool(is_encrypted(stored)) == encrypt and mode == 0o600
        try:
            return archive.unpack(plain), same
        except archive.ArchiveProblem as problem:
            warnings.append(f"the archive that was at {path} {problem}; it is replaced")
            return None, False


def _view(found: archive.Archive) -> str:
    lines = [f"{saved.path} {saved.mode} {saved.sha256[:16]}\n" for saved in found.files]
    return "".join(sorted(lines) + [f"{path} -> {target}\n" for path, target in sorted(found.links.items())])
