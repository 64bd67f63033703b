# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registries.conf of the operator read back: the inverse of `mirrors.render`.

A reader of TOML gives the same and takes ten times as long, which a forecast over thousands of mirrors would notice.
"""

from __future__ import annotations

import re
from typing import Any

from ...resolution import registries_conf
from ...resolution.registries_conf import MAIN, RegistriesConf

_STRING = r'"[^"\\\x00-\x1f\x7f]*"'


def _lines(mirrors: str, **values: str) -> str:
    """Return the pattern of one [[registry]]; each value captures or not."""
    return (
        r"\n\[\[registry\]\]\n"
        rf"  prefix = {values['prefix']}\n(?:  location = {values['location']}\n)?"
        rf"{values['insecure']}?{values['blocked']}?{values['by_digest']}?{mirrors}"
    )


_FLAGS = {
    "insecure": r"(?:  insecure = true\n)",
    "blocked": r"(?:  blocked = true\n)",
    "by_digest": r"(?:  mirror-by-digest-only = true\n)",
}
_MIRROR = r"\n  \[\[registry\.mirror\]\]\n    location = {location}\n{insecure}?(?:    pull-from-mirror = {pull}\n)?"
_ANY_MIRROR = _MIRROR.format(location=_STRING, insecure=r"(?:    insecure = true\n)", pull=_STRING)
_ANY_TABLE = _lines(f"(?:{_ANY_MIRROR})*", prefix=_STRING, location=_STRING, **_FLAGS)

_HEAD = re.compile(rf"unqualified-search-registries = \[((?:{_STRING}(?:, {_STRING})*)?)\]\n(?:[a-z-]+ = \"\"\n)*")
_TABLES = re.compile(f"(?:{_ANY_TABLE})*")
_TABLE = re.compile(
    _lines(
        f"((?:{_ANY_MIRROR})*)", prefix=f"({_STRING})", location=f"({_STRING})",
        **{flag: f"({pattern})" for flag, pattern in _FLAGS.items()},
    )
)  # fmt: skip
_EACH_MIRROR = re.compile(
    _MIRROR.format(location=f"({_STRING})", insecure=r"(    insecure = true\n)", pull=f"({_STRING})")
)


def read(text: str) -> dict[str, Any] | None:
    """Read as a reader of TOML does, with every field of a table; None for a text in any other form."""
    head = _HEAD.match(text)
    if not head or not _TABLES.fullmatch(text, head.end()):
        return None
    search = [quoted[1:-1] for quoted in re.findall(_STRING, head[1])]
    tables = [_table(match) for match in _TABLE.finditer(text, head.end())]
    return {"unqualified-search-registries": search, "registry": tables}


def conf(text: str) -> RegistriesConf:
    """Read a node's registries.conf as containers/image does. Raises RegistriesConfProblem."""
    return registries_conf.read_table(read(text) or registries_conf.document(text, MAIN), MAIN)


def _table(match: re.Match[str]) -> dict[str, Any]:
    prefix, location, insecure, blocked, by_digest, mirrors = match.groups()
    return {
        "prefix": prefix[1:-1],
        "location": (location or "")[1:-1],
        "insecure": insecure is not None,
        "blocked": blocked is not None,
        "mirror-by-digest-only": by_digest is not None,
        "mirror": [
            {"location": where[1:-1], "insecure": bool(insecure), "pull-from-mirror": pull[1:-1]}
            for where, insecure, pull in _EACH_MIRROR.findall(mirrors)
        ],
    }
