# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import forecast, texts
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.options import OPTIONS, VARIABLES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import Policy, read_options, words_in
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.base import Task, show
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.controller import ControllerFiles
from ansible_collections.dockyard.openshift.plugins.plugin_utils.variables import Fill

_AS_THEY_ARE = ("removed", "images", "other_releases", "node_disruption_policy", "overridden")


class ActionModule(ControllerFiles, Task):
    """Needs no connection: neither a host nor a cluster is contacted."""

    _requires_connection = False
    spec = OPTIONS
    fills = (Fill(VARIABLES),)

    def given(self) -> dict[str, Any]:
        """Pass over empty texts: a survey has them for questions that nobody answered."""
        return {option: value for option, value in super().given().items() if value != ""}

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        found = forecast.of_cluster(
            self._contents(options["manifests"]),
            options["release"],
            proposed=self._contents(options["proposed"]),
            policy=self._words(options),
            **{key: options[key] for key in _AS_THEY_ARE},
        )
        if options["show"]:
            show(found["lines"])
        return {"changed": False, "forecast": found}

    def _contents(self, paths: Iterable[str]) -> list[dict[str, str]]:
        return [{"name": path, "content": texts.decoded(self.read_file(path))} for path in paths]

    def _words(self, options: dict[str, Any]) -> Policy | None:
        """Return the policy that one option holds as a whole."""
        if options["policy"] is None:
            return None
        name = self.origins.get("policy", "policy")
        words = words_in(name, options["policy"])
        self.origins |= {word: f"{name}.{word}" for word in words}
        reading = Reading(self.read_file, self.secrets.add_key, warn_days=options["warn_days"])
        return read_options({**options, **words}, reading)
