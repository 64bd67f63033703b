# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proofs of a registry against one in memory that keeps what is pushed, and fails as a case says."""

from __future__ import annotations

import base64
import gzip
import json
import ssl
from email.message import Message
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.dockyard.openshift.plugins.action import registry_proof
from ansible_collections.dockyard.openshift.plugins.module_utils import _login
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.registry_proof import image
from api_server import ApiServer, run
from cases import cases
from trust.pki import certificate

HOST = "registry.apps.example.com"
LOGIN = "Basic " + base64.b64encode(b"robot:topsecret").decode()
GIVEN = {
    "registry": HOST, "registry_ca": certificate("one"), "registry_username": "robot", "registry_password": "topsecret",
    "project": "team", "name": "app", "tag": "1",
}  # fmt: skip


class Registry:
    """A registry behind Peer.get. faults: (method, part of the path) → what happens there, so many times."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.faults = [dict(one) for one in case.get("faults", ())]
        self.how = case.get("how", "basic")
        self.blobs: dict[str, bytes] = {}
        self.log: list[tuple[str, str, str | None]] = []

    def get(self, peer: Any, url: str, verified: bool, authorization=None, method="GET", *more: Any) -> Any:
        assert verified, "a certificate is always looked at"
        place = urlsplit(url)
        self.log.append((method, f"{place.netloc}{place.path}", authorization))
        for fault in self.faults:
            if fault["at"] in f"{method} {url}" and fault.get("times", 99) and (authorization or "always" in fault):
                fault["times"] = fault.get("times", 99) - 1
                return self.fail(fault, place.path.rpartition("/")[2])
        if place.path == "/token":
            return self.say(200 if authorization == LOGIN else 401, b'{"token": "T"}')
        if place.netloc == "store.example.com":
            assert authorization is None, "the login goes to the registry alone"
            return self.say(200, self.blobs[place.path.strip("/")])
        if self.how != "open" and authorization not in (LOGIN, "Bearer T"):
            bearer = f'Bearer realm="https://{HOST}/token",service="x"'
            return self.say(401, WWW_Authenticate=bearer if self.how == "token" else 'Basic realm="x"')
        return self.serve(place, method, more[1] if len(more) > 1 else None)

    def serve(self, place: Any, method: str, content: bytes | None) -> Any:
        if place.path == "/v2/":
            return self.say(200)
        if place.path == "/extensions/v2/metrics":
            return self.say(200, b"# TYPE imageregistry_request gauge\nimageregistry_request 1\nup 1\n")
        if method == "POST":
            return self.say(202, Location="/v2/team/app/blobs/uploads/1?state=x")
        last = place.path.rpartition("/")[2]
        if method == "PUT":
            name = parse_qs(place.query)["digest"][0] if "/uploads/" in place.path else last
            self.blobs[name] = content or b""
            return self.say(201)
        return self.say(200, self.blobs[last]) if last in self.blobs else self.say(404)

    def fail(self, fault: dict[str, Any], last: str) -> Any:
        if "raises" in fault:
            raise URLError({
                "silence": TimeoutError("timed out"),
                "refused": ConnectionRefusedError(111, "Connection refused"),
                "certificate": untrusted(), "tls": ssl.SSLError(1, "wrong version number"),
                "nonsense": ValueError("topsecret"), "reset": ConnectionResetError(),
                "cut off": ssl.SSLEOFError(8, "it hung up"),
            }[fault["raises"]])  # fmt: skip
        said = str(fault.get("location", "")).replace("BLOB", last)
        return self.say(fault["status"], str(fault.get("body", "")).encode(), **({"Location": said} if said else {}))

    def say(self, status: int, body: bytes = b"", **headers: str) -> Any:
        message = Message()
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        return status, message, body


def untrusted() -> ssl.SSLCertVerificationError:
    found = ssl.SSLCertVerificationError(1, "certificate verify failed")
    found.verify_message = "unable to get local issuer certificate"
    return found


@pytest.fixture
def task(monkeypatch):
    def play(case: dict[str, Any], server: ApiServer | None = None, **more: Any) -> tuple[dict[str, Any], Registry]:
        registry, now = Registry(case), [0.0]
        monkeypatch.setattr(_login.Peer, "get", lambda peer, *words: registry.get(peer, *words))
        clock = {"sleep": lambda seconds: now.__setitem__(0, now[0] + seconds), "clock": lambda: now[0]}
        monkeypatch.setattr(registry_proof.ActionModule, "patience", clock)
        given = {**GIVEN, **case.get("given", {})}
        given = {key: value for key, value in given.items() if value is not None}
        result = run(registry_proof.ActionModule, given, server or ApiServer(), **more)
        told = json.dumps(result)
        assert "topsecret" not in told and LOGIN.partition(" ")[2] not in told
        return result, registry

    return play


@pytest.mark.parametrize("case", cases("cluster/registry_proof.yml", having="proofs"))
def test_proofs(case, task, sentences):
    case = {**case, "given": {"proofs": [*case["proofs"]], **case.get("given", {})}}
    result, registry = task(case)
    found = {one["proof"]: f"{one['outcome']}: {one['reason']}" for one in result["proofs"]}
    assert list(found) == [name for name, says in case["proofs"].items() if says is not None]
    for name, says in case["proofs"].items():
        outcome, _colon, reason = (says or "").partition(": ")
        assert says is None or (found[name].startswith(outcome) and reason in found[name]), found
    assert bool(result.get("failed")) == any(not says.startswith(("accepted", "unasked")) for says in found.values())
    assert result.get("warnings", []) == case.get("remarks", [])
    assert result["references"]["outside"] == f"{HOST}/team/app:1"
    assert {place.partition("/")[0] for _method, place, login in registry.log if login} <= {HOST}
    sentences(result)


@pytest.mark.parametrize("case", cases("cluster/registry_proof.yml", having="refused"))
def test_bad_input_is_one_sentence_before_the_first_request(case, task, sentences):
    server = ApiServer()
    result, registry = task(case, server)
    assert result["failed"] and case["refused"] in result["msg"], result["msg"]
    assert "\n" not in result["msg"] and not registry.log and not server.log
    sentences(result)


def test_there_are_many_bad_inputs():
    assert len(cases("cluster/registry_proof.yml", having="refused")) >= 40


@pytest.mark.parametrize("status", [200, 401, 403])
def test_metrics_are_asked_for_once_and_at_once_with_the_login(status, task):
    """They are refused without a challenge where no login comes with the question."""
    faults = [{"at": "/extensions/v2/metrics", "status": status, "always": True}] if status != 200 else []
    result, registry = task({"given": {"proofs": ["metrics"]}, "faults": faults})
    assert registry.log == [("GET", f"{HOST}/extensions/v2/metrics", LOGIN)]
    assert [one["outcome"] for one in result["proofs"]] == ["accepted" if status == 200 else "refused"]


def test_nothing_is_pushed_in_check_mode(task):
    result, registry = task({"given": {"proofs": ["login", "push"]}}, check=True)
    assert result["changed"] and {method for method, *_rest in registry.log} == {"GET"}


def cluster(**login: str) -> ApiServer:
    """A cluster whose registry has its default route."""
    route = {"name": "default-route", "namespace": "openshift-image-registry"}
    signed = {"name": "default-ingress-cert", "namespace": "openshift-config-managed"}
    server = ApiServer().put(
        {"apiVersion": "route.openshift.io/v1", "kind": "Route", "spec": {"host": HOST, "tls": {}}, "metadata": route},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"ca-bundle.crt": certificate("router")}, "metadata": signed},
    )
    server.login = type("Login", (), {"headers": login})()
    return server


def test_host_authority_and_token_are_those_of_the_cluster(task):
    given = {"registry": None, "registry_ca": None, "registry_password": None}
    server = cluster(Authorization="Bearer topsecret")
    result, registry = task({"given": given}, server)
    assert result["registry"] == HOST and not result.get("failed") and registry.log[-1][2] == LOGIN
    assert {method for method, *_rest in server.log} == {"GET"}


def test_without_a_project_no_image_is_named(task):
    result, _registry = task({"given": {"project": None, "proofs": ["login"]}})
    assert result["references"] == {} and not result.get("failed")


def test_a_login_without_a_token_is_said(task):
    result, registry = task({"given": {"registry_password": None}}, cluster())
    assert result["failed"] and "the login to the cluster has no token" in result["msg"] and not registry.log


def test_a_registry_without_a_route_is_said(task):
    result, registry = task({"given": {"registry": None}}, ApiServer())
    assert result["failed"] and "has no route; default_route" in result["msg"] and not registry.log


def test_the_tiny_image_is_the_same_every_time():
    assert image.tiny() == image.tiny() and sum(map(len, image.tiny().blobs)) < 1000


def test_what_is_pushed_is_a_whole_image():
    """An engine that pulls it finds every blob by its digest, and the layer unpacked by its diff_id (OCI)."""
    layer, config = image.tiny().blobs
    manifest, about = json.loads(image.tiny().manifest), json.loads(config)
    described = [manifest["config"], *manifest["layers"]]
    assert [(one["digest"], one["size"]) for one in described] == [
        (image.digest(blob), len(blob)) for blob in (config, layer)
    ]
    assert about["rootfs"] == {"type": "layers", "diff_ids": [image.digest(gzip.decompress(layer))]}
    assert (about["architecture"], about["os"]) == ("amd64", "linux")
