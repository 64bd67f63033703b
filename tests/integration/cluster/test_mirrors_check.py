# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mirrors_check.yml on a real API server, beside two real registries (Debian's docker-registry) on loopback."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import REPOSITORY
from .real_registry import serving
from .test_playbooks import CORES, inventory, play

LOGIN = base64.b64encode(b"bot:topsecret").decode()


@pytest.fixture
def registries(docker_registry: Path, tmp_path: Path) -> Iterator[list[str]]:
    """Two registries with TLS and a password."""
    with serving(docker_registry, tmp_path, "one") as one, serving(docker_registry, tmp_path, "two") as two:
        yield [one, two]


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
