# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a task looks for a file of the controller, and the sentence about one that is nowhere."""

from __future__ import annotations

import errno
import os
import stat
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import TaskProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import (
    ControllerFiles,
    content_of,
    write_text,
)


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


@pytest.mark.parametrize("said", [None, "None"])
def test_a_host_that_no_inventory_knows(task, tmp_path, said):
    """localhost, which Ansible makes up, has no inventory of its own, and of a host of `-i name,` it says a text."""
    task.variables["inventory_dir"] = said
    (tmp_path / "inventory/ca.crt").write_text("x")
    assert task.read_file("ca.crt") == b"x"
    with pytest.raises(TaskProblem) as problem:
        task.read_file("other.crt")
    assert "None" not in str(problem.value)


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


def test_a_file_that_goes_before_it_is_read(task, tmp_path, monkeypatch):
    (tmp_path / "inventory" / "ca.crt").write_text("x")
    monkeypatch.setattr(task._loader, "get_real_file", lambda path: str(tmp_path / "gone"))
    with pytest.raises(TaskProblem) as problem:
        task.read_file("ca.crt")
    assert str(problem.value) == "ca.crt cannot be read on the controller: No such file or directory"


# --- what a task writes ---


def test_a_file_is_whole_on_the_disk_before_it_has_its_name(task, tmp_path, monkeypatch):
    order, place = [], tmp_path / "new/archive"
    fsync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: order.append(os.fstat(fd).st_size) or fsync(fd))
    monkeypatch.setattr(os, "replace", lambda old, new: order.append(new) or rename(old, new))
    task.write_privately(str(place), b"secret")
    assert order == [6, str(place)] and place.read_bytes() == b"secret"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600 and stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    task.write_whole(str(place), b"open", 0o644)
    assert stat.S_IMODE(place.stat().st_mode) == 0o644 and [one.name for one in place.parent.iterdir()] == ["archive"]


def test_a_bare_name_is_written_where_the_run_was_started(task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task.write_privately("node1.json", b"x")
    write_text("to", "plan.txt", "y")
    assert (tmp_path / "node1.json").read_bytes() == b"x" and content_of("to", "plan.txt") == "y"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(task, tmp_path, monkeypatch, call):
    place = tmp_path / "archive"
    place.write_text("old")
    before = {one.name for one in tmp_path.iterdir()}

    def full(*dummy):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(TaskProblem) as problem:
        task.write_privately(str(place), b"new")
    assert str(problem.value) == f"{place} cannot be written on the controller: no space left"
    assert place.read_text() == "old" and {one.name for one in tmp_path.iterdir()} == before


def test_a_text_is_written_whole_and_read_again(tmp_path):
    place = tmp_path / "made/plan.txt"
    assert content_of("to", str(place)) is None
    write_text("to", str(place), "a\n")
    assert content_of("to", str(place)) == "a\n" and [one.name for one in place.parent.iterdir()] == ["plan.txt"]
    (tmp_path / "file").touch()
    with pytest.raises(TaskProblem, match=r"^to: /.*/file/plan cannot be written: "):
        write_text("to", str(tmp_path / "file/plan"), "a")
    place.write_bytes(b"\xff")
    with pytest.raises(TaskProblem, match=r"^to: /.*/plan.txt cannot be read$"):
        content_of("to", str(place))


def test_a_search_that_ansible_gives_up_is_one_sentence(task, monkeypatch):
    def refuses(*_arguments):
        raise AnsibleError("the path cannot be used\nand this is how a template would be debugged")

    monkeypatch.setattr(task, "_find_needle", refuses)
    with pytest.raises(TaskProblem, match=r"^ca\.crt cannot be read on the controller: the path cannot be used$"):
        task.read_file("ca.crt")
