# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each format reads, refuses and writes: cases in tests/data/formats."""

from __future__ import annotations

import itertools
import json
import time

import go_yaml
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
    "go_yaml": go_yaml,
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


def test_toml_without_an_end_is_refused():
    with pytest.raises(FormatError, match=f"^nested deeper than {toml_text.MAX_DEPTH} levels$"):
        toml_text.parse("a = " + "[" * 100_000)


@pytest.mark.parametrize(("module", "case"), table("result"))
def test_written(module, case):
    assert module.edit(case["text"], case["new"]) == case["result"]


@pytest.mark.parametrize("case", cases("formats/yaml_text.yml", having="written"))
def test_written_again_as_before(case):
    found = yaml_text.written(case["text"], ["a"])
    assert found == case["written"]
    other = yaml_text.edit(case["text"], {**yaml_text.parse(case["text"]), "a": {"k": [{"n": "x", "y": [1]}]}})
    assert yaml_text.rewritten(other, ["a"], found) == case["text"]
    assert yaml_text.written(case["text"], ["c"]) is None
    with pytest.raises(FormatError, match="the key c is not there any more"):
        yaml_text.rewritten(case["text"], ["c"], "")


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
def test_bytes_that_are_not_text(data, reason):
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


GAPS = ["", " ", "\n  ", "  \n", " # why\n", "\n  # why\n  "]


def arrays():
    """(text, items): arrays of up to two items, with every gap at every place, with a comma behind the last or not."""
    for items in ([], ["a"], ["a", "b"]):
        for behind_last in ("", ",") if items else ("",):
            pieces = "|".join([f"|'{item}'|," for item in items]).removesuffix(",") + behind_last
            pattern = f"[{pieces.replace('||', '|')}|]" if items else "[|]"
            for gaps in itertools.product(GAPS, repeat=pattern.count("|")):
                yield pattern.replace("|", "{}").format(*gaps), items


@pytest.mark.slow
@pytest.mark.parametrize(("module", "assign"), [(toml_text, "k ="), (yaml_text, "k:")], ids=["toml", "yaml"])
def test_a_comment_in_an_array_never_swallows_what_follows(module, assign):
    tried = 0
    for array, items in list(arrays())[::17]:
        text = f"{assign} {array}\n"
        try:
            module.parse(text)
        except FormatError:
            continue
        tried += 1
        for new in (items[1:], items[:-1], [], ["x"], [*items, "x"], ["x", *items], ["x", *items[1:]]):
            after = module.edit(text, {"k": new})
            assert module.parse(after) == {"k": new}, text
            back = module.edit(after, {"k": items})
            assert set(items) - set(new) or back.count("#") == text.count("#"), (text, after, back)
            assert back == text or not items or new != [*items, "x"], (text, after, back)
    assert tried > 100


@pytest.mark.parametrize("length", [3_000, 300_000])
def test_a_number_without_end_is_one_sentence_in_no_time(length):
    start = time.process_time()
    with pytest.raises(FormatError, match="^line 2: a number out of range$"):
        yaml_text.parse("registries: [docker.io]\nx: 1" + ":1" * length)
    with pytest.raises(FormatError, match="^line 1: a number out of range$"):
        json_text.parse("[1" + "9" * length + "]")
    with pytest.raises(FormatError, match="a number out of range"):
        toml_text.parse("a = 0x" + "f" * length)
    assert time.process_time() - start < 2


@pytest.mark.slow
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
