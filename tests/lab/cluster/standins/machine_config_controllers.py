# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the controllers and daemons of the machine-config-operator, as far as a rolling pool shows them.

It keeps the contract that was observed with the real ones: the render controller waits, writes rendered-<pool>-<hash>
and names it in the pool; the node controller gives it to as many nodes as maxUnavailable allows; the daemon asks for a
drain, applies, asks for an uncordon, and is Done. All of it is written to an API server, in memory or real, by plain
requests.

Files are rendered by the collection's own forecast, so nothing here proves what they contain. Every duration is in
seconds of a real cluster times `factor`, which a test gives to the options of a task as well.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import NoAnswer, NotSent
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import node_files
from beside import Beside

PREFIX = "machineconfiguration.openshift.io/"
CURRENT, DESIRED, STATE, REASON = (f"{PREFIX}{name}" for name in ("currentConfig", "desiredConfig", "state", "reason"))
WANTED_DRAIN, DONE_DRAIN = f"{PREFIX}desiredDrain", f"{PREFIX}lastAppliedDrain"
CONFIGS = "/apis/machineconfiguration.openshift.io/v1/machineconfigs"
POOLS = "/apis/machineconfiguration.openshift.io/v1/machineconfigpools"
NODES = "/api/v1/nodes"
#: What files of images follow from; in the first of two steps only the first of them are new.
FIRST = ("/apis/config.openshift.io/v1/imagedigestmirrorsets",)
SOURCES = (
    *FIRST, "/apis/config.openshift.io/v1/imagetagmirrorsets", "/apis/config.openshift.io/v1/images",
    "/apis/config.openshift.io/v1/clusterversions", "/apis/operator.openshift.io/v1alpha1/imagecontentsourcepolicies",
)  # fmt: skip
_STAMP = "2026-01-01T00:00:00Z"


class Away(Exception):
    """The API server does not answer, or not yet: the next look comes soon."""


@dataclass
class Objects:
    """An API server as the controllers use it. transport: anything with `send` as the collection's own client has."""

    AGENT = "machine-config-controller"
    transport: Any

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Any]:
        headers = {"Accept": "application/json", "Content-Type": kind, "User-Agent": self.AGENT}
        data = None if body is None else json.dumps(body).encode()
        try:
            reply = self.transport.send(method, path, headers, data, 30.0)
            text = b"".join(reply.chunks)
        except (NotSent, NoAnswer) as problem:
            raise Away(str(problem)) from None
        if reply.status in (500, 502, 503, 504) and not path.endswith("/eviction"):
            raise Away(f"{path}: {reply.status}")
        try:
            return reply.status, json.loads(text)
        except ValueError:
            return reply.status, {"message": text.decode("utf-8", "replace")}

    def list(self, path: str, query: str = "") -> list[dict[str, Any]]:
        status, body = self.ask("GET", f"{path}?limit=5000{query}")
        start = {} if status != 200 else {"kind": body["kind"].removesuffix("List"), "apiVersion": body["apiVersion"]}
        return [start | item for item in body.get("items") or []] if status == 200 else []

    def merge(self, path: str, patch: Any) -> None:
        status, body = self.ask("PATCH", path, patch, "application/merge-patch+json")
        assert status in (200, 404), (path, status, body)

    def put_new(self, path: str, manifest: Any) -> None:
        status, body = self.ask("POST", path, manifest)
        assert status in (201, 409), (path, status, body)


@dataclass
class Controllers:
    """The controllers and the daemon of every node; one call of `tick` is one look of all of them.

    steps: how many machine configs a change is rendered in. stalled: nodes whose daemon does nothing. degrade: node →
    the reason with which it fails. drains: whether nodes are emptied.
    """

    objects: Objects
    factor: float = 1.0
    release: str = "4.20"
    render_delay: float = 5.0
    second_step: float = 20.0
    apply: float = 20.0
    join: float = 30.0
    steps: int = 1
    drains: bool = True
    stalled: set[str] = field(default_factory=set)
    degrade: dict[str, str] = field(default_factory=dict)
    #: Timers; a restart forgets them, as a new leader does.
    timers: dict[Any, float] = field(default_factory=dict)
    #: What each kind of object said when files were last rendered from it.
    known: dict[str, Any] = field(default_factory=dict)
    #: The most nodes that were away at once, by pool.
    most_away: dict[str, int] = field(default_factory=dict)
    #: When each node was about to be told what, and each pool given which config: for a test to compare with.
    told: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)

    def restart(self) -> None:
        """Forget what is in memory only."""
        self.timers.clear()
        self.known.clear()

    def tick(self, now: float) -> None:
        self.now = now
        pools = self.objects.list(POOLS)
        nodes = self.objects.list(NODES)
        files = self._files()
        self.configs = {one["metadata"]["name"]: one for one in self.objects.list(CONFIGS)}
        for pool in pools:
            members = [node for node in nodes if self._pool_of(node, pools) == pool["metadata"]["name"]]
            target = self._render(pool, files)
            for node in members:
                self._join(pool, node, target)
            self._choose(pool, members, target)
            for node in members:
                self._daemon(node)
                self._drain(node)
            self._status(pool, members, target)

    def settle(self, ticks: int = 200) -> Controllers:
        """Work until nothing changes any more: a cluster whose last rollout is long over."""
        for number in range(ticks):
            self.tick(number * 1000.0 * self.factor)
        self.timers.clear()
        return self

    # --- the render controller ---

    def _files(self) -> dict[str, str] | None:
        """Render the files of the objects as they are; in a first step only with what is new of the first kinds."""
        seen = {path: self.objects.list(path) for path in SOURCES}
        facts = {path: [(one["metadata"]["name"], one.get("spec"), one.get("status")) for one in found]
                 for path, found in seen.items()}  # fmt: skip
        if facts != self.known.get("facts"):
            half = self.known.get("seen", seen) | {path: seen[path] for path in FIRST}
            self.known |= {"facts": copy.deepcopy(facts), "half": half, "seen": seen}
            self.timers["render"] = self.now
        waited = self.now - self.timers.setdefault("render", self.now)
        if waited < self.render_delay * self.factor:
            return None
        whole = self.steps == 1 or waited >= (self.render_delay + self.second_step) * self.factor
        manifests = [one for found in (seen if whole else self.known["half"]).values() for one in found]
        return dict(node_files.of_manifests(manifests, self.release).files)

    def _render(self, pool: dict[str, Any], files: dict[str, str] | None) -> str:
        name = pool["metadata"]["name"]
        before = str(((pool.get("spec") or {}).get("configuration") or {}).get("name") or "")
        if files is None:
            return before
        base = name if name in ("master", "worker") else "worker"
        generated = f"99-{base}-generated-registries"
        self._write_config(generated, files, base)
        here = [one for one in self.configs.values() if self._role(one) in (name, base)]
        merged = {"/etc/containers/registries.conf": node_files.TEMPLATES["/etc/containers/registries.conf"],
                  "/etc/containers/policy.json": node_files.TEMPLATES["/etc/containers/policy.json"]}  # fmt: skip
        sources = sorted({one["metadata"]["name"] for one in here} | ({generated} if files else set()))
        by_name = {one["metadata"]["name"]: one for one in here}
        for source in sources:
            merged |= files if source == generated else dict(texts(by_name[source]))
        digest = hashlib.md5(json.dumps([sources, merged], sort_keys=True).encode(), usedforsecurity=False).hexdigest()
        target = f"rendered-{name}-{digest}"
        if target != before:
            self.objects.put_new(CONFIGS, config(target, merged, ""))
            names = [{"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig", "name": source}
                     for source in sources]  # fmt: skip
            self.told.append((time.monotonic(), name, {"target": target}))
            self.objects.merge(f"{POOLS}/{name}", {"spec": {"configuration": {"name": target, "source": names}}})
            pool.setdefault("spec", {})["configuration"] = {"name": target}
        return target

    def _write_config(self, name: str, files: Mapping[str, str], role: str) -> None:
        before, wanted = self.configs.get(name), config(name, files, role)
        if before is None and files:
            self.objects.put_new(CONFIGS, wanted)
            self.configs[name] = wanted
        elif before is not None and dict(texts(before)) != files:
            self.objects.merge(f"{CONFIGS}/{name}", {"spec": wanted["spec"]})
            before["spec"] = wanted["spec"]

    @staticmethod
    def _role(one: dict[str, Any]) -> str:
        return str((one["metadata"].get("labels") or {}).get(f"{PREFIX}role", ""))

    # --- the node controller ---

    @staticmethod
    def _pool_of(node: dict[str, Any], pools: list[dict[str, Any]]) -> str:
        labels = node["metadata"].get("labels") or {}
        fits = [
            pool["metadata"]["name"]
            for pool in pools
            if all(labels.get(key) == value for key, value in pool["spec"]["nodeSelector"]["matchLabels"].items())
        ]
        own = [name for name in fits if name not in ("master", "worker")]
        return "master" if "master" in fits else own[0] if own else "worker" if "worker" in fits else ""

    def _join(self, pool: dict[str, Any], node: dict[str, Any], target: str) -> None:
        """Give a node that has never been configured what its pool had when it came."""
        if noted(node, CURRENT):
            return
        old = ((pool.get("status") or {}).get("configuration") or {}).get("name") or target
        if old and self._over(("join", node["metadata"]["name"]), self.join):
            self._note(node, {CURRENT: old, DESIRED: old, STATE: "Done"})

    def _choose(self, pool: dict[str, Any], members: list[dict[str, Any]], target: str) -> None:
        away = [node for node in members if self._is_away(node)]
        name = pool["metadata"]["name"]
        self.most_away[name] = max(self.most_away.get(name, 0), len(away))
        if pool["spec"].get("paused") or not target:
            return
        room = at_once(pool["spec"].get("maxUnavailable"), len(members)) - len(away)
        waiting = [node for node in members if noted(node, CURRENT) and noted(node, DESIRED) != target]
        # a node that is away already is told of the newest config, so that it goes on with that
        fresh = [node for node in waiting if node not in away]
        for node in [*(node for node in waiting if node in away), *fresh[: max(room, 0)]]:
            if noted(node, STATE) != "Degraded":
                self._note(node, {DESIRED: target})

    @staticmethod
    def _is_away(node: dict[str, Any]) -> bool:
        moving = noted(node, CURRENT) != noted(node, DESIRED) or noted(node, STATE) not in ("Done", "")
        return moving or bool((node.get("spec") or {}).get("unschedulable"))

    def _status(self, pool: dict[str, Any], members: list[dict[str, Any]], target: str) -> None:
        done = [node for node in members if noted(node, CURRENT) == target == noted(node, DESIRED)
                and noted(node, STATE) == "Done"]  # fmt: skip
        sick = [node for node in members if noted(node, STATE) == "Degraded"]
        updated = len(done) == len(members)
        old = ((pool.get("status") or {}).get("configuration") or {}).get("name")
        flags = {
            "Updated": updated, "Updating": not updated and not pool["spec"].get("paused"), "RenderDegraded": False,
            "NodeDegraded": bool(sick), "Degraded": bool(sick),
        }  # fmt: skip
        status = {
            "observedGeneration": pool["metadata"].get("generation", 1),
            "machineCount": len(members), "updatedMachineCount": len(done), "readyMachineCount": len(done),
            "unavailableMachineCount": sum(map(self._is_away, members)), "degradedMachineCount": len(sick),
            "configuration": {"name": target if updated else old or target},
            "conditions": [
                {"type": name, "status": str(value), "reason": "", "message": "", "lastTransitionTime": _STAMP}
                for name, value in flags.items()
            ],
        }  # fmt: skip
        if status != pool.get("status"):
            self.objects.merge(f"{POOLS}/{pool['metadata']['name']}/status", {"status": status})

    # --- the daemon of a node, and the drain controller ---

    def _daemon(self, node: dict[str, Any]) -> None:
        name, current, desired = node["metadata"]["name"], noted(node, CURRENT), noted(node, DESIRED)
        if name in self.stalled or not current:
            return
        if current != desired and name in self.degrade:
            self._note(node, {STATE: "Degraded", REASON: self.degrade[name]})
        elif current != desired:
            drain = f"drain-{desired.rpartition('-')[2]}"
            if noted(node, STATE) != "Working" or (self.drains and noted(node, WANTED_DRAIN) != drain):
                self._note(node, {STATE: "Working", REASON: "", **({WANTED_DRAIN: drain} if self.drains else {})})
            elif not self.drains or noted(node, DONE_DRAIN) == drain:
                if self._over(("apply", name, desired), self.apply):
                    leave = {WANTED_DRAIN: f"uncordon-{desired.rpartition('-')[2]}"} if self.drains else {}
                    self._note(node, {CURRENT: desired, **leave})
        elif noted(node, STATE) == "Working" and noted(node, WANTED_DRAIN) == noted(node, DONE_DRAIN):
            self._note(node, {STATE: "Done", REASON: ""})

    def _drain(self, node: dict[str, Any]) -> None:
        wanted, name = noted(node, WANTED_DRAIN), node["metadata"]["name"]
        if wanted == noted(node, DONE_DRAIN):
            return
        away = wanted.startswith("drain-")
        if bool((node.get("spec") or {}).get("unschedulable")) != away:
            self.objects.merge(f"{NODES}/{name}", {"spec": {"unschedulable": True if away else None}})
        if away and self._empty(name):
            return
        self._note(node, {DONE_DRAIN: wanted})

    def _empty(self, name: str) -> bool:
        """Ask every pod of the node to go; whether some are left."""
        pods = self.objects.list("/api/v1/pods", f"&fieldSelector={quote(f'spec.nodeName={name}')}")
        for pod in pods:
            metadata = pod["metadata"]
            body = {"apiVersion": "policy/v1", "kind": "Eviction",
                    "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]}}  # fmt: skip
            self.objects.ask(
                "POST", f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/eviction", body
            )
        return bool(pods)

    # --- what all of them need ---

    def _note(self, node: dict[str, Any], annotations: dict[str, str]) -> None:
        self.told.append((time.monotonic(), node["metadata"]["name"], annotations))
        self.objects.merge(f"{NODES}/{node['metadata']['name']}", {"metadata": {"annotations": annotations}})
        node["metadata"].setdefault("annotations", {}).update(annotations)

    def _over(self, key: Any, seconds: float) -> bool:
        return self.now - self.timers.setdefault(key, self.now) >= seconds * self.factor


class Running(Beside):
    """Controllers at work beside a test. A failure of theirs fails the test."""

    def __init__(self, controllers: Controllers, pause: float = 0.05) -> None:
        super().__init__(pause)
        self.controllers = controllers

    def sync(self) -> None:
        with contextlib.suppress(Away):
            self.controllers.tick(time.monotonic())

    def __enter__(self) -> Controllers:
        super().__enter__()
        return self.controllers

    def __exit__(self, *about: object) -> None:
        super().__exit__(*about)
        if self.failures:
            raise self.failures[0]


def noted(node: dict[str, Any], name: str) -> str:
    return str((node["metadata"].get("annotations") or {}).get(name, ""))


def at_once(said: Any, machines: int) -> int:
    if isinstance(said, str):
        said = int(said[:-1]) * machines // 100 if said.endswith("%") else int(said)
    return max(1, said or 1)


def config(name: str, files: Mapping[str, str], role: str) -> dict[str, Any]:
    """A MachineConfig with these files, as a controller writes it."""
    data = {path: base64.b64encode(text.encode()).decode() for path, text in files.items()}
    storage = [{"path": path, "mode": 420, "overwrite": True, "contents": {"source": f"data:text/plain;base64,{text}"}}
               for path, text in data.items()]  # fmt: skip
    return {
        "apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig",
        "metadata": {"name": name, "annotations": {f"{PREFIX}generated-by-controller-version": "stand-in"},
                     **({"labels": {f"{PREFIX}role": role}} if role else {})},
        "spec": {"config": {"ignition": {"version": "3.4.0"}, "storage": {"files": storage}}},
    }  # fmt: skip


def texts(one: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for file in (((one.get("spec") or {}).get("config") or {}).get("storage") or {}).get("files") or ():
        yield file["path"], base64.b64decode(file["contents"]["source"].rpartition(",")[2]).decode()
