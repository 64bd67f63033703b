# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every task about a cluster keeps: its plan comes true, a second run does nothing, a refusal writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

READS = {"GET"}
Task = Callable[..., dict[str, Any]]


def planned_and_done(task: Task, case: Any, server: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run in check mode, which must write nothing, and for real, which must carry out the same plan."""
    planned = task(case, server, check=True, diff=True)
    assert planned["changed"] and not planned.get("failed"), planned
    assert {method for method, *_rest in server.log} == READS, "check mode sends no write verb"
    done = task(case, server, diff=True)
    assert done["changed"] and not done.get("failed"), done
    assert done["plan"]["id"] == planned["plan"]["id"]
    return planned, done


def told(done: dict[str, Any], then: dict[str, Any]) -> None:
    """Find every warning and every note that the case names."""
    for key in ("warnings", "notes"):
        texts = done.get(key, [])
        assert all(any(wanted in text for text in texts) for wanted in then.get(key, ())), texts


def nothing_left(task: Task, case: Any, server: Any) -> None:
    """Run again in both modes: nothing changes, and nothing but reads is sent."""
    count = len(server.log)
    for check in (True, False):
        again = task(case, server, check=check)
        assert not again["changed"] and not again.get("failed"), (again, case)
    assert {method for method, *_rest in server.log[count:]} == READS


def refused(task: Task, case: Any, server: Any) -> dict[str, Any]:
    """Run in both modes what is to be refused: in one sentence, without a secret, before anything is written."""
    for check in (True, False):
        result = task(case, server, check=check)
        assert result["failed"] and case["refused"] in result["msg"], result
        assert "\n" not in result["msg"] and not result.get("changed")
        assert "hidden-" not in json.dumps(result) and "PRIVATE" not in json.dumps(result)
    assert {method for method, *_rest in server.log} <= READS
    return result
