# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many nodes are out of service at once: one Lease of the cluster counts them, whoever drains.

Every writer patches the version that it read, so two controllers never take the same place. A node that nobody holds
cordoned any more gives its place back, so that a run that died costs none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from ... import clock
from ..api import ClusterProblem, Ref, Resource, annotation, at
from ..client import Client, Moved, NoSuchKind

LEASE = Resource("Lease", "coordination.k8s.io", "v1", "leases", True)
_NAME = "dockyard-openshift-nodes"
_HOLDERS = "dockyard.openshift/nodes"
_PAUSE = 3.0
#: Seconds that a place counts before its node is marked: two controllers may begin at the same time.
_FRESH = 60.0
#: How a Lease writes a time.
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass
class Turns:
    """The places of a cluster. is_out: whether a node is still held out of service by this collection."""

    client: Client
    namespace: str
    most: int
    is_out: Callable[[str], bool]

    @property
    def ref(self) -> Ref:
        return Ref(LEASE, _NAME, self.namespace)

    def take(self, node: str, until: float, say: Callable[[str], None]) -> None:
        """Wait for a place and take it. Raises ClusterProblem when there is none in time."""
        said = False
        while True:
            try:
                named = self._holders()
                fresh = self._was_just_written()
                holders = [one for one in named if one == node or fresh or self.is_out(one)]
                if node in holders or len(holders) < self.most:
                    return self._write([*holders, *([] if node in holders else [node])])
            except Moved:
                continue
            who = ", ".join(holders)
            if self.client.clock() >= until:
                raise ClusterProblem(
                    f"{node}: {len(holders)} node(s) are out of service ({who}), and max_out_of_service is "
                    f"{self.most}; nothing was changed"
                )
            if not said:
                say(f"{node}: waits until {who} is back in service (max_out_of_service is {self.most})")
                said = True
            self.client.sleep(_PAUSE)

    def give_back(self, node: str) -> None:
        """Leave the place of a node. Raises ClusterProblem."""
        while True:
            holders = self._holders()
            if node not in holders:
                return
            try:
                return self._write([one for one in holders if one != node])
            except Moved:
                continue

    def _holders(self) -> list[str]:
        try:
            self._found = self.client.read(self.ref)
        except NoSuchKind:
            raise ClusterProblem("max_out_of_service: this cluster has no Leases (before Kubernetes 1.14)") from None
        try:
            names = json.loads(annotation(self._found, _HOLDERS) or "[]")
        except ValueError:
            names = []
        return [str(name) for name in names] if isinstance(names, list) else []

    def _was_just_written(self) -> bool:
        """Say whether somebody may have taken a place and not marked the node yet."""
        written = str(at(self._found, "spec", "renewTime") or "")
        try:
            moment = datetime.strptime(written, _TIME).replace(tzinfo=timezone.utc)
        except ValueError:
            return False
        return abs((clock.now() - moment).total_seconds()) < _FRESH

    def _write(self, holders: list[str]) -> None:
        now = clock.now().strftime(_TIME)
        marks, spec = {"annotations": {_HOLDERS: json.dumps(holders)}}, {"renewTime": now}
        if self._found is None:
            made = self.ref.manifest()
            self.client.create(self.ref, {**made, "metadata": {**made["metadata"], **marks}, "spec": spec})
        elif annotation(self._found, _HOLDERS) != json.dumps(holders):
            fields = {"metadata": marks, "spec": spec}
            self.client.patch(self.ref, fields, str(at(self._found, "metadata", "resourceVersion") or ""))
