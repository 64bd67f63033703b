# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as a playbook calls them: the values that Ansible hands over are not plain, and nor is what it makes of
an error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import CORES, REPOSITORY, ansible_playbook

DATA = REPOSITORY / "tests/data/pull_sources"
PLAY: list[dict[str, Any]] = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.debug": {
                    "msg": {
                        "sources": "{{ references | dockyard.openshift.pull_sources(conf, drop_ins, policy) }}",
                        "one": "{{ references[0] | dockyard.openshift.pull_sources(registries_conf=conf) }}",
                        "problems": "{{ conf | dockyard.openshift.registries_conf_problems(drop_ins=drop_ins) }}",
                        "broken": "{{ '=' | dockyard.openshift.registries_conf_problems }}",
                        "drained": "{{ pods | dockyard.openshift.drain_plan(force=true) }}",
                        "registry": "{{ registry | dockyard.openshift.image_registry_problems(release=4.18) }}",
                    }
                }
            },
            {"ansible.builtin.debug": {"msg": "{{ 'No Reference' | dockyard.openshift.pull_sources }}"}},
        ],
    }
]


@pytest.mark.parametrize("core", CORES)
def test_filters(core: str, tmp_path: Path) -> None:
    row = next(row for row in yaml.safe_load((DATA / "resolve.yml").read_text()) if row["name"] == "the image itself")
    given = {
        "references": [row["reference"], "quay.io/app:1"],
        "conf": "[[registry]]\nlocation = 'quay.io'\n[[registry.mirror]]\nlocation = 'm.lab'\n",
        "drop_ins": [{"name": "50.conf", "content": "[[registry]]\nlocation = 'm.lab'\nblocked = true\n"}],
        "policy": row["policy"],
        "pods": [{"metadata": {"name": "bare", "namespace": "team"}}],
        "registry": {"managementState": "Managed", "replicas": 2, "storage": {"emptyDir": {}, "pvc": {}}},
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump(PLAY))
    (tmp_path / "given.json").write_text(json.dumps(given))
    arguments = ("-i", "localhost,", "-c", "local", "-e", f"@{tmp_path / 'given.json'}", tmp_path / "play.yml")
    done = ansible_playbook(core, tmp_path, *arguments, ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg")

    said = re.search(r"^ok: \[localhost\] => (\{.*\})$", done.stdout, re.MULTILINE)
    assert said, done.stdout
    answers = json.loads(said[1])["msg"]
    (first,), (second,) = (source["candidates"] for source in answers["sources"])
    assert [place["blocked"] for place in first["endpoints"]] == [True, False]
    assert first["policy"]["scope"] == "quay.io/team/app:1"
    assert second["policy"]["requirement"][1] == {"type": "sigstoreSigned", "keyPath": "/k"}
    assert [place["blocked"] for place in answers["one"]["candidates"][0]["endpoints"]] == [False, False]
    assert answers["problems"] == []
    assert answers["broken"][0].startswith("/etc/containers/registries.conf: line 1: ")
    assert [pod["pod"] for pod in answers["drained"]["evict"]] == ["team/bare"]
    assert [(one["path"], one["reason"]) for one in answers["registry"]][0] == ("storage", "Error")
    assert done.returncode == 2
    sentence = "pull_sources: 'No Reference' is not an image reference: 'No Reference' cannot be part of a name"
    assert sentence in done.stdout.replace('\\"', '"'), done.stdout
    assert "Traceback" not in done.stdout


MASTERS: dict[str, Any] = {
    "admitted": "{{ (pods | dockyard.openshift.image_policy_admits(policy, release='3.9')).refused }}",
    "problems": "{{ policy | to_json | dockyard.openshift.image_policy_problems(3.11) | map(attribute='effect') }}",
    "imports": "{{ ['busybox', 'quay.io/a'] | dockyard.openshift.import_allowed(config) | map(attribute='allowed') }}",
    "config": "{{ 'allowedRegistriesForImport: [x]' | dockyard.openshift.import_policy_problems }}",
}


@pytest.mark.parametrize("core", CORES)
def test_filters_about_masters(core: str, tmp_path: Path) -> None:
    given = {
        "pods": {"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"image": "gcr.io/a/b"}]}},
        "policy": {
            "kind": "ImagePolicyConfig",
            "apiVersion": "v1",
            "executionRules": [{"name": "a", "matchRegistries": ["quay.io"]}],
        },
        "config": {"allowedRegistriesForImport": [{"domainName": "docker.io"}]},
    }
    tasks = [{"ansible.builtin.debug": {"msg": MASTERS}}]
    tasks += [{"ansible.builtin.debug": {"msg": "{{ 'x' | dockyard.openshift.image_policy_admits('[') }}"}}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    (tmp_path / "given.json").write_text(json.dumps(given))
    arguments = ("-i", "localhost,", "-c", "local", "-e", f"@{tmp_path / 'given.json'}", tmp_path / "play.yml")
    done = ansible_playbook(core, tmp_path, *arguments, ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg")

    said = re.search(r"^ok: \[localhost\] => (\{.*\})$", done.stdout, re.MULTILINE)
    assert said, done.stdout
    answers = json.loads(said[1])["msg"]
    assert answers["admitted"][0]["reference"] == "gcr.io/a/b"
    assert set(answers["problems"]) == {"warn"}
    assert answers["imports"] == [True, False]
    assert answers["config"][0]["path"] == "" and answers["config"][0]["effect"] == "refuse"
    assert done.returncode == 2
    assert "image_policy_admits: policy: the master does not load it: line 1: this is not YAML" in done.stdout
    assert "Traceback" not in done.stdout
