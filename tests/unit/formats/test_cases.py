# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each format reads, refuses and writes: cases in tests/data/formats."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import (
    FormatError,
    decode,
    environment_file,
    json_text,
    toml_text,
    yaml_text,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats.splice import same
from cases import cases

MODULES = {
    "environment_file": environment_file,
    "json_text": json_text,
    "toml_text": toml_text,
    "yaml_text": yaml_text,
}


def table(having):
    return [
        pytest.param(module, *case.values, id=f"{name}-{case.id}")
        for name, module in MODULES.items()
        for case in cases(f"formats/{name}.yml", having=having)
    ]


@pytest.mark.parametrize(("module", "case"), table("value"))
def test_read(module, case):
    assert same(module.parse(case["text"]), case["value"])


@pytest.mark.parametrize(("module", "case"), table("refused"))
def test_refused(module, case):
    with pytest.raises(FormatError) as refusal:
        module.parse(case["text"] * case.get("times", 1))
    assert str(refusal.value) == case["refused"]


@pytest.mark.parametrize(("module", "case"), table("result"))
def test_written(module, case):
    assert module.edit(case["text"], case["new"]) == case["result"]


@pytest.mark.parametrize(("module", "case"), table("not_written"))
def test_not_written(module, case):
    with pytest.raises(FormatError, match=case["not_written"]):
        module.edit(case["text"], case["new"])


@pytest.mark.parametrize("case", cases("formats/environment_file.yml", having="on_el7"))
def test_differs_on_el7(case):
    assert environment_file.differs_on_el7(case["text"], "A") == case["on_el7"]


@pytest.mark.parametrize("case", cases("formats/environment_words.yml"))
def test_words(case):
    assert environment_file.words(case["text"]) == case["words"]
    if "new" in case:
        assert environment_file.edit_words(case["text"], case["new"]) == case["result"]
    assert environment_file.words(environment_file.join(case["words"])) == case["words"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a\nb\xff", "line 2: not UTF-8 text"),
        (b"a\r\n\r\n\xc3", "line 3: not UTF-8 text"),
        (b"\xed\xa0\x80", "line 1: not UTF-8 text"),
        (b"a\n\n\0", "line 3: NUL byte in text"),
    ],
)
def test_bytes_that_are_no_text(data, reason):
    with pytest.raises(FormatError) as refusal:
        decode(data)
    assert str(refusal.value) == reason


def test_a_byte_order_mark_is_text():
    assert decode(b"\xef\xbb\xbfA=1\r\n") == "\ufeffA=1\r\n"


HOSTILE = [
    "[",
    "{",
    '"',
    "'",
    "\\",
    " ",
    "\n",
    "#",
    "=",
    "'''",
    '"""',
    "a=[",
    "[[",
    "a.",
    "- ",
    "? ",
    ": ",
    "&a ",
    "!",
    "|\n",
]


@pytest.mark.parametrize("piece", HOSTILE, ids=json.dumps)
@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@pytest.mark.parametrize("start", ["", 'a="'], ids=["bare", "in a string"])
def test_repetition_neither_hangs_nor_breaks(module, piece, start):
    text = start + piece * (50_000 // len(piece))
    try:
        value = module.parse(text)
    except FormatError:
        return
    assert module.edit(text, value) == text
