# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image registry operator of OpenShift 4: what it will answer to a specification, computed without a cluster.

Sources, cited below as API, CIRO and K8S: openshift/api (imageregistry/v1 and its CRD, in schema.json), openshift/
cluster-image-registry-operator, and the validation of Deployments and Routes by the API server. Where the running
operator was seen to do otherwise, what was seen counts.
"""

from __future__ import annotations

from typing import NamedTuple

from ...problems import Problem

REFUSE = "refuse"
WARN = "warn"

#: Reasons of refusals. The API server does not store it; Degraded=True; Progressing=True; the operator does not see it.
BY_API = "api"
VERIFICATION_FAILED = "VerificationFailed"
STORAGE_NOT_CONFIGURED = "StorageNotConfigured"
ERROR = "Error"
UNOBSERVED = "unobserved"


class RegistryProblem(Problem):
    """What is wrong with the question; the sentence names the argument or the object."""


class Finding(NamedTuple):
    """What a person must know of one field. reason: one of the above for a refusal, None for a warning."""

    path: str
    effect: str
    sentence: str
    reason: str | None = None


def refusal(path: str, sentence: str, reason: str = ERROR) -> Finding:
    """Make a finding for what the product does not take."""
    return Finding(path, REFUSE, sentence, reason)


def warning(path: str, sentence: str) -> Finding:
    """Make a finding for what the product takes, and what then does not do what was meant."""
    return Finding(path, WARN, sentence)
