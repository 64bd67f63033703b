# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consumers of a registry on clusters in memory, whose controller fills token secrets: quartets, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import dockercfg_secret, registry_consumer
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.pull_secrets import tokens
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import on_cluster
from api_server import ApiServer, ref, reviews, run
from cases import cases
from test_cluster_registries import ordered, part
from test_dockercfg_secret import auth, logins_of, made, project, there

HOSTS = {"externalRegistryHostnames": ["registry.apps.example.com"]}
STOCK = [
    {"kind": "Image", "metadata": {"name": "cluster"}, "spec": {}, "status": HOSTS},
    {"kind": "Config", "metadata": {"name": "cluster"}, "spec": {"managementState": "Managed"}},
]
TABLE = cases("cluster/registry_consumer.yml")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    for name in ("_POLL", "_PAUSE"):
        monkeypatch.setattr(on_cluster, name, 0.0)


def registry(case: dict[str, Any], *, fills: bool = True) -> ApiServer:
    """The cluster with the registry; its controller fills token secrets, unless it does not work."""
    objects = {ref(one).path: one for one in [*STOCK, *case.get("cluster", [])]}
    server = ApiServer(without=tuple(case.get("without", ()))).put(*map(made, objects.values()))
    denied = [tuple(pair) for pair in case.get("deny", ())]
    server.faults.append(reviews(lambda about: (about["verb"], about["resource"]) not in denied))
    if fills:
        server.faults.append(lambda method, path, body: controller(server))
    return server


def controller(server: ApiServer) -> None:
    for secret in server.objects.values():
        if secret.get("type") == tokens.TYPE and not secret.get("data"):
            secret["data"] = {"token": auth("token-of-sa")}


def task(case: dict[str, Any], server: ApiServer, **more: Any) -> dict[str, Any]:
    return run(registry_consumer.ActionModule, case["given"], server, **more)


def test_there_are_many_bad_inputs():
    assert sum("early" in one.values[0]["then"] for one in TABLE) >= 40


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" in one.values[0]["then"]])
def test_what_is_refused_is_one_sentence_before_anything_is_written(case):
    server = registry(case)
    for check in (False,) if case["then"].get("only_run") else (True, False):
        result = task(case, server, check=check)
        assert result.get("failed") and case["then"]["refused"] in result["msg"], result
    assert not [path for _method, path in server.writes if "selfsubjectaccessreviews" not in path]
    assert not (case["then"].get("early") and server.log), "before the first request"


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" not in one.values[0]["then"]])
def test_objects_are_as_asked_and_a_second_run_writes_nothing(case):
    server, then = registry(case), case["then"]
    planned = task(case, server, check=True)
    assert planned["changed"] and not planned.get("failed") and not server.writes, planned
    done = task(case, server, diff=True)
    assert done["changed"] and not done.get("failed"), done
    assert done["plan"]["id"] == planned["plan"]["id"]
    server.log[:] = [one for one in server.log if "selfsubjectaccessreviews" not in one[1]]
    assert then.get("order", ordered(server)) == ordered(server)
    wrong = [text for name, one in then.get("objects", {}).items() for text in part(there(server, name), one, name)]
    assert not wrong, wrong
    assert not [name for name in then.get("gone", ()) if there(server, name)]
    assert not part(done, then.get("found", {}))
    assert all(any(one in text for text in done.get("warnings", ())) for one in then.get("warnings", ()))
    assert "token-of-sa" not in json.dumps([planned, done]) and auth("token-of-sa") not in json.dumps([planned, done])
    count = len(server.log)
    for check in (True, False):
        again = task(case, server, check=check)
        assert not again["changed"] and not again.get("failed"), again
    assert {method for method, *_rest in server.log[count:]} <= {"GET"}


def test_without_its_project_a_consumer_is_absent_already():
    server = registry({})
    done = task({"given": {"project": "images", "state": "absent"}}, server)
    assert not done.get("failed") and not done["changed"] and not server.writes, done


def test_a_token_that_never_comes_is_said_after_the_limit():
    """K6: the secret is there, and no controller fills it."""
    case = {"given": {"project": "images", "wait_timeout": 0}}
    server = registry(case, fills=False)
    for _run in range(2):
        result = task(case, server)
        assert result["failed"] and "waited 0 s for its token, which a controller puts in" in result["msg"]
        assert "not done" not in result["msg"], "everything was written, and only the wait failed"
    assert server.get("Secret", "registry-consumer-dockyard-token", "images"), "the next run goes on waiting"


def test_the_token_goes_from_one_cluster_to_the_other():
    """G-096 to G-107: both ends, and a token that was made anew."""
    case = {"given": {"project": "images"}}
    source, target = registry(case), ApiServer().put(*map(made, project("shop")))
    consumer = task(case, source)

    class Both(dockercfg_secret.ActionModule):
        def connect(self, options, **more):
            self.now = source if options.get("kubeconfig") == {"of": "the registry"} else target
            return super().connect(options, **more)

        @property
        def transport(self):
            now = self.now
            return lambda login: now

        @transport.setter
        def transport(self, value):
            pass

    given = {
        "name": "images", "namespaces": ["shop"], "kubeconfig": {"of": "the cluster"},
        "link": [{"service_account": "default"}, {"service_account": "builder", "for": "mount"}],
        "from_service_account": {
            "service_account": consumer["service_account"], "registries": consumer["registries"],
            "cluster": {"kubeconfig": {"of": "the registry"}},
        },
    }  # fmt: skip
    done = run(Both, given, target, diff=True)
    assert done["changed"] and not done.get("failed"), done
    assert logins_of(target.get("Secret", "images", "shop")) == {
        "registry.apps.example.com": "serviceaccount:token-of-sa"
    }
    assert not source.get("Secret", "images", "shop") and not run(Both, given, target)["changed"]
    source.get("Secret", "registry-consumer-dockyard-token", "images")["data"]["token"] = auth("another-token")
    done = run(Both, given, target, diff=True)
    assert logins_of(target.get("Secret", "images", "shop")) == {
        "registry.apps.example.com": "serviceaccount:another-token"
    }
    assert "another-token" not in json.dumps(done) and auth("serviceaccount:another-token") not in json.dumps(done)
    assert {path.split("/")[-1] for method, path, *_rest in target.log if method != "GET"} == {
        "secrets", "images", "default", "builder",
    }  # fmt: skip
