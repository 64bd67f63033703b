# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ImageContentSourcePolicy to ImageDigestMirrorSet, as `oc adm migrate icsp` does it.

Source: OC pkg/cli/admin/migrate/icsp/icsp.go, whose input is a manifest that somebody wrote. An object of an export
also has fields of the server, which no API server takes for a new object. What oc leaves unchecked is checked here:
fields that the old kind does not have would be lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import ManifestProblem, objects, schema
from .releases import RELEASES, Release
from .validation import MISSING

ICSP = "ImageContentSourcePolicy"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OF_SERVER = {
    "uid", "resourceVersion", "generation", "managedFields", "selfLink", "deletionTimestamp",
    "deletionGracePeriodSeconds", "ownerReferences", "finalizers",
}  # fmt: skip


def icsp_to_idms(manifests: Any) -> list[dict[str, Any]]:
    """Convert each ImageContentSourcePolicy, in order, with its metadata but no creationTimestamp.

    Of an object that a server has stored, labels, annotations and names stay. Raises ManifestProblem naming the object
    that is of another kind, or that no API server would take as the new one.
    """
    group, key = objects.MIRROR_KINDS[ICSP]
    only = f"{group}/v1alpha1"  # the kind has never had another version, and oc does not decode one
    knows_both = next(release for release in RELEASES.values() if len(release.mirror_kinds) > 1)
    converted = []
    for manifest in objects.each_manifest(manifests):
        where = objects.name_of(manifest)
        version = str(manifest.get("apiVersion") or "")
        if manifest.get("kind") != ICSP or version != only:
            raise ManifestProblem(f"{where} ({objects.cited(version or 'no apiVersion')}) is not an {ICSP} of {only}")
        sets = objects.read(manifest, knows_both).sets(ICSP)
        for one in sets:
            if not one.source:
                raise ManifestProblem(f"{where}: an item of spec.{key} has no source")
        # As there, a set without mirrors has no such key. The new kind is a set: a mirror twice is refused.
        mirror_sets = [
            ({"mirrors": list(dict.fromkeys(one.mirrors))} if one.mirrors else {}) | {"source": one.source}
            for one in sets
        ]
        new = {
            "apiVersion": "config.openshift.io/v1",
            "kind": "ImageDigestMirrorSet",
            "metadata": _metadata(manifest.get("metadata") or {}, from_list=_is_list(manifests)),
            "spec": {"imageDigestMirrors": mirror_sets},
        }
        refused = [*_refusals(manifest, knows_both, "spec."), *_refusals(new, knows_both, "metadata.", "spec.")]
        if refused:
            raise ManifestProblem(f"{where} cannot be converted: {refused[0]}")
        converted.append(new)
    return converted


def _refusals(manifest: Mapping[str, Any], release: Release, *parts: str) -> Iterator[str]:
    """Yield what an API server says against parts of an object. What is missing, a name, may come later."""
    for text in schema.refusals(manifest, release):
        reason = text.removeprefix(f"{objects.name_of(manifest)}: ")
        if reason.startswith(parts) and not reason.endswith(MISSING):
            yield reason


def _is_list(manifests: Any) -> bool:
    items = manifests if isinstance(manifests, (list, tuple)) else [manifests]
    return any(isinstance(one, Mapping) and str(one.get("kind")).endswith("List") for one in items)


def _metadata(old: Mapping[str, Any], from_list: bool) -> dict[str, Any]:
    """Return the metadata of the new object; without the server's own fields where the old one comes from a server."""
    new = {name: value for name, value in old.items() if name != "creationTimestamp"}
    for name in {"labels", "annotations"} & set(new):
        if isinstance(new[name], Mapping):  # Go reads null as an empty text there
            new[name] = {key: "" if text is None else text for key, text in new[name].items()}
    if not from_list and not {"uid", "resourceVersion"} & set(old):
        return new
    new = {name: value for name, value in new.items() if name not in _OF_SERVER}
    annotations = new.pop("annotations", None) or {}
    if isinstance(annotations, Mapping):
        annotations = {name: text for name, text in annotations.items() if name != _LAST_APPLIED}
    return new | ({"annotations": annotations} if annotations else {})
