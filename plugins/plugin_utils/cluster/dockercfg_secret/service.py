# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets of projects as they were asked for: the secret first, then who names it; the other way round when it goes.

One object is read for each of a few projects; for many, the lists of all projects, each of one name. Everything that is
written can be planned again alone, because the platform's controllers write the same objects all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ...credentials.pull_secrets import TYPES
from .. import managers
from ..api import ClusterProblem, Manifest, Ref, Resource, at, ref_of
from ..changes import ClusterDraft, NotYet, WantedObject, change_of
from ..marks import LABEL, is_ours
from ..pull_secrets import NAMESPACES, SECRETS, SERVICE_ACCOUNTS, entries
from ..seen import Cluster, Unread, named_everywhere
from . import builds, links, options, report
from .builds import BUILD_CONFIGS
from .options import (
    CHANGE_OPTIONS,
    OPTIONS,
    SURVEY_OPTIONS,
    VARIABLES,
    Asked,
    Token,
    fill,
    read,
    with_token,
)

__all__ = [
    "CHANGE_OPTIONS",
    "OPTIONS",
    "SURVEY_OPTIONS",
    "VARIABLES",
    "WATCH",
    "draft",
    "fill",
    "read",
    "survey",
    "token_of",
    "with_token",
]

WATCH: tuple[Ref, ...] = ()
#: Up to so many projects, each object is asked for by itself; above it, lists are read.
_FEW = 10
_TOLD = 10  # of many problems of the same kind, so many are told


def token_of(asked: Asked) -> Token | None:
    """Return the service account whose token is a password, None when there is none."""
    return asked.token


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Decide what is wanted of the cluster. Raises NotRead, NotYet, ClusterProblem."""
    if not asked.anything:
        return ClusterDraft(notes=asked.notes)
    projects, new, notes = _projects(cluster, asked)
    look = _Look(cluster, asked, projects, new)
    wanted: list[WantedObject] = [
        WantedObject(Ref(NAMESPACES, name), {"metadata": {"labels": {LABEL: "create_namespaces"}}}, "create_namespaces")
        for name in new
    ]
    refusals: list[str] = []
    warnings: list[str] = list(asked.warnings)
    for project in projects:
        there = look.secrets.get(project)
        try:
            found = list(_of_project(look, project))
            warnings += _still_serving(found, there, asked)
            wanted += found
        except NotYet:
            raise
        except ClusterProblem as problem:
            refusals.append(str(problem))
        warnings += _kept(there)
    more = [f"{len(refusals) - _TOLD} more of this kind"] if len(refusals) > _TOLD else []
    lines = [f"{asked.name} in {len(projects)} project{'s' * (len(projects) != 1)}"]
    return ClusterDraft(
        tuple(wanted), (*asked.notes, *notes), tuple(dict.fromkeys(warnings)), (*refusals[:_TOLD], *more),
        lines=tuple(lines),
    )  # fmt: skip


def survey(cluster: Cluster, asked: Asked) -> dict[str, Any]:
    """Report the secrets, who names them, and which login serves an image. Raises NotRead, ClusterProblem."""
    projects, new, _notes = _projects(cluster, asked)
    there = [project for project in projects if project not in new]
    found = _read_in(cluster, SECRETS, there, asked.name)
    accounts = _accounts(cluster, there, None)
    return report.of_projects(cluster, asked, there, found, accounts)


def access(projects: tuple[str, ...]) -> dict[Ref, tuple[str, ...]]:
    """Return what the task reads and writes in these projects; to make projects or to select them needs more."""
    found: dict[Ref, tuple[str, ...]] = {}
    for project in projects:
        found[Ref(NAMESPACES, namespace=project)] = ("get",)
        found[Ref(SECRETS, namespace=project)] = ("get", "list", "create", "patch", "delete")
        found[Ref(SERVICE_ACCOUNTS, namespace=project)] = ("get", "list", "patch")
        found[Ref(BUILD_CONFIGS, namespace=project)] = ("get", "patch")
    return found


# --- projects ---


def _projects(cluster: Cluster, asked: Asked) -> tuple[list[str], list[str], list[str]]:
    """Return the projects, those of them that are to be made, and notes. Raises NotRead, ClusterProblem."""
    found, new = _named(cluster, asked)
    notes = []
    if asked.selector:
        chosen = cluster.all(Ref(NAMESPACES, labels=asked.selector))
        live = [str(at(one, "metadata", "name")) for one in chosen if not at(one, "metadata", "deletionTimestamp")]
        if len(live) < len(chosen):
            notes.append(f"namespace_selector: {len(chosen) - len(live)} projects are being deleted, and left out")
        if not live:
            notes.append(f"namespace_selector: {asked.selector} selects no project")
        found += live
    return list(dict.fromkeys(found)), new, notes


def _named(cluster: Cluster, asked: Asked) -> tuple[list[str], list[str]]:
    """Return those named in namespaces; of a person who may not see namespaces, each is taken to be there."""
    found, new, gone = [], [], []
    for name, there in _known(cluster, asked.namespaces).items():
        if there is None and not asked.present:
            continue
        if there is None and not asked.create_namespaces:
            gone.append(name)
        elif not isinstance(there, Unread) and at(there, "metadata", "deletionTimestamp"):
            raise ClusterProblem(f"namespaces: the project {name} is being deleted")
        else:
            found.append(name)
            new += [name] if there is None else []
    if gone:
        raise ClusterProblem(f"namespaces: there is no project {', '.join(gone[:_TOLD])}; create_namespaces makes it")
    return found, new


def _known(cluster: Cluster, names: tuple[str, ...]) -> dict[str, Manifest | Unread | None]:
    """Return the projects of these names as far as they can be seen."""
    if len(names) <= _FEW:
        cluster.need(*(Ref(NAMESPACES, name) for name in names))
        return {name: cluster.try_one(Ref(NAMESPACES, name)) for name in names}
    listed = cluster.try_all(Ref(NAMESPACES, bare=True))
    if isinstance(listed, Unread):
        return dict.fromkeys(names, listed)
    by_name = {str(at(one, "metadata", "name")): one for one in listed}
    return {name: by_name.get(name) for name in names}


# --- objects ---


def _read_in(cluster: Cluster, resource: Resource, projects: Iterable[str], name: str) -> dict[str, Manifest | None]:
    """Return the objects of this name by project. Raises NotRead, ClusterProblem."""
    refs = [Ref(resource, name, project) for project in projects]
    if len(refs) > _FEW and not isinstance(cluster.try_all(named_everywhere(resource, name)), Unread):
        return {ref.namespace: cluster.find(ref) for ref in refs}
    cluster.need(*refs)
    return {ref.namespace: cluster.one(ref) for ref in refs}


def _accounts(
    cluster: Cluster, projects: list[str], names: Iterable[str] | None
) -> dict[str, dict[str, Manifest | None]]:
    """Return service accounts by project and name; without names, all of them."""
    found: dict[str, dict[str, Manifest | None]] = {project: {} for project in projects}
    for name in () if names is None else names:
        for project, there in _read_in(cluster, SERVICE_ACCOUNTS, projects, name).items():
            found[project][name] = there
    if names is None:
        lists = [Ref(SERVICE_ACCOUNTS, namespace=project) for project in projects]
        everything = Ref(SERVICE_ACCOUNTS)
        if len(lists) > _FEW and not isinstance(cluster.try_all(everything), Unread):
            lists = [everything]
        cluster.need(*lists)
        for one in (one for ref in lists for one in cluster.all(ref)):
            place = ref_of(SERVICE_ACCOUNTS, one)
            if place.namespace in found:
                found[place.namespace][place.name] = one
    return found


class _Look:
    """The objects of all projects, read once: by project, and then by name. Raises NotRead, ClusterProblem."""

    def __init__(self, cluster: Cluster, asked: Asked, projects: list[str], new: list[str]) -> None:
        self.cluster, self.asked, self.new = cluster, asked, new
        there = [project for project in projects if project not in set(new)]
        resources = [(SECRETS, asked.name), *((BUILD_CONFIGS, build.name) for build in asked.builds)]
        resources += [(SERVICE_ACCOUNTS, name) for name in self.names] if asked.present else []
        if len(there) > _FEW:
            cluster.need(*(named_everywhere(resource, name) for resource, name in resources))
        else:
            cluster.need(*(Ref(resource, name, project) for resource, name in resources for project in there))
        self.secrets = _read_in(cluster, SECRETS, there, asked.name)
        self.accounts = _accounts(cluster, there, self.names if asked.present else None)
        self.builds = {build.name: _read_in(cluster, BUILD_CONFIGS, there, build.name) for build in asked.builds}

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(link.account for link in self.asked.links))


def _of_project(look: _Look, project: str) -> Iterator[WantedObject]:
    """Yield what is wanted of the objects of one project, in the order of writing. Raises NotYet, ClusterProblem."""
    asked, there = look.asked, look.secrets.get(project)
    secret = Ref(SECRETS, asked.name, project)
    if not asked.present:
        gone = _gone(there, secret, asked)
        yield from _builds(look, project)
        for name, account in look.accounts[project].items():
            yield _account(account, Ref(SERVICE_ACCOUNTS, name, project), there, secret.name, links.everywhere(name))
        yield gone
        return
    is_named = any(link.present for link in asked.links) or any(any(one.places.values()) for one in asked.builds)
    if there is None and is_named and not asked.logins.present:
        raise ClusterProblem(f"there is no {secret} to link; give credentials, from_file or from_service_account")
    if asked.logs_in:
        yield _secret(there, secret, asked)
    if there is not None and there.get("type") not in TYPES and not asked.logs_in:
        raise ClusterProblem(f"{secret} is of the type {there.get('type')}, and holds no logins to registries")
    for name in look.names:
        ref = Ref(SERVICE_ACCOUNTS, name, project)
        account = look.accounts.get(project, {}).get(name)
        of_this = tuple(link for link in asked.links if link.account == name)
        if account is None and any(link.present for link in of_this) and project not in look.new:
            _no_account(ref)
        if account is not None or any(link.present for link in of_this):
            yield _account(account, ref, there, secret.name, of_this)
    yield from _builds(look, project)


def _no_account(ref: Ref) -> None:
    """Refuse; one that the platform makes is waited for. Raises NotYet, ClusterProblem."""
    sentence = f"link: there is no {ref}"
    if ref.name in links.OF_THE_PLATFORM:
        raise NotYet(sentence, lambda client: "the platform makes it in every project where its builds are enabled")
    raise ClusterProblem(sentence)


def _secret(there: Manifest | None, ref: Ref, asked: Asked) -> WantedObject:
    found = entries.wanted(there, ref, asked.kind, asked.logins, replace=asked.replace, mark=asked.mark)
    for value in (at(found.fields, "data") or {}).values():
        asked.hide(value)
    return replace(found, anew=lambda now: _secret(now, ref, asked))


def _account(
    there: Manifest | None, ref: Ref, secret: Manifest | None, named: str, of_this: tuple[options.Link, ...]
) -> WantedObject:
    def anew(now: Manifest | None) -> WantedObject | None:
        """Plan it again; one that somebody deleted in between is not made again."""
        if now is None and there is not None:
            if any(link.present for link in of_this):
                raise ClusterProblem(f"link: there is no {ref} any more")
            return None
        return _account(now, ref, secret, named, of_this)

    own = entries.is_made_for(ref.name, named, secret)
    return replace(links.wanted(there, ref, named, of_this, own=own), anew=anew)


def _builds(look: _Look, project: str) -> Iterator[WantedObject]:
    for build in look.asked.builds:
        ref = Ref(BUILD_CONFIGS, build.name, project)
        found = _build(look.builds[build.name].get(project), ref, look.asked, build)
        if found is not None:
            yield found


def _build(there: Manifest | None, ref: Ref, asked: Asked, build: options.Build) -> WantedObject | None:
    if there is None and not asked.present:
        return None
    places = build.places if asked.present else dict.fromkeys(options.PLACES, False)
    found = builds.wanted(there, ref, asked.name, options.Build(build.name, places))
    return replace(found, anew=lambda now: _build(now, ref, asked, build))


def _gone(there: Manifest | None, ref: Ref, asked: Asked) -> WantedObject:
    """Want the secret gone. Raises ClusterProblem for one of others."""
    if there is not None:
        if keeper := entries.kept_by(there):
            raise ClusterProblem(f"{ref} is kept by {keeper}; it stays")
        if not is_ours(there) and not asked.replace:
            raise ClusterProblem(f"{ref} was not made by this collection; replace: true deletes it nevertheless")
    found = WantedObject(ref, None, "state: absent", view=entries.view_of(asked.mark))
    return replace(found, anew=lambda now: _gone(now, ref, asked))


def _still_serving(wanted: Iterable[WantedObject], there: Manifest | None, asked: Asked) -> Iterator[str]:
    """Say which entries of the secret, as it will be, still log in to what was asked to go. Raises ClusterProblem."""
    if not asked.logins.absent:
        return
    changes = (change_of(one, there) for one in wanted if one.ref.resource == SECRETS)
    after = next((change.after for change in changes if change), there)
    yield from entries.still_serving(after, asked.logins.absent, "kubelet")


def _kept(secret: Manifest | None) -> list[str]:
    found = managers.others(secret, {"data": at(secret, "data") or {}}) if secret is not None else []
    told = f"{ref_of(SECRETS, secret or {})} is kept by {' and '.join(found)}, which may write its own again"
    return [told] if found else []
