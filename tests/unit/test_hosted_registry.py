# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of OpenShift 3 in memory: every case is run as a quartet (check, run, check, run)."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
import quartet
import yaml
from ansible_collections.dockyard.openshift.plugins.action import hosted_registry, hosted_registry_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.hosted_registry import (
    authorities,
    options,
    rollout,
    storage,
    variables,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.certificates import read_certificates
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import on_cluster
from api_server import KINDS, ApiServer, on, ref, run, status, times
from cases import cases, part
from trust.pki import certificate, key_pem

SYSTEM = certificate("root one") + certificate("root two")
WORDS = {
    "CA": certificate("ours"), "OTHER": certificate("another"), "SYSTEM": SYSTEM, "KEY": key_pem("ours"),
    "LEAF": certificate("server", by="ours", ca=False), "LEAF KEY": key_pem("server"),
    "TORN": certificate("root one") + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
}  # fmt: skip
STOCK = yaml.safe_load("""
- kind: DeploymentConfig
  metadata: {name: docker-registry, namespace: default, labels: {docker-registry: default}, annotations: {theirs: "1"}}
  spec:
    replicas: 1
    selector: {docker-registry: default}
    strategy: {type: Rolling, rollingParams: {timeoutSeconds: 600}, resources: {}}
    triggers: [{type: ConfigChange}]
    template:
      metadata: {labels: {docker-registry: default}}
      spec:
        nodeSelector: {region: infra}
        serviceAccountName: registry
        containers:
        - name: registry
          image: openshift/origin-docker-registry:v3.11
          ports: [{containerPort: 5000, protocol: TCP}]
          env:
          - {name: REGISTRY_HTTP_ADDR, value: ":5000"}
          - {name: REGISTRY_HTTP_SECRET, value: hidden-http-secret}
          - {name: THEIRS, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
          volumeMounts:
          - {name: registry-storage, mountPath: /registry}
          - {name: registry-certificates, mountPath: /etc/secrets}
        - {name: theirs, image: example.com/side:1, env: [{name: PASSWORD, value: hidden-side}]}
        volumes:
        - {name: registry-storage, emptyDir: {}}
        - {name: registry-certificates, secret: {secretName: registry-certificates, defaultMode: 420}}
  status: {latestVersion: 1, observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1}
- {kind: StorageClass, metadata: {name: fast}, provisioner: csi.example.com, allowVolumeExpansion: true}
- kind: StorageClass
  metadata: {name: shared, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
  provisioner: cephfs.example.com
""")
TABLE = cases("cluster/hosted_registry.yml")
REFUSED = cases("cluster/hosted_registry_refused.yml")
VARIABLES = cases("cluster/hosted_registry_variables.yml")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(on_cluster, "_POLL", 0.0)


def filled(value: Any) -> Any:
    """Words that stand for certificates and keys; WORLD: more of them than a ConfigMap holds; TEXT …: in base64."""
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    if value == "WORLD":
        names = tuple(f"x{number}.a-long-name.example.com" for number in range(5000))
        return "".join(certificate(f"root {number}", names=names) for number in range(8))
    if isinstance(value, str) and value.startswith("TEXT "):
        return base64.b64encode(value[5:].encode()).decode()
    return WORDS.get(value, value) if isinstance(value, str) else value


def put_in(holder: Any, path: str, value: Any) -> None:
    """Change one place of an object: a.b[0].c."""
    *steps, last = path.replace("[", ".[").split(".")
    for step in steps:
        holder = holder[int(step[1:-1])] if step.startswith("[") else holder.setdefault(step, {})
    key: Any = int(last[1:-1]) if last.startswith("[") else last
    if isinstance(holder, list) and key == len(holder):
        holder.append(value)
    else:
        holder[key] = value


def cluster(case: dict[str, Any], *, works: bool = True) -> ApiServer:
    """The cluster of a case, with controllers that roll a change out, one look after it was made."""
    stock = copy.deepcopy(STOCK)
    for path, value in case.get("registry", {}).items():
        put_in(stock[0], path, value)
    objects = {ref(one).path: one for one in [*stock, *filled(case.get("cluster", []))]}
    gone = case.get("missing", ())
    server = ApiServer(without=tuple(case.get("without", ()))).put(
        *({"apiVersion": KINDS[one["kind"]].api_version, **one} for one in objects.values()
          if f"{one['kind']}/{one['metadata']['name']}" not in gone)
    )  # fmt: skip
    if works:
        server.faults.append(lambda method, path, body: controllers(server))
    return server


def controllers(server: ApiServer) -> None:
    """Roll the registry out: the generation is observed at once, the new ReplicationController comes a look later."""
    for one in [*server.objects.values()]:
        if one["kind"] in ("DeploymentConfig", "Deployment", "DaemonSet"):
            found, generation = one["status"], one["metadata"]["generation"]
            settled, found["observedGeneration"] = found["observedGeneration"] == generation, generation
            if one["kind"] == "DeploymentConfig":
                newest = put_controller(server, one)
                if settled and newest["spec"]["template"] != one["spec"]["template"]:
                    found["latestVersion"] += 1


def put_controller(server: ApiServer, config: dict[str, Any]) -> Any:
    """Make the ReplicationController of the newest rollout, where it is not there yet."""
    metadata = config["metadata"]
    name = f"{metadata['name']}-{config['status']['latestVersion']}"
    if server.get("ReplicationController", name, metadata["namespace"]) is None:
        server.put({
            "kind": "ReplicationController", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": metadata["namespace"],
                         "annotations": {"openshift.io/deployment.phase": "Complete"}},
            "spec": {"template": copy.deepcopy(config["spec"]["template"])},
        })  # fmt: skip
    return server.get("ReplicationController", name, metadata["namespace"])


def task(case: dict[str, Any], server: ApiServer, action: Any = hosted_registry, **more: Any) -> dict[str, Any]:
    given = {"wait_timeout": 1, **filled(case["given"])} if action is hosted_registry else filled(case["given"])
    files = {name: filled(value) for name, value in case.get("files", {}).items()}
    return run(action.ActionModule, given, server, files=files, variables=filled(case.get("variables", {})), **more)


def registry(server: ApiServer, kind: str = "DeploymentConfig") -> Any:
    return server.get(kind, "docker-registry", "default")


def template(server: ApiServer, kind: str = "DeploymentConfig") -> Any:
    return registry(server, kind)["spec"]["template"]["spec"]


def authorities_in(server: ApiServer) -> list[str]:
    found = server.get("ConfigMap", authorities.NAME, "default")
    return [one.common_name for one in read_certificates(found["data"][authorities.KEY])] if found else []


def placed(server: ApiServer, name: str) -> Any:
    kind, _slash, short = name.partition("/")
    return server.get(kind, short, "default" if KINDS[kind].namespaced else "")


def judged(server: ApiServer, then: dict[str, Any]) -> None:
    """Compare the cluster with what a case says of it."""
    container = template(server, then.get("kind", "DeploymentConfig"))["containers"][0]
    pod = template(server, then.get("kind", "DeploymentConfig"))
    if "authorities" in then:
        assert authorities_in(server) == then["authorities"]
    volumes = {one["name"]: {key: value for key, value in one.items() if key != "name"} for one in pod["volumes"]}
    mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    env = {one["name"]: one.get("value") for one in container["env"]}
    for found, key in ((volumes, "volumes"), (mounts, "mounts"), (env, "env")):
        assert not any(part(found.get(name), wanted) for name, wanted in then.get(key, {}).items()), (key, found)
    assert container["image"] == then.get("image", container["image"])
    for name, wanted in then.get("objects", {}).items():
        assert placed(server, name) is None if wanted is None else not part(placed(server, name), wanted), name
    for name, wanted in then.get("configuration", {}).items():
        text = base64.b64decode(server.get("Secret", name, "default")["data"]["config.yml"]).decode()
        assert all(line in text for line in wanted.get("lines", ())) and not part(
            yaml.safe_load(text), wanted.get("value", {})
        ), text


def test_a_registry_without_a_configuration_begins_with_that_of_openshift_ansible():
    assert storage.new_configuration() == yaml.safe_load("""
      version: 0.1
      log: {level: info}
      http: {addr: ":5000"}
      storage: {delete: {enabled: true}, cache: {blobdescriptor: inmemory}}
      auth: {openshift: {realm: openshift}}
      middleware:
        registry: [{name: openshift}]
        repository: [{name: openshift, options: {pullthrough: true, acceptschema2: true, enforcequota: false}}]
        storage: [{name: openshift}]
    """)


def test_one_store_takes_the_place_of_all_others():
    others = {"filesystem": {"rootdirectory": "/registry"}, "gcs": {"bucket": "a"}, "delete": {"enabled": False}}
    found = storage.configured({"log": {}, "storage": others}, storage.Storage("s3", {"bucket": "b", "region": "r"}))
    assert found == {"log": {}, "storage": {"delete": {"enabled": False}, "s3": {"bucket": "b", "region": "r"}}}


def untouched(server: ApiServer, before: dict[str, Any], kind: str = "DeploymentConfig") -> None:
    """Everything that is not ours is there as it was, in its place."""
    now, old = registry(server, kind), before[ref({"kind": kind, "metadata": registry(server, kind)["metadata"]}).path]
    assert now["metadata"]["annotations"] == old["metadata"]["annotations"]
    assert {key: value for key, value in now["spec"].items() if key != "template"} == {
        key: value for key, value in old["spec"].items() if key != "template"
    }
    pod, was = now["spec"]["template"]["spec"], old["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == was["nodeSelector"] and pod["containers"][1:] == was["containers"][1:]
    for name in ("REGISTRY_HTTP_SECRET", "THEIRS"):
        kept = [one for one in was["containers"][0]["env"] if one["name"] == name]
        assert [one for one in pod["containers"][0]["env"] if one["name"] == name] == kept
    certificates = [one for one in was["volumes"] if one["name"] == "registry-certificates"]
    assert [one for one in pod["volumes"] if one["name"] == "registry-certificates"] == certificates


@pytest.mark.parametrize("case", TABLE)
def test_the_registry_is_as_asked_and_a_second_run_writes_nothing(case, sentences):
    server, then = cluster(case), case["then"]
    before = copy.deepcopy(server.objects)
    planned, done = quartet.planned_and_done(task, case, server)
    sentences(done)
    judged(server, then)
    untouched(server, before, then.get("kind", "DeploymentConfig"))
    assert then.get("written", done["written"]) == done["written"]
    quartet.told(done, then)
    assert "hidden-" not in json.dumps([planned, done])
    quartet.nothing_left(task, case, server)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_sentence_before_anything_is_written(case, sentences):
    server = cluster(case)
    sentences(quartet.refused(task, case, server))


def test_there_are_many_bad_inputs():
    assert len(REFUSED) + sum("refused" in case.values[0] for case in VARIABLES) >= 40


@pytest.mark.parametrize("case", VARIABLES)
def test_the_variables_of_openshift_ansible(case):
    case = {"given": {"from_variables": True}, **case}
    server = cluster(case)
    result = task(case, server)
    if "refused" in case:
        assert result["failed"] and case["refused"] in result["msg"], result
        assert not server.writes and "hidden-" not in json.dumps(result)
        return
    assert not result.get("failed") and bool(result["changed"]) == bool(case["then"]), result
    judged(server, case["then"] or {})
    told = [*result.get("warnings", ()), *result.get("notes", ())]
    assert all(any(wanted in text for text in told) for wanted in case.get("told", ())), told
    assert not task(case, server)["changed"] and "hidden-" not in json.dumps(result)


# --- the rollout ---

TRUST = {"given": {"trust": [{"registry": "r.example.com", "ca": "CA"}], "authorities": "SYSTEM"}}


def test_a_run_without_a_change_looks_and_waits_for_nothing():
    server = cluster(TRUST)
    assert task(TRUST, server)["changed"]
    count = len(server.log)
    assert not task(TRUST, server)["changed"]
    assert len(server.log[count:]) == 3, server.log[count:]


def test_counts_of_the_last_rollout_prove_nothing():
    server = cluster(TRUST, works=False)
    put_controller(server, registry(server))

    def observed(method: str, path: str, body: Any) -> None:
        registry(server)["status"]["observedGeneration"] = registry(server)["metadata"]["generation"]

    server.faults.append(observed)
    result = task({"given": {**TRUST["given"], "wait_timeout": 0}}, server)
    assert result["failed"] and "docker-registry-1 has the template of before" in result["msg"], result["msg"]


@pytest.mark.parametrize(
    ("pod", "told"),
    [
        ({"status": {"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}}, "cannot pull"),
        ({"status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 fit"}]}}, "0/3 fit"),
    ],
)
def test_a_rollout_that_hangs_tells_the_cause_and_can_be_put_back(pod, told):
    metadata = {"name": "docker-registry-2-x", "namespace": "default", "labels": {"docker-registry": "default"}}
    pod = {"kind": "Pod", "metadata": metadata, "spec": {}, **pod}
    case = {"given": {**TRUST["given"], "rollback": True, "wait_timeout": 0}, "cluster": [pod]}
    server = cluster(case, works=False)
    before = copy.deepcopy(template(server))
    result = task(case, server)
    assert result["failed"] and told in result["msg"], result["msg"]
    assert "put back as before: DeploymentConfig default/docker-registry" in result["msg"]
    assert template(server) == before


def test_the_configmap_goes_when_no_pod_needs_it():
    server = cluster(TRUST)
    task(TRUST, server)
    server.faults.clear()
    result = task({"given": {"trust": [], "wait_timeout": 0}}, server)
    assert result["failed"] and "not done: delete ConfigMap" in result["msg"], result["msg"]
    assert server.get("ConfigMap", authorities.NAME, "default"), "pods of before still mount it"
    server.faults.append(lambda method, path, body: controllers(server))
    assert task({"given": {"trust": []}}, server)["changed"]
    assert server.get("ConfigMap", authorities.NAME, "default") is None


def killed_and_again(case: dict[str, Any], server: ApiServer, count: int) -> None:
    """Kill a run at its request of this number, and finish it by another one."""

    class Killed(BaseException):
        pass

    left = [count]

    def kill(method: str, path: str, body: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    server.faults.append(kill)
    try:
        task(case, server)
    except Killed:
        pass
    server.faults.pop()
    result = task(case, server)
    assert not result.get("failed"), result
    assert not task(case, server)["changed"]


@pytest.mark.parametrize("count", range(1, 7))
def test_a_run_that_is_killed_at_any_request_is_finished_by_the_next(count):
    server = cluster(TRUST)
    killed_and_again(TRUST, server, count)
    assert authorities_in(server) == ["root one", "root two", "ours"]


@pytest.mark.parametrize("count", range(1, 7))
def test_pods_read_a_new_configuration_also_after_a_run_that_was_killed(count):
    (case,) = next(each.values for each in TABLE if each.values[0]["name"] == "another login")
    server = cluster(case)
    killed_and_again(case, server, count)
    secret, pods = server.get("Secret", "their-config", "default"), registry(server)["spec"]["template"]
    assert secret["metadata"]["annotations"][storage.MARK] == pods["metadata"]["annotations"][storage.MARK]


@pytest.mark.parametrize(
    "fault",
    [
        times(1, on("PATCH", "/deploymentconfigs/", lambda: status(409, "Conflict", "it has been modified"))),
        times(1, on("POST", "/configmaps", lambda: status(500, "InternalError", "etcd is away"))),
        times(1, on("GET", "/deploymentconfigs/", lambda: status(503, "Unavailable", "x", **{"Retry-After": "0.01"}))),
    ],
)
def test_faults_that_pass_are_survived(fault):
    server = cluster(TRUST)
    server.faults.insert(0, fault)
    result = task(TRUST, server)
    assert result["changed"] and not result.get("failed"), result
    assert authorities_in(server) == ["root one", "root two", "ours"]


@pytest.mark.parametrize("place", ["/configmaps/", "/deploymentconfigs/"])
def test_what_cannot_be_read_is_not_taken_for_absent(place):
    server = cluster(TRUST)
    server.faults.insert(0, on("GET", place, lambda: status(403, "Forbidden", f"{place} is forbidden")))
    result = task(TRUST, server)
    assert result["failed"] and f"{place} is forbidden" in result["msg"] and not server.writes


def test_info_reports_the_registry_and_what_would_change():
    server = cluster(TRUST)
    found = task(TRUST, server, hosted_registry_info)
    assert not found.get("failed") and found["drift"], found
    assert found["registry"]["storage"] == {"backend": "emptyDir", "place": ""}
    task(TRUST, server)
    found = task(TRUST, server, hosted_registry_info)
    assert not found["drift"] and found["registry"]["unfinished"] == "", found
    assert found["registry"]["authorities"]["system"] == 2 and len(found["registry"]["authorities"]["ours"]) == 1
    assert "hidden-" not in json.dumps(found)


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ({"status": {"phase": "Bound"}}, "Bound"),
        ({"status": {"phase": "Bound"}, "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, "being deleted"),
        (None, "missing"),
        ("forbidden", "unread"),
    ],
)
def test_info_says_how_the_claim_is(there, says):
    volume = {"name": "registry-storage", "persistentVolumeClaim": {"claimName": "theirs"}}
    case = {"given": {}, "registry": {"spec.template.spec.volumes[0]": volume}}
    if isinstance(there, dict):
        metadata = {"name": "theirs", "namespace": "default", **there.get("metadata", {})}
        case["cluster"] = [{"kind": "PersistentVolumeClaim", **there, "metadata": metadata}]
    server = cluster(case)
    if there == "forbidden":
        server.faults.insert(0, on("GET", "persistentvolumeclaims/theirs", lambda: status(403, "Forbidden", "no")))
    found = task(case, server, hosted_registry_info)
    assert found["registry"]["storage"] == {"backend": "pvc", "place": "theirs", "claim": says}, found


@pytest.mark.parametrize("case", cases("cluster/hosted_registry_waits.yml"))
def test_what_pods_of_a_registry_lack_still(case):
    kind = case.get("kind", "DeploymentConfig")
    workload = {"kind": kind, "spec": case.get("spec", {}), "status": case.get("status", {})}
    workload["metadata"] = {"generation": case["generation"]} if "generation" in case else {}
    assert rollout.unfinished(workload) == case.get("says", "")
    assert rollout.finished(workload) == ("says" not in case)


@pytest.mark.parametrize("case", cases("cluster/hosted_registry_stores.yml"))
def test_every_variable_of_a_store_is_a_key_of_its_driver(case):
    prefix = "openshift_hosted_registry_storage"
    said = {f"{prefix}_{case['name']}_{key}": value for key, value in case["variables"].items()}
    told = {f"{prefix}_kind": "object", f"{prefix}_provider": case["name"], **said}
    found = options.fill(["storage", "claim"], told.get)
    assert found == {"storage": (f"{prefix}_kind", case["storage"])}
    assert options.fill.sources == options.VARIABLES
    assert {*told} - {*variables.VARIABLES} == set() and len(case["variables"]) == len(variables._KEYS[case["name"]])
