# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils import clock
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries_plan as planning
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import words_in
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role import ASKING, NOTHING_ASKED
from ansible_collections.dockyard.openshift.plugins.plugin_utils.role.hosts import FEATURES, NAMES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import cleaned
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostTask
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.secrets import Secrets

_SPEC = HostTask.options_of(FEATURES)
_FOR_CLUSTERS = "it is a word for clusters"
_NOT_PLANNED = {"credentials": "no record of a host holds its logins"}


def registries_plan(
    host: Any,
    policy: Any = None,
    variables: Any = None,
    mode: Any = None,
    activation: Any = "if_idle",
    unenforceable: Any = "fail",
    foreign_scopes: Any = "fail",
) -> Any:
    """Plan one host from its record."""
    how = {"mode": mode, "activation": activation, "unenforceable": unenforceable, "foreign_scopes": foreign_scopes}
    return filters.filtered(_planned, host, policy, variables, called="registries_plan", how=how)


def _planned(host: Any, policy: Any, variables: Any, how: Mapping[str, Any]) -> dict[str, Any]:
    if (policy is None) == (variables is None):
        raise filters.ArgumentProblem("give either policy or variables, and not both")
    if variables is None:
        said, remarks = _words_in(policy)
        named = {word: (f"policy.{word}",) for word in said}
    else:
        said, named, remarks = _words_of(variables)
    chosen = {name: value for name, value in how.items() if value is not None}
    usual = {name: about.get("default") for name, about in _SPEC.items() if name in how}
    given = chosen | said | {name: value for name, value in chosen.items() if value != usual[name]}
    secrets = Secrets()
    secrets.add_passwords_of(host)
    options = filters.validated(_SPEC, given, named)
    planned = planning.plan(host, options, clock.now(), secrets.add_key, named)
    result = planning.result(planned)
    result["warnings"] = [*remarks, *result["warnings"]]
    hidden: dict[str, Any] = secrets.hidden_in(result)
    return {**cleaned(hidden), "files": hidden["files"]}  # a file is written as it is


def _words_in(policy: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the words that are planned here, and what is said of the others."""
    said = {word: value for word, value in words_in("policy", policy).items() if value is not None}
    planned = {word: value for word, value in said.items() if word in _SPEC and word not in _NOT_PLANNED}
    left_out = (word for word in said if word not in planned)
    return planned, [f"policy.{word} is left out: {_NOT_PLANNED.get(word, _FOR_CLUSTERS)}" for word in left_out]


def _words_of(variables: Any) -> tuple[dict[str, Any], dict[str, tuple[str, ...]], list[str]]:
    """Return the options that variables of an inventory fill, by which, and what is left out."""
    if not isinstance(variables, Mapping):
        raise filters.ArgumentProblem("variables must be a mapping of names to values")
    if problem := NAMES.misspelt(variables):
        raise filters.ArgumentProblem(problem)
    found: dict[str, tuple[str, Any]] = {}
    for feature in FEATURES:
        found |= feature.fill(list(_SPEC), variables.get)
    if not any(option in found and not (found[option][1] is False and _is_flag(option)) for option in ASKING):
        raise filters.ArgumentProblem(NOTHING_ASKED.format(host=str(variables.get("inventory_hostname", "the host"))))
    origins = {option: name for option, (name, _value) in found.items()}
    remarks = [text for feature in FEATURES for text in feature.fill.remarks(origins, variables.get)]
    named = {option: (name,) for option, name in origins.items()}
    for feature in FEATURES:
        named |= feature.fill.trail(origins, variables.get)
    for option, why in _NOT_PLANNED.items():
        remarks += [f"{found.pop(option)[0]} is left out: {why}"] if option in found else []
    return {option: value for option, (_name, value) in found.items()}, named, remarks


def _is_flag(option: str) -> bool:
    return bool(_SPEC[option].get("type") == "bool")


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"registries_plan": registries_plan}
