# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When each pod of a node is asked to go: at once, and again later where something forbade it. Pure.

Source: API-initiated eviction (kubernetes.io): 429 means that a budget forbids it now; kubectl 1.34 pkg/drain drain.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: Seconds before a pod is asked again, by how often it was asked; the last one counts from then on.
_PAUSES = (1.0, 2.0, 4.0, 5.0)
#: What a server says of a pod that is there no more, of one that is going, and of one whose namespace goes.
_GONE = (404,)
_GOES = (200, 201, 202)


@dataclass(frozen=True)
class Eviction:
    """How a pod's eviction stands. due: when it is asked (again), in seconds of the clock. reason: why not yet."""

    tries: int = 0
    due: float = 0.0
    accepted: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Evictions:
    """The evictions of a node: full name of a pod → its request."""

    requests: Mapping[str, Eviction] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[str]) -> Evictions:
        return cls({name: Eviction() for name in names})

    def due(self, now: float) -> list[str]:
        """List the pods that are to be asked now."""
        return [name for name, one in self.requests.items() if not one.accepted and one.due <= now]

    def answered(self, name: str, status: int, reason: str, now: float, retry_after: float = 0.0) -> Evictions:
        """Note an answer. status: of HTTP, 0 for none. Every refusal may pass: a budget, a webhook, a sick server."""
        before = self.requests[name]
        if status in _GOES or status in _GONE:
            after = Eviction(before.tries + 1, accepted=True)
        else:
            pause = max(retry_after, _PAUSES[min(before.tries, len(_PAUSES) - 1)])
            after = Eviction(before.tries + 1, now + pause, reason=reason or f"the API server answers {status}")
        return Evictions({**self.requests, name: after})

    def without(self, gone: Iterable[str]) -> Evictions:
        """Forget the pods that are gone."""
        left = set(self.requests) - set(gone)
        return Evictions({name: one for name, one in self.requests.items() if name in left})

    def next_due(self, now: float) -> float:
        """Say in how many seconds the next pod is to be asked; a large number when none is."""
        return min((max(one.due - now, 0.0) for one in self.requests.values() if not one.accepted), default=1e9)
