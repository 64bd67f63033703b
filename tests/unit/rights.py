# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds every task of every test to the roles that are shipped: no request of any run needs more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import access

_VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}
#: What anybody may ask.
_OPEN = ("/version", "/apis/authorization.k8s.io/")
#: What tasks try to read in projects of others to explain a failure, and do without where they may not.
_TRIED = ("services", "secrets")
#: What options need that no role can foresee: to select projects, and to make them.
_BY_OPTION = {
    ("dockercfg_secret", "GET"): ("namespaces", "secrets", "serviceaccounts"),
    ("dockercfg_secret", "POST"): ("namespaces", "serviceaccounts"),
    ("registry_consumer", "POST"): ("namespaces",),
}


def roles(task: str, projects: tuple[str, ...]) -> list[dict[str, Any]]:
    """The roles of a task; all of its projects are named, where it works in any."""
    may = task in (*access.IN_PROJECTS, *access.MORE_IN_PROJECTS)
    return access.manifests(task, projects if may else ())


def lacking(task: str, requests: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The requests (method, path without query) that the roles of a task do not allow."""
    asked = {(method, path) for method, path in requests if not path.startswith(_OPEN)}
    own = {role["metadata"].get("namespace", "") for role in roles(task, ("-",))} - {"-"}
    others = tuple(sorted({parts(path)[1] for _method, path in asked} - own))
    given = roles(task, others or ("-",))
    return sorted(one for one in asked if not allowed(*one, given) and not is_tried(task, *one, own))


def is_tried(task: str, method: str, path: str, own: set[str]) -> bool:
    _group, namespace, plural, name = parts(path)
    if plural in _BY_OPTION.get((task, method), ()) and (method == "POST" or not namespace):
        return True
    is_foreign = task in access.MORE_IN_PROJECTS and namespace not in own
    return method == "GET" and is_foreign and plural in _TRIED and name != ""


def parts(path: str) -> tuple[str, str, str, str]:
    """Group, namespace, plural with the subresource, and name."""
    found = [unquote(one) for one in path.strip("/").split("/")]
    group, rest = ("", found[2:]) if found[0] == "api" else (found[1], found[3:])
    namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 1 else ""
    if namespace and len(rest) == 2:
        return group, namespace, rest[0], namespace  # a project lies in itself
    plural, name, subresource = ([*rest[2:], "", ""] if namespace else [*rest, "", ""])[:3]
    return group, namespace, f"{plural}/{subresource}" if subresource else plural, name


def allowed(method: str, path: str, given: Iterable[dict[str, Any]]) -> bool:
    """Return whether roles allow a request."""
    group, namespace, plural, name = parts(path)
    verb = _VERBS.get(method, "get" if name else "list")
    return any(
        group in rule["apiGroups"]
        and plural in rule["resources"]
        and verb in rule["verbs"]
        and name in rule.get("resourceNames", [name])
        for role in given
        if role["kind"] == "ClusterRole" or role["metadata"]["namespace"] == namespace
        for rule in role["rules"]
    )
