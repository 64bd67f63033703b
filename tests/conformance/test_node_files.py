# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""registries.conf, pulls, and encodings of the forecast against openshift/runtime-utils and containers/image."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    go_text,
    mirrors,
    node_files,
    objects,
    releases,
    scopes,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import (
    pull_sources,
    references,
    registries_conf,
)
from cases import cases
from hypothesis import given, seed
from hypothesis import strategies as st
from openshift4 import KINDS, manifests

from .amount import CASES, ENOUGH, SEED

# The libraries in go.mod are those of 4.19 to 4.22.
RELEASE = releases.find("4.22")
DIGEST = "@sha256:" + "0123456789abcdef" * 4


def mostly(usual, *seldom):
    """The usual in nine of ten cases: too many mistakes, and nothing is left to compare."""
    return st.sampled_from([usual] * 9 * len(seldom) + list(seldom)).flatmap(lambda chosen: chosen)


hosts = st.sampled_from("a.x b.x a.b.x a.x:5000 localhost example.com m.io".split())
paths = st.sampled_from(["", "/p", "/p", "/p/q", "/p/q/r", "/pq"])
names = st.builds("".join, st.tuples(hosts, paths))
wildcards = st.sampled_from(["*.x", "*.b.x", "*.a.b.x", "*.com", "*.io"])
odd = st.sampled_from(["a.x/p:1", "a.x/p/", "a.x/p" + DIGEST, "b.x//q", 'a".x', "http://a.x", "a.x:5000/p:1", "*."])
entries = st.lists(mostly(names, wildcards, odd), max_size=3)
policies = st.sampled_from(["", "", "AllowContactingSource", "NeverContactSource"])
sets = st.lists(
    st.tuples(mostly(names, wildcards), st.lists(names, min_size=1, max_size=4), policies).map(list), max_size=4
)
several = st.lists(sets, max_size=3).map(lambda lists: {f"object-{number}": one for number, one in enumerate(lists)})
images = st.builds(
    "{}{}{}{}".format, hosts, paths, st.sampled_from(["", "/app"]), st.sampled_from(["", ":1", DIGEST, DIGEST])
)
texts = st.text(st.characters(max_codepoint=0x4FF, exclude_categories=["Cs"]), max_size=12)
signed = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "*."]),
    st.from_regex(r"[eEyn0-9xab](?:[eE0-9zA-]*[0-9a-bE])?(?:\.[0-9e]{1,3}){0,2}", fullmatch=True),
    st.sampled_from([".", ".x", ".5", ".1e3", "localhost"]),
    st.sampled_from(["", "", "/p", ":5000", ":20", "/p/2", "/p/10", "@sha256:" + "0" * 64, "/long" * 30]),
)
questions = st.fixed_dictionaries(
    {
        "search": st.lists(texts, max_size=2),
        "insecure": entries,
        "blocked": entries,
        "icsp": several,
        "idms": several,
        "itms": several,
        "pull": st.lists(images, max_size=12),
    }
)
pairs = st.lists(st.tuples(mostly(names, wildcards, odd), mostly(wildcards, names, odd)), max_size=6)


SEEN: Counter[str] = Counter()


def read(question):
    return objects.read(manifests({word: question[word] for word in KINDS}), RELEASE)


def in_go(question):
    """The question with whole objects, as Go decodes them."""
    whole = manifests({word: question[word] for word in KINDS})
    found = {word: [one for one in whole if one["kind"] == kind] for word, (kind, *_rest) in KINDS.items()}
    return {**question, **found}


@seed(SEED)
@ENOUGH
@given(question=questions)
def test_registries_conf_and_pulls(operator, question):
    SEEN.update(compared(operator, question))


@pytest.mark.parametrize("case", cases("openshift4/guides.yml"))
def test_examples_of_the_guides(operator, case):
    nothing = {**dict.fromkeys(("search", "insecure", "blocked", "pull"), []), **dict.fromkeys(KINDS, {})}
    question = {key: case.get(key, empty) for key, empty in nothing.items()}
    compared(operator, question)
    files = node_files.of_manifests(manifests(case), RELEASE.name)
    assert files.error is None
    # The operator renders its own search list, which it never changes.
    ask = {**question, "search": list(mirrors.TEMPLATE_SEARCH)}
    if node_files.REGISTRIES_CONF in files.files:
        assert files.files[node_files.REGISTRIES_CONF] == operator.ask(in_go(ask))["text"]


def compared(operator, question):
    """Assert that both say the same; returns what the case is an example of."""
    answer = operator.ask(in_go(question))
    try:
        ours = mirrors.edited(read(question), question["insecure"], question["blocked"], RELEASE)
    except mirrors.Stopped as reason:
        assert str(reason) == answer["error"]
        return {"stops"}
    assert answer["error"] == ""
    text = mirrors.render(ours, question["search"], RELEASE)
    assert text == answer["text"]
    try:
        conf = registries_conf.read(text, "registries.conf")
    except registries_conf.RegistriesConfProblem:
        assert answer["loads"], text
        return {"does not load"}
    assert answer["loads"] == ""
    pulls = answer["pulls"]
    for image, wanted in pulls.items():
        assert our_pull(conf, image) == (wanted["prefix"], bool(wanted["error"]), sources(wanted)), image
    facts = {
        "mirrors": "[[registry.mirror]]" in text,
        "several endpoints": any(len(sources(one)) > 1 for one in pulls.values()),
        "refused": any(one["error"] for one in pulls.values()),
    }
    return {fact for fact, holds in facts.items() if holds}


def test_the_cases_were_worth_asking():
    """A generator of clusters without mirrors or mistakes would prove nothing."""
    if not SEEN:
        pytest.skip("no clusters were asked for")
    kinds = ("stops", "does not load", "mirrors", "several endpoints", "refused")
    assert all(SEEN[kind] >= CASES // 50 for kind in kinds), SEEN


def sources(answer):
    return [(one["location"], one["reference"]) for one in answer["sources"] or []]


def our_pull(conf, image):
    try:
        reference = references.parse_canonical(image)
    except references.ReferenceProblem:
        return "", True, []
    registry = conf.find(reference.name)
    if registry is None:
        return "", False, []
    try:
        found = pull_sources.endpoints(reference, registry, conf)
    except pull_sources.RewriteProblem:
        return registry.prefix, True, []
    return registry.prefix, False, [(one.location, str(one.reference)) for one in found]


@seed(SEED)
@ENOUGH
@given(pairs)
def test_nested_scopes(operator, nested):
    answer = operator.ask({"nested": nested})
    ours = [scopes.nested(sub, sup) for sub, sup in nested]
    assert ours == (answer["nested"] or [])
    assert ours == [scopes.Scopes([sup]).contain(sub) for sub, sup in nested]


@seed(SEED)
@ENOUGH
@given(st.lists(texts, max_size=3), st.lists(signed, max_size=5, unique=True))
def test_encodings(operator, quote, keys):
    answer = operator.ask({"quote": quote, "keys": keys})
    assert [go_text.quoted(text) for text in quote] == (answer["quoted"] or [])
    values = go_text.sorted_by_bytes(dict.fromkeys(keys, {"use-sigstore-attachments": True}))
    assert go_text.json_text(values, 2) == answer["json"]
    if values:
        keys = go_text.yaml_keys(values)
        ours = [go_text.yaml_member(key, "use-sigstore-attachments: true", 2) for key in keys]
        if all(go_text._compare_keys(one, other) < 0 for one, other in combinations(keys, 2)):
            assert "docker:\n" + "".join(ours) == answer["yaml"]
        else:  # 10. < 1A. < 5. < 10.: go-yaml itself writes these now so, now so
            assert sorted("".join(ours).splitlines()) == sorted(answer["yaml"].splitlines()[1:])


@seed(SEED)
@ENOUGH
@given(texts)
def test_json_of_any_text(operator, text):
    answer = operator.ask({"keys": [text]})
    assert json.loads(answer["json"]) == {text: {"use-sigstore-attachments": True}}
    assert go_text.json_text({text: {"use-sigstore-attachments": True}}, 2) == answer["json"]
