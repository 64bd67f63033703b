# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A consumer of this cluster's registry: which objects are wanted, and whether there is a registry at all.

Sources: OpenShift "Accessing the registry" (registry-viewer, registry-editor, system:unauthenticated); reference/
openshift3-hosted-registry.md, "External OpenShift registry"; openshift-docs#61541 (token secrets since 4.16).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ...policy.word import PolicyError
from ...variables import Fill, behind
from ..api import ClusterProblem, Manifest, Ref, at
from ..changes import ClusterDraft, NotYet, Until, WantedObject
from ..integrated_registry import CONFIG, access
from ..kinds.image import IMAGE
from ..labels import is_label, is_subdomain
from ..marks import LABEL, is_ours
from ..pull_secrets import NAMESPACES, SECRETS, SERVICE_ACCOUNTS, tokens
from ..seen import Cluster, Unread

WATCH: tuple[Ref, ...] = ()
PREFIX = "registry_consumer_"
#: Who pulls without a login.
_ANONYMOUS = "system:unauthenticated"

OPTIONS: dict[str, dict[str, Any]] = {
    "project": {
        "type": "str",
        "required": True,
        "description": ["The project whose images are used. It is made if it is not there, and never deleted."],
    },
    "service_account": {
        "type": "str",
        "default": "registry-consumer",
        "description": ["The service account in O(project) in whose name the other cluster pulls or pushes."],
    },
    "role": {
        "type": "str",
        "choices": ["viewer", "editor"],
        "default": "viewer",
        "description": ["V(viewer) pulls, V(editor) pulls and pushes."],
    },
    "access": {
        **access.OPTION,
        "description": [
            "Who else may use the registry, as in M(dockyard.openshift.image_registry). An entry without C(projects) "
            "is about O(project).",
        ],
    },
    "anonymous_pull": {
        "type": "bool",
        "description": ["Whether everybody may pull the images of O(project) without a login. Omitted, that stays."],
    },
    "state": {
        "type": "str",
        "choices": ["present", "absent"],
        "default": "present",
        "description": ["V(absent) takes the role, the token and the service account away that this task made."],
    },
    "from_variables": {
        "type": "bool",
        "default": False,
        "description": ["Whether to take options that are not given from variables C(" + PREFIX + "...)."],
    },
}  # fmt: skip
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}
VARIABLES: dict[str, tuple[str, ...]] = dict(behind(PREFIX, (name for name in OPTIONS if name != "from_variables")))
fill = Fill(VARIABLES)


@dataclass(frozen=True)
class Asked:
    """What a task was asked for. own: the grant of the service account; further: those of others."""

    project: str
    account: str
    own: tuple[access.Grant, ...]
    further: tuple[access.Grant, ...]
    present: bool
    warnings: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.project}/{self.account}"


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read what the options say. Raises PolicyError before anything is sent."""
    project, account = options["project"], options["service_account"]
    if not is_label(project):
        raise PolicyError("project", project, "cannot be the name of a project")
    if not is_subdomain(account):
        raise PolicyError("service_account", account, "cannot be the name of a service account")
    present = options["state"] == "present"
    subject = {"service_account": f"{project}/{account}", "projects": [project], "state": options["state"]}
    own, _told = access.read([{**subject, "role": options["role"]}])
    others = [{"role": role, **subject, "state": "absent"} for role in ("viewer", "editor") if role != options["role"]]
    gone, _told = access.read(others)
    given = [{**one, "projects": one.get("projects") or _projects(one, project)} for one in options["access"] or ()]
    if options["anonymous_pull"] is not None:
        state = "present" if options["anonymous_pull"] else "absent"
        given.append({"role": "viewer", "group": _ANONYMOUS, "projects": [project], "state": state})
    further, warnings = access.read(given)
    if any(grant.binding in {one.binding for one in (*own, *gone)} for grant in further):
        raise PolicyError("access", account, "is the service account itself; role says what it may")
    return Asked(project, account, (*own, *gone), further, present, tuple(warnings))


def _projects(one: Mapping[str, Any], project: str) -> list[str]:
    return [] if one["role"] == access.METRICS else [project]


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Decide what is wanted of the cluster. Raises NotRead, NotYet, ClusterProblem."""
    account = Ref(SERVICE_ACCOUNTS, asked.account, asked.project)
    project = Ref(NAMESPACES, asked.project)
    cluster.need(project, account, tokens.listed(asked.project), CONFIG, IMAGE)
    there = cluster.one(project)
    if at(there, "metadata", "deletionTimestamp"):
        raise ClusterProblem(f"project: {asked.project} is being deleted")
    if there is None and not asked.present:
        return ClusterDraft(warnings=asked.warnings)
    new = [asked.project] if there is None else []
    wanted = [
        *([WantedObject(project, {"metadata": {"labels": {LABEL: "project"}}}, "project")] if new else ()),
        *(_made(cluster, asked, account) if asked.present else ()),
        *access.wanted(cluster, (*asked.own, *asked.further), new),
        *(_token(cluster, asked, account) if asked.present else _gone(cluster, asked, account)),
    ]
    found = {
        "service_account": asked.name,
        "token_secret": _name_of_token(cluster, asked, account) if asked.present else "",
        "registries": _registries(cluster),
    }
    line = f"{asked.name} {'may' if asked.present else 'may not'} use the registry"
    warnings = (*asked.warnings, *_state(cluster))
    return ClusterDraft(tuple(map(_again, wanted)), warnings=warnings, lines=(line,), result=found)


def _again(wanted: WantedObject) -> WantedObject:
    """Return it with the way in which it is planned again alone: what is wanted seldom depends on what is there."""
    return wanted if wanted.anew else replace(wanted, anew=lambda now: _again(wanted))


def _made(cluster: Cluster, asked: Asked, account: Ref) -> Iterator[WantedObject]:
    """Want the service account; one that is there stays whose it is."""
    if cluster.one(account) is None:
        yield WantedObject(account, {"metadata": {"labels": {LABEL: "service_account"}}}, "service_account")


def _tokens(cluster: Cluster, asked: Asked, account: Ref) -> list[Manifest]:
    return tokens.of_account(cluster.one(account), cluster.all(tokens.listed(asked.project)))


def _token(cluster: Cluster, asked: Asked, account: Ref) -> Iterator[WantedObject]:
    """Want a token secret where no secret has a token, whoever made it. Raises NotRead, NotYet, ClusterProblem."""
    if any(map(tokens.token_in, _tokens(cluster, asked, account))):
        return
    ref = tokens.made(asked.project, asked.account)
    if not is_subdomain(ref.name):
        raise PolicyError("service_account", asked.account, "is too long for the name of its token's secret")
    yield _made_token(cluster.one(ref), ref, asked, cluster.one(account))


def _made_token(there: Manifest | None, ref: Ref, asked: Asked, account: Manifest | None) -> WantedObject:
    """Want our token secret, and wait until there is a token in it. Raises NotYet, ClusterProblem."""
    if at(there, "metadata", "deletionTimestamp"):
        raise NotYet(f"{ref} is being deleted", lambda client: "")
    if there is not None and not tokens.is_made_for(there, asked.account):
        raise ClusterProblem(
            f"service_account: {ref} is not the token of {asked.account} that this task makes; remove it, or give "
            "another service_account"
        )
    until = Until(lambda secret: bool(tokens.token_in(secret)), "its token, which a controller puts in", always=True)
    return WantedObject(
        ref, tokens.fields(asked.account), tokens.WORD, until=until, view=_view,
        replaces=there is not None and tokens.is_of_former(there, account),
        anew=lambda now: _made_token(now, ref, asked, account),
    )  # fmt: skip


def _view(manifest: Manifest) -> list[str]:
    """Show a token secret without the token."""
    return [f"type: {manifest.get('type')}", f"for: {at(manifest, 'metadata', 'annotations', tokens.ACCOUNT)}"]


def _name_of_token(cluster: Cluster, asked: Asked, account: Ref) -> str:
    filled = [one for one in _tokens(cluster, asked, account) if tokens.token_in(one)]
    name = at(filled[0], "metadata", "name") if filled else tokens.made(asked.project, asked.account).name
    return f"{asked.project}/{name}"


def _gone(cluster: Cluster, asked: Asked, account: Ref) -> Iterator[WantedObject]:
    """Want the token and the service account gone, where they are ours."""
    for secret in _tokens(cluster, asked, account):
        if is_ours(secret):
            name = str(at(secret, "metadata", "name"))
            yield WantedObject(Ref(SECRETS, name, asked.project), None, "state: absent", view=_view)
    if is_ours(cluster.one(account)):
        yield WantedObject(account, None, "state: absent")


# --- the registry itself ---


def _registries(cluster: Cluster) -> list[str]:
    """Return the names under which the registry is known outside of the cluster, where the cluster says so."""
    found = cluster.try_one(IMAGE)
    return [] if isinstance(found, Unread) else list(at(found, "status", "externalRegistryHostnames") or ())


def _state(cluster: Cluster) -> list[str]:
    """Warn of a registry that does not run; OpenShift 3 has no object that says so."""
    found = cluster.try_one(CONFIG)
    state = "" if isinstance(found, Unread) else at(found, "spec", "managementState")
    if state == "Removed":
        return ["the registry of this cluster is Removed: the token is made, and there is nothing to pull from"]
    return []


def grants(projects: tuple[str, ...]) -> dict[Ref, tuple[str, ...]]:
    """Return what the task reads and writes in these projects of the registry."""
    found: dict[Ref, tuple[str, ...]] = {Ref(NAMESPACES): ("get",), IMAGE: ("get",), CONFIG: ("get",)}
    found |= {Ref(access.WIDE_ROLES, name): ("bind",) for name in access.OF_PROJECTS}
    for project in projects:
        found[Ref(SERVICE_ACCOUNTS, namespace=project)] = ("get", "create", "delete")
        found[Ref(access.BINDINGS, namespace=project)] = ("get", "create", "patch", "delete")
        found[Ref(SECRETS, namespace=project)] = ("get", "list", "create", "delete")
    return found
