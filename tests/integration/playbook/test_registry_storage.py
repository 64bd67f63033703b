# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role registry_storage and its playbooks: which task runs is said by the variables alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Outcome

Play = Callable[..., Outcome]
OPENSHIFT_3 = "/etc/origin/master/admin.kubeconfig"


@pytest.mark.parametrize(
    ("variables", "tasks"),
    [
        ({}, []),
        ({"image_registry_state": "Managed"}, ["image_registry"]),
        ({"image_registry_report_must": "healthy"}, []),
        ({"image_pruner_suspend": True}, ["image_pruner"]),
        ({"image_registry_replicas": 2, "image_pruner_suspend": True}, ["image_registry", "image_pruner"]),
        ({"hosted_registry_trust": [], "image_pruner_suspend": True}, ["image_pruner"]),
    ],
)
def test_a_task_without_variables_is_passed_over(play: Play, variables: dict[str, Any], tasks: list[str]) -> None:
    """So is the one for the registry of OpenShift 3, of which variables of all hosts may speak."""
    outcome = play("image_registry", {"a": {}}, vars=variables, groups={"clusters": {"hosts": {"a": None}}})
    assert outcome.rc == 0 and [call["task"] for call in outcome.calls] == tasks, outcome.output


def test_the_role_takes_the_registry_of_either(play: Play, tmp_path: Path) -> None:
    hosts = {
        "named": {"hosted_registry_name": "docker-registry"},
        "sized": {"openshift_hosted_registry_storage_volume_size": "10Gi"},
        "trusting": {"hosted_registry_trust": []},
        "dynamic": {"openshift_hosted_registry_storage_kind": "dynamic"},
        "pruned": {"image_pruner_suspend": True},
        "of4": {"hosted_registry_trust": []},
    }
    path = tmp_path / "play.yml"
    path.write_text("- {hosts: all, gather_facts: false, roles: [dockyard.openshift.registry_storage]}\n")
    outcome = play(str(path), hosts, groups={"clusters": {"hosts": {"of4": None}}})
    assert outcome.rc == 0, outcome.output
    called = sorted(f"{call['host']} {call['task']}" for call in outcome.calls)
    assert called == ["dynamic hosted_registry", "pruned image_pruner", "trusting hosted_registry"]


def test_the_first_master_lends_its_kubeconfig(play: Play) -> None:
    said = {"openshift_hosted_registry_storage_kind": "nfs", "openshift_hosted_registry_storage_host": "n.example.com"}
    hosts = {"a": {}, "b": {}}
    outcome = play("hosted_registry", hosts, vars=said, groups={"masters": {"hosts": dict.fromkeys(hosts)}})
    assert outcome.rc == 0 and [call["host"] for call in outcome.calls] == ["a"], outcome.output
    (call,) = outcome.calls
    assert call["args"]["remote_kubeconfig"] == OPENSHIFT_3
    assert call["args"]["storage"] == {"pvc": {"claim": "registry-claim"}}


def test_a_kubeconfig_of_the_controller_is_taken_instead(play: Play) -> None:
    said = {"hosted_registry_trust": [], "cluster_kubeconfig": "/k"}
    outcome = play("hosted_registry", {"a": {}}, vars=said, groups={"masters": {"hosts": {"a": None}}})
    (call,) = outcome.calls
    assert call["args"]["kubeconfig"] == "/k" and OPENSHIFT_3 not in str(call["args"]), outcome.output


def test_the_playbook_of_a_move(play: Play) -> None:
    said = {"image_registry_storage": {"pvc": {"claim": "new"}}, "image_registry_move_data": "abandon"}
    groups = {"clusters": {"hosts": {"a": None}}}
    outcome = play("image_registry_move", {"a": {}}, "--check", vars=said, groups=groups)
    (call,) = outcome.calls
    assert outcome.rc == 0 and call["check"] and call["args"]["data"] == "abandon", outcome.output
    assert call["args"]["storage"] == {"pvc": {"claim": "new"}}
