# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the journal of a host's last transaction to the draft that takes it back."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ..host.observed import LAST_PATH, STATE_PATH, HostProblem, Observed
from ..host.services import SERVICES
from ..host.watch import Tree, Watch
from .draft import AGAIN, Draft, Due, FileChange, Step
from .interrupted import Begun, begun

#: Whether there is anything to forget: by its checksum, since what was there before may be secret.
REMAINS = Watch(trees=(Tree(LAST_PATH.rpartition("/")[0], LAST_PATH.rpartition("/")[2], form="checksum"),))

_UNTIL = "what was taken back is out of force"


def draft(ids: Sequence[str], host: Observed) -> Draft:
    """Put back every file of the last plan, if it is one of these. Raises HostProblem when the world moved on."""
    last = _last(host)
    if (done := last.get("undoes")) and done in ids:
        return Draft(("undo",), notes=(f"plan {done} was taken back already ({_day(last)})",))
    plan_id = str(last.get("plan_id"))
    if plan_id not in ids:
        raise HostProblem(
            f"undo names {', '.join(ids) or 'no plan'}, and the last plan that changed this host is {plan_id} "
            f"({_day(last)}); only the last one can be taken back, so nothing was changed"
        )
    if moved := [entry["path"] for entry in last["files"] if _now(host, entry["path"]) != entry["new"]]:
        raise HostProblem(
            f"{', '.join(moved)} changed since plan {plan_id} was carried out, so it cannot be taken back whole; "
            "nothing was changed"
        )
    why = f"plan {plan_id} is taken back"
    actions = begun(last, why)
    return Draft(
        ("undo",),
        files=tuple(_back(entry, last["old"][entry["path"]], why) for entry in last["files"]),
        steps=tuple(_back_of(action.step, plan_id) for action in actions if not action.service),
        due=tuple(_due(host, last, actions, why)),
        remove_empty=tuple(reversed(last["directories"])),
        undoes=plan_id,
    )


def forget(host: Observed) -> Draft:
    """Remove what only this collection reads, and the directory of it."""
    why, there = "everything of ours is removed", [path for path in (STATE_PATH, LAST_PATH) if host.exists(path)]
    return Draft(("dockyard",), files=tuple(FileChange(path, None, why) for path in there), forgets=True)


def _last(host: Observed) -> Mapping[str, Any]:
    if host.last_problem:
        raise HostProblem(f"{host.last_problem}; nothing was changed")
    if host.journal:
        raise HostProblem("a run was interrupted on this host; let a run without undo complete it first")
    if host.last is None:
        raise HostProblem("no plan of this collection can be taken back on this host: none was carried out here yet")
    return host.last


def _now(host: Observed, path: str) -> str:
    """Tell a file as a journal does: by its checksum, absent or failed."""
    about = host.about(path)
    return str(about.get("sha256", about["state"]))


def _back(entry: Mapping[str, Any], old: Mapping[str, Any], why: str) -> FileChange:
    """Write what the file was; what a person may see of it is what they saw then, the other way round."""
    after, before = entry.get("shown") or ("", "")
    if old["state"] != "file":
        return FileChange(entry["path"], None, why, before, after)
    if "content" not in old:
        raise HostProblem(
            f"{entry['path']} held a secret, and what it was is not kept, so the plan cannot be taken back; nothing "
            "was changed"
        )
    content = base64.b64decode(old["content"])
    return FileChange(entry["path"], content, why, before, after, old["mode"], old["uid"], old["gid"])


def _back_of(step: Step, plan_id: str) -> Step:
    """Return the step that takes one back. Raises HostProblem for one that has no way back."""
    if step.undo is AGAIN:
        return step
    if step.undo is None:
        raise HostProblem(f"{step.name} of plan {plan_id} cannot be undone, so the plan is not taken back")
    return replace(step, name=f"undo: {step.name}", argv=step.undo, undo=step.argv)


def _due(host: Observed, last: Mapping[str, Any], actions: Sequence[Begun], why: str) -> Iterator[Due]:
    """Yield the services that took the plan in: at once, or by a start since."""
    for action in actions:
        if action.service and action.service.running(host):
            yield Due(action.service, why, _UNTIL, restart=action.restart)
    for service in (SERVICES[unit] for unit in last.get("deferred", ()) if unit in SERVICES):
        if service.running(host) and not 0 < service.started(host) < last["time"]:
            yield Due(service, why, _UNTIL)


def _day(last: Mapping[str, Any]) -> str:
    return datetime.fromtimestamp(last.get("time") or 0, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
