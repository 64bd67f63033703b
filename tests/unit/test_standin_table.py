# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's stand-in for Red Hat's docker says what the real one was seen to say; its network is made up here."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import shlex
import socket
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import SimpleNamespace

import pytest
import yaml
from cases import DATA
from conftest import REPOSITORY
from test_fork_observed import OBSERVED, listed, named, pulls, starts

STANDIN = REPOSITORY / "tests/lab/standins/docker-fork"
TABLE = yaml.safe_load((DATA / "standins/docker_fork.yml").read_text(encoding="utf-8"))
LIST_FLAGS = ("add-registry", "block-registry", "insecure-registry", "registry-mirror")
FACTS = {
    "containers": 0,
    "running": 0,
    "images": 0,
    "live_restore": False,
    "version": "x",
    "log_driver": "x",
    "name": "x",
}
ADDRESSES = {f"{name}.test": f"192.0.2.1{place}" for place, name in enumerate(("", "r1", "r2", "m1", "m2"))}
ADDRESSES |= {"self.test": "192.0.2.17", "down.test": "192.0.2.20", "plain.test": "192.0.2.30"}
ADDRESSES["localhost"] = "127.0.0.1"


def rows(part: str) -> list:
    return [pytest.param(row, id=row["name"]) for row in TABLE[part]]


@pytest.fixture(scope="module")
def standin():
    """Its modules, as Python 3 reads them: the nodes have Python 2.7."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "httplib", http.client)
        names = ("flags", "lists", "transport", "images", "docker", "registries")
        found = {}
        for name in names:
            loader = SourceFileLoader(name, str(STANDIN / f"{name}.py"))
            found[name] = module_from_spec(spec_from_loader(name, loader))
            patched.setitem(sys.modules, name, found[name])
            loader.exec_module(found[name])
        patched.setattr(socket, "getaddrinfo", addresses)
        yield SimpleNamespace(**found)


def addresses(host, *_more):
    address = host if re.fullmatch(r"[0-9.]+", host) else ADDRESSES.get(host.lower())
    if address is None:
        raise socket.gaierror(-2, "unknown")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]


def started(standin, row, tmp_path):
    """Its lists; raises Refused."""
    file = tmp_path / "daemon.json"
    if row.get("json") is not None:
        file.write_text(row["json"], encoding="utf-8")
    options = standin.flags.with_file(standin.flags.parse(shlex.split(row.get("flags") or "")), str(file))
    legacy = not options.get("disable-legacy-registry")
    return standin.lists.Lists(*(options.get(name, []) for name in LIST_FLAGS), legacy=legacy)


def shown(standin, lists) -> str:
    return standin.docker.info_text(FACTS | lists.info())


@pytest.mark.parametrize("row", rows("starts"))
def test_how_it_starts(standin, row, tmp_path):
    try:
        text = shown(standin, started(standin, row, tmp_path))
    except standin.flags.Refused as problem:
        said = standin.flags.refusal_text(problem).splitlines()[0].replace(str(tmp_path / "daemon.json"), "FILE")
        assert "says" in row and said.startswith(row["says"]), said
        return
    assert text.splitlines()[-1] == f"Registries: {row['registries']}"
    if "insecure" in row:
        assert block(text, "Insecure Registries") == (row["insecure"] and sorted(row["insecure"]))
    assert (block(text, "Registry Mirrors") or []) == sorted(row.get("mirrors", []))


def block(text: str, title: str) -> list[str] | None:
    found = re.search(rf"^{title}:\n((?: .*\n)*)", text, re.MULTILINE)
    return sorted(found[1].split()) if found else None


def observed() -> list:
    text = OBSERVED.read_text(encoding="utf-8") if OBSERVED.is_file() else ""
    return [pytest.param(row, id=row["name"][:80]) for row in (starts(text) if text else [])] or [None]


@pytest.mark.parametrize("row", observed())
def test_it_starts_as_the_real_one_did(standin, shared_dir, row, tmp_path):
    try:
        text = shown(standin, started(standin, row, tmp_path))
    except standin.flags.Refused as problem:
        said = standin.flags.refusal_text(problem).splitlines()[0].replace(str(tmp_path), "/etc/docker")
        assert f"`{said.removeprefix('Status: ')}`" in row["seen"] and said.startswith("Status") == (
            "usage" in row["seen"]
        )
        return
    assert f"`{text.splitlines()[-1]}`" in row["seen"]
    insecure = block(text, "Insecure Registries")
    assert (insecure is None) == ("no block" in row["seen"])
    names = [line[1:] for line in text.partition("Insecure Registries:\n")[2].splitlines() if line.startswith(" ")]
    mirrors = listed(row["seen"], "mirrors")
    wanted = named(row["seen"], "insecure names") | named(row["seen"], "ranges") | {"127.0.0.0/8"} | set(mirrors)
    assert insecure is None or set(names) == wanted
    assert (block(text, "Registry Mirrors") or []) == sorted(mirrors)


IMAGES = {
    "r1.test": ["one"],
    "docker.io": ["library/two"],
    "registry-1.docker.io": ["library/two"],
    "m1.test": ["library/one"],
}


def registry_of(standin):
    """A registry that answers as the table says, in place of one that is asked over a network."""

    class Registry:
        def __init__(self, index, secure, auth, system, scheme=None, below=""):
            self.index = index

        def get(self, path, accept=None):
            name, kind = re.fullmatch(r"/v2/(.*)/(manifests|blobs)/.*", path).groups()
            if self.index == "gone.test":
                raise standin.transport.Failed("Get it: refused", 0, "refused")
            if self.index == "odd.test":
                raise standin.transport.Failed(standin.transport._said(500, ""), 500)
            if name not in IMAGES[self.index]:
                raise standin.transport.Failed("manifest unknown: manifest unknown", 404)
            config = {"digest": f"sha256:{hashlib.sha256(self.index.encode()).hexdigest()}"}
            manifest = {"schemaVersion": 2, "layers": [], "config": config}
            return (json.dumps(manifest).encode() if kind == "manifests" else self.index.encode()), {}

    return Registry


@pytest.mark.parametrize("row", rows("pulls"))
def test_what_it_pulls_and_prints(standin, row, tmp_path, monkeypatch):
    monkeypatch.setattr(standin.images, "ROOT", str(tmp_path / "root"))
    monkeypatch.setattr(standin.transport, "Registry", registry_of(standin))
    monkeypatch.setattr(standin.transport, "system_trust", str)
    store = standin.images.Store(started(standin, row, tmp_path), False)
    try:
        last = list(store.pull(row["pull"], {}))[-1]
    except standin.transport.Failed as problem:
        assert "says" in row and row["says"] in str(problem), problem
        return
    name, _from, host = row["comes"].partition(" from ")
    assert last.endswith(f" for {name}")
    assert store.images[name]["id"] == f"sha256:{hashlib.sha256(host.encode()).hexdigest()}"


#: The registries of the observed tables, and what each has; others have `both`.
HELD = {
    "r1.test": ["both", "onlyr1", "team/app", "library/lib"],
    "r2.test": ["both", "onlyr2"],
    "registry-1.docker.io": ["library/both", "library/hubonly", "user/img", "team/app"],
    "m1.test": ["library/both", "library/m1only", "user/img"],
    "m2.test": ["library/both", "library/m2only", "user/img"],
    "odd.test": ["both", "team/app"],
    "self.test": ["both", "library/lib"],
}  # fmt: skip
PLAIN = ("m1.test:5000", "plain.test:5000", "realplain.test:5000", "127.0.0.6:5000")
ODD = {
    "s401": (401, '{"errors":[{"code":"UNAUTHORIZED"}]}'),
    "s403": (403, ""),
    "s404html": (404, "<html>no</html>"),
    "s404name": (404, '{"errors":[{"code":"NAME_UNKNOWN"}]}'),
    "s404manifest": (404, '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'),
    "s429": (429, '{"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]}'),
    "s500": (500, ""),
    "s503": (503, ""),
}


def observed_pulls() -> list:
    """Rows of the tables of pulls that need nothing but registries: no certificates."""
    text = OBSERVED.read_text(encoding="utf-8") if OBSERVED.is_file() else ""
    alone = [row for row in pulls(text) if "certs.d" not in row["files"] and "bundle" not in row["files"]]
    found = [pytest.param(row, id=row["name"][:110]) for row in alone]
    return found or [None]


def observed_registry(standin):
    failed = standin.transport.Failed

    class Registry:
        def __init__(self, index, secure, auth, system, scheme=None, below=""):
            self.index = "registry-1.docker.io" if index in ("docker.io", "index.docker.io") else index
            self.secure, self.scheme, self.below = secure, scheme, below

        def get(self, path, accept=None):
            host, name = self.index.lower(), re.fullmatch(r"/v2/(.*)/(manifests|blobs)/.*", path)[1]
            self.connect(host)
            if host == "odd.test" and name.split("/")[0] in ODD:
                status, body = ODD[name.split("/")[0]]
                raise failed(standin.transport._said(status, body), status)
            if name.startswith("garbage/"):
                return b"not JSON", {}
            if name.startswith("drop/") and host == "odd.test":
                raise failed(f"Get https://{host}{path}: EOF", 0, "EOF")
            if host == "auth.test":
                raise failed(f"Get https://{host}{path}: no basic auth credentials", 401)
            if name not in HELD.get(host.partition(":")[0], ["both"]) or self.below:
                raise failed("manifest unknown: manifest unknown", 404)
            config = {"digest": f"sha256:{hashlib.sha256(self.index.encode()).hexdigest()}"}
            manifest = {"schemaVersion": 2, "layers": [], "config": config}
            return (json.dumps(manifest).encode() if "/manifests/" in path else self.index.encode()), {}

        def connect(self, host):
            if host.startswith("down.test"):
                self.fail(f"dial tcp 192.0.2.20:{443 if self.secure else 80}: connect: connection refused")
            if host.startswith("nodns.test"):
                self.fail("dial tcp: lookup nodns.test")
            if host in PLAIN and (self.secure and self.scheme != "http" or self.scheme == "https"):
                self.fail("http: server gave HTTP response to HTTPS client")
            if self.secure and host == "self.test":
                self.fail("x509: certificate signed by unknown authority")
            if self.secure and host == "192.0.2.11":
                self.fail("x509: certificate is valid for 192.0.2.30, 127.0.0.6, not 192.0.2.11")
            if host.startswith("localhost"):
                self.fail("dial tcp 127.0.0.1:80: connect: connection refused")

        def fail(self, reason):
            raise failed(f"Get it: {reason}", 0, reason)

    return Registry


@pytest.mark.parametrize("row", observed_pulls())
def test_it_pulls_as_the_real_one_did(standin, shared_dir, row, tmp_path, monkeypatch):
    monkeypatch.setattr(standin.images, "ROOT", str(tmp_path / "root"))
    monkeypatch.setattr(standin.transport, "Registry", observed_registry(standin))
    monkeypatch.setattr(standin.transport, "system_trust", str)
    store = standin.images.Store(started(standin, row, tmp_path), False)
    code, said, host = re.match(r"(\d) `([^`]*)`(?: from (\S+))?", row["seen"]).groups()
    try:
        last = list(store.pull(row["pull"], {}))[-1]
    except standin.transport.Failed as problem:
        assert code == "1", problem
        text = said.partition("(TLS fails)")[0].partition(" on 127.0.0.1:53")[0]
        assert str(problem).startswith(text), problem
        return
    assert code == "0" and last.endswith(f" for {said}"), last
    assert store.images[said]["id"] == f"sha256:{hashlib.sha256(host.encode()).hexdigest()}"


@pytest.mark.parametrize("row", rows("converted"))
def test_what_the_generator_makes(standin, row):
    if "fails" in row:
        with pytest.raises(Exception) as ended:  # noqa: PT011
            standin.registries.line_of("REGISTRIES", standin.registries.load(row["text"]))
        assert ended.type.__name__ == row["fails"]
        return
    assert standin.registries.line_of("REGISTRIES", standin.registries.load(row["text"])) == row["line"]


def generated() -> list:
    text = OBSERVED.read_text(encoding="utf-8") if OBSERVED.is_file() else ""
    table = text.partition("## The generator")[2].partition("\n## ")[0]
    found = [line.split(" | ") for line in re.findall(r"^\| (?!registries.conf)(.*) \|$", table, re.MULTILINE)]
    return [pytest.param(row, id=row[0][:60]) for row in found if row[0] != "`(absent)`"] or [None]


@pytest.mark.parametrize("row", generated())
def test_the_generator_makes_what_the_real_one_made(standin, shared_dir, row):
    text = row[0][1:-1].replace("⏎", "\n").replace("␍", "\r").replace("(BOM)", "\ufeff")
    try:
        said = f"0 `{standin.registries.line_of('REGISTRIES', standin.registries.load(text))}`"
    except (ValueError, KeyError):
        said = "1, `Unable to load and parse /etc/containers/registries.conf\\n.`"
    except (TypeError, AttributeError) as problem:
        said = f"1, `a traceback ending in {type(problem).__name__}`"
    assert said == row[1].strip()


def test_a_reload_takes_in_the_insecure_list(standin):
    lists = standin.lists.Lists(["198.51.100.7"], [], ["a.test"], [])
    lists.reload(["198.51.100.0/24"])
    assert lists.info()["search"] == [("198.51.100.7", False), ("docker.io", True)]
    assert not lists.is_secure("198.51.100.8") and lists.is_secure("a.test")


def test_a_login_goes_by_the_name_of_the_registry(standin):
    auths = {
        "https://index.docker.io/v1/": {"auth": "hub"},
        "https://a.test/v2/": {"auth": "a"},
        "b.test:443": {"auth": "b"},
    }
    found = {index: standin.images._login(auths, index) for index in ("docker.io", "a.test", "b.test")}
    assert found == {"docker.io": "hub", "a.test": "a", "b.test": None}
