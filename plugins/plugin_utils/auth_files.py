# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which login root's podman, skopeo and buildah would use for an image: the file and its key, never the secret.

Source: containers/image pkg/docker/config/config.go and docs/containers-auth.json.5.md, held beside podman on a host.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from .names import hub_name
from .observed import HostProblem, Observed
from .references import Reference

_OLD = "/root/.dockercfg"  # nothing but logins, and those for whole registries only
FILES = ("/run/containers/0/auth.json", "/root/.config/containers/auth.json", "/root/.docker/config.json", _OLD)


def find(host: Observed, reference: Reference) -> dict[str, str] | None:
    """The first file that knows a login or a helper for the image, and under which key; None for an anonymous pull.

    Raises HostProblem where every pull that comes to this file fails.
    """
    for path in FILES:
        helpers, logins = _read(host, path)
        registry = reference.name.partition("/")[0]
        if registry in helpers:
            return {"file": path, "key": registry}
        key = _key(path, logins, reference.name)
        # What is found decides: without a password in it the next file is looked at, not the next key.
        if key is not None and _has_password(path, logins[key]):
            return {"file": path, "key": key}
    return None


def _key(path: str, logins: Mapping[str, Mapping[str, str]], name: str) -> str | None:
    """The most specific name that is there as such, else an address of the registry as docker once wrote them."""
    registry = name.partition("/")[0]
    parents = [name.rsplit("/", count)[0] for count in range(1, name.count("/") + 1)]
    names = [registry] if path == _OLD else [name, *parents]
    addresses = [key for key in logins if _registry(key, path) == _registry(registry, path)]
    return next(iter([*(name for name in names if name in logins), *addresses]), None)


def _registry(key: str, path: str) -> str:
    address = key.removeprefix("http://").removeprefix("https://")
    if address != key or path == _OLD:
        address = address.partition("/")[0]
    return hub_name(address, "logins")


def _has_password(path: str, login: Mapping[str, str]) -> bool:
    try:
        decoded = base64.b64decode(login.get("auth", ""), validate=True)
    except (binascii.Error, ValueError):
        _refuse(path)
    user, colon, password = decoded.partition(b":")
    return bool(colon and (user or password.strip(b"\0") or login.get("identitytoken")))


def _read(host: Observed, path: str) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, str]]]:
    """Helpers and logins of a file."""
    text = host.text(path)
    try:
        document = _table(None if text is None else json.loads(text))
        sections = {"auths": document} if path == _OLD else document
        logins = {key: _login(value) for key, value in _table(sections.get("auths")).items()}
        return _table(sections.get("credHelpers")), logins
    except (ValueError, TypeError):
        _refuse(path)


def _table(value: Any) -> dict[str, Any]:
    """What is null is not there; raises TypeError for anything but a table."""
    if value is not None and not isinstance(value, dict):
        raise TypeError
    return value or {}


def _login(value: Any) -> dict[str, str]:
    table = _table(value)
    login = {name: table[name] for name in ("auth", "identitytoken") if table.get(name) is not None}
    if not all(isinstance(text, str) for text in login.values()):
        raise TypeError
    return login


def _refuse(path: str) -> NoReturn:
    raise HostProblem(f"{path}: podman cannot read this as a file of logins, so that every pull fails")
