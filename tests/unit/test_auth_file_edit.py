# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of auth files put in and taken out: not another byte changes, and what cannot be read is refused."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials import edit
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials.login import Login
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import FormatError, json_text
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

BOT = Login("bot", "pässword:with:colons")
KEY = "new.example.com:5000/team"

#: Texts that a splice could spoil: white space everywhere, nothing inside or at all, tabs, CRLF.
SPECIMENS = [
    "", " \n",
    '{"auths": {"a": {}  \n}}', '{"auths": {"a": {}, "b": {}\t\r\n }}',
    "{}", "{ }", "{\n}\n", ' {"auths":{}} ', '{"auths": {}}\n', '{\n  "auths": {\n  }\n}\n', '{"auths":{ }}', '{"a":1}',
    '{ "a":1 }', '{"a":1\n}', '{"a":1,\r\n"b":2}\r\n', '{"auths":{"a":{}}}', '{"auths":{"a":{}\n}}', '{"auths":null}',
    '{"auths":\n{"a":{} , "b" : {}}\n , "x":[]}',
    '\n\n{"auths":{"b":{\n}}}\n\n', '{"x":{}, "auths":{\n\t"k":{"auth":"y"}}}',
    '{"auths" : null , "x":1}', '{\n\t"auths": {\t},\n\t"credsStore": "x"\n}', '{"auths":{"a":null}}', "null",
    '{"credHelpers": {\n "a": "b" }, "auths": { } }',
]  # fmt: skip


def there_and_back(text, old_form=False):
    put, added = edit.put(text, KEY, BOT, old_form=old_form)
    assert edit.login_of(put, KEY, old_form=old_form) == BOT
    return edit.take_out(put, KEY, added, old_form=old_form)


@pytest.mark.parametrize("text", SPECIMENS[:-2] + SPECIMENS[-1:])
def test_there_and_back(text):
    assert there_and_back(text) == text


@pytest.mark.parametrize("text", ["", "{}", "{\n }", '{"a": {"auth": "x"}}', '{"a": {}  \n}', '{\n "a": {}\n}\n'])
def test_there_and_back_in_the_old_form(text):
    assert there_and_back(text, old_form=True) == text


def test_files_of_strangers(shared_dir):
    refused = []
    for path in sorted((shared_dir / "corpus/dockercfg").iterdir()):
        text = path.read_bytes().decode()
        try:
            assert there_and_back(text) == text, path.name
        except FormatError:
            refused.append(path.name)
    assert refused == ["008.json"]  # it has lost its outer braces


NAMES = st.text('ab.:/ "\\é', max_size=6)
ENTRY = st.one_of(st.just({}), st.none(), st.fixed_dictionaries({"auth": st.just("eDp5"), "email": NAMES}))
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "auths": st.dictionaries(NAMES, ENTRY, max_size=3),
        "credsStore": NAMES,
        "x": st.lists(NAMES, max_size=2),
    },
)


def spaced(value, draw):
    """JSON with white space wherever it may stand."""
    space = lambda: draw(st.sampled_from(["", "", " ", "\n", "\n  ", "  \n", "\t", "\r\n"]))  # noqa: E731
    if isinstance(value, dict):
        members = [f"{space()}{json.dumps(k)}{space()}:{space()}{spaced(v, draw)}{space()}" for k, v in value.items()]
        return "{" + (",".join(members) or space()) + "}"
    if isinstance(value, list):
        return "[" + (",".join(space() + spaced(item, draw) for item in value) or space()) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(DOCUMENTS, st.data())
def test_there_and_back_for_any_white_space(document, data):
    text = spaced(document, data.draw)
    put, _added = edit.put(text, KEY, BOT)
    changed = json_text.parse(put)
    changed["auths"].pop(KEY)
    assert {name: value for name, value in changed.items() if value != {}} == {
        name: value for name, value in document.items() if value != {}
    }
    assert there_and_back(text) == text


def test_a_file_that_was_not_there_is_not_there_again():
    text, added = edit.put(None, KEY, BOT)
    assert text.endswith("}\n") and edit.take_out(text, KEY, added) is None


@pytest.mark.parametrize(
    "more",
    [{}, {"email": "a@b"}, {"email": None}, {"username": "bot", "password": "secret"}, {"username": "bot"}],
)
def test_the_same_login_in_another_spelling_is_left_alone(more):
    auth = base64.b64encode(b"bot:secret").decode()
    text = json.dumps({"auths": {KEY: {**more, "auth": auth[:4] + "\n" + auth[4:]}}})
    assert edit.put(text, KEY, Login("bot", "secret")) == (text, None)


@pytest.mark.parametrize(
    "entry", [{"auth": "Ym90OnNlY3JldAA="}, {"auth": "Ym90OnNlY3JldA==", "email": 5}, {"Email": {}, "auth": "eDp5"}]
)
def test_what_the_kubelet_reads_otherwise_is_another_login(entry):
    """A NUL behind the password, which podman and docker take away; an e-mail that is a number, which spoils all."""
    put, _added = edit.put(json.dumps({"auths": {KEY: entry}}), KEY, Login("bot", "secret"))
    assert json.loads(put)["auths"][KEY] == {"auth": "Ym90OnNlY3JldA=="}


@pytest.mark.parametrize("name", ["identitytoken", "IdentityToken", "registrytoken", "username", "password", "AUTH"])
def test_what_would_win_or_is_an_old_secret_goes(name):
    text = json.dumps({"auths": {KEY: {"email": "a@b", "auth": "eDp5", name: "old"}}})
    put, _added = edit.put(text, KEY, BOT)
    entry = json.loads(put)["auths"][KEY]
    assert list(entry) == ["email", "auth"] and "old" not in put


def test_without_what_was_remembered_an_empty_section_stays():
    text, _added = edit.put("{}", KEY, BOT)
    assert json.loads(edit.take_out(text, KEY)) == {"auths": {}}


@pytest.mark.parametrize("text", ['{"auths": { }}', "", "\n"])
def test_an_entry_that_is_not_there(text):
    assert edit.take_out(text, KEY) == text


@pytest.mark.parametrize("case", cases("credentials/unreadable.yml"))
def test_what_cannot_be_read_is_refused(case):
    with pytest.raises(FormatError, match=case["error"]):
        edit.put(case["text"], KEY, BOT)
    with pytest.raises(FormatError, match=case["error"]):
        edit.take_out(case["text"], KEY)
