# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a task finds its cluster and logs in, beside a server on loopback that notes what it is sent."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import cluster_registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import connection
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import ClusterProblem, Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Client, Limits
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.connection import (
    Http,
    log_in,
    with_environment,
)
from api_server import KINDS, ApiServer, run
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hosts import described
from tasks import asked as asked_of_host
from tasks import opaque
from urllib3 import exceptions as found

TOKEN = "sha256~a-token-of-a-person"
IMAGE = Ref(KINDS["Image"], "cluster")


class Handler(BaseHTTPRequestHandler):
    """Notes requests, and answers as the server's `answer` says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers), self.headers.get_all("Impersonate-Group")))
        self.server.answer(self)

    do_PATCH = do_POST = do_DELETE = do_GET

    def log_message(self, *args):
        pass


def json_answer(value, status=200, **headers):
    def answer(handler):
        body = json.dumps(value).encode()
        handler.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


OBJECT = json_answer({"kind": "Image", "metadata": {"name": "cluster"}})


@pytest.fixture
def serve():
    """Start servers on loopback: serve(answer, context) → the server, with `address` and `seen`."""
    servers = []

    def start(answer=OBJECT, context=None):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.seen, server.answer = True, [], answer
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.address = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def asked(given, environment=None, **limits):
    """Read Image/cluster as these options say."""
    environment = environment or {}
    given = with_environment(given, environment)
    transport = Http(log_in(given, environment), lambda: log_in(given, environment))
    return Client(transport, Limits(**limits), sleep=lambda seconds: None).read(IMAGE)


def kubeconfig(address, user, **cluster):
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": "one",
        "clusters": [{"name": "c", "cluster": {"server": address, **cluster}}],
        "users": [{"name": "u", "user": user}, {"name": "other", "user": {"token": "another-token"}}],
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u"}},
            {"name": "two", "context": {"cluster": "c", "user": "other"}},
        ],
    }  # fmt: skip


def login_of(server):
    return server.seen[-1][1].get("Authorization")


def test_a_kubeconfig_as_a_path_as_a_mapping_and_as_variables(serve, tmp_path):
    server = serve()
    config = kubeconfig(server.address, {"token": TOKEN})
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    for given, environment in (
        ({"kubeconfig": str(path)}, {}),
        ({"kubeconfig": config}, {}),
        ({}, {"K8S_AUTH_KUBECONFIG": str(path)}),
        ({}, {"KUBECONFIG": str(path)}),
        ({"host": server.address, "api_key": TOKEN}, {}),
        ({}, {"K8S_AUTH_HOST": server.address, "K8S_AUTH_API_KEY": TOKEN}),
        ({"api_key": TOKEN, "kubeconfig": kubeconfig(server.address, {"token": "of the file"})}, {}),
    ):
        assert asked(given, environment)["kind"] == "Image"
        assert login_of(server) == f"Bearer {TOKEN}"
    asked({"kubeconfig": config, "context": "two"})
    assert login_of(server) == "Bearer another-token"
    asked({"host": server.address, "username": "me", "password": "pw"})
    assert login_of(server) == "Basic " + base64.b64encode(b"me:pw").decode()


def test_a_person_is_impersonated_with_every_group(serve):
    server = serve()
    asked({"host": server.address, "api_key": TOKEN, "impersonate_user": "jo", "impersonate_groups": ["a", "b"]})
    assert server.seen[-1][1]["Impersonate-User"] == "jo" and server.seen[-1][2] == ["a", "b"]


def program(tmp_path, text):
    path = tmp_path / "login.py"
    path.write_text(text)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(path)]}}


def test_a_program_gives_the_login_and_is_asked_again_when_it_has_expired(serve, tmp_path):
    """An exec plug-in, as clouds and `oc login` have them."""
    user = program(
        tmp_path,
        "import json, pathlib\n"
        f"count = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "number = len(count.read_text()) if count.exists() else 0\n"
        "count.write_text('x' * (number + 1))\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': {'token': 'token-%d' % number}}))\n",
    )

    def answer(handler):
        fresh = handler.headers["Authorization"] != "Bearer token-0"
        (OBJECT if fresh else json_answer({"kind": "Status", "code": 401}, 401))(handler)

    server = serve(answer)
    assert asked({"kubeconfig": kubeconfig(server.address, user)})["kind"] == "Image"
    assert [headers["Authorization"] for _path, headers, _groups in server.seen] == ["Bearer token-0", "Bearer token-1"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kubeconfig": "/nowhere/config"}, "there is no kubeconfig /nowhere/config on the controller"),
        ({"kubeconfig": "/"}, "the kubeconfig cannot be used: Is a directory: /"),
        ({"kubeconfig": {}}, "the kubeconfig cannot be used: Invalid kube-config file. Expected key current-context"),
        ({"kubeconfig": {"current-context": "x"}}, "Expected key contexts"),
        ({"kubeconfig": kubeconfig("https://x", {"token": TOKEN}), "context": "none"}, "the kubeconfig cannot be used"),
        ({"kubeconfig": kubeconfig("ftp://x", {"token": TOKEN})}, "'ftp://x' is not the address of an API server"),
        ({"host": "api.example.com", "api_key": TOKEN}, "host: 'api.example.com' is not the address of an API server"),
        ({"host": f"https://me:{TOKEN}@x", "api_key": "y"}, "host: the address holds a login"),
        (
            {"host": "https://x", "api_key": f"{TOKEN}\nX-Evil: 1"},
            "api_key: the token holds characters that no token has",
        ),
        (
            {"host": "https://x", "api_key": TOKEN, "ca_cert": "/nowhere.crt"},
            "(/nowhere.crt): No such file or directory",
        ),
        ({"host": "https://x", "api_key": TOKEN, "proxy": "socks5://p"}, "proxy: 'socks5://p' is not an HTTP proxy"),
        (
            {"kubeconfig": kubeconfig("https://x", {"client-certificate-data": "!!", "client-key-data": "!!"})},
            "cannot be used",
        ),
        ({"kubeconfig": {**kubeconfig("https://x", {}), "users": TOKEN}}, "the kubeconfig cannot be used"),
        ({"kubeconfig": {**kubeconfig("https://x", {}), "users": [{"user": {"token": TOKEN}}]}}, "cannot be used"),
        ({}, "there is no kubeconfig ~/.kube/config on the controller; give kubeconfig, or host and api_key"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_without_the_login(given, says, monkeypatch):
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(ClusterProblem) as refusal:
        asked(given)
    assert says in str(refusal.value), str(refusal.value)
    assert TOKEN not in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import sys; sys.exit('denied: secret-of-program')", "the program that gives the login ended with 1"),
        ("import os; os.kill(os.getpid(), 9)", "the program that gives the login ended with -9"),
        (
            "print('secret-of-program')",
            "exec: failed to decode process output: Expecting value: line 1 column 1 (char 0)",
        ),
        ("print('{\"kind\": \"secret-of-program\"}')", "exec: malformed response. missing key 'apiVersion'"),
        (
            "print('{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"x\", \"status\": {}}')",
            "exec: missing token or clientCertificateData field",
        ),
    ],
)
def test_a_program_without_a_login_is_told_and_its_words_are_not(tmp_path, caplog, text, says):
    """The library logs such a fault, goes on as nobody and would be refused by the API for another reason."""
    with pytest.raises(ClusterProblem) as refusal:
        asked({"kubeconfig": kubeconfig("https://127.0.0.1:1", program(tmp_path, text))})
    assert str(refusal.value) == f"the kubeconfig cannot be used: {says}"
    assert not caplog.records


def test_a_program_that_is_not_there(serve):
    server = serve()
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/login"}}
    given = {"kubeconfig": kubeconfig(server.address, user)}
    with pytest.raises(ClusterProblem, match="No such file or directory: '/nowhere/login'"):
        asked(given)
    assert not server.seen
    assert asked({**given, "api_key": TOKEN})["kind"] == "Image"  # whoever gives another login needs no program
    assert asked({**given, "username": "me", "password": "pw"})["kind"] == "Image"


def test_lists_of_the_environment():
    found = with_environment({}, {"K8S_AUTH_IMPERSONATE_GROUPS": "a, b,,c "})
    assert found["impersonate_groups"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (found.ProxyError("x", OSError()), "cannot be reached through the proxy"),
        (found.ConnectTimeoutError("x"), "does not answer in time"),
        (found.ReadTimeoutError(None, "/", "x"), "does not answer in time"),
        (TimeoutError(), "does not answer in time"),
        (found.ProtocolError("Connection aborted."), "broke the connection off"),
        (found.NewConnectionError(None, "<x 0x7f>: [Errno -2] Name not known"), "cannot be reached: Name not known"),
        (found.SSLError("[SSL: WRONG_VERSION] wrong version (_ssl.c:1)"), "speaks no TLS that fits: wrong version"),
        (found.SSLError("odd"), "speaks no TLS that fits: no TLS connection"),
        (
            found.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_)"),
            "cannot be trusted: certificate has expired",
        ),
    ],
)
def test_why_there_is_no_answer(problem, says):
    assert connection._why(problem) == says


def test_a_truth_value_of_the_environment():
    assert with_environment({}, {"K8S_AUTH_VERIFY_SSL": "no"})["validate_certs"] is False
    assert with_environment({"validate_certs": True}, {"K8S_AUTH_VERIFY_SSL": "no"})["validate_certs"] is True
    with pytest.raises(ClusterProblem, match="K8S_AUTH_VERIFY_SSL: 'perhaps' is not a truth value"):
        with_environment({}, {"K8S_AUTH_VERIFY_SSL": "perhaps"})


# --- servers that lead astray ---


def test_a_redirect_takes_the_login_nowhere(serve):
    other = serve()
    server = serve(json_answer({}, 302, Location=f"{other.address}/x"))
    with pytest.raises(ClusterProblem, match="it is not followed, because the login would go there"):
        asked({"host": server.address, "api_key": TOKEN})
    assert other.seen == [] and len(server.seen) == 1


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


def drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        pass


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    try:
        while True:
            handler.wfile.write(b"X")
            time.sleep(0.05)
    except OSError:
        pass


def drip_chunks(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"1\r\n \r\n")
            time.sleep(0.05)
    except OSError:
        pass


def broken(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def silent(handler):
    time.sleep(3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (endless, "answers with more than 1000000 bytes"),
        (drip, "no whole answer within"),
        (drip_headers, "no whole answer within"),
        (drip_chunks, "no whole answer within"),
        (broken, "broke the connection off"),
        (silent, "does not answer in time|no whole answer within"),
    ],
)
def test_a_server_without_an_end(serve, answer, says):
    server = serve(answer)
    begin = time.monotonic()
    with pytest.raises(ClusterProblem, match=says):
        asked({"host": server.address, "api_key": TOKEN}, request=0.2, answer=1_000_000)
    assert time.monotonic() - begin < 8


def test_nobody_listens():
    with pytest.raises(ClusterProblem, match=r"http://127.0.0.1:1 cannot be reached: .*Connection refused"):
        asked({"host": "http://127.0.0.1:1", "api_key": TOKEN})


def test_a_proxy_of_the_environment_and_hosts_without_it(serve):
    proxy, server = serve(), serve()
    environment = {"http_proxy": proxy.address, "K8S_AUTH_HOST": "http://api.example.com", "K8S_AUTH_API_KEY": TOKEN}
    asked({}, environment)
    assert proxy.seen[-1][0] == "http://api.example.com/apis/config.openshift.io/v1/images/cluster"
    asked({"host": server.address}, {**environment, "no_proxy": "127.0.0.1"})
    assert len(proxy.seen) == 1 and len(server.seen) == 1
    asked({"proxy": f"http://me:secret@{proxy.address.removeprefix('http://')}"}, environment)
    assert "proxy-authorization" in {name.lower() for name in proxy.seen[-1][1]}


def test_what_the_proxy_is_told_as_in_kubernetes_core(serve):
    proxy = serve()
    given = {"host": "http://api.example.com", "api_key": TOKEN, "proxy": proxy.address}
    asked({**given, "proxy_headers": {"proxy_basic_auth": "me:secret"}, "persist_config": True}, {})
    headers = {name.lower(): value for name, value in proxy.seen[-1][1].items()}
    assert headers["proxy-authorization"] == "Basic " + base64.b64encode(b"me:secret").decode()
    assert headers["authorization"] == f"Bearer {TOKEN}"
    asked(given, {"K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH": "you:other"})
    headers = {name.lower(): value for name, value in proxy.seen[-1][1].items()}
    assert headers["proxy-authorization"] == "Basic " + base64.b64encode(b"you:other").decode()


# --- certificates ---


def certificate(name, issuer=None, key_of_issuer=None, old=False):
    """A certificate and its key; old: without what strict checks want of an authority (OpenShift 3 made such)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=not old)
    )
    if issuer:
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key_of_issuer or key, hashes.SHA256()), key


def pem(certificate_, key=None):
    text = certificate_.public_bytes(serialization.Encoding.PEM)
    if key:
        text += key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    return text


@pytest.fixture
def tls(tmp_path):
    """(context of a server that asks for a client certificate, kubeconfig's data for it)"""
    authority, key = certificate("authority", old=True)
    server = certificate("server", authority, key)
    client, client_key = certificate("client", authority, key)
    (tmp_path / "server.pem").write_bytes(pem(*server))
    (tmp_path / "ca.pem").write_bytes(pem(authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    encoded = {
        "certificate-authority-data": pem(authority),
        "client-certificate-data": pem(client),
        "client-key-data": pem(client, client_key).partition(b"-----END CERTIFICATE-----\n")[2],
    }
    (tmp_path / "client.pem").write_bytes(pem(client))
    (tmp_path / "client.key").write_bytes(pem(client, client_key).partition(b"-----END CERTIFICATE-----\n")[2])
    return context, {name: base64.b64encode(text).decode() for name, text in encoded.items()}, tmp_path


def test_keys_of_a_kubeconfig_leave_no_file_behind(serve, tls, monkeypatch, tmp_path):
    context, data, _place = tls
    server = serve(context=context)
    places = (tmp_path / "memory", tmp_path / "tmp")
    for place in places:
        place.mkdir()
    monkeypatch.setattr(connection, "_IN_MEMORY", str(places[0]))
    monkeypatch.setattr(tempfile, "tempdir", str(places[1]))
    authority = {"certificate-authority-data": data["certificate-authority-data"]}
    user = {name: text for name, text in data.items() if name.startswith("client-")}
    assert asked({"kubeconfig": kubeconfig(server.address, user, **authority)})["kind"] == "Image"
    assert [list(place.iterdir()) for place in places] == [[], []]


def test_the_environment_names_the_files_of_a_certificate_as_kubernetes_core_does(serve, tls):
    server, place = serve(context=tls[0]), tls[2]
    names = {"SSL_CA_CERT": "ca.pem", "CERT_FILE": "client.pem", "KEY_FILE": "client.key", "HOST": None}
    said = {f"K8S_AUTH_{name}": str(place / file) if file else server.address for name, file in names.items()}
    assert asked({}, said)["kind"] == "Image"


def test_an_unknown_authority_is_refused_unless_nobody_wants_to_know(serve, tls):
    server = serve(context=tls[0])
    with pytest.raises(ClusterProblem, match="cannot be trusted"):
        asked({"host": server.address, "api_key": TOKEN})
    assert server.seen == []
    asked({"host": server.address, "api_key": TOKEN, "validate_certs": False})
    asked({"kubeconfig": kubeconfig(server.address, {"token": TOKEN}, **{"insecure-skip-tls-verify": True})})
    assert len(server.seen) == 2


def test_an_authority_of_openshift_3_is_trusted_though_strict_rules_would_not(serve, tls, tmp_path):
    server = serve(context=tls[0])
    assert asked({"host": server.address, "api_key": TOKEN, "ca_cert": str(tmp_path / "ca.pem")})["kind"] == "Image"


def test_the_name_of_the_server_is_that_of_the_kubeconfig(serve, tls):
    """A kubeconfig for an address behind which a server has a certificate for another name."""
    server = serve(context=tls[0])
    authority = {"certificate-authority-data": tls[1]["certificate-authority-data"]}
    local = server.address.replace("127.0.0.1", "localhost")
    with pytest.raises(ClusterProblem, match="cannot be trusted: Hostname mismatch"):
        asked({"kubeconfig": kubeconfig(local, {"token": TOKEN}, **authority)})
    named = authority | {"tls-server-name": "127.0.0.1"}
    assert asked({"kubeconfig": kubeconfig(local, {"token": TOKEN}, **named)})["kind"] == "Image"
    with pytest.raises(ClusterProblem, match="cannot be trusted: hostname 'other' doesn't match '127.0.0.1'"):
        asked({"kubeconfig": kubeconfig(server.address, {"token": TOKEN}, **authority, **{"tls-server-name": "other"})})


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tls):
    place = tls[2]
    key = ec.generate_private_key(ec.SECP256R1())
    how = serialization.BestAvailableEncryption(b"word")
    (place / "locked.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    )
    given = {"host": "https://x", "client_cert": str(place / "client.pem"), "client_key": str(place / "locked.key")}
    with pytest.raises(ClusterProblem) as refusal:
        asked(given)
    assert str(refusal.value) == "client_key is encrypted; a key without password is needed"


# --- the task ---


def test_another_host_is_refused_in_one_sentence():
    result = run(cluster_registries.ActionModule, {"blocked": "x"}, ApiServer(), task={"delegate_to": "bastion"})
    assert result["failed"] and result["msg"].startswith(
        "delegate_to: bastion: a task about a cluster works on the controller"
    )
    result = run(cluster_registries.ActionModule, {"blocked": "x"}, ApiServer(), task={"delegate_to": "localhost"})
    assert "this API has no" not in result["msg"] or result["failed"]


@pytest.mark.parametrize("whole", [True, False], ids=["a mapping", "a list of mappings"])
def test_the_environment_of_the_task_is_heard(serve, monkeypatch, whole):
    for name in [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("K8S_AUTH_")]:
        monkeypatch.delenv(name)
    server = serve()
    monkeypatch.setattr(
        cluster_registries.ActionModule, "transport", lambda self, login: Http(login(), login), raising=True
    )
    host, login = {"K8S_AUTH_HOST": server.address}, {"K8S_AUTH_API_KEY": TOKEN, "NOTHING": None}
    environment = host | login if whole else [host, login, "", "{{ undefined | default('') }}"]
    made = real_run({"blocked": "docker.io"}, environment)
    assert server.seen and login_of(server) == f"Bearer {TOKEN}"
    assert TOKEN not in json.dumps(made)


def real_run(args, environment):
    """As `run`, with connections that are really made."""
    return run(cluster_registries.ActionModule, args, None, check=True, task={"environment": environment})


REMOTE = "/etc/origin/master/admin.kubeconfig"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({}, f"there is no {REMOTE} on master1"),
        ({"state": "absent"}, f"there is no {REMOTE} on master1"),
        ({"state": "failed", "reason": "Permission denied"}, f"{REMOTE} on master1 cannot be read; is become set?"),
        (described("[kubeconfig]"), f"{REMOTE} on master1 is not a kubeconfig"),
        (described("{a: 1"), f"{REMOTE} on master1 is not a kubeconfig"),
        (None, "master1 could not be read: no such host"),
        (described(json.dumps(kubeconfig("http://127.0.0.1:9", {"token": TOKEN}))), None),
    ],
)
def test_a_kubeconfig_of_the_host_that_the_task_runs_for(found, says):
    seen, logins = [], []

    def module(module_name, module_args, task_vars):
        seen.append((module_name, asked_of_host(module_args), task_vars["inventory_hostname"]))
        if found is None:
            return {"failed": True, "msg": "no such host"}
        return {"snapshot": opaque({"files": {REMOTE: found} if found else {}, "directories": {}, "commands": {}})}

    class Task(cluster_registries.ActionModule):
        def transport(self, login):
            logins.append(login())
            return ApiServer()

    options = {"remote_kubeconfig": REMOTE, "blocked": ["docker.io"]}
    result = run(Task, options, None, module=module, check=True, variables={"inventory_hostname": "master1"})
    ((name, wanted, host),) = seen
    assert (name, host, [one["path"] for one in wanted["files"]]) == (
        "dockyard.openshift.host_snapshot", "master1", [REMOTE],
    )  # fmt: skip
    if says:
        assert result["failed"] and result["msg"] == f"remote_kubeconfig: {says}" and not logins
    else:
        (login,) = logins
        assert login.headers["Authorization"] == f"Bearer {TOKEN}" and TOKEN not in json.dumps(result)


@pytest.mark.parametrize(("task", "loaded"), [("cluster_registries", True), ("host_policy", False)])
def test_the_library_is_loaded_with_the_plugin_once_for_all_workers_and_not_for_hosts(task, loaded):
    plugin = f"ansible_collections.dockyard.openshift.plugins.action.{task}"
    said = f"import sys, {plugin}; print('kubernetes.config.kube_config' in sys.modules)"
    places = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", said], env=places, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)
