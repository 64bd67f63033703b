# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/masters.yml: every master is looked at before the first is changed, and one that fails is the last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Outcome

CASES = yaml.safe_load((Path(__file__).resolve().parents[2] / "data/playbook/masters.yml").read_text())
Play = Callable[..., Outcome]
ASKED = {"openshift_master_image_policy_config": {"disableScheduledImport": True}, "openshift_release": "v3.11"}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_one_master_after_the_other(play: Play, case: dict[str, Any]) -> None:
    hosts = {host: {"fate": fate} for host, fate in case["hosts"].items()}
    groups = {"masters": {"hosts": dict.fromkeys(hosts)}}
    outcome = play("masters", hosts, *case.get("args", []), vars=ASKED, groups=groups)
    looks = [call["host"] for call in outcome.calls if call["check"]]
    assert sorted(looks) == sorted(hosts), outcome.output
    changes = [call for call in outcome.calls if not call["check"]]
    assert [call["host"] for call in changes] == case["changed"], outcome.output
    assert [call["args"]["expect_plan"] for call in changes] == [
        f"plan-of-{hosts[host]['fate']}" for host in case["changed"]
    ]
    assert outcome.rc == case["rc"], outcome.output


def test_a_mistake_in_the_inventory_is_told_by_its_variable(play: Play) -> None:
    groups = {"masters": {"hosts": {"a": None}}}
    wrong = {"openshift_master_image_policy_config": {"allowedRegistriesForImport": ["docker.io"]}}
    outcome = play("masters", {"a": {"fate": "changed"}}, vars=wrong, groups=groups)
    sentence = "openshift_master_image_policy_config: allowedRegistriesForImport[0] is a text, not a mapping"
    assert outcome.rc and sentence in outcome.output and not outcome.calls


@pytest.mark.parametrize(("release", "brought"), [("3.9", ["a"]), ("3.11", [])])
def test_authorities_reach_the_trust_store_of_masters_that_read_no_other(
    play: Play, release: str, brought: list[str]
) -> None:
    asked = ASKED | {"image_policy_import_trust": [{"registry": "b.io", "state": "absent"}], "release": release}
    hosts = {"a": {"fate": "same", "trusts": True}, "b": {"fate": "same"}}
    outcome = play("masters", hosts, vars=asked, groups={"masters": {"hosts": dict.fromkeys(hosts)}})
    assert outcome.rc == 0, outcome.output
    changes = [call for call in outcome.asked("registry_trust") if not call["check"]]
    assert [call["host"] for call in changes] == brought
    assert all(call["args"]["purge"] is False for call in changes)
