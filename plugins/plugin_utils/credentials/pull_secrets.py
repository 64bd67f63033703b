# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two types of Secret that hold logins.

Source: Kubernetes documentation "Types of Secret"; kubernetes pkg/credentialprovider/secrets/secrets.go.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from ..problems import Problem
from .answers import Source

#: The member that a type of Secret keeps its logins in, and whether that is the old form.
TYPES = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson", False),
    "kubernetes.io/dockercfg": (".dockercfg", True),
}


class SecretProblem(Problem):
    """Why something is not a Secret as the API would give it; the text completes the sentence "THE SECRET …"."""


def read(manifest: Any) -> Source | None:
    """Return the logins of a Secret; None where the kubelet passes over it: another type, or nothing in it.

    Raises SecretProblem for what is not a Secret.
    """
    if not isinstance(manifest, Mapping) or manifest.get("kind", "Secret") != "Secret":
        raise SecretProblem("is not a Secret")
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    name = "/".join(str(metadata[part]) for part in ("namespace", "name") if metadata.get(part))
    member, old_form = TYPES.get(str(manifest.get("type")), ("", False))
    text = _text(manifest, member, name) if member else ""
    return Source(name, text, old_form) if text else None


def _text(manifest: Mapping[str, Any], member: str, name: str) -> str:
    """stringData is what a person writes, and wins over data when the API takes it."""
    written = _member(manifest, "stringData", member, name)
    if written is not None:
        return written
    encoded = _member(manifest, "data", member, name) or ""
    try:
        return base64.b64decode("".join(encoded.split()), validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        raise SecretProblem(f"({name}) has data[{member!r}] that is not base64") from None


def _member(manifest: Mapping[str, Any], section: str, member: str, name: str) -> str | None:
    table = manifest.get(section)
    if table is not None and not isinstance(table, Mapping):
        raise SecretProblem(f"({name}) has {section} that is not a mapping")
    value = (table or {}).get(member)
    if value is not None and not isinstance(value, str):
        raise SecretProblem(f"({name}) has {section}[{member!r}] that is not text")
    return value
