# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation shows works as it stands there: examples of ansible-doc, and the quick start of the README."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
import yaml
from conftest import CORES, INVENTORY, REPOSITORY

TASKS = ["container_registries", "container_registries_info", "registry_policy", "host_snapshot"]


def examples(task: str) -> list[dict]:
    source = (REPOSITORY / "plugins/modules" / f"{task}.py").read_text()
    return yaml.safe_load(re.search(r'EXAMPLES = r"""\n(.*?)"""', source, re.DOTALL)[1])


@pytest.mark.parametrize("task", TASKS)
def test_examples(controller, podman1, task, tmp_path):
    """One after the other on one host, as a reader may try them."""
    play = {"hosts": "podman1", "gather_facts": False, "tasks": examples(task)}
    (tmp_path / "examples.yml").write_text(yaml.safe_dump([play]))
    run = controller.playbook(tmp_path / "examples.yml")
    # one example fails on purpose when Docker Hub is not blocked, which is what it shows
    failed = [line["result"] for line in run.results if line["outcome"] == "failed"]
    assert run.rc == 0 or (task == "container_registries_info" and failed[0]["drift"]), run.output
    assert len(run.results) == len(play["tasks"])


def block(title: str, language: str, number: int = 0) -> str:
    """A block of code below a bold title of the README."""
    text = (REPOSITORY / "README.md").read_text().partition(f"**{title}")[2]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[number]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The collection built and installed as the quick start says."""
    where = tmp_path_factory.mktemp("collections")
    environment = {**os.environ, "PATH": f"{CORES['2.19']}:{os.environ['PATH']}", "ANSIBLE_HOME": str(where / "home")}
    for command in (
        f"ansible-galaxy collection build --output-path {where} '{REPOSITORY}'",
        f"ansible-galaxy collection install --offline --collections-path {where} {where}/dockyard-openshift-*.tar.gz",
    ):
        subprocess.run(["sh", "-c", command], cwd=where, env=environment, check=True, capture_output=True, timeout=120)
    return where


@pytest.fixture
def reached(tmp_path):
    """The line of a hosts file for podman1: of the lab only how its node is reached.

    Variables of the lab's group all would count more than those of a hosts file.
    """
    (address,) = yaml.safe_load(INVENTORY.read_text())["all"]["hosts"]["podman1"].values()
    keys = tmp_path / "ssh"  # a word in a hosts file has no spaces; the checkout's path may have some
    keys.symlink_to(REPOSITORY / ".cache/lab/ssh")
    return (
        f"podman1 ansible_host={address} ansible_user=root ansible_ssh_private_key_file={keys}/id_ed25519 "
        f"ansible_ssh_common_args='-o UserKnownHostsFile={keys}/known_hosts'"
    )


def test_quick_start_with_a_hosts_file(controller, podman1, installed, reached, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text(block("An OpenShift 3", "ini") + f"[OSEv3:children]\nnodes\n[nodes]\n{reached}\n")
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(installed)}
    for playbook, more in (("registries", ("--check", "--diff")), ("registries", ()), ("verify", ())):
        run = controller.playbook(f"dockyard.openshift.{playbook}", *more, inventory=hosts, environment=environment)
        assert run.rc == 0, run.output
    assert 'location = "docker.io"\nblocked = true' in podman1.read(
        "/etc/containers/registries.conf.d/90-dockyard.conf"
    )


def test_quick_start_of_plain_hosts(controller, podman1, installed, tmp_path):
    variables = tmp_path / "policy.yml"
    variables.write_text(block("Plain hosts", "yaml"))
    run = controller.playbook(
        "dockyard.openshift.registries", "--limit", "podman1", "-e", f"@{variables}",
        environment={"ANSIBLE_COLLECTIONS_PATH": str(installed)},
    )  # fmt: skip
    assert run.rc == 0, run.output
    assert '"reject"' in podman1.read("/etc/containers/policy.json")


def test_one_task_of_the_readme(controller, podman1, tmp_path):
    tasks = yaml.safe_load(block("One task in a playbook", "yaml"))
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "podman1", "gather_facts": False, "tasks": tasks}]))
    run = controller.playbook(tmp_path / "play.yml")
    assert run.rc == 0 and run.last["changed"], run.output


def test_verify_sees_that_a_certificate_is_gone(controller, untrusting, installed, reached, tmp_path):
    """Recipe 3 of the newcomers: verify was green over a certificate that somebody had removed."""
    podman1 = untrusting("podman1")
    hosts, policy, ca = (tmp_path / name for name in ("hosts", "policy.yml", "company-ca.crt"))
    hosts.write_text(f"[nodes]\n{reached}\n")
    ca.write_bytes((REPOSITORY / ".cache/lab/ca/ca.crt").read_bytes())
    trust = [{"registry": "registry.lab.example:5000", "ca_file": ca.name}]
    policy.write_text(yaml.safe_dump({"registry_policy": {"trust": trust}, "verify_fail_on_drift": True}))
    placed = "/etc/containers/certs.d/registry.lab.example:5000/dockyard.crt"

    def run(playbook):
        return controller.playbook(
            f"dockyard.openshift.{playbook}", "-e", f"@{policy}", inventory=hosts,
            environment={"ANSIBLE_COLLECTIONS_PATH": str(installed)},
        )  # fmt: skip

    done = run("registries")
    assert done.rc == 0, done.output
    certificate = podman1.read(placed)
    as_asked = run("verify")
    assert as_asked.rc == 0 and "as the policy says" in as_asked.output, as_asked.output

    podman1.sh(f"rm {placed}")
    differs = run("verify")
    assert differs.rc == 2 and placed in differs.output, differs.output
    assert "as the policy says" not in differs.output and podman1.sh(f"ls {placed}", check=False).startswith("ls: ")

    assert run("registries").rc == 0 and podman1.read(placed) == certificate
    assert run("verify").rc == 0
