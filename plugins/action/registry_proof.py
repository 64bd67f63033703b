# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.dockyard.openshift.plugins.module_utils import _login
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.registry_proof import proofs, service
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.registry_proof.conversation import (
    HttpRequest,
    Registry,
    Reply,
    Unanswered,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import CLUSTER_OPTIONS, ClusterInfo


class ActionModule(ClusterInfo):
    spec = CLUSTER_OPTIONS | service.OPTIONS
    fills = (service.fill,)
    patience: dict[str, Any] = {}  # tests put another clock here

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        asked = service.read(options, self.secrets.add_text)
        registry, authorities, token = asked.registry, asked.authorities, ""
        if asked.needs_cluster:
            self.options, self.client = options, self.connect(options)
            registry, authorities = self.look(lambda cluster: service.found(cluster, asked), ())
            token = self.token_of(self.client)
        login = asked.login(token)
        self.secrets.add_text(login.partition(" ")[2])
        wanted = [name for name in asked.proofs if not (self._task.check_mode and name == "push")]
        peer = Registry(registry, login, partial(_exchange, authorities), asked.patience, **self.patience)
        found = list(proofs.prove(peer, wanted, asked.image, asked.tag))
        result: dict[str, Any] = {
            "changed": "push" in asked.proofs and (self._task.check_mode or _accepted(found, "push")),
            "registry": registry,
            "references": asked.references(registry),
            "proofs": [asdict(one) for one in found],
            "warnings": peer.remarks,
        }
        if wrong := [one for one in found if one.outcome in ("refused", "undecided")]:
            result |= {"failed": True, "msg": "; ".join(f"{one.proof}: {one.reason}" for one in wrong)}
        return result


def _accepted(found: list[proofs.Proof], name: str) -> bool:
    return any(one.proof == name and one.outcome == "accepted" for one in found)


def _exchange(authorities: str, request: HttpRequest) -> Reply:
    """Send as hosts send their logins: nothing without verification, nothing to whom a registry leads."""
    peer = _login.Peer(urlsplit(request.address).netloc, False, authorities)
    what = (request.method, request.accept, request.content, request.kind)
    answer = peer.get(request.address, True, request.login if request.at_once else None, *what)
    if request.login is None or request.at_once:
        return Reply(*answer, peer.host, request.at_once)
    try:
        login = _login.Login(request.login, None)
        return Reply(*_login.logged_in(peer, request.address, True, login, answer, *what))
    except _login.Undecided as reason:
        raise Unanswered(str(reason)) from None
