# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.module_utils import _login
from ansible_collections.dockyard.openshift.plugins.plugin_utils import spelling
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.mirrors_check import images, probe, report
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials.login import Login, joined
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_cluster import CLUSTER_OPTIONS, ClusterInfo


class ActionModule(ClusterInfo):
    features = (registries,)
    misspelt = staticmethod(spelling.misspelt)
    own_options = CLUSTER_OPTIONS | images.OPTIONS

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        images.check(options["images"])
        ((_feature, asked),) = self._read(options)
        self.options, self.client = options, self.connect(options)
        needs = self.look(
            lambda cluster: images.needs(cluster, asked, options["images"], options["in_use"]), self._watch()
        )
        places = [one for pull in needs.pulls if pull.refused is None for one in pull.mirrors]
        answers = probe.ask(needs, places, _head, float(options["timeout"]), self.secrets.add_text)
        return report.result(needs, answers)


def _head(question: probe.Question) -> tuple[int, Mapping[str, str], str]:
    """Ask as hosts ask for their logins."""
    peer = _login.Peer(question.registry, question.insecure, question.authorities)
    try:
        offered = question.login and _offered(question.login)
        status, headers, whose, _wanted = _login.ask(peer, question.path, offered, "HEAD", question.accept)
    except _login.Undecided as reason:
        raise probe.NoAnswer(str(reason)) from None
    return status, headers, whose


def _offered(login: Login) -> _login.Login:
    if login.identity_token:
        return _login.Login(None, login.identity_token)
    return _login.Login(f"Basic {joined(login.username, login.password)}", None)
