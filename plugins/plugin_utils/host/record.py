# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look at a host, kept in a file: for plans that are made later and elsewhere, and for reports of mistakes.

What may be shown to others has no secret in it: passwords in addresses, values of settings that are called so, and
files of logins.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from ..problems import Problem, without_passwords
from .observed import Observed
from .snapshot import from_snapshot

_RECORDED, _FORM = "dockyard.openshift host", 1
_HIDDEN = "********"
_LOGINS = re.compile(r"[\"'](?:auths?|identitytoken|registrytoken|credHelpers)[\"']\s*:", re.IGNORECASE)
_NAMES = ("/auth.json", "/config.json", "/.dockercfg")
_SPEAKS_OF_A_SECRET = (  # a key as the last word only: keyPath and keyData are none
    r"(?=[\w.-]*(?:token|passw|passphrase|secret|access[_-]?key|api[_-]?key|key(?![\w.-]))"
    r"|(?:[\w.-]*[_.-])?(?:pass|auth|credentials)(?![\w.-]))"
)
_NAME = rf"(?<![\w.-]){_SPEAKS_OF_A_SECRET}[\w.-]+(?![\w.-])"
_SETTING = rf"{_NAME}(?P<named>\\?[\"'])?[ \t]*[=:][ \t]*"
_FLAG = rf"(?<![\w.-])(?=-){_NAME}(?:[\"'],\s*|[ \t]+)"
_QUOTED = r"(?P<quote>\\?[\"'])(?:(?:(?!(?P=quote))(?:\\.|[^\\]))*(?P=quote)|[^\n]*)"
_BARE = r"(?![\[{]|(?:null|true|false)\b)[^\s'\",}\]]+"
#: (what is kept before a secret, the secret). No pattern looks twice at what it has passed: the time grows as the text.
_SECRETS = tuple(
    re.compile(f"(?P<kept>{kept})(?:{secret})", re.IGNORECASE | re.MULTILINE | re.DOTALL)
    for kept, secret in (
        ("-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----", "(?:(?!-----).)+"),
        (rf"(?P<all>[\"'])(?=\w+=){_NAME}=", r"(?:(?!(?P=all))(?:\\.|[^\\\n]))+"),  # "NAME=a, b" of a unit
        (rf"^[ \t#;]*(?:export[ \t]+)?(?=\w+[ \t]*[=:]){_NAME}[ \t]*[=:][ \t]*", r"[^\s\"'{\[][^\n]*"),
        (f"{_SETTING}|{_FLAG}", f"{_QUOTED}|{_BARE}"),
    )
)


class RecordProblem(Problem):
    """Why a recorded host cannot be used."""


def text(snapshot: Mapping[str, Any], *, whole: bool) -> str:
    """Make the text of the file from what host_snapshot sent. whole: with its secrets, for an encrypted file."""
    kept = snapshot if whole else redacted(snapshot)
    return json.dumps({"recorded": _RECORDED, "form": _FORM, "snapshot": kept}, indent=1, sort_keys=True) + "\n"


def read(value: Mapping[str, Any]) -> Observed:
    """Return the host of a file that was read as JSON. Raises RecordProblem, and HostProblem for a damaged snapshot."""
    if value.get("recorded") != _RECORDED or value.get("form") != _FORM:
        raise RecordProblem("the record is of a form that this version does not know; record the host again")
    return from_snapshot(value.get("snapshot"))


def redacted(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Return the snapshot without secrets; what is left of a file of logins is that it is there."""
    files = {
        path: {key: item for key, item in about.items() if key != "content"} if path.endswith(_NAMES) else about
        for path, about in snapshot.get("files", {}).items()
    }
    clean: dict[str, Any] = _without_secrets({**snapshot, "files": files})
    return clean


def _without_secrets(value: Any, key: str = "") -> Any:
    if isinstance(value, str):
        return _content(value) if key == "content" else _hidden(value)
    if isinstance(value, Mapping):
        kept = {name: item for name, item in value.items() if name != "content" or not _holds_logins(item)}
        return {name: _without_secrets(item, name) for name, item in kept.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value


def _holds_logins(packed: Any) -> bool:
    """Return whether this is the content of an auth file; crio.conf and people name places of their own for them."""
    try:
        return bool(_LOGINS.search(base64.b64decode(packed).decode(errors="replace")))
    except (ValueError, TypeError):
        return False


def _content(packed: str) -> str:
    """Return the content of a file; one that is not text holds nothing that we would look for, and goes as it is."""
    try:
        clear = base64.b64decode(packed).decode()
    except ValueError:
        return packed
    return base64.b64encode(_hidden(clear).encode()).decode()


def _hidden(clear: str) -> str:
    clear = without_passwords(clear)
    for pattern in _SECRETS:
        clear = pattern.sub(_replaced, clear)
    return clear


def _replaced(found: re.Match[str]) -> str:
    """Keep the quotes, or give a number those of its name: JSON stays JSON."""
    groups = found.groupdict()
    quote = groups.get("quote") or groups.get("named") or ""
    return f"{found['kept']}{quote}{_HIDDEN}{quote}"
