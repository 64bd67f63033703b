# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated hosts and references: our resolution equals that of containers/image, the library of podman and CRI-O."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import (
    pull_sources,
    references,
    registries_conf,
    signature_policy,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters
from hypothesis import given, seed

from . import strategies
from .amount import CASES, ENOUGH, SEED
from .conftest import REPOSITORY, Program


@seed(SEED)
@ENOUGH
@given(strategies.hosts())
def test_hosts(library: Program, case: dict[str, Any]) -> None:
    wanted = library.ask(case)
    assert answer(case) == judged(wanted)
    SEEN.update(kinds(wanted))


def test_the_hosts_were_worth_asking() -> None:
    """A generator that only makes hosts nobody could pull on would prove nothing."""
    if not SEEN:
        pytest.skip("no hosts were asked for")
    assert all(SEEN[kind] >= CASES // 50 for kind in KINDS), SEEN


def test_policies(library: Program) -> None:
    """Which policy.json loads, down to the members of requirements."""
    accepted = Counter[bool]()

    @seed(SEED)
    @ENOUGH
    @given(strategies.one_policy())
    def equal(policy: str) -> None:
        wanted = not library.ask({"policy": policy})["policy_error"]
        assert loads(policy) == wanted, library.ask({"policy": policy})["policy_error"]
        accepted[wanted] += 1

    equal()
    assert min(accepted[True], accepted[False]) > CASES // 20, accepted


@pytest.mark.parametrize("table", ["resolve", "problems"])
def test_tables(library: Program, table: str) -> None:
    """The tables of the unit tests say what the library says."""
    rows = yaml.safe_load((REPOSITORY / f"tests/data/pull_sources/{table}.yml").read_text())
    for row in rows:
        main, drop_ins = row.get("conf", row.get("main")), row.get("drop_ins", {})
        names = [row.get("reference", "app")]
        case = {"main": main, "drop_ins": drop_ins, "policy": row.get("policy"), "references": names}
        assert answer(case) == judged(library.ask(case)), row["name"]


SEEN: Counter[str] = Counter()
KINDS = ("loads", "refused to load", "mirror", "blocked", "insecure", "no rewrite", "several candidates", "scope")


def kinds(wanted: dict[str, Any]) -> set[str]:
    """Name what a case is an example of."""
    found = [candidate for reference in wanted["references"] or () for candidate in reference["candidates"] or ()]
    endpoints = [endpoint for candidate in found for endpoint in candidate["endpoints"] or ()]
    facts = {
        "loads": not wanted["load_error"],
        "refused to load": bool(wanted["load_error"]),
        "mirror": any(len(candidate["endpoints"] or ()) > 1 for candidate in found),
        "blocked": any(endpoint["blocked"] for endpoint in endpoints),
        "insecure": any(endpoint["insecure"] for endpoint in endpoints),
        "no rewrite": any(candidate["error"] for candidate in found),
        "several candidates": any(len(reference["candidates"] or ()) > 1 for reference in wanted["references"] or ()),
        "scope": any(candidate["scope"] for candidate in found),
    }
    return {kind for kind, holds in facts.items() if holds}


# --- both in one shape ----------------------------------------------------------------------------------------------


def judged(wanted: dict[str, Any]) -> dict[str, Any]:
    """The library's answer without the wording of its errors, which is its own."""
    for reference in wanted["references"] or ():
        reference["error"] = bool(reference["error"])
        for candidate in reference["candidates"] or ():
            candidate["error"] = bool(candidate["error"])
    return {**wanted, "load_error": bool(wanted["load_error"]), "policy_error": bool(wanted["policy_error"])}


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Resolve a case with our code, in the shape of the program's answer."""
    drop_ins = filters.drop_ins([{"name": name, "content": text} for name, text in case["drop_ins"].items()])
    nothing: dict[str, Any] = dict.fromkeys(("registries", "search", "references"))
    result = {"load_error": True, "policy_error": False, "short_name_mode": "", **nothing}
    policy = None
    if case["policy"] is not None:
        try:
            policy = signature_policy.read(case["policy"])
        except signature_policy.SignaturePolicyProblem:
            result["policy_error"] = True
    problems = registries_conf.problems(case["main"], drop_ins)
    try:
        conf = registries_conf.load(case["main"], drop_ins)
    except registries_conf.RegistriesConfProblem as problem:
        assert str(problem) in problems
        return result
    assert not problems
    return {
        **result,
        "load_error": False,
        "search": None if conf.search is None else list(conf.search),
        "short_name_mode": conf.short_name_mode or "permissive",
        "registries": [entry(registry) for registry in conf.registries.values()] or None,
        "references": [resolution(text, conf, policy) for text in case["references"]],
    }


def entry(registry: registries_conf.RegistryTable) -> dict[str, Any]:
    mirrors = [vars(mirror) for mirror in registry.mirrors]
    facts = {
        key: getattr(registry, key) for key in ("prefix", "location", "insecure", "blocked", "mirror_by_digest_only")
    }
    return {**facts, "mirrors": mirrors or None}


def resolution(text: str, conf: registries_conf.RegistriesConf, policy: Any) -> dict[str, Any]:
    result = {
        "parsed": parts(references.parse, text),
        "normalized": parts(references.parse_normalized, text),
        "error": True,
        "candidates": None,
    }
    try:
        found = pull_sources.resolve(text, conf, policy)
    except references.ReferenceProblem:
        return result
    if not found or (conf.short_name_mode == "enforcing" and len(found) > 1):
        assert all(candidate.refused for candidate in found)
        return result
    return {**result, "error": False, "candidates": [outcome(candidate) for candidate in found]}


def parts(parse: Any, text: str) -> dict[str, str] | None:
    try:
        reference = parse(text)
    except references.ReferenceProblem:
        return None
    return {"text": str(reference), **vars(reference)}


def outcome(candidate: pull_sources.Candidate) -> dict[str, Any]:
    ours = candidate.result()
    endpoints = [{key: value for key, value in place.items() if key != "mirror"} for place in ours["endpoints"]]
    assert [place["mirror"] for place in ours["endpoints"]] == [True] * (len(endpoints) - 1) + [False] * bool(endpoints)
    assert bool(ours["refused"]) == all(place["blocked"] for place in endpoints)
    return {
        "reference": ours["reference"],
        "prefix": ours["prefix"],
        "error": not endpoints,
        "endpoints": endpoints or None,
        "scope": ours["policy"]["scope"] if ours["policy"] else None,
        "lookup": signature_policy.image_lookup_order(candidate.reference),
    }


def loads(policy: str) -> bool:
    try:
        signature_policy.read(policy)
    except signature_policy.SignaturePolicyProblem:
        return False
    return True
