# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""registries.conf as the engines read it: own cases, then upstream's tables where they are at hand."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import registries_conf
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.names import match_length
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.registries_conf import RegistriesConfProblem
from cases import cases, upstream

DEFAULTS = {"location": "", "insecure": False, "blocked": False, "mirror_by_digest_only": False, "mirrors": []}


@pytest.mark.parametrize("case", cases("registries_conf/load.yml"))
def test_load(case):
    drop_ins = [(name, text) for name, text in case.get("drop_ins", [])]
    if "error" in case:
        with pytest.raises(RegistriesConfProblem) as refusal:
            registries_conf.load(case["main"], drop_ins)
        assert case["error"] in str(refusal.value)
        return
    conf = registries_conf.load(case["main"], drop_ins)
    assert conf.version == case.get("version", 2)
    for key in ("search", "short_name_mode", "aliases"):
        if key in case:
            found = getattr(conf, key)
            assert (list(found) if isinstance(found, tuple) else found) == case[key]
    if "registries" in case:
        assert list(conf.registries) == sorted(case["registries"])
        for prefix, wanted in case["registries"].items():
            found = asdict(conf.registries[prefix])
            assert {key: list(found[key]) if key == "mirrors" else found[key] for key in DEFAULTS} == DEFAULTS | wanted


def load_files(shared_dir, case):
    base = shared_dir / "upstream-cases"
    directory = base / (case.get("conf_dir") or "absent")
    drop_ins = [(path.name, path.read_text()) for path in sorted(directory.glob("*.conf"))]
    return registries_conf.load((base / case["conf"]).read_text(), drop_ins, case["conf"])


@pytest.mark.parametrize("number", [30, 31])
def test_upstream_matching(shared_dir, number):
    for case in upstream(shared_dir, number):
        assert match_length(case["prefix"], case["ref"]) == case["expected"], case


def test_upstream_find_registry(shared_dir):
    for case in upstream(shared_dir, 34):
        found = load_files(shared_dir, case).find(case["ref"])
        assert (found is not None) == case["expected_found"], case
        if "expected_prefix" in case:
            assert found.prefix == case["expected_prefix"], case
        if "expected_location" in case:
            assert found.location == case["expected_location"], case


def test_upstream_load_errors(shared_dir):
    present = [case for case in upstream(shared_dir, 35) if (shared_dir / "upstream-cases" / case["conf"]).exists()]
    for case in present:
        with pytest.raises(RegistriesConfProblem):
            load_files(shared_dir, case)
            pytest.fail(f"loaded: {case}")


def test_upstream_load_ok(shared_dir):
    for case in upstream(shared_dir, 36):
        conf = load_files(shared_dir, case)
        if "expected_registry_count" in case:
            assert len(conf.registries) == case["expected_registry_count"], case
        if "expected_unqualified_search" in case:
            assert list(conf.search or ()) == case["expected_unqualified_search"], case
