# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where images are pulled from: own tables, upstream's where they are at hand, and what holds for any input.

That we agree with containers/image itself is proved in tests/conformance.
"""

from __future__ import annotations

import json
import time

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.pull_sources import pull_sources
from ansible_collections.dockyard.openshift.plugins.filter.registries_conf_problems import registries_conf_problems
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import pull_sources as resolution
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import (
    references,
    registries_conf,
    signature_policy,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.names import match_length
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.registries_conf import (
    RegistriesConf,
    RegistryTable,
)
from cases import cases, upstream
from hypothesis import given
from hypothesis import strategies as st
from test_registries_conf import load_files


def files(case):
    return [{"name": name, "content": text} for name, text in case.get("drop_ins", {}).items()]


def endpoint(found):
    flags = [flag for flag in ("mirror", "insecure", "blocked") if found[flag]]
    return found["reference"] + (f" ({', '.join(flags)})" if flags else "")


@pytest.mark.parametrize("case", cases("pull_sources/resolve.yml"))
def test_resolve(case):
    found = pull_sources(case["reference"], case["conf"], files(case), case.get("policy"))["candidates"]
    assert len(found) == len(case["candidates"])
    for candidate, wanted in zip(found, case["candidates"], strict=True):
        policy = candidate["policy"] or {"scope": None, "requirement": []}
        facts = {
            "reference": candidate["reference"],
            "prefix": candidate["prefix"],
            "endpoints": [endpoint(place) for place in candidate["endpoints"]],
            "scope": policy["scope"],
            "requirement": [requirement["type"] for requirement in policy["requirement"]],
        }
        assert {key: facts[key] for key in facts if key in wanted} == {k: wanted[k] for k in wanted if k != "refused"}
        if "refused" in wanted:
            assert (candidate["refused"] is None) == (wanted["refused"] is None), candidate["refused"]
            assert (wanted["refused"] or "") in (candidate["refused"] or "")


@pytest.mark.parametrize("case", cases("pull_sources/refused.yml"))
def test_refused_in_one_sentence(case):
    with pytest.raises(AnsibleFilterError) as refusal:
        pull_sources(case["reference"], case.get("conf"), case.get("drop_ins", ()), case.get("policy"))
    assert str(refusal.value).startswith(f"pull_sources: {case['error']}")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("case", cases("pull_sources/problems.yml"))
def test_problems(case):
    found = registries_conf_problems(case["main"], files(case))
    assert len(found) == len(case["problems"]), found
    assert all(wanted in text for wanted, text in zip(case["problems"], found, strict=True)), found


def test_shape():
    conf = "[[registry]]\nlocation = 'quay.io'\n[[registry.mirror]]\nlocation = 'm.lab/q'\ninsecure = true\n"
    policy = '{"default": [{"type": "reject"}]}'
    assert pull_sources(["quay.io/app"], conf, policy=policy) == [
        {
            "candidates": [
                {
                    "reference": "quay.io/app:latest",
                    "prefix": "quay.io",
                    "refused": None,
                    "endpoints": [
                        {
                            "reference": "m.lab/q/app:latest",
                            "location": "m.lab/q",
                            "mirror": True,
                            "insecure": True,
                            "blocked": False,
                        },
                        {
                            "reference": "quay.io/app:latest",
                            "location": "quay.io",
                            "mirror": False,
                            "insecure": False,
                            "blocked": False,
                        },
                    ],
                    "policy": {"scope": None, "requirement": [{"type": "reject"}]},
                }
            ]
        }
    ]
    assert pull_sources([]) == []


# --- what holds for any input ---------------------------------------------------------------------------------------

words = st.sampled_from(
    ["quay.io", "quay.io/app", "*.io", "app", ":1", "@", "/", "[[registry]]\n", "[[registry.mirror]]\n", "[aliases]\n"]
    + ["location = 'quay.io'\n", "prefix = '*.io'\n", "blocked = true\n", "'app' = 'quay.io/app'\n", "'", "=", "\n"]
    + [
        "unqualified-search-registries = ['quay.io']\n",
        '{"default": [{"type": "reject"}]}',
        "{",
        '"docker"',
        "\x00",
        "é",
    ]
)
anything = st.lists(words | st.text(max_size=3), max_size=12).map("".join)
no_text = st.none() | st.integers() | st.lists(st.text(max_size=2), max_size=2) | st.dictionaries(st.text(), st.none())


@given(anything | no_text, anything | no_text, st.lists(st.fixed_dictionaries({"name": anything, "content": anything}) | no_text, max_size=2), anything | no_text)  # fmt: skip # noqa: E501
def test_a_result_or_a_sentence(reference, conf, drop_ins, policy):
    for ask in (
        lambda: pull_sources(reference, conf, drop_ins, policy),
        lambda: pull_sources(reference, conf),
        lambda: registries_conf_problems(conf, drop_ins),
    ):
        try:
            json.dumps(ask())
        except AnsibleFilterError as refusal:
            assert "\n" not in str(refusal)


def loads(prefix):
    """A wildcard with a port or a path is refused before anybody looks it up."""
    return not (prefix.startswith("*.") and any(sign in prefix for sign in "/@:"))


prefixes = st.text("a.:/@*", max_size=5).filter(loads) | st.sampled_from(["*.a", "*.a.a", "a.a", "a", "*.", ""])


@given(st.lists(prefixes, max_size=12), st.text("a.:/@*", max_size=9))
def test_find_is_the_longest_match_in_byte_order(written, name):
    conf = RegistriesConf(registries={prefix: RegistryTable(prefix) for prefix in sorted(written)})
    best = ""
    for prefix in conf.registries:
        if match_length(prefix, name) >= 0 and len(prefix) > len(best):
            best = prefix
    found = conf.find(name)
    assert (found.prefix if found else "") == best


@pytest.mark.slow
def test_ten_thousand_mirrors_in_a_second():
    conf = "".join(
        f"[[registry]]\nlocation = 'quay.io/team{n}'\n[[registry.mirror]]\nlocation = 'm.lab/team{n}'\n"
        for n in range(10_000)
    )
    start = time.process_time()
    found = pull_sources([f"quay.io/team{n}/app:1" for n in range(100)], conf)
    assert time.process_time() - start < 6  # 0.6 s on a machine with nothing else to do
    assert endpoint(found[99]["candidates"][0]["endpoints"][0]) == "m.lab/team99/app:1 (mirror)"


@pytest.mark.parametrize(
    "piece", ["a", "a.", ".a", "*.", "a/", "[", "[[registry]]\n", "a=1\n", "'", "{", "[registry.", "a."]
)
@pytest.mark.slow
def test_hostile_texts_cost_linear_time(piece):
    start = time.process_time()
    registries_conf_problems(piece * 100_000)
    for arguments in ((piece * 100_000,), ("app", piece * 100_000), ("app", None, (), piece * 100_000)):
        with pytest.raises(AnsibleFilterError) as refusal:
            pull_sources(*arguments)
        assert len(str(refusal.value)) < 1000
    assert time.process_time() - start < 10


# --- upstream's tables ----------------------------------------------------------------------------------------------


def test_upstream_rewriting(shared_dir):
    for case in upstream(shared_dir, 32):
        try:
            found = str(resolution.rewrite(references.parse(case["ref"]), case["prefix"], case["location"]))
        except resolution.RewriteProblem:
            found = None
        assert found == case.get("expected"), case


def test_upstream_pull_sources(shared_dir):
    for case in upstream(shared_dir, 33):
        conf = load_files(shared_dir, case)
        reference = references.parse_normalized(case["ref"])
        found = resolution.endpoints(reference, conf.find(reference.name), conf)
        facts = [
            {"location": place.location, "reference": str(place.reference), "insecure": place.insecure}
            for place in found
        ]
        assert facts == case["expected_sources"], case


def test_upstream_short_names(shared_dir):
    for case in upstream(shared_dir, 37):
        assert short_name(shared_dir, case) == short_name_wanted(case), case


def short_name(shared_dir, case):
    text = json.dumps(case.get("input"))
    if case["kind"] == "resolve_alias":
        return load_files(shared_dir, case).aliases.get(case["name"]) or None
    conf = {
        "alias_value": f"[aliases]\nname = {text}\n",
        "alias_name": f"[aliases]\n{text} = 'quay.io/app'\n",
        "short_name_mode": f"short-name-mode = {text}\n",
        "parse_location": f"[[registry]]\nprefix = 'quay.io'\nlocation = {text}\n",
    }[case["kind"]]
    problems = registries_conf.problems(conf)
    if problems:
        return None
    loaded = registries_conf.load(conf)
    values = {
        "alias_value": loaded.aliases.get("name"),
        "parse_location": getattr(loaded.find("quay.io"), "location", ""),
    }
    return values.get(case["kind"], case["input"])


def short_name_wanted(case):
    if case["kind"] == "resolve_alias":
        return case["expected"]
    if "error_contains" in case or case.get("valid") is False and case["input"]:
        return None
    if case["kind"] == "alias_name" and not case["input"]:
        return None
    # In a file, an empty mode is none, and an empty alias takes one away: both load.
    return case.get("normalized", case.get("expected", case["input"]))


def test_upstream_policy_lookup(shared_dir):
    for case in upstream(shared_dir, 40):
        reference = references.parse_normalized(case["input"])
        if case.get("expected_error"):
            # Upstream leaves these two to its callers, which add :latest or drop the tag.
            assert reference.tagged() != reference or (reference.tag and reference.digest), case
            continue
        wanted = [case["expected_identity"], *case["expected_namespaces"], ""]
        assert signature_policy.image_lookup_order(reference) == wanted, case


def test_upstream_load_facts(shared_dir):
    for case in upstream(shared_dir, 36):
        conf = load_files(shared_dir, case)
        if "expected_locations_in_order" in case:
            locations = [registry.location for registry in conf.registries.values()]
            assert locations == case["expected_locations_in_order"], case
        if "expected_credential_helpers" in case:
            assert list(conf.credential_helpers) == case["expected_credential_helpers"], case
        if "expected_unqualified_origin" in case:
            assert case["expected_unqualified_origin"].endswith(conf.search_file), case
        if "expected_short_name_mode" in case:
            assert (conf.short_name_mode or "permissive") == case["expected_short_name_mode"], case
        if "find" in case:
            found = conf.find(references.parse_normalized(case["find"]["ref"]).name)
            facts = {"insecure": found.insecure, "blocked": found.blocked}
            facts["mirrors"] = [{"location": mirror.location, "insecure": mirror.insecure} for mirror in found.mirrors]
            assert facts | case["find"] == facts | {"ref": case["find"]["ref"]}, case
