# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to an API server that does what servers do on bad days: nothing hangs, nothing is guessed."""

from __future__ import annotations

import itertools
import json

import pytest
from ansible_collections.dockyard.openshift.plugins.action import cluster_registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import ClusterProblem, Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import (
    Client,
    Limits,
    Moved,
    NoAnswer,
    NoSuchKind,
    NotSent,
    Rejected,
    Reply,
    lost_fields,
)
from api_server import KINDS, ApiServer, on, reply, run, status, times
from test_cluster_registries import BLOCKED, cluster

IMAGE = Ref(KINDS["Image"], "cluster")
SETS = Ref(KINDS["ImageDigestMirrorSet"])
STORED = {"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"}, "spec": {}}


class Clock:
    """Time that passes only where somebody sleeps, or where the server is slow."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client(server: ApiServer, **limits: float) -> tuple[Client, Clock]:
    clock = Clock()
    return Client(server, Limits(**limits), clock=lambda: clock.now, sleep=clock.sleep), clock


def raising(problem: Exception):
    def answer() -> Reply:
        raise problem

    return answer


@pytest.mark.parametrize(
    ("fault", "slept"),
    [
        (times(2, on("GET", "images", lambda: status(500, "InternalError", "boom"))), [0.2, 0.5]),
        (times(1, on("GET", "images", lambda: Reply(503, {"Retry-After": "7"}))), [7.0]),
        (
            times(2, on("GET", "images", lambda: status(429, "TooManyRequests", "slow", **{"Retry-After": "3"}))),
            [3.0, 3.0],
        ),
        (times(20, on("GET", "images", lambda: Reply(429))), [1.0] * 20),
        (times(1, on("GET", "images", raising(NoAnswer("broke the connection off")))), [0.2]),
        (times(3, on("GET", "images", raising(NotSent("cannot be reached")))), [0.2, 0.5, 1.0]),
        (times(1, on("GET", "images", lambda: Reply(429, {"Retry-After": "999999"}))), [30.0]),
    ],
)
def test_a_read_is_tried_again(fault, slept):
    found, clock = client(ApiServer(faults=[fault]).put(STORED))
    assert found.read(IMAGE)["kind"] == "Image"
    assert clock.slept == slept


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: status(500, "InternalError", "etcd is away"), "answers 500: etcd is away (6 tries)"),
        (raising(NotSent("cannot be reached: Connection refused")), "cannot be reached: Connection refused (6 tries)"),
        (raising(NoAnswer("does not answer in time")), "does not answer in time (6 tries)"),
        (lambda: Reply(429, {"Retry-After": "30"}), "answers 429; the time for this task (600 s) is over"),
        (
            lambda: Reply(302, {"Location": "https://evil.example.com/x"}),
            "redirect to evil.example.com; it is not followed",
        ),
        (lambda: Reply(307, {"Location": "/elsewhere"}), "redirect to another path; it is not followed"),
        (lambda: Reply(301, {"Location": "https://me:pw@evil.example.com"}), "redirect to evil.example.com;"),
        (lambda: status(401, "Unauthorized", "Unauthorized"), "does not accept the login, or no longer (401)"),
        (lambda: status(403, "Forbidden", 'User "me" cannot get images'), 'User "me" cannot get images'),
        (
            lambda: Reply(200, {}, [b"<html>login</html>"]),
            "gives no JSON object for Image/cluster; is this the address of",
        ),
        (lambda: Reply(200, {}, [b"[" * 100_000]), "gives no JSON object"),
        (lambda: Reply(200, {}, [b"[]"]), "gives no JSON object"),
        (
            lambda: Reply(200, {}, itertools.repeat(b"x" * 1_000_000)),
            "answers with more than 33554432 bytes for /apis/",
        ),
        (lambda: Reply(418, {}, [b"\x00\xff\x1b[31mteapot"]), "Image/cluster: "),
    ],
)
def test_a_read_ends_with_one_sentence(answer, says):
    found, clock = client(ApiServer(faults=[lambda method, path, body: answer()]))
    with pytest.raises(ClusterProblem) as refusal:
        found.read(IMAGE)
    assert says in str(refusal.value) and str(refusal.value).isprintable(), str(refusal.value)
    assert clock.now <= 600 and "pw@" not in str(refusal.value)


@pytest.mark.parametrize(
    "body", [{}, {"major": "1"}, {"minor": "31"}, {"major": "x", "minor": "31"}, {"major": "1", "minor": ""}, "text"]
)
def test_a_version_of_no_kubernetes_is_one_sentence(body):
    found, _clock = client(ApiServer(faults=[on("GET", "/version", lambda: reply(200, body))]))
    with pytest.raises(ClusterProblem) as refusal:
        found.version()
    says = "https://api.example.com:6443/version does not say which Kubernetes this is"
    assert str(refusal.value) == says or "gives no JSON object" in str(refusal.value)


def test_a_refused_version_is_one_sentence():
    found, _clock = client(ApiServer(faults=[on("GET", "/version", lambda: status(403, "Forbidden", "no"))]))
    with pytest.raises(ClusterProblem, match="/version does not say which Kubernetes this is"):
        found.version()


def test_a_task_whose_time_is_over_asks_nothing_more():
    found, clock = client(ApiServer().put(STORED), total=60.0)
    clock.now = 59.0
    assert found.read(IMAGE)["kind"] == "Image"
    clock.now = 60.0
    with pytest.raises(ClusterProblem) as refusal:
        found.read(IMAGE)
    assert "https://api.example.com:6443 is too slow: the time for this task (60 s) is over" in str(refusal.value)
    assert len(found.transport.log) == 1


def test_a_slow_drip_is_bounded_by_time():
    found, clock = client(ApiServer())

    def drip():
        while True:
            clock.now += 5
            yield b" "

    found.transport.faults.append(lambda method, path, body: Reply(200, {}, drip()))
    with pytest.raises(ClusterProblem, match=r"no whole answer within 30 s \(6 tries\)"):
        found.read(IMAGE)
    assert clock.now < 300


def test_no_such_object_and_no_such_kind_are_two_answers():
    found, _clock = client(ApiServer(without=("ImageDigestMirrorSet",)))
    assert found.read(IMAGE) is None
    with pytest.raises(NoSuchKind):
        found.read_all(SETS)


def test_a_list_is_read_page_by_page():
    sets = [{"kind": SETS.resource.kind, "metadata": {"name": f"s{number}"}} for number in range(1234)]
    found, _clock = client(ApiServer().put(*sets))
    items = found.read_all(SETS)
    assert [item["metadata"]["name"] for item in items] == [f"s{number}" for number in range(1234)]
    assert found.requests == {"GET": 3} and {item["apiVersion"] for item in items} == {"config.openshift.io/v1"}


def page(token: str, *items: dict) -> Reply:
    return reply(200, {"kind": "List", "metadata": {"continue": token}, "items": list(items)})


@pytest.mark.parametrize(
    "answers",
    [
        lambda number: page("same"),
        lambda number: page(str(number)),
        lambda number: page(str(number), {"x": "y" * 2_000_000}),
    ],
    ids=["the same page again and again", "always another page", "pages without end and with much in them"],
)
def test_a_list_without_end_has_an_end(answers):
    numbers = itertools.count()
    found, _clock = client(ApiServer(faults=[lambda method, path, body: answers(next(numbers))]), listing=20_000_000)
    with pytest.raises(
        ClusterProblem, match="all imagedigestmirrorsets could not be read: the API server's list has no end"
    ):
        found.read_all(SETS)
    assert next(numbers) <= 401


def test_a_list_that_expired_begins_anew_once():
    sets = [{"kind": SETS.resource.kind, "metadata": {"name": f"s{number}"}} for number in range(600)]
    gone = times(1, lambda method, path, body: status(410, "Expired", "too old") if "continue=" in path else None)
    found, _clock = client(ApiServer(faults=[gone]).put(*sets))
    assert len(found.read_all(SETS)) == 600
    found, _clock = client(ApiServer(faults=[lambda *sent: status(410, "Expired", "too old")]))
    with pytest.raises(ClusterProblem, match="the list changes faster than the API server pages it"):
        found.read_all(SETS)


def test_a_list_of_nothing_may_be_null():
    """As a real API server answers where only metadata is asked for."""
    found, _clock = client(
        ApiServer(faults=[lambda *sent: reply(200, {"kind": "PartialObjectMetadataList", "items": None})])
    )
    assert found.read_all(SETS) == ()


@pytest.mark.parametrize("items", [{}, "x", [1], ["x"]])
def test_a_list_that_is_none(items):
    found, _clock = client(ApiServer(faults=[lambda *sent: reply(200, {"kind": "List", "items": items})]))
    with pytest.raises(ClusterProblem, match="has no list of objects"):
        found.read_all(SETS)


# --- writing ---


def test_a_write_names_the_version_that_was_read_and_asks_for_strictness():
    server = ApiServer().put(STORED)
    found, _clock = client(server)
    found.patch(IMAGE, {"spec": {"a": 1}}, server.get("Image", "cluster")["metadata"]["resourceVersion"])
    method, _path, query, body = server.log[-1]
    assert (method, body["metadata"]) == ("PATCH", {"resourceVersion": "101"})
    assert query == {"fieldManager": "dockyard.openshift", "fieldValidation": "Strict"}
    with pytest.raises(Moved, match="Image/cluster: the object has been modified"):
        found.patch(IMAGE, {"spec": {"a": 2}}, "1")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda: status(500, "InternalError", "timed out"), Moved),
        (lambda: status(504, "Timeout", "timed out"), Moved),
        (raising(NoAnswer("broke the connection off")), Moved),
        (lambda: status(409, "Conflict", "modified"), Moved),
        (lambda: status(422, "Invalid", "spec.x is wrong"), Rejected),
        (lambda: status(400, "BadRequest", 'strict decoding error: unknown field "spec.x"'), Rejected),
        (lambda: status(403, "Forbidden", "no"), Rejected),
    ],
)
def test_a_write_is_never_sent_twice_when_it_may_have_been_done(answer, problem):
    server = ApiServer(faults=[on("PATCH", "images", answer)]).put(STORED)
    found, _clock = client(server)
    with pytest.raises(problem):
        found.patch(IMAGE, {"spec": {"a": 1}}, "101")
    assert found.requests == {"PATCH": 1}


@pytest.mark.parametrize(
    "answer", [raising(NotSent("cannot be reached")), lambda: Reply(429, {"Retry-After": "1"}), lambda: Reply(503)]
)
def test_a_write_that_was_not_done_is_sent_again(answer):
    server = ApiServer(faults=[times(2, on("PATCH", "images", answer))]).put(STORED)
    found, _clock = client(server)
    assert found.patch(IMAGE, {"spec": {"a": 1}}, "101")["spec"] == {"a": 1}
    assert found.requests == {"PATCH": 3}


def test_an_expired_token_is_renewed_once():
    expired = on("GET", "images", lambda: status(401, "Unauthorized", "Unauthorized"))
    found, _clock = client(ApiServer(faults=[times(1, expired)], logins=iter([True])).put(STORED))
    assert found.read(IMAGE)
    found, _clock = client(ApiServer(faults=[expired], logins=iter([True, True, True])).put(STORED))
    with pytest.raises(Rejected, match="does not accept the login"):
        found.read(IMAGE)
    assert found.requests == {"GET": 2}


@pytest.mark.parametrize(
    ("sent", "stored", "lost"),
    [
        ({"spec": {"a": 1}}, {"spec": {"a": 1, "b": 2}}, []),
        ({"spec": {"a": 1, "x": {"y": 2}}}, {"spec": {"a": 1}}, ["spec.x"]),
        ({"spec": {"l": [{"a": 1, "x": 2}]}}, {"spec": {"l": [{"a": 1}]}}, ["spec.l[0].x"]),
        ({"spec": {"a": None}}, {"spec": {}}, []),
        ({"spec": {"a": {}}}, {"spec": {}}, []),
        ({"metadata": {"annotations": {"a": None}}}, {"metadata": {}}, []),
        ({"metadata": {"resourceVersion": "1"}}, {"metadata": {}}, []),
        ({"spec": {"a": {"b": 1}}}, {"spec": {"a": None}}, ["spec.a"]),
    ],
)
def test_what_a_server_took_away(sent, stored, lost):
    assert lost_fields(sent, stored) == lost


def test_a_field_that_the_server_took_away_fails_with_its_name():
    """C11, on a server that does not know fieldValidation."""
    pruned = {**STORED, "metadata": {"name": "cluster", "resourceVersion": "103"}}
    found, _clock = client(ApiServer(faults=[on("PATCH", "images", lambda: reply(200, pruned))]).put(STORED))
    with pytest.raises(Rejected, match="the API server took spec.new away from Image/cluster"):
        found.patch(IMAGE, {"spec": {"new": 1}}, "101")


def test_warnings_of_the_server_are_kept_once():
    warned = lambda *sent: reply(200, STORED, Warning='299 - "use v2 \\"soon\\"", 299 - "really"')  # noqa: E731
    found, _clock = client(ApiServer(faults=[warned]))
    found.read(IMAGE)
    found.read(IMAGE)
    assert found.warnings == ['use v2 "soon"', "really"]


# --- whole tasks ---

PATCH_IMAGE = ("PATCH", "/images/cluster")


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        times(1, on(*PATCH_IMAGE, lambda: status(409, "Conflict", "modified"))),
        times(2, on(*PATCH_IMAGE, lambda: status(429, "TooManyRequests", "slow", **{"Retry-After": "0"}))),
        times(1, on(*PATCH_IMAGE, lambda: status(500, "InternalError", "etcd"))),
        times(1, on(*PATCH_IMAGE, raising(NoAnswer("broke the connection off")))),
        times(1, on("GET", "/images/cluster", raising(NoAnswer("broke the connection off")))),
        times(1, on("GET", "/machineconfigpools", lambda: status(500, "InternalError", "etcd"))),
    ],
)
def test_a_run_goes_on_after_a_fault(fault):
    server = cluster(BLOCKED)
    server.faults.append(fault)
    result = run(cluster_registries.ActionModule, {"blocked": "docker.io"}, server)
    assert result["changed"] and not result.get("failed"), result
    assert server.get("Image", "cluster")["spec"]["registrySources"] == {"blockedRegistries": ["docker.io"]}
    assert result["written"] == ["change Image/cluster"]


def test_a_write_whose_answer_was_lost_is_found_done():
    server = cluster(BLOCKED)

    def lose_the_answer(method, path, body):
        if method == "PATCH" and not lose_the_answer.done:
            lose_the_answer.done = True
            server._answer(method, path.partition("?")[0], {}, body)
            raise NoAnswer("broke the connection off")

    lose_the_answer.done = False
    server.faults.append(lose_the_answer)
    result = run(cluster_registries.ActionModule, {"blocked": "docker.io"}, server)
    assert result["changed"] and result["written"] == ["change Image/cluster"], result
    assert [change["what"] for change in result["plan"]["changes"]] == ["change Image/cluster"]
    assert len(server.writes) == 1


def test_a_cluster_that_never_stands_still():
    server = cluster(BLOCKED)
    server.faults.append(on(*PATCH_IMAGE, lambda: status(409, "Conflict", "the object has been modified")))
    result = run(cluster_registries.ActionModule, {"blocked": "docker.io"}, server)
    assert result["failed"] and "the cluster kept changing while it was planned (3 attempts)" in result["msg"]
    assert not result.get("changed") and not result.get("written")


def test_a_token_that_expires_in_the_middle_says_what_was_done():
    case = {"given": {"trust": [{"registry": "r.example.com", "ca": "CA"}]}}
    server = cluster(case)
    server.faults.append(
        lambda method, path, body: (
            status(401, "Unauthorized", "Unauthorized") if method == "PATCH" and "dryRun" not in path else None
        )
    )
    from test_cluster_registries import task

    result = task(case, server)
    assert result["failed"] and result["changed"], result
    assert "does not accept the login, or no longer (401); done before it: create ConfigMap" in result["msg"]


def test_nothing_secret_is_in_a_result():
    server = cluster(
        {
            "cluster": [
                {
                    "kind": "Secret",
                    "metadata": {"name": "pull-secret", "namespace": "openshift-config"},
                    "data": {".dockerconfigjson": "c2VjcmV0c2VjcmV0"},
                }
            ]
        }
    )
    args = {
        "mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}],
        "api_key": "sha256~token",
        "host": "https://x",
    }
    result = run(cluster_registries.ActionModule, args, server, diff=True)
    text = json.dumps(result)
    assert "sha256~token" not in text and "c2VjcmV0c2VjcmV0" not in text


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda: reply(201, {"kind": "Status", "status": "Success"}), (201, "", 0.0)),
        (lambda: status(429, "TooManyRequests", "wait", **{"Retry-After": "7"}), (429, "wait", 7.0)),
        (lambda: status(429, "TooManyRequests", "wait"), (429, "wait", 0.0)),
        (raising(NotSent("connection refused")), (0, "connection refused", 0.0)),
        (raising(NoAnswer("the connection broke")), (0, "the connection broke", 0.0)),
        (lambda: status(401, "Unauthorized", "who are you"), (401, "who are you", 0.0)),
    ],
)
def test_a_request_whose_refusal_is_an_answer_is_sent_once(answer, told):
    path = "/api/v1/namespaces/team/pods/a/eviction"
    server = ApiServer(faults=[on("POST", path, answer)])
    asked, clock = client(server)
    assert asked.attempt(path, {"kind": "Eviction"}) == told
    assert (clock.slept, asked.requests) == ([], {"POST": 1})
