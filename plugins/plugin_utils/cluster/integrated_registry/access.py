# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may pull, push and read metrics: one binding for each subject and project, so that others' are never touched.

Sources: OpenShift "Registry", "Accessing the registry" (registry-viewer, registry-editor, system:image-puller, the
resource registry/metrics of image.openshift.io); Kubernetes rbac.authorization.k8s.io/v1, whose roleRef is fixed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...policy.word import PolicyError
from ..api import ClusterProblem, Ref, Resource, at
from ..changes import WantedObject
from ..labels import is_label, is_subdomain
from ..marks import LABEL, is_ours
from ..seen import Cluster

_GROUP = "rbac.authorization.k8s.io"
BINDINGS = Resource("RoleBinding", _GROUP, "v1", "rolebindings", namespaced=True)
WIDE_BINDINGS = Resource("ClusterRoleBinding", _GROUP, "v1", "clusterrolebindings")
WIDE_ROLES = Resource("ClusterRole", _GROUP, "v1", "clusterroles")
PROJECTS = Resource("Namespace", "", "v1", "namespaces")

METRICS = "metrics"
#: Word → the role that OpenShift has for it.
ROLES: Mapping[str, str] = {
    "viewer": "registry-viewer",
    "editor": "registry-editor",
    "puller": "system:image-puller",
    METRICS: "dockyard-registry-metrics",
}
#: Those that are given in projects.
OF_PROJECTS = tuple(role for word, role in ROLES.items() if word != METRICS)
#: What is written here says nothing about the registry's own specification.
RESOURCES = (BINDINGS, WIDE_BINDINGS, WIDE_ROLES)
_RULES = [{"apiGroups": ["image.openshift.io"], "resources": ["registry/metrics"], "verbs": ["get"]}]
_KINDS = {"user": "User", "group": "Group", "service_account": "ServiceAccount"}
_NOT_IN_NAMES = re.compile(r"[/%\s]")
_LONGEST_NAME = 200
#: What no name of a user or group has: signs that steer, brackets of a list or a template, a blank at an end.
_NOT_A_NAME = re.compile(r"[\x00-\x1f\x7f{}\[\]]|^\s|\s$")
#: What has to do with service accounts, and how users and groups of these are written.
_SERVICE_ACCOUNTS = re.compile("system:serviceaccounts?:([^:]+)(?::([^:]+))?")
_WRITTEN = {
    "user": re.compile("system:serviceaccount:[^:]+:[^:]+"),
    "group": re.compile("system:serviceaccounts(?::[^:]+)?"),
}

OPTION: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "description": [
        "Who may use the registry. Each entry has one of C(user), C(group) and C(service_account), and becomes a "
        "binding of its own in each of its C(projects); bindings of others stay.",
    ],
    "options": {
        "role": {
            "type": "str",
            "required": True,
            "choices": list(ROLES),
            "description": [
                "V(viewer) pulls, V(editor) pulls and pushes, V(puller) lets pods of other projects pull, V(metrics) "
                "reads the metrics of the registry.",
            ],
        },
        "user": {"type": "str", "description": ["The name of a user."]},
        "group": {"type": "str", "description": ["The name of a group, as V(system:serviceaccounts:PROJECT)."]},
        "service_account": {"type": "str", "description": ["A service account, as V(PROJECT/NAME)."]},
        "projects": {
            "type": "list",
            "elements": "str",
            "description": ["The projects whose images are meant. V(metrics) has none."],
        },
        "state": {
            "type": "str",
            "choices": ["present", "absent"],
            "default": "present",
            "description": ["Whether the subject may."],
        },
    },
}


@dataclass(frozen=True)
class Grant:
    """One subject with one role, in one project, "" for the whole cluster."""

    role: str
    subject: Mapping[str, str]
    project: str
    present: bool

    @property
    def binding(self) -> Ref:
        parts = (ROLES[self.role], self.subject["kind"], self.subject.get("namespace", ""), self.subject["name"])
        name = ":".join(filter(None, ("dockyard", *parts)))
        if _NOT_IN_NAMES.search(name) or len(name) > _LONGEST_NAME:
            digest = hashlib.sha256(name.encode()).hexdigest()[:16]
            name = f"{_NOT_IN_NAMES.sub('-', name)[:_LONGEST_NAME]}:{digest}"
        return Ref(BINDINGS if self.project else WIDE_BINDINGS, name, self.project)


def read(given: list[dict[str, Any]] | None) -> tuple[tuple[Grant, ...], list[str]]:
    """Read the option access: the grants, and warnings. Raises PolicyError."""
    found: dict[Ref, Grant] = {}
    warnings = []
    for one in given or ():
        for grant in _grants(one):
            if grant.binding in found and found[grant.binding].present != grant.present:
                raise PolicyError("access", grant.subject["name"], f"is both present and absent as {grant.role}")
            found[grant.binding] = grant
        if one.get("user") in ("kubeadmin", "kube:admin"):
            warnings.append("access: the user kubeadmin is taken away from clusters; name a user of your own")
        if one["state"] == "present" and (meant := _meant(one)):
            kind = "group" if one.get("group") else "user"
            warnings.append(f"access: there is no {kind} {one[kind]}; is {meant} meant?")
    return tuple(found.values()), warnings


def _meant(one: Mapping[str, Any]) -> str:
    """Say who is meant by a name of service accounts that no user or group has, "" where somebody has it."""
    key = "group" if one.get("group") else "user"
    name = str(one.get(key) or "")
    named = _SERVICE_ACCOUNTS.fullmatch(name)
    if not named or _WRITTEN[key].fullmatch(name):
        return ""
    project, account = named.groups()
    return f"service_account {project}/{account}" if account else f"group system:serviceaccounts:{project}"


def _grants(one: Mapping[str, Any]) -> Iterator[Grant]:
    role, projects = str(one["role"]), one.get("projects") or []
    subject = _subject(one)
    if role == METRICS and projects:
        raise PolicyError("access", ", ".join(projects), "are projects, and metrics are those of the whole registry")
    if role != METRICS and not projects:
        raise PolicyError("access", subject["name"], f"is {role} of no project; give projects")
    for project in projects:
        if not is_label(project):
            raise PolicyError("access", project, "cannot be the name of a project")
    for project in projects or [""]:
        yield Grant(role, subject, project, one["state"] == "present")


def _subject(one: Mapping[str, Any]) -> dict[str, str]:
    named = [key for key in _KINDS if one.get(key)]
    if len(named) != 1:
        said = " and ".join(named) or str(one["role"])
        raise PolicyError("access", said, "must have exactly one of user, group and service_account")
    key, name = named[0], str(one[named[0]])
    if key != "service_account":
        if _NOT_A_NAME.search(name):
            raise PolicyError("access", name, f"cannot be the name of a {key}")
        return {"kind": _KINDS[key], "name": name, "apiGroup": _GROUP}
    project, _slash, short = name.partition("/")
    if not (is_label(project) and is_subdomain(short)):
        raise PolicyError("access", name, "is not a service account as PROJECT/NAME")
    return {"kind": _KINDS[key], "name": short, "namespace": project}


def wanted(cluster: Cluster, grants: Iterable[Grant], made: Iterable[str] = ()) -> Iterator[WantedObject]:
    """Yield the bindings, and the role for metrics before its first. made: projects that the same plan makes.

    Raises NotRead, ClusterProblem.
    """
    grants = tuple(grants)
    needed = [grant.project for grant in grants if grant.present and grant.project and grant.project not in made]
    projects = [Ref(PROJECTS, name) for name in needed]
    cluster.need(*dict.fromkeys((*projects, *(grant.binding for grant in grants))))
    for ref in projects:
        if cluster.one(ref) is None:
            raise ClusterProblem(f"access: there is no project {ref.name}")
    if any(grant.role == METRICS and grant.present for grant in grants):
        start = {"metadata": {"labels": {LABEL: "access"}}}
        yield WantedObject(Ref(WIDE_ROLES, ROLES[METRICS]), {**start, "rules": _RULES}, "access")
    for grant in grants:
        there = cluster.one(grant.binding)
        role = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": ROLES[grant.role]}
        if there is not None and (not is_ours(there) or at(there, "roleRef", "name") != role["name"]):
            raise ClusterProblem(f"access: {grant.binding} was not made by this collection; remove it, or rename it")
        fields = {"metadata": {"labels": {LABEL: "access"}}, "roleRef": role, "subjects": [dict(grant.subject)]}
        yield WantedObject(grant.binding, fields if grant.present else None, "access")
