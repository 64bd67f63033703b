# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pull secret of clusters in memory: every case is run as a quartet (check, run, check, run)."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
import quartet
from ansible_collections.dockyard.openshift.plugins.action import cluster_pull_secret, cluster_pull_secret_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import on_cluster
from api_server import ApiServer, on, ref, run, status, times
from cases import cases
from quartet import READS
from test_cluster_registries import STOCK
from test_dockercfg_secret import made

NEW = "kubernetes.io/dockerconfigjson"
#: With spaces and an order as a person or a tool left them: no byte of it may change.
USUAL = """{ "auths": {
  "cloud.openshift.com": {"auth": "Yzpjc2VjcmV0"},
  "quay.io":{"auth":"cTpxc2VjcmV0", "email": "a@example.com" },
  "registry.redhat.io": {"auth": "MXxyOnJzZWNyZXQ="},
  "registry.connect.redhat.com": {"auth": "MXxyOnJzZWNyZXQ="},
  "z.example.com": {"auth": "ejp6c2VjcmV0"}
} }
"""
TABLE = cases("cluster/pull_secret.yml")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(on_cluster, "_PAUSE", 0.0)


def cluster(case: dict[str, Any]) -> ApiServer:
    have = case.get("have", USUAL)
    metadata = {"name": "pull-secret", "namespace": "openshift-config", "annotations": {"theirs": "1"}}
    secret = {"kind": "Secret", "metadata": metadata, "type": NEW}
    if isinstance(have, str):
        secret["data"] = {".dockerconfigjson": base64.b64encode(have.encode()).decode()}
    else:
        secret["logins"] = have
    project = {"kind": "Namespace", "metadata": {"name": "openshift-config"}}
    objects = {ref(one).path: one for one in [*STOCK, project, secret, *case.get("cluster", [])]}
    return ApiServer().put(*map(made, objects.values()))


def task(case: dict[str, Any], server: ApiServer, action: Any = cluster_pull_secret, **more: Any) -> dict[str, Any]:
    return run(action.ActionModule, case["given"], server, files=case.get("files", {}), **more)


def text(server: ApiServer) -> str:
    secret = server.get("Secret", "pull-secret", "openshift-config")
    return base64.b64decode(secret["data"][".dockerconfigjson"]).decode()


def logins(server: ApiServer) -> dict[str, Any]:
    return {
        key: base64.b64decode(entry["auth"]).decode() if set(entry) == {"auth"} else entry
        for key, entry in json.loads(text(server))["auths"].items()
    }


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" in one.values[0]["then"]])
def test_what_is_refused_is_one_sentence_before_anything_is_written(case):
    server = cluster(case)
    for check in (True, False):
        result = task(case, server, check=check)
        assert result.get("failed") and case["then"]["refused"] in result["msg"], result
        assert "\n" not in result["msg"] and "secret'" not in result["msg"] and "hidden" not in json.dumps(result)
    assert {method for method, *_rest in server.log} <= READS
    assert not (case["then"].get("early") and server.log), "before the first request"


@pytest.mark.parametrize("case", cases("credentials/bad.yml"))
def test_bad_logins_are_one_sentence_before_the_first_request(case):
    server = cluster({})
    result = task({"given": {"credentials": case["value"]}}, server)
    assert result["failed"] and case["error"] in result["msg"] and not server.log, result["msg"]
    assert "\n" not in result["msg"] and "topsecret" not in json.dumps(result)


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" not in one.values[0]["then"]])
def test_the_secret_is_as_asked_and_a_second_run_writes_nothing(case):
    server, then = cluster(case), case["then"]
    before = copy.deepcopy(server.objects)
    planned, done = quartet.planned_and_done(task, case, server)
    assert done["written"] == ["change Secret openshift-config/pull-secret"]
    if "logins" in then:
        assert list(logins(server).items()) == list(then["logins"].items())
    assert then.get("disruption", "none") == done["plan"]["disruption"]
    told = done.get("warnings", [])
    assert all(any(wanted in one for one in told) for wanted in then.get("warnings", ())), told
    assert not [one for one in told for quiet in then.get("quiet", ()) if quiet in one]
    assert all(any(wanted in line for line in done["account"]) for wanted in then.get("lines", ())), done["account"]
    path = "/api/v1/namespaces/openshift-config/secrets/pull-secret"
    assert server.objects[path]["metadata"]["annotations"] == {"theirs": "1"}, "no secret is copied into an annotation"
    assert "labels" not in server.objects[path]["metadata"]
    assert {name: one for name, one in server.objects.items() if name != path} == {
        name: one for name, one in before.items() if name != path
    }
    assert "topsecret" not in json.dumps([planned, done]) and "csecret" not in json.dumps([planned, done])
    count = len(server.log)
    quartet.nothing_left(task, case, server)
    reads = [path for _method, path, *_rest in server.log[count:]]
    assert len(reads) == 2 * len(set(reads)), "every object and list is read once a run"


def test_in_and_out_again_leaves_every_byte():
    server = cluster({})
    login = {"registry": "new.example.com", "username": "u", "password": "topsecret"}
    task({"given": {"credentials": [login]}}, server)
    lines, new = USUAL.splitlines(), text(server).splitlines()
    assert [line for line in lines if line.rstrip(",") not in {one.rstrip(",") for one in new}] == []
    task({"given": {"credentials": [{"registry": "new.example.com", "state": "absent"}]}}, server)
    assert text(server) == USUAL


def test_another_writer_in_between_loses_nothing():
    server = cluster({})
    path = "/api/v1/namespaces/openshift-config/secrets/pull-secret"

    def other(method, sent, body):
        if method == "PATCH" and "other.example.com" not in text(server):
            document = json.loads(text(server))
            document["auths"]["other.example.com"] = {"auth": "bzpv"}
            secret = copy.deepcopy(server.objects[path])
            secret["data"] = {".dockerconfigjson": base64.b64encode(json.dumps(document).encode()).decode()}
            secret["metadata"]["resourceVersion"] = "changed"
            server.objects[path] = secret

    server.faults.append(other)
    login = {"registry": "new.example.com", "username": "u", "password": "topsecret"}
    done = task({"given": {"credentials": [login]}}, server)
    assert not done.get("failed"), done["msg"]
    assert {"other.example.com", "new.example.com", "cloud.openshift.com"} < set(logins(server)) and len(
        logins(server)
    ) == 7


@pytest.mark.slow
@pytest.mark.parametrize("code", [429, 500, 503])
def test_faults_lose_nothing(code, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server = cluster({})
    server.faults.append(times(2, on("PATCH", "pull-secret", lambda: status(code, "Later", "not now"))))
    login = {"registry": "new.example.com", "username": "u", "password": "topsecret"}
    done = task({"given": {"credentials": [login]}}, server)
    assert not done.get("failed") and len(logins(server)) == 6


@pytest.mark.parametrize(
    ("have", "broken"),
    [
        ({"have": '{"auths": hidden'}, "Secret openshift-config/pull-secret: what is there cannot be read as logins"),
        (
            {"cluster": [{"kind": "Secret", "type": "Opaque", "data": {"x": "aGlkZGVu"}, "metadata": {
                "name": "pull-secret", "namespace": "openshift-config"}}]},
            "Secret openshift-config/pull-secret is of the type Opaque, and holds no logins to registries",
        ),
    ],
)  # fmt: skip
def test_the_report_of_a_secret_that_nobody_can_read(have, broken):
    found = task({"given": {}}, cluster(have), cluster_pull_secret_info)
    assert found["logins"] == [] and [one[: len(broken)] for one in found["broken"]] == [broken], found
    assert "hidden" not in json.dumps(found) and "aGlkZGVu" not in json.dumps(found)


def test_pools_that_nobody_may_list_are_said_with_the_reason():
    server = cluster({})
    server.faults.append(on("GET", "machineconfigpools", lambda: status(403, "Forbidden", "not for you")))
    login = {"registry": "a.example.com", "username": "a", "password": "hidden"}
    done = task({"given": {"credentials": [login]}}, server)
    says = "which nodes will have it is not known: "
    assert done["changed"] and any(one.startswith(says) and "not for you" in one for one in done["warnings"]), done


def test_the_report_names_logins_and_who_lacks_one():
    found = task(
        {"given": {}},
        cluster({"have": {"a.example.com": "a:asecret", "b.example.com": {"auth": "%"}}}),
        cluster_pull_secret_info,
    )
    assert found["logins"] == [
        {"registry": "a.example.com", "username": "a"},
        {"registry": "b.example.com", "username": None},
    ]
    assert len(found["broken"]) == 1 and found["broken"][0].startswith("b.example.com: ")
    assert not found["drift"] and found["pools"][0]["name"] == "worker" and "asecret" not in json.dumps(found)
    usual = task({"given": {}}, cluster({}), cluster_pull_secret_info)
    assert usual["without_login"] == [] and len(usual["logins"]) == 5
