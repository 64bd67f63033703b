# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in memory whose pools are rolled by the stand-in for the machine-config controllers, in real time.

Every duration of a real cluster is shortened by one factor, which the stand-in and the options of a wait share.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client, Limits
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain import waiting
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout.service import Rollout, Wanted
from api_server import ApiServer, reply, status
from machine_config_controllers import Controllers, Objects, Running, config, texts
from openshift4 import manifests

FACTOR = 0.01
VERSION = "4.20.3"


def pool(name: str, **spec: Any) -> dict[str, Any]:
    selector = {"matchLabels": {f"node-role.kubernetes.io/{name}": ""}}
    return {
        "kind": "MachineConfigPool", "apiVersion": "machineconfiguration.openshift.io/v1", "metadata": {"name": name},
        "spec": {"nodeSelector": selector, "paused": False, **spec}, "status": {},
    }  # fmt: skip


def node(name: str, *roles: str) -> dict[str, Any]:
    labels = {f"node-role.kubernetes.io/{role}": "" for role in roles}
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}, "spec": {}, "status": {}}


def pod(name: str, on: str, **more: Any) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "apiVersion": "apps/v1", "name": "rs", "controller": True}
    metadata = {"name": name, "namespace": "team", "labels": {"app": name}, "ownerReferences": [owner]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata | more, "spec": {"nodeName": on}, "status": {}}


def budget(name: str, app: str, allowed: int) -> dict[str, Any]:
    return {
        "kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {"name": name, "namespace": "team"},
        "spec": {"selector": {"matchLabels": {"app": app}}}, "status": {"disruptionsAllowed": allowed},
    }  # fmt: skip


@dataclass
class Server(ApiServer):
    """The server in memory, for several threads, with evictions: a budget that allows none answers 429."""

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.faults.append(self.evict)

    def send(self, method: str, path: str, headers: Any, *rest: Any) -> Any:
        """Answer one at a time; faults are for the collection only, since the controllers run elsewhere."""
        with self.lock:
            faults = self.faults
            self.faults = [self.evict] if headers["User-Agent"] == Objects.AGENT else faults
            try:
                return super().send(method, path, headers, *rest)
            finally:
                self.faults = faults

    def evict(self, method: str, path: str, body: Any) -> Any:
        if method != "POST" or not path.endswith("/eviction"):
            return None
        place = path.removesuffix("/eviction")
        there = self.objects.get(place)
        if there is None:
            return status(404, "NotFound", "not found", place)
        budgets = [one for one in self.objects.values() if one["kind"] == "PodDisruptionBudget"]
        if any(not one["allowed"] for one in waiting.budgets(budgets, [there])):
            return status(429, "TooManyRequests", "it would violate the budget", place)
        if there["metadata"].get("finalizers"):
            there["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        else:
            del self.objects[place]
        return reply(201, {"kind": "Status", "status": "Success"})


@dataclass
class Rolling:
    """A settled cluster with masters and workers; controllers work while `wait` waits."""

    masters: int = 1
    workers: int = 3
    worker: dict[str, Any] = field(default_factory=dict)
    more: tuple[dict[str, Any], ...] = ()
    settled: bool = True

    def __post_init__(self) -> None:
        self.server = Server()
        objects = [*manifests({"idms": {}}), pool("master"), pool("worker", **self.worker), *self.more]
        objects += [node(f"master-{number}", "master") for number in range(self.masters)]
        objects += [node(f"worker-{number:02}", "worker") for number in range(self.workers)]
        objects[1]["status"]["desired"]["version"] = VERSION
        self.server.put(*objects)
        self.controllers = Controllers(Objects(self.server), FACTOR)
        if self.settled:
            self.controllers.settle(12)
        self.lines: list[str] = []
        self.plans: list[threading.Timer] = []

    def change(self) -> None:
        """Write what rolls every node: mirrors by digest and by tag, and a blocked registry."""
        image = self.server.get("Image", "cluster")
        image["spec"] = {"registrySources": {"blockedRegistries": ["bad.example.com"]}}
        sets = [["quay.io/a", ["m.example.com/a"]]]
        self.server.put(*[one for one in manifests({"idms": sets, "itms": sets}) if "MirrorSet" in one["kind"]])

    def after(self, seconds: float, what: Callable[[], Any]) -> None:
        """Do something while the wait lasts. seconds: of a real cluster."""
        self.plans.append(threading.Timer(seconds * FACTOR, what))

    def rollout(self, **wanted: Any) -> Rollout:
        times = {"node_timeout": 900.0, "render_timeout": 300.0, "explain_after": 60.0} | wanted
        short = {name: value * FACTOR if isinstance(value, float) else value for name, value in times.items()}
        client = Client(self.server, Limits(total=1e9))
        return Rollout(client, Wanted(**short), say=self.lines.append)

    def wait(self, **wanted: Any) -> dict[str, Any]:
        rollout = self.rollout(**wanted)
        with Running(self.controllers, pause=0.01):
            for plan in self.plans:
                plan.start()
            try:
                return rollout.wait()
            finally:
                for plan in self.plans:
                    plan.cancel()

    def all_have(self, pool_name: str = "worker") -> bool:
        """Say whether each node of a pool carries the pool's config and is done: what a wait must not end before."""
        target = self.server.get("MachineConfigPool", pool_name)["spec"]["configuration"]["name"]
        prefix = "machineconfiguration.openshift.io/"
        nodes = [one for one in self.server.objects.values() if one["kind"] == "Node"]
        mine = [one["metadata"] for one in nodes if f"node-role.kubernetes.io/{pool_name}" in one["metadata"]["labels"]]
        return all(
            (one.get("annotations") or {}).get(f"{prefix}currentConfig") == target
            and one["annotations"][f"{prefix}state"] == "Done"
            for one in mine
        )

    def holds(self, text: str) -> bool:
        """Say whether the config of the workers holds a text in its registries.conf."""
        target = self.server.get("MachineConfigPool", "worker")["spec"]["configuration"]["name"]
        return text in dict(texts(self.server.get("MachineConfig", target)))["/etc/containers/registries.conf"]


__all__ = ["Controllers", "Rolling", "Running", "budget", "config", "node", "pod", "pool", "texts"]
