# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive is put back, and a host's certificates are told: cases in tests/data/trust."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH, HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive, report
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust.archive import Archive, Saved
from cases import cases
from hosts import views

from trust.pki import NOW, text
from trust.test_plan import probes
from trust.test_policy import entries, read_trust
from trust.world import restore_of, world

STORE = "the system's trust holds the certificates"


def restored(case):
    modes = case.get("modes", {})
    files = (Saved(path, text(of).encode(), mode=modes.get(path, "0644")) for path, of in case["archive"].items())
    found = Archive("node1", tuple(files), case.get("archived_links", {}), tuple(case.get("left_out", [])))
    return restore_of(world(case["host"]), archive.unpack(archive.pack(found)), case.get("options", {}))


@pytest.mark.parametrize("case", cases("trust/restore.yml", having="diff"))
def test_the_plan_of_a_restore(case):
    proposal = restored(case)
    shown = views(SimpleNamespace(path=each["after_header"], **each) for each in proposal.plan.diff())
    shown.pop(STATE_PATH, None)
    assert {path: [line.partition(", SHA-256")[0] for line in lines] for path, lines in shown.items()} == case["diff"]
    assert [action["name"] for action in proposal.commit.get("actions", [])] == case["steps"]
    for kind in ("warnings", "pending"):
        said = getattr(proposal.plan, kind)
        assert len(said) == len(case.get(kind, [])), said
        assert all(wanted in line for wanted, line in zip(case.get(kind, []), said, strict=True))
    if not proposal.plan.changed:
        return
    found = [check["argv"] for check in proposal.commit["checks"] if check["name"] == STORE]
    proved = [(words[4], words[5::2]) for words in found]
    assert proved == ([(case["bundle"], case["anchors"])] if "bundle" in case else [])
    assert probes(proposal.commit) == case.get("probes", [])


@pytest.mark.parametrize("case", cases("trust/restore.yml", having="refused"))
def test_restores_that_are_refused(case):
    with pytest.raises(HostProblem) as refusal:
        restored(case)
    assert case["refused"] in str(refusal.value)


def brief(value):
    """Certificates as the table writes them; of a problem, its facts."""
    if isinstance(value, list):
        return [brief(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "fingerprint" in value:
        days = {"begins": value["not_before"][:10], "ends": value["not_after"][:10], "days": value["days_left"]}
        return days | {"subject": value["subject"], "path": value["path"]}
    told = {key: brief(of) for key, of in value.items()}
    return told | {"problems": [text.partition(",")[0] for text in told["problems"]]} if "problems" in told else told


@pytest.mark.parametrize("case", cases("trust/survey.yml"))
def test_the_survey_of_a_host(case):
    trust = read_trust(entries({"given": case["trust"]}), NOW)
    told = report.survey(world(case["host"]), trust, NOW, case["expires_in_days"])
    assert brief(told) == {key: case[key] for key in ("registries", "anchors", "expiring", "days_left")}
    if told["days_left"] is not None:
        at_once = report.survey(world(case["host"]), trust, NOW, told["days_left"])
        assert at_once["expiring"] == [], "fewer days than that are left to none"
    asked = report.asked(trust, NOW)
    assert [each["registry"] for each in asked] == [entry["registry"] for entry in case["trust"]]
