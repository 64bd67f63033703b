# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ..plugin_utils import registries_conf
from ..plugin_utils.arguments import ArgumentProblem, optional_text
from ..plugin_utils.arguments import drop_ins as plain_drop_ins
from ..plugin_utils.imports import MissingLibrary


def registries_conf_problems(content, drop_ins=()):
    """A list of texts, empty when containers/image would load these files."""
    try:
        return registries_conf.problems(optional_text(content, "registries.conf"), plain_drop_ins(drop_ins))
    except (ArgumentProblem, MissingLibrary) as problem:
        raise AnsibleFilterError(f"registries_conf_problems: {problem}") from None


class FilterModule:
    def filters(self):
        return {"registries_conf_problems": registries_conf_problems}
