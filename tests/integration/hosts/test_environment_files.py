# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment files, as the service managers of two distributions read them: systemd 247 and 252."""

from __future__ import annotations

import random

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import FormatError, environment_file
from cases import cases
from systemd_reader import ask

FILES = 2000
PIECES = [
    *("A", "A=", "B=", "A =", "AB=", "1=", "export A=", "=", ";", "#", " ", "  ", "\t", "\n", "\n", "\r\n", "\r", "\\"),
    *("\\\n", '\\"', "\\'", "\\$", "\\x", '"', '"', "'", "'", "$", "`", "y z", "é", "-", "A='", 'B="', "\v", "\x01"),
    *("\x7f", "# A", "\ufeff", "\ufffe", "\U0001f600", "A=v\n"),
]
VALUE_PIECES = ["a", " ", "'", '"', "\\", "$", "`", "#", "\n", "\\\n", "é"]


@pytest.fixture(params=["podman1", "origin1"])
def node(request):
    return request.getfixturevalue(request.param)


def read_by_systemd(node, texts):
    empty, *answers = ask(node.name, [text.encode() for text in ["", *texts]])
    for answer in answers:
        if answer is None:
            yield None, []
        else:
            variables, words = answer
            yield {name: value for name, value in variables.items() if name not in empty[0]}, words


def read_by_us(text):
    try:
        value = environment_file.parse(text)
    except FormatError:
        return None, []
    return value, environment_file.words(value.get("A", ""))


def generated(pieces, most, source):
    return "".join(source.choice(pieces) for _ in range(source.randint(0, most)))


def test_generated_files_read_alike(node):
    source = random.Random(20260101)
    texts = [generated(PIECES, 14, source) for _ in range(FILES)]
    assert list(read_by_systemd(node, texts)) == [read_by_us(text) for text in texts]


def test_the_cases_read_alike(node):
    table = [case.values[0] for case in cases("formats/environment_file.yml", having="value")]
    answers = read_by_systemd(node, [case["text"] for case in table])
    assert [variables for variables, _ in answers] == [case["value"] for case in table]


def test_written_variables_are_read_back(node):
    source = random.Random(20260102)
    results, expected = [], []
    while len(results) < FILES:
        text = generated(PIECES, 14, source)
        old, _ = read_by_us(text)
        if old is not None:
            new = {**old, source.choice(["A", "B", "NEW"]): generated(VALUE_PIECES, 6, source)}
            results.append(environment_file.edit(text, new))
            expected.append(new)
    assert [variables for variables, _ in read_by_systemd(node, results)] == expected
