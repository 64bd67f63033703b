# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role image_policy on a cluster: pools that it pauses are resumed whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Outcome

Play = Callable[..., Outcome]
PAUSING = {"image_policy_pause": True, "registry_policy": {"blocked": ["docker.io"]}}
PAUSED = ["foreseen", "paused", "cluster_registries", "resumed"]


def steps(outcome: Outcome) -> list[str]:
    """List what was asked of the cluster, in order; "foreseen": in a rehearsal."""
    asked = [call for call in outcome.calls if call["task"] in ("cluster_registries", "node_pools")]
    return [
        (call["args"]["state"] or "waits") if call["task"] == "node_pools"
        else "foreseen" if call["check"] else "cluster_registries"
        for call in asked
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "wanted", "works"),
    [
        ({}, [*PAUSED, "waits"], True),
        ({"cluster_registries_fate": "failed"}, PAUSED, False),
        # a run that was killed has left them paused, and there is nothing to write any more
        ({"cluster_fate": "same"}, ["foreseen", "cluster_registries", "resumed", "waits"], True),
        ({"cluster_fate": "failed"}, ["foreseen", "resumed"], False),
        ({"node_pools_fate": "failed"}, ["foreseen", "paused", "resumed"], False),
        ({"image_policy_wait": False}, PAUSED, True),
        ({"image_policy_pause": False}, ["cluster_registries", "waits"], True),
    ],
    ids=["works", "fails", "nothing to write", "refused beforehand", "pausing fails", "without a wait", "not asked"],
)
def test_pools_are_resumed_also_after_a_failure(play: Play, more: dict[str, Any], wanted: list[str], works: bool):
    outcome = play("image_policy", {"c": more}, vars=PAUSING, groups={"clusters": {"hosts": {"c": {}}}})
    assert steps(outcome) == wanted, outcome.output
    assert (outcome.rc == 0) is works
