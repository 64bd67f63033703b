# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of secrets on a real API server: quartets, refusals, controllers that write the same objects, tokens."""

from __future__ import annotations

import base64
import copy
import json
import threading
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import (
    cluster_pull_secret,
    dockercfg_secret,
    dockercfg_secret_info,
    registry_consumer,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Moved
from api_server import KINDS
from cases import cases
from test_cluster_pull_secret import USUAL
from test_cluster_pull_secret import logins as logins_of_cluster
from test_cluster_registries import part
from test_dockercfg_secret import auth, made, project, there

from .test_registries import task

TABLE = cases("cluster/dockercfg_secret.yml")
CONSUMERS = cases("cluster/registry_consumer.yml")
#: A real server keeps no pull secret without a text.
PULL_SECRETS = [one for one in cases("cluster/pull_secret.yml") if one.values[0].get("have") != " "]
#: What a real server does not let a test make: objects that go, owners that are not there, texts that are not JSON.
NOT_HERE = (
    "deletionTimestamp",
    "ownerReferences",
    "is not JSON",
    "is not text",
    "uid",
    "only_run",
    "create_namespaces",
)
KINDS_IN_PROJECTS = ("Secret", "BuildConfig", "RoleBinding", "ServiceAccount")
PROJECTS = ("a", "b", "c", "e", "images")


def here(case: Any) -> bool:
    return not any(word in json.dumps(case.values[0]) for word in NOT_HERE)


REFUSED = [one for one in TABLE if here(one) and "refused" in one.values[0]["then"]]
DONE = [one for one in TABLE if here(one) and one not in REFUSED]


def clear(lab: Any, *names: str) -> None:
    """Leave nothing in projects but what the platform makes again."""
    for name in names:
        for kind in KINDS_IN_PROJECTS:
            for item in lab.client.read_all(Ref(KINDS[kind], namespace=name)):
                one = Ref(KINDS[kind], item["metadata"]["name"], name)
                while (now := lab.client.read(one)) is not None:
                    try:
                        lab.client.delete(one, now["metadata"]["uid"], now["metadata"]["resourceVersion"])
                    except Moved:
                        continue
                    break


def bring(lab: Any, manifest: dict[str, Any]) -> None:
    """Make an object, though a controller writes the same."""
    while True:
        try:
            return lab.apply(made(manifest))
        except (Moved, AssertionError):
            continue


@pytest.fixture
def projects(lab):
    """Empty projects, as the platform makes them."""
    for name in PROJECTS:
        if lab.get("Namespace", name) is None:
            lab.apply({"kind": "Namespace", "metadata": {"name": name}})
    clear(lab, *PROJECTS)
    lab.sent = []
    yield lab
    for name in PROJECTS:
        lab.apply({"kind": "Namespace", "metadata": {"name": name}})
    clear(lab, *PROJECTS)


@pytest.fixture
def case(request, projects):
    """A case whose objects are in the cluster."""
    found = request.param
    for manifest in [*project("a"), *project("b"), *found.get("cluster", [])]:
        bring(projects, manifest)
    projects.sent = []
    return found


def run(lab: Any, case: dict[str, Any], action: Any = dockercfg_secret, **more: Any) -> dict[str, Any]:
    given = case["given"] if action in (registry_consumer, cluster_pull_secret) else {"name": "pull", **case["given"]}
    return task(lab, given, action, files=case.get("files", {}), **more)


@pytest.mark.parametrize("case", REFUSED, indirect=True)
def test_what_is_refused_is_refused_before_anything_is_written(projects, case):
    result = run(projects, case)
    assert result["failed"] and case["then"]["refused"] in result["msg"], result["msg"]
    assert {method for method, _path in projects.sent} <= {"GET"}


@pytest.mark.parametrize("case", DONE, indirect=True)
def test_check_run_check_run(projects, case):
    then = case["then"]
    planned = run(projects, case, check=True)
    assert planned["changed"] and {method for method, _path in projects.sent} <= {"GET"}, planned
    done = run(projects, case, diff=True)
    assert done["changed"] and not done.get("failed"), done
    wrong = [text for name, one in then.get("objects", {}).items() for text in part(there(projects, name), one, name)]
    assert not wrong, wrong
    for name, one in then.get("objects", {}).items():
        assert "logins" not in one or list(there(projects, name)["logins"]) == list(one["logins"])
    assert not [name for name in (*then.get("gone", ()), *then.get("absent", ())) if there(projects, name)]
    projects.sent = []
    for check in (True, False):
        again = run(projects, case, check=check)
        assert not again["changed"] and not again.get("failed"), again
    assert {method for method, _path in projects.sent} <= {"GET"}
    told = run(projects, case, dockercfg_secret_info)
    assert told["drift"] is False and told["secrets"], told


@pytest.mark.parametrize("case", [one for one in PULL_SECRETS if "logins" in one.values[0]["then"]])
def test_the_pull_secret_of_a_cluster(lab, case):
    have = case.get("have", USUAL)
    metadata = {"name": "pull-secret", "namespace": "openshift-config", "annotations": {"theirs": "1"}}
    secret = {"kind": "Secret", "metadata": metadata, "type": "kubernetes.io/dockerconfigjson"}
    text = {"data": {".dockerconfigjson": auth(have)}} if isinstance(have, str) else {"logins": have}
    lab.apply(made(secret | text))
    lab.sent = []
    changed = [run(lab, case, cluster_pull_secret, check=check) for check in (True, False, True, False)]
    assert [one.get("changed") for one in changed] == [True, True, False, False], changed
    assert list(logins_of_cluster(lab).items()) == list(case["then"]["logins"].items())
    assert sum(method != "GET" for method, _path in lab.sent) == 1
    assert lab.get("Secret", "pull-secret", "openshift-config")["metadata"]["annotations"] == {"theirs": "1"}


@pytest.mark.parametrize("case", [one for one in CONSUMERS if here(one) and "order" in one.values[0]["then"]])
def test_a_consumer_gets_a_token_of_the_real_controller(projects, case):
    if "without" in case:
        case = {**case, "given": {"project": "images", "service_account": "robot"}}
    for manifest in case.get("cluster", []):
        bring(projects, manifest)
    done = run(projects, case, registry_consumer)
    assert done["changed"] and not done.get("failed"), done
    name = done["token_secret"].partition("/")[2]
    token = base64.b64decode(projects.get("Secret", name, "images")["data"]["token"]).decode()
    assert token.count(".") == 2 and token not in json.dumps(done)
    assert not run(projects, case, registry_consumer)["changed"]
    given = {
        "namespaces": ["a"],
        "from_service_account": {"service_account": done["service_account"], "registries": ["r.example.com"]},
    }
    assert run(projects, {"given": given})["changed"]
    secret = there(projects, "Secret a/pull")
    assert secret["logins"] == {"r.example.com": f"serviceaccount:{token}"}
    assert not run(projects, {"given": given})["changed"]
    gone = run(projects, {"given": {**case["given"], "state": "absent"}}, registry_consumer)
    assert gone["changed"] and not projects.get("Secret", name, "images"), gone


def test_a_controller_that_writes_the_same_lists_all_the_time(projects):
    """K3: nothing that it writes is lost, and ours is there once."""
    for manifest in project("a"):
        bring(projects, manifest)
    ended, added = threading.Event(), []
    other = projects.client_of({"kubeconfig": str(projects.kubeconfig)})

    def controller() -> None:
        place = Ref(KINDS["ServiceAccount"], "builder", "a")
        while not ended.is_set():
            now = copy.deepcopy(dict(other.read(place)))
            version, name = now["metadata"]["resourceVersion"], f"generated-{len(added)}"
            try:
                other.patch(place, {"secrets": [*now["secrets"], {"name": name}]}, version)
            except Moved:
                continue
            added.append(name)

    thread = threading.Thread(target=controller)
    thread.start()
    link = [{"service_account": "builder", "for": "mount"}]
    login = [{"registry": "r.example.com", "username": "u", "password": "topsecret"}]
    given = {"namespaces": ["a"], "credentials": login, "link": link}
    changed = [run(projects, {"given": given}) for _run in range(10)]
    ended.set()
    thread.join()
    assert not [one["msg"] for one in changed if one.get("failed")]
    assert [one["changed"] for one in changed] == [True] + [False] * 9
    names = [one["name"] for one in projects.get("ServiceAccount", "builder", "a")["secrets"]]
    assert names.count("pull") == 1 and set(added) < set(names) and len(added) > 3
