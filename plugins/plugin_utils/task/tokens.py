# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that take the token of a service account as a password, of this cluster or of another one.

The token goes from one API server to the other inside of the task: no variable and no result ever holds it.
"""

from __future__ import annotations

import time
from typing import Any

from ..cluster.api import ClusterProblem
from ..cluster.client import NoSuchKind
from ..cluster.pull_secrets import tokens
from ..credentials.login import joined
from .on_cluster import ClusterFeature, ClusterTask

_POLL = 1.0  # seconds between two looks for a token that a controller makes


class TakesToken(ClusterTask):
    """A task whose features have `token_of` and `with_token`."""

    def completed(self, said: list[tuple[ClusterFeature, Any]]) -> list[tuple[ClusterFeature, Any]]:
        """Read the tokens. In a real run one that a controller is making is waited for. Raises ClusterProblem."""
        return [(feature, self._with_token(feature, words)) for feature, words in said]

    def _with_token(self, feature: Any, words: Any) -> Any:
        about = feature.token_of(words)
        if about is None:
            return words
        client = self.client
        if about.connection is not None:
            times = {name: self.options[name] for name in ("request_timeout", "timeout")}
            client = self.connect({**about.connection, **times}, another=True)
        end = time.monotonic() + self.options.get("wait_timeout", 0)
        while True:
            try:
                token, lacks = tokens.read(client, about.project, about.account)
            except NoSuchKind:
                raise ClusterProblem(f"from_service_account: {client.transport.address} is not an API server") from None
            if token or self._task.check_mode or "wait_timeout" not in self.options:
                break
            if time.monotonic() >= end:
                raise ClusterProblem(f"from_service_account: {lacks} (waited {self.options['wait_timeout']} s)")
            time.sleep(_POLL)
        self.secrets.add_text(token)
        self.secrets.add_text(joined(about.username, token))
        return feature.with_token(words, token or None, lacks)
