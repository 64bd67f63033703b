# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make docs` writes is what is committed, it touches nothing else, and it is what tasks really return."""

from __future__ import annotations

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest
from ansible_collections.dockyard.openshift.plugins.action import container_registries_info, host_policy_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries
from conftest import REPOSITORY
from tasks import COMMITTED, run
from test_host_policy import ACTIONS, EVERYTHING, docker
from test_options import TASKS, documentation

LOADER = SourceFileLoader("docs", str(REPOSITORY / "tests/tools/docs"))
docs = module_from_spec(spec_from_loader("docs", LOADER))
LOADER.exec_module(docs)

HAND_WRITTEN = """# Written by hand, before
<!-- BEGIN make docs: table {arguments} -->
| something | old |
<!-- END make docs -->
and after.
"""


def test_the_committed_files_are_those_of_make_docs():
    assert [str(path.relative_to(REPOSITORY)) for path in docs.stale()] == [], "run make docs"


def test_nothing_outside_of_the_markers_is_touched(tmp_path):
    (page := tmp_path / "page.md").write_text(HAND_WRITTEN.format(arguments="verify: option, values, default"))
    assert docs.written(page) == (
        "# Written by hand, before\n"
        "<!-- BEGIN make docs: table verify: option, values, default -->\n"
        "| option | values | unless given |\n"
        "| --- | --- | --- |\n"
        "| `verify` | `full`, `store`, `none` | `full` |\n"
        "<!-- END make docs -->\n"
        "and after.\n"
    )


@pytest.mark.parametrize("role", ["docker_registries", "image_policy", "node_storage"])
def test_the_tables_of_a_role_are_of_its_own_variables(role):
    """Tasks have options of one name, such as timeout."""
    page = (REPOSITORY / f"roles/{role}/README.md").read_text(encoding="utf-8")
    tables = re.findall(r"BEGIN make docs: table .*?variable.*?-->\n(.*?)<!-- END", page, re.DOTALL)
    names = [row.split("`")[1] for table in tables for row in table.splitlines()[2:]]
    assert names and [name for name in names if not name.startswith(f"{role}_")] == []


def test_a_marker_with_an_unknown_argument_is_an_error(tmp_path):
    (page := tmp_path / "page.md").write_text(HAND_WRITTEN.format(arguments="colour: meaning"))
    with pytest.raises(LookupError):
        docs.written(page)


def test_a_new_option_is_written_wherever_options_are(monkeypatch):
    """A feature says it once, and which variable fills it."""
    colour = {"type": "str", "choices": ["red", "blue"], "description": ["The colour of O(search)."]}
    monkeypatch.setitem(docs.TASKS["host_policy"].spec, "colour", colour)
    monkeypatch.setitem(registries.VARIABLES, "colour", ("docker_registries_colour",))
    module = docs.written(REPOSITORY / "plugins/modules/host_policy.py")
    assert "  colour:\n    description: The colour of O(search).\n    type: str\n    choices: [red, blue]\n" in module
    role = docs.written(REPOSITORY / "roles/docker_registries/meta/argument_specs.yml")
    shown = "      docker_registries_colour:\n        description: The colour of O(docker_registries_search).\n"
    assert shown in role


def test_options_of_the_role_are_its_variables():
    """A text that names an option names its variable in the role."""
    text = docs.in_role("O(blocked=all), O(hosted_registry_network), RV(plan.id)", "host_policy")
    assert text == (
        "O(docker_registries_blocked=all), O(openshift_docker_hosted_registry_network), "
        "RV(dockyard.openshift.host_policy#module:plan.id)"
    )


@pytest.mark.parametrize("task", TASKS)
def test_the_blocks_of_a_module_are_there(task):
    """Without its markers a module would be left as it is, and nothing would be stale."""
    text = (REPOSITORY / "plugins/modules" / f"{task}.py").read_text(encoding="utf-8")
    assert text.count("BEGIN make docs: options") == 1
    plans = hasattr(TASKS[task], "carry_out") and task not in ("certificates_backup", "mirrors_check", "registry_proof")
    assert text.count("BEGIN make docs: returned\n") == plans


RETURNED = {name: ACTIONS[name] for name in ("container_registries", "host_policy", "registry_trust")}
RETURNED |= {"container_registries_info": container_registries_info, "host_policy_info": host_policy_info}


@pytest.mark.parametrize("task", RETURNED)
def test_a_task_returns_its_documented_values(task):
    action = RETURNED[task].ActionModule
    words = {name: value for name, value in EVERYTHING.items() if name in action.spec}
    result = run(action, words, [docker()], COMMITTED, diff=True).result
    assert not result.get("failed"), result
    common = {"changed", "warnings"}  # Ansible's own
    assert result.keys() - common == documentation(task, "RETURN").keys()
