# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a master: its release, what runs there, what it admits and lets people import; never a secret."""

from __future__ import annotations

from typing import Any

from ..cluster.openshift3 import image_policy_doubts, import_policy
from ..host.observed import Observed
from ..plan.proposal import Proposal
from .asked import Said
from .config import IMAGE_POLICY, ORDER, at, master_file, policy_place
from .drafts import release_of, services_of
from .unread import unread


def written(proposal: Proposal, said: Said) -> dict[str, Any]:
    """Tell of the master once the proposal is carried out."""
    return _told(proposal.world, said)


def as_it_is(host: Observed, said: Said) -> dict[str, Any]:
    """Tell of the master as it is, with what is wrong with its file. Raises HostProblem, and NotAsked."""
    told = _told(host, said)
    master = master_file(host, said.path)
    release = release_of(host, said)
    findings = [
        {"effect": each.effect, "path": f"{name}{each.path}", "sentence": each.sentence}
        for name, document, problems in (
            ("ImagePolicy: ", told["image_policy"], image_policy_doubts.problems),
            ("imagePolicyConfig: ", told["image_policy_config"], import_policy.problems),
        )
        if document is not None
        for each in problems(document, release)
    ]
    idle = unread(master.path, master.value, release)
    findings += [{"effect": "warn", "path": "", "sentence": text} for text in idle]
    return {**told, "findings": findings}


def _told(host: Observed, said: Said) -> dict[str, Any]:
    master = master_file(host, said.path)
    file, keys = policy_place(host, master)
    return {
        "path": master.path,
        "release": release_of(host, said).name,
        "services": [service.unit for service in services_of(host)],
        "image_policy_file": file.path,
        "image_policy": at(file.value, keys),
        "image_policy_config": at(master.value, IMAGE_POLICY),
        "plugin_order": at(master.value, ORDER),
    }
