# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mirrors_check.yml on a real API server, beside two real registries (Debian's docker-registry) on loopback."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trust.pki import certificate, key_pem

from .conftest import REPOSITORY
from .test_playbooks import CORES, inventory, play

PLACE = REPOSITORY / ".cache/docker-registry"
LOGIN = base64.b64encode(b"bot:topsecret").decode()
HTPASSWD = "bot:$2y$05$ky5JkFnT6n.rqI5/q9IbiePTCm3Mbo/iOKOB6gGkTkop1y3IP89s6"


@pytest.fixture(scope="session")
def program() -> Path:
    """The program of the machine, else Debian's, unpacked below .cache."""
    if found := shutil.which("docker-registry"):
        return Path(found)
    program = PLACE / "usr/bin/docker-registry"
    if not program.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        fetch = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "docker-registry"]
        subprocess.run(fetch, cwd=PLACE, check=True)
        (package,) = PLACE.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", package, PLACE], check=True)
    return program


@pytest.fixture
def registries(program: Path, tmp_path: Path, lab: Any) -> Iterator[list[str]]:
    """Two registries with TLS and a password."""
    (tmp_path / "cert.pem").write_text(certificate("localhost", names=("localhost", "127.0.0.1"), days=4000))
    (tmp_path / "key.pem").write_text(key_pem("localhost"))
    (tmp_path / "htpasswd").write_text(HTPASSWD + "\n")
    running, names = [], []
    for number in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        conf = {
            "version": 0.1, "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(tmp_path / f"data{number}")}},
            "http": {
                "addr": f"127.0.0.1:{port}",
                "tls": {"certificate": str(tmp_path / "cert.pem"), "key": str(tmp_path / "key.pem")},
            },
            "auth": {"htpasswd": {"realm": "lab", "path": str(tmp_path / "htpasswd")}},
        }  # fmt: skip
        (tmp_path / f"{number}.yml").write_text(json.dumps(conf))
        with open(tmp_path / f"{number}.log", "w") as log:
            running.append(subprocess.Popen([program, "serve", tmp_path / f"{number}.yml"], stdout=log, stderr=log))
        names.append(f"localhost:{port}")
    for name in names:
        lab.wait_for(lambda name=name: listens(int(name.partition(":")[2])))
    yield names
    for one in running:
        one.kill()
        one.wait()


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def image(home: Path) -> tuple[Path, str]:
    """Make an image in a directory, as skopeo reads it; return its digest too."""
    place = home / "image"
    (place / "blobs/sha256").mkdir(parents=True)

    def blob(content: bytes, kind: str) -> dict[str, Any]:
        name = hashlib.sha256(content).hexdigest()
        (place / "blobs/sha256" / name).write_bytes(content)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{name}", "size": len(content)}

    layer = blob(b"\0" * 1024, "layer.v1.tar")
    about = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}
    config = blob(json.dumps(about).encode(), "config.v1+json")
    kind = "application/vnd.oci.image.manifest.v1+json"
    whole = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
    manifest = blob(json.dumps(whole).encode(), "manifest.v1+json")
    (place / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (place / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return place, manifest["digest"]


@pytest.mark.parametrize("core", CORES)
def test_a_missing_digest_is_named_copied_and_then_there(lab, registries, tmp_path, core):
    source, mirror = registries
    auths = json.dumps({"auths": {name: {"auth": LOGIN} for name in registries}})
    (tmp_path / "auth.json").write_text(auths)
    trusted = {"SSL_CERT_FILE": str(tmp_path / "cert.pem"), "no_proxy": "*"}
    place, digest = image(tmp_path)
    subprocess.run(
        ["skopeo", "copy", "--preserve-digests", "--authfile", tmp_path / "auth.json", f"oci:{place}",
         f"docker://{source}/team/app:1"],
        env={**os.environ, **trusted}, check=True, capture_output=True,
    )  # fmt: skip
    secret = {".dockerconfigjson": base64.b64encode(auths.encode()).decode()}
    lab.apply({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull-secret", "namespace": "openshift-config"},
        "type": "kubernetes.io/dockerconfigjson", "data": secret,
    })  # fmt: skip
    policy = {"mirrors": [{"source": f"{source}/team", "mirrors": [f"{mirror}/team"], "contact_source": False}]}
    wanted = f"{source}/team/app@{digest}"
    hosts = inventory(
        tmp_path, cluster_kubeconfig=str(lab.kubeconfig), registry_policy=policy, mirrors_check_images=[wanted],
        mirrors_check_authfile=str(tmp_path / "auth.json"),
    )  # fmt: skip
    lacks = f"{wanted}: {mirror}/team/app@{digest} lacks it"
    for extra, good, says in (
        ([], False, lacks),
        (["-e", "mirrors_check_copy=true", "--check"], False, lacks),
        (["-e", "mirrors_check_copy=true"], True, "1 of 1 mirrored images are held by a mirror"),
        (["-vvv"], True, "1 of 1 mirrored images are held by a mirror"),
    ):
        done = play(core, tmp_path, "-i", hosts, REPOSITORY / "playbooks/mirrors_check.yml", *extra, **trusted)
        told = done.stdout + done.stderr
        assert (done.returncode == 0) is good and says in told, told
        assert "topsecret" not in told and LOGIN not in told and lab.state["tokens"]["admin"] not in told
    assert lab.get("ImageDigestMirrorSet", "dockyard") is None
