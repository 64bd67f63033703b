# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forecast as lines to read: what one decides on first, then why, then the files."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...problems import one_line
from .node_files import TEMPLATES

_EFFECTS = ("stops", "breaks", "surprises")
#: Of a group of findings so many are named, and of a difference so many lines are shown.
_NAMED = 10
_SHOWN = 60
#: A difference of more lines is not computed; it is told by its size.
_LONGEST_DIFFERENCE = 2000


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the account of what `forecast.of_cluster` returns, one line each."""
    yield from map(one_line, _lines(found))


def some(names: Iterable[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    all_of_them = list(names)
    more = len(all_of_them) - most
    return ", ".join(all_of_them[:most]) + (f" and {more} more" if more > 0 else "")


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"Forecast for OpenShift {found['release']}"
    yield from _verdict(found)
    yield from (f"  {text}" for text in found["read"])
    yield from (f"  {text}" for text in _counted(found["notes"]))
    yield from (f"  it would log: {text}" for text in _counted(found["warnings"]))
    yield from _findings(found["findings"])
    yield from _pulls(found["images"])
    yield from _reasons(found["disruption"])
    yield "Files"
    yield from (f"  {text}" for text in found["certificates"])
    if found["disruption"][found["release"]] is None:
        yield "  nodes keep what they have"
        return
    if found["error_before"]:
        yield "  today the operator has stopped, so this is the difference from its templates"
    yield from _difference(found["before"], found["files"])


def _verdict(found: Mapping[str, Any]) -> Iterator[str]:
    if found["error"]:
        yield f"  the operator would stop, silently, and nodes would keep what they have: {found['error']}"
    if found["error_before"] and found["error_before"] != found["error"]:
        yield f"  today the operator has stopped: {found['error_before']}"
    yield from (f"Nodes, {release}: {_summary(cost)}" for release, cost in found["disruption"].items())
    said = []
    for already, word in ((False, ""), (True, " already so today")):
        counts = Counter(one["effect"] for one in found["findings"] if one["already"] == already)
        said += [f"{counts[effect]} {effect}{word}" for effect in _EFFECTS if counts[effect]]
    yield f"Guards: {', '.join(said) or 'nothing to say'}"


def _summary(cost: Mapping[str, Any] | None) -> str:
    if cost is None:
        return "nothing arrives"
    said = [word for word in ("drain", "reboot") if cost[word]]
    said += [f"{kind} {', '.join(cost[kind])}" for kind in ("reload", "restart") if cost[kind]]
    return ", ".join(said) or "nothing to notice"


def _reasons(costs: Mapping[str, Mapping[str, Any] | None]) -> Iterator[str]:
    """Yield the reasons for the cost of nodes; releases with the same reasons together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for release, cost in costs.items():
        groups.setdefault(tuple(cost["reasons"]) if cost else (), []).append(release)
    for reasons, releases in groups.items():
        if reasons:
            yield f"Why, in {', '.join(releases)}"
            yield from (f"  {reason}" for reason in _counted(reasons))


def _counted(texts: Iterable[str]) -> Iterator[str]:
    """Yield each text once, with how often it was said."""
    yield from (text if number == 1 else f"{text} ({number} times)" for text, number in Counter(texts).items())


def _findings(findings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line a guard, the worst first; what the change brings before what is so already."""
    groups: dict[tuple[bool, int, str], list[Mapping[str, Any]]] = {}
    for one in findings:
        groups.setdefault((one["already"], _EFFECTS.index(one["effect"]), one["guard"]), []).append(one)
    for (already, _effect, guard), group in sorted(groups.items(), key=lambda item: item[0][:2]):
        first = group[0]
        number = f" ({len(group)} times)" if len(group) > 1 else ""
        since = ", already so today" if already else ""
        if len(group) == 1:
            end = "" if first["found"].endswith(("?", ".")) else "."
            yield f"  {first['effect']}: {guard}{since}: {first['found']}{end} {first['sentence']}"
            continue
        yield f"  {first['effect']}: {guard}{number}{since}: {first['sentence']}"
        texts = [one["found"] for one in group]
        if any(" " in text for text in texts):
            yield from (f"    {text}" for text in texts[:_NAMED])
            yield from (f"    and {len(texts) - _NAMED} more" for _rest in texts[_NAMED : _NAMED + 1])
        else:
            yield f"    {some(texts, _NAMED)}"


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    if not changed:
        yield "  no file changes"
    for path in changed:
        old, new = (_readable(path, files.get(path, "")).splitlines() for files in (before, after))
        state = "new" if path not in before else "removed" if path not in after else "changed"
        state = "back to its template" if after.get(path) == TEMPLATES.get(path, ...) else state
        yield f"  {path}: {state}, {len(old)} lines before, {len(new)} after"
        if len(old) + len(new) <= _LONGEST_DIFFERENCE:
            shown = list(_hunks(old, new))
            yield from (f"    {line}" for line in shown[:_SHOWN])
            if len(shown) > _SHOWN:
                yield f"    … and {len(shown) - _SHOWN} more lines; the files are in the result"


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield a difference whose parts are headed by the registry that they are about, where it is a registries.conf."""
    for line in difflib.unified_diff(old, new, n=1, lineterm=""):
        if line.startswith("@@"):
            numbers = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)", line)
            name = _registry_at(new, int(numbers[1])) if numbers else ""
            if name:
                yield f"of {name}"
        elif line[:3] not in ("---", "+++"):
            yield line


def _registry_at(lines: list[str], number: int) -> str:
    """Return the registry whose table a line is in; "" where the table begins in what follows, or there is none."""
    for line in reversed(lines[: number + 1]):
        if line.startswith("[[registry]]"):
            break
        match = re.match(r'  (?:prefix|location) = "([^"]+)"', line)
        if match:
            return match[1]
    return ""


def _readable(path: str, text: str) -> str:
    """JSON in one form, so that a difference shows what it means and not how it is indented."""
    if not path.endswith(".json") or not text:
        return text
    try:
        document = json.loads(text)
        return json.dumps({**document, "transports": document["transports"].get("docker", {})}, indent=2)
    except (ValueError, TypeError, KeyError, AttributeError):
        return text  # somebody else wrote it


def _pulls(images: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for pull in images:
        yield f"Pull of {pull['image']!r}"
        yield from _candidates(pull)


def _candidates(pull: Mapping[str, Any]) -> Iterator[str]:
    if not pull["candidates"]:
        yield f"  {pull['refused'] or 'no registry is searched for a name without one'}"
    for candidate in pull["candidates"]:
        yield f"  {candidate['reference']}: {candidate['refused'] or 'tried in this order'}"
        for endpoint in () if str(candidate["refused"]).startswith("rejected by") else candidate["endpoints"]:
            flags = "".join(f" ({flag})" for flag in ("mirror", "insecure", "blocked") if endpoint[flag])
            yield f"    {endpoint['reference']}{flags}"
        for mirror in candidate.get("not_asked", ()):
            yield f"    not asked: {mirror}"
        types = ", ".join(requirement["type"] for requirement in candidate["policy"]["requirement"])
        yield f"    policy.json: {types} by {candidate['policy']['scope'] or 'default'}"
