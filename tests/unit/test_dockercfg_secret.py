# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of projects on clusters in memory: every case is run as a quartet (check, run, check, run)."""

from __future__ import annotations

import base64
import copy
import json
import random
from typing import Any

import pytest
import quartet
from ansible_collections.dockyard.openshift.plugins.action import dockercfg_secret, dockercfg_secret_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import manifests
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.pull_secrets import sources
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import on_cluster
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import tokens as token_task
from api_server import KINDS, ApiServer, on, ref, run, status, times
from cases import cases
from quartet import READS
from test_cluster_registries import part

MEMBERS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
LOGIN = [{"registry": "r.example.com", "username": "u", "password": "topsecret"}]
TABLE = cases("cluster/dockercfg_secret.yml")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    for room, name in ((on_cluster, "_POLL"), (on_cluster, "_PAUSE"), (token_task, "_POLL")):
        monkeypatch.setattr(room, name, 0.0)


def auth(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def text_of(kind: str, logins: dict[str, Any]) -> str:
    """The text of a secret; a login is user:password, or the whole entry."""
    entries = {key: {"auth": auth(value)} if isinstance(value, str) else value for key, value in logins.items()}
    return json.dumps(entries if kind.endswith("/dockercfg") else {"auths": entries})


def logins_of(secret: dict[str, Any]) -> dict[str, Any]:
    document = json.loads(base64.b64decode(secret["data"][MEMBERS[secret["type"]]]))
    entries = document if secret["type"].endswith("/dockercfg") else document["auths"]
    return {
        key: base64.b64decode(entry["auth"]).decode() if set(entry) == {"auth"} else entry
        for key, entry in entries.items()
    }


def made(manifest: dict[str, Any]) -> dict[str, Any]:
    """An object of a table as the API has it."""
    manifest = {"apiVersion": KINDS[manifest["kind"]].api_version, **copy.deepcopy(manifest)}
    logins = manifest.pop("logins", None)
    if logins is not None:
        text = text_of(manifest["type"], logins)
        manifest["data"] = {**manifest.get("data", {}), MEMBERS[manifest["type"]]: auth(text)}
    return manifest


def project(name: str) -> list[dict[str, Any]]:
    """A project as the platform makes it."""
    accounts = []
    for account in ("default", "builder"):
        generated, token = {"name": f"{account}-dockercfg-x"}, {"name": f"{account}-token-x"}
        metadata = {"name": account, "namespace": name, "annotations": {"theirs": "1"}}
        accounts.append(
            {
                "kind": "ServiceAccount",
                "metadata": metadata,
                "imagePullSecrets": [generated],
                "secrets": [generated, token],
            }
        )
    return [{"kind": "Namespace", "metadata": {"name": name}}, *accounts]


def cluster(*manifests: dict[str, Any]) -> ApiServer:
    objects = {ref(one).path: one for one in [*project("a"), *project("b"), *manifests]}
    return ApiServer().put(*map(made, objects.values()))


def task(case: dict[str, Any], server: ApiServer, action: Any = dockercfg_secret, **more: Any) -> dict[str, Any]:
    return run(action.ActionModule, {"name": "pull", **case["given"]}, server, files=case.get("files", {}), **more)


def there(server: ApiServer, name: str) -> Any:
    """An object by "Kind namespace/name" or "Kind name"; of a secret also its logins."""
    kind, _space, place = name.partition(" ")
    namespace, slash, short = place.partition("/")
    found = server.get(kind, short if slash else place, namespace if slash else "")
    if found and kind == "Secret" and found["type"] in MEMBERS:
        return {**found, "logins": logins_of(found)}
    return found


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" in one.values[0]["then"]])
def test_what_is_refused_is_one_sentence_before_anything_is_written(case):
    server = cluster(*case.get("cluster", []))
    for check in (True, False) if not case["then"].get("only_run") else (False,):
        result = task(case, server, check=check)
        assert result.get("failed") and case["then"]["refused"] in result["msg"], result
        assert "\n" not in result["msg"] and not result.get("changed")
        assert case["then"].get("lacks", "topsecret") not in json.dumps(result)
    assert {method for method, *_rest in server.log} <= READS


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" not in one.values[0]["then"]])
def test_objects_are_as_asked_and_a_second_run_writes_nothing(case):
    server, then = cluster(*case.get("cluster", [])), case["then"]
    before = copy.deepcopy(server.objects)
    planned, done = quartet.planned_and_done(task, case, server)
    assert done["written"]
    wrong = [
        text for name, wanted in then.get("objects", {}).items() for text in part(there(server, name), wanted, name)
    ]
    assert not wrong, wrong
    for name, wanted in then.get("objects", {}).items():
        assert there(server, name) is not None
        if "logins" in wanted:
            assert list(there(server, name)["logins"]) == list(wanted["logins"]), "entries keep their order"
    assert not [name for name in (*then.get("gone", ()), *then.get("absent", ())) if there(server, name)]
    quartet.told(done, then)
    touched = {
        f"{path}/{body['metadata']['name']}" if method == "POST" else path
        for method, path, _q, body in server.log
        if method != "GET"
    }
    assert {path: one for path, one in server.objects.items() if path not in touched} == {
        path: one for path, one in before.items() if path not in touched
    }, "objects of others are left as they are"
    assert not secrets_in(done, planned), "no secret is shown"
    count = len(server.log)
    quartet.nothing_left(task, case, server)
    reads = [(path, sorted(query.items())) for _method, path, query, _body in server.log[count:]]
    assert len(reads) == 2 * len({json.dumps(one) for one in reads}), "every object and list is read once a run"


def secrets_in(*results: Any) -> list[str]:
    """The secrets of these tests, and what is made of them, in results."""
    text = json.dumps(results)
    plain = ("topsecret", "oldsecret", "zsecret", "xsecret", "ysecret", "hubsecret", "token-of-sa", "sha256~abcdefgh")
    users = ("u", "old", "z", "x", "y", "h", "t", "serviceaccount", "jane", "kubeadmin")
    forms = [*plain, *map(auth, plain), *(auth(f"{user}:{one}") for user in users for one in plain)]
    return [form for form in forms if form in text]


@pytest.mark.parametrize("case", cases("cluster/dockercfg_secret_bad_input.yml"))
def test_bad_input_is_one_sentence_before_the_first_request(case):
    server = ApiServer()
    result = run(dockercfg_secret.ActionModule, case["given"], server, files=case.get("files", {}))
    assert result.get("failed") and case["says"] in result["msg"], result
    assert "\n" not in result["msg"] and result["msg"].isprintable() and not server.log
    assert "topsecret" not in json.dumps(result)


# --- whole runs ---


def many(count: int) -> ApiServer:
    """A cluster with so many projects, all labelled."""
    objects = [one for number in range(count) for one in project(f"p{number:04}")]
    for one in objects:
        if one["kind"] == "Namespace":
            one["metadata"]["labels"] = {"team": "x"}
    return ApiServer().put(*map(made, objects))


MANY = {
    "given": {
        "namespace_selector": "team=x",
        "credentials": LOGIN,
        "link": [{"service_account": "default"}, {"service_account": "builder", "for": "mount"}],
    }
}


@pytest.mark.slow
def test_requests_are_the_pages_of_the_lists_and_the_changes():
    server = many(600)
    done = task(MANY, server)
    assert not done.get("failed"), done["msg"]
    methods = [method for method, *_rest in server.log]
    # Pages of 500: 600 projects, 600 service accounts of each of two names; of secrets there are none yet.
    assert methods.count("GET") == 2 + 2 + 2 + 1
    assert methods.count("POST") == 600 and methods.count("PATCH") == 1200 and len(methods) == 7 + 1800
    count = len(server.log)
    assert not task(MANY, server)["changed"]
    assert [method for method, *_rest in server.log[count:]] == ["GET"] * 8


def test_a_list_that_the_controller_writes_in_between_is_never_shortened():
    """K3: while we link, the controller adds secrets of its own to the same lists, before each write of ours."""
    server = cluster()
    added: list[str] = []

    def controller(method, path, body):
        if method == "PATCH" and "serviceaccounts" in path and len(added) < 6:
            place = path.partition("?")[0]
            account = copy.deepcopy(server.objects[place])
            added.append(f"generated-{len(added)}")
            account["secrets"].append({"name": added[-1]})
            account["imagePullSecrets"].insert(0, {"name": added[-1]})
            account["metadata"]["resourceVersion"] = str(next(server.numbers))
            server.objects[place] = account

    server.faults.append(controller)
    case = {"given": {**MANY["given"], "namespaces": ["a"], "namespace_selector": None}}
    done = task(case, server)
    assert not done.get("failed"), done["msg"]
    default, builder = (server.get("ServiceAccount", name, "a") for name in ("default", "builder"))
    ours = {"name": "pull"}
    assert default["imagePullSecrets"].count(ours) == 1 and builder["secrets"].count(ours) == 1
    assert ours not in default["secrets"] and ours not in builder["imagePullSecrets"]
    names = [item["name"] for one in (default, builder) for item in (*one["secrets"], *one["imagePullSecrets"])]
    assert all(names.count(name) == 2 for name in added) and "default-dockercfg-x" in names
    for _run in range(2):
        assert not task(case, server)["changed"]


def test_k3_the_platform_makes_no_more_secrets_than_before():
    """Its controller makes another dockercfg secret whenever one of the two lists of an account has lost its own."""
    server = cluster()
    made_by_it: list[str] = []

    def controller(method, path, body):
        for name in ("default", "builder"):
            account = server.get("ServiceAccount", name, "a")
            lists = [[one["name"] for one in account.get(among, ())] for among in ("imagePullSecrets", "secrets")]
            if any(not [one for one in names if "-dockercfg-" in one] for names in lists):
                made_by_it.append(f"{name}-dockercfg-{len(made_by_it)}")

    server.faults.append(controller)
    links = [{"service_account": name, "for": "both"} for name in ("default", "builder")]
    case = {"given": {"namespaces": ["a"], "credentials": LOGIN, "link": links}}
    changed = [task(case, server)["changed"] for _run in range(10)]
    task({"given": {**case["given"], "state": "absent"}}, server)
    controller("GET", "", None)
    assert changed == [True] + [False] * 9 and made_by_it == []


FAULTS = {
    "conflicts": lambda: status(409, "Conflict", "the object has been modified"),
    "too many requests": lambda: status(429, "TooManyRequests", "later", **{"Retry-After": "1"}),
    "internal errors": lambda: status(500, "InternalError", "etcd is away"),
    "unavailable": lambda: status(503, "ServiceUnavailable", "starting"),
}


@pytest.mark.parametrize(
    ("fault", "method"),
    [
        (fault, method)
        for fault in FAULTS
        for method in ("POST", "PATCH", "GET")
        if (fault, method) != ("conflicts", "GET")
    ],
)
def test_faults_during_a_run_lose_nothing(fault, method, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server = many(15)
    server.faults.append(times(3, on(method, "", FAULTS[fault])))
    monkeypatch.setattr(on_cluster.Client, "__post_init__", patient)
    done = task(MANY, server)
    assert not done.get("failed"), done["msg"]
    as_asked(server, 15)


def patient(client: Any) -> None:
    """Wait in no time."""
    client.sleep = lambda seconds: None
    client._end = client.clock() + client.limits.total


def as_asked(server: ApiServer, count: int) -> None:
    for number in range(count):
        name = f"p{number:04}"
        assert logins_of(server.get("Secret", "pull", name)) == {"r.example.com": "u:topsecret"}
        default, builder = (server.get("ServiceAccount", account, name) for account in ("default", "builder"))
        assert [one["name"] for one in default["imagePullSecrets"]] == ["default-dockercfg-x", "pull"]
        assert [one["name"] for one in builder["secrets"]] == ["builder-dockercfg-x", "builder-token-x", "pull"]
        assert [one["name"] for one in default["secrets"]] == ["default-dockercfg-x", "default-token-x"]


@pytest.mark.parametrize("done_before", [True, False])
def test_a_connection_that_breaks_after_each_write_loses_nothing(done_before, monkeypatch):
    """The answer is lost: the server may have done it, or not."""
    from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import NoAnswer

    monkeypatch.setattr(on_cluster.Client, "__post_init__", patient)
    server, broken = many(12), set()

    def cut(method, path, body):
        if method in ("POST", "PATCH") and path not in broken:
            broken.add(path)
            if done_before:
                bare, _mark, query = path.partition("?")
                server._answer(method, bare, {}, body)
            raise NoAnswer("the connection broke")

    server.faults.append(cut)
    done = task(MANY, server)
    assert not done.get("failed"), done["msg"]
    as_asked(server, 12)
    assert len(done["written"]) == len(set(done["written"])) == 36


def test_a_write_that_never_works_says_what_was_done():
    server = many(3)
    server.faults.append(
        on("PATCH", "p0001", lambda: status(403, "Forbidden", "cannot patch serviceaccounts in p0001"))
    )
    done = task(MANY, server)
    assert done["failed"] and done["changed"] and "cannot patch serviceaccounts in p0001" in done["msg"]
    assert "create Secret p0000/pull" in done["written"] and "the next run does the rest" in done["msg"]


def test_a_person_who_may_not_list_everything_asks_for_each():
    server = many(12)
    del MANY["given"]["namespace_selector"]
    MANY["given"]["namespaces"] = [f"p{number:04}" for number in range(12)]
    try:
        for part_of_path in ("/api/v1/secrets", "/api/v1/serviceaccounts", "/api/v1/namespaces?"):
            server.faults.append(on("GET", part_of_path, lambda: status(403, "Forbidden", "cannot list")))
        done = task(MANY, server)
        assert not done.get("failed"), done["msg"]
        as_asked(server, 12)
    finally:
        del MANY["given"]["namespaces"]
        MANY["given"]["namespace_selector"] = "team=x"


def test_a_rotated_token_reaches_the_secret():
    token = {
        "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "t", "namespace": "b", "annotations": {"kubernetes.io/service-account.name": "default"}},
        "data": {"token": auth("first-token")},
    }  # fmt: skip
    server = cluster(token)
    case = {
        "given": {
            "namespaces": ["a"],
            "from_service_account": {"service_account": "b/default", "registries": ["r.example.com"]},
        }
    }
    assert task(case, server)["changed"] and not task(case, server)["changed"]
    server.get("Secret", "t", "b")["data"]["token"] = auth("second-token")
    done = task(case, server, diff=True)
    assert done["changed"] and "first-token" not in json.dumps(done) and "second-token" not in json.dumps(done)
    assert logins_of(server.get("Secret", "pull", "a")) == {"r.example.com": "serviceaccount:second-token"}


def test_a_token_that_is_not_there_yet_is_a_change_in_check_mode():
    case = {
        "given": {
            "namespaces": ["a"],
            "from_service_account": {"service_account": "b/nope", "registries": ["r.example.com"]},
        }
    }
    planned = task(case, cluster(), check=True)
    assert planned["changed"] and any("a real run waits for it" in note for note in planned["notes"])


def test_a_difference_shows_registry_and_user_and_which_secrets_are_equal():
    server = cluster(
        {
            "kind": "Secret", "metadata": {"name": "pull", "namespace": "a"}, "type": "kubernetes.io/dockerconfigjson",
            "logins": {"r.example.com": "u:oldsecret", "z.example.com": "z:zsecret"},
        }
    )  # fmt: skip
    case = {"given": {"namespaces": ["a", "b"], "credentials": LOGIN}}
    first, second = (task(case, server, check=True, diff=True)["diff"] for _run in range(2))
    old, new = first[0]["before"].splitlines(), first[0]["after"].splitlines()
    assert old[0] == new[0] == "type: kubernetes.io/dockerconfigjson" and old[2] == new[2]
    assert old[1].startswith("r.example.com: u (secret ") and new[1].startswith("r.example.com: u (secret ")
    assert old[1] != new[1] and new[1] in first[1]["after"].splitlines(), "equal secrets have equal marks in one run"
    assert new[1] not in second[0]["after"], "and other ones in the next"


def test_a_plan_is_carried_out_only_as_it_was_shown():
    server = cluster()
    planned = task({"given": {"namespaces": ["a"], "credentials": LOGIN}}, server, check=True)["plan"]["id"]
    other = [{**LOGIN[0], "password": "anothersecret"}]
    refused = task({"given": {"namespaces": ["a"], "credentials": other, "expect_plan": planned}}, server)
    assert refused["failed"] and "expect_plan" in refused["msg"] and not server.writes
    assert task({"given": {"namespaces": ["a"], "credentials": LOGIN, "expect_plan": planned}}, server)["changed"]


# --- the report ---


def test_k7_which_of_two_secrets_for_one_host_serves_in_pods_and_in_builds():
    linked, new = [{"name": "one"}, {"name": "two"}], "kubernetes.io/dockerconfigjson"
    account = {"kind": "ServiceAccount", "metadata": {"name": "app", "namespace": "a"}}
    both = {"one": {"quay.io": "u:topsecret"}, "two": {"quay.io/team": "t:topsecret", "quay.io": "v:topsecret"}}
    server = cluster(
        {**account, "imagePullSecrets": linked, "secrets": linked},
        *(
            {"kind": "Secret", "metadata": {"name": name, "namespace": "a"}, "type": new, "logins": logins}
            for name, logins in both.items()
        ),
    )
    given = {"namespaces": ["a"], "link": [{"service_account": "app"}], "images": ["quay.io/team/app:1"]}
    told = task({"given": given}, server, dockercfg_secret_info)
    (served,) = told["served"]
    assert [(one["source"], one["key"]) for one in served["pods"]["tried"]][0] == ("a/two", "quay.io/team")
    assert [(one["source"], one["username"]) for one in served["builds"]["tried"]] == [("a/one", "u")]
    assert any("one and two have different logins (u and v) for quay.io" in text for text in told["warnings"])
    assert not secrets_in(told)


@pytest.mark.parametrize("kind", ["kubernetes.io/dockerconfigjson", "Opaque"])
def test_k7_a_question_needs_no_wish(kind):
    """Neither logins nor links are given: the service accounts of the platform are looked at, and nothing differs."""
    there = {"kind": "Secret", "metadata": {"name": "pull", "namespace": "a"}, "type": kind}
    server = cluster({**there, "logins": {"quay.io": "u:topsecret"}} if kind in MEMBERS else there)
    given = {"namespaces": ["a"], "images": ["quay.io/team/app:1"]}
    told = task({"given": given}, server, dockercfg_secret_info)
    assert not told.get("failed") and not told["drift"] and not told["problems"], told
    assert [one["service_account"] for one in told["served"]] == ["default", "builder"]
    assert told["secrets"][0]["there"] and not told["changed"] and not secrets_in(told)
    told = task({"given": {"namespaces": ["a"]}}, server, dockercfg_secret_info)
    assert not told.get("failed") and told["secrets"][0]["type"] == kind and not told["served"], told


def test_entries_as_kubectl_writes_them():
    """It puts user and password beside the auth: the same login changes nothing, and reports know the user."""
    linked = [{"name": "pull"}, {"name": "other"}]
    secrets = [
        {
            "kind": "Secret", "metadata": {"name": name, "namespace": "a"}, "immutable": True,
            "type": "kubernetes.io/dockerconfigjson", "logins": {"r.example.com": {
                "username": user, "password": "topsecret", "email": "u@x.io", "auth": auth(f"{user}:topsecret")}},
        }
        for name, user in (("pull", "u"), ("other", "v"))
    ]  # fmt: skip
    account = {"kind": "ServiceAccount", "metadata": {"name": "app", "namespace": "a"}, "imagePullSecrets": linked}
    server = cluster(account, *secrets)
    done = task({"given": {"namespaces": ["a"], "credentials": LOGIN}}, server)
    assert not done.get("failed") and not done["changed"], done["msg"]
    given = {"namespaces": ["a"], "link": [{"service_account": "app"}], "images": ["r.example.com/app"]}
    told = task({"given": given}, server, dockercfg_secret_info)
    assert told["secrets"][0]["logins"] == [{"registry": "r.example.com", "username": "u"}]
    assert any("have different logins (u and v) for r.example.com" in text for text in told["warnings"]), told
    assert not secrets_in(done, told)


@pytest.mark.parametrize("image", ["Quay.io/Team/App", "a b", "", "quay.io/team/app@sha256:1"])
def test_an_image_of_the_report_that_cannot_be_one(image):
    given = {"namespaces": ["a"], "link": [{"service_account": "app"}], "images": [image]}
    server = cluster()
    told = task({"given": given}, server, dockercfg_secret_info)
    assert told["failed"] and told["msg"].startswith(f"images: '{image}' is not an image reference: "), told
    assert not server.log


def test_the_report_names_logins_and_links():
    server = cluster()
    case = {"given": {**MANY["given"], "namespaces": ["a"], "namespace_selector": None}}
    before = task(case, server, dockercfg_secret_info)
    assert before["drift"] and before["secrets"][0]["there"] is False and not before["changed"]
    task(case, server)
    (found,) = task(case, server, dockercfg_secret_info)["secrets"]
    assert found["logins"] == [{"registry": "r.example.com", "username": "u"}] and found["ours"]
    assert found["linked"] == {"builder": ["secrets"], "default": ["imagePullSecrets"]} and not found["broken"]
    assert {method for method, *_rest in server.log if method != "GET"} == {"POST", "PATCH"}


def test_the_report_lists_no_secret_of_a_project_that_is_not_there():
    server = cluster()
    given = {**MANY["given"], "namespaces": ["a", "new"], "namespace_selector": None, "create_namespaces": True}
    told = task({"given": given}, server, dockercfg_secret_info)
    assert not told.get("failed") and [one["namespace"] for one in told["secrets"]] == ["a"], told


def test_the_environment_says_nothing_of_the_other_cluster(monkeypatch):
    """It would send the login of one cluster to another one."""
    monkeypatch.setenv("K8S_AUTH_HOST", "https://here.example.com:6443")
    monkeypatch.setenv("K8S_AUTH_API_KEY", "the-login-here")
    asked = []

    class Noted(dockercfg_secret.ActionModule):
        def _login(self, given, environment):
            asked.append((given["host"], given["api_key"], "K8S_AUTH_HOST" in environment))
            return super()._login(given, environment)

        @property
        def transport(self):
            return lambda login: login() and cluster()

        @transport.setter
        def transport(self, value):
            pass

    source = {"service_account": "b/default", "registries": ["r.example.com"]}
    source["cluster"] = {"host": "https://there.example.com:6443", "api_key": "the-login-there"}
    run(Noted, {"name": "pull", "namespaces": ["a"], "from_service_account": source}, cluster(), check=True)
    assert asked == [
        ("https://here.example.com:6443", "the-login-here", True),
        ("https://there.example.com:6443", "the-login-there", False),
    ]


def test_a_forecast_says_who_brings_logins():
    policy = read_policy({"credentials": LOGIN, "blocked": ["a.example.com"]})
    assert any("cluster_pull_secret brings logins" in note for note in manifests.of_policy(policy, "4.18").notes)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/v1/namespaces/a/serviceaccounts/app", "link: there is no ServiceAccount a/app"),
        ("/apis/build.openshift.io/v1/namespaces/a/buildconfigs/app", "build_configs: there is no BuildConfig a/app"),
    ],
)
def test_what_somebody_deletes_in_between_is_not_made_again(path, says):
    """The change goes to an object that is gone by then, and says so; in a removal, nothing is left to do."""
    build = {"strategy": {"dockerStrategy": {}}, "output": {"pushSecret": {"name": "pull"}}}
    objects = [
        {"kind": "ServiceAccount", "metadata": {"name": "app", "namespace": "a"}, "secrets": [{"name": "pull"}]},
        {"kind": "BuildConfig", "metadata": {"name": "app", "namespace": "a"}, "spec": build},
    ]
    given = {
        "namespaces": ["a"], "credentials": LOGIN, "link": [{"service_account": "app"}],
        "build_configs": [{"name": "app", "pull_secret": "present"}],
    }  # fmt: skip
    for state in ("present", "absent"):
        server = cluster(*objects, {**OURS, "metadata": {**OURS["metadata"]}})
        server.faults.append(lambda method, sent, body, now=server: gone(now, method, sent, path))
        done = task({"given": {**given, "state": state}}, server)
        assert path not in server.objects, "nobody makes it again"
        if state == "present":
            assert done["failed"] and says in done["msg"]
        else:
            assert not done.get("failed") and not server.get("Secret", "pull", "a"), done


MARK = {"dockyard.openshift/word": "credentials"}
OURS = {
    "kind": "Secret", "metadata": {"name": "pull", "namespace": "a", "labels": MARK},
    "type": "kubernetes.io/dockerconfigjson", "logins": {"r.example.com": "u:oldsecret"},
}  # fmt: skip


def gone(server: ApiServer, method: str, sent: str, path: str) -> None:
    if method == "PATCH" and sent.startswith(path):
        server.objects.pop(path, None)


def test_one_project_that_is_refused_does_not_stop_the_others():
    """What was refused is said, nothing else is tried there, and a second run has only that to do."""
    server = many(14)
    server.faults.append(on("POST", "/p0003/", lambda: status(403, "Forbidden", "exceeded quota in p0003")))
    done = task(MANY, server)
    assert done["failed"] and done["changed"] and "exceeded quota in p0003" in done["msg"]
    assert "\n" not in done["msg"] and not server.get("Secret", "pull", "p0003")
    assert "pull" not in json.dumps(server.get("ServiceAccount", "default", "p0003")), "nothing is linked without it"
    assert logins_of(server.get("Secret", "pull", "p0013")) == {"r.example.com": "u:topsecret"}
    assert len(done["written"]) == 13 * 3
    server.faults.clear()
    again = task(MANY, server)
    assert not again.get("failed") and len(again["written"]) == 3
    as_asked(server, 14)


@pytest.mark.parametrize("seed", range(3))
def test_a_third_of_all_answers_is_a_fault(seed, monkeypatch):
    """Conflicts, errors, answers that are lost after the work was done or before: at random, all of the time."""
    from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import NoAnswer, NotSent

    monkeypatch.setattr(on_cluster.Client, "__post_init__", patient)
    server, chance = many(60), random.Random(seed)
    answers = [*FAULTS.values()]

    def trouble(method, path, body):
        if chance.random() > 1 / 3:
            return None
        kind = chance.randrange(len(answers) + 3)
        if kind < len(answers):
            return None if method == "GET" and kind == 0 else answers[kind]()
        if kind == len(answers) and method != "GET":
            server._answer(method, path.partition("?")[0], {}, body)
        raise NotSent("connection refused") if kind > len(answers) + 1 else NoAnswer("the connection broke")

    server.faults.append(trouble)
    done = task(MANY, server)
    assert not done.get("failed"), done["msg"]
    server.faults.clear()
    as_asked(server, 60)
    assert sorted(done["written"]) == sorted(set(done["written"])) and len(done["written"]) == 180
    assert not task(MANY, server)["changed"]


OLD = {
    "oreg_url": "registry.example.com/openshift3/ose-${component}:${version}",
    "oreg_auth_user": "u", "oreg_auth_password": "topsecret",
    "openshift_additional_registry_credentials": [{"host": "r.example.com", "user": "v", "password": "hubsecret"}],
}  # fmt: skip
BOTH = {"registry.example.com": "u:topsecret", "r.example.com": "v:hubsecret"}


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        (OLD, BOTH),
        ({"registry_policy": {"credentials": LOGIN}}, {"r.example.com": "u:topsecret"}),
        ({"registry_policy": {"credentials": LOGIN}, **OLD}, {"r.example.com": "u:topsecret"}),
        (
            {"registry_access_credentials": LOGIN, "registry_policy": {"credentials": []}},
            {"r.example.com": "u:topsecret"},
        ),
    ],
)
def test_logins_come_from_variables(variables, wanted):
    """The old variables of openshift-ansible mean what they meant."""
    server = cluster()
    places = {"registry_access_name": "pull", "registry_access_namespaces": ["a"]}
    done = run(dockercfg_secret.ActionModule, {"from_variables": True}, server, variables={**places, **variables})
    assert not done.get("failed"), done["msg"]
    assert logins_of(server.get("Secret", "pull", "a")) == wanted


def test_all_secrets_of_a_file_are_hidden_and_nothing_else():
    """A registry or an address that was hidden would be missing from every sentence about it."""
    more = [{"password": "deep"}, {"registrytoken": 5}]
    entry = {"auth": auth("robot:secret"), "email": "me@example.com", "more": more}
    document = {"auths": {"r.example.com": entry}, "HttpHeaders": {"User-Agent": "docker", "identitytoken": "token"}}
    hidden: list[str] = []
    found, notes = sources.of_file("logins.json", lambda path: json.dumps(document).encode(), hidden.append)
    assert (list(found), found["r.example.com"].username, notes) == (["r.example.com"], "robot", [])
    assert set(hidden) == {auth("robot:secret"), "secret", "deep", "token"}
