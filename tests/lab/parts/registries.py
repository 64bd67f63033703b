# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registries: configuration of the docker-registry processes, and the images in them."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from . import images, keys
from .config import LABEL, REGISTRIES, REGISTRY_ADDRESS, TEST_IMAGES
from .shell import podman, run

_BUSYBOX = Path("/bin/busybox")


def files() -> dict[str, tuple[int, bytes] | str]:
    """Make the registry node's files: a service and a configuration per port. YAML is a superset of JSON."""
    found: dict = {
        "etc/lab-registry/tls.crt": (0o644, keys.SERVER.read_bytes()),
        "etc/lab-registry/tls.key": (0o600, keys.SERVER.with_suffix(".key").read_bytes()),
        "etc/lab-registry/htpasswd": (0o600, keys.HTPASSWD.read_bytes()),
        "etc/lab-registry/clients.crt": (0o644, keys.CA.read_bytes()),
    }
    for name, registry in REGISTRIES.items():
        for port in registry["listen"]:
            found[f"etc/lab-registry/{port}.yml"] = 0o644, json.dumps(_configuration(name, port), indent=2).encode()
            wanted = f"etc/systemd/system/multi-user.target.wants/registry@{port}.service"
            found[wanted] = "/etc/systemd/system/registry@.service"
    return found


def push() -> None:
    """Make the test images and push each to its registry; what is there already stays."""
    for repository, registry in TEST_IMAGES.items():
        local = images.TEST_IMAGES + repository.replace("/", "-")
        if run("podman", "image", "exists", local, check=False).returncode:
            podman("import", "--change", "LABEL " + LABEL, "--change", "LABEL org.example.repository=" + repository,
                   "--change", f'CMD ["/bin/echo", "hello from {repository}"]', "-", local, data=_layer(repository))
        address = f"{REGISTRY_ADDRESS}:{REGISTRIES[registry]['listen'][0]}"
        # independent of whatever the machine's own registries.conf and policy.json say
        how = ["--insecure-policy", "--registries-conf", "/dev/null", "copy", "--quiet", "--retry-times", "5",
               "--format", "v2s2"]
        if REGISTRIES[registry].get("tls"):
            how += ["--dest-authfile", str(keys.AUTH_FILE), "--dest-cert-dir", str(keys.CA.parent / "certs.d")]
            _trust_for_push()
        else:
            how += ["--dest-tls-verify=false"]
        run("skopeo", *how, "containers-storage:" + local, f"docker://{address}/{repository}:1")


def _trust_for_push() -> None:
    # skopeo wants a directory that holds nothing but what belongs to this registry
    only = keys.CA.parent / "certs.d"
    only.mkdir(exist_ok=True)
    (only / "ca.crt").write_bytes(keys.CA.read_bytes())


def _configuration(name: str, port: int) -> dict:
    registry = REGISTRIES[name]
    http: dict = {"addr": f"{REGISTRY_ADDRESS}:{port}", "secret": "signs the state of uploads"}
    storage = "/var/lib/lab-registry/" + registry.get("storage", name)
    conf = {"version": 0.1, "log": {"level": "warn"}, "http": http,
            "storage": {"filesystem": {"rootdirectory": storage}, "delete": {"enabled": True}}}
    if registry.get("tls"):
        http["tls"] = {"certificate": "/etc/lab-registry/tls.crt", "key": "/etc/lab-registry/tls.key"}
    if registry.get("clients"):
        http["tls"]["clientcas"] = ["/etc/lab-registry/clients.crt"]
    if registry.get("user"):
        conf["auth"] = {"htpasswd": {"realm": "lab", "path": "/etc/lab-registry/htpasswd"}}
    return conf


def _layer(repository: str) -> bytes:
    """One layer: a static busybox, echo and sh as links to it, and a file that tells the images apart."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(_BUSYBOX, "bin/busybox")
        for applet in ("sh", "echo", "cat", "sleep"):
            link = tarfile.TarInfo("bin/" + applet)
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        text = (f"hello from {repository}\n").encode()
        hello = tarfile.TarInfo("hello")
        hello.size = len(text)
        archive.addfile(hello, io.BytesIO(text))
    return stream.getvalue()
