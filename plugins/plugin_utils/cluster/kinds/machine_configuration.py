# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MachineConfiguration/cluster: the node disruption policy with which a search list reloads CRI-O and reboots nobody.

It counts once the operator has taken it into the status, so it is written first and waited for.
Source: machine-config-operator pkg/operator/sync.go; OpenShift API operator/v1 types_machineconfiguration.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..changes import Until, WantedObject
from ..marks import ENTRIES, our_entries, record
from ..seen import Cluster, Unread
from . import Part, Said

RESOURCE = Resource("MachineConfiguration", "operator.openshift.io", "v1", "machineconfigurations")
REF = Ref(RESOURCE, "cluster")
ACCESS: Mapping[Ref, tuple[str, ...]] = {REF: ("get", "patch"), Ref(RESOURCE): ("create",)}

#: The directory of the search list's file.
DIRECTORY = "/etc/containers/registries.conf.d"
RELOAD = {"path": DIRECTORY, "actions": [{"type": "Reload", "reload": {"serviceName": "crio.service"}}]}
_FILES = ("spec", "nodeDisruptionPolicy", "files")
_IN_FORCE = ("status", "nodeDisruptionPolicyStatus", "clusterPolicies", "files")


def wanted(cluster: Cluster, said: Said) -> Part:
    """Return the policies with ours among them, or without it."""
    if said.node_disruption is None:
        return Part()
    there = cluster.try_one(REF)
    if isinstance(there, Unread):
        raise ClusterProblem(f"node_disruption: {there.why}; node disruption policies are there from 4.17 on")
    have = _policies(there, *_FILES)
    others = [policy for policy in have if policy.get("path") != DIRECTORY]
    mine = next((policy for policy in have if policy.get("path") == DIRECTORY), None)
    ours = DIRECTORY in our_entries(there).get("files", ())
    if said.node_disruption == "default" and (mine is None or not (ours or said.exact)):
        return Part()
    if mine is not None and not ours and not said.exact and mine != RELOAD:
        raise ClusterProblem(
            f"node_disruption: MachineConfiguration/cluster has a policy for {DIRECTORY} that this collection did not "
            "put there; mode: exact replaces it"
        )
    files = [*others, RELOAD] if said.node_disruption == "reload" else others
    if files == have:
        return Part()
    if mine is not None and said.node_disruption == "reload":  # at its place
        files = [RELOAD if policy is mine else policy for policy in have]
    metadata = {"annotations": {ENTRIES: record({"files": [DIRECTORY] if said.node_disruption == "reload" else []})}}
    spec: dict[str, Any] = {"nodeDisruptionPolicy": {"files": files}}
    if there is None:
        spec["managementState"] = "Managed"
    until = Until(lambda manifest: _taken(manifest, said), "the machine-config-operator to put the policy in force")
    fields = {"metadata": metadata, "spec": spec}
    return Part((WantedObject(REF, fields, "node_disruption", until=until, asked=("node_disruption",)),))


def in_force(manifest: Manifest | None) -> list[Mapping[str, Any]]:
    """Return the policies that the operator goes by, its defaults among them."""
    return _policies(manifest, *_IN_FORCE)


def after(manifest: Manifest | None, said: Said) -> list[Mapping[str, Any]]:
    """Return the policies that will be in force when the list is written."""
    now = in_force(manifest)
    if said.node_disruption is None:
        return now
    others = [policy for policy in now if policy.get("path") != DIRECTORY]
    return [*others, RELOAD] if said.node_disruption == "reload" else others


def _taken(manifest: Manifest, said: Said) -> bool:
    if at(manifest, "status", "observedGeneration") != at(manifest, "metadata", "generation"):
        return False
    return any(policy.get("path") == DIRECTORY for policy in in_force(manifest)) == (said.node_disruption == "reload")


def _policies(manifest: Manifest | None, *path: str) -> list[Mapping[str, Any]]:
    found = at(manifest, *path)
    return [policy for policy in found if isinstance(policy, Mapping)] if isinstance(found, list) else []
