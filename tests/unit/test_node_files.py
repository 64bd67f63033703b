# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of nodes: own tables over releases, laws, hostile input, time. Upstream's cases stand in another file."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    ManifestProblem,
    disruption,
    go_text,
    mirrors,
    node_files,
    objects,
    payload,
    releases,
    scopes,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import toml_text
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from openshift4 import manifests

FILES = {
    "conf": node_files.REGISTRIES_CONF,
    "policy": node_files.POLICY_JSON,
    "sigstore": node_files.SIGSTORE_YAML,
    "search": node_files.SEARCH_DROP_IN,
}


def each(key):
    return [
        pytest.param(case.values[0], release, id=f"{case.id}, {release}")
        for case in cases("openshift4/node_files.yml", having=key)
        for release in case.values[0][key]
    ]


def path(name):
    return FILES.get(name) or f"/etc/crio/policies/{name.removeprefix('ns/')}.json"


@pytest.mark.parametrize("case, release", each("says"))
def test_what_is_written(case, release):
    found = node_files.of_manifests(manifests(case), release)
    wanted = {path(name): said for name, said in case["says"][release].items()}
    assert found.error is None
    assert set(found.files) == set(wanted)
    for file, said in wanted.items():
        text = found.files[file]
        if isinstance(said, str):
            assert text == said
            continue
        for part in said:
            assert part in text, text
            text = text.partition(part)[2]


@pytest.mark.parametrize("case, release", each("errors"))
def test_where_the_operator_stops(case, release):
    found = node_files.of_manifests(manifests(case), release)
    assert (found.error, found.files) == (case["errors"][release], {})


@pytest.mark.parametrize("case", cases("openshift4/node_files.yml", having="warnings"))
def test_logged_problems_are_notes(case):
    for release in case["says"]:
        said = node_files.of_manifests(manifests(case), release).warnings
        assert len(said) == len(case["warnings"])
        assert all(part in text for part, text in zip(case["warnings"], said, strict=True))


@pytest.mark.parametrize("case", cases("openshift4/malformed.yml"))
def test_invalid_manifests_are_one_sentence(case):
    with pytest.raises(ManifestProblem) as problem:
        node_files.of_manifests(case.get("manifests", manifests(case)), case.get("release", "4.22"))
    assert case["error"] in str(problem.value)
    assert "\n" not in str(problem.value)


def test_lists_as_oc_writes_them():
    given = manifests({"idms": [["quay.io/a", ["m.io/a"]]], "blocked": ["docker.io"]})
    alone = node_files.of_manifests(given, "4.18")
    assert node_files.of_manifests({"apiVersion": "v1", "kind": "List", "items": given}, "4.18") == alone
    bare = {
        "apiVersion": "config.openshift.io/v1",
        "items": [{"metadata": one["metadata"], "spec": one["spec"]} for one in given[2:]],
    }
    assert node_files.of_manifests([given[:2], None, {"kind": "ImageDigestMirrorSetList"} | bare], "4.18") == alone


hosts = ["a.io", "a.io:5000", "b.a.io", "quay.io", "m.io"]
names = st.builds("{}{}".format, st.sampled_from(hosts), st.sampled_from(["", "/p", "/p/q", "/openshift-release-dev"]))
scope = st.one_of(
    names, st.sampled_from(["*.io", "*.a.io", "quay.io/openshift-release-dev/ocp-release", "a.io/p:1", ""])
)
sets = st.lists(
    st.tuples(scope, st.lists(names, max_size=3), st.sampled_from(["", "NeverContactSource"])).map(list), max_size=4
)
clusters = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("icsp", "idms", "itms"), sets),
        **{word: st.lists(scope, max_size=3) for word in ("insecure", "blocked", "allowed", "search", "signed")},
        "signed_in": st.dictionaries(st.sampled_from(["one", "two"]), st.lists(names, max_size=2)),
    },
)
any_release = st.sampled_from(list(releases.RELEASES))


@pytest.mark.parametrize(
    ("keys", "in_order"),
    [
        (["a", "1"], ["1", "a"]),
        (["a", "-"], ["-", "a"]),
        (["b", "a", "ab"], ["a", "ab", "b"]),
        (["a10", "a9"], ["a9", "a10"]),
        (["a1", "a01"], ["a1", "a01"]),
        (["a10b", "a1-b"], ["a1-b", "a10b"]),
        (["1.10", "1.9"], ["1.9", "1.10"]),
        (["1000", "0100"], ["0100", "1000"]),
    ],
)
def test_keys_stand_as_go_yaml_sorts_them(keys, in_order):
    assert go_text.yaml_keys(keys) == in_order == go_text.yaml_keys(in_order)


@given(clusters, any_release, st.randoms())
def test_the_order_of_objects_does_not_count(cluster, release, random):
    given = manifests({**cluster, "idms": {str(number): [one] for number, one in enumerate(cluster.get("idms", []))}})
    shuffled = random.sample(given, len(given))
    one, other = node_files.of_manifests(given, release), node_files.of_manifests(shuffled, release)
    assert one.files == other.files and bool(one.error) == bool(other.error)


@given(clusters, any_release)
def test_files_or_an_error_never_both(cluster, release):
    found = node_files.of_manifests(manifests(cluster), release)
    assert not (found.files and found.error)
    assert list(found.on_node)[:2] == [node_files.REGISTRIES_CONF, node_files.POLICY_JSON]
    assert all("\n" not in text for text in (*found.warnings, found.error or ""))


@given(clusters)
def test_the_payload_is_protected_alike_when_only_its_neighbours_are_compared(cluster):
    release = releases.find("4.18")
    seen = objects.read(manifests(cluster), release)
    whole = payload._near
    near = payload.protect(seen, release)
    try:
        payload._near = lambda image, objects: objects
        assert payload.protect(seen, release) == near
    finally:
        payload._near = whole


@given(st.lists(scope, max_size=6), scope)
def test_scopes_looked_up_are_scopes_compared(sups, sub):
    found = scopes.Scopes(sups).containing(sub)
    assert found == [sup for sup in dict.fromkeys(sups) if scopes.nested(sub, sup)]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def mutated(value, path, replacement):
    """The value with something else at a path, as far as there is one."""
    if not path or not isinstance(value, (dict, list)) or not value:
        return replacement
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = mutated(value[key], path[1:], replacement)
    return copy


WHOLE = manifests(
    {
        **{word: ["a.io"] for word in ("insecure", "blocked", "allowed", "search", "signed")},
        **{kind: [["a.io", ["m.io"], "NeverContactSource"]] for kind in ("icsp", "idms", "itms")},
        "signed_in": {"team": ["b.io"]},
    }
)


@given(anything | st.builds(mutated, st.just(WHOLE), st.lists(st.integers(0, 9), max_size=8), anything), any_release)
def test_no_yaml_gives_anything_but_files_or_a_sentence(value, release):
    try:
        node_files.of_manifests(value, release)
    except ManifestProblem as problem:
        assert "\n" not in str(problem) and len(str(problem)) < 400


def seconds(work):
    """Of this process: the machine may have other things to do."""
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.slow
def test_ten_thousand_mirrors_are_rendered_and_forecast_within_a_second(capsys):
    """On a machine that is slow or busy: in less time than a reader of TOML takes for the text."""

    def cluster(number):
        mirrored = [
            [f"r{n % 97}.example.com/team{n}/app", [f"m.example.com:5000/{n}", f"n.example.com/{n}"]]
            for n in range(number)
        ]
        lists = {"insecure": ["m.example.com:5000", "*.lab"], "blocked": ["quay.io", "docker.io", "*.evil.example.com"]}
        return manifests({"idms": mirrored, **lists})

    old = node_files.of_manifests(cluster(5000), "4.18").on_node

    def forecast():
        new = node_files.of_manifests(given, "4.18").on_node
        disruption.of_change(old, new, "4.18")
        return new[node_files.REGISTRIES_CONF]

    given = cluster(10_000)
    taken, text = min(seconds(forecast) for _ in range(3)), forecast()
    with capsys.disabled():
        print(f" {text.count('[[registry]]')} entries rendered and forecast in {taken:.2f} s", end=" ")
    assert taken < max(1, seconds(lambda: toml_text.parse(text)))


HOSTILE = {
    "dots": lambda n: "a." * n,
    "slashes": lambda n: "a/" * n,
    "dashes": lambda n: "a" + "-" * n,
    "dashes in a path": lambda n: "a.io/a" + "-" * n,
    "letters": lambda n: "a" * n + "!",
    "underscores": lambda n: "a.io/a" + "_a" * n + "!",
    "colons": lambda n: "a:" * n,
    "asterisk and dots": lambda n: "*." + "a." * n,
    "quotes": lambda n: '"' * n,
    "digits": lambda n: "1" * n + ".io",
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", HOSTILE)
def test_hostile_names_cost_linear_time(shape):
    def work(number):
        text = HOSTILE[shape](number)
        for release in ("4.14", "4.18"):
            for where in ({"blocked": [text]}, {"insecure": [text, "a.io"]}, {"signed": [text]}, {"search": [text]}):
                node_files.of_manifests(manifests({"idms": [["a.io", ["m.io"]]], **where}), release)
            node_files.of_manifests(manifests({"idms": [[text, [text]]], "blocked": ["quay.io"]}), release)
            node_files.of_manifests(manifests({"payload": text}), release)

    small = min(seconds(lambda: work(5_000)) for _ in range(3))
    large = min(seconds(lambda: work(40_000)) for _ in range(2))
    assert large < max(0.5, small * 8 * 3)


def test_memory_stays_in_proportion():
    text = "a." * 50_000
    tracemalloc.start()
    scopes.Scopes(["a.io", "*.io"]).containing(text)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_set_without_mirrors_says_nothing_about_its_source():
    assert mirrors.one_per_source([objects.SourceMirrors("a.io", (), "NeverContactSource")]) == []
