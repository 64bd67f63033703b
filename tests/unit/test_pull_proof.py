# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof by pulls: what the host runs, and what a task makes of it."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.dockyard.openshift.plugins.action import container_registries, container_registries_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.registries import own_files, pull_proof
from cases import cases
from hosts import host, snapshot
from tasks import asked, opaque, run

IMAGE = "r.example.com/a"
INFO = {"podman.info": '{"version": {"Version": "4.3.1"}, "registries": {}}'}
PODMAN = {**snapshot({}, INFO), "uid": 0, "user": "root"}
WANTED = {"comes": ["quay.io/a/b:1"], "refused": ["docker.io/library/busybox"]}

_PROGRAM = """#!/bin/sh
case $1 in inspect|inspecti) exit {there};; esac
echo "$1" >>"{log}"
case $1 in
  pull) [ {pulls} = 0 ] || echo "registry r.example.com is blocked" >&2; exit {pulls};;
  push) [ {pushes} = 0 ] || echo denied >&2; exit {pushes};;
  import) cat >/dev/null;;
esac
"""


@pytest.mark.parametrize("case", cases("pull_proof/script.yml"))
def test_what_the_host_runs(case, tmp_path):
    program, log = case.get("program", "podman"), tmp_path / "log"
    facts = {key: 0 if case.get(key, usual) else 1 for key, usual in (("there", 0), ("pulls", 1), ("pushes", 1))}
    (tmp_path / program).write_text(_PROGRAM.format(log=log, **facts))
    (tmp_path / program).chmod(0o755)
    argv = pull_proof._argv(program, pull_proof.Wanted(IMAGE, case["wanted"]))
    done = subprocess.run(
        argv, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, log.read_text().split()) == (case["rc"], case["ran"]), done
    assert case["says"] in (done.stderr if case["rc"] else done.stdout)


def test_a_change_is_proved_by_pulls():
    name = "image quay.io/a/b:1 comes (podman)"
    report = [{"step": "check", "name": name, "state": "done", "rc": 0, "stdout": "it came\n"}]
    done = run(
        container_registries.ActionModule, {"blocked": ["docker.io"], "verify_pull": WANTED}, [PODMAN],
        {"committed": True, "report": opaque(report)},
    )  # fmt: skip
    names = [check["name"] for check in done.transactions[0]["checks"]]
    assert names[1:] == ["image quay.io/a/b:1 comes (podman)", "image docker.io/library/busybox refused (podman)"]
    assert done.result["pulled"] == [
        {"image": "quay.io/a/b:1", "engine": "podman", "expected": "comes", "ok": True, "said": "it came"}
    ]


def test_nothing_is_pulled_where_nothing_changes():
    done = run(container_registries.ActionModule, {"blocked": [], "verify_pull": WANTED}, [PODMAN])
    assert done.transactions == [] and done.result["pulled"] == []


def test_a_report_pulls_at_every_look():
    """What is not as it should be is a difference from the policy."""
    failed = {"state": "done", "rc": 1, "stdout": "", "stderr": "it came, and it must not\n"}
    seen = {**PODMAN, "commands": {**PODMAN["commands"], "image docker.io/library/busybox refused (podman)": failed}}
    done = run(container_registries_info.ActionModule, {"blocked": [], "verify_pull": WANTED}, [seen])
    assert done.result["drift"] and "it came, and it must not" in done.result["account"][1]
    commands = {each["name"]: each for each in asked(done.calls[0][1])["commands"]}
    assert commands["image quay.io/a/b:1 comes (docker)"]["needs"] == "docker"


@pytest.mark.parametrize(
    ("args", "says"),
    [({"insecure": ["a.example.com"]}, "'a.example.com' is insecure: whoever stands in between"),
     ({"allowed": ["quay.io"]}, "images of docker.io are out of reach"),
     ({"allowed": ["docker.io/library"]}, None),
     ({"blocked": []}, None)],
)  # fmt: skip
def test_what_comes_with_it_is_a_warning(args, says):
    done = run(container_registries_info.ActionModule, {**args, "verify_pull": WANTED}, [PODMAN])
    assert [says in text for text in done.result.get("warnings", [])] == ([True] if says else [])
    assert not run(container_registries_info.ActionModule, args, [PODMAN]).result.get("warnings")


def test_a_wrong_name():
    done = run(container_registries.ActionModule, {"blocked": [], "verify_pull": {"comes": ["A B"]}}, [])
    assert done.result["failed"]
    assert done.result["msg"].startswith("verify_pull: comes: 'A B' is not an image reference")


def test_files_that_users_have_of_their_own(tmp_path):
    """The script itself, for homes and units of a test, and what the report makes of its answer."""
    home = tmp_path / "home"
    names = ("registries.conf", "auth.json", "other", "registries.conf.d/10-x.conf", "systemd/app.container")
    for path in (f".config/containers/{name}" for name in names):
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text("[Service]\nEnvironment=REGISTRY_AUTH_FILE=/home/u/secret-place\n")
    passwd = f"joe:x:1000:1000::{home}:/bin/sh\nroot:x:0:0::/root:/bin/sh"
    (tmp_path / "getent").write_text(f"#!/bin/sh\necho '{passwd}'\n")
    (tmp_path / "getent").chmod(0o755)
    argv = [word.replace("/etc/", f"{tmp_path}/etc/") for word in own_files.QUESTION.argv]
    said = subprocess.run(
        argv, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, text=True, check=True
    ).stdout
    found = own_files.found(host({}, {"own.files": said}))
    assert {(each["user"], each["path"].removeprefix(str(home)), each["line"], each["variable"]) for each in found} == {
        ("joe", "/.config/containers/registries.conf", None, None),
        ("joe", "/.config/containers/auth.json", None, None),
        ("joe", "/.config/containers/registries.conf.d/10-x.conf", None, None),
        ("joe", "/.config/containers/systemd/app.container", 2, "REGISTRY_AUTH_FILE"),
    }
    assert "secret-place" not in said
