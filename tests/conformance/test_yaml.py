# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated YAML means the same to us as to the code that masters of OpenShift 3 hold, and so does what we write."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3.decoding import (
    DecodingProblem,
    read,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import FormatError, yaml_text
from hypothesis import given, seed
from hypothesis import strategies as st

from .amount import CASES, ENOUGH, SEED
from .conftest import Program

TEXT = """\
kind: MasterConfig
# a comment
admissionConfig:
  pluginConfig:
    openshift.io/ImagePolicy:
      configuration:
        executionRules:   # rules
        - name: execution-denied
          reject: true
          matchImageAnnotations:
          - key: images.openshift.io/deny-execution
            value: "true"
        - {name: two, matchRegistries: [a.example, 'b.example:5000'], reject: no}
shared: &shared {a: 1}
other: *shared
texts:
    kept: |
      one
        two
    folded: >-
      a b
      c
    plain: several words
      go on here
    "quoted" : "a
      text"
    empty:
list: []
"""
#: What is refused on purpose, though Go takes it.
STRICTER = ("there twice", "a second document", "not supported here", "not a scalar", "determine a constructor")
#: Where Go of that time is stricter; a master with such a file does not run.
LENIENT = (
    "unexpected ':'", "indentation space", "json: unsupported", "Unsupported map key", "directive", "incompatible YAML",
)  # fmt: skip
BLANKS = st.sampled_from(("\t", " \t", "\t ", "\t#c", "\t# c", " ", "\r", "\x85", "\u2028"))
SIGNS = st.sampled_from((*"\t #:'\"\\&*?%,{}[]|>=~-\n", ": ", "- ", " #", "\r\n", "\ufeff", "!!str "))
SCALARS = st.sampled_from(
    ("y", "N", "on", "Off", "~", "null", "012", "-012", "0x1F", "0b11", "1_000", "09", ".5", "-.5", "1.5e+3", "1.",
     "1:30", "190:20:30", "2018-01-01", "2018-01-01T00:00:00Z", "=", "1e3", "a b", "a#b", "http://x", "1.2.3", "0",
     "+1")
)  # fmt: skip
LAYOUTS = st.sampled_from(
    ("{}", "{}", "\ufeff{}", "---\n{}", "{}...\n", "{}---\n", "{}---\na: 1\n", "# x\n--- # y\n{}")
)
SEEN: Counter[str] = Counter()


@st.composite
def texts(draw: Any) -> str:
    """Draw a configuration with blanks, signs and scalars where they may or may not be."""
    text = TEXT
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(("blank", "blank", "end", "end", "sign", "scalar")))
        if kind == "scalar":
            text = f"{text}more{len(text)}: {draw(SCALARS)}\n"
            continue
        wanted = {"blank": " ", "end": "\n"}.get(kind, "")
        places = [at for at, sign in enumerate(text) if sign == wanted or not wanted]
        at = draw(st.sampled_from(places))
        text = text[:at] + draw(SIGNS if kind == "sign" else BLANKS) + text[at + (kind == "blank") :]
    return draw(LAYOUTS).replace("{}", text)


def in_json(value: Any) -> Any:
    """Return a value as JSON has it, where keys are texts."""
    if isinstance(value, dict):
        return {_key(key): in_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_json(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _key(key: Any) -> str:
    return json.dumps(key) if isinstance(key, bool) else str(key)


@seed(SEED)
@ENOUGH
@given(texts())
def test_what_is_read(yaml_v2: Program, text: str) -> None:
    told = yaml_v2.ask(text)
    try:
        value = in_json(yaml_text.parse(text, go=True))
    except FormatError as error:
        assert told["refused"] or any(reason in str(error) for reason in STRICTER), text
        SEEN["refused"] += 1
        return
    if told["refused"]:
        assert any(reason in told["refused"] for reason in LENIENT), (text, told)
        return
    assert in_json(told["value"]) == value, text
    SEEN["read"] += 1


@seed(SEED)
@ENOUGH
@given(texts())
def test_what_is_decoded(yaml_v2: Program, text: str) -> None:
    told = yaml_v2.ask(text)
    try:
        value = read(text).value
    except DecodingProblem:
        assert told["refused"], text
    else:
        assert not told["refused"] or "indentation space" in told["refused"], (text, told)
        assert told["refused"] or in_json(told["value"]) == in_json(value), text


words = SCALARS | st.text("ab#,:'\"[]{}=*&-\\ \n\té😀%@`!|>?", max_size=6)
values = st.recursive(
    words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)
STARTS = (
    "a: 1\nb: [x, z]\nc: {d: e}\n", "a:\t# mine\n- x\n- v: z\n  'q': \"r\"\nb: {}\nc: []\n",
    "a: 'x'\r\nb:\t\"x\"\t# t\r\n", '{"a": 1, "b": ["c"]}\n',
)  # fmt: skip


@seed(SEED)
@ENOUGH
@given(st.sampled_from(STARTS), st.sampled_from("abz"), values)
def test_what_is_written(yaml_v2: Program, text: str, key: str, value: Any) -> None:
    wanted = yaml_text.parse(text, go=True)
    wanted[key] = [*wanted[key], value] if isinstance(wanted.get(key), list) else value
    written = yaml_text.edit(text, wanted, go=True)
    assert in_json(yaml_v2.ask(written)["value"]) == in_json(wanted), written


def test_the_cases_were_worth_asking() -> None:
    """Texts that nobody reads would prove nothing."""
    if not SEEN:
        pytest.skip("no cases were asked for")
    assert all(SEEN[kind] > CASES // 20 for kind in ("refused", "read")), SEEN
