# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stranger meets first: who needs root, what comes before what, which limits hold."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import TOOLS

REPOSITORY = TOOLS.parents[1]
NOBODY = 65534


def planned(target: str) -> list[str]:
    """The commands of a target, in order, as make would run them."""
    command = ["make", "--no-print-directory", "-n", target]
    output = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return re.findall(r"tests/(?:tools|lab|bench)/\w+", output)


#: What starts containers, guests or a browser; `demo-down` takes them away, with podman or without.
ROOT = {"tests/lab/setup", "tests/lab/lab", "tests/lab/demo", "tests/lab/disks", "tests/bench/bench"}
DOCUMENTED = re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
OF_ROOT = [target for target in DOCUMENTED if target != "demo-down" and ROOT & set(planned(target))]


def test_targets_that_need_root_are_known():
    labs = "hosts crio masters page rulebook disks storage-full way molecule"
    assert OF_ROOT == f"demo test setup {labs} bench bench-hosts bench-masters".split()


@pytest.mark.parametrize("target", OF_ROOT)
def test_targets_that_need_root_prepare_the_machine_first(target):
    """Nothing of the lab can run before podman is there, nothing else before Python has venv; setup asks for root."""
    assert planned(target)[0] == "tests/lab/setup"


@pytest.mark.parametrize("target", ["lint", "unit", "quick", "sanity", "playbooks", "environment", "site", "release"])
def test_targets_without_root_leave_the_machine_alone(target):
    assert [command for command in planned(target) if command.startswith("tests/lab/")] == []


def test_linters_leave_the_home_of_their_user_empty(tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("ANSIBLE_HOME", None)
    subprocess.run(["make", "--no-print-directory", "lint"], cwd=REPOSITORY, env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.root
def test_setup_says_who_it_is_for_before_it_begins(tmp_path):
    setup = shutil.copy(REPOSITORY / "tests/lab/setup", "/tmp/setup-of-nobody")
    try:
        os.chmod(setup, 0o755)
        done = subprocess.run([setup], user=NOBODY, group=NOBODY, cwd="/", capture_output=True, text=True)
    finally:
        os.unlink(setup)
    said = "lab: this starts containers and a network, which needs root; `make lint unit` does not\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.parametrize(("hard", "nodes"), [(4096, 4096), (20000, 20000), (None, 20000)])
def test_nodes_are_given_no_more_open_files_than_this_machine_may_give(tmp_path, hard, nodes):
    """podman cannot raise a limit for a container without CAP_SYS_RESOURCE."""
    mine = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard and hard > mine:
        nodes = hard = mine
    shutil.copytree(REPOSITORY / "tests/lab/parts", tmp_path / "tests/lab/parts")
    shutil.copy(REPOSITORY / "tests/lab/lab.toml", tmp_path / "tests/lab")
    script = "from parts.shell import containers_conf; print(containers_conf())"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path / "tests/lab", capture_output=True, text=True, check=True,
        preexec_fn=lambda: hard and resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard)),
    )  # fmt: skip
    text = Path(done.stdout.strip()).read_text()
    assert f'"nofile={min(nodes, mine)}:{min(nodes, mine)}"' in text


@pytest.mark.parametrize("tests", ["tests/integration/hosts/conftest.py", "tests/lab/test_standin.py"])
def test_tests_start_podman_with_the_settings_of_the_lab(tests):
    """The machine's own may ask for limits that it cannot give."""
    path = REPOSITORY / tests
    script = f"import os, {path.stem}; print(os.environ['CONTAINERS_CONF'])"
    environment = {name: value for name, value in os.environ.items() if name != "CONTAINERS_CONF"}
    environment["PYTHONPATH"] = f"{path.parent}:{REPOSITORY}/tests/lab"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "[containers]" in Path(done.stdout.strip()).read_text()
