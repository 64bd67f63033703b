# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ..plugin_utils import pull_sources as resolution
from ..plugin_utils import registries_conf as registries
from ..plugin_utils import signature_policy
from ..plugin_utils.arguments import drop_ins as plain_drop_ins
from ..plugin_utils.arguments import optional_text, text
from ..plugin_utils.imports import MissingLibrary


def pull_sources(reference, registries_conf=None, drop_ins=(), policy=None):
    """One result for one reference, a list of them for a list."""
    try:
        references = reference if isinstance(reference, (list, tuple)) else [reference]
        names = [text(item, "an image reference") for item in references]
        conf = registries.load(optional_text(registries_conf, "registries_conf"), plain_drop_ins(drop_ins))
        document = None if policy is None else signature_policy.read(text(policy, "policy"))
        results = [_result(name, conf, document) for name in names]
    except (ValueError, MissingLibrary) as problem:
        raise AnsibleFilterError(f"pull_sources: {problem}") from None
    return results if isinstance(reference, (list, tuple)) else results[0]


def _result(name, conf, document):
    return {"candidates": [candidate.result() for candidate in resolution.resolve(name, conf, document)]}


class FilterModule:
    def filters(self):
        return {"pull_sources": pull_sources}
