# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks about the pools of a cluster: they wait, and say how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from ..cluster.rollout.service import Rollout, Wanted
from .on_cluster import ClusterConnection
from .progress import say


class PoolsConnection(ClusterConnection):
    """Connects with a client that has no end of its own: a wait says itself what ended it."""

    def rollout_of(self, options: Mapping[str, Any], wanted: Wanted) -> Rollout:
        """Return the pools of the cluster that the options name. Raises Problem."""
        return Rollout(self.connect({**options, "timeout": inf}), wanted, say=self._say)

    def _say(self, line: str) -> None:
        say(self.secrets.hidden_in({"line": line})["line"])
