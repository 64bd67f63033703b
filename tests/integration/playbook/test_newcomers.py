# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people meet who have the tarball and nothing else: built, installed into an empty directory, run away from here.

Hosts are described (the filter registries_plan), out of reach, or this machine as somebody who is not root. What needs
real engines is in tests/integration/hosts.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import CORES, REPOSITORY, UNREACHABLE, Completed, ansible_playbook

Run = Callable[..., Completed]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of collections with this one, built and installed as its page says."""
    where = tmp_path_factory.mktemp("installed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    path = f"{REPOSITORY}/{CORES['2.19']}/bin:{os.environ['PATH']}"
    environment |= {"ANSIBLE_HOME": str(where / "home"), "PATH": path}
    given = os.environ.get("TARBALL")  # of `make release`
    for command in (
        f"cp '{given}' ." if given else f"ansible-galaxy collection build --output-path . '{REPOSITORY}'",
        "ansible-galaxy collection install --offline --collections-path . dockyard-openshift-*.tar.gz",
    ):
        subprocess.run(["sh", "-c", command], cwd=where, env=environment, check=True, capture_output=True, timeout=120)
    return where


@pytest.fixture(params=CORES)
def run(request: pytest.FixtureRequest, installed: Path, tmp_path: Path) -> Run:
    """run(arguments, hosts=…, group_vars=…, behind=…) runs ansible-playbook where nothing else is."""

    def run(
        *arguments: str, hosts: dict[str, Any], group_vars: dict[str, Any] | None = None, behind: tuple[str, ...] = ()
    ) -> Completed:
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        if group_vars:
            (tmp_path / "group_vars").mkdir()
            (tmp_path / "group_vars/all.yml").write_text(yaml.safe_dump(group_vars))
        more = {"cwd": tmp_path, "behind": behind, "ANSIBLE_COLLECTIONS_PATH": installed}
        return ansible_playbook(request.param, tmp_path, "-i", "hosts.yml", *arguments, **more)

    return run


@pytest.fixture(scope="module")
def company_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("ca")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=company -days 100 -keyout company.key"
    subprocess.run([*make.split(), "-out", "company-ca.crt"], cwd=where, check=True, capture_output=True)
    return where / "company-ca.crt"


def answered(run: Run, tmp_path: Path, policy: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return what registries_plan says for a stock host with upstream's docker."""
    play = tmp_path / "play.yml"
    ask = "{{ {'moby': {'running': 0}} | dockyard.openshift.registries_plan(policy=policy, **options) }}"
    tasks = [{"ansible.builtin.copy": {"dest": str(tmp_path / "answer.json"), "content": ask}}]
    variables = {"policy": policy, "options": options, "ansible_connection": "local"}
    play.write_text(yaml.safe_dump([{"hosts": "here", "gather_facts": False, "vars": variables, "tasks": tasks}]))
    done = run("play.yml", hosts={"here": {"ansible_python_interpreter": "/usr/bin/python3"}})
    assert done.returncode == 0, done.stdout
    return dict(json.loads((tmp_path / "answer.json").read_text()))


def test_a_certificate_and_the_restart_for_it_are_in_the_plan(run: Run, company_ca: Path, tmp_path: Path) -> None:
    """Recipe 1: the account said unchanged while docker was restarted."""
    trust = [{"registry": "registry.lab.example", "ca": company_ca.read_text()}]
    answer = answered(run, tmp_path, {"trust": trust})
    assert answer["changed"] and answer["plan"]["disruption"] == "restart"
    assert "+ CN=company, SHA-256 " in answer["plan"]["text"]
    assert [step["whom"] for step in answer["steps"]] == ["", "docker.service"]


def test_what_an_engine_cannot_do_is_refused_before_certificates_are_written(
    run: Run, company_ca: Path, tmp_path: Path
) -> None:
    """Recipe 2: half of the run was done before the other half was refused."""
    trust = [{"registry": "registry.lab.example", "ca": company_ca.read_text()}]
    answer = answered(run, tmp_path, {"trust": trust, "blocked": ["docker.io"]})
    sentence = "docker (upstream) cannot enforce blocked 'docker.io': docker cannot block"
    then = "nothing was changed; to apply the rest: docker_registries_unenforceable: warn (of a task: unenforceable)"
    assert answer["refused"] == f"{sentence}; {then}"
    assert (answer["changed"], answer["files"], answer["steps"]) == (False, {}, [])


def test_what_no_engine_enforces_is_said(run: Run, tmp_path: Path) -> None:
    """Recipe 4: a report said blocked, and it was not."""
    policy = {"search": ["registry.lab.example:5000"], "blocked": ["untrusted.lab.example:5002"]}
    answer = answered(run, tmp_path, policy, unenforceable="warn")
    sentence = "not enforced: docker (upstream) cannot enforce blocked 'untrusted.lab.example:5002'"
    assert sentence in answer["plan"]["text"]
    assert len(answer["warnings"]) == 2


@pytest.mark.parametrize("playbook", ["registries", "verify"])
@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "no policy: none of registry_policy, docker_registries_* and openshift_docker_*_registries says what "),
        ({"registry_policy": None}, "no policy: none of registry_policy, "),
        ({"docker_registries_serach": ["x.example.com"]}, "docker_registries_serach: is not a variable of the role"),
    ],
)
def test_nothing_asked_is_not_green(run: Run, playbook: str, asked: dict[str, Any], sentence: str) -> None:
    """Recipe 6: no policy, or a misspelt one, was as asked for."""
    done = run(f"dockyard.openshift.{playbook}", hosts={"gone": UNREACHABLE | asked})
    assert done.returncode == 2 and sentence in done.stdout, done.stdout
    assert "UNREACHABLE" not in done.stdout


def test_a_file_beside_the_inventory_is_found(run: Run, company_ca: Path, tmp_path: Path) -> None:
    """Recipe 7, as the README shows it."""
    (tmp_path / "company-ca.crt").write_bytes(company_ca.read_bytes())
    trust = [{"registry": "registry.lab.example:5000", "ca_file": "company-ca.crt"}]
    policy = {"group_vars": {"registry_policy": {"trust": trust}}}
    done = run("dockyard.openshift.registries", "--check", "-v", hosts={"gone": UNREACHABLE}, **policy)
    assert "ok: [gone]" in done.stdout and "cannot be read on the controller" not in done.stdout, done.stdout
    assert '"trust"' in done.stdout and "unreachable: " in done.stdout


def test_a_file_that_is_nowhere_says_where_it_was_looked_for(run: Run, tmp_path: Path) -> None:
    trust = [{"registry": "registry.lab.example:5000", "ca_file": "company-ca.crt"}]
    hosts = {"gone": UNREACHABLE | {"registry_policy": {"trust": trust}}}
    done = run("dockyard.openshift.registries", "--check", hosts=hosts)
    assert done.returncode == 2
    assert "company-ca.crt cannot be read on the controller: there is no such file; looked for " in done.stdout
    assert str(tmp_path / "company-ca.crt") in done.stdout


@pytest.mark.parametrize("playbook", ["registries", "verify"])
def test_not_root_is_one_sentence(run: Run, playbook: str) -> None:
    """Recipe 9: an unreadable journal, or no engine found. In a user namespace root is nobody and reads its files."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    here |= {"registry_policy": {"search": ["registry.lab.example"]}}
    behind = ("unshare", "--user") if os.geteuid() == 0 else ()
    done = run(f"dockyard.openshift.{playbook}", "--check", hosts={"here": here}, behind=behind)
    assert done.returncode == 2
    assert 'and this needs root; set \\"become: true\\" (or run with -b)' in done.stdout, done.stdout
