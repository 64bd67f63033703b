# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is in projects: the secrets, who names them, and which login serves an image, in pods and in builds.

Sources: kubernetes pkg/credentialprovider (pods: all that match are tried); openshift-controller-manager
pkg/build/controller/build and openshift/builder (builds: the first of the service account's secrets that has an entry).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...credentials import pull_secrets
from ...credentials.answers import Source
from ...credentials.login import Login
from ...credentials.lookup import look_up
from ...credentials.pull_secrets import TYPES
from ...resolution.references import Reference
from ..api import Manifest, Ref, at
from ..marks import is_ours
from ..pull_secrets import SECRETS, entries
from ..seen import Cluster
from . import links
from .options import Asked

Accounts = Mapping[str, Mapping[str, Manifest | None]]


def of_projects(
    cluster: Cluster, asked: Asked, projects: Sequence[str], found: Mapping[str, Manifest | None], accounts: Accounts
) -> dict[str, Any]:
    """Return the result of an _info task. Raises NotRead, ClusterProblem."""
    names = list(dict.fromkeys(link.account for link in asked.links)) or ["default", "builder"]
    looks = [_Account(cluster, project, name, accounts[project].get(name)) for project in projects for name in names]
    if asked.images:
        cluster.need(*dict.fromkeys(ref for one in looks for ref in one.refs))
    served = [one.serves(text, reference) for one in looks for text, reference in asked.images]
    conflicts = [text for one in looks for text in (one.conflicts() if asked.images else ())]
    return {
        "secrets": [_secret(project, asked.name, found.get(project), accounts[project]) for project in projects],
        "served": served,
        "warnings": list(dict.fromkeys(conflicts)),
    }


def _secret(
    project: str, name: str, there: Manifest | None, accounts: Mapping[str, Manifest | None]
) -> dict[str, Any]:
    linked = {
        account: [among for among in links.LISTS if name in links.names_in(manifest, among)]
        for account, manifest in sorted(accounts.items())
    }
    return {
        "namespace": project,
        "there": there is not None,
        "ours": is_ours(there),
        "type": at(there, "type") or "",
        "immutable": at(there, "immutable") is True,
        **entries.report(there),
        "linked": {account: among for account, among in linked.items() if among},
    }


class _Account:
    """A service account and the secrets that it names."""

    def __init__(self, cluster: Cluster, project: str, name: str, there: Manifest | None) -> None:
        self.cluster, self.project, self.name = cluster, project, name
        self.named = {among: links.names_in(there, among) for among in links.LISTS}

    @property
    def refs(self) -> list[Ref]:
        return [Ref(SECRETS, name, self.project) for names in self.named.values() for name in names]

    def serves(self, text: str, reference: Reference) -> dict[str, Any]:
        """Say which logins an image gets: all that match in pods, the first secret with one in builds."""
        pods = look_up("kubelet", reference, (), self._sources("imagePullSecrets"))
        builds = next((one for one in self._each(reference) if one.answer().tried), look_up("kubelet", reference, ()))
        shown = {"image": text, "namespace": self.project, "service_account": self.name}
        return shown | {"pods": pods.result(reference), "builds": builds.result(reference)}

    def _each(self, reference: Reference) -> Iterator[Any]:
        for source in self._sources("secrets"):
            yield look_up("kubelet", reference, (), [source])

    def _sources(self, among: str) -> list[Source]:
        found = [self.cluster.one(Ref(SECRETS, name, self.project)) for name in self.named[among]]
        read = [pull_secrets.read(one) for one in found if one is not None and one.get("type") in TYPES]
        return [source for source in read if source]

    def conflicts(self) -> Iterator[str]:
        """Warn of secrets that have different logins for the same key: in builds only the first one counts."""
        for among in links.LISTS:
            had: dict[str, tuple[str, Login]] = {}
            for secret, key, login in self._logins(among):
                first, other = had.setdefault(key, (secret, login))
                if other != login:
                    users = other.username, login.username
                    told = f"({users[0]} and {users[1]})" if users[0] != users[1] else f"(of {users[0]})"
                    yield (
                        f"{self.project}/{self.name}: {first} and {secret} have different logins {told} for "
                        f"{entries.shown(key)} in {among}"
                    )

    def _logins(self, among: str) -> Iterable[tuple[str, str, Login]]:
        for name in self.named[among]:
            found = entries.entries_of(self.cluster.one(Ref(SECRETS, name, self.project)))
            for key in found:
                login = entries.login_in(found, key)
                if login is not None:
                    yield name, key, login
