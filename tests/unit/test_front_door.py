# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a visitor finds first: headings of the README, sessions of nox, hooks of pre-commit, job templates of AWX."""

from __future__ import annotations

import ast
import json
import re
import zipfile

import yaml
from cases import documentation
from conftest import REPOSITORY

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

#: What certification of collections asks for, in its order.
HEADINGS = [
    "Description", "Requirements", "Installation", "Use Cases", "Testing", "Contributing", "Support",
    "Release Notes and Roadmap", "Related Information", "License Information",
]  # fmt: skip
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
AWX = REPOSITORY / "docs/awx-project"


def test_the_readme_has_the_headings_that_certification_asks_for() -> None:
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == HEADINGS


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_every_page_is_in_the_list_of_pages_and_on_the_site() -> None:
    pages = {file.name for file in REPOSITORY.glob("docs/*.md")} - {"README.md"}
    listed = (REPOSITORY / "docs/README.md").read_text(encoding="utf-8")
    engineers = {"architecture.md", "lessons.md"}  # CONTRIBUTING leads there
    assert {page for page in pages if f"]({page})" not in listed} <= engineers
    site = (REPOSITORY / "docs/site/index.md").read_text(encoding="utf-8").split()
    assert {page for page in pages if page.removesuffix(".md") not in site} == set()


def test_every_role_is_in_the_list_of_pages() -> None:
    listed = (REPOSITORY / "docs/README.md").read_text(encoding="utf-8")
    roles = [page.parent.name for page in REPOSITORY.glob("roles/*/README.md")]
    assert [role for role in roles if f"](../roles/{role}/README.md)" not in listed] == []


def test_the_sessions_of_nox_use_the_settings_that_make_uses() -> None:
    sessions = tomllib.loads((REPOSITORY / "antsibull-nox.toml").read_text(encoding="utf-8"))["sessions"]
    assert {"lint", "docs_check", "license_check", "build_import_check", "ansible_test_sanity"} <= set(sessions)
    assert (REPOSITORY / sessions["lint"]["ruff_check_config"]).is_file()
    assert (REPOSITORY / sessions["lint"]["yamllint_config"]).is_file()
    ast.parse((REPOSITORY / "noxfile.py").read_text(encoding="utf-8"))


def test_hooks_before_a_commit_run_programs_that_make_installs() -> None:
    (repo,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repo["repo"] == "local"
    programs = {hook["entry"].split(" ")[0] for hook in repo["hooks"]}
    folders = {".venv/bin": "dev", ".cache/venv-docs/bin": "docs"}
    for program in programs:
        folder, _slash, name = program.rpartition("/")
        locked = (REPOSITORY / f"tests/requirements/{folders[folder]}.txt").read_text(encoding="utf-8")
        assert re.search(rf"^{name}==", locked, re.MULTILINE), program
    assert "lint: ruff mypy yamllint ansible-lint codespell" in MAKEFILE


def test_private_code_is_said_to_be_private() -> None:
    said = (REPOSITORY / "plugins/plugin_utils/__init__.py").read_text(encoding="utf-8")
    assert "private" in said


def test_job_templates_of_awx_run_playbooks_of_the_project() -> None:
    (play,) = yaml.safe_load((REPOSITORY / "docs/job_templates.yml").read_text(encoding="utf-8"))
    for template in play["vars"]["awx_templates"]:
        (imported,) = yaml.safe_load((AWX / template["playbook"]).read_text(encoding="utf-8"))
        name = next(value for key, value in imported.items() if key.endswith("import_playbook"))
        assert (REPOSITORY / f"playbooks/{name.rpartition('.')[2]}.yml").is_file()


def test_the_table_of_job_templates_is_that_of_the_file() -> None:
    (play,) = yaml.safe_load((REPOSITORY / "docs/job_templates.yml").read_text(encoding="utf-8"))
    page = (REPOSITORY / "docs/awx.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (Registries - \w+) \| `([\w.]+)`(.*?) \| (yes|no)", page, re.MULTILINE)
    assert rows and [
        (name, playbook, "*Check*" in more, "*Show Changes*" in more, "a survey" in more, slices == "yes")
        for name, playbook, more, slices in rows
    ] == [
        (one["name"], one["playbook"], one.get("job_type") == "check", one.get("diff_mode", False),
         "survey_spec" in one, "job_slice_count" in one)
        for one in play["vars"]["awx_templates"]
    ]  # fmt: skip
    asked = play["vars"]["awx_survey_of_undo"]["spec"]
    assert [question["variable"] for question in asked] == ["undo_plan"]


def test_job_templates_of_awx_use_options_of_its_collection() -> None:
    wheels = sorted((REPOSITORY / ".cache/wheels").glob("ansible-[0-9]*.whl"))
    assert wheels, "the package with Galaxy's collections is not here: make environment"
    with zipfile.ZipFile(wheels[-1]) as archive:
        source = archive.read("ansible_collections/awx/awx/plugins/modules/job_template.py").decode()
    options = documentation(source)["options"]
    (play,) = yaml.safe_load((REPOSITORY / "docs/job_templates.yml").read_text(encoding="utf-8"))
    (task,) = play["tasks"]
    assert set(task["awx.awx.job_template"]) - set(options) == set()


def test_the_numbers_about_many_hosts_are_those_that_were_measured() -> None:
    """The lines about 1,000 hosts are drawn from 50 and 200 on, and say so."""
    measured = json.loads((REPOSITORY / "bench/scale.json").read_text(encoding="utf-8"))["runs"]
    by_run = {(one["playbook"], one["hosts"]): one for one in measured}
    page = (REPOSITORY / "docs/scale.md").read_text(encoding="utf-8")
    row = r"^\| `(\w+)` \| ([\d,]+)( \(extrapolated\))? \| (\d+) s \| (\d+) MB \|$"
    rows = re.findall(row, page, re.MULTILINE)
    assert len(rows) == 9
    for playbook, amount, drawn, *told in rows:
        few, many = by_run[playbook, 50], by_run[playbook, 200]
        hosts = int(amount.replace(",", ""))
        assert bool(drawn) == (hosts == 1000)
        wanted = [few[key] + (many[key] - few[key]) / 150 * (hosts - 50) for key in ("cpu", "all_mb")]
        assert [abs(int(text) - number) <= 1 for text, number in zip(told, wanted, strict=True)] == [True] * 2
