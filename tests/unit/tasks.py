# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole task, options in and result out, on a host that answers as told."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dockyard.openshift.plugins.module_utils import _snapshot
from ansible_collections.dockyard.openshift.plugins.module_utils._snapshot import COMMAND, DIRECTORY, FILE
from ansible_collections.dockyard.openshift.plugins.modules import host_transaction
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import SNAPSHOT
from sentences import hear_asked, hear_sent


def opaque(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


#: What an action is given and a test does not look at. Making one anew for each run took a tenth of all time.
ANYTHING = MagicMock()


@dataclass
class Run:
    """What came of a task: its result, and the calls of modules it made, in order."""

    result: dict[str, Any]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def transactions(self) -> list[dict[str, Any]]:
        return [arguments for module, arguments in self.calls if module != SNAPSHOT]


def run(action: Any, args: dict[str, Any], snapshots: list[Any], *transactions: dict[str, Any], **more: Any) -> Run:
    """Run an ActionModule. snapshots: what each look at the host finds; transactions: what each of those answers."""
    looks, ends = iter(snapshots), iter(transactions)
    told = Run({})

    def module(module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        told.calls.append((module_name, module_args))
        assert not refused_by(module_name, module_args)
        hear_call(module_name, module_args)
        if module_name != SNAPSHOT:
            return next(ends)
        seen = next(looks)
        return seen if "failed" in seen or "module_stdout" in seen else {"snapshot": opaque(seen)}

    task = SimpleNamespace(
        args=args, check_mode=more.get("check", False), diff=more.get("diff", False), async_val=0, action="x",
        delegate_to=None, get_search_path=list,
    )  # fmt: skip
    made = action(task, ANYTHING, ANYTHING, more.get("loader", ANYTHING), ANYTHING, ANYTHING)
    made._execute_module = more.get("module", module)
    made._templar = SimpleNamespace(template=lambda value: value)
    told.result = made.run(task_vars={"inventory_hostname": "node1", **more.get("variables", {})})
    return told


def asked(arguments: dict[str, Any]) -> dict[str, Any]:
    """Unpack the questions to host_snapshot."""
    return json.loads(base64.b64decode(arguments["wanted"]))


def hear_call(module: str, arguments: dict[str, Any]) -> None:
    """Keep in mind what a module on a host was called with."""
    if module == SNAPSHOT:
        hear_asked(asked(arguments))
    else:
        hear_sent(arguments)


def refused_by(module: str, arguments: dict[str, Any]) -> Any:
    """Return the reason why the module on the host would refuse these arguments; no test sends such ones."""
    if module != SNAPSHOT:
        return ArgumentSpecValidator(host_transaction.OPTIONS).validate(arguments).error_messages
    wanted, foreign = {**_snapshot.WANTED, **asked(arguments)}, set(asked(arguments)) - set(_snapshot.WANTED)
    for kind, usual in (("files", FILE), ("directories", DIRECTORY), ("commands", COMMAND)):
        foreign |= {key for each in wanted[kind] for key in each.keys() - usual.keys() - {"path", "name", "argv"}}
        wanted[kind] = [{**usual, **each} for each in wanted[kind]]
    return foreign or _snapshot.problem_of(wanted)


def holds(found: Any, wanted: Any) -> bool:
    """Return whether wanted is a part of found: mappings with at least these keys, texts with these words."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and holds(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    return wanted in found if isinstance(wanted, str) and isinstance(found, str) else found == wanted


COMMITTED = {"committed": True, "rolled_back": False, "report": opaque([])}
