# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of logins as people run them, with both ansible-cores: nothing of a random password is left behind."""

from __future__ import annotations

import base64
import json
import secrets
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref
from api_server import KINDS
from test_dockercfg_secret import auth, there
from trust.pki import certificate, key_pem

from .conftest import REPOSITORY
from .test_integrated_registry import registry  # noqa: F401 - a fixture
from .test_playbooks import CORES, inventory, play
from .test_pull_secrets import bring, projects  # noqa: F401 - a fixture

USER = "robot"


def forms(password: str) -> list[bytes]:
    """The password and what is made of it; base64 also of the whole secret, at each of three places in a group."""
    texts = [password, f"{USER}:{password}", auth(password), auth(f"{USER}:{password}")]
    inside = [base64.b64encode(b"x" * shift + password.encode())[4:-4].decode() for shift in range(3)]
    entry = auth(f"{USER}:{password}")
    inside += [base64.b64encode(b"x" * shift + entry.encode())[4:-4].decode() for shift in range(3)]
    return [text.encode() for text in (*texts, *inside)]


@contextmanager
def watched(wanted: list[bytes]) -> Iterator[list[str]]:
    """Look at the command lines and environments of all processes as long as the block runs."""
    found: list[str] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            for name in ("cmdline", "environ"):
                for path in Path("/proc").glob(f"[0-9]*/{name}"):
                    try:
                        content = path.read_bytes()
                    except OSError:
                        continue
                    found.extend(f"{path}: {form!r}" for form in wanted if form in content)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield found
    ended.set()
    thread.join()


def vault(core: str, home: Path, variables: dict[str, Any]) -> Path:
    """Encrypt variables as a person does; the password of the vault is in a file for its owner alone."""
    key, place = home / "vault.key", home / "vault.yml"
    key.write_text(secrets.token_hex())
    key.chmod(0o600)
    place.write_text(yaml.safe_dump(variables))
    program = REPOSITORY / CORES[core] / "bin/ansible-vault"
    subprocess.run([program, "encrypt", "--vault-password-file", key, place], check=True, capture_output=True, cwd=home)
    return place


def files_with(home: Path, wanted: list[bytes]) -> list[str]:
    return [
        f"{path} ({stat.filemode(path.stat().st_mode)})"
        for path in home.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in wanted)
    ]


def four_runs(core: str, home: Path, playbook: str, arguments: tuple[object, ...], wanted: list[bytes]) -> list[str]:
    """Check, run, check, run with all of Ansible that writes; return what a person sees. None of the forms is there."""
    facts, tree, junit = (home / name for name in ("facts", "tree", "junit"))
    surroundings = {
        "ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(facts),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit,ansible.builtin.tree", "JUNIT_OUTPUT_DIR": str(junit),
        "ANSIBLE_CALLBACK_TREE_DIR": str(tree), "ANSIBLE_LOG_PATH": str(home / "log"),
        "ANSIBLE_INJECT_FACT_VARS": "true",
    }  # fmt: skip
    seen = []
    with watched(wanted) as in_processes:
        for mode in (["--check"], [], ["--check"], []):
            done = play(
                core, home, *arguments, REPOSITORY / f"playbooks/{playbook}.yml", "-vvvv", "--diff", *mode,
                **surroundings,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr
            text = (done.stdout + done.stderr).encode()
            assert not [form for form in wanted if form in text], "in what a person sees"
            seen.append(done.stdout)
    assert not in_processes and not files_with(home, wanted)
    assert list(junit.iterdir()), "callbacks have written files"
    return seen


@pytest.mark.parametrize("core", CORES)
def test_no_form_of_a_password_is_left_anywhere(projects, tmp_path, core):  # noqa: F811
    password = secrets.token_urlsafe(24)
    wanted = forms(password)
    hosts = inventory(
        tmp_path,
        cluster_kubeconfig=str(projects.kubeconfig),
        registry_policy={
            "credentials": [{"registry": "r.example.com", "username": USER, "password": "{{ vault_robot }}"}]
        },
        registry_access_name="pull",
        registry_access_namespaces=["a", "b"],
        registry_access_link=[{"service_account": "default"}],
        cluster_pull_secret_mode="merge",
    )
    metadata = {"name": "pull-secret", "namespace": "openshift-config"}
    secret = {"kind": "Secret", "metadata": metadata, "type": "kubernetes.io/dockerconfigjson"}
    bring(projects, {**secret, "logins": {"registry.redhat.io": "1|a:b"}})
    encrypted = vault(core, tmp_path, {"vault_robot": password})
    arguments = ("-i", hosts, "-e", f"@{encrypted}", "--vault-password-file", tmp_path / "vault.key")
    seen = four_runs(core, tmp_path, "registry_access", arguments, wanted)
    assert ["changed=2" in one for one in seen] == [True, True, False, False]
    assert all("r.example.com: robot (secret " in one for one in seen[:2]), "and yet it is of use"
    for kind in ("Secret", "ServiceAccount"):
        for item in projects.client.read_all(Ref(KINDS[kind])):
            kept = json.dumps(item["metadata"]).encode()
            assert not [form for form in wanted if form in kept], "in the metadata of an object"
    assert there(projects, "Secret a/pull")["logins"] == {"r.example.com": f"{USER}:{password}"}
    assert there(projects, "Secret openshift-config/pull-secret")["logins"] == {
        "registry.redhat.io": "1|a:b", "r.example.com": f"{USER}:{password}",
    }  # fmt: skip


@pytest.mark.parametrize("core", CORES)
def test_the_login_of_a_store_and_the_key_of_a_route_are_left_nowhere(registry, tmp_path, core):  # noqa: F811
    password, key = secrets.token_urlsafe(24), key_pem("server")
    wanted = [*forms(password), key.splitlines()[1].encode()]
    hosts = inventory(
        tmp_path,
        cluster_kubeconfig=str(registry.kubeconfig),
        image_registry_storage={"s3": {"bucket": "b", "region": "us-east-1", "regionEndpoint": "https://s3.example.com"}},
        image_registry_credentials={"access_key": USER, "secret_key": "{{ vault_store }}"},
        image_registry_routes=[{
            "name": "own", "hostname": "r.example.com", "key": "{{ vault_key }}",
            "certificate": certificate("server", names=("r.example.com",), days=4000),
        }],
        image_registry_wait=False,
    )  # fmt: skip
    encrypted = vault(core, tmp_path, {"vault_store": password, "vault_key": key})
    arguments = ("-i", hosts, "-e", f"@{encrypted}", "--vault-password-file", tmp_path / "vault.key")
    seen = four_runs(core, tmp_path, "image_registry", arguments, wanted)
    assert ["changed=1" in one for one in seen] == [True, True, False, False]
    assert "REGISTRY_STORAGE_S3_SECRETKEY: (secret " in seen[0], "and yet it is of use"
    for item in registry.client.read_all(Ref(KINDS["Secret"])):
        kept = json.dumps(item["metadata"]).encode()
        assert not [form for form in wanted if form in kept], "in the metadata of an object"
    data = registry.get("Secret", "image-registry-private-configuration-user", "openshift-image-registry")["data"]
    assert base64.b64decode(data["REGISTRY_STORAGE_S3_SECRETKEY"]).decode() == password


@pytest.mark.parametrize("core", CORES)
def test_both_ends_of_a_registry(projects, tmp_path, core):  # noqa: F811
    """The registry's cluster and the one that uses it are the same here; the logins differ, as the two ends do."""
    hosts = inventory(
        tmp_path,
        cluster_kubeconfig=str(projects.kubeconfig),
        registry_kubeconfig=str(projects.kubeconfig),
        registry_consumer_project="images",
        registry_consumer_role="editor",
        registry_access_namespaces=["a"],
        registry_access_link=[{"service_account": "default"}],
        registry_connect_names=["registry.example.com:5000"],
    )
    playbook = REPOSITORY / "playbooks/registry_connect.yml"
    changed = []
    for mode in (["--check", "--diff"], ["-vvvv", "--diff"], ["--check"], []):
        done = play(core, tmp_path, "-i", hosts, playbook, *mode)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        changed.append("changed=2" in done.stdout)
        if mode[:1] == ["-vvvv"]:
            spoken = done.stdout
    assert changed == [True, True, False, False]
    found = there(projects, "Secret a/dockyard-registry")["logins"]["registry.example.com:5000"]
    user, _colon, token = found.partition(":")
    assert user == "serviceaccount" and token.count(".") == 2
    assert token not in spoken and auth(found) not in spoken
    assert {"name": "dockyard-registry"} in projects.get("ServiceAccount", "default", "a")["imagePullSecrets"]


def test_what_a_login_may_not_is_said_before_anything_is_written(projects, tmp_path):  # noqa: F811
    """K9: one that may edit the project here and nothing at the registry."""
    nobody = tmp_path / "nobody"
    config = json.loads(projects.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": projects.state["tokens"]["nobody"]}
    nobody.write_text(json.dumps(config))
    hosts = inventory(
        tmp_path,
        cluster_kubeconfig=str(projects.kubeconfig),
        registry_kubeconfig=str(nobody),
        registry_consumer_project="images",
        registry_access_namespaces=["a"],
        registry_connect_names=["registry.example.com:5000"],
    )
    done = play("2.19", tmp_path, "-i", hosts, REPOSITORY / "playbooks/registry_connect.yml")
    assert done.returncode and "cannot create serviceaccounts in images" in done.stdout, done.stdout
    assert "The login here: enough" in done.stdout
    assert projects.get("ServiceAccount", "registry-consumer", "images") is None
    assert projects.get("Secret", "dockyard-registry", "a") is None
