# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook as people run it, with both ansible-cores, on a real API server."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import REPOSITORY

CORES = {"2.19": ".venv", "2.16": ".cache/venv-2.16"}


def command(core: str, home: Path, *arguments: object, **environment: str) -> dict[str, Any]:
    """Return what subprocess needs to run ansible-playbook of this core, with nothing of whoever tests."""
    whoever_tests = ("ANSIBLE_", "K8S_AUTH_", "PYTHONUNBUFFERED")  # the last one would hide a line that is not let out
    outer = {name: value for name, value in os.environ.items() if not name.startswith(whoever_tests)}
    own = {
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".cache/collections"),
        "HOME": str(home),
    }
    args = [REPOSITORY / CORES[core] / "bin/ansible-playbook", *map(str, arguments)]
    return {"args": args, "env": outer | own | environment, "cwd": home, "text": True}


def play(core: str, home: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**command(core, home, *arguments, **environment), capture_output=True, timeout=180)


def kill(process: subprocess.Popen[str]) -> None:
    """End ansible-playbook by SIGKILL, and its workers: each has a session of its own, and would go on."""
    pids = [process.pid]
    for pid in pids:
        pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def inventory(home: Path, **variables: Any) -> Path:
    """Write the inventory of the cluster; core 2.16 cannot run its own Python on a path with a space."""
    place, here = home / "hosts.yml", {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    groups = {"clusters": {"hosts": {"lab": {**here, **variables}}}, "ungrouped": {"hosts": {"localhost": here}}}
    place.write_text(yaml.safe_dump(groups))
    return place


@pytest.mark.parametrize("core", CORES)
def test_check_run_check_run(lab, tmp_path, core):
    token = lab.state["tokens"]["admin"]
    hosts = inventory(
        tmp_path,
        cluster_kubeconfig=str(lab.kubeconfig),
        registry_policy={
            "blocked": ["docker.io"],
            "mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}],
        },
    )
    playbook = REPOSITORY / "playbooks/cluster_registries.yml"
    changed = []
    for mode in (["--check", "--diff"], ["-vvv"], ["--check"], []):
        done = play(core, tmp_path, "-i", hosts, playbook, *mode)
        assert done.returncode == 0, done.stdout + done.stderr
        assert token not in done.stdout + done.stderr
        changed.append("changed=1" in done.stdout)
    assert changed == [True, True, False, False]
    assert lab.get("Image", "cluster")["spec"]["registrySources"] == {"blockedRegistries": ["docker.io"]}
    left = list(Path("/dev/shm").glob("dockyard-*"))
    assert not left, "keys are on no disk and in no memory file"


def test_the_environment_and_module_defaults_of_a_play(lab, tmp_path):
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{
            "hosts": "clusters", "gather_facts": False,
            "environment": {"K8S_AUTH_HOST": lab.address, "K8S_AUTH_SSL_CA_CERT": lab.authority},
            "module_defaults": {"group/dockyard.openshift.dockyard": {"api_key": lab.state["tokens"]["admin"]}},
            "tasks": [
                {"dockyard.openshift.cluster_registries_info": {}, "register": "found"},
                {"ansible.builtin.debug": {"var": "found.version"}},
            ],
        }])
    )  # fmt: skip
    done = play("2.19", tmp_path, "-i", inventory(tmp_path), tmp_path / "play.yml")
    assert done.returncode == 0 and "4.20.3" in done.stdout, done.stdout + done.stderr


def test_a_kubeconfig_of_the_host_stays_in_memory(lab, tmp_path):
    config = tmp_path / "admin.kubeconfig"
    config.write_text(yaml.safe_dump(inline(lab)))
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{
            "hosts": "clusters", "gather_facts": False,
            "tasks": [
                {"dockyard.openshift.cluster_registries_info": {"remote_kubeconfig": str(config)}, "register": "found"},
                {"ansible.builtin.debug": {"var": "found.version"}},
            ],
        }])
    )  # fmt: skip
    done = play("2.19", tmp_path, "-i", inventory(tmp_path), tmp_path / "play.yml", "-vvv")
    assert done.returncode == 0 and "4.20.3" in done.stdout, done.stdout + done.stderr
    assert lab.state["tokens"]["admin"] not in done.stdout


def inline(lab: Any) -> dict[str, Any]:
    """The lab's kubeconfig with its authority in it, as installers write it."""
    config = json.loads(lab.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    authority = Path(cluster.pop("certificate-authority")).read_bytes()
    cluster["certificate-authority-data"] = base64.b64encode(authority).decode()
    return config
