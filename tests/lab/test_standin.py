# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in docker keeps the documented contract of the fork; real registries answer it.

Needs the machine of the lab (root); brings up what it uses. Run: pytest tests/lab
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from parts.nodes import taken
from parts.shell import containers_conf

os.environ["CONTAINERS_CONF"] = containers_conf()

LAB = Path(__file__).parent
CASES = yaml.safe_load((LAB / "cases" / "standin.yml").read_text())
NODE = "origin1"
VARIANTS = ("sysconfig", "registries-yaml", "registries-toml")
FLAGS = {"search": "--add-registry", "insecure": "--insecure-registry", "block": "--block-registry"}
SYSCONFIG = {"search": "ADD_REGISTRY", "insecure": "INSECURE_REGISTRY", "block": "BLOCK_REGISTRY"}
YAML_KEYS = {"search": "registries", "insecure": "insecure_registries", "block": "block_registries"}
PRIVATE = "registry.lab.example:5000/tools/hello:1"
ADDRESS = "10.99.77.2:5000"


def lab(*arguments: str) -> None:
    subprocess.run([str(LAB / "lab"), *arguments], check=True, capture_output=True, timeout=600)


def sh(script: str, data: str = "", timeout: float = 60) -> subprocess.CompletedProcess:
    """stdout and stderr of a script on the node, together."""
    return subprocess.run(["podman", "exec", "-i", NODE, "sh", "-c", script], input=data, text=True, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def write(path: str, content: str) -> None:
    assert sh(f"mkdir -p $(dirname {path}) && cat > {path}", content).returncode == 0


def last_line(done: subprocess.CompletedProcess) -> str:
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module", autouse=True)
def node():
    if os.environ.get("DOCKYARD_LAB_IS_UP") != "1":
        lab("up", NODE)
    with taken(NODE):  # for all of them: they build on each other's variant
        yield
        lab("variant", NODE, "registries-toml")


@pytest.fixture
def stock(node):
    lab("variant", NODE, "sysconfig")
    yield
    lab("fault", NODE, "off")


@pytest.fixture
def stopped(stock):
    sh("systemctl stop docker")


@pytest.fixture(scope="module")
def converter(node):
    lab("variant", NODE, "registries-toml")


def configure(variant: str, lists: dict[str, list[str]]) -> None:
    """Write the lists as a person would, into the file that this variant reads, and restart."""
    lists = dict(lists)
    options = " ".join(f"--registry-mirror {url}" for url in lists.pop("mirrors", []))
    if options:
        sh("cat >> /etc/sysconfig/docker", f"OPTIONS='{options}'\n")
    if variant == "sysconfig":
        lines = ["{}='{}'".format(SYSCONFIG[word], " ".join(f"{FLAGS[word]} {name}" for name in names))
                 for word, names in lists.items()]
        sh("cat >> /etc/sysconfig/docker", "\n".join(lines) + "\n")
    elif variant == "registries-yaml":
        values = {YAML_KEYS[word]: names for word, names in lists.items()}
        write("/etc/containers/registries.conf", yaml.safe_dump(values))
    else:
        tables = [f"[registries.{word}]\nregistries = {json.dumps(names)}\n" for word, names in lists.items()]
        write("/etc/containers/registries.conf", "".join(tables))
    done = sh("if [ -e /usr/libexec/registries ]; then systemctl restart registries; fi; systemctl restart docker")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("case", CASES["refused_arguments"].values(), ids=CASES["refused_arguments"])
def test_daemon_refuses_arguments(stopped, case):
    done = sh(shlex.join(["timeout", "5", "dockerd-current", *case["arguments"]]))
    assert (done.returncode, case["says"] in done.stdout) == (1, True), done.stdout


@pytest.mark.parametrize("case", CASES["refused_file"].values(), ids=CASES["refused_file"])
def test_daemon_refuses_file(stopped, case):
    write("/etc/docker/daemon.json", case["content"])
    done = sh(shlex.join(["timeout", "5", "dockerd-current", *case.get("arguments", [])]))
    assert (done.returncode, case["says"] in done.stdout) == (1, True), done.stdout


@pytest.mark.parametrize("case", CASES["converted"].values(), ids=CASES["converted"])
def test_registries_conf_becomes_flags(converter, case):
    write("/tmp/in", case["content"])
    done = sh("rm -f /tmp/out; /usr/libexec/registries -i /tmp/in -o /tmp/out -V REGISTRIES && cat /tmp/out")
    assert (done.returncode == 0) == ("line" in case), done.stdout
    assert case.get("line", case.get("says")) in done.stdout


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", CASES["engines"].values(), ids=CASES["engines"])
def test_docker_follows_its_lists(case, variant):
    lab("variant", NODE, variant)
    if "lists" in case:
        configure(variant, case["lists"])
    expected = case["search"] if "lists" in case or variant == "sysconfig" else "docker.io (secure), " + case["search"]
    assert last_line(sh("docker info")) == "Registries: " + expected
    if "mirrors" in case:
        assert "\nRegistry Mirrors:\n {}\nLive Restore".format("\n ".join(case["mirrors"])) in sh("docker info").stdout
    for name, end in case.get("pulls", {}).items():
        done = sh("docker pull " + name)
        assert last_line(done).endswith(end), done.stdout
        assert (done.returncode == 0) == end.startswith("for ")


def test_sysconfig_and_registries_conf_are_joined():
    lab("variant", NODE, "registries-toml")
    configure("sysconfig", {"search": ["a.example"]})
    assert last_line(sh("docker info")) == "Registries: a.example (secure), docker.io (secure), docker.io (secure)"


def test_daemon_json_fills_the_lists(stock):
    content = {"add-registry": ["a.example"], "block-registry": ["public"], "live-restore": True}
    write("/etc/docker/daemon.json", json.dumps(content))
    sh("systemctl restart docker")
    assert sh("docker info | tail -2").stdout == "Live Restore Enabled: true\nRegistries: a.example (secure)\n"


def test_a_reload_changes_no_list(stock):
    sh("cat >> /etc/sysconfig/docker; systemctl reload docker", "ADD_REGISTRY='--add-registry a.example'\n")
    assert last_line(sh("docker info")) == "Registries: docker.io (secure)"


def test_a_reload_takes_in_the_insecure_list_of_daemon_json_and_live_restore(stock):
    write("/etc/docker/daemon.json", '{"insecure-registries": ["a.example"], "live-restore": true}')
    sh("systemctl reload docker")
    text = sh("docker info").stdout
    assert "\nInsecure Registries:\n a.example\n 127.0.0.0/8\nLive Restore Enabled: true\n" in text
    write("/etc/docker/daemon.json", "{broken")
    sh("systemctl reload docker")
    assert sh("docker info").stdout == text


def test_insecure_section_of_info(stock):
    configure("sysconfig", {"insecure": ["a.example", "172.30.0.0/16"]})
    text = sh("docker info").stdout
    assert "\nInsecure Registries:\n a.example\n 172.30.0.0/16\n 127.0.0.0/8\nLive Restore" in text


def test_json_info(stock):
    configure("sysconfig", {"insecure": ["a.example"]})
    facts = json.loads(sh("docker info --format '{{json .}}'").stdout)
    assert set(facts["RegistryConfig"]["IndexConfigs"]) == {"a.example", "docker.io"}
    assert facts["Registries"] == [{"Name": "docker.io", "Secure": True}]


@pytest.mark.parametrize("program", ["docker", "dockerd-current"])
def test_help_lists_the_flags_of_the_fork(program):
    text = sh(program + " --help").stdout
    assert all(f"--{flag} " in text for flag in ("add-registry", "block-registry", "insecure-registry"))


def test_version():
    assert sh("docker --version").stdout == "Docker version 1.13.1, build 7d71120/1.13.1\n"


def test_ca_of_the_registry_is_read_at_each_pull(stock):
    write("/etc/docker/certs.d/registry.lab.example:5000/ca.crt", ca())
    done = sh("docker pull " + PRIVATE)
    sh("rm -r /etc/docker/certs.d/*")
    assert done.returncode == 0, done.stdout


def test_an_address_among_the_names_of_the_certificate(stock):
    """Python 2.7 by itself looks at names only."""
    write(f"/etc/docker/certs.d/{ADDRESS}/ca.crt", ca())
    done = sh(f"docker pull {ADDRESS}/tools/hello:1")
    sh("rm -r /etc/docker/certs.d/*")
    assert done.returncode == 0, done.stdout


def test_ca_of_the_system_is_read_at_start(stock):
    write("/etc/pki/ca-trust/source/anchors/lab.crt", ca())
    before = sh("update-ca-trust; docker pull " + PRIVATE)
    after = sh("systemctl restart docker; docker pull " + PRIVATE)
    sh("rm /etc/pki/ca-trust/source/anchors/lab.crt; update-ca-trust")
    assert (before.returncode, after.returncode) == (1, 0), before.stdout + after.stdout


def test_no_credentials(stock):
    configure("sysconfig", {"insecure": ["registry.lab.example:5000"]})
    done = sh("HOME=/tmp docker pull " + PRIVATE)
    assert last_line(done) == "Error: image tools/hello:1 not found"


def test_wrong_credentials(stock):
    configure("sysconfig", {"insecure": ["registry.lab.example:5000"]})
    write("/tmp/wrong/.docker/config.json", '{"auths": {"registry.lab.example:5000": {"auth": "bGFiOm5v"}}}')
    assert last_line(sh("HOME=/tmp/wrong docker pull " + PRIVATE)) == "Error: image tools/hello:1 not found"


def test_no_daemon(stopped):
    done = sh("docker info")
    assert (done.returncode, done.stdout) == (
        1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n")


@pytest.mark.parametrize("live_restore, left", [("false", 0), ("true", 1)])
def test_containers_and_a_restart(stock, live_restore, left):
    write("/etc/docker/daemon.json", f'{{"live-restore": {live_restore}}}')
    sh("systemctl restart docker; docker rm -f $(docker ps -aq); docker run -d app; systemctl restart docker")
    running = sh("docker ps -q").stdout.split()
    sh("docker rm -f $(docker ps -aq)")
    assert len(running) == left


def test_fault_hang(stock):
    lab("fault", NODE, "docker-hangs")
    assert sh("timeout 1 docker info").returncode == 124
    assert sh("docker ps -q").returncode == 0
    lab("fault", NODE, "off")
    assert sh("timeout 5 docker info").returncode == 0


def test_fault_dies_on_a_flag(stock):
    lab("fault", NODE, "docker-dies-on", r"--add-registry\b.*bad\.example")
    assert sh("systemctl restart docker").returncode == 0
    begin = time.monotonic()
    done = sh("cat >> /etc/sysconfig/docker; systemctl restart docker", "ADD_REGISTRY='--add-registry bad.example'\n")
    assert (done.returncode, time.monotonic() - begin < 5) == (1, True)
    assert sh("systemctl is-active docker").stdout == "failed\n"


def test_fault_ignores_the_file(stock):
    lab("fault", NODE, "docker-ignores-file")
    configure("sysconfig", {"search": ["a.example"]})
    assert last_line(sh("docker info")) == "Registries: docker.io (secure)"


def ca() -> str:
    return (LAB.parent.parent / ".cache" / "lab" / "ca" / "ca.crt").read_text()
