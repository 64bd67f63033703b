# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a policy: cases in tests/data/policy, and what must hold for any input."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from unittest.mock import patch

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import (
    VOCABULARY,
    WORDS,
    Policy,
    PolicyError,
    read_policy,
    words_in,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import names as names_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.names import Scopes, covers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.signature_policy import inside_scope
from cases import cases
from conftest import REPOSITORY
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
def test_a_policy_is_read(case, sentences):
    policy = read(case["given"])
    assert policy.words() == case["policy"]
    sentences(policy.notes, policy.warnings)
    for kind in ("notes", "warnings"):
        if kind in case:
            said = getattr(policy, kind)
            assert len(said) == len(case[kind])
            assert all(wanted in text for wanted, text in zip(case[kind], said, strict=True))


@pytest.mark.parametrize("case", cases("policy/read.yml", having="error"))
def test_an_invalid_policy_is_refused_in_one_sentence(case, sentences):
    with pytest.raises(PolicyError) as refusal:
        read(case["given"])
    assert case["error"] in str(refusal.value)
    sentences(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not [text for text in case.get("lacks", []) if text in str(refusal.value)]


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


@pytest.mark.parametrize("word", ["trust", "mirrors", "signatures", "credentials"])
def test_json_without_an_end_is_refused(word):
    with pytest.raises(PolicyError, match=f"^{word}: ") as refusal:
        read_policy({word: "[" * 100_000})
    assert len(str(refusal.value)) < 200


def test_a_text_of_some_length_is_read_and_no_longer_one():
    longest = "a.example.com," * 80_000
    assert read_policy({"blocked": longest[: 1024 * 1024]}).blocked
    with pytest.raises(PolicyError) as refusal:
        read_policy({"blocked": longest[: 1024 * 1024 + 1]})
    assert str(refusal.value) == f"blocked: '{longest[:40]}…' is longer than 1048576 characters"


def test_reading_is_linear_in_the_length_of_hostile_text():
    for text in ("[" * 100_000, '"' * 100_000, "a." * 50_000, "a," * 50_000, "-" * 100_000, "a/" * 50_000):
        try:
            read_policy({"blocked": text})
        except PolicyError:
            pass


@pytest.mark.parametrize("case", cases("policy/over.yml", having="words"))
def test_a_policy_after_an_earlier_one(case, sentences):
    now = read_policy(case["given"])
    both = now.over(case["earlier"])
    assert both.words() == case["words"]
    sentences(both.warnings)
    new = [text for text in both.warnings if text not in now.warnings]
    assert len(new) == len(case.get("warnings", [])), new
    assert all(wanted in text for wanted, text in zip(case.get("warnings", []), new, strict=True))
    assert both.over(both.words()).words() == both.words()


@pytest.mark.parametrize("case", cases("policy/over.yml", having="error"))
def test_an_earlier_policy_that_is_damaged(case, sentences):
    with pytest.raises(PolicyError) as refusal:
        read_policy(case["given"]).over(case["earlier"])
    assert case["error"] in str(refusal.value)
    sentences(refusal.value)


@given(st.dictionaries(st.sampled_from(WORDS), anything | st.lists(almost_names, max_size=2)) | anything)
def test_no_earlier_policy_gives_anything_but_a_policy_or_a_sentence(earlier):
    now = read_policy({"blocked": "quay.io"})
    try:
        both = now.over(earlier)
    except PolicyError as problem:
        assert str(problem).isprintable()
        return
    assert both.blocked == now.blocked and not both.allowed


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("BEGIN PRIVATE KEY", "registry_policy: a mapping of words (search, "),
        ([{"trust": []}], "credentials) is needed, this is a list"),
        ({"serach": []}, "registry_policy.serach: is not a word of a policy; did you mean 'search'? The words are se"),
        ({5: []}, "registry_policy.5: is not a word of a policy; the words are search, "),
    ],
)
def test_words_in_one_value(value, says):
    assert words_in("registry_policy", {"search": "quay.io", "trust": None}) == {"search": "quay.io", "trust": None}
    with pytest.raises(PolicyError) as refusal:
        words_in("registry_policy", value)
    assert says in str(refusal.value) and "PRIVATE" not in str(refusal.value)


passwords = st.text("abc:/,@ \n'\"[]{}s", min_size=1, max_size=8).map("s3c{}ret".format)


@given(st.sampled_from(["{}", "quay.io,{}", '["{}"]', "https://{}/team", '["{}"']), passwords, st.sampled_from(WORDS))
def test_no_password_is_repeated(shape, password, word):
    value = shape.format(f"bob:{password}@quay.io")
    entries = [
        [{"registry": name, "aliases": aliases}] for name, aliases in ((value, []), ("a", value), ("a", [value]))
    ]
    mirrors = [{"source": value, "mirrors": [value]}]
    for said in (value, [value], {value: value}, mirrors, {"app": value}, *entries):
        with pytest.raises(PolicyError) as refusal:
            read_policy({word: said})
        assert "s3c" not in str(refusal.value), said


some_scopes = st.lists(st.sampled_from(list("ab.:/@*")), min_size=1, max_size=6).map("".join)


# wildcards have neither port nor path
wildcards = st.text("ab.", min_size=1, max_size=6).map("*.{}".format)


@given(st.lists(some_scopes.filter(lambda scope: scope[:2] != "*.") | wildcards, max_size=6), some_scopes | wildcards)
def test_many_scopes_answer_as_each_of_them_does(scopes, name):
    for rule in (covers, inside_scope):
        found = [scope for scope in dict.fromkeys(scopes) if rule(scope, name)]
        assert Scopes(scopes, rule).all_covering(name) == found
        assert Scopes(scopes, rule).covering(name) == next(iter(found), None)


def test_a_policy_is_read_back_from_its_words():
    """Every word that is written down; those with secrets never are."""
    given = next(case.values[0]["earlier"] for case in cases("policy/over.yml") if len(case.values[0]["earlier"]) > 5)
    policy = read_policy(given)
    assert policy.words() == given
    assert read_policy(policy.words()) == policy
    assert set(given) == {name for name, word in VOCABULARY.items() if word.plain}


A_WORD = """
from __future__ import annotations

from .word import PolicyError, Reading, Targets, Word


def read(name: str, value: object, reading: Reading) -> str:
    if value not in ("red", "blue"):
        raise PolicyError(name, value, "is not a colour")
    return str(value)


COLOUR = Word(read, str, Targets.HOSTS, "openshift_docker_colour", {"type": "str", "description": ["Its colour."]})
"""
ITS_FIELD = '    colour: str | None = field(default=None, metadata={"word": colour.COLOUR})\n'
ITS_LINES = {
    "from . import credentials,": "from . import colour, credentials,",
    "    trust: Trust | None =": f"{ITS_FIELD}    trust: Trust | None =",
}
QUESTIONS = """
from house.plugin_utils import variables
from house.plugin_utils.cluster.openshift4 import manifests
from house.plugin_utils.policy import PolicyError, WORDS, options_of, read_policy, words_in

def refusal(action):
    try:
        action()
    except PolicyError as problem:
        return str(problem)

policy = read_policy({"colour": "red"})
print({
    "words": policy.words(),
    "over": [read_policy({}).over({"colour": "blue"}).words(), policy.over({"colour": "blue"}).words()],
    "refused": refusal(lambda: read_policy({"colour": "grey"})),
    "earlier": refusal(lambda: read_policy({}).over({"colour": "grey"})),
    "unknown": refusal(lambda: words_in("registry_policy", {"color": "red"})),
    "option": options_of("registries")["colour"],
    "filled": [variables.Fill(variables.words("registries"))(["colour"], given.get) for given in (
        {"docker_registries_colour": "red"},
        {"registry_policy": {"colour": "red"}},
        {"openshift_docker_colour": "red"},
    )],
    "notes": manifests.of_policy(policy, "4.18").notes,
})
"""


def test_a_new_word_is_one_file_and_one_field(tmp_path):
    """Read, written, taken over, refused, filled from variables, an option of tasks, left out for clusters."""
    house = tmp_path / "house/plugin_utils"
    # none of these rooms is needed
    above = ("__pycache__", "task", "plan", "registries", "registry_auth", "trust", "engines", "host")
    shutil.copytree(REPOSITORY / "plugins/plugin_utils", house, ignore=shutil.ignore_patterns(*above))
    (house / "policy/colour.py").write_text(A_WORD)
    source = (house / "policy/policy.py").read_text()
    for old, new in ITS_LINES.items():
        assert source.count(old) == 1
        source = source.replace(old, new)
    (house / "policy/policy.py").write_text(source)
    done = subprocess.run([sys.executable, "-c", QUESTIONS], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == {
        "words": {"colour": "red"},
        "over": [{"colour": "blue"}, {"colour": "red"}],
        "refused": "colour: 'grey' is not a colour",
        "earlier": "colour: 'grey' is not a colour",
        "unknown": "registry_policy.color: is not a word of a policy; did you mean 'colour'? The words are "
        + ", ".join((*WORDS[:-2], "colour", *WORDS[-2:])),
        "option": {"type": "str", "description": ["Its colour."]},
        "filled": [
            {"colour": ("docker_registries_colour", "red")},
            {"colour": ("registry_policy.colour", "red")},
            {"colour": ("openshift_docker_colour", "red")},
        ],
        "notes": ["'colour' is a word for hosts, and is left out"],
    }


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


@pytest.mark.parametrize(
    ("text", "found"),
    [("10.0.0.0/8", True), ("fd00::/8", True), ("::/0", True), ("a:5000/b", False), ("10.0.0.1", False),
     (":" * 100_000, False)],
    ids=["v4", "v6", "all of v6", "a scope", "an address", "a host's list that nobody can mean, which takes no longer"],
)  # fmt: skip
def test_what_is_a_range(text: str, found: bool) -> None:
    assert names_of.is_range(text) is found
