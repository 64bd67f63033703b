# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task registry_policy as a playbook sees it: words of the inventory in, a policy, warnings or one sentence out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import CORES, REPOSITORY, Completed, ansible_playbook

PLAY: list[dict[str, Any]] = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {"dockyard.openshift.registry_policy": {"from_variables": True}, "register": "found"},
            {"ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": "{{ answer }}", "mode": "0600"}},
        ],
    }
]


def run(core: str, home: Path, variables: dict[str, Any], *more: str | Path) -> Completed:
    (home / "play.yml").write_text(yaml.safe_dump(PLAY))
    common = {"answer": str(home / "answer.json"), "ansible_python_interpreter": "/usr/bin/python3"}
    (home / "given.json").write_text(json.dumps(common | variables))
    arguments = ("-vvv", "-i", "localhost,", "-c", "local", "-e", f"@{home / 'given.json'}", *more, home / "play.yml")
    return ansible_playbook(core, home, *arguments, ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg")


def make_pair(directory: Path) -> str:
    """A client's certificate and key, me.crt and me.key; the key as text."""
    make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=me -addext basicConstraints=CA:FALSE"
    subprocess.run(
        [*make.split(), "-keyout", "me.key", "-out", "me.crt"], cwd=directory, check=True, capture_output=True
    )
    return (directory / "me.key").read_text()


@pytest.mark.parametrize("core", CORES)
def test_a_text_of_a_vault_is_a_text(core: str, tmp_path: Path) -> None:
    (key := tmp_path / "key").write_text("the password of the vault\n")
    program = [str(REPOSITORY / CORES[core] / "bin/ansible-vault"), "encrypt_string", "--vault-password-file", str(key)]
    login = {"registry": "r.example.com", "username": "puller", "password": "of.a.login"}
    policy = yaml.safe_dump({"registry_policy": {"blocked": ["of.a.vault"], "credentials": [login]}})
    for word in ("of.a.vault", "of.a.login"):
        done = subprocess.run([*program, word], cwd=tmp_path, check=True, capture_output=True, text=True)
        policy = policy.replace(word, done.stdout.strip())
    (secrets := tmp_path / "secrets.yml").write_text(policy)
    done = run(core, tmp_path, {}, "-e", f"@{secrets}", "--vault-password-file", key)
    assert done.returncode == 0 and "of.a.login" not in done.stdout, done.stdout
    assert json.loads((tmp_path / "answer.json").read_text())["policy"] == {"blocked": ["of.a.vault"]}


@pytest.mark.parametrize("core", CORES)
def test_all_words_of_an_inventory(core: str, tmp_path: Path) -> None:
    key = make_pair(tmp_path)
    trust = {"registry": "a.example.com:5000", "client_cert_file": str(tmp_path / "me.crt"), "client_key": key}
    words = {"blocked": "all", "search": "", "insecure": "index.docker.io", "trust": [trust]}
    done = run(core, tmp_path, {"registry_policy": words, "openshift_docker_additional_registries": "b.example.com"})
    assert done.returncode == 0, done.stdout
    found = json.loads((tmp_path / "answer.json").read_text())
    assert found["policy"] == {"search": [], "blocked": ["all"], "insecure": ["docker.io"]}
    assert found["notes"] == ["insecure: 'index.docker.io' means docker.io"]
    assert [entry["registry"] for entry in found["trust"]] == ["a.example.com:5000"]
    assert found["changed"] is False
    for warning in ("nothing at all can be pulled any more", "'a.example.com:5000' is trusted but neither searched"):
        assert any(warning in text for text in found["warnings"])
    lines = [line for line in key.splitlines() if len(line) > 24]
    assert not [line for line in lines if line in json.dumps(found)]


@pytest.mark.parametrize("core", CORES)
def test_a_login_in_a_name_is_repeated_nowhere_in_the_answer(core: str, tmp_path: Path) -> None:
    done = run(core, tmp_path, {"docker_registries_search": ["https://bob:s3cret@registry.example.com"]})
    assert done.returncode == 2
    assert "docker_registries_search: '…@registry.example.com' contains an '@'" in done.stdout
    assert "s3cret" not in done.stdout
