# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How changes of registries.conf and policy.json are shown to people: one line for each thing that a file says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...plan.plan import view


def v1_view(lists: dict[str, list[str]]) -> str:
    return view(f"{word}: {item}" for word, items in lists.items() for item in items)


def drop_in_view(document: Mapping[str, Any]) -> str:
    """Return everything that a file of ours says, one line each: what is carried over from others is written too."""
    lines = [f"search: {item}" for item in document.get("unqualified-search-registries", [])]
    lines += [f"alias {name}: {full or 'none'}" for name, full in document.get("aliases", {}).items()]
    for table in document.get("registry", []):
        name = table.get("prefix") or table.get("location")
        lines += [f"{name}: {line}" for line in _table_lines(table, ("prefix", "mirror"), name)]
        for mirror in table.get("mirror", []):
            more = _table_lines(mirror, ("location", "pull-from-mirror"))
            pulls = mirror.get("pull-from-mirror", "all pulls")
            lines.append(f"{name}: mirror {mirror.get('location')} ({', '.join([pulls, *more])})")
    shown = ("unqualified-search-registries", "aliases", "registry")
    return view([*lines, *_table_lines(document, shown)])


def _table_lines(table: Mapping[str, Any], shown: tuple[str, ...], name: str = "") -> list[str]:
    """Return the keys of a table that are not shown in another way; a location that is the name says nothing."""
    return [
        f"{key} = {json.dumps(value) if not isinstance(value, str) else value}"
        for key, value in table.items()
        if key not in shown and not (key == "location" and value == name)
    ]


def scopes_view(document: dict[str, Any]) -> str:
    scopes = document.get("transports", {}).get("docker", {})
    lines = [f"default: {_demands(document['default'])}"]
    lines += [f"docker {scope or 'everything else'}: {_demands(items)}" for scope, items in scopes.items()]
    return view(lines)


def _demands(requirements: Iterable[Mapping[str, Any]]) -> str:
    """Show requirements; of what images are signed with, so much that another one is seen to be another."""
    shown = []
    for each in requirements:
        more = json.dumps({key: value for key, value in each.items() if key != "type"}, sort_keys=True)
        mark = f" ({hashlib.sha256(more.encode()).hexdigest()[:12]})" if more != "{}" else ""
        shown.append(f"{each['type']}{mark}")
    return ", ".join(shown)
