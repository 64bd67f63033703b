# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found out while files are planned, and is not itself a file."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """Sentences for people. unenforceable: what an engine cannot do. refusals: what must not be done at all."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unenforceable: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
