#!/usr/bin/env python3
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run without a change costs beside kubernetes.core.k8s, and a drain beside kubectl, on the cluster lab.

usage: cluster.py [ROUNDS]     3 unless given; the median of each is printed

The same objects are given to both: cluster_registries as its policy and files, k8s as the manifests that manifests_to
wrote, once in one task for each object and once all in one; image_registry beside the objects that it wrote. Measured
is the task, between two that read the clock.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / name) for name in ("tests", "tests/unit", ".cache/collections")]

from ansible_collections.dockyard.openshift.plugins.action import node_drain  # noqa: E402
from api_server import run  # noqa: E402
from integration.cluster.conftest import Lab  # noqa: E402
from trust.pki import certificate, key_pem  # noqa: E402

LAB = REPOSITORY / "tests/lab/cluster/cluster"
NODE, OTHERS = "worker-5", [f"worker-{number}" for number in range(5)] + [f"master-{number}" for number in range(3)]
SETS, PODS = 5, 20


def main(rounds: int) -> None:
    subprocess.run([sys.executable, REPOSITORY / "tests/tools/environment", "peers"], check=True)
    up = subprocess.run([LAB, "up"], capture_output=True, text=True, check=True)
    lab = Lab(Path(up.stdout.strip().splitlines()[-1]))
    lab.reset()
    with tempfile.TemporaryDirectory() as home:
        for objects in (5, 20):
            print(json.dumps({"objects": objects, **applied(lab, Path(home) / str(objects), objects, rounds)}))
        print(json.dumps({"objects": "the registry", **configured(lab, Path(home) / "registry", rounds)}))
    print(json.dumps({"pods": SETS * PODS, "budgets": SETS, **drained(lab, rounds)}))


# --- objects ------------------------------------------------------------------------------------------------------


def applied(lab: Lab, home: Path, objects: int, rounds: int) -> dict[str, float]:
    """Bring the objects to the cluster, then measure runs without a change. Returns seconds."""
    home.mkdir()
    kind = {"apiVersion": "config.openshift.io/v1", "kind": "ImageDigestMirrorSet"}
    files = [
        {
            **kind, "metadata": {"name": f"bench-{one}"},
            "spec": {"imageDigestMirrors": [{"source": f"quay.io/bench{one}", "mirrors": [f"m.example.com/{one}"]}]},
        }
        for one in range(objects - 4)
    ]  # fmt: skip
    (home / "mirrors.yml").write_text(yaml.safe_dump_all(files))
    ours: dict[str, Any] = {
        "kubeconfig": str(lab.kubeconfig), "blocked": ["registry.untrusted.example.net"],
        "mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}],
        "mirrors_from": [str(home / "mirrors.yml")],
        "trust": [{"registry": "m.example.com", "ca": certificate("m", days=4000)}],
    }  # fmt: skip
    play(home, [{"dockyard.openshift.cluster_registries": {**ours, "manifests_to": str(home / "manifests")}}])
    play(home, [{"dockyard.openshift.cluster_registries": ours}])
    manifests = sorted((home / "manifests").glob("*.yaml"))
    assert len(manifests) == objects, manifests
    return compared(lab, home, "cluster_registries", ours, manifests, rounds)


def configured(lab: Lab, home: Path, rounds: int) -> dict[str, float]:
    """Configure the registry, its login, a route and who may use it, then measure runs without a change. Seconds."""
    home.mkdir()
    kind, namespace = "configs.imageregistry.operator.openshift.io", "openshift-image-registry"
    lab.apply({
        "apiVersion": "imageregistry.operator.openshift.io/v1", "kind": "Config", "metadata": {"name": "cluster"},
        "spec": {"managementState": "Removed", "replicas": 1},
    })  # fmt: skip
    host = "registry.example.com"
    pem = certificate(host, ca=None, names=(host,))
    route = {"name": "public", "hostname": host, "certificate": pem, "key": key_pem(host)}
    ours: dict[str, Any] = {
        "kubeconfig": str(lab.kubeconfig), "wait": False,
        "state": "Removed", "replicas": 1, "log_level": "Debug", "read_only": True,
        "storage": {"s3": {"bucket": "images", "region": "eu-west-1"}}, "routes": [route],
        "credentials": {"access_key": "AKIABENCH", "secret_key": "bench"},
        "access": [{"role": role, "group": role, "projects": ["default"]} for role in ("viewer", "editor")],
    }  # fmt: skip
    play(home, [{"dockyard.openshift.image_registry": ours}])
    written = [
        json.loads(kubectl("get", kind, "cluster", "-o", "json")),
        *json.loads(kubectl("get", "secrets", "-n", namespace, "-o", "json"))["items"],
        *json.loads(kubectl("get", "rolebindings", "-n", "default", "-o", "json"))["items"],
    ]
    assert len(written) == 5, [each["metadata"]["name"] for each in written]
    manifests = [home / f"{number}.yaml" for number in range(len(written))]
    for path, each in zip(manifests, written, strict=True):
        names = {name: each["metadata"][name] for name in ("name", "namespace", "labels") if name in each["metadata"]}
        kept = {name: value for name, value in each.items() if name not in ("metadata", "status")}
        path.write_text(yaml.safe_dump({**kept, "metadata": names}))
    return compared(lab, home, "image_registry", ours, manifests, rounds)


def compared(
    lab: Lab, home: Path, name: str, ours: dict[str, Any], manifests: list[Path], rounds: int
) -> dict[str, float]:
    """Measure the tasks, ours before the others, and ours again as one that is not the first of its run."""
    whole = home / "all.yml"
    whole.write_text("---\n".join(path.read_text() for path in manifests))
    k8s = {"kubeconfig": str(lab.kubeconfig), "state": "present"}
    tasks = {
        name: {f"dockyard.openshift.{name}": ours},
        "k8s, a task each": {"kubernetes.core.k8s": {**k8s, "src": "{{ item }}"}, "loop": list(map(str, manifests))},
        "k8s, all in one": {"kubernetes.core.k8s": {**k8s, "src": str(whole)}},
    }
    for task in tasks.values():
        play(home, [task])  # k8s writes what it finds to be other than it would be; then nothing changes any more
    found = {each: statistics.median(timed(home, task) for _round in range(rounds)) for each, task in tasks.items()}
    # The first task about a cluster loads the library kubernetes for the whole run; k8s loads it in each task.
    first = {"dockyard.openshift.node_pools_info": {"kubeconfig": str(lab.kubeconfig)}}
    again = [timed(home, tasks[name], [first]) for _round in range(rounds)]
    found[f"{name}, not the first"] = least = statistics.median(again)
    return {**found, **{f"times as fast as {each}": round(s / least, 1) for each, s in found.items() if s != least}}


def timed(home: Path, task: dict[str, Any], before: Sequence[dict[str, Any]] = ()) -> float:
    """Return the seconds of a task that changes nothing, in a play with others before it."""
    clock = {"ansible.builtin.debug": {"msg": "CLOCK {{ now(utc=true).timestamp() }}"}}
    output = play(home, [*before, clock, task, clock])
    assert "changed=0 " in output, output[-3000:]
    begin, end = map(float, re.findall(r"CLOCK ([0-9.]+)", output))
    return round(end - begin, 3)


def play(home: Path, tasks: list[dict[str, Any]]) -> str:
    book = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    (home / "play.yml").write_text(yaml.safe_dump(book))
    collections = f"{REPOSITORY / '.cache/collections'}:{REPOSITORY / '.cache/peers'}"
    own = {"ANSIBLE_HOME": str(home), "ANSIBLE_COLLECTIONS_PATH": collections, "HOME": str(home)}
    python = {"ansible_python_interpreter": sys.executable}
    command = [REPOSITORY / ".venv/bin/ansible-playbook", "-i", "localhost,", "-e", json.dumps(python)]
    done = subprocess.run([*command, home / "play.yml"], env={**os.environ, **own}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout


# --- a drain ------------------------------------------------------------------------------------------------------


def drained(lab: Lab, rounds: int) -> dict[str, float]:
    """Empty a node by both, in turn. Returns seconds."""
    for number in range(SETS):
        labels = {"bench": str(number)}
        kubectl("apply", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": f"bench-{number}"}, "spec": {
                "replicas": 0, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a"}]}}}},
            {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": f"bench-{number}"},
             "spec": {"maxUnavailable": "50%", "selector": {"matchLabels": labels}}},
        ]}))  # fmt: skip
    found: dict[str, list[float]] = {"node_drain": [], "kubectl drain": []}
    for _round in range(rounds):
        for name, seconds in found.items():
            fill()
            begin = time.monotonic()
            if name == "node_drain":
                done = run(node_drain.ActionModule, {"kubeconfig": str(lab.kubeconfig), "node": NODE}, None)
                assert done["changed"] and not done.get("failed"), done
            else:
                kubectl("drain", NODE)
            seconds.append(round(time.monotonic() - begin, 2))
    kubectl("uncordon", NODE)
    kubectl("delete", "replicasets,poddisruptionbudgets", *(f"bench-{number}" for number in range(SETS)))
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def fill() -> None:
    """Have all pods on the node."""
    names = [f"replicaset/bench-{number}" for number in range(SETS)]
    kubectl("scale", "--replicas=0", *names)
    kubectl("wait", "--for=delete", "--timeout=120s", "pods", "-l", "bench")
    kubectl("cordon", *OTHERS)
    kubectl("annotate", "node", NODE, "dockyard.openshift/cordoned-")
    kubectl("uncordon", NODE)
    kubectl("scale", f"--replicas={PODS}", *names)
    end = time.monotonic() + 120
    phases = ("get", "pods", "-l", "bench", "-o", "jsonpath={.items[*].status.phase}")
    while kubectl(*phases).split().count("Running") < SETS * PODS:
        assert time.monotonic() < end, "the pods do not come up"
        time.sleep(0.5)
    kubectl("uncordon", *OTHERS)
    time.sleep(2)  # budgets count


def kubectl(*arguments: str, text: str | None = None) -> str:
    given = ["-f", "-"] if text else []
    done = subprocess.run([LAB, "kubectl", *arguments, *given], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
