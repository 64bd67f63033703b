# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references: the table, and what holds for every text."""

from __future__ import annotations

import time

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import references
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.references import ReferenceProblem
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

texts = st.text("aA0.:/@_-é\n ") | st.from_regex(
    r"[a-z.]{1,8}(:[0-9]+)?(/[a-z_.-]{1,5}){0,3}(:[a-z]+)?", fullmatch=True
)


@pytest.mark.parametrize("case", cases("references/parse.yml"))
def test_parse(case):
    written = case.get("written", None if "error" in case else case["text"])
    for parse, wanted in ((references.parse_normalized, case.get("full")), (references.parse, written)):
        if wanted is None:
            with pytest.raises(ReferenceProblem) as refusal:
                parse(case["text"])
            assert str(refusal.value).startswith(f"{references.quoted(case['text'])} is not an image reference: ")
            assert case["error"] in str(refusal.value)
        else:
            assert str(parse(case["text"])) == wanted
    if written:
        assert references.parse(written).is_short == case.get("short", written == "a.b_c/app")


def test_a_long_text_is_shown_by_its_beginning():
    said = references.quoted("quay.io/team/" + "x" * 1000)
    assert said.startswith("'quay.io/team/xxx") and said.endswith("…'") and len(said) < 200


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("me:S3CRET@quay.io/app", "…@quay.io/app"),
        ("https://me:S3CRET@s3.example.com", "https://…@s3.example.com"),
        ("https://S3CRET@s3", "https://…@s3"),
        ("S3CRET@x://y", "…@x://y"),
        ("S3CRET@h:5000", "…@h:5000"),
        ("me:S3CRET@quay.io", "…@quay.io"),
        ("quay.io/app@md5:aa", "quay.io/app@md5:aa"),
        ("quay.io/app:1@latest", "quay.io/app:1@latest"),
        ("https://quay.io/app:1@sha256:00", "https://quay.io/app:1@sha256:00"),
    ],
)
def test_a_login_is_not_shown_and_a_wrong_digest_is(text, shown):
    assert references.quoted(text) == f"'{shown}'"


@given(texts)
def test_a_full_name_is_canonical(text):
    try:
        full = references.parse_normalized(text)
    except ReferenceProblem as problem:
        assert "\n" not in str(problem)
        return
    assert references.parse_canonical(str(full)) == full
    assert references.parse(str(full)) == full
    assert references.parse_normalized(str(full.tagged())) == full.tagged()


@pytest.mark.parametrize("piece", ["a", "a.", "a-", "-", "a/", "a_", "a:", "@", "A", "a.b/c-", "\x00", "é"])
def test_hostile_texts_cost_linear_time(piece):
    start = time.process_time()
    for parse in (references.parse, references.parse_normalized):
        with pytest.raises(ReferenceProblem) as refusal:
            parse(piece * 1_000_000)
        assert len(str(refusal.value)) < 1000
    assert time.process_time() - start < 5
