# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a task looks for a file of the controller, and the sentence about one that is nowhere."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import TaskProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import ControllerFiles


class Reader(ControllerFiles):
    def run(self, tmp=None, task_vars=None):
        raise NotImplementedError


@pytest.fixture
def task(tmp_path):
    """A task of a playbook in plays, for a host of inventory/hosts; extra/more is another inventory."""
    for directory in ("plays", "inventory", "extra"):
        (tmp_path / directory / "files").mkdir(parents=True)
    for hosts in ("inventory/hosts", "extra/more"):
        (tmp_path / hosts).touch()
    loader = DataLoader()
    loader.set_basedir(str(tmp_path / "plays"))
    about = SimpleNamespace(async_val=0, get_search_path=lambda: [str(tmp_path / "plays")])
    made = Reader(about, MagicMock(), MagicMock(), loader, MagicMock(), MagicMock())
    made.variables = {
        "inventory_dir": str(tmp_path / "inventory"),
        "ansible_inventory_sources": [str(tmp_path / "inventory/hosts"), str(tmp_path / "extra/more"), "host1,"],
    }
    return made


#: Where a relative file is found, from the first place on.
PLACES = ("plays/files", "plays", "inventory/files", "inventory", "extra/files", "extra")


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_the_first_place_that_has_the_file_counts(task, tmp_path, number):
    for place in PLACES[number:]:
        (tmp_path / place / "ca.crt").write_text(place)
    assert task.read_file("ca.crt") == PLACES[number].encode()


def test_a_host_that_no_inventory_knows(task, tmp_path):
    """localhost, which Ansible makes up, has no inventory of its own."""
    task.variables["inventory_dir"] = None
    (tmp_path / "inventory/ca.crt").write_text("x")
    assert task.read_file("ca.crt") == b"x"


def test_the_places_of_a_missing_file_are_named(task, tmp_path):
    with pytest.raises(TaskProblem) as problem:
        task.read_file("sub/ca.crt")
    places = ", ".join(f"{tmp_path / place}/sub/ca.crt" for place in PLACES)
    assert str(problem.value) == (
        f"sub/ca.crt cannot be read on the controller: there is no such file; looked for {places}"
    )


def test_an_absolute_path_is_looked_for_nowhere_else(task, tmp_path):
    (tmp_path / "inventory" / "ca.crt").write_text("x")
    with pytest.raises(TaskProblem) as problem:
        task.read_file("/gone/ca.crt")
    assert str(problem.value) == "/gone/ca.crt cannot be read on the controller: there is no such file"


def test_a_directory_is_refused(task, tmp_path):
    (tmp_path / "inventory" / "ca.crt").mkdir()
    with pytest.raises(TaskProblem, match="the controller: /.*/inventory/ca.crt is a directory"):
        task.read_file("ca.crt")
