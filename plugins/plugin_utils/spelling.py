# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of variables that tasks about clusters know; other tasks do not load the features of hosts for them."""

from __future__ import annotations

from collections.abc import Iterable


def misspelt(names: Iterable[str]) -> str:
    """Return the sentence about a variable whose name is nearly one that is read, "" when there is none."""
    # late: it brings features of hosts, which cost more than a task
    from .role.masters import NAMES_OF_IMAGE_POLICY

    return NAMES_OF_IMAGE_POLICY.misspelt(names)
