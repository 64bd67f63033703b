# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of the text formats, for generated texts and values: see plugin_utils/formats/__init__.py."""

from __future__ import annotations

import json

import pytest
import tomllib
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import (
    FormatError,
    environment_file,
    json_text,
    toml_text,
    yaml_text,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats.splice import same
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

WORDS = [
    "a",
    "b",
    "registries",
    "search",
    "registry",
    "location",
    "docker.io",
    "a b",
    "",
    "é",
    "x'y",
    'x"y',
    "\\",
    "#",
    "1",
    "yes",
]
words = st.sampled_from(WORDS) | st.text("ab#,:'\"[]{}=*&-\\ \n\té😀", max_size=6)
line_breaks = st.sampled_from(["\n", "\r\n"])


def values(scalars):
    """Nested lists and mappings of such scalars."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=10,
    )


@st.composite
def changed(draw, value, fresh):
    """The value with some of its parts changed, removed, added, or replaced by a ``fresh`` one."""
    kind = draw(st.sampled_from(["keep", "keep", "inside", "inside", "inside", "replace"]))
    if kind == "replace":
        return draw(fresh)
    if kind == "keep" or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        result = {key: draw(changed(item, fresh)) for key, item in value.items() if draw(st.integers(0, 4))}
        if draw(st.booleans()):
            result[draw(words)] = draw(fresh)
        return result
    result = [draw(changed(item, fresh)) for item in value if draw(st.integers(0, 4))]
    for _ in range(draw(st.integers(0, 2))):
        result.insert(draw(st.integers(0, len(result))), draw(fresh))
    return result


def assert_laws(module, text, value):
    assert module.edit(text, module.parse(text)) == text
    assert same(module.parse(module.edit(text, value)), value)


# --- JSON -----------------------------------------------------------------------------------------------------------

json_scalars = words | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
json_values = values(json_scalars)


@st.composite
def json_texts(draw, value):
    """The value as somebody may have typed it."""
    gap = draw(st.sampled_from(["", " ", "\n", "\n\t", "\r\n  ", "  \n    "]))
    space = st.sampled_from(["", gap, gap, " "])

    def write(value):
        if isinstance(value, dict):
            items = [json.dumps(key) + draw(space) + ":" + draw(space) + write(item) for key, item in value.items()]
        elif isinstance(value, list):
            items = [write(item) for item in value]
        else:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        inside = ",".join(draw(space) + item + draw(space) for item in items) or draw(space)
        return opening + inside + closing

    return draw(space) + write(value) + draw(space)


@given(st.data())
def test_json(data):
    value = data.draw(json_values)
    text = data.draw(json_texts(value))
    assert same(json_text.parse(text), value)
    assert_laws(json_text, text, data.draw(changed(value, json_values)))


# --- TOML -----------------------------------------------------------------------------------------------------------

toml_scalars = (
    words
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats(width=32)
    | st.dates()
    | st.times().map(lambda time: time.replace(microsecond=0, fold=0))
)
toml_values = values(toml_scalars)
toml_tables = st.dictionaries(words, toml_values, max_size=4)
toml_statements = st.sampled_from(
    """\
# a comment
# unqualified-search-registries = ["example.com"]

a = 1
b = "x" # why
"c d" = 'y'
registries = ['a', "b"]
registries = [
    'a', # first
    # second
    'b',
]
registries = [ "a"
  , "b" ]
empty = []
empty = [
  # nothing yet
]
e.f = 2
e.g.h = '''
# no comment ['''
table = { a = 1, b.c = [2] }
tables = [{ location = 'm' }, {location="n", insecure = true}]
s = \"""
x\\"\"""
when = 1979-05-27 07:32:00
[a.b]
[registries.search]
["registries.block"]
[[registry]]
[[registry]]
[[registry.mirror]]
  [registry.x]
  location = "l"
[[ registry . "credential" ]]
insecure = true""".replace("\n ", "\x01 ")
    .replace("\n]", "\x01]")
    .replace("\n# no", "\x01# no")
    .replace("\nx", "\x01x")
    .split("\n")
).map(lambda statement: statement.replace("\x01", "\n"))


@st.composite
def toml_texts(draw):
    """Statements in any order, as far as TOML accepts it."""
    text = draw(st.sampled_from(["", "\ufeff"]))
    for statement in draw(st.lists(toml_statements, max_size=12)):
        longer = f"{text}{statement}\n"
        try:
            toml_text.parse(longer)
        except FormatError:
            continue
        text = longer
    return text.removesuffix(draw(st.sampled_from(["", "\n"]))).replace("\n", draw(line_breaks))


@given(st.data())
def test_toml(data):
    text = data.draw(toml_texts())
    value = toml_text.parse(text)
    assert same(value, tomllib.loads(text.removeprefix("\ufeff")))
    new = data.draw(changed(value, toml_values))
    assert_laws(toml_text, text, new if isinstance(new, dict) else data.draw(toml_tables))


# --- YAML -----------------------------------------------------------------------------------------------------------

yaml_values = values(json_scalars | st.floats() | st.dates())


@st.composite
def yaml_texts(draw, value):
    """The value as PyYAML writes it, in one of several styles, with comments between the lines."""
    text = yaml.safe_dump(
        value,
        default_flow_style=draw(st.sampled_from([True, False, None])),
        default_style=draw(st.sampled_from([None, None, '"', "'"])),
        indent=draw(st.sampled_from([2, 4])),
        explicit_start=draw(st.booleans()),
        allow_unicode=True,
        width=100000,
    )
    lines = []
    for line in text.removesuffix("...\n").splitlines(keepends=True):
        comment = draw(st.sampled_from(["", "", "# why\n", "    # indented\n", "\n"]))
        commented = text_is(line.rstrip("\n") + " # here\n", lines, value) if draw(st.booleans()) else line
        lines += [comment, commented]
    return "".join(lines).replace("\n", draw(line_breaks))


def text_is(line, before, value):
    return line if not any(sign in line for sign in "'\"|>\\") else line.removesuffix(" # here\n") + "\n"


@given(st.data())
def test_yaml(data):
    value = data.draw(yaml_values)
    text = data.draw(yaml_texts(value))
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if not same(yaml_text.parse(text), value):
        raise AssertionError
    assert_laws(yaml_text, text, data.draw(changed(value, yaml_values)))


# --- environment files ----------------------------------------------------------------------------------------------

environment_texts = st.lists(
    st.sampled_from(
        ["A", "A=", "B", "B=", "x", " ", "\t", "\n", "\n", "\r\n", "\r", "\\", '"', "'", "#", ";", "=", "$", "\ufeff"]
    ),
    max_size=15,
).map("".join)
environment_values = st.dictionaries(
    st.sampled_from(["A", "B", "NEW"]), st.text("ab '\"\\$`#\n", max_size=6), max_size=3
)


@given(environment_texts, environment_values)
def test_environment_file(text, value):
    kept = {name: old for name, old in environment_file.parse(text).items() if name not in ("A", "B")}
    assert_laws(environment_file, text, kept | value)


@given(st.text("ab '\"\\\n", max_size=12), st.lists(st.text("ab '\"\\", max_size=4), max_size=5))
def test_words(value, items):
    assert environment_file.edit_words(value, environment_file.words(value)) == value
    assert environment_file.words(environment_file.edit_words(value, items)) == items


# --- anything at all ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [environment_file, json_text, toml_text, yaml_text])
@given(text=st.text("ab01[]{}:,.=-\"'\\#&*!|>?%@` \t\n\r\0\ufeff\ud800", max_size=40))
def test_any_text_is_read_or_refused(module, text):
    try:
        value = module.parse(text)
    except FormatError:
        return
    assert module.edit(text, value) == text
