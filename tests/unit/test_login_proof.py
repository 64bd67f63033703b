# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a login, as a host runs it, against registries that answer as told; under Python 3 and Python 2.7."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.dockyard.openshift.plugins.module_utils import _login
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.credentials import Credential
from ansible_collections.dockyard.openshift.plugins.plugin_utils.registry_auth import proof
from ansible_collections.dockyard.openshift.plugins.plugin_utils.registry_auth.places import Place
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import certificate_directories
from hands.conftest import python27
from trust.pki import certificate, key_pem

BOT = "Basic " + base64.b64encode(b"bot:topsecret").decode()
pytestmark = pytest.mark.slow  # each case is a program of its own that talks to a server
INTERPRETERS = [name for name in (sys.executable, python27()) if name]


class Registry(BaseHTTPRequestHandler):
    """Answers by the server's `how`, and remembers who was sent what."""

    def log_message(self, *dummy):
        pass

    def do_GET(self):
        server, sent = self.server, self.headers.get("Authorization")
        server.seen.append((self.path, sent))
        here = f"{'https' if server.tls else 'http'}://localhost:{server.server_port}"
        if self.path.startswith("/token"):
            good = sent == BOT and server.how != "token refused"
            self.say(200 if good else 401, body=b'{"token": "T"}' if server.how != "no token" else b"[]")
        elif server.how == "open" or sent in (BOT, "Bearer T"):
            self.say(403 if server.how == "forbidden" else 200)
        elif server.how == "redirect":
            self.say(302, Location=f"{here}/elsewhere")
        elif server.how == "broken":
            self.say(500)
        elif server.how == "basic" or server.how == "forbidden":
            self.say(401, WWW_Authenticate='Basic realm="x"')
        else:
            realm = {"http realm": "http://token.example.com/token", "no realm": ""}.get(server.how, f"{here}/token")
            self.say(401, WWW_Authenticate=f'Bearer realm="{realm}",service="x y"')

    def say(self, status, body=b"{}", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def registry(how, tmp_path, tls=True):
    server = ThreadingHTTPServer(("localhost", 0), Registry)
    server.how, server.tls, server.seen = how, tls, []
    if tls:
        names = tmp_path / "cert.pem"
        names.write_text(certificate("localhost", names=("localhost", "127.0.0.1"), days=4000) + key_pem("localhost"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(names)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(server, tmp_path, password="topsecret", insecure=(), interpreter=sys.executable, trusted=True):
    """Answer as the host would: the command of the check, with this Python as the only one."""
    name = f"localhost:{server.server_port}"
    file = tmp_path / "auth.json"
    auth = base64.b64encode(f"bot:{password}".encode()).decode()
    file.write_text(json.dumps({"auths": {name: {"auth": auth}}}))
    check = proof.check([(Credential(name, "bot", password), Place(str(file), "x"))], insecure)
    assert password not in " ".join(check.argv) and auth not in " ".join(check.argv)
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "python3").unlink(missing_ok=True)
    (programs / "python3").symlink_to(interpreter)
    trust = {"SSL_CERT_FILE": str(tmp_path / "cert.pem")} if trusted else {"SSL_CERT_FILE": os.devnull}
    environment = {"PATH": f"{programs}:/bin:/usr/bin", "SSL_CERT_DIR": "/nonexistent", "no_proxy": "*", **trust}
    argv = [word.replace("/usr/libexec/platform-python ", "") for word in check.argv]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert password not in done.stdout + done.stderr and auth not in done.stdout + done.stderr
    (found,) = proof.outcomes([{"step": "check", "stdout": done.stdout}]) or [done]
    assert (done.returncode == 1) == (found["outcome"] == "refused"), (found, done.stderr)
    return found["outcome"], found["reason"]


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=["python3", "python2.7"][: len(INTERPRETERS)])
@pytest.mark.parametrize(
    ("how", "good", "outcome", "reason"),
    [
        ("basic", True, "accepted", "by localhost"),
        ("basic", False, "refused", "localhost"),
        ("forbidden", True, "refused", "answers with status 403"),
        ("bearer", True, "accepted", "with a token of localhost"),
        ("bearer", False, "refused", "the token service localhost"),
        ("token refused", True, "refused", "the token service localhost"),
        ("no token", True, "undecided", "gives no token"),
        ("open", True, "unasked", "asks for no login"),
        ("broken", True, "undecided", "answers with status 500"),
        ("redirect", True, "undecided", "answers with status 302"),
        ("http realm", True, "undecided", "names the token service token.example.com, which is not https"),
        ("no realm", True, "undecided", "names the token service nowhere, which is not https"),
    ],
)
def test_outcomes(how, good, outcome, reason, tmp_path, interpreter):
    with registry(how, tmp_path) as server:
        found = ask(server, tmp_path, "topsecret" if good else "other-secret", interpreter=interpreter)
    assert found[0] == outcome and reason in found[1], found
    assert "/elsewhere" not in [path for path, _sent in server.seen]


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=["python3", "python2.7"][: len(INTERPRETERS)])
def test_an_unknown_authority_is_sent_nothing(tmp_path, interpreter):
    with registry("basic", tmp_path) as server:
        outcome, reason = ask(server, tmp_path, interpreter=interpreter, trusted=False)
    assert outcome == "undecided" and "certificate" in reason.lower() and server.seen == []


def test_plain_http_is_spoken_only_where_the_policy_says_insecure(tmp_path):
    with registry("basic", tmp_path, tls=False) as server:
        (tmp_path / "cert.pem").write_text("")
        assert ask(server, tmp_path)[0] == "undecided" and server.seen == []
        name = f"localhost:{server.server_port}"
        assert ask(server, tmp_path, insecure=[name])[0] == "accepted"


def test_an_unknown_authority_of_an_insecure_registry(tmp_path):
    with registry("bearer", tmp_path) as server:
        insecure = [f"localhost:{server.server_port}"]
        assert ask(server, tmp_path, insecure=insecure, trusted=False)[0] == "accepted"


def test_the_secret_goes_to_nobody_before_it_is_asked_for(tmp_path):
    with registry("basic", tmp_path) as server:
        ask(server, tmp_path)
    assert [sent for _path, sent in server.seen] == [None, BOT]


def test_certificates_are_looked_for_where_engines_look():
    """The program runs on hosts, where it cannot import the brain's list."""
    assert _login.CERTS == certificate_directories.FAMILY
