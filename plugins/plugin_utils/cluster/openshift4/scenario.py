# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What shall be done to a cluster: objects applied, objects deleted, and the words of a policy; and what comes of it.

As clients do it, objects are sent one by one: one that the API server refuses does not keep the others back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...policy import Policy
from ..merge_patch import applied
from . import ManifestProblem, exports, manifests, objects, payload, schema
from .exports import identity
from .objects import Manifest, cited, kind_of, name_of
from .releases import Release

PREVIEWS = ("TechPreviewNoUpgrade", "DevPreviewNoUpgrade", "CustomNoUpgrade")
_SHORT = {
    "icsp": "ImageContentSourcePolicy", "idms": "ImageDigestMirrorSet", "itms": "ImageTagMirrorSet",
    "cm": "ConfigMap", "mc": "MachineConfig", "mcp": "MachineConfigPool",
}  # fmt: skip


@dataclass
class Outcome:
    """What a cluster would hold. refused: what the API server says against objects, and unknown: kinds it has not."""

    manifests: list[Manifest] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    #: The objects of these two, as they would be.
    not_taken: list[Manifest] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: (kind, group, namespace, name) of what is applied or deleted.
    touched: set[tuple[str, ...]] = field(default_factory=set)


@dataclass(frozen=True)
class Scenario:
    """What is there and what shall be done to it: manifests first, then deletions, then the words of a policy."""

    present: list[Manifest]
    proposed: list[Manifest]
    removed: list[Any] = field(default_factory=list)
    policy: Policy | None = None
    #: Whether somebody named files with proposals, of which none may hold anything.
    had_files: bool = False

    @property
    def proposes_nothing(self) -> bool:
        return self.had_files and not self.proposed

    @property
    def is_nothing(self) -> bool:
        return not self.proposed and not self.removed and self.policy is None

    def outcome(self, release: Release) -> Outcome:
        """Compute the outcome in a cluster of this release. Raises ManifestProblem."""
        found = Outcome(list(self.present))
        for manifest in self.proposed:
            if exports.counts(manifest):
                if identity(manifest) in found.touched:
                    found.notes.append(
                        f"{name_of(manifest)} is proposed twice: where both say something the later counts"
                    )
                _apply(found, manifest, release)
        self._delete(found, release)
        if self.policy is not None:
            self._say(found, self.policy, release)
        return found

    def _say(self, found: Outcome, policy: Policy, release: Release) -> None:
        seen = objects.read(found.manifests, release)
        said = manifests.of_policy(
            policy,
            release.name,
            payload=payload.repositories(seen),
            internal_registry=seen.internal_registry,
            present=found.manifests,
        )
        found.notes += said.notes
        for manifest in said.objects:
            _apply(found, manifest, release)
        gone = {identity(one) for one in said.removed}
        found.touched |= {one for one in gone if any(identity(each) == one for each in found.manifests)}
        found.manifests = [one for one in found.manifests if identity(one) not in gone]

    def _delete(self, found: Outcome, release: Release) -> None:
        for item in self.removed:
            kind, namespace, name = _named(item)
            hits = [
                one
                for one in found.manifests
                if one.get("kind") == kind
                and identity(one)[3] == name
                and (not namespace or identity(one)[2] in ("", namespace))
            ]
            if not hits:
                there = ", ".join(name_of(one) for one in found.manifests if one.get("kind") == kind)
                raise ManifestProblem(
                    f"removed: there is no {kind} {cited(name)} among the manifests"
                    f"{'; there is ' + there if there else ''}"
                )
            if len(hits) > 1:
                raise ManifestProblem(
                    f"removed: {kind} {cited(name)} is in several namespaces; say {kind}/NAMESPACE/NAME"
                )
            if release.default_signature_policy and (kind, name) == ("ClusterImagePolicy", "openshift"):
                found.notes.append(
                    f"removed: {name_of(hits[0])} is part of the release: the cluster-version operator makes it again"
                )
                continue
            if not exports.is_read(hits[0]):
                found.notes.append(f"removed: {name_of(hits[0])} is not read, so its removal changes nothing here")
            found.touched.add(identity(hits[0]))
            found.manifests.remove(hits[0])


def _apply(found: Outcome, manifest: Manifest, release: Release) -> None:
    """Merge one object into what is there, unless the API server has no such kind or refuses the object."""
    known = identity(manifest)
    place = next((number for number, one in enumerate(found.manifests) if identity(one) == known), None)
    reason = not_served(manifest, release, found)
    if reason:
        found.unknown.append(f"{name_of(manifest)}: {reason}")
        found.not_taken.append(manifest)
        return
    old = None if place is None else found.manifests[place]
    new = applied(old or {}, _without_status(manifest, old or {}, found))
    # oc looks at what it was given: what is there already does not say the version for it.
    said = {**new, "apiVersion": manifest.get("apiVersion")}
    refused = list(schema.refusals(said, release, old, feature_set(found.manifests) in PREVIEWS))
    if known[0] == "ImagePolicy" and not known[2]:
        refused.append(f"{name_of(manifest)}: metadata.namespace: is missing, and where oc would put it is not known")
    if refused:
        found.refused += refused
        found.not_taken.append(new)
        return
    if known[0] == "MachineConfiguration" and release.fixed is not None:
        found.notes.append(
            f"{name_of(manifest)}: node disruption policies count from 4.17 on, so not in {release.name}"
        )
    if new != old:
        found.touched.add(known)
    if place is None:
        found.manifests.append(new)
    else:
        found.manifests[place] = new


def _without_status(manifest: Manifest, old: Manifest, found: Outcome) -> Manifest:
    """Return an object without what its operator alone says; a ConfigMap, which has no such field, as it is."""
    if "status" not in manifest or not exports.is_read(manifest) or manifest.get("kind") == "ConfigMap":
        return manifest
    said, stored = manifest["status"], old.get("status")
    if said and applied(stored, said) != stored:
        found.notes.append(f"{name_of(manifest)}: the API server passes over a status that is applied with an object")
    return {key: value for key, value in manifest.items() if key != "status"}


def not_served(manifest: Manifest, release: Release, found: Outcome) -> str | None:
    """Say why a release's API server lacks the kind; None when it has it. What is unknown becomes a note."""
    reason = exports.meant(manifest)
    if reason or not exports.is_read(manifest):
        return reason
    kind = str(manifest.get("kind"))
    if kind in objects.MIRROR_KINDS and kind not in release.mirror_kinds:
        return f"OpenShift {release.name} has no such kind; there is {' and '.join(release.mirror_kinds)}"
    signs = kind in ("ClusterImagePolicy", "ImagePolicy")
    if signs and not release.signature_version:
        return f"OpenShift {release.name} has no such kind, which came with 4.16 as a preview and with 4.20 for all"
    wanted = release.signature_version if signs else "v1alpha1" if kind == "ImageContentSourcePolicy" else "v1"
    version = str(manifest.get("apiVersion") or "").rpartition("/")[2]
    if version and version != wanted:
        return f"OpenShift {release.name} has this kind in version {wanted} only, not in {cited(version)}"
    if not signs or wanted == "v1":
        return None
    features = feature_set(found.manifests)
    if features is None:
        found.notes.append(
            f"{name_of(manifest)}: {release.name} has this kind only with the feature set TechPreviewNoUpgrade, which"
            " cannot be undone and ends updates; FeatureGate/cluster is not among the manifests"
        )
    elif features not in PREVIEWS:
        return f"OpenShift {release.name} has this kind only with the feature set TechPreviewNoUpgrade, which is off"
    return None


def feature_set(found: Iterable[Manifest]) -> str | None:
    """Return the feature set of the cluster, "" for the usual one; None when its object is not among the manifests."""
    for manifest in found:
        if manifest.get("kind") == "FeatureGate":
            spec = manifest.get("spec")
            return str(spec.get("featureSet") or "") if isinstance(spec, Mapping) else ""
    return None


def _named(item: Any) -> tuple[str, str, str]:
    """Return (kind, namespace, name) of an object to delete: "Kind/name", "Kind/namespace/name", or a mapping."""
    if isinstance(item, Mapping):
        said = item.get("metadata")
        metadata = said if isinstance(said, Mapping) else item
        parts = [item.get("kind"), *filter(None, [metadata.get("namespace")]), metadata.get("name")]
    elif isinstance(item, str):
        parts = item.replace(" ", "/").split("/")
    else:
        raise ManifestProblem(f"removed: an item must be text such as Kind/name, not {kind_of(item)}: {cited(item)}")
    if len(parts) not in (2, 3) or not all(isinstance(part, str) and part for part in parts):
        raise ManifestProblem(f"removed: an item must be Kind/name or Kind/namespace/name: {cited(item)}")
    return kind_of_word(parts[0]), parts[1] if len(parts) == 3 else "", parts[-1]


def kind_of_word(word: str) -> str:
    """Return the kind that a word of the command line means: a short name, a plural, with its group or without."""
    plain = word.partition(".")[0].lower()
    if plain in _SHORT:
        return _SHORT[plain]
    for kind in (*exports.READ, *exports.WORKLOADS):
        singular = kind.lower()
        if plain in (singular, f"{singular}s", f"{singular[:-1]}ies"):
            return kind
    return word
