# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/migrate_3_to_4.yml: an inventory for OpenShift 4 comes out, without secrets, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from trust.pki import certificate

from .conftest import UNREACHABLE, Outcome

Play = Callable[..., Outcome]
LOGIN = {"key": "r.example.com", "kind": "basic", "username": "puller"}
IMPORT = {"allowedRegistriesForImport": [{"domainName": "docker.io"}]}
CA = certificate("r", days=4000)
STORAGE = "openshift_hosted_registry_storage_"


def cluster(authority: Path, **node: Any) -> dict[str, Any]:
    """Return the inventory of a cluster of OpenShift 3: one node, one master."""
    has = {
        "registries": [{"name": "r.example.com:5000", "files": [str(authority)]}],
        "auth_files": [{"path": "/root/.docker/config.json", "entries": [LOGIN]}],
    }
    storage = {f"{STORAGE}kind": "object", f"{STORAGE}provider": "s3", f"{STORAGE}s3_bucket": "images"}
    storage |= {f"{STORAGE}s3_secretkey": "topsecret"}
    master = {"master_has": {"master": {"image_policy_config": IMPORT}}}
    return {
        "hosts": {"n1": {"node_has": has, **node}, "m1": master | storage},
        "groups": {"nodes": {"hosts": {"n1": None}}, "masters": {"hosts": {"m1": None}}},
    }


def files(place: Path) -> dict[str, Any]:
    """Return what each file of an inventory holds."""
    return {str(path.relative_to(place)): yaml.safe_load(path.read_text()) for path in place.rglob("*.*")}


def test_an_inventory_comes_out(play: Play, tmp_path: Path) -> None:
    (authority := tmp_path / "ca.crt").write_text(f"{{{{ of_a_host }}}}\n{CA}")
    old, new = cluster(authority), tmp_path / "ocp4"
    outcome = play("migrate_3_to_4", old["hosts"], "-e", f"migrate_to={new}", groups=old["groups"])
    assert outcome.rc == 0, outcome.output
    made = files(new)
    assert made["hosts.yml"] == {"all": {"children": {"clusters": {"hosts": {"cluster4": {}}}}}}
    policy = made["group_vars/clusters/policy.yml"]
    assert policy["registry_policy"] == {
        "search": ["a.example.com", "b.example.com"], "insecure": ["b.example.com"],
        "trust": [{"registry": "r.example.com:5000", "ca": CA}],
        "credentials": [
            {"registry": "r.example.com", "username": "puller", "password": "{{ vault_registry_password_1 }}"}
        ],
    }  # fmt: skip
    assert policy["cluster_pull_secret_state"] == "present"
    assert policy["image_policy_import"] == IMPORT["allowedRegistriesForImport"]
    assert policy["image_registry_storage"] == {"s3": {"bucket": "images"}}
    assert made["group_vars/clusters/vault.yml"] == {"vault_registry_password_1": "", "vault_registry_secret_key": ""}
    assert {"what", "where", "reason", "nearest"} == set(made["left_behind.txt"][0])
    assert all(one["what"] in outcome.output for one in made["left_behind.txt"])
    written = [path for path in new.rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o777 == 0o600 and "topsecret" not in path.read_text() for path in written)
    assert "topsecret" not in outcome.output

    (vault := new / "group_vars/clusters/vault.yml").write_text("vault_registry_password_1: mine\n")
    again = play("migrate_3_to_4", old["hosts"], "-e", f"migrate_to={new}", groups=old["groups"])
    assert again.rc == 0 and "mine" in vault.read_text() and "changed=0" in again.output, again.output


def test_a_node_that_did_not_answer_ends_it(play: Play, tmp_path: Path) -> None:
    old, new = cluster(tmp_path / "ca.crt", **UNREACHABLE), tmp_path / "ocp4"
    outcome = play("migrate_3_to_4", old["hosts"], "-e", f"migrate_to={new}", groups=old["groups"])
    assert outcome.rc and "n1 did not say what it has" in outcome.output and not new.exists(), outcome.output
