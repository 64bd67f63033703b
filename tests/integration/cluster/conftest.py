# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests on the control plane of tests/lab/cluster: it is brought up by the first that needs it, and shared."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
LAB = REPOSITORY / "tests/lab/cluster"
sys.path[:0] = [str(REPOSITORY / ".cache/collections"), str(REPOSITORY / "tests/unit"), str(LAB / "standins"), str(LAB)]

import stock  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref, Resource, at  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import (  # noqa: E402
    Client,
    Moved,
    NoSuchKind,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.connection import Http, log_in  # noqa: E402
from api_server import KINDS, ref  # noqa: E402
from rolling import Controllers, Objects, budget, pod  # noqa: E402

from . import real_registry  # noqa: E402

STOCK = yaml.safe_load((LAB / "stock.yml").read_text(encoding="utf-8"))
NAMESPACE = Resource("Namespace", "", "v1", "namespaces")
#: Kinds of which a test may leave objects behind, and the names of those that belong to the stock.
CLEARED = {
    "ImageDigestMirrorSet": (), "ImageTagMirrorSet": (), "ImageContentSourcePolicy": (), "ClusterImagePolicy": (),
    "MachineConfigPool": ("master", "worker"), "MachineConfig": (), "ConfigMap": ("kube-root-ca.crt",), "Secret": (),
    "Node": tuple(one["metadata"]["name"] for one in stock.nodes()), "ValidatingWebhookConfiguration": (),
}  # fmt: skip
IN_CONFIG = "openshift-config"
#: By which durations of a real cluster are shortened; options of tasks are shortened as much.
FACTOR = 0.05


@pytest.fixture(scope="session")
def docker_registry() -> Path:
    """The program of a real registry."""
    return real_registry.program("docker-registry", REPOSITORY / ".cache/docker-registry")


@pytest.fixture(scope="session")
def object_store() -> Path:
    """The program of a real object store."""
    done = subprocess.run([LAB / "cluster", "store"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def inside_a_container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a container's file system: a static busybox, and Debian's rclone with the libraries that it loads."""
    if os.geteuid() or not shutil.which("podman"):
        pytest.skip("podman runs a container here, as root; tests/lab/setup installs it")
    root = tmp_path_factory.mktemp("root")
    for name in ("bin", "tmp", "from", "to"):
        (root / name).mkdir()
    shutil.copy("/bin/busybox", root / "bin")
    for name in subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    rclone = real_registry.program("rclone", REPOSITORY / ".cache/rclone")
    shutil.copy(rclone, root / "bin")
    loads = subprocess.run(["ldd", rclone], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"(/\S+) \(0x", loads):
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])
    return root


def completed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Fill in what the schema of a status requires and tables of cases leave out."""
    status = manifest.get("status") or {}
    for condition in status.get("conditions", ()):
        condition.setdefault("lastTransitionTime", "2026-01-01T00:00:00Z")
    if manifest["kind"] == "ClusterVersion":
        status.setdefault("observedGeneration", 1)
        status.setdefault("versionHash", "lab")
        status.setdefault("availableUpdates", None)
        for entry in status.get("history", ()):
            usual = {"version": "", "image": "", "startedTime": "2026-01-01T00:00:00Z", "verified": True}
            entry |= {name: entry.get(name, value) for name, value in usual.items()}
            entry.setdefault("completionTime", None if entry["state"] == "Partial" else "2026-01-01T01:00:00Z")
        manifest["spec"] = {"clusterID": "00000000-0000-4000-8000-000000000000", **manifest["spec"]}
    return manifest


class Lab:
    """The cluster: a client of an administrator, and what tests do to it."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.state = json.loads(kubeconfig.with_name("state.json").read_text())
        self.client = self.client_of({"kubeconfig": str(kubeconfig)})
        self.version: dict[str, Any] = {}

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.state['ports']['api']}"

    @property
    def authority(self) -> str:
        return str(self.kubeconfig.with_name("ca.crt"))

    def client_of(self, given: dict[str, Any]) -> Client:
        return Client(Http(log_in(given, {}), lambda: log_in(given, {})))

    def apply(self, manifest: dict[str, Any]) -> None:
        """Make an object what a manifest says, status included; what the manifest does not have goes."""
        manifest = completed(copy.deepcopy(manifest))
        place, status = ref(manifest), manifest.pop("status", None)
        manifest.setdefault("apiVersion", place.resource.api_version)
        there = self.client.read(place)
        if there is None:
            self.client.create(place, manifest)
        else:
            version = there["metadata"]["resourceVersion"]
            fresh = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}
            self.replace(place.path, fresh)
        if status is not None:
            # controllers write the same object at the same time
            of_status = f"{place.path}/status"
            self.wait_for(lambda: self._put(of_status, {**(self.client.read(place) or {}), "status": status})[0] == 200)

    def replace(self, path: str, manifest: dict[str, Any]) -> None:
        """PUT an object, which the collection itself never does."""
        status, body = self._put(path, manifest)
        assert status == 200, body

    @staticmethod
    def wait_for(holds: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.2)

    def _put(self, path: str, manifest: Any) -> tuple[int, Any]:
        status, body, _length = self.client._ask("PUT", path, manifest, "application/json")
        return status, body

    def new_pod(self, name: str, where: str, **metadata: Any) -> None:
        """Let a pod of the project team run on a node. Of an owner that does not exist it would be collected."""
        made = pod(name, where, **metadata)
        made["spec"]["containers"] = [{"name": "c", "image": "registry.example.com/web:1"}]
        del made["metadata"]["ownerReferences"], made["status"]
        self.apply(made)

    def hold(self, name: str, app: str) -> None:
        """Let a budget forbid that the only pod of an app is evicted: once it runs, since before it is not asked."""
        made = budget(name, app, 0)
        made["spec"]["minAvailable"] = 1
        del made["status"]
        self.apply(made)
        self.wait_for(lambda: at(self.get("PodDisruptionBudget", name, "team"), "status", "currentHealthy") == 1)

    def let_go(self, name: str) -> None:
        self.client._ask("DELETE", Ref(KINDS["PodDisruptionBudget"], name, "team").path)

    def get(self, kind: str, name: str, namespace: str = "") -> Any:
        return self.client.read(Ref(KINDS[kind], name, namespace))

    def clear_singletons(self) -> None:
        """Take the objects called cluster away, so that a case can be made under their name."""
        for place in (Ref(KINDS["Image"], "cluster"), Ref(KINDS["Config"], "cluster")):
            if there := self.client.read(place):
                self.client.delete(place, there["metadata"]["uid"], there["metadata"]["resourceVersion"])

    def reset(self) -> None:
        """Bring everything back to the stock. No budget of an earlier test holds the drains of this one."""
        for item in self.client.read_all(Ref(KINDS["PodDisruptionBudget"])):
            metadata = item["metadata"]
            budget = Ref(KINDS["PodDisruptionBudget"], metadata["name"], metadata["namespace"])
            self.client.delete(budget, metadata["uid"], metadata["resourceVersion"])
        for kind, kept in CLEARED.items():
            place = Ref(KINDS[kind], namespace=IN_CONFIG if KINDS[kind].namespaced else "")
            for item in self.client.read_all(place):
                if (name := item["metadata"]["name"]) not in kept:
                    # whatever has become of it since: a simulated node changes all the time
                    self.client._ask("DELETE", Ref(place.resource, name, place.namespace).path)
        for manifest in STOCK:
            if manifest["kind"] in KINDS:
                self.apply(manifest)


class Operator:
    """What the machine-config-operator does with node disruption policies: it takes them into the status."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.ended = lab, threading.Event()
        self.client = lab.client_of({"kubeconfig": str(lab.kubeconfig)})
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self) -> None:
        place = Ref(KINDS["MachineConfiguration"], "cluster")
        while not self.ended.wait(0.2):
            found = dict(self.client.read(place) or {})
            generation = at(found, "metadata", "generation")
            if found and at(found, "status", "observedGeneration") != generation:
                files = at(found, "spec", "nodeDisruptionPolicy", "files") or []
                status = {
                    "observedGeneration": generation,
                    "nodeDisruptionPolicyStatus": {"clusterPolicies": {"files": files}},
                }
                self.client._ask("PUT", f"{place.path}/status", {**found, "status": status}, "application/json")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of shared data beside the repository."""
    place = REPOSITORY.parent / "shared"
    if not place.is_dir():
        pytest.skip("there is no folder shared beside the repository")
    return place


@pytest.fixture(scope="session")
def running() -> Path:
    """The kubeconfig of the control plane, which is brought up when it does not run yet."""
    done = subprocess.run([LAB / "cluster", "up"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


@contextlib.contextmanager
def taken(running: Path) -> Iterator[Lab]:
    """Take the cluster for one test, or for several that share a rollout, as it was in the beginning."""
    with open(running.with_name("test.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = Lab(running)
        found.reset()
        yield found


@pytest.fixture
def lab(running: Path) -> Iterator[Lab]:
    """The cluster for one test at a time."""
    with taken(running) as found:
        yield found


@pytest.fixture
def operator(lab: Lab) -> Iterator[Operator]:
    """An operator that works beside the test."""
    found = Operator(lab)
    found.thread.start()
    yield found
    found.ended.set()
    found.thread.join()


def settled(lab: Lab) -> Controllers:
    """Controllers whose cluster is settled, without what an earlier test left on nodes and in the project."""
    objects = Objects(lab.client_of({"kubeconfig": str(lab.kubeconfig)}).transport)
    for one in objects.list("/api/v1/namespaces/team/pods"):
        path = f"/api/v1/namespaces/team/pods/{one['metadata']['name']}"
        objects.merge(path, {"metadata": {"finalizers": None}})
        objects.ask("DELETE", path, {"gracePeriodSeconds": 0})
    for node in objects.list("/api/v1/nodes"):
        old = dict.fromkeys(name for name in node["metadata"].get("annotations", {}) if "machineconfiguration" in name)
        bare = {"metadata": {"annotations": old}, "spec": {"unschedulable": None}}
        objects.merge(f"/api/v1/nodes/{node['metadata']['name']}", bare)
    return Controllers(objects, FACTOR).settle(8)


@pytest.fixture
def controllers(lab: Lab) -> Controllers:
    """Controllers at rest."""
    return settled(lab)


__all__ = ["Lab", "Moved", "NoSuchKind"]
