# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/tools/environment and tests/requirements: environments hold what the files say, nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import TOOLS, load

REQUIREMENTS = TOOLS.parent / "requirements"
FILES = sorted(REQUIREMENTS.glob("*.txt"))
REPOSITORY = TOOLS.parents[1]


@pytest.fixture
def environment():
    return load("environment")


@pytest.mark.parametrize("name", ["dev", "core216"])
def test_an_environment_holds_exactly_the_packages_of_its_file(environment, name):
    assert environment.difference(name) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"surplus": "1.0"}, "surplus: 1.0, and the file says nothing"),
        ({"pytest": "1.0"}, "pytest: 1.0, and the file says 9."),
        ({"pytest": None}, "pytest: not installed, and the file says 9."),
        (None, ".venv has no Python that runs, or no pip"),
    ],
)
def test_a_difference_is_named(environment, monkeypatch, change, says):
    there = environment.installed(environment.python_of("dev"))
    changed = None if change is None else {key: value for key, value in (there | change).items() if value}
    monkeypatch.setattr(environment, "installed", lambda python: changed)
    (line,) = environment.difference("dev")
    assert line.startswith(says)


def test_an_environment_that_was_moved_is_named(environment, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pip").write_text("#!/elsewhere/bin/python\n")
    assert environment.moved(tmp_path) == [f"{tmp_path.name} was made at another place"]


@pytest.fixture
def checkout(tmp_path, environment):
    """A checkout with nothing in it but the tool, whose one environment needs nothing, and a place with a space."""
    place = tmp_path / "a checkout"
    (place / "tests/requirements").mkdir(parents=True)
    shutil.copytree(TOOLS, place / "tests/tools")
    (place / "tests/requirements/core216.txt").write_text("")
    return place


def make(checkout: Path) -> str:
    command = [sys.executable, checkout / "tests/tools/environment", "core216"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.mark.parametrize("damage", ["bin/python", "bin/pip", "lib", "pyvenv.cfg"])
def test_a_damaged_environment_is_made_again(checkout, damage):
    assert make(checkout) == "environment core216: 0 packages\n"
    assert make(checkout) == "", "and left alone when it is as it should be"
    venv = checkout / ".cache/venv-2.16"
    shutil.rmtree(venv / damage) if (venv / damage).is_dir() else (venv / damage).unlink()
    if damage == "bin/pip":  # as after a cut-off installation: there is something, and it does not work
        (venv / damage).write_text("")
    assert make(checkout) == "environment core216: 0 packages\n"
    assert make(checkout) == ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_names_hashes_and_no_address(file):
    text = file.read_text()
    assert "://" not in text and "index" not in text
    entries = re.split(r"\n(?=[a-z])", "\n" + re.sub(r"^ *#.*\n", "", text, flags=re.M))[1:]
    assert entries and all(re.match(r"[a-z0-9-]+==", entry) and "--hash=sha256:" in entry for entry in entries)


def test_every_group_of_pyproject_has_a_file():
    import tomllib

    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["dependency-groups"]
    for name, wanted in groups.items():
        locked = (REQUIREMENTS / f"{name}.txt").read_text()
        for requirement in wanted:
            assert requirement.lower() in locked.lower(), f"{requirement}: run `make lock`"
