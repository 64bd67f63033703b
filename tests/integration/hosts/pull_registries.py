# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's registries as something to pull from: all have the same repositories, with other images in them.

So the image that comes tells who served it. This file knows what the registries are like: who speaks TLS, who wants a
password, which names lead to them, which image is where. It knows nothing of a client's configuration.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import urllib.request
from dataclasses import dataclass
from functools import cache

import tomllib
from conftest import AUTH_FILE, REPOSITORY, Node

_lab = tomllib.loads((REPOSITORY / "tests/lab/lab.toml").read_text())
# Certificates of clients are the concern of other tests.
_registries = {name: conf for name, conf in _lab["registry"].items() if not conf.get("clients")}
ADDRESS = _lab["node"]["registry"]["address"]


@dataclass(frozen=True)
class Server:
    """One port of the registries' machine."""

    registry: str
    port: int
    tls: bool
    login: bool

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"


SERVERS = {
    port: Server(name, port, bool(conf.get("tls")), bool(conf.get("user")))
    for name, conf in _registries.items()
    for port in conf["listen"]
}
# Names that lead to that machine, so with any of the ports; other names lead nowhere.
NAMES = [
    *_lab["node"]["registry"]["names"],
    *("quay.io", "registry-1.docker.io", "example.com", "a.example.com", "b.a.example.com"),
]
# What the node is given beside a configuration: whose certificate it trusts, and where it can log in.
TRUSTED = ["registry.lab.example:5000", "registry.lab.example"]
LOGINS = ["registry.lab.example:5000", "registry.lab.example", "quay.io"]
# In the order in which podman reads them.
AUTH_FILES = [
    *("/run/containers/0/auth.json", "/root/.config/containers/auth.json", "/root/.docker/config.json"),
    "/root/.dockercfg",
]

# No other test knows these.
REPOSITORIES = ["pulls/app", "pulls/team/app", "pulls/library/app", "pulls/a/b/app"]
MARK = "/v2/pulls/mark/manifests"

_CONFIG = "application/vnd.docker.container.image.v1+json"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Image:
    """A made-up image without layers. What tells it from others is the label in its configuration."""

    name: str

    @property
    def config(self) -> bytes:
        rootfs = {"type": "layers", "diff_ids": []}
        labels = {"Labels": {"image": self.name}}
        return json.dumps({"architecture": "amd64", "os": "linux", "config": labels, "rootfs": rootfs}).encode()

    @property
    def manifest(self) -> bytes:
        config = {"mediaType": _CONFIG, "size": len(self.config), "digest": _digest(self.config)}
        return json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": []}).encode()

    @property
    def id(self) -> str:
        return _digest(self.config).partition(":")[2]

    @property
    def digest(self) -> str:
        return _digest(self.manifest)


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


IMAGES = {name: Image(name) for name in [*_registries, "same"]}
ABSENT = f"sha256:{'0' * 64}"


@cache
def images_of(registry: str) -> dict[str, Image]:
    """By tag and by digest, in each of the repositories: the registry's own image, and one that all have."""
    own, same = IMAGES[registry], IMAGES["same"]
    tags = {"1": own, "latest": own, f"only-{registry}": own, "same": same}
    return {**tags, own.digest: own, same.digest: same}


def seed() -> None:
    """Put the images where they belong, as any client would."""
    for server in {server.registry: server for server in SERVERS.values()}.values():
        images = images_of(server.registry)
        for repository in REPOSITORIES:
            for image in set(images.values()):
                place = _ask(server, "POST", f"/v2/{repository}/blobs/uploads/", b"")
                _ask(server, "PUT", f"{place}&digest={_digest(image.config)}", image.config)
            for name, image in images.items():
                _ask(server, "PUT", f"/v2/{repository}/manifests/{name}", image.manifest, _MANIFEST)


def _ask(server: Server, method: str, path: str, body: bytes, kind: str = "application/octet-stream") -> str:
    """Send a request and return the location in the answer."""
    url = path if "://" in path else f"{server.scheme}://{ADDRESS}:{server.port}{path}"
    headers = {"Content-Type": kind} | ({"Authorization": f"Basic {_login()}"} if server.login else {})
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    # What a client makes of their certificate is what the pulls are for.
    with urllib.request.urlopen(request, timeout=30, context=ssl._create_unverified_context()) as answer:
        return answer.headers.get("Location", "")


def _login() -> str:
    return next(iter(json.loads(AUTH_FILE.read_text())["auths"].values()))["auth"]


def equip(node: Node) -> None:
    """Names, certificates and logins of the node: the same for all configurations, whatever was there before."""
    lines = "".join(f"{ADDRESS} {name}\n" for name in NAMES)
    node.sh(f"grep -q pulled-here /etc/hosts || echo '# pulled-here\n{lines}' >> /etc/hosts")
    node.sh(f"rm -rf {' '.join(AUTH_FILES)} /root/.config/containers /etc/containers/certs.d /etc/docker/certs.d")
    authority = (AUTH_FILE.parent / "ca/ca.crt").read_text()
    for name in TRUSTED:
        node.write(f"/etc/containers/certs.d/{name}/ca.crt", authority)
    auths = {"auths": {name: {"auth": _login()} for name in LOGINS}}
    node.write(AUTH_FILES[1], json.dumps(auths))
