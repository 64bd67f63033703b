# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalid input is refused in one sentence, before any host is touched: here no host exists."""

from __future__ import annotations

import fnmatch
import tempfile
from pathlib import Path

import pytest
import yaml
from conftest import CORES, REPOSITORY, Controller

CASES = yaml.safe_load((REPOSITORY / "tests/data/hosts/bad_input.yml").read_text())


@pytest.fixture(scope="module", params=CORES)
def refused(request, tmp_path_factory):
    """Host → what its tasks returned, and the runs: one for each task that refuses, with a host for each case."""
    told, runs = {}, []
    for task in ("policy", "arguments", "roll-out"):
        hosts = {
            f"case{number}.invalid": case["vars"]
            for number, case in enumerate(CASES)
            if case.get("at", "policy") == task
        }
        scratch = tmp_path_factory.mktemp("bad-input")
        inventory = scratch / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        with tempfile.TemporaryDirectory(prefix="cp-") as sockets:
            run = Controller(scratch, sockets).playbook(
                Path("playbooks/registries.yml"), core=request.param, inventory=inventory
            )
        runs.append(run)
        for line in run.results:
            told.setdefault(line["host"], []).append(line)
    return told, runs


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_refused_with_one_sentence(refused, number):
    lines = refused[0][f"case{number}.invalid"]
    assert [line["outcome"] for line in lines][-1] == "failed" and not {line["outcome"] for line in lines} & {
        "unreachable"
    }
    said = lines[-1]["result"]["msg"]
    assert fnmatch.fnmatchcase(said, CASES[number]["says"].replace("[", "[[]")), said
    if CASES[number].get("at") != "arguments":  # there Ansible itself speaks
        assert "\n" not in said


def test_nothing_was_touched_and_nothing_looks_like_a_crash(refused):
    for run in refused[1]:
        assert run.rc == 2
        assert "Traceback" not in run.output and "UNREACHABLE" not in run.output
        assert "PLAY [Roll the registries out]" not in run.output
