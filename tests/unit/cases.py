# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases below tests/data, one pytest parameter a case; and upstream's own tables."""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

DATA = Path(__file__).resolve().parents[1] / "data"
FILTERS = Path(__file__).resolve().parents[2] / "plugins/filter"


def table(path: Path) -> Any:
    """Read a file of data. By libyaml, where PyYAML has it: thousands of cases are read before the first test runs."""
    text = path.read_text(encoding="utf-8")
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:  # libyaml refuses halves of a surrogate pair, which some cases are about
        return yaml.safe_load(text)


def cases(file: str, having: str | None = None) -> list:
    """The cases of a table, named after themselves; only those that have a key, when one is given."""
    return [pytest.param(case, id=case["name"]) for case in table(DATA / file) if having is None or having in case]


def upstream(shared_dir: Path, number: int) -> list[dict[str, Any]]:
    """The cases of one table that was cut from a project whose behaviour we predict."""
    return json.loads(next((shared_dir / "upstream-cases").glob(f"{number:02}_*.json")).read_text())["cases"]


def documentation(source: str) -> dict[str, Any]:
    """The documentation of a module, from its source."""
    assigned = (node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    (text,) = (node.value.value for node in assigned if getattr(node.targets[0], "id", "") == "DOCUMENTATION")
    return yaml.safe_load(text)


def examples(filter_name: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks of a filter's EXAMPLES, their expressions evaluated with these variables and the filter itself."""
    plugin = import_module(f"ansible_collections.dockyard.openshift.plugins.filter.{filter_name}")
    environment = NativeEnvironment(undefined=StrictUndefined)
    environment.filters |= {f"dockyard.openshift.{name}": one for name, one in plugin.FilterModule().filters().items()}
    tasks = yaml.safe_load(yaml.safe_load((FILTERS / f"{filter_name}.yml").read_text(encoding="utf-8"))["EXAMPLES"])
    return [_evaluated(environment, task, told) for task in tasks]


def _evaluated(environment: NativeEnvironment, task: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Evaluate the expressions of one task: the values of its action, and under "vars" its variables."""
    variables = dict(told)
    for name, text in task.get("vars", {}).items():
        variables[name] = environment.from_string(text).render(variables) if isinstance(text, str) else text
    (action,) = (value for key, value in task.items() if "." in key)
    shown = {
        name: environment.from_string(text).render(variables) for name, text in action.items() if "{{" in str(text)
    }
    return {**shown, "vars": {name: variables[name] for name in task.get("vars", {})}}


def part(found: Any, wanted: Any, path: str = "") -> list[str]:
    """List where an object is not as wanted; null stands for absence."""
    if isinstance(wanted, dict) and wanted:
        have = found if isinstance(found, dict) else {}
        return [text for key, value in wanted.items() for text in part(have.get(key), value, f"{path}.{key}")]
    return [] if found == wanted else [f"{path} is {found}, not {wanted}"]
