# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of clusters in memory: every case is run as a quartet (check, run, check, run)."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
import quartet
import yaml
from ansible_collections.dockyard.openshift.plugins.action import image_registry, image_registry_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import pools
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry.asked import BACKENDS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry import health
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry.spec import (
    LISTS,
    MAPPINGS,
    VALUES,
    is_another_place,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import on_cluster
from api_server import KINDS, ApiServer, on, ref, reply, run, status, times
from cases import cases, part
from quartet import READS
from trust.pki import certificate, key_pem

NAMESPACE = "openshift-image-registry"
USER_SECRET = "image-registry-private-configuration-user"  # noqa: S105 - its name
STOCK = yaml.safe_load("""
- kind: Config
  metadata: {name: cluster, labels: {keep: me}, annotations: {theirs: "1"}}
  spec:
    managementState: Managed
    replicas: 1
    rolloutStrategy: Recreate
    httpSecret: a-secret-of-the-registry
    storage: {managementState: Unmanaged, pvc: {claim: old}}
  status: {}
- {kind: Infrastructure, metadata: {name: cluster}, spec: {}, status: {platformStatus: {type: BareMetal}}}
- {kind: ClusterVersion, metadata: {name: version}, spec: {}, status: {desired: {version: 4.18.3}}}
- kind: PersistentVolumeClaim
  metadata: {name: old, namespace: openshift-image-registry}
  spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 100Gi}}}
  status: {phase: Bound, capacity: {storage: 100Gi}}
- {kind: StorageClass, metadata: {name: fast}, provisioner: csi.example.com, allowVolumeExpansion: true}
- kind: StorageClass
  metadata: {name: shared, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
  provisioner: cephfs.example.com
- kind: Deployment
  metadata: {name: cluster-image-registry-operator, namespace: openshift-image-registry}
  spec: {}
  status: {availableReplicas: 1}
""")
#: Option → field of the specification.
FIELDS = {**VALUES, **MAPPINGS, **LISTS, "routes": "routes", "storage": "storage"}
TABLE = cases("cluster/image_registry.yml")
REFUSED = cases("cluster/image_registry_refused.yml")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(on_cluster, "_POLL", 0.0)


def cluster(case: dict[str, Any], *, works: bool = True) -> ApiServer:
    """The cluster of a case, with an operator that does at once what it is told, unless it does nothing."""
    objects = {ref(one).path: one for one in [*STOCK, *filled(case.get("cluster", []))]}
    gone = {name.partition("/")[2] for name in case.get("missing", ())}
    whole = [
        {"apiVersion": KINDS[one["kind"]].api_version, **copy.deepcopy(one)}
        for one in objects.values()
        if one["metadata"]["name"] not in gone or one["kind"] != "Config"
    ]
    server = ApiServer().put(*whole)
    if works:
        server.faults.append(lambda method, path, body: operator(server))
    return server


def operator(server: ApiServer) -> None:
    """Do what the registry operator does: it writes the Deployment, whose pods start, and reports."""
    config = server.get("Config", "cluster")
    if not config:
        return
    storage = config["spec"].get("storage") or {}
    backend = next((key for key in BACKENDS if storage.get(key) is not None), "emptyDir")
    removed = config["spec"].get("managementState") == "Removed"
    config["status"] = {
        "observedGeneration": config["metadata"]["generation"],
        "conditions": [
            {"type": "Available", "status": "True", "reason": "Ready"},
            {"type": "Progressing", "status": "False", "reason": "Ready"},
            {"type": "Degraded", "status": "False"},
            {"type": "Removed", "status": str(removed)},
        ],
    }
    count = config["spec"]["replicas"]
    word, places = health._ENVIRONMENT[backend]
    env = [{"name": "REGISTRY_STORAGE", "value": word}]
    env += [{"name": f"REGISTRY_STORAGE_{name}", "value": storage[backend].get(key)} for key, name in places]
    volumes = [{"persistentVolumeClaim": {"claimName": storage["pvc"]["claim"]}}] if backend == "pvc" else []
    pod = {"containers": [{"env": env}], "volumes": volumes}
    deployment = {
        "kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "image-registry", "namespace": NAMESPACE},
        "spec": {"replicas": count, "template": {"spec": pod}},
        "status": {"observedGeneration": 1, "replicas": count, "updatedReplicas": count, "availableReplicas": count},
    }  # fmt: skip
    server.put(deployment)


def filled(value: Any) -> Any:
    """Words that stand for certificates and keys."""
    words = {
        "CA": certificate("one"),
        "SERVER": certificate("server", names=("r.example.com",)),
        "NAMELESS": certificate("server"),
        "EXPIRED": certificate("server", names=("r.example.com",), begins=-20, days=-10),
        "SIGNED": certificate("server", by="middle", names=("r.example.com",)),
        "CHAIN": certificate("server", by="middle", names=("r.example.com",)) + certificate("middle", by="root"),
        "ASTRAY": certificate("server", by="middle", names=("r.example.com",)) + certificate("one"),
        "KEY": key_pem("server"),
        "RSA": key_pem("google", "weak"),
        "GOOGLE": json.dumps({"type": "service_account", "private_key": key_pem("google", "weak")}),
        "OTHER": base64.b64encode(certificate("server", names=("r.example.com",)).encode()).decode(),
        "STORE": base64.b64encode(
            certificate("store", names=("minio.storage.svc", "minio.storage.svc.cluster.local")).encode()
        ).decode(),
    }
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    return words.get(value, value) if isinstance(value, str) else value


def task(case: dict[str, Any], server: ApiServer, **more: Any) -> dict[str, Any]:
    given = {"wait_timeout": 0, **filled(case["given"])}
    return run(image_registry.ActionModule, given, server, **more)


def server_object(server: ApiServer, name: str) -> Any:
    kind, _slash, short = name.partition("/")
    place = {"ConfigMap": "openshift-config"}.get(kind, NAMESPACE) if KINDS[kind].namespaced else ""
    return server.get(kind, short, place)


@pytest.mark.parametrize("case", TABLE)
def test_objects_are_as_asked_and_a_second_run_writes_nothing(case, sentences):
    server, then = cluster(case), case["then"]
    before = copy.deepcopy(server.objects)
    planned, done = quartet.planned_and_done(task, case, server)
    sentences(done)
    assert done["written"]
    objects = filled(then["objects"])
    found = [text for name, wanted in objects.items() for text in part(server_object(server, name), wanted, name)]
    assert not found, found
    assert then.get("written", done["written"]) == done["written"]
    quartet.told(done, then)
    assert not [text for text in done.get("warnings", ()) for quiet in then.get("quiet", ()) if quiet in text]
    config, old = (objects[ref(STOCK[0]).path] for objects in (server.objects, before))
    assert config["metadata"]["labels"] == {"keep": "me"} and config["metadata"]["annotations"]["theirs"] == "1"
    asked = {FIELDS[name] for name in case["given"] if name in FIELDS}
    asked |= {"managementState"} if "storage" in asked else set()
    here, there = ({key: one for key, one in each["spec"].items() if key not in asked} for each in (config, old))
    assert here == there, "what nobody asked for stays, storage and httpSecret among it (R14)"
    told = json.dumps([planned, done])
    assert "a-secret-of-the-registry" not in told
    for secret in ("hidden-access-key", "hidden-secret-key", "PRIVATE KEY"):
        assert secret not in told and base64.b64encode(secret.encode()).decode() not in told, secret
    quartet.nothing_left(task, case, server)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_sentence_before_anything_is_written(case, sentences):
    server = cluster(case)
    sentences(quartet.refused(task, case, server))


def test_there_are_many_bad_inputs():
    assert len(REFUSED) >= 40


@pytest.mark.parametrize(
    ("there", "given"),
    [
        ({"requests": {"read": {"maxRunning": 1, "maxWaitInQueue": "1m0s"}}},
         {"requests": {"read": {"maxWaitInQueue": "60s"}}}),
        ({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}},
         {"resources": {"limits": {"cpu": 1, "memory": "1024Mi"}}}),
        ({"resources": {"requests": {"cpu": "500m"}}}, {"resources": {"requests": {"cpu": 0.5}}, "mode": "exact"}),
        ({"proxy": {"noProxy": ".x"}}, {"registry_proxy": {"noProxy": ".x", "http": None}}),
        ({"proxy": {"noProxy": ".x"}}, {"registry_proxy": {"noProxy": ".x", "http": ""}, "mode": "exact"}),
        ({}, {"read_only": False, "disable_redirect": False, "default_route": False, "logging": 0}),
        ({"requests": {"read": {"maxRunning": 5, "maxWaitInQueue": "0s"}, "write": {"maxWaitInQueue": "0s"}}},
         {"requests": {"read": {"maxRunning": 5, "maxInQueue": 0}}, "mode": "exact"}),
        ({"requests": {"read": {"maxRunning": 5}}}, {"requests": {"read": {"maxRunning": 5, "maxWaitInQueue": "0s"}}}),
        ({"nodeSelector": {"infra": ""}}, {"node_selector": {"infra": ""}, "mode": "exact"}),
    ],
)  # fmt: skip
def test_another_spelling_of_the_same_value_changes_nothing(there, given):
    """The operator writes the whole object as Go does: durations and amounts in its spelling, nothing that is false."""
    server = cluster({"cluster": [{**STOCK[0], "spec": {**STOCK[0]["spec"], **there}}]})
    result = task({"given": given}, server)
    assert not result["changed"] and not result.get("failed") and not server.writes, result


@pytest.mark.parametrize(
    ("there", "given", "after"),
    [
        ({"nodeSelector": {"infra": "", "a": "b"}}, {"node_selector": {"a": "b"}, "mode": "exact"}, {"a": "b"}),
        ({"nodeSelector": {"a": "b"}}, {"node_selector": {"infra": ""}}, {"a": "b", "infra": ""}),
    ],
)
def test_a_label_without_a_value_counts(there, given, after):
    server = cluster({"cluster": [{**STOCK[0], "spec": {**STOCK[0]["spec"], **there}}]})
    assert task({"given": given}, server)["changed"]
    assert server.get("Config", "cluster")["spec"]["nodeSelector"] == after


# --- done means done ---

LOGS = {"given": {"log_level": "Debug"}}


def test_a_run_without_a_change_reads_its_configuration_once():
    server = cluster(LOGS)
    task(LOGS, server)
    count = len(server.log)
    assert not task(LOGS, server)["changed"]
    config = "/apis/imageregistry.operator.openshift.io/v1/configs/cluster"
    assert [path for _method, path, *_rest in server.log[count:]] == [
        config, f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/image-registry"
    ]  # fmt: skip


def test_old_conditions_prove_nothing():
    server = cluster(LOGS)
    task({"given": {"log_level": "Trace"}}, server)
    server.faults.clear()
    result = task(LOGS, server)
    assert result["failed"] and "waited 0 s for the registry to be as asked for" in result["msg"]


def test_a_registry_that_does_not_serve_is_not_called_unchanged():
    case = {"given": {"replicas": 1}}
    server = cluster(case)
    server.faults.append(lambda method, path, body: broken(server))
    result = task(case, server)
    assert result["failed"] and "0 of 1 pods are new" in result["msg"]
    assert {method for method, *_rest in server.log} == READS
    assert not task({"given": {"replicas": 1, "wait": False}}, server).get("failed")


def broken(server: ApiServer, **pod: Any) -> None:
    deployment = server.get("Deployment", "image-registry", NAMESPACE)
    if deployment:
        deployment["status"] |= {"updatedReplicas": 0, "availableReplicas": 0}


@pytest.mark.parametrize("case", cases("cluster/image_registry_causes.yml"))
def test_the_cause_is_told_and_what_mends_it(case, sentences):
    server = cluster(case)
    log = case.get("log")
    if log:
        server.faults.append(on("GET", "/log", lambda: text_reply(log)))
    server.faults.append(lambda method, path, body: broken(server))
    server.faults.append(lambda method, path, body: told(server, case.get("conditions", [])))
    result = task({"given": {"read_only": True, **case.get("given", {})}}, server)
    assert result["failed"] and case["cause"] in result["msg"], result["msg"]
    found = run(image_registry_info.ActionModule, {}, server)
    assert not found["healthy"] and (log or any(case["cause"] in text for text in found["causes"])), found["causes"]
    assert "hidden-" not in result["msg"]
    sentences(result, found["causes"])


def told(server: ApiServer, conditions: list[dict[str, Any]]) -> None:
    config = server.get("Config", "cluster")
    names = {one["type"] for one in conditions}
    kept = [one for one in config["status"].get("conditions", []) if one["type"] not in names]
    config["status"]["conditions"] = kept + conditions


def text_reply(text: str) -> Any:
    found = reply(200, None)
    return type(found)(200, {"Content-Type": "text/plain"}, [text.encode()])


def test_rollback_puts_the_specification_back():
    case = {
        "given": {"storage": {"emptyDir": {}}, "allow": ["images-left-behind"], "rollback": True, "log_level": "Debug"}
    }
    server = cluster(case)
    before = copy.deepcopy(server.get("Config", "cluster")["spec"])
    server.faults.append(lambda method, path, body: broken(server))
    result = task(case, server)
    assert result["failed"] and "put back as before: Config/cluster" in result["msg"], result["msg"]
    assert not result["changed"] and "nothing was changed" in result["msg"]
    assert server.get("Config", "cluster")["spec"] == before


def test_rollback_puts_a_login_back_and_names_what_it_cannot():
    spec = {"managementState": "Managed", "replicas": 1, "storage": {"s3": {"bucket": "b", "region": "us-east-1"}}}
    login = {"REGISTRY_STORAGE_S3_ACCESSKEY": "eA==", "REGISTRY_STORAGE_S3_SECRETKEY": "eA=="}
    secret = {"kind": "Secret", "metadata": {"name": USER_SECRET, "namespace": NAMESPACE}, "data": login}
    server = cluster(
        {"cluster": [{"kind": "Config", "metadata": {"name": "cluster"}, "spec": spec, "status": {}}, secret]}
    )
    server.faults.append(lambda method, path, body: broken(server))
    given = {"credentials": {"access_key": "hidden-a", "secret_key": "hidden-b"}, "rollback": True}
    route = {"name": "mine", "hostname": "r.example.com", "certificate": "SERVER", "key": "KEY"}
    result = task({"given": given | {"routes": [route]}}, server)
    assert result["failed"] and result["changed"], result
    assert "put back as before: Config/cluster, Secret openshift-image-registry/image-registry-private" in result["msg"]
    assert "not put back: Secret openshift-image-registry/mine-tls" in result["msg"]
    assert server.get("Secret", USER_SECRET, NAMESPACE)["data"] == login


def test_a_cause_that_nobody_may_look_for_is_told_as_such():
    server = cluster(LOGS)
    server.faults.append(lambda method, path, body: broken(server))
    server.faults.insert(0, on("GET", "/pods", lambda: status(400, "BadRequest", "no such field")))
    result = task(LOGS, server)
    assert result["failed"] and "the cause is not known: " in result["msg"] and "no such field" in result["msg"], result


def test_without_rollback_the_specification_stays():
    server = cluster(LOGS)
    server.faults.append(lambda method, path, body: broken(server))
    assert task(LOGS, server)["failed"]
    assert server.get("Config", "cluster")["spec"]["logLevel"] == "Debug"


def test_a_configuration_that_is_not_there_yet_is_waited_for():
    server = cluster({"missing": ["Config/cluster"]})
    left = [3]

    def made(method: str, path: str, body: Any) -> None:
        left[0] -= 1
        if not left[0]:
            server.put({"apiVersion": KINDS["Config"].api_version, **copy.deepcopy(STOCK[0])})

    server.faults.append(made)
    result = task({"given": {"log_level": "Debug", "wait_timeout": 30}}, server)
    assert result["changed"] and not result.get("failed"), result


def test_a_certificate_of_a_route_that_ends_soon_is_warned_of():
    pem = certificate("server", names=("r.example.com",), days=10)
    route = {"name": "public", "hostname": "r.example.com", "certificate": pem, "key": key_pem("server")}
    done = task({"given": {"routes": [route]}}, cluster({}))
    assert done["changed"] and any(
        one.startswith("routes: the certificate of public ") and "10 day" in one for one in done["warnings"]
    ), done


def test_a_certificate_of_the_store_that_nobody_may_read_is_said():
    case = next(one.values[0] for one in TABLE if "R8 a store that is a service, with" in one.values[0]["name"])
    server = cluster(case)
    server.faults.insert(0, on("GET", "secrets/minio-tls", lambda: status(403, "Forbidden", "no")))
    done = task(case, server)
    says = "storage.s3.regionEndpoint: the certificate of minio.storage.svc could not be looked at: "
    assert not done.get("failed") and any(one.startswith(says) for one in done["warnings"]), done


def test_the_first_missing_object_of_the_chain_is_named():
    server = cluster({"missing": ["Config/cluster"]})
    server.objects = {path: one for path, one in server.objects.items() if "operator" not in path}
    result = task(LOGS, server)
    assert result["failed"] and "cluster-image-registry-operator is missing" in result["msg"]


# --- faults ---


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        times(1, on("PATCH", "/configs/", lambda: status(409, "Conflict", "it has been modified"))),
        times(1, on("PATCH", "/configs/", lambda: status(500, "InternalError", "etcd is away"))),
        times(2, on("PATCH", "/configs/", lambda: status(429, "TooManyRequests", "slow", **{"Retry-After": "0.01"}))),
        times(1, on("GET", "/configs/", lambda: status(503, "Unavailable", "starting", **{"Retry-After": "0.01"}))),
    ],
)
def test_faults_that_pass_are_survived(fault):
    server = cluster(LOGS)
    server.faults.insert(0, fault)
    result = task(LOGS, server)
    assert result["changed"] and not result.get("failed"), result
    assert server.get("Config", "cluster")["spec"]["logLevel"] == "Debug"


@pytest.mark.parametrize("place", ["/secrets/", "/persistentvolumeclaims", "/infrastructures/", "/clusterversions/"])
def test_what_cannot_be_read_is_not_taken_for_absent(place):
    server = cluster(LOGS)
    server.faults.insert(0, on("GET", place, lambda: status(403, "Forbidden", f"{place} is forbidden")))
    result = task(LOGS, server)
    assert result["failed"] and f"{place} is forbidden" in result["msg"] and not server.writes


def test_an_edit_in_between_is_planned_anew():
    server = cluster(LOGS)

    def edit(method: str, path: str, body: Any) -> None:
        if method == "PATCH" and not edit.done:  # type: ignore[attr-defined]
            edit.done = True  # type: ignore[attr-defined]
            config = server.get("Config", "cluster")
            config["spec"]["readOnly"] = True
            config["metadata"]["resourceVersion"] = "4711"

    edit.done = False  # type: ignore[attr-defined]
    server.faults.append(edit)
    assert task(LOGS, server)["changed"]
    spec = server.get("Config", "cluster")["spec"]
    assert spec["readOnly"] and spec["logLevel"] == "Debug", "two writers at once lose nothing"


def test_logins_are_not_written_as_manifests(tmp_path):
    given = {
        "storage": {"s3": {"bucket": "b", "region": "us-east-1"}},
        "credentials": {"access_key": "hidden-a", "secret_key": "hidden-b"},
    }
    result = task({"given": given | {"manifests_to": str(tmp_path)}}, cluster(LOGS))
    assert (
        result["failed"] and "would hold logins or keys in plain text" in result["msg"] and not list(tmp_path.iterdir())
    )


def test_a_manifest_takes_the_backend_before_out(tmp_path):
    config = next(one for one in STOCK if one["kind"] == "Config")
    storage = {"emptyDir": {}, "managementState": "Managed"}
    case = {
        "cluster": [{**config, "spec": {**config["spec"], "storage": storage}}],
        "given": {
            "storage": {"pvc": {"claim": "old"}}, "rollout_strategy": "Recreate", "allow": ["images-left-behind"],
            "manifests_to": str(tmp_path),
        },
    }  # fmt: skip
    result = task(case, cluster(case))
    written = yaml.safe_load((tmp_path / "config-cluster.yaml").read_text())["spec"]["storage"]
    assert written == {"pvc": {"claim": "old"}, "managementState": "Unmanaged", "emptyDir": None}
    assert any("spec.storage.emptyDir must go" in note for note in result["notes"])


@pytest.mark.slow
@pytest.mark.parametrize("case", TABLE)
def test_manifests_that_are_applied_make_what_the_task_makes(case, tmp_path):
    if not {"credentials", "routes"} & set(case["given"]):  # as manifests they are refused
        quartet.manifests_do_the_same(task, case, cluster(case), tmp_path)


def test_info_reports_the_registry_and_its_routes():
    route = {
        "kind": "Route", "metadata": {"name": "default-route", "namespace": NAMESPACE},
        "spec": {"host": "r.example.com", "tls": {"termination": "reencrypt"}},
    }  # fmt: skip
    login = {"kind": "Secret", "metadata": {"name": USER_SECRET, "namespace": NAMESPACE}, "data": {"X": "aGlkZGVuLWE="}}
    pod = {
        "kind": "Pod",
        "metadata": {"name": "image-registry-1", "namespace": NAMESPACE, "labels": {"docker-registry": "default"}},
        "spec": {"nodeName": "worker-0"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    server = cluster({"cluster": [route, login, pod]})
    found = run(image_registry_info.ActionModule, {"read_only": True, "query": "routes[].host"}, server)
    assert not found.get("failed"), found
    assert found["drift"] and found["healthy"] and found["selected"] == ["r.example.com"]
    assert found["storage"]["claim"]["phase"] == "Bound" and found["credentials"]["keys"] == ["X"]
    assert found["pods"] == [{"name": "image-registry-1", "node": "worker-0", "ready": True}]
    assert "aGlkZGVuLWE" not in json.dumps(found) and "a-secret-of-the-registry" not in json.dumps(found)


@pytest.mark.parametrize("case", cases("cluster/image_registry_findings.yml"))
def test_what_works_and_should_be_known(case, sentences):
    config = copy.deepcopy(STOCK[0]) | {"spec": {**STOCK[0]["spec"], **case["spec"]}}
    server = cluster({"cluster": [config, *case.get("cluster", [])]})
    server.faults.append(lambda method, path, body: told(server, case.get("conditions", [])))
    found = run(image_registry_info.ActionModule, {}, server)
    assert not found.get("failed"), found
    assert len(found["findings"]) == len(case["finds"]), found["findings"]
    assert all(part in text for part, text in zip(case["finds"], found["findings"], strict=True)), found["findings"]
    sentences(found["findings"])


def test_a_registry_that_its_operator_has_not_made_yet():
    found = run(image_registry_info.ActionModule, {}, cluster({"missing": ["Config/cluster"]}))
    assert (found["healthy"], found["unfinished"], found["findings"]) == (False, "there is no Config/cluster", [])
    assert "wait some minutes after the installation" in found["causes"][0]


def test_the_whole_specification_is_told_without_its_secrets():
    spec = {**STOCK[0]["spec"], "proxy": {"http": "http://me:hidden-pw@proxy.example.com"}, "defaultRoute": True}
    found = run(image_registry_info.ActionModule, {}, cluster({"cluster": [STOCK[0] | {"spec": spec}]}))
    assert found["specification"] == {
        **spec, "httpSecret": "…", "proxy": {"http": "http://me:********@proxy.example.com"},
    }  # fmt: skip
    assert "hidden-pw" not in json.dumps(found) and "a-secret-of-the-registry" not in json.dumps(found)


def test_r10_a_pruner_that_failed_once_is_not_a_broken_registry():
    job = {
        "kind": "Job", "metadata": {"name": "image-pruner-1", "namespace": NAMESPACE},
        "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
    }  # fmt: skip
    found = run(image_registry_info.ActionModule, {}, cluster({"cluster": [job]}))
    assert found["healthy"] and not found["causes"], found
    (failed,) = found["pruner"]["failed_jobs"]
    assert failed["reason"] == "BackoffLimitExceeded" and "remove_failed_jobs: true" in failed["remedy"]


def test_r14_a_run_without_storage_leaves_the_storage():
    server = cluster(LOGS)
    task({"given": {"log_level": "Trace", "replicas": 1, "read_only": True, "default_route": True}}, server)
    patches = [body for method, path, _query, body in server.log if method == "PATCH" and "/configs/" in path]
    assert patches and not any("storage" in body["spec"] for body in patches)
    assert server.get("Config", "cluster")["spec"]["storage"] == STOCK[0]["spec"]["storage"]


def test_rights_are_asked_about_before_the_first_write():
    """G-143: the server judges every write without carrying it out."""
    case = {"given": {"storage": {"pvc": {"claim": "new"}}, "claim": {"size": "10Gi"}, "allow": ["images-left-behind"]}}
    server = cluster(case)
    before = copy.deepcopy(server.objects)
    denied = status(403, "Forbidden", "configs is forbidden")
    server.faults.append(lambda method, path, body: denied if method == "PATCH" and "/configs/" in path else None)
    result = task(case, server)
    assert result["failed"] and "configs is forbidden" in result["msg"], result["msg"]
    assert not server.get("PersistentVolumeClaim", "new", NAMESPACE), "the claim was not made either"
    assert server.get("Config", "cluster")["spec"] == before[ref(STOCK[0]).path]["spec"] and not server.writes


# --- access ---

PROJECTS = [{"kind": "Namespace", "metadata": {"name": name}} for name in ("team", "other")]


@pytest.mark.parametrize("case", cases("cluster/image_registry_access.yml", "bindings"))
def test_access_is_a_binding_for_each_subject_and_project(case):
    server = cluster({"cluster": PROJECTS + case.get("cluster", [])})
    theirs = {path: one for path, one in server.objects.items() if "theirs" in path}
    planned = task(case, server, check=True)
    assert planned["changed"] and {method for method, *_rest in server.log} == READS, planned
    done = task(case, server)
    assert done["changed"] and not done.get("failed") and done["plan"]["id"] == planned["plan"]["id"], done
    found = {
        f"{one['metadata'].get('namespace', '')}/{one['metadata']['name']}": f"{one['roleRef']['name']} "
        + ", ".join("/".join(filter(None, (each.get("namespace"), each["name"]))) for each in one["subjects"])
        for path, one in server.objects.items()
        if "bindings/" in path and "theirs" not in path
    }
    assert found == case["bindings"]
    assert theirs == {path: one for path, one in server.objects.items() if "theirs" in path}
    assert not task(case, server)["changed"] and not task(case, server, check=True)["changed"]
    assert not [path for _method, path, *_rest in server.log if "/secrets/" in path], "rights for it are not needed"


@pytest.mark.parametrize("case", cases("cluster/image_registry_access.yml", "refused"))
def test_access_that_is_refused_is_one_sentence_before_anything_is_written(case):
    server = cluster({"cluster": PROJECTS + case.get("cluster", [])})
    result = task(case, server)
    assert result["failed"] and case["refused"] in result["msg"] and not server.writes, result


@pytest.mark.parametrize("case", cases("cluster/image_registry_nobody.yml"))
def test_access_of_a_name_that_nobody_has_is_warned_of(case):
    grant = {"role": "puller", "projects": ["team"], **case["access"]}
    result = task({"given": {"access": [grant]}}, cluster({"cluster": PROJECTS}), check=True)
    meant = [text for text in result.get("warnings", ()) if text.startswith("access: ")]
    assert [text.rpartition("; is ")[2] for text in meant] == ([f"{case['meant']} meant?"] if "meant" in case else [])


def test_the_metrics_role_allows_nothing_else():
    server = cluster({"cluster": PROJECTS})
    task({"given": {"access": [{"role": "metrics", "user": "ann"}]}}, server)
    assert server.get("ClusterRole", "dockyard-registry-metrics")["rules"] == [
        {"apiGroups": ["image.openshift.io"], "resources": ["registry/metrics"], "verbs": ["get"]}
    ]


def test_the_authority_of_a_route_is_handed_on_to_hosts():
    own = {
        "host": "own.example.com",
        "tls": {"certificate": certificate("own"), "caCertificate": "PEM of its authority"},
    }
    routes = [{"host": "default.example.com", "tls": {"termination": "reencrypt"}}, own]
    named = [
        {"kind": "Route", "metadata": {"name": f"r{number}", "namespace": NAMESPACE}, "spec": spec}
        for number, spec in enumerate(routes)
    ]
    router = {"name": "default-ingress-cert", "namespace": "openshift-config-managed"}
    ca = {"kind": "ConfigMap", "metadata": router, "data": {"ca-bundle.crt": "PEM of the router's"}}
    found = run(image_registry_info.ActionModule, {}, cluster({"cluster": [*named, ca]}))
    assert found["trust"] == [
        {"registry": "default.example.com", "ca": "PEM of the router's"},
        {"registry": "own.example.com", "ca": "PEM of its authority"},
    ]


def test_variables_of_the_inventory_fill_options():
    server = cluster(LOGS)
    args = {"from_variables": True, "wait_timeout": 0}
    result = run(image_registry.ActionModule, args, server, variables={"image_registry_log_level": "Trace"})
    assert result["changed"] and server.get("Config", "cluster")["spec"]["logLevel"] == "Trace"


#: Backend → the keys that name a place, and one that does not.
PLACES = {
    "s3": (["bucket", "regionEndpoint"], "region"), "gcs": (["bucket"], "region"),
    "swift": (["container", "authURL"], "domain"),
    "azure": (["accountName", "container"], "cloudName"), "ibmcos": (["bucket"], "location"),
    "oss": (["bucket"], "region"), "pvc": (["claim"], "x"), "emptyDir": ([], "x"),
}  # fmt: skip


@pytest.mark.parametrize("backend", PLACES)
def test_another_place_is_another_value_of_a_key_that_names_one(backend):
    keys, other = PLACES[backend]
    now = {backend: {**dict.fromkeys(keys, "old"), other: "old"}}
    for key in keys:
        assert is_another_place(now, {backend: {key: "new"}}) and not is_another_place(now, {backend: {key: "old"}})
    assert not is_another_place(now, {backend: {other: "new"}})
    assert is_another_place({}, now) and is_another_place({"gcs" if backend == "s3" else "s3": {}}, now)


def test_a_store_of_its_own_that_is_taken_away_is_another_place():
    now = {"s3": {"bucket": "b", "regionEndpoint": "https://minio.example.com"}}
    assert is_another_place(now, {"s3": {"regionEndpoint": None}})
    assert not is_another_place({"s3": {"bucket": "b"}}, {"s3": {"regionEndpoint": None}})


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ({"expectedPods": 3, "disruptionsAllowed": 0, "currentHealthy": 2, "desiredHealthy": 2}, True),
        ({"expectedPods": 3, "disruptionsAllowed": 1, "currentHealthy": 3, "desiredHealthy": 2}, False),
        ({"expectedPods": 0, "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0}, False),
        ({"expectedPods": 3}, False),
        (None, False),
    ],
)
def test_a_budget_that_allows_no_eviction_is_named(status, holds):
    said = pools.holding([{"metadata": {"namespace": "team", "name": "b"}, "status": status}])
    assert said == [
        "the PodDisruptionBudget team/b allows no eviction now (2 of 3 pods are healthy, 2 have to be); a drain waits "
        "for it, up to an hour a node"
    ] * holds
