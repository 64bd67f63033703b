# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import SNAPSHOT, HostTask

_FORM = {"type": "str", "choices": ["content", "checksum", "certificates"]}


class ActionModule(HostTask):
    """Reads a host, called by itself. An option that is not given has its default on the host (`_snapshot`)."""

    spec = {
        "files": {
            "type": "list",
            "elements": "dict",
            "options": {"path": {"type": "str", "required": True}, "limit": {"type": "int"}, "form": _FORM},
        },
        "directories": {
            "type": "list",
            "elements": "dict",
            "options": {
                "path": {"type": "str", "required": True},
                "pattern": {"type": "str"},
                "depth": {"type": "int"},
                "secret": {"type": "str"},
                "form": _FORM,
                "limit": {"type": "int"},
                "count": {"type": "int"},
            },
        },
        "commands": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "argv": {"type": "list", "elements": "str", "required": True},
                "timeout": {"type": "float"},
                "needs": {"type": "str"},
                "unless": {"type": "str"},
                "limit": {"type": "int"},
            },
        },
        "labels": {"type": "bool"},
        "last": {"type": "bool"},
        "state_directory": {"type": "str"},
    }

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        return self.quietly(SNAPSHOT, _said(options))


def _said(value: Any) -> Any:
    """Leave out what is null, so that the defaults of the host count."""
    if isinstance(value, dict):
        return {key: _said(item) for key, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value
