# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every task about a cluster keeps: its plan comes true, a second run does nothing, a refusal writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import marks
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.merge_patch import applied
from api_server import ref

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


def manifests_do_the_same(task: Task, case: Any, server: Any, place: Path) -> None:
    """Write manifests, and apply them as `oc apply` does: nothing is left to do but to delete, and notes name nulls."""
    _written_and_applied(task, case, server, place)
    left = task(case, server, check=True)
    assert not left.get("failed"), left
    assert not [one for one in left["plan"]["changes"] if not one["what"].startswith("delete ")], left["plan"]
    before = _records(server)
    _written_and_applied(task, case, server, place)
    assert _records(server) == before, "what is ours is known after the next manifests, too"


def _written_and_applied(task: Task, case: Any, server: Any, place: Path) -> None:
    result = task({**case, "given": {**case["given"], "manifests_to": str(place)}}, server)
    assert not result.get("failed") and not server.writes, result
    for file in result["manifests"]:
        manifest = yaml.safe_load(Path(file).read_text())
        there = server.objects.get(ref(manifest).path)
        server.put(_applied(there or {}, manifest))
        untold = [path for path in _nulls(manifest) if not any(path in note for note in result["notes"])]
        assert not untold, (untold, result["notes"])


def _records(server: Any) -> dict[str, str]:
    """Return what is noted as ours, by the path of the object."""
    found = {path: one["metadata"].get("annotations") or {} for path, one in server.objects.items()}
    return {path: one[marks.ENTRIES] for path, one in found.items() if one.get(marks.ENTRIES)}


def _applied(there: Any, manifest: Any) -> Any:
    """Apply as one whose last manifest had our record: what is not said any more goes."""
    found = applied(there, manifest)
    if marks.ENTRIES in (found["metadata"].get("annotations") or {}):
        said = (manifest["metadata"].get("annotations") or {}).get(marks.ENTRIES)
        found = applied(found, {"metadata": {"annotations": {marks.ENTRIES: said}}})
    return found


def _nulls(manifest: Any) -> Iterator[str]:
    """Yield the paths of what a manifest wants gone."""
    for key, value in manifest.items() if isinstance(manifest, Mapping) else ():
        yield from [key] if value is None else (f"{key}.{path}" for path in _nulls(value))
