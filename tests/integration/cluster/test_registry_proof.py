# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""registry_proof.yml beside a real registry behind TLS; no cluster is asked where everything is said."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import REPOSITORY
from .real_registry import serving
from .test_playbooks import CORES, inventory, play

PLAYBOOK = REPOSITORY / "playbooks/registry_proof.yml"


def proved(core: str, home: Path, registry: str, **given: Any) -> tuple[int, str]:
    """Run the playbook in a world that trusts no authority but what is said."""
    variables = {
        "registry": registry, "registry_ca": (home / "cert.pem").read_text(), "registry_username": "bot",
        "registry_password": "topsecret", "project": "team", "patience": 2, **given,
    }  # fmt: skip
    hosts = inventory(home, **{f"registry_proof_{name}": value for name, value in variables.items()})
    done = play(core, home, "-i", hosts, PLAYBOOK, "-vvvv", "--diff", no_proxy="*")
    told = done.stdout + done.stderr
    assert "topsecret" not in told and base64.b64encode(b"bot:topsecret").decode() not in told
    return done.returncode, told


@pytest.mark.parametrize("core", CORES)
def test_a_login_a_push_and_a_pull(docker_registry, tmp_path, core):
    with serving(docker_registry, tmp_path, "one") as registry:
        code, told = proved(core, tmp_path, registry, proofs=["login", "push", "pull"])
        assert code == 0 and told.count("accepted") >= 3 and f"{registry}/team/dockyard-registry-proof:latest" in told
        auths = {"auths": {registry: {"auth": base64.b64encode(b"bot:topsecret").decode()}}}
        (tmp_path / "auth.json").write_text(json.dumps(auths))
        words = ["skopeo", "inspect", "--authfile", tmp_path / "auth.json"]
        image = f"docker://{registry}/team/dockyard-registry-proof:latest"
        found = subprocess.run(
            [*words, image], env={**os.environ, "SSL_CERT_FILE": str(tmp_path / "cert.pem"), "no_proxy": "*"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        digest = json.loads(found.stdout)["Digest"]
        assert f"is {digest}" in told, "another client finds the image by the digest that was said"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"registry_password": "wrong"}, "login: localhost:PORT answers with status 401: the login is not taken"),
        ({"registry_ca": "other"}, "login: localhost:PORT shows a certificate that is not taken"),
        ({"proofs": ["pull"], "name": "gone"}, "pull: localhost:PORT answers with status 404"),
        ({"proofs": ["metrics"]}, "metrics: localhost:PORT answers with status 404"),
    ],
)
def test_what_does_not_work_is_said(docker_registry, tmp_path, given, says):
    from trust.pki import certificate

    given = {name: certificate("another", days=4000) if value == "other" else value for name, value in given.items()}
    with serving(docker_registry, tmp_path, "one") as registry:
        code, told = proved("2.19", tmp_path, registry, **given)
        assert code != 0 and says.replace("localhost:PORT", registry) in " ".join(told.split()), told


def test_a_registry_that_is_gone_is_told_from_one_that_refuses(docker_registry, tmp_path):
    with serving(docker_registry, tmp_path, "one") as registry:
        pass
    code, told = proved("2.19", tmp_path, registry)
    assert code != 0 and f"{registry} cannot be reached: Connection refused; asked 2 times within 2 s" in told, told
