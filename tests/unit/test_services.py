# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of services, as a shell runs it, with programs in their places that answer as told."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils import masters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import docker
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker_fork import DockerFork
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host import services
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.services import CRIO, DOCKER
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.hosts import FEATURES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import backup, stores
from hosts import host

QUESTIONS = {
    question.name: question
    for watch in (*(feature.WATCH for feature in (*FEATURES, masters)), backup.WATCH)
    for question in watch.commands
} | {services.MASTER_STARTED.name: services.MASTER_STARTED}


def test_only_a_restart_of_docker_takes_containers_down():
    assert [unit for unit, service in services.SERVICES.items() if service.disturbs] == ["docker.service"]


@pytest.fixture
def ask(tmp_path):
    """Run the command of a question, with these programs: name → shell script."""

    def ask(name: str, **programs: str) -> subprocess.CompletedProcess:
        for program, script in programs.items():
            path = tmp_path / program.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run(QUESTIONS[name].argv, env=env, capture_output=True, text=True, timeout=20, check=False)

    return ask


@pytest.fixture
def process():
    """A process that has just been started, with words of its own."""
    started = subprocess.Popen(["sleep", "--", "100.5"])
    yield started
    started.kill()
    started.wait()


def test_the_words_that_a_daemon_was_started_with(ask, process):
    done = ask("docker.flags", systemctl=f'test "$*" = "show -p MainPID docker.service" && echo MainPID={process.pid}')
    assert done.returncode == 0, done
    assert docker.flags(host({}, {"docker.flags": done.stdout})) == ["sleep", "--", "100.5"]
    assert ask("docker.flags", systemctl="echo MainPID=0").returncode != 0


@pytest.mark.parametrize("service", [DOCKER, CRIO], ids=lambda service: service.name)
def test_when_a_daemon_was_started(ask, process, service):
    name = f"{service.name}.started"
    done = ask(name, systemctl=f'test "$*" = "show -p MainPID {service.unit}" && echo MainPID={process.pid}')
    assert done.returncode == 0, done
    assert abs(service.started(host({}, {name: done.stdout})) - time.time()) < 60
    stopped = ask(name, systemctl="echo MainPID=0")
    assert stopped.returncode == 0 and service.started(host({}, {name: stopped.stdout})) == 0


@pytest.mark.parametrize(
    ("said", "second"),
    [
        ("started 150000\nbtime 1000\nticks 100\n", 2500),
        ("started 150000\nbtime 1000\nticks 0\n", 0),
        ("started 150000\nticks 100\n", 0),
        ("btime 1000\nticks 100\n", 0),
        ("started soon\nbtime 1000\nticks 100\n", 0),
        ("", 0),
    ],
)
def test_an_unknown_start_is_zero(said, second):
    assert DOCKER.started(host({}, {"docker.started": said})) == second


@pytest.mark.parametrize("active", [True, False])
def test_looking_does_not_start_a_docker_that_is_down(ask, active):
    systemctl = f'test "$*" = "is-active --quiet docker.service" && {"true" if active else "false"}'
    done = ask("docker.info", systemctl=systemctl, docker='echo "docker $*"')
    assert (done.returncode == 0, done.stdout) == (active, "docker info\n" if active else "")
    assert "unix:///dev/null" in ask("docker.version", docker='echo "$DOCKER_HOST $*"').stdout


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("docker.state", "systemctl show -p ActiveState docker.service"),
        ("docker.unit", "systemctl cat docker.service"),
        ("docker.version", "docker --version"),
        ("registries.state", "systemctl show -p LoadState registries.service"),
        ("crio.state", "systemctl show -p ActiveState,LoadState crio.service"),
        ("crio.version", "crio --version"),
        ("podman.info", "podman info --format json"),
        ("skopeo.version", "skopeo --version"),
        ("buildah.version", "buildah --version"),
        ("dockerd-current.help", "dockerd-current --help"),
        ("trust.list", "trust list --filter=ca-anchors"),
    ],
)
def test_which_program_is_asked_and_how(ask, name, says):
    program = says.partition(" ")[0]
    assert ask(name, **{program.replace("-", "_"): f'echo "{program} $*"'}).stdout == f"{says}\n"


def test_the_tools_of_a_host(ask):
    found = ask("trust.tools", podman="", openssl="", crio="")
    assert found.returncode == 0 and {"podman", "openssl", "crio"} <= set(found.stdout.split())


@pytest.mark.parametrize("store", stores.STORES, ids=lambda store: store.family)
def test_the_tool_of_a_store_may_be_disabled(ask, store, tmp_path):
    name = f"store.{store.family}"
    assert ask(name, **{store.tool.replace("-", "_"): ""}).returncode == 0
    assert QUESTIONS[name].needs == store.tool


@pytest.mark.parametrize(
    ("state", "running"),
    [("active", True), ("activating", True), ("reloading", True), ("failed", True), ("inactive", False)],
)
def test_a_docker_that_failed_is_brought_up_again_and_one_that_is_stopped_is_not(state, running):
    node = host({}, {f"{name}.state": f"LoadState=loaded\nActiveState={state}\n" for name in ("docker", "crio")})
    assert DOCKER.running(node) is running
    assert CRIO.running(node) is (running and state != "failed")
    assert not DOCKER.running(host({})) and DockerFork().running(node) is running


@pytest.mark.parametrize(
    ("info", "count"),
    [
        (" Running: 3\nInsecure Registries:\n", 3),
        ("Containers: 5\n Running: 0\n Paused: 5\nInsecure Registries:\n", 0),
        (" Running: 3\nInsecure Registries:\nLive Restore Enabled: true\n", 0),
        (" Running: 3\nInsecure Registries:\nLive Restore Enabled: false\n", 3),
        ("Insecure Registries:\n", None),
    ],
)
def test_how_many_containers_a_restart_takes_down(info, count):
    assert DOCKER.containers(host({}, {"docker.state": "ActiveState=active\n", "docker.info": info})) == count
    assert services.SERVICES.keys() == {"docker.service", "crio.service", *(each.unit for each in services.MASTERS)}


def test_when_masters_were_started(ask):
    seen = ask("masters.started", pgrep=f"echo $$; echo {os.getpid()}")
    told = host({}, {"masters.started": seen.stdout})
    first, last = (services.MASTERS[0].started(told, fact) for fact in ("started", "latest"))
    assert seen.returncode == 0 and 0 < first <= last <= time.time() + 2
    nobody = ask("masters.started", pgrep="exit 1")
    assert services.MASTERS[0].started(host({}, {"masters.started": nobody.stdout})) == 0


def test_the_pods_of_a_node_without_them_are_none(ask):
    assert ask("masters.pods").stdout == "" and ask("masters.pods").returncode == 0
