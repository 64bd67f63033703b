# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A forecast as lines to read."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ...references import one_line

#: A difference of more lines is told by its size.
_LONGEST_DIFFERENCE = 2000


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """found: what `forecast.of_cluster` returns."""
    yield from map(one_line, _lines(found))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"Forecast for OpenShift {found['release']}"
    yield from (f"  {text}" for text in found["notes"])
    if found["error_before"]:
        yield f"  today the operator has stopped, so this is the difference from its templates: {found['error_before']}"
    if found["error"]:
        yield f"  the operator would stop, silently, and nodes would keep what they have: {found['error']}"
    else:
        yield from _difference(found["before"], found["files"])
    yield from (f"  it would log: {text}" for text in found["warnings"])
    for release, cost in found["disruption"].items():
        yield f"Nodes, {release}: {_summary(cost)}"
        yield from (f"  {reason}" for reason in (cost["reasons"] if cost else ()))
    yield f"Guards: {len(found['findings']) or 'nothing to say'}"
    for finding in found["findings"]:
        yield f"  {finding['effect']}: {finding['guard']}: {finding['found']}. {finding['sentence']}"
    for pull in found["images"]:
        yield f"Pull of {pull['image']!r}"
        yield from _candidates(pull)


def _summary(cost: Mapping[str, Any] | None) -> str:
    if cost is None:
        return "nothing arrives"
    said = [word for word in ("drain", "reboot") if cost[word]]
    said += [f"{kind} {', '.join(cost[kind])}" for kind in ("reload", "restart") if cost[kind]]
    return ", ".join(said) or "nothing to notice"


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    if not changed:
        yield "  no file changes"
    for path in changed:
        old, new = (_readable(path, files.get(path, "")).splitlines() for files in (before, after))
        state = "new" if path not in before else "removed" if path not in after else "changed"
        yield f"  {path}: {state}, {len(old)} lines before, {len(new)} after"
        if len(old) + len(new) <= _LONGEST_DIFFERENCE:
            yield from (
                f"    {line}"
                for line in difflib.unified_diff(old, new, n=1, lineterm="")
                if line[:3] not in ("---", "+++")
            )


def _readable(path: str, text: str) -> str:
    """JSON in one form, so that a difference shows what it means and not how it is indented."""
    if not path.endswith(".json") or not text:
        return text
    document = json.loads(text)
    return json.dumps({**document, "transports": document["transports"].get("docker", {})}, indent=2)


def _candidates(pull: Mapping[str, Any]) -> Iterator[str]:
    if not pull["candidates"]:
        yield f"  {pull['refused'] or 'no registry is searched for a name without one'}"
    for candidate in pull["candidates"]:
        yield f"  {candidate['reference']}: {candidate['refused'] or 'tried in this order'}"
        for endpoint in candidate["endpoints"]:
            flags = "".join(f" ({flag})" for flag in ("mirror", "insecure", "blocked") if endpoint[flag])
            yield f"    {endpoint['reference']}{flags}"
        types = ", ".join(requirement["type"] for requirement in candidate["policy"]["requirement"])
        yield f"    policy.json: {types} by {candidate['policy']['scope'] or 'default'}"
