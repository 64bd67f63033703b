# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says while it works reaches the log of a CI job while it works."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest
from conftest import REPOSITORY

#: A process that loads an action, says a line as a worker's line is written, and then waits.
PROGRAM = """
import importlib, sys
importlib.import_module("ansible_collections.dockyard.openshift.plugins.action.{name}")
sys.stdout.write("pool worker: rolling\\n")
sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["node_pools", "node_drain", "mirrors_migrate", "image_registry_move"])
def test_a_line_goes_through_a_pipe_before_there_are_many(name):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    environment["PYTHONPATH"] = str(REPOSITORY / ".cache/collections")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(name=name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip
    with process:
        ready, _, _ = select.select([process.stdout], [], [], 20)
        assert ready and process.stdout.readline() == "pool worker: rolling\n"
        process.stdin.close()
    assert process.returncode == 0
