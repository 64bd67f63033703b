# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look into a pod, beside a server on loopback that speaks as pods/exec does over a web socket."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.dockyard.openshift.plugins.action import image_registry_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.connection import Login
from api_server import run
from test_cluster_image_registry import NAMESPACE, STOCK, cluster

POD = {
    "kind": "Pod", "spec": {"nodeName": "worker-0"},
    "metadata": {"name": "image-registry-1", "namespace": NAMESPACE, "labels": {"docker-registry": "default"}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}  # fmt: skip
HEAD = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
CLAIM = HEAD + "/dev/rbd0 104857600 2048 104855552 1% /registry\n"
DONE = json.dumps({"status": "Success"})


class Exec(BaseHTTPRequestHandler):
    """Upgrades, sends the messages of the server (channel, text), and closes."""

    def log_message(self, *_words):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        if self.server.status is None:  # another program's answer
            self.wfile.write(b"+OK who are you\r\n\r\n")
            return
        if self.server.status != 101:
            self.send_error(self.server.status)
            return
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        for name, value in (
            ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Protocol", "v4.channel.k8s.io"),
            ("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()),
        ):  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        for message in self.server.messages:
            if message is None:  # torn off
                return
            channel, text = message
            content = bytes([channel]) + text.encode()
            length = bytes([len(content)]) if len(content) < 126 else b"\x7e" + len(content).to_bytes(2, "big")
            self.wfile.write(b"\x82" + length + content)
        self.wfile.write(b"\x88\x00")


@pytest.fixture
def look():
    with ThreadingHTTPServer(("127.0.0.1", 0), Exec) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        server.seen, server.status = [], 101

        def looked(*messages, status=101, objects=(POD,), **login):
            server.messages, server.status = messages, status
            api = cluster({"cluster": [*objects]})
            headers = {"Authorization": "Bearer hidden-token"}
            api.login = Login(f"http://127.0.0.1:{server.server_port}", headers, **login)
            return run(image_registry_info.ActionModule, {"look_inside": True}, api), server.seen

        yield looked
        server.shutdown()
        thread.join()


def test_a_claim_is_mounted_and_its_size_is_told(look):
    found, seen = look((1, CLAIM[:40]), (1, CLAIM[40:]), (3, DONE))
    assert found["inside"] == {
        "pod": "image-registry-1", "mounted": True, "device": "/dev/rbd0", "size": 100 << 30, "used": 2 << 20,
    }  # fmt: skip
    ((path, headers),) = seen
    assert urlsplit(path).path == f"/api/v1/namespaces/{NAMESPACE}/pods/image-registry-1/exec"
    asked = parse_qs(urlsplit(path).query)
    assert asked["command"] == ["df", "-P", "/registry"] and asked["container"] == ["registry"]
    assert headers["Authorization"] == "Bearer hidden-token" and "hidden-token" not in json.dumps(found)


def test_a_directory_of_the_node_is_told_from_a_mount(look):
    found, _seen = look((1, HEAD + "overlay 1024 512 512 50% /\n"), (3, DONE))
    assert found["inside"]["mounted"] is False and found["inside"]["size"] == 1 << 20


FAILED = json.dumps({"status": "Failure", "message": "exit code 127"})
NOWHERE = {**STOCK[0], "spec": {"managementState": "Managed", "replicas": 1, "storage": {}}}
BUCKET = {**STOCK[0], "spec": {"managementState": "Managed", "replicas": 1, "storage": {"s3": {"bucket": "b"}}}}


@pytest.mark.parametrize(
    ("messages", "more", "says"),
    [
        ([(2, "df: not found"), (3, FAILED)], {}, "df: not found"),
        ([(3, FAILED)], {}, "failed: exit code 127"),
        ([(1, CLAIM)], {}, "failed: it ends without a word"),
        ([(1, CLAIM), (3, "{not JSON")], {}, "failed: it ends without a word"),
        ([(1, CLAIM), (3, "{}")], {}, "failed: it ends without a word"),
        ([(1, CLAIM), (3, "[]")], {}, "failed: it ends without a word"),
        ([(1, "nothing"), (3, DONE)], {}, "says what cannot be read: nothing"),
        ([], {"status": 403}, "the API server answers 403 for pods/exec of image-registry-1"),
        ([], {"objects": ()}, "no pod of the registry is ready"),
        ([], {"objects": (POD, BUCKET)}, "the images are in s3, which is not a directory of a pod"),
        ([], {"objects": ({**POD, "status": {}},)}, "no pod of the registry is ready"),
        ([], {"objects": (POD, NOWHERE)}, "the images are in no storage of its own, which is not a directory of a pod"),
        ([], {"status": None}, "the pod image-registry-1 cannot be asked: WebSocket"),
        (None, {}, "the pod image-registry-1 stopped talking: WebSocket"),
        ([], {"proxy": "http://proxy.example.com:3128"}, "it goes through no proxy"),
    ],
)
def test_what_cannot_be_looked_at_is_one_sentence(look, messages, more, says):
    found, _seen = look(*([None] if messages is None else messages), **more)
    assert found["failed"] and "look_inside: " in found["msg"] and says in found["msg"], found["msg"]
    assert "\n" not in found["msg"] and "hidden-token" not in json.dumps(found)
