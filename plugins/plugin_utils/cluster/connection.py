# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a cluster is and how one logs in: what a person gives becomes a connection.

The files and programs of a kubeconfig are the business of the library kubernetes. Options and variables of the
environment are those of kubernetes.core (plugins/module_utils/args_common.py there), so that what people have carries
over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]
from weakref import WeakSet

from ..libraries import incluster_config, kube_client, kube_config, urllib3, yaml_faults
from .api import ClusterProblem
from .client import NoAnswer, NotSent, Reply

# Ansible imports a task's plug-in before it forks a worker for each host: what is loaded here, workers need not load.
kube_config.load()
urllib3.load()

_CONNECT = 10.0  # seconds until there is a connection
_CHUNK = 64 * 1024
#: Files with keys are there only while they are read, and in memory where the system can.
_IN_MEMORY = "/dev/shm"

OPTIONS: dict[str, dict[str, Any]] = {
    "kubeconfig": {
        "type": "raw",
        "description": [
            "A kubeconfig: its path on the controller, or its content as a mapping.",
            "Without any option, the kubeconfig of E(K8S_AUTH_KUBECONFIG), of E(KUBECONFIG) or C(~/.kube/config) is "
            "taken; inside a cluster, the service account of the pod.",
        ],
    },
    "remote_kubeconfig": {
        "type": "str",
        "description": [
            "The path of a kubeconfig on the host that the task runs for, as C(/etc/origin/master/admin.kubeconfig) on "
            "the first master of OpenShift 3. It is read with C(become), and is never written anywhere.",
        ],
    },
    "context": {"type": "str", "description": ["The context of the kubeconfig, unless it is the current one."]},
    "host": {"type": "str", "description": ["The address of the API server, as C(https://api.example.com:6443)."]},
    "api_key": {"type": "str", "description": ["A bearer token."]},
    "username": {"type": "str", "description": ["A user for basic authentication."]},
    "password": {"type": "str", "description": ["The password of O(username)."]},
    "ca_cert": {
        "type": "path",
        "aliases": ["ssl_ca_cert"],
        "description": ["A file on the controller with the authorities that sign for the API server."],
    },
    "validate_certs": {
        "type": "bool",
        "aliases": ["verify_ssl"],
        "description": ["Whether the certificate of the API server must be valid. V(true) unless the kubeconfig says."],
    },
    "client_cert": {
        "type": "path",
        "aliases": ["cert_file"],
        "description": ["A file on the controller with a client certificate."],
    },
    "client_key": {
        "type": "path",
        "aliases": ["key_file"],
        "description": ["A file on the controller with the key of O(client_cert)."],
    },
    "proxy": {"type": "str", "description": ["The address of an HTTP proxy to the API server."]},
    "no_proxy": {"type": "str", "description": ["Hosts that are reached without a proxy, separated by commas."]},
    "proxy_headers": {
        "type": "dict",
        "description": ["What the proxy is told."],
        "options": {
            "proxy_basic_auth": {"type": "str", "description": ["C(USER:PASSWORD) for the proxy."]},
            "basic_auth": {"type": "str", "description": ["The same in the header Authorization."]},
            "user_agent": {"type": "str", "description": ["The header User-Agent."]},
        },
    },
    "persist_config": {
        "type": "bool",
        "description": [
            "Taken because kubernetes.core has it, and without effect: no kubeconfig is ever written, renewed tokens "
            "stay in memory.",
        ],
    },
    "impersonate_user": {"type": "str", "description": ["A user in whose name requests are made."]},
    "impersonate_groups": {
        "type": "list",
        "elements": "str",
        "description": ["Groups in whose name requests are made."],
    },
}

#: Option → variable of the environment, where it is not K8S_AUTH_ and its name.
_OTHER_NAMES = {
    "validate_certs": "VERIFY_SSL", "ca_cert": "SSL_CA_CERT", "client_cert": "CERT_FILE", "client_key": "KEY_FILE",
}  # fmt: skip
_HEADERS = "proxy_headers"
VARIABLES = {
    name: f"K8S_AUTH_{_OTHER_NAMES.get(name, name.upper())}"
    for name in OPTIONS
    if name not in ("remote_kubeconfig", _HEADERS)
}


def with_environment(options: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of the connection, those that are not given from K8S_AUTH_*. Raises ClusterProblem."""
    found = {name: options.get(name) for name in OPTIONS}
    for name, variable in VARIABLES.items():
        text = environment.get(variable)
        if found[name] is None and text:
            found[name] = _read(name, variable, text)
    headers = dict(found[_HEADERS] or {})
    for name in OPTIONS[_HEADERS]["options"]:
        headers[name] = headers.get(name) or environment.get(f"K8S_AUTH_PROXY_HEADERS_{name.upper()}")
    found[_HEADERS] = {name: text for name, text in headers.items() if text}
    return found


def _read(name: str, variable: str, text: str) -> Any:
    kind = OPTIONS[name]["type"]
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind == "bool":
        words = {
            "true": True,
            "yes": True,
            "1": True,
            "on": True,
            "false": False,
            "no": False,
            "0": False,
            "off": False,
        }
        if text.lower() not in words:
            raise ClusterProblem(f"{variable}: '{text}' is not a truth value")
        return words[text.lower()]
    return text


@dataclass
class Login:
    """What a kubeconfig, a token or a pod's service account comes to. No field but the address is for people."""

    address: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)
    server_name: str | None = None
    proxy: str | None = field(default=None, repr=False)
    proxy_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def log_in(given: Mapping[str, Any], environment: Mapping[str, str]) -> Login:
    """Load what is given (`with_environment`), else what the environment has. Raises ClusterProblem, never secrets."""
    with _private_directory() as directory, _told_to_the_log() as told:
        config = _configuration(given, environment, directory)
        if told and not given.get("api_key") and not (given.get("username") and given.get("password")):
            raise ClusterProblem(f"the kubeconfig cannot be used: {_without_secrets(told[0])}")
        address = str(given.get("host") or config.host or "").rstrip("/")
        _check_address(address)
        for option, attribute in (("ca_cert", "ssl_ca_cert"), ("client_cert", "cert_file"), ("client_key", "key_file")):
            if given.get(option):
                setattr(config, attribute, os.path.expanduser(given[option]))
        if given.get("validate_certs") is not None:
            config.verify_ssl = given["validate_certs"]
        return Login(
            address,
            _headers(given, config),
            _context(config) if address.startswith("https://") else None,
            getattr(config, "tls_server_name", None),
            _proxy(address, given, config, environment),
            given.get(_HEADERS) or {},
        )


def _configuration(given: Mapping[str, Any], environment: Mapping[str, str], directory: str) -> Any:
    """Make a configuration of the library, in the order of kubernetes.core: options, kubeconfig, pod, usual file."""
    config = kube_client.Configuration()
    config.proxy = None
    whole = given.get("host") and (
        given.get("api_key")
        or (given.get("username") and given.get("password"))
        or (given.get("client_cert") and given.get("client_key"))
    )
    more = {"context": given.get("context"), "client_configuration": config, "temp_file_path": directory}
    try:
        if whole:
            config.host = given["host"]
        elif isinstance(given.get("kubeconfig"), Mapping):
            kube_config.load_kube_config_from_dict(dict(given["kubeconfig"]), persist_config=False, **more)
        elif given.get("kubeconfig") or given.get("context"):
            kube_config.load_kube_config(_usual(given.get("kubeconfig"), environment), persist_config=False, **more)
        else:
            try:
                incluster_config.load_incluster_config(client_configuration=config)
            except kube_config.ConfigException:
                kube_config.load_kube_config(_usual(None, environment), persist_config=False, **more)
    except kube_config.ConfigException as problem:
        where = given.get("kubeconfig")
        named = where if isinstance(where, str) else "the kubeconfig"
        raise ClusterProblem(f"{named} cannot be used: {_without_secrets(problem)}{_hint(given)}") from None
    except OSError as problem:
        raise ClusterProblem(f"the kubeconfig cannot be used: {problem.strerror}: {problem.filename}") from None
    except yaml_faults():
        raise ClusterProblem("the kubeconfig cannot be used: it is not a kubeconfig") from None
    return config


def _usual(path: Any, environment: Mapping[str, str]) -> str:
    """Also KUBECONFIG of the task's environment, which the library would not see."""
    found = str(path or environment.get("KUBECONFIG") or "~/.kube/config")
    first = os.path.expanduser(found)
    if os.pathsep not in found and not os.path.exists(first):
        hint = "" if path else "; give kubeconfig, or host and api_key"
        raise ClusterProblem(f"there is no kubeconfig {found} on the controller{hint}")
    return found


def _hint(given: Mapping[str, Any]) -> str:
    return "" if given.get("kubeconfig") or given.get("context") else "; give kubeconfig, or host and api_key"


@contextlib.contextmanager
def _told_to_the_log() -> Iterator[list[str]]:
    """Collect what the library only logs: that a program gave no login, and what the program said."""
    told: list[str] = []

    def hear(record: logging.LogRecord) -> bool:
        is_of_library = record.module == "kube_config"
        if is_of_library and record.levelno >= logging.ERROR:
            told.append(record.getMessage())
        return not is_of_library

    logging.getLogger().addFilter(hear)
    try:
        yield told
    finally:
        logging.getLogger().removeFilter(hear)


def _without_secrets(problem: Exception | str) -> str:
    """Remove secrets from a sentence of the library, which quotes tokens and repeats the output of programs."""
    text = str(problem)
    if returned := re.match(r"(?:exec|cmd-path): process returned (-?\d+)", text):
        return f"the program that gives the login ended with {returned[1]}"
    return " ".join(re.split(r" in \S", text)[0].split())[:200]


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ClusterProblem(
            f"host: '{_shown(address)}' is not the address of an API server, as https://api.example.com:6443"
        )
    if parts.username or parts.password:
        raise ClusterProblem("host: the address holds a login; give username and password, or api_key")


def _shown(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)[:120]


def _headers(given: Mapping[str, Any], config: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    keys = config.api_key or {}
    token = keys.get("BearerToken") or keys.get("authorization")  # the library's name for it has changed
    if given.get("api_key"):
        token = f"Bearer {given['api_key']}"
    elif given.get("username") and given.get("password"):
        token = urllib3.util.make_headers(basic_auth=f"{given['username']}:{given['password']}")["authorization"]
    if token:
        token = token.strip()
        if not token.isascii() or any(character < " " for character in token):
            raise ClusterProblem("api_key: the token holds characters that no token has; it is not sent")
        found["Authorization"] = "Bearer" + token[6:] if token[:7].lower() == "bearer " else token
    if given.get("impersonate_user"):
        found["Impersonate-User"] = str(given["impersonate_user"])
    # One header holds them all only where there is one; the API wants one header a group, see Http.send.
    if given.get("impersonate_groups"):
        found["Impersonate-Group"] = "\n".join(map(str, given["impersonate_groups"]))
    return found


def _context(config: Any) -> ssl.SSLContext:
    """Make the TLS context. Authorities of OpenShift 3 predate the strict rules of Python 3.13, so those are off."""
    try:
        context = ssl.create_default_context(cafile=config.ssl_ca_cert or None)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not config.verify_ssl:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if config.cert_file:
            context.load_cert_chain(config.cert_file, config.key_file or None, password=_no_password)
    except OSError as problem:  # ssl.SSLError is one
        named = config.cert_file if getattr(problem, "library", None) and config.cert_file else config.ssl_ca_cert
        reason = problem.strerror or "it holds nothing that can be used"
        raise ClusterProblem(f"the certificates for the API server cannot be used ({named}): {reason}") from None
    return context


def _no_password() -> str:
    """Answer nothing: for an encrypted key, OpenSSL would ask the terminal."""
    raise ClusterProblem("client_key is encrypted; a key without password is needed")


def _proxy(address: str, given: Mapping[str, Any], config: Any, environment: Mapping[str, str]) -> str | None:
    parts = urlsplit(address)
    told = given.get("proxy") or config.proxy
    if not told:
        told = _variable(environment, f"{parts.scheme}_proxy") or _variable(environment, "all_proxy")
    skipped = given.get("no_proxy") or _variable(environment, "no_proxy")
    if not told or (skipped and proxy_bypass_environment(parts.netloc, {"no": skipped})):
        return None
    told = told if "://" in told else f"http://{told}"
    if urlsplit(told).scheme not in ("http", "https"):
        raise ClusterProblem(f"proxy: '{_shown(told)}' is not an HTTP proxy")
    return str(told)


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


@contextlib.contextmanager
def _private_directory() -> Iterator[str]:
    """Make a directory for the keys of a kubeconfig, which OpenSSL reads from files only; gone when it is left."""
    parent = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="dockyard-", dir=parent) as directory:
        try:
            yield directory
        finally:
            getattr(kube_config, "_cleanup_temp_files", lambda: None)()  # forgets the names, too


class Deadline:
    """Ends one request when its time is over, whatever the server does: a byte a second is an answer to a socket."""

    def __init__(self, seconds: float, sockets: Iterable[socket.socket]) -> None:
        self.seconds, self.is_over = seconds, False
        self._sockets = sockets
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def met(self) -> None:
        """Say that the request is done."""
        self._timer.cancel()

    def problem(self, problem: BaseException) -> NoAnswer:
        """Say why there is no answer."""
        if self.is_over:
            return NoAnswer(f"is too slow: no whole answer within {self.seconds:.0f} s")
        return NoAnswer(_why(problem))

    def _end(self) -> None:
        self.is_over = True
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)  # of the socket below TLS, whose reader is in the way


class Http:
    """The transport over HTTP. again: logs in anew."""

    def __init__(self, login: Login, again: Callable[[], Login]) -> None:
        self.login, self._again = login, again
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._pool = _pool(login, self._sockets)

    @property
    def address(self) -> str:
        return self.login.address

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> Reply:
        """Send one request, following no redirect."""
        wait = urllib3.Timeout(connect=min(_CONNECT, seconds), read=seconds)
        deadline = Deadline(seconds, self._sockets)
        try:
            answer = self._pool.request(
                method, self.login.address + path, headers=self._with_login(headers), body=body, timeout=wait,
                retries=False, redirect=False, preload_content=False, decode_content=False,
            )  # fmt: skip
        except _not_sent() as problem:
            deadline.met()
            raise NotSent(_why(problem)) from None
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            deadline.met()
            raise deadline.problem(problem) from None
        if deadline.is_over:  # what was cut off inside the headers looks like the end of an answer
            answer.close()
            raise deadline.problem(TimeoutError())
        return Reply(answer.status, answer.headers, _chunks(answer, deadline))

    def renew(self) -> bool:
        """Log in anew; whether the login is another one now."""
        before, self.login = self.login, self._again()
        self._pool = _pool(self.login, self._sockets)
        return self.login.headers != before.headers

    def _with_login(self, headers: Mapping[str, str]) -> Any:
        """Add the login as urllib3 keeps headers: one may occur more than once."""
        found = urllib3.HTTPHeaderDict(headers)
        for name, value in self.login.headers.items():
            for one in value.split("\n"):
                found.add(name, one)
        return found


def _pool(login: Login, sockets: WeakSet[socket.socket]) -> Any:
    """Make the connections of a login; their sockets are noted, so that a deadline can end them."""
    about: dict[str, Any] = {"maxsize": 4, "block": False}
    if login.context is not None:
        about["ssl_context"] = login.context
        if login.context.verify_mode == ssl.CERT_NONE:
            about |= {"cert_reqs": "CERT_NONE", "assert_hostname": False}
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if login.server_name:
            about |= {"server_hostname": login.server_name, "assert_hostname": login.server_name}
    parts = urlsplit(login.proxy or "")
    told = {"proxy_basic_auth": f"{parts.username}:{parts.password or ''}"} if parts.username else {}
    headers = urllib3.util.make_headers(**{**told, **login.proxy_headers})
    proxied = login.proxy is not None
    pool = (
        urllib3.ProxyManager(login.proxy, proxy_headers=headers, **about) if proxied else urllib3.PoolManager(**about)
    )
    plain, tls = urllib3.HTTPConnectionPool, urllib3.HTTPSConnectionPool
    pool.pool_classes_by_scheme = {"http": _noting(plain, sockets), "https": _noting(tls, sockets)}
    return pool


def _noting(pool: Any, sockets: WeakSet[socket.socket]) -> Any:
    """Make a class of pools whose connections note their sockets."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def _chunks(answer: Any, deadline: Deadline) -> Iterator[bytes]:
    whole = False
    try:
        yield from answer.stream(_CHUNK, decode_content=False)
        whole = True
    except (urllib3.exceptions.HTTPError, OSError) as problem:
        raise deadline.problem(problem) from None
    finally:
        deadline.met()
        if whole:
            answer.release_conn()
        else:
            answer.close()  # the rest is not waited for


def _not_sent() -> tuple[type[Exception], ...]:
    found = urllib3.exceptions
    return found.NewConnectionError, found.ConnectTimeoutError, found.SSLError, found.ProxyError


def _why(problem: BaseException) -> str:
    """Return a reason that a person can act on, without the address of an object in memory."""
    found = urllib3.exceptions
    text = str(problem)
    if isinstance(problem, found.SSLError) and type(problem.args[0]).__name__ == "CertificateError":
        return f"cannot be trusted: {text}"
    if isinstance(problem, found.SSLError) or "CERTIFICATE_VERIFY_FAILED" in text:
        reason = re.search(r"(?:\[SSL[^\]]*\] |certificate verify failed: )+([^(\]]+)", text)
        said = reason[1].strip() if reason else "no TLS connection"
        is_distrusted = "CERTIFICATE_VERIFY_FAILED" in text
        return f"cannot be trusted: {said}" if is_distrusted else f"speaks no TLS that fits: {said}"
    if isinstance(problem, found.ProxyError):
        return "cannot be reached through the proxy"
    if isinstance(problem, found.NewConnectionError):
        return f"cannot be reached: {re.sub(r'^.*: (?:.Errno -?[0-9]+. )?', '', text)}"
    if isinstance(problem, (found.ConnectTimeoutError, found.ReadTimeoutError, TimeoutError)):
        return "does not answer in time"
    return "broke the connection off"
