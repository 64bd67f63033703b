# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a policy: cases in tests/data/policy, and what must hold for any input."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils import names as names_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.names import Coverage, covers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import WORDS, Policy, PolicyError, read_policy
from cases import cases
from hypothesis import given
from hypothesis import strategies as st


def read(given: dict) -> Policy:
    words = {word: value for word, value in given.items() if word in WORDS}
    return read_policy(
        words,
        service_network=given.get("hosted_registry_network", "172.30.0.0/16"),
        service_network_insecure=given.get("hosted_registry_insecure", False),
    )


@pytest.mark.parametrize("case", cases("policy/read.yml", having="policy"))
def test_what_is_read(case):
    policy = read(case["given"])
    assert policy.words() == case["policy"]
    for kind in ("notes", "warnings"):
        if kind in case:
            said = getattr(policy, kind)
            assert len(said) == len(case[kind])
            assert all(wanted in text for wanted, text in zip(case[kind], said, strict=True))


@pytest.mark.parametrize("case", cases("policy/read.yml", having="error"))
def test_what_is_refused_in_one_sentence(case):
    with pytest.raises(PolicyError) as refusal:
        read(case["given"])
    assert case["error"] in str(refusal.value)
    assert "\n" not in str(refusal.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
almost_names = st.lists(st.sampled_from(list("ab.:/*@[]\\-_,1 \n\"'{}#")), max_size=24).map("".join)


@given(st.dictionaries(st.sampled_from(WORDS), anything | almost_names | st.lists(almost_names, max_size=3)))
def test_no_input_gives_anything_but_a_policy_or_a_sentence(words):
    try:
        policy = read_policy(words)
    except PolicyError:
        return
    assert read_policy(policy.words()).words() == policy.words()


def test_json_within_json_has_an_end():
    text = "quay.io"
    for _ in range(9):
        text = json.dumps(text)
    with pytest.raises(PolicyError, match="nested too deeply"):
        read_policy({"search": text})


def test_reading_is_linear_in_the_length_of_hostile_text():
    for text in ("[" * 100_000, '"' * 100_000, "a." * 50_000, "a," * 50_000, "-" * 100_000, "a/" * 50_000):
        try:
            read_policy({"blocked": text})
        except PolicyError:
            pass


def test_a_later_policy_speaks_for_itself_and_is_silent_about_the_rest():
    later = read_policy({"blocked": "quay.io"})
    assert later.over({"search": ["a.example.com"], "blocked": ["docker.io"]}).words() == {
        "search": ["a.example.com"],
        "blocked": ["quay.io"],
    }


def test_an_allow_list_takes_the_place_of_an_earlier_partial_block():
    later = read_policy({"allowed": "quay.io"})
    assert later.over({"blocked": ["docker.io"]}).words() == {"allowed": ["quay.io"]}
    assert later.over({"blocked": ["all"]}).words() == {"blocked": ["all"], "allowed": ["quay.io"]}


names = st.from_regex(r"(\*\.)?[ab]{1,2}(\.[ab]){0,3}(:1)?(/[ab])?", fullmatch=True)


@given(st.lists(names, max_size=8), names)
def test_many_scopes_at_once_say_what_each_says(scopes, name):
    assert Coverage(scopes).of(name) == next((scope for scope in scopes if covers(scope, name)), None)


@pytest.mark.parametrize("other", ["blocked", "insecure"])
def test_two_long_lists_take_no_longer_than_their_length(other):
    """It grew with the product: hours for a megabyte of names."""
    words = {
        "search": [f"s{n}.example.com" for n in range(4000)],
        other: [f"o{n}.example.com:5000" for n in range(4000)],
    }
    if other == "insecure":
        words["blocked"] = "all"
    with patch.object(names_of, "covers", wraps=names_of.covers) as asked:
        read_policy(words)
    assert asked.call_count <= 8000
