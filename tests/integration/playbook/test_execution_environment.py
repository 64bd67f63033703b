# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What we ship for AWX and Automation Platform, as their own tools take it: builder, navigator and runner."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml

from .conftest import REPOSITORY

TOOLS = REPOSITORY / ".venv/bin"
DEFINITION = REPOSITORY / "docs/ee/execution-environment.yml"
(AWX_PLAY,) = yaml.safe_load((REPOSITORY / "docs/job_templates.yml").read_text())
TEMPLATES = AWX_PLAY["vars"]["awx_templates"]
NAVIGATOR = REPOSITORY / "docs/ee/ansible-navigator.yml"
COLLECTION = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())


def tool(*command: str | Path, cwd: Path = REPOSITORY, **environment: str) -> str:
    """stdout of a tool of the virtual environment; it finds its own helpers there, too."""
    path = f"{TOOLS}:{os.environ['PATH']}"
    done = subprocess.run(
        [TOOLS / command[0], *command[1:]],
        env={**os.environ, "PATH": path, **environment}, cwd=cwd,
        text=True, timeout=120, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_builder_finds_the_needs_of_the_collection() -> None:
    found = yaml.safe_load(tool("ansible-builder", "introspect", REPOSITORY / ".cache/collections"))
    mine = [line.partition("  #")[0] for line in found["python"] if "dockyard.openshift" in line]
    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert mine == [line for line in lines if not line.startswith("#")]


def test_builder_makes_a_context_of_the_example(tmp_path: Path) -> None:
    archive = "{namespace}-{name}-{version}.tar.gz".format(**COLLECTION)
    (tmp_path / DEFINITION.name).write_text(DEFINITION.read_text())
    (tmp_path / archive).touch()
    context = tmp_path / "context"
    tool("ansible-builder", "create", "-f", tmp_path / DEFINITION.name, "-c", context)
    (collection,) = yaml.safe_load((context / "_build/requirements.yml").read_text())["collections"]
    assert (context / "_build" / collection["name"]).name == archive
    assert (context / "_build" / collection["name"]).exists()


def test_navigator_takes_the_example(tmp_path: Path) -> None:
    log = {"ANSIBLE_NAVIGATOR_LOG_FILE": str(tmp_path / "log")}
    command = ("ansible-navigator", "settings", "--effective", "--mode", "stdout", "--ee", "false")
    shown = tool(*command, ANSIBLE_NAVIGATOR_CONFIG=str(NAVIGATOR), **log)
    wanted = yaml.safe_load(NAVIGATOR.read_text())["ansible-navigator"]
    effective = yaml.safe_load(shown)["ansible-navigator"]
    assert effective["execution-environment"]["image"] == wanted["execution-environment"]["image"]
    assert effective["playbook-artifact"] == wanted["playbook-artifact"]


def test_navigator_would_refuse_a_wrong_one(tmp_path: Path) -> None:
    """What the test above is worth. What is wrong with it goes to a log where navigator was called."""
    config = tmp_path / "ansible-navigator.yml"
    config.write_text(NAVIGATOR.read_text().replace("policy: missing", "policy: seldom"))
    with pytest.raises(AssertionError, match="pull"):
        tool(
            "ansible-navigator",
            "settings",
            "--effective",
            "--mode",
            "stdout",
            cwd=tmp_path,
            ANSIBLE_NAVIGATOR_CONFIG=str(config),
        )


def test_runner_runs_the_playbook_and_tells_of_every_host(tmp_path: Path, collections: Path) -> None:
    """As AWX does: a private data directory, check mode, and events instead of a screen."""
    log = tmp_path / "calls"
    log.touch()
    (tmp_path / "runner").mkdir()
    local = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    local["registry_policy"] = {"search": ["a.example.com"]}
    run = ansible_runner.run(
        private_data_dir=str(tmp_path / "runner"),
        playbook="dockyard.openshift.registries",
        inventory={"all": {"hosts": {"a": {"fate": "changed"}, "b": {"fate": "same"}}, "vars": local}},
        cmdline="--check",
        envvars={
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "FAKE_LOG": str(log),
            "PATH": f"{TOOLS}:{os.environ['PATH']}",
        },
        quiet=True,
    )
    assert (run.status, run.rc) == ("successful", 0)
    assert results(run, "Configure registries and certificates of the container engines") == {"a": True, "b": False}
    assert [json.loads(line)["check"] for line in log.read_text().splitlines() if "host_policy" in line] == [True, True]
    assert run.stats["changed"] == {"a": 1}
    assert run.stats["failures"] == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=[template["name"] for template in TEMPLATES])
def test_runner_runs_the_project_as_each_job_template_says(
    tmp_path: Path, collections: Path, template: dict[str, Any]
) -> None:
    """As a job of AWX does: the project beside an inventory, a play by its file, the variables of template and job."""
    log = tmp_path / "calls"
    log.touch()
    shutil.copytree(REPOSITORY / "docs/awx-project", tmp_path / "job/project")
    told = {"ansible_connection": "local", "fate": "changed", "registry_policy": {"search": ["a.example.com"]}}
    told["ansible_python_interpreter"] = "/usr/bin/python3"
    survey = {"undo_plan": "0123456789ab"} if template["playbook"] == "undo.yml" else {}
    checks = template.get("job_type") == "check"
    run = ansible_runner.run(
        private_data_dir=str(tmp_path / "job"),
        playbook=template["playbook"],
        inventory={"all": {"children": {"nodes": {"hosts": {"a": None, "b": None}, "vars": told}}}},
        extravars={**template.get("extra_vars", {}), **survey, "awx_job_id": 7},
        limit="a" if template.get("ask_limit_on_launch") else None,
        cmdline=" ".join(["--diff"] * template.get("diff_mode", False) + ["--check"] * checks) or None,
        envvars={
            "ANSIBLE_COLLECTIONS_PATH": str(collections),  # where AWX puts what collections/requirements.yml names
            "FAKE_LOG": str(log),
            "PATH": f"{TOOLS}:{os.environ['PATH']}",
        },
        quiet=True,
    )
    calls = [call for call in map(json.loads, log.read_text().splitlines()) if call["task"] != "registry_policy"]
    assert (run.status, run.rc) == ("successful", 0), run.stdout.read()
    assert {call["host"] for call in calls} == ({"a"} if template.get("ask_limit_on_launch") else {"a", "b"})
    tasks = {"host_policy_info"} if template["playbook"] == "verify.yml" else {"host_policy"}
    assert {call["task"] for call in calls} >= tasks
    assert {call["check"] for call in calls if call["task"] == "host_policy"} <= {checks}


def results(run: Any, task: str) -> dict[str, bool]:
    """Return the hosts of a task's events, and whether it changed anything there."""
    ended = [event["event_data"] for event in run.events if event["event"] == "runner_on_ok"]
    return {data["host"]: data["res"]["changed"] for data in ended if data["task"].endswith(task)}
