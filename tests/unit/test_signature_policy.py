# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""policy.json: an allow-list put in and taken out again."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import signature_policy
from cases import cases


def restricted(case):
    return signature_policy.restrict(
        copy.deepcopy(case["document"]), case["allowed"], case.get("foreign_scopes", "fail")
    )


@pytest.mark.parametrize("case", cases("signature_policy/restrict.yml"))
def test_restrict(case):
    result = restricted(case)
    for kind in ("refusals", "notes", "warnings"):
        said, wanted = getattr(result, kind), case.get(kind, [])
        assert len(said) == len(wanted)
        assert all(part in text for part, text in zip(wanted, said, strict=True))
    if "scopes" in case:
        scopes = result.document["transports"]["docker"]
        assert {scope: items[0]["type"] for scope, items in scopes.items()} == case["scopes"]
        assert result.document["default"] == case["document"]["default"]


@pytest.mark.parametrize("case", cases("signature_policy/restrict.yml", having="scopes"))
def test_lifting_restores_the_old_rules(case):
    result = restricted(case)
    assert signature_policy.lift(result.document, result.record) == case["document"]


@pytest.mark.parametrize("case", cases("signature_policy/restrict.yml", having="scopes"))
def test_rules_changed_by_others_are_theirs(case):
    result = restricted(case)
    theirs = [{"type": "sigstoreSigned", "keyPath": "/theirs"}]
    for scope in result.document["transports"]["docker"]:
        changed = copy.deepcopy(result.document)
        changed["transports"]["docker"][scope] = theirs
        assert signature_policy.lift(changed, result.record)["transports"]["docker"][scope] == theirs


@pytest.mark.parametrize("case", cases("signature_policy/check.yml", having="good"))
def test_policies_that_the_engines_load(case):
    assert signature_policy.check(case["document"]) == case["document"]


@pytest.mark.parametrize("case", cases("signature_policy/check.yml", having="error"))
def test_policies_that_the_engines_refuse(case):
    with pytest.raises(signature_policy.SignaturePolicyProblem) as refusal:
        signature_policy.check(case["document"])
    assert case["error"] in str(refusal.value)
