# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes cost nodes: own tables over releases, upstream's cases, and laws."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    ManifestProblem,
    disruption,
    node_files,
    releases,
    rendered,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import toml_text
from cases import cases, upstream
from hypothesis import given
from hypothesis import strategies as st
from openshift4 import manifests
from test_node_files import seconds

CONF = "/etc/containers/registries.conf"
COSTS = {
    "none": disruption.NodeCost(),
    "reload": disruption.NodeCost(reload=["crio.service"]),
    "drain": disruption.NodeCost(drain=True, reload=["crio.service"]),
    "reboot": disruption.NodeCost(drain=True, reboot=True),
}


def cost(found):
    """Without the reasons."""
    return found.drain, found.reboot, found.reload, found.restart


def by_release(file):
    return [
        pytest.param(case.values[0], release, id=f"{case.id}, {release}")
        for case in cases(file)
        for release in case.values[0]["costs"]
    ]


@pytest.mark.parametrize("case, release", by_release("openshift4/disruption.yml"))
def test_the_cost_of_changed_manifests(case, release, sentences):
    old, new = (node_files.of_manifests(manifests(case[when]), release) for when in ("before", "after"))
    assert old.error is None and new.error is None
    found = disruption.of_change(old.on_node, new.on_node, release, case.get("policies", []))
    assert cost(found) == cost(COSTS[case["costs"][release]]), found.reasons
    sentences(found.reasons)


@pytest.mark.parametrize("case, release", by_release("openshift4/changed_files.yml"))
def test_the_cost_of_changed_files(case, release, sentences):
    found = disruption.of_change({}, dict.fromkeys(case["changed"], "new"), release)
    assert cost(found) == cost(disruption.NodeCost(**case["costs"][release])), found.reasons
    sentences(found.reasons)


@pytest.mark.parametrize("case", cases("openshift4/cost_refused.yml"))
def test_a_question_that_makes_no_sense_is_refused_in_one_sentence(case, sentences):
    with pytest.raises(ManifestProblem) as refusal:
        disruption.of_change(case.get("old", {}), case.get("new", {}), "4.18", case.get("policies", ()))
    assert str(refusal.value).startswith(case["error"]) and "\n" not in str(refusal.value)
    sentences(refusal.value)


def test_upstream_drains(shared_dir):
    """Actions that are computed already, and the files: the newer rules must say what upstream's test says."""
    release = releases.find("4.18")
    for case in upstream(shared_dir, 20):
        safe = disruption.unsafe_change(case["old_file"], case["new_file"], release) is None
        if "upstream_safe" in case:
            assert safe == case["upstream_safe"], case["comment"]
        if case["actions"] == ["reload crio"]:
            found = disruption.of_change({CONF: case["old_file"]}, {CONF: case["new_file"]}, release.name)
            assert found.drain == case["expected_drain"], case["comment"]


ACTIONS = {"reload crio": ("reload", ["crio.service"]), "restart crio": ("restart", ["crio.service"])}


def test_upstream_actions_before_policies(shared_dir):
    """Only what files say; a forecast ignores keys, kernel arguments and the like."""
    for case in upstream(shared_dir, 21):
        old, new = case["old"], case["new"]
        if any(old.get(key) != new.get(key) for key in ("osImageURL", "kernelArguments", "kernelType", "fips")):
            continue
        found = disruption.NodeCost()
        changed = [
            path for path in {**old["files"], **new["files"]} if old["files"].get(path) != new["files"].get(path)
        ]
        release = releases.find("4.16")
        disruption._by_fixed_lists(found, sorted(changed), release.fixed, release)
        wanted = disruption.NodeCost(reboot=case["expected_actions"] == ["reboot"])
        for action in case["expected_actions"]:
            if action in ACTIONS:
                setattr(wanted, *ACTIONS[action])
        assert cost(found) == cost(wanted), case["comment"]


def test_upstream_closest_policy(shared_dir):
    for case in upstream(shared_dir, 22):
        policies = {policy["path"]: policy["actions"] for policy in case["policies"]}
        path = disruption.closest_policy(case["diff_path"], policies)
        assert (path is not None) == case["expected_found"], case
        assert policies.get(path, []) == case["expected_actions"], case


def test_upstream_default_policies(shared_dir):
    document = json.loads(next((shared_dir / "upstream-cases").glob("23_*.json")).read_text())
    named = {"4.17": ["4.17"], "4.18-4.21": ["4.18", "4.19", "4.20", "4.21"], "4.22+ and main": ["4.22", "4.23"]}
    for key, names in named.items():
        wanted = {policy["path"]: policy["actions"] for policy in document["releases"][key]}
        for name in names:
            found = releases.find(name).policies
            assert {path: [dict(action) for action in actions] for path, actions in found.items()} == wanted
    lists = {"4.7-4.9": ["4.8", "4.9"], "4.10-4.13": ["4.10", "4.13"], "4.14-4.15": ["4.14", "4.15"]}
    for key, names in lists.items():
        for name in names:
            found, wanted = releases.find(name).fixed, document["legacy_lists"][key]
            assert set(wanted["none"]) <= set(found.none)
            assert set(found.reload_crio) == set(wanted["reload_crio"])
            assert set(found.restart_crio) == set(wanted.get("restart_crio", []))


names = st.sampled_from(["a.io", "a.io/p", "b.io:5000", "*.io"])
mirrors = st.lists(st.sampled_from(["m.io", "m.io/x", "n.io"]), max_size=3)
sets = st.lists(st.tuples(names, mirrors, st.sampled_from(["", "", "NeverContactSource"])).map(list), max_size=3)
clusters = st.fixed_dictionaries(
    {},
    optional={
        "idms": sets,
        "itms": sets,
        "icsp": sets,
        "blocked": st.lists(names, max_size=2),
        "insecure": st.lists(st.sampled_from(["a.io", "m.io", "*.io"]), max_size=2),
        "allowed": st.lists(names, max_size=2),
        "search": st.lists(names, min_size=1, max_size=2),
    },
)
any_release = st.sampled_from(list(releases.RELEASES))


@given(clusters, any_release)
def test_no_change_costs_nothing(cluster, release):
    files = node_files.of_manifests(manifests(cluster), release).on_node
    assert disruption.of_change(files, copy.deepcopy(files), release) == disruption.NodeCost()


@given(clusters, clusters, any_release)
def test_a_reboot_is_all_there_is_and_every_cost_has_a_reason(before, after, release):
    old, new = (node_files.of_manifests(manifests(one), release).on_node for one in (before, after))
    found = disruption.of_change(old, new, release)
    if found.reboot:
        assert found.drain and not found.reload and not found.restart
    assert bool(found.reasons) == (old != new)
    assert all("\n" not in reason for reason in found.reasons)


@given(clusters, any_release)
def test_a_rendered_file_is_read_as_a_toml_library_reads_it(cluster, release):
    text = node_files.of_manifests(manifests(cluster), release).files.get(CONF)
    if text is None:
        return
    found, decoded = rendered.read(text), toml_text.parse(text)
    assert found["unqualified-search-registries"] == decoded["unqualified-search-registries"]
    said = [{**table, "mirror": list(map(without_blanks, table["mirror"]))} for table in found["registry"]]
    assert list(map(without_blanks, said)) == list(map(without_blanks, decoded.get("registry", [])))


def without_blanks(table):
    return {key: value for key, value in table.items() if value not in (False, "", [])}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        "unqualified-search-registries = []\nregistry = 1\n",
        'unqualified-search-registries = ["a\\u0041"]\n',
    ],
)
def test_other_texts_are_left_to_a_reader_of_toml(text):
    assert rendered.read(text) is None


@pytest.mark.slow
@pytest.mark.parametrize("release", ["4.12", "4.18"])
def test_many_mirrors_of_one_source_cost_linear_time(release):
    def work(number):
        old, new = (
            node_files.of_manifests(
                manifests({"icsp": [["quay.io", [f"m{n}.io" for n in range(last)]]]}), release
            ).files
            for last in (number, number + 1)
        )
        assert not disruption.of_change(old, new, release).drain

    # One quiet moment in three is enough: whatever grows with the product never has one.
    assert any(
        seconds(lambda: work(16_000)) < max(0.5, 8 * 3 * seconds(lambda: work(2_000))) for _attempt in range(3)
    )


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
policies = st.lists(
    st.fixed_dictionaries({}, optional={"path": anything | st.just("/etc"), "actions": anything | st.lists(anything)})
)
confs = st.text() | st.sampled_from(
    ["registry = 1", "[[registry]]\nlocation = 1", "[[registry]]\nmirror = [1]", "a = ["]
)


@pytest.mark.slow
@given(anything | st.dictionaries(st.just(CONF), confs), anything | st.dictionaries(st.just(CONF), confs), policies)
def test_no_input_gives_anything_but_a_cost_or_a_sentence(old, new, theirs):
    try:
        disruption.of_change(old, new, "4.18", theirs)
    except ManifestProblem as problem:
        assert "\n" not in str(problem)
