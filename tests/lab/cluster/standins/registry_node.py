# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A STAND-IN for the node that runs the registry of OpenShift 4; its nodes are simulated and run nothing.

The registry is real: a process of Debian's docker-registry, started anew with the environment of the Deployment as the
operator wrote it. A directory stands for each claim, files for each secret that is mounted. The container of a Job is
run by podman, with those directories as its mounts; how it ends becomes the status of the pod, and what it says becomes
its log, which the API server gets from kwok. Kwok calls the pods of other images done at once.
"""

from __future__ import annotations

import base64
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref, Resource, at
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client
from beside import Beside

NAMESPACE = "openshift-image-registry"
DEPLOYMENT = Ref(Resource("Deployment", "apps", "v1", "deployments", True), "image-registry", NAMESPACE)
PODS = Ref(Resource("Pod", "", "v1", "pods", True), namespace=NAMESPACE)
SECRET = Resource("Secret", "", "v1", "secrets", True)
#: The image of which pods are run here; kwok leaves them alone (tests/lab/cluster/cluster).
IMAGE = "localhost/dockyard-run:1"
#: A variable of the registry of OpenShift → the one by which Debian's finds the same file.
_SAME = {"REGISTRY_STORAGE_S3_CREDENTIALSCONFIGPATH": "AWS_SHARED_CREDENTIALS_FILE"}
_READ_ONLY = "REGISTRY_STORAGE_MAINTENANCE_READONLY"
_PLACES = ("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "REGISTRY_STORAGE_S3_BUCKET")
#: Limits that a container may have on a machine whose own are low.
_LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


class Serving(NamedTuple):
    """Where images are kept, and whether only for reading."""

    place: str
    read_only: bool


class RegistryNode(Beside):
    """Serves and runs Jobs beside a test until it is ended.

    place: a directory for each claim is made below it. serve: starts a registry with an environment, and says at which
    host. root: the root of a container's file system. log: the file that kwok shows as the log of a Job's pod.
    """

    def __init__(
        self, client: Client, place: Path, serve: Callable[[Mapping[str, str]], AbstractContextManager[str]],
        root: Path, log: Path,
    ) -> None:  # fmt: skip
        super().__init__()
        self.client, self.place, self.serve, self.root, self.log = client, place, serve, root, log
        self.before_job: Callable[[], None] = lambda: None
        self.environment: Mapping[str, str] | None = None
        self.host = ""
        self._running = ExitStack()

    def __exit__(self, *about: object) -> None:
        super().__exit__(*about)
        self._running.close()

    def sync(self) -> None:
        """Serve as the Deployment says now, and run the pods that wait for it."""
        wanted = self.wanted()
        if wanted != self.environment:
            self._running.close()
            if wanted:
                self.host = self._running.enter_context(self.serve(wanted))
            self.environment = wanted
        for pod in self.client.read_all(PODS):
            if at(pod, "status", "phase") == "Running" and at(pod, "spec", "containers")[0]["image"] == IMAGE:
                self.before_job()
                self._end(pod, *self._run(pod["spec"]))

    @property
    def now(self) -> Serving | None:
        """What the registry that runs was started with."""
        if self.environment is None:
            return None
        place = next(Path(self.environment[name]).name for name in _PLACES if name in self.environment)
        return Serving(place, _READ_ONLY in self.environment)

    def wanted(self) -> Mapping[str, str] | None:
        """Return the environment of the registry, None where the Deployment has none."""
        pod = at(self.client.read(DEPLOYMENT), "spec", "template", "spec")
        if pod is None:
            return None
        mounts = {inside: str(place) for inside, place, _mode in self._mounts(pod)}
        found = {}
        for name, value in self._environment(pod["containers"][0]):
            inside = next((one for one in mounts if value == one or value.startswith(f"{one}/")), None)
            found[_SAME.get(name, name)] = mounts[inside] + value[len(inside) :] if inside else value
        return found

    def directory(self, claim: str) -> Path:
        found = self.place / claim
        found.mkdir(parents=True, exist_ok=True)
        return found

    def _mounts(self, pod: Mapping[str, Any]) -> Iterator[tuple[str, Path, str]]:
        """Yield for each mount of the container: its place there, its place here, ro or rw."""
        volumes = {one["name"]: one for one in pod.get("volumes") or ()}
        for mount in pod["containers"][0].get("volumeMounts") or ():
            volume, mode = volumes[mount["name"]], "ro" if mount.get("readOnly") else "rw"
            if claim := at(volume, "persistentVolumeClaim", "claimName"):
                yield mount["mountPath"], self.directory(claim), mode
            elif name := at(volume, "secret", "secretName"):
                yield mount["mountPath"], self._files(name), "ro"
            else:
                yield mount["mountPath"], self.directory(f"emptyDir-{mount['name']}"), mode

    def _files(self, secret: str) -> Path:
        found = self.directory(f"secret-{secret}")
        for name, value in (at(self._secret(secret), "data") or {}).items():
            (found / name).write_bytes(base64.b64decode(value))
        return found

    def _secret(self, name: str) -> Any:
        return self.client.read(Ref(SECRET, name, NAMESPACE))

    def _environment(self, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for one in container.get("env") or ():
            if secret := at(one, "valueFrom", "secretKeyRef"):
                value = at(self._secret(secret["name"]), "data", secret["key"])
                if value is not None:
                    yield one["name"], base64.b64decode(value).decode()
            else:
                yield one["name"], one["value"]

    def _run(self, pod: Mapping[str, Any]) -> tuple[int, str]:
        """Run the container, and return how it ended and what it said. No secret is on the command line."""
        (container,) = pod["containers"]
        environment = dict(self._environment(container))
        command = ["podman", "run", "--rm", "--network", "host", *_LIMITS]
        for name in environment:
            command += ["--env", name]
        for inside, place, mode in self._mounts(pod):
            command += ["--volume", f"{place}:{inside}:{mode}"]
        command += ["--rootfs", str(self.root), *container["command"]]
        known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(command, env={**known, **environment}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def _end(self, pod: Mapping[str, Any], code: int, said: str) -> None:
        """Write the log as a container runtime does, and then the status of the pod."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime())
        self.log.write_text("".join(f"{now} stdout F {line}\n" for line in said.splitlines()))
        container = at(pod, "status", "containerStatuses")[0]
        ended = {"exitCode": code, "reason": "Error" if code else "Completed"}
        statuses = [{**container, "ready": False, "started": False, "state": {"terminated": ended}}]
        status = {"phase": "Failed" if code else "Succeeded", "containerStatuses": statuses}
        path = f"{PODS.path}/{pod['metadata']['name']}/status"
        self.client._ask("PATCH", path, {"status": status}, "application/merge-patch+json")
