# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integrated registry on a real API server: real claims, Deployments and Jobs; its operator is a stand-in."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import (
    hosted_registry,
    image_registry,
    image_registry_info,
    image_registry_move,
    registry_proof,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Reply
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry.move import copying, state
from api_server import KINDS, run
from trust.pki import certificate

from .conftest import LAB, Lab, Moved, ref
from .real_registry import free_port, serving
from .real_registry import object_store as serving_objects


def standin_of(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, LAB / f"standins/{name}.py")
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


standin, node_standin = standin_of("registry_operator"), standin_of("registry_node")

NAMESPACE = "openshift-image-registry"
OBJECTS = yaml.safe_load("""
- {kind: StorageClass, metadata: {name: made-before}, provisioner: kubernetes.io/no-provisioner}
- kind: PersistentVolume
  metadata: {name: volume-old}
  spec: &volume
    capacity: {storage: 100Gi}
    accessModes: [ReadWriteMany]
    storageClassName: made-before
    nfs: {server: nfs.example.com, path: /old}
- kind: PersistentVolume
  metadata: {name: volume-new}
  spec: {<<: *volume, nfs: {server: nfs.example.com, path: /new}}
- kind: Deployment
  metadata: {name: cluster-image-registry-operator, namespace: openshift-image-registry}
  spec:
    replicas: 1
    selector: {matchLabels: {a: b}}
    template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}
- {kind: Config, metadata: {name: cluster}, spec: {managementState: Removed, replicas: 1}}
""")
KINDS_HERE = ("Job", "Deployment", "PersistentVolumeClaim", "Pod", "Secret")
GIVEN = {"claim": {"storage_class": "made-before", "access_mode": "ReadWriteMany"}, "wait_timeout": 60}


class Killed(BaseException):
    """The end of a run that nothing in it can catch."""


def task(
    lab: Lab, action: Any, given: dict[str, Any], log: str | None = None, *, kill: bool = False, **more: Any
) -> dict[str, Any]:  # fmt: skip
    """Run a task. log: text in place of the log of a Job that nobody runs; kill: the run ends after its first write."""

    class Logged(action.ActionModule):
        def transport(self, login):
            found = super().transport(login)
            send = found.send

            def answered(method, path, *rest):
                if log is not None and "/log?" in path:
                    return Reply(200, {"Content-Type": "text/plain"}, [log.encode()])
                reply = send(method, path, *rest)
                if kill and method != "GET" and "dryRun" not in path and "accessreviews" not in path:
                    raise Killed
                return reply

            found.send = answered
            return found

    return run(Logged, {"kubeconfig": str(lab.kubeconfig), **given}, None, **more)


@pytest.fixture
def registry(lab: Lab) -> Iterator[Lab]:
    """A cluster whose registry is Removed, with two volumes made beforehand."""
    cleared(lab)
    for manifest in OBJECTS:
        whole = {"apiVersion": KINDS[manifest["kind"]].api_version, **manifest}
        if lab.client.read(ref(whole)) is None:
            lab.client.create(ref(whole), whole)
    with standin.RegistryOperator(lab.client_of({"kubeconfig": str(lab.kubeconfig)})) as operator:
        yield lab
    cleared(lab)
    assert not operator.failures, operator.failures


def cleared(lab: Lab) -> None:
    for kind in KINDS_HERE:
        for item in all_of(lab, kind):
            gone(lab, {"kind": kind, "metadata": item["metadata"]})
    for manifest in OBJECTS:
        if manifest["kind"] in ("Config", "PersistentVolume"):
            gone(lab, manifest)
    # controllers take the finalizers of claims off, and delete pods, in their time
    lab.wait_for(lambda: not any(all_of(lab, kind) for kind in KINDS_HERE))


def all_of(lab: Lab, kind: str) -> list[dict[str, Any]]:
    return lab.client.read_all(ref({"kind": kind, "metadata": {"name": "", "namespace": NAMESPACE}}))


def gone(lab: Lab, manifest: dict[str, Any]) -> None:
    """Delete an object that controllers may be writing."""
    for _try in range(20):
        there = lab.client.read(ref(manifest))
        if there is None:
            return
        with contextlib.suppress(Moved):
            lab.client.delete(ref(manifest), there["metadata"]["uid"], there["metadata"]["resourceVersion"])
            return


def test_removed_becomes_managed_on_a_claim_and_a_second_run_writes_nothing(registry):
    given = {**GIVEN, "storage": {"pvc": {"claim": "old"}}, "rollout_strategy": "Recreate"}
    done = task(registry, image_registry, given)
    assert not done.get("failed"), done["msg"]
    spec = registry.get("Config", "cluster")["spec"]
    assert spec["managementState"] == "Managed" and spec["storage"]["managementState"] == "Unmanaged"
    claim = registry.get("PersistentVolumeClaim", "old", NAMESPACE)
    assert claim["status"]["phase"] == "Bound"
    again = task(registry, image_registry, given)
    assert not again["changed"] and set(again["requests"]) == {"GET"}, again


def test_what_the_operator_refuses_is_refused_before(registry):
    given = {"storage": {"pvc": {"claim": "nope"}}, "wait_timeout": 5}
    result = task(registry, image_registry, given)
    assert result["failed"] and "nope does not exist" in result["msg"]
    assert registry.get("Config", "cluster")["spec"]["managementState"] == "Removed"


def test_a_move_with_real_claims_and_a_real_job(registry):
    first = {**GIVEN, "storage": {"pvc": {"claim": "old"}}, "rollout_strategy": "Recreate"}
    assert not task(registry, image_registry, first).get("failed")
    given = {
        **GIVEN, "storage": {"pvc": {"claim": "new"}}, "data": "copy", "copy_image": "registry.example.com/tools:1",
        "copy_timeout": 60,
    }  # fmt: skip
    done = task(registry, image_registry_move, given, log="dockyard-copied blobs=3 files=9\n")
    assert not done.get("failed"), done["msg"]
    assert done["copied"] == {"blobs": 3, "files": 9}
    config = registry.get("Config", "cluster")
    assert config["spec"]["storage"]["pvc"] == {"claim": "new"} and config["spec"]["readOnly"] is False
    assert state.MEMORY not in (config["metadata"].get("annotations") or {})
    assert registry.get("Job", copying.JOB.name, NAMESPACE) is None
    assert registry.get("PersistentVolumeClaim", "old", NAMESPACE)["status"]["phase"] == "Bound"
    again = task(registry, image_registry_move, given)
    assert not again["changed"] and again["steps"] == [], again


MOVE = {
    **GIVEN, "storage": {"pvc": {"claim": "new"}}, "data": "copy", "copy_image": node_standin.IMAGE, "copy_timeout": 60,
    "rollout_strategy": "Recreate",
}  # fmt: skip
ON_OLD = {**GIVEN, "storage": {"pvc": {"claim": "old"}}, "rollout_strategy": "Recreate"}


@contextlib.contextmanager
def node_of(lab: Lab, docker_registry: Path, place: Path, root: Path) -> Iterator[Any]:
    """A node that serves the registry as its Deployment says, and runs Jobs."""
    serve = partial(serving, docker_registry, place, "node", port=free_port())
    logs = lab.kubeconfig.with_name("logs")
    with node_standin.RegistryNode(
        lab.client, place / "claims", lambda environment: serve(environment=environment), root, logs / "copy"
    ) as there:
        yield there
    assert not there.failures, there.failures


@pytest.fixture
def node(registry: Lab, docker_registry: Path, tmp_path: Path, inside_a_container: Path) -> Iterator[Any]:
    """A real registry on the claim `old`, with an image in it."""
    with node_of(registry, docker_registry, tmp_path, inside_a_container) as there:
        assert not task(registry, image_registry, ON_OLD).get("failed")
        registry.wait_for(lambda: there.now == node_standin.Serving("old", False))
        assert not proof(there, tmp_path, "push", "pull").get("failed")
        yield there


def proof(node: Any, place: Path, *proofs: str) -> dict[str, Any]:
    """Push or pull the image of a person who was there before."""
    given = {
        "proofs": [*proofs], "project": "team", "name": "app", "tag": "1", "registry": node.host, "patience": 5,
        "registry_ca": (place / "cert.pem").read_text(), "registry_username": "bot", "registry_password": "topsecret",
    }  # fmt: skip
    return run(registry_proof.ActionModule, given, None)


def test_a_move_with_a_real_registry_loses_no_image(registry, node, tmp_path):
    before = proof(node, tmp_path, "pull")["proofs"]
    refused: list[dict[str, Any]] = []
    node.before_job = lambda: refused.append(proof(node, tmp_path, "push"))
    done = task(registry, image_registry_move, MOVE)
    assert not done.get("failed"), done["msg"]
    assert done["copied"]["blobs"] == 3, "a layer, a configuration and their manifest, counted by the Job's own log"
    assert refused and "status 405" in refused[0]["msg"], "pushes are refused while images are copied"
    registry.wait_for(lambda: node.now == node_standin.Serving("new", False))
    assert proof(node, tmp_path, "pull")["proofs"] == before, "an image from before, digest by digest"
    assert not proof(node, tmp_path, "push").get("failed") and (tmp_path / "claims/old/docker").is_dir()


def test_killed_after_every_write_the_registry_serves_and_the_next_run_goes_on(registry, node, tmp_path):
    before = proof(node, tmp_path, "pull")["proofs"]
    for runs in range(1, 30):
        with contextlib.suppress(Killed):
            if not task(registry, image_registry_move, MOVE, kill=True).get("failed"):
                break
        registry.wait_for(lambda: node.environment == node.wanted())
        assert proof(node, tmp_path, "pull")["proofs"] == before, f"after run {runs}"
    assert 5 <= runs < 29, "each run but the last wrote once"
    assert registry.get("Config", "cluster")["spec"]["storage"]["pvc"] == {"claim": "new"}
    registry.wait_for(lambda: node.now == node_standin.Serving("new", False))
    assert proof(node, tmp_path, "pull")["proofs"] == before


def test_a_blob_that_was_spoilt_stops_the_move_and_the_old_registry_serves(registry, node, tmp_path):
    blob = next((tmp_path / "claims/old/docker/registry/v2/blobs").rglob("data"))
    whole = blob.read_bytes()
    blob.write_bytes(whole + b"x")
    result = task(registry, image_registry_move, MOVE)
    assert result["failed"] and "is not what its digest says" in result["msg"], result
    assert registry.get("Config", "cluster")["spec"]["storage"]["pvc"] == {"claim": "old"}
    blob.write_bytes(whole)
    assert not proof(node, tmp_path, "pull").get("failed")
    again = task(registry, image_registry_move, MOVE)
    assert not again.get("failed"), f"the next run goes on: {again['msg']}"
    registry.wait_for(lambda: node.now == node_standin.Serving("new", False))
    assert not proof(node, tmp_path, "pull").get("failed")


def test_a_look_inside_says_what_the_pod_mounts(registry, node, tmp_path):
    """The command goes over the API server, as the user of the task; kwok answers for the pod."""
    link = registry.kubeconfig.with_name("registry")
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / "claims/old")
    try:
        told = task(registry, image_registry_info, {"look_inside": True})
    finally:
        link.unlink()
    size = shutil.disk_usage(tmp_path).total
    assert told["inside"]["mounted"] and abs(told["inside"]["size"] - size) < size / 10, told["inside"]
    refused = task(registry, image_registry_info, {"look_inside": True})
    assert "df in the pod" in str(refused) or "the command in the pod" in str(refused), refused


LOGIN = {"access_key": "lab-access", "secret_key": "lab-secret-key"}


@pytest.fixture
def bucket(object_store: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What is said of a bucket in a real object store."""
    with serving_objects(object_store, tmp_path, "images", (LOGIN["access_key"], LOGIN["secret_key"])) as endpoint:
        storage = {"s3": {"bucket": "images", "region": "us-east-1", "regionEndpoint": endpoint}}
        yield {"storage": storage, "credentials": LOGIN, "wait_timeout": 20}


def blobs(place: Path) -> set[str]:
    """Return the digests of all blobs below a place, each found to be true."""
    found = [*place.rglob("blobs/sha256/*/*/data")]
    assert all(hashlib.sha256(one.read_bytes()).hexdigest() == one.parent.name for one in found)
    return {one.parent.name for one in found}


def test_images_in_a_bucket_move_to_a_claim_and_back(
    registry, bucket, docker_registry, tmp_path, inside_a_container
):  # fmt: skip
    with node_of(registry, docker_registry, tmp_path, inside_a_container) as node:
        done = task(registry, image_registry, bucket)
        assert not done.get("failed") and LOGIN["secret_key"] not in json.dumps(done), done["msg"]
        registry.wait_for(lambda: node.now == node_standin.Serving("images", False))
        sent_on = proof(node, tmp_path, "push", "pull")["msg"]
        assert "which is not https" in sent_on, "the registry sends whoever pulls to the store"
        assert not task(registry, image_registry, bucket := {**bucket, "disable_redirect": True}).get("failed")
        registry.wait_for(lambda: node.environment == node.wanted())
        before, stored = proof(node, tmp_path, "pull"), blobs(tmp_path / "store/images")
        assert not before.get("failed"), before["msg"]
        assert len(stored) == 3, "a layer, a configuration and their manifest"
        again = task(registry, image_registry, bucket)
        assert not again["changed"] and set(again["requests"]) == {"GET"}, again

        moved = task(registry, image_registry_move, MOVE)
        assert not moved.get("failed") and moved["copied"]["blobs"] == 3, moved["msg"]
        registry.wait_for(lambda: node.now == node_standin.Serving("new", False))
        assert proof(node, tmp_path, "pull")["proofs"] == before["proofs"]
        assert blobs(tmp_path / "claims/new") == stored == blobs(tmp_path / "store/images"), "nothing was deleted"

        back = {name: bucket[name] for name in ("storage", "credentials")}
        back |= {name: MOVE[name] for name in ("data", "copy_image", "copy_timeout", "wait_timeout")}
        returned = task(registry, image_registry_move, back)
        assert not returned.get("failed") and returned["copied"]["blobs"] == 3, returned["msg"]
        registry.wait_for(lambda: node.now == node_standin.Serving("images", False))
        assert proof(node, tmp_path, "pull")["proofs"] == before["proofs"]


def test_a_registry_of_openshift_3_trusts_an_authority(lab):
    """Its kind is a stand-in here; nothing rolls out, so the rollout is not waited for."""
    config = {
        "kind": "DeploymentConfig", "apiVersion": "apps.openshift.io/v1",
        "metadata": {"name": "docker-registry", "namespace": "default"},
        "spec": {
            "replicas": 1, "triggers": [{"type": "ConfigChange"}], "selector": {"docker-registry": "default"},
            "template": {"metadata": {"labels": {"docker-registry": "default"}}, "spec": {"containers": [
                {"name": "registry", "image": "registry:1", "env": [{"name": "SECRET", "value": "hidden"}],
                 "volumeMounts": [{"name": "registry-storage", "mountPath": "/registry"}]}],
                "volumes": [{"name": "registry-storage", "emptyDir": {}}]}},
        },
    }  # fmt: skip
    lab.apply(config)
    given = {
        "trust": [{"registry": "r.example.com", "ca": certificate("ours", days=4000)}],
        "authorities": certificate("root one", days=4000),
        "wait": False,
    }  # fmt: skip
    try:
        planned = task(lab, hosted_registry, given, check=True)
        done = task(lab, hosted_registry, given)
        assert done["changed"] and done["plan"]["id"] == planned["plan"]["id"] and "hidden" not in json.dumps(done)
        assert not task(lab, hosted_registry, given)["changed"]
        pod = lab.get("DeploymentConfig", "docker-registry", "default")["spec"]["template"]["spec"]
        assert [one["name"] for one in pod["volumes"]] == ["registry-storage", "dockyard-authorities"]
        assert task(lab, hosted_registry, {"trust": [], "wait": False})["changed"]
        left = lab.get("DeploymentConfig", "docker-registry", "default")["spec"]
        before = config["spec"]
        assert left["template"]["spec"] == before["template"]["spec"]
        assert lab.get("ConfigMap", "dockyard-registry-authorities", "default") is None
    finally:
        gone(lab, config)
