# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services act, and which must not: the cases of tests/data/plan/gate.yml."""

from __future__ import annotations

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import Observed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.services import Service
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.draft import Draft, Due
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.gate import Applying, gate_of
from cases import cases


def service(name: str, case: dict) -> Service:
    return Service(
        name,
        disturbs=True,
        containers=lambda host: case["running"][name],
        reloads=lambda host: name in case.get("reloads", []),
    )


@pytest.mark.parametrize("case", cases("plan/gate.yml"))
def test_who_acts(case):
    dues = [Due(**{**due, "service": service(due["service"], case)}) for due in case["due"]]
    drafts = [Draft((due.service.name,), due=(due,)) for due in dues]
    gate = gate_of(Observed(), drafts, [], Applying(case.get("activation", "if_idle")))
    steps = [[step.name, step.why, str(step.disruption)] for step in gate.services]
    assert steps == case.get("steps", [])
    assert list(gate.pending) == case.get("pending", [])
    assert list(gate.refusals) == case.get("refusals", [])
    assert dict(gate.busy) == case.get("busy", {})
    acting = {step.whom for step in gate.services}
    assert gate.deferred == {due.service.unit for due in dues} - acting
