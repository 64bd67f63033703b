# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of tasks become one document: what a page, an event and metrics are made of.

The document is plain JSON. docs/page.md says what each key means. Nothing here computes anything new about a host: it
sorts, counts and names what the tasks said, and what they did not say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import clock
from ..plan.difference import difference
from ..plan.plan import Disruption
from ..problems import without_passwords

FORMAT = 1

#: How a host or cluster can stand, worst first: a page lists them in this order, and metrics have one line for each.
OUTCOMES = (
    "failed", "unreachable", "not looked at", "differs", "would change", "pending", "changed", "as asked",
)  # fmt: skip
#: Those of which somebody must hear.
ALARMING = OUTCOMES[:3]
DISRUPTIONS = tuple(str(level) for level in reversed(Disruption))

#: Certificates that end within so many days are counted as ending soon.
SOON = 30

_NOBODY = "no task has looked at it"
#: Stands for the result of a task that was to run and did not.
_UNASKED = {"censored": _NOBODY}

_CERTIFICATE = ("subject", "issuer", "fingerprint", "not_after", "days_left")
_POOL = ("name", "machines", "updated", "at_once", "steps", "paused", "updating", "degraded")


@dataclass
class Subject:
    """One host or cluster: its name, and the result of each task about it by what the task is about.

    expected: what it was to be asked about.
    """

    name: str
    kind: str = "host"
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    expected: Collection[str] = ()


def document(subjects: Iterable[Subject], run: str, now: datetime, *, check_mode: bool = False) -> dict[str, Any]:
    """Return the report of a run. run: its name, as site; now: in UTC; check_mode: whether nothing was changed."""
    found = [_subject(one, check_mode) for one in subjects]
    found.sort(key=lambda one: (OUTCOMES.index(one["outcome"]), -_level(one["disruption"]), one["kind"], one["name"]))
    groups = _grouped(found)
    certificates = list(_certificates(found))
    return {
        "format": FORMAT,
        "run": run,
        "check_mode": check_mode,
        "made": clock.stamp(now),
        "summary": _summary(found, groups, certificates),
        "disturbed": _disturbed(found),
        "certificates": certificates,
        "groups": groups,
        "subjects": found,
    }


def failing(report: Mapping[str, Any]) -> list[str]:
    """Name the hosts and clusters that failed, could not be reached, or were not looked at, with the reason."""
    return [f"{one['name']}: {one['headline']}" for one in report["subjects"] if one["outcome"] in ALARMING]


def account(report: Mapping[str, Any]) -> list[str]:
    """Return the report as lines for a person: how many stand how, then each host and cluster."""
    outcomes = report["summary"]["outcomes"]
    lines = [", ".join(f"{outcomes[outcome]} {outcome}" for outcome in OUTCOMES if outcomes[outcome]) or "nobody"]
    for one in report["subjects"]:
        disturbs = f", {one['disruption']}" if one["disruption"] != str(Disruption.NONE) else ""
        lines.append(f"{one['name']} ({one['kind']}): {one['outcome']}{disturbs}")
        for part in one["parts"]:
            lines += [f"  {part['about']}: {part['headline']}", *(f"    {text}" for text in part["problems"])]
    return lines


def _subject(subject: Subject, check_mode: bool) -> dict[str, Any]:
    results = {about: result for about, result in subject.results.items() if not result.get("skipped")}
    unasked: dict[str, Mapping[str, Any]] = {about: _UNASKED for about in subject.expected if about not in results}
    parts = [_part(about, result, check_mode) for about, result in (results | unasked).items()]
    worst = min((OUTCOMES.index(part["outcome"]) for part in parts), default=OUTCOMES.index("not looked at"))
    speaking = [part for part in parts if part["outcome"] == OUTCOMES[worst]]
    days = [one["days_left"] for part in parts for one in part["certificates"]]
    return {
        "name": subject.name,
        "kind": subject.kind,
        "outcome": OUTCOMES[worst],
        "headline": speaking[0]["headline"] if speaking else _NOBODY,
        "drift": _drift(parts),
        "disruption": _most(part["disruption"] for part in parts),
        "changes": sum(len(part["changes"]) for part in parts),
        "warnings": sum(len(part["warnings"]) for part in parts),
        "days_left": min(days, default=None),
        "plans": [part["plan"] for part in parts if part["plan"]],
        "parts": parts,
    }


def _drift(parts: Iterable[Mapping[str, Any]]) -> bool | None:
    """Return whether anything differs from what is asked for; None where a part does not know."""
    known = [part["drift"] for part in parts]
    return True if True in known else None if None in known or not known else False


def _part(about: str, result: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    plan = _mapping(result.get("plan"))
    forecast = _mapping(result.get("forecast"))
    outcome = _outcome(result, check_mode)
    account = _texts(result.get("account"))
    return {
        "about": about,
        "outcome": outcome,
        "headline": _headline(result, outcome, account),
        "drift": _drift_of(result, outcome, check_mode),
        "plan": str(plan.get("id") or "") if plan.get("changes") else "",
        "disruption": _most([str(plan.get("disruption") or "none")]),
        "changes": [_change(one) for one in _mappings(plan.get("changes"))],
        "problems": _texts(result.get("problems")),
        "warnings": _texts(result.get("warnings")),
        "notes": _texts(result.get("notes")),
        "pending": _texts(result.get("pending")),
        "policy": _mapping(result.get("policy")),
        "pools": list(_pools(result, forecast)),
        "reasons": _texts(_cost(forecast).get("reasons")),
        "certificates": list(_of_part(result)),
        "images": [_image(one) for one in _mappings(result.get("images") or forecast.get("images"))],
    }


def _outcome(result: Mapping[str, Any], check_mode: bool) -> str:
    if result.get("unreachable"):
        return "unreachable"
    if result.get("failed"):
        return "failed"
    if "censored" in result:
        return "not looked at"
    if "drift" in result:
        if result["drift"]:
            return "differs"
    elif result.get("changed"):
        return "would change" if check_mode else "changed"
    return "pending" if result.get("pending") else "as asked"


def _headline(result: Mapping[str, Any], outcome: str, account: list[str]) -> str:
    if "censored" in result:
        return _NOBODY if result is _UNASKED else "its result is hidden by no_log"
    if outcome in ALARMING:
        return str(_text(result.get("msg")) or outcome)
    return account[0].removesuffix(":") if account else outcome


def _drift_of(result: Mapping[str, Any], outcome: str, check_mode: bool) -> bool | None:
    if outcome in ALARMING:
        return None
    return bool(result["drift"] if "drift" in result else result.get("changed") and check_mode)


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    what, why, before, after = (_text(change.get(name)) for name in ("what", "why", "before", "after"))
    return {
        "what": what, "why": why, "whom": _text(change.get("whom")), "undo": _text(change.get("undo")),
        "disruption": _most([str(change.get("disruption") or "none")]), "difference": difference(before, after),
    }  # fmt: skip


def _cost(forecast: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(_mapping(forecast.get("disruption")).get(str(forecast.get("release"))))


def _pools(result: Mapping[str, Any], forecast: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the pools of a cluster, each with what happens to its nodes; a paused one is left alone for now."""
    level = str(_mapping(result.get("plan")).get("disruption") or "none")
    for pool in _mappings(forecast.get("pools") or result.get("pools")):
        yield {name: pool.get(name) for name in _POOL} | {"disruption": "none" if pool.get("paused") else level}


def _of_part(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the certificates that a result speaks of, each with the registry or file that it is for."""
    for place in (place for key in ("registries", "anchors", "shown") for place in _mappings(result.get(key))):
        for one in _mappings(place.get("certificates") or [place.get("certificate")]):
            if isinstance(one.get("days_left"), int):
                what = _text(place.get("registry") or place.get("name") or place.get("path"))
                yield {name: one.get(name) for name in _CERTIFICATE} | {"for": what}


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    """Return one named image with the places that are asked for it, in their order."""
    candidates = _mappings(image.get("candidates"))
    places = [
        {"reference": _text(end.get("reference")), "mirror": bool(end.get("mirror"))}
        | {"insecure": bool(end.get("insecure")), "blocked": bool(end.get("blocked"))}
        for one in candidates
        for end in _mappings(one.get("endpoints"))
    ]
    refused = [_text(one.get("refused")) for one in candidates if one.get("refused")]
    return {"image": _text(image.get("image")), "places": places, "refused": refused or _texts(image.get("refused"))}


def _grouped(subjects: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number the subjects of which the same is said; `group` of each is the id of its group."""
    groups: dict[str, dict[str, Any]] = {}
    for one in subjects:
        said = [one["kind"], one["headline"], [{**part, "plan": ""} for part in one["parts"]]]
        key = json.dumps(said, sort_keys=True, default=str)
        group = groups.setdefault(key, {"id": f"g{len(groups) + 1}", "count": 0, "subjects": []})
        group["subjects"].append(one["name"])
        group["count"] += 1
        one["group"] = group["id"]
    return list(groups.values())


def _certificates(subjects: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield every certificate once, the one that ends first before others, with the hosts that have it."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for subject in subjects:
        for one in (one for part in subject["parts"] for one in part["certificates"]):
            key = (one["fingerprint"], one["subject"], one["not_after"])
            known = found.setdefault(key, {name: one[name] for name in _CERTIFICATE} | {"for": [], "on": []})
            known["days_left"] = min(known["days_left"], one["days_left"])
            for name, value in (("for", one["for"]), ("on", subject["name"])):
                if value not in known[name]:
                    known[name].append(value)
    for known in sorted(found.values(), key=lambda one: (one["days_left"], str(one["subject"]))):
        yield known | {"count": len(known["on"])}


def _disturbed(subjects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List who notices something, the worst first: services of hosts, and pools of clusters with their nodes."""
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def add(level: str, whom: str, name: str, nodes: int = 0) -> None:
        if level != "none":
            new = {"disruption": level, "whom": whom, "count": 0, "nodes": 0, "subjects": []}
            one = found.setdefault((level, whom), new)
            if name not in one["subjects"]:
                one["subjects"].append(name)
                one["count"] += 1
            one["nodes"] += nodes

    for subject in subjects:
        for part in subject["parts"]:
            for pool in part["pools"]:
                whom = f"{subject['name']}, pool {_text(pool['name'])}"
                add(pool["disruption"], whom, subject["name"], _number(pool["machines"]))
            for change in part["changes"] if not part["pools"] else ():
                add(change["disruption"], change["whom"] or change["what"], subject["name"])
    return sorted(found.values(), key=lambda one: (-_level(one["disruption"]), -one["count"], one["whom"]))


def _summary(
    subjects: list[dict[str, Any]], groups: list[dict[str, Any]], certificates: list[dict[str, Any]]
) -> dict[str, Any]:
    outcomes, kinds = Counter(one["outcome"] for one in subjects), Counter(one["kind"] for one in subjects)
    disruptions = Counter(one["disruption"] for one in subjects)
    return {
        "subjects": len(subjects),
        "hosts": kinds["host"],
        "clusters": kinds["cluster"],
        "groups": len(groups),
        "outcomes": {outcome: outcomes[outcome] for outcome in OUTCOMES},
        "disruptions": {level: disruptions[level] for level in DISRUPTIONS},
        "changes": sum(one["changes"] for one in subjects),
        "warnings": sum(one["warnings"] for one in subjects),
        "certificates": len(certificates),
        "certificates_expired": sum(one["days_left"] < 0 for one in certificates),
        "certificates_ending": sum(0 <= one["days_left"] <= SOON for one in certificates),
        "soon": SOON,
    }


# --- values of results, whatever their shape ---


def _level(name: str) -> int:
    return Disruption[name.upper()].value


def _most(names: Iterable[str]) -> str:
    known = [Disruption[name.upper()] for name in names if name.upper() in Disruption.__members__]
    return str(max(known, default=Disruption.NONE))


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [dict(one) for one in value if isinstance(one, Mapping)] if isinstance(value, (list, tuple)) else []


def _text(value: Any) -> str:
    return "" if value is None else without_passwords(str(value))


def _texts(value: Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [_text(one) for one in value]
    return [_text(value)] if value else []


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
