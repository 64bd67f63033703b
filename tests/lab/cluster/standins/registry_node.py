# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A STAND-IN for the node that runs the registry of OpenShift 4; its nodes are simulated and run nothing.

The registry is real: a process of Debian's docker-registry, started anew from the Deployment as the operator wrote it,
on the directory that stands for its claim, read-only where the Deployment says so. A Job's container is the script of
its manifest, run here with the directories of its claims in place of its mounts. No container isolates them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref, Resource, at
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client
from beside import Beside

NAMESPACE = "openshift-image-registry"
DEPLOYMENT = Ref(Resource("Deployment", "apps", "v1", "deployments", True), "image-registry", NAMESPACE)
_READ_ONLY = "REGISTRY_STORAGE_MAINTENANCE_READONLY"


class Serving(NamedTuple):
    """What a registry is started with."""

    claim: str
    read_only: bool


class RegistryNode(Beside):
    """Serves beside a test until it is ended. place: a directory for each claim is made below it."""

    def __init__(
        self, client: Client, place: Path, serve: Callable[[Path, bool], AbstractContextManager[str]]
    ) -> None:  # fmt: skip
        super().__init__()
        self.client, self.place, self.serve = client, place, serve
        self.now: Serving | None = None
        self.host = ""
        self._running = ExitStack()

    def __exit__(self, *about: object) -> None:
        super().__exit__(*about)
        self._running.close()

    def sync(self) -> None:
        """Serve from what the Deployment says now."""
        wanted = self.wanted()
        if wanted != self.now:
            self._running.close()
            if wanted:
                self.host = self._running.enter_context(self.serve(self.directory(wanted.claim), wanted.read_only))
            self.now = wanted

    def wanted(self) -> Serving | None:
        """Return what the Deployment asks for, None where it has no claim."""
        pod = at(self.client.read(DEPLOYMENT), "spec", "template", "spec") or {}
        claims = [at(one, "persistentVolumeClaim", "claimName") for one in pod.get("volumes") or ()]
        names = [one["name"] for container in pod.get("containers") or () for one in container.get("env") or ()]
        return Serving(str(claims[0]), _READ_ONLY in names) if claims and claims[0] else None

    def directory(self, claim: str) -> Path:
        found = self.place / claim
        found.mkdir(parents=True, exist_ok=True)
        return found

    def run(self, job: Mapping[str, Any]) -> str:
        """Run the container of a Job, and return what it says."""
        pod = job["spec"]["template"]["spec"]
        claims = {one["name"]: at(one, "persistentVolumeClaim", "claimName") for one in pod["volumes"]}
        (container,) = pod["containers"]
        names = [one["name"] for one in container["env"]]  # FROM and TO, as the volumes are called
        env = {name: str(self.directory(claims[name.lower()])) for name in names}
        done = subprocess.run(
            container["command"], env={"PATH": "/usr/bin:/bin", **env}, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr
