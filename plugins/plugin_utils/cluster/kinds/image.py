# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image/cluster: the lists for nodes, the registries that users may import from, external names, the import mode.

Source: OpenShift API config/v1 types_image.go. All lists are atomic: one is written as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...policy import unique
from ...policy.lists import OPENSHIFT_4, fit
from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..changes import WantedObject
from ..marks import noted, our_entries, together
from ..merge_patch import difference
from ..openshift4 import objects, payload, releases
from ..seen import Cluster
from . import Part, Said, trusted_cas

RESOURCE = Resource("Image", "config.openshift.io", "v1", "images")
IMAGE = Ref(RESOURCE, "cluster")
VERSION = Ref(Resource("ClusterVersion", "config.openshift.io", "v1", "clusterversions"), "version")
ACCESS: Mapping[Ref, tuple[str, ...]] = {IMAGE: ("get", "patch"), Ref(RESOURCE): ("create",), VERSION: ("get",)}

BLOCKED, ALLOWED, INSECURE = "blockedRegistries", "allowedRegistries", "insecureRegistries"
SEARCH = "containerRuntimeSearchRegistries"
IMPORT, EXTERNAL = "allowedRegistriesForImport", "externalRegistryHostnames"
#: Which options a field follows from.
_FROM: Mapping[str, tuple[str, ...]] = {
    SEARCH: ("search",), INSECURE: ("insecure",), BLOCKED: ("blocked", "allowed"),
    ALLOWED: ("allowed", "blocked", "search", "mirrors", "mirrors_from", "additional_registries"),
    IMPORT: ("import",), EXTERNAL: ("external_hostnames",), "imageStreamImportMode": ("import_mode",),
    "additionalTrustedCA": ("trust",),
}  # fmt: skip
#: What a person should know of a list that changes and holds something.
_REMARKS: Mapping[str, str] = {
    SEARCH: "search: short names are completed for CRI-O and podman on nodes, and not for image streams or builds",
    INSECURE: "insecure: whoever stands in between can change what is pulled; with trust, its authority is verified",
    IMPORT: "import: who may create Images or ImageStreamMappings gets round it",
}
#: More than one of these in a search list, and a short name may mean somebody else's image.
_PUBLIC = ("docker.io", "quay.io", "registry.redhat.io", "registry.access.redhat.com", "ghcr.io", "gcr.io")


def wanted(cluster: Cluster, said: Said) -> Part:
    """Image/cluster as the words have it."""
    if not _says_something(said):
        return Part()
    image = cluster.one(IMAGE)
    writing = _Writing(image, said)
    _node_lists(writing, cluster, said)
    _imports(writing, said)
    if said.external_hostnames is not None:
        names = writing.shared(EXTERNAL, at(image, "spec", EXTERNAL) or [], said.external_hostnames)
        writing.spec[EXTERNAL] = names or None
        exposed = at(image, "status", EXTERNAL) or []
        writing.warnings += [
            f"external_hostnames: the integrated registry has no route of the name {name}, so image references with it "
            "lead nowhere"
            for name in said.external_hostnames
            if name not in exposed
        ]
    if said.import_mode is not None:
        writing.spec["imageStreamImportMode"] = said.import_mode
    if said.policy.trust is not None:
        writing.spec["additionalTrustedCA"] = trusted_cas.reference(cluster, said)
    return Part((writing.object(),), tuple(writing.notes), tuple(writing.warnings), tuple(writing.refusals))


def _says_something(said: Said) -> bool:
    policy = said.policy
    words = (policy.search, policy.blocked, policy.allowed, policy.insecure, policy.import_, policy.trust)
    return any(value is not None for value in (*words, said.external_hostnames, said.import_mode))


@dataclass
class _Writing:
    """What is to be written, and which entries are ours."""

    image: Manifest | None
    said: Said
    spec: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ours = our_entries(self.image)

    def shared(self, key: str, have: Iterable[str], entries: Iterable[str]) -> list[str]:
        """Return the list under a key with our entries: alone when exact, beside those of others when merged."""
        entries, before = list(entries), self.ours.get(key, [])
        self.ours[key] = entries
        return entries if self.said.exact else together(have, before, entries)

    def object(self) -> WantedObject:
        """Return what is wanted; the record of our entries is written where something else is, too."""
        fields: dict[str, Any] = {"spec": self.spec}
        if metadata := noted(self.image, self.ours if difference(self.image, fields) else None):
            fields["metadata"] = metadata
        lists = self.spec.get("registrySources")
        on_nodes = bool(difference(_sources(self.image), lists or {}))
        spec = difference(self.image, fields).get("spec") or {}
        changed = {**(spec.get("registrySources") or {}), **spec}
        self.notes += [text for key, text in _REMARKS.items() if changed.get(key)]
        return WantedObject(IMAGE, fields, _why(self.said), on_nodes, asked=self._asked(changed))

    def _asked(self, changed: Iterable[str]) -> tuple[str, ...]:
        """Return the options that were given and that a field which changes follows from."""
        own = ("external_hostnames", "import_mode", "mirrors_from", "additional_registries")
        given = {name for name, _word, _value in self.said.policy.set_words()}
        given |= {name for name in own if getattr(self.said, name)}
        return unique(word for key in changed for word in _FROM.get(key, ()) if word in given)


#: Words that become objects of other kinds alone.
_ELSEWHERE = ("mirrors", "signatures")


def _why(said: Said) -> str:
    words = [name for name, _word, _value in said.policy.set_words() if name not in _ELSEWHERE]
    own = ("external_hostnames", "import_mode")
    return ", ".join([*words, *(name for name in own if getattr(said, name) is not None)])


def _sources(image: Manifest | None) -> Mapping[str, Any]:
    found = at(image, "spec", "registrySources")
    return found if isinstance(found, Mapping) else {}


def _node_lists(writing: _Writing, cluster: Cluster, said: Said) -> None:
    """Write the lists of registrySources; allowed and blocked exclude each other."""
    policy, lists = said.policy, dict[str, list[str]]()

    def have(key: str) -> list[str]:
        return list(_sources(writing.image).get(key) or ())

    if policy.search is not None:
        lists[SEARCH] = writing.shared(SEARCH, have(SEARCH), policy.search)
        public = [name for name in lists[SEARCH] if name in _PUBLIC]
        if len(public) > 1:
            writing.warnings.append(
                f"search: {', '.join(public)} are public registries: a short name means the first that has an image of "
                "the name, whoever put it there"
            )
    if policy.insecure is not None:
        lists[INSECURE] = writing.shared(INSECURE, have(INSECURE), _insecure(said, writing.notes))
    if policy.allow_list is not None:
        entries = unique((*policy.allow_list, *said.allowed_too))
        needed = needed_by(cluster, writing.image)
        lists[ALLOWED] = writing.shared(ALLOWED, have(ALLOWED), unique((*entries, *needed)))
        lists[BLOCKED] = _ended(writing, BLOCKED, have(BLOCKED), "an allow-list", True)
    elif policy.blocked is not None:
        lists[BLOCKED] = writing.shared(BLOCKED, have(BLOCKED), policy.blocked)
        lists[ALLOWED] = _ended(writing, ALLOWED, have(ALLOWED), "a list of what is blocked", bool(lists[BLOCKED]))
    elif policy.allowed is not None:
        lists[ALLOWED] = writing.shared(ALLOWED, have(ALLOWED), ())
    if lists:
        writing.spec["registrySources"] = {key: entries or None for key, entries in lists.items()}


def _insecure(said: Said, notes: list[str]) -> tuple[str, ...]:
    """Return what is insecure without the service network of OpenShift 3; other ranges were refused when read."""
    found = fit(said.policy.insecure or (), OPENSHIFT_4, said.policy.service_network)
    notes += [f"insecure: '{entry}' is left out: OpenShift 4 takes no address range" for entry in found.left_out]
    return found.held


def _ended(writing: _Writing, key: str, have: list[str], by: str, excluded: bool) -> list[str]:
    """End the list beside the one that is said; entries of others are not ours to take unless exact is."""
    ours = writing.ours.pop(key, [])
    foreign = [] if writing.said.exact else [entry for entry in have if entry not in ours]
    if foreign and excluded:
        writing.refusals.append(
            f"{key} of Image/cluster holds {', '.join(foreign)}, which this collection did not put there, and {by} "
            "excludes it; mode: exact takes it away"
        )
    elif have and not foreign:
        writing.warnings.append(f"{key} of Image/cluster ({', '.join(have)}) ends, because {by} takes its place")
    return foreign


def needed_by(cluster: Cluster, image: Manifest | None) -> list[str]:
    """Return what an allow-list has to name in any case: the payload's repositories, the integrated registry."""
    version = cluster.one(VERSION)
    seen = objects.read([version, image] if image else [version], _any_release()) if version else objects.Objects()
    repositories = payload.repositories(seen)
    if not repositories:
        raise ClusterProblem(
            "allowed: ClusterVersion/version does not say which image the cluster is made of, so an allow-list would "
            "lock it out of its own images"
        )
    internal = at(image, "status", "internalRegistryHostname") or objects.INTERNAL_REGISTRY
    return [*repositories, str(internal)]


def _any_release() -> releases.Release:
    """Return any release: the image that a cluster is made of is read in the same way in all."""
    return releases.find(list(releases.RELEASES)[-1])


def _imports(writing: _Writing, said: Said) -> None:
    if said.policy.import_ is None:
        return
    have = [dict(item) for item in at(writing.image, "spec", IMPORT) or () if isinstance(item, Mapping)]
    there = [_import_entry(item) for item in have]
    new = {_import_entry(item): item for item in (source.plain() for source in said.policy.import_)}
    names = writing.shared(IMPORT, there, new)
    kept = [item for item in have if _import_entry(item) in names]
    writing.spec[IMPORT] = [*kept, *(new[name] for name in names if name not in there)] or None
    if not names and have:
        writing.notes.append("import: without an entry, users may import from every registry")


def _import_entry(item: Mapping[str, Any]) -> str:
    """Name an entry as our record does. Of one name two may be there: one for port 443, one for 80."""
    return f"{item.get('domainName')}{' insecure' if item.get('insecure') is True else ''}"


def lists_of(image: Manifest | None) -> dict[str, list[str]]:
    """Return the lists of Image/cluster by the words of the policy, for reports."""
    sources = _sources(image)
    words = {"search": SEARCH, "blocked": BLOCKED, "allowed": ALLOWED, "insecure": INSECURE}
    return {word: list(sources.get(key) or ()) for word, key in words.items()}
