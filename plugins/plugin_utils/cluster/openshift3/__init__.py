# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenShift 3: which images its masters admit and let people import, computed without a cluster.

Sources, cited below as ORIGIN: openshift/origin, branches release-3.6 to release-3.11 (pkg/image/admission/imagepolicy,
from 3.11 pkg/image/apiserver/admission; pkg/image/apis/image/validation/whitelist; pkg/cmd/server/apis/config).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...problems import Problem


class PolicyProblem(Problem):
    """What a filter cannot work with; the text is one sentence that names the argument and the value."""


@dataclass(frozen=True)
class Finding:
    """One thing that the product refuses, or takes and does something else with than its author thinks."""

    path: str
    effect: str  # "refuse" or "warn"
    sentence: str
    rule: str | None = None

    def result(self, *more: str) -> Mapping[str, Any]:
        """Return it as filters do, with the further fields that are named."""
        return {key: getattr(self, key) for key in ("path", "effect", "sentence", *more)}


def refuse(path: str, sentence: str, rule: str | None = None) -> Finding:
    return Finding(path, "refuse", sentence, rule)


def warn(path: str, sentence: str, rule: str | None = None) -> Finding:
    return Finding(path, "warn", sentence, rule)
