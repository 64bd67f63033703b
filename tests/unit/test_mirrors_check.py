# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether mirrors hold what a cluster asks for: registries on loopback that answer as told, and an API in memory."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from ansible_collections.dockyard.openshift.plugins.action import mirrors_check
from api_server import ApiServer, on, run, status
from cases import cases
from openshift4 import PAYLOAD, manifests
from trust.pki import certificate, key_pem

AUTH = {"bot": base64.b64encode(b"bot:topsecret").decode(), "other": base64.b64encode(b"bot:other").decode()}
BOT = f"Basic {AUTH['bot']}"
IDENTITY = "topsecret/identity+token"
PLACE = {"namespace": "openshift-config"}
DIGESTS = {"A": "sha256:" + "a" * 64, "B": "sha256:" + "b" * 64, "P": PAYLOAD.partition("@")[2]}


class Registry(BaseHTTPRequestHandler):
    """Holds the manifests of `has`, and answers by `how`."""

    def log_message(self, *dummy: Any) -> None:
        pass

    def do_GET(self) -> None:
        good = self.headers.get("Authorization") == BOT
        self.say(200 if good else 401, b'{"token": "T"}' if good else b"")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert self.headers.get("Authorization") is None and "?" not in self.path
        assert form["grant_type"] == ["refresh_token"] and form["scope"] == ["repository:a/x:pull"]
        good = form["refresh_token"] == [IDENTITY]
        self.say(200 if good else 401, b'{"access_token": "T"}' if good else b"")

    def do_HEAD(self) -> None:
        server, sent = self.server, self.headers.get("Authorization")
        server.seen.append((self.path, sent))
        assert "manifest.list" in self.headers["Accept"] and "oci.image.index" in self.headers["Accept"]
        here = f"https://localhost:{server.server_port}"
        if server.how == "hangs up":
            return self.connection.shutdown(socket.SHUT_RDWR)
        if server.how != "open" and sent not in (BOT, "Bearer T"):
            realm = "http://t.example.com/token" if server.how == "http token" else f"{here}/token"
            bearer = f'Bearer realm="{realm}",service="x",scope="repository:a/x:pull"'
            return self.say(
                401, WWW_Authenticate='Basic realm="x"' if server.how not in ("bearer", "http token") else bearer
            )
        if server.how.isdecimal():
            return self.say(int(server.how))
        if server.how == "redirect":
            return self.say(302, Location=f"https://localhost:{server.other}{self.path}")
        if server.how == "drips":
            for _second in range(100):
                self.wfile.write(b"H")
                time.sleep(0.1)
        wanted = self.path.rpartition("/")[2]
        said = DIGESTS["B"] if server.how == "liar" else wanted
        told = {"Docker_Content_Digest": said if ":" in said else DIGESTS["A"]}
        return self.say(200 if wanted in server.has else 404, **told)

    def say(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def registries(case: dict[str, Any], tmp_path: Any) -> Any:
    """Both mirrors of a case."""
    both = [ThreadingHTTPServer(("localhost", 0), Registry) for _number in range(2)]
    for server, other, about in zip(both, reversed(both), (case.get("one", {}), case.get("two", {})), strict=True):
        server.how, server.has = about.get("how", "basic"), {DIGESTS.get(one, one) for one in about.get("has", ())}
        server.seen, server.other, server.daemon_threads = [], other.server_port, True
        if about.get("tls", True):
            names = tmp_path / "cert.pem"
            names.write_text(authority() + key_pem("localhost"))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(names)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield both
    finally:
        for server in both:
            server.shutdown()
            socket.socket.close(server.socket)


def authority() -> str:
    return certificate("localhost", names=("localhost", "127.0.0.1"), days=4000)


def filled(value: Any, places: dict[str, str]) -> Any:
    """Put digests and addresses in place of their letters, at any depth."""
    if isinstance(value, str):
        for letter, digest in DIGESTS.items():
            value = value.replace(f"@{letter}", f"@{digest}").replace(f"digest, {letter}", f"digest, {digest}")
        for name, place in places.items():
            value = authority() if value == "CA" else value.replace(name, place)
        return value
    if isinstance(value, dict):
        return {key: filled(one, places) for key, one in value.items()}
    return [filled(one, places) for one in value] if isinstance(value, list) else value


def cluster(case: dict[str, Any], names: list[str]) -> ApiServer:
    objects = manifests({"idms": case.get("idms") or {}, "itms": case.get("itms") or {}})
    image, version = objects[0], objects[1]
    version["status"]["desired"]["version"] = "4.18.3"
    image["spec"] = {"registrySources": case.get("lists", {}), "additionalTrustedCA": {"name": "cas"}}
    cas, keys = case.get("cas", ["registry"]), [name.replace(":", "..") for name in names]
    coded = base64.b64encode(authority().encode()).decode()
    data = authority() if "registry" in cas else coded if "coded" in cas else ""
    auth = {"wrong": AUTH["other"], "broken": "?"}.get(case.get("login", ""), AUTH["bot"])
    logins = {} if case.get("login") == "none" else dict.fromkeys(names, {"auth": auth})
    if token := {"identity": IDENTITY, "old identity": "old"}.get(case.get("login", "")):
        logins = dict.fromkeys(names, {"auth": base64.b64encode(b"bot:").decode(), "identitytoken": token})
    stored: dict[str, Any] = {"auths": logins}
    if case.get("login") == "program":
        stored["credHelpers"] = dict.fromkeys(names, "acme")
    text = base64.b64encode(json.dumps(stored).encode()).decode()
    server = ApiServer().put(
        *objects,
        {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "pull-secret", **PLACE},
         "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": text}},
        {"kind": "Proxy", "apiVersion": "config.openshift.io/v1", "metadata": {"name": "cluster"},
         "spec": {"trustedCA": {"name": "bundle"}}},
        _config_map("cas", dict.fromkeys(keys, data) if data else {})
        | {"binaryData": dict.fromkeys(keys, coded) if "binary" in cas else {}},
        _config_map("bundle", {"ca-bundle.crt": authority() if "proxy" in cas else ""}),
        *(_pod(name, text) for name, text in case.get("pods", {}).items()),
    )  # fmt: skip
    if part := case.get("forbidden"):
        server.faults.append(on("GET", part, lambda: status(403, "Forbidden", "nobody may read it")))
    return server


def _config_map(name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name, **PLACE}, "data": data}


def _pod(name: str, text: str) -> dict[str, Any]:
    image, _space, done = text.partition(" done")
    return {
        "kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "namespace": "team"},
        "spec": {"containers": [{"name": "c", "image": image if "X Y" not in text else text}]},
        "status": {"phase": "Succeeded" if text.endswith(" done") else "Running"},
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", cases("cluster/mirrors_check.yml"))
def test_what_mirrors_hold(
    case: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, sentences: Any
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with registries(case, tmp_path) as both:
        names = [f"localhost:{server.server_port}" for server in both]
        case = filled(case, dict(zip(("ONE", "TWO"), names, strict=True)))
        server = cluster(case, names)
        start = time.monotonic()
        found = run(mirrors_check.ActionModule, case.get("given", {}), server)
    assert time.monotonic() - start < 20 and not found.get("failed"), found
    assert [one["outcome"] for image in found["images"] for one in image["mirrors"]] == case.get("outcomes", []), found
    assert found["complete"] is case.get("complete", False)
    assert found["stops"] == case.get("stops", [])
    assert [one["mirror"] for one in found["missing"]] == [
        one["mirror"] for image in found["images"] for one in image["mirrors"] if one["outcome"] != "there"
    ]
    sentences(found)
    for line, begins in zip(found["account"], case.get("lines", ()), strict=False):
        assert line.startswith(begins)
    assert any(one.startswith(case.get("note", "")) for one in [*found["notes"], ""])
    for word, one in zip(("one", "two"), both, strict=True):
        assert bool(one.seen) is case.get(f"{word}_is_asked", bool(one.seen))
        assert not case.get("without_login") or all(sent is None for _path, sent in one.seen)
        assert not one.seen or one.seen[0][1] is None  # nobody gets a login who has not asked for one
    assert {method for method, *_rest in server.log} == {"GET"}
    assert "topsecret" not in json.dumps(found) and BOT.partition(" ")[2] not in json.dumps(found)


@pytest.mark.parametrize("case", cases("cluster/mirrors_check_bad_input.yml"))
def test_bad_input_is_one_sentence_before_the_first_request(case: dict[str, Any]) -> None:
    server = ApiServer()
    found = run(mirrors_check.ActionModule, case["given"], server)
    assert found["failed"] and case["says"] in found["msg"] and "\n" not in found["msg"], found
    assert server.log == []


def test_a_policy_that_no_cluster_can_have_is_refused() -> None:
    found = run(mirrors_check.ActionModule, {"insecure": ["10.0.0.0/8"]}, cluster({}, []))
    assert found["failed"] and found["msg"].startswith("insecure: "), found
