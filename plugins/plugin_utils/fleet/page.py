# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one HTML file that needs nothing else: no network, no server, and no script but its own.

Whatever a name holds stays text: every value is escaped, and a sign that cannot be seen or turns the direction of
writing is shown by its number. The policy of the page (CSP) allows its one style and its one script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent

#: What playbook undo takes back, which is the last plan of a host alone; and what site changes there later.
_UNDONE, _LATER = "registries", {"image policy", "trust of the master"}


def render(report: Mapping[str, Any]) -> str:
    """Return the page of what `report.document` returns."""
    first = {one["group"]: one for one in reversed(report["subjects"])}
    plans: dict[str, list[str]] = {}
    for one in report["subjects"]:
        known = plans.setdefault(one["group"], [])
        known += [plan for plan in _to_take_back(one) if plan not in known]
    style, script = _source("page.css"), _source("page.js")
    return _environment().get_template("page.html.j2").render(
        report=report, summary=report["summary"], first=first, plans=plans, style=style, script=script,
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'",
    )  # fmt: skip


def _to_take_back(subject: Mapping[str, Any]) -> list[str]:
    """Return the plan of a host that was carried out and that the playbook undo takes back."""
    done = {part["about"]: part["plan"] for part in subject["parts"] if part["outcome"] == "changed" and part["plan"]}
    return [done[_UNDONE]] if subject["kind"] == "host" and _UNDONE in done and not _LATER & done.keys() else []


def visible(value: Any) -> Any:
    """Return a text in which every sign can be seen: one that cannot stands there as its number."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(sign if sign.isprintable() or sign == "\n" else f"[U+{ord(sign):04X}]" for sign in value)


def _words(value: Any) -> str:
    """Return a value of a policy as a person writes it."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _groupby_sign(lines: list[str]) -> list[tuple[str, str]]:
    """Return lines of a difference as few blocks, because hosts are many: the sign of a block, and its text."""
    blocks = groupby(lines, key=lambda line: line[:1])
    return [(sign, "".join(f"{line}\n" for line in block)) for sign, block in blocks]


@cache
def _source(name: str) -> Markup:
    """Return a file of ours as it is."""
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, finalize=visible,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"words": _words, "groupby_sign": _groupby_sign}
    return made
