# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ImageContentSourcePolicy to ImageDigestMirrorSet, as `oc adm migrate icsp` does it.

Source: OC pkg/cli/admin/migrate/icsp/icsp.go. What oc leaves unchecked is checked here, so that nothing is lost.
"""

from __future__ import annotations

from typing import Any

from . import ManifestProblem, objects
from .releases import RELEASES

ICSP = "ImageContentSourcePolicy"


def icsp_to_idms(manifests: Any) -> list[dict[str, Any]]:
    """An ImageDigestMirrorSet for each ImageContentSourcePolicy, in order, with its metadata but no creationTimestamp.

    Raises ManifestProblem naming the object that is none.
    """
    group, key = objects.MIRROR_KINDS[ICSP]
    knows_both = next(release for release in RELEASES.values() if len(release.mirror_kinds) > 1)
    converted = []
    for manifest in objects.documents(manifests):
        where = objects.name_of(manifest)
        version = str(manifest.get("apiVersion") or "")
        if manifest.get("kind") != ICSP or version.partition("/")[0] != group:
            raise ManifestProblem(f"{where} ({objects.shown(version or 'no apiVersion')}) is no {ICSP} of {group}")
        sets = objects.read(manifest, knows_both).sets(ICSP)
        for one in sets:
            if not one.source:
                raise ManifestProblem(f"{where}: an item of spec.{key} has no source")
        metadata = {
            name: value for name, value in (manifest.get("metadata") or {}).items() if name != "creationTimestamp"
        }
        # As there, a set without mirrors has no such key.
        mirror_sets = [({"mirrors": list(one.mirrors)} if one.mirrors else {}) | {"source": one.source} for one in sets]
        converted.append(
            {
                "apiVersion": "config.openshift.io/v1",
                "kind": "ImageDigestMirrorSet",
                "metadata": metadata,
                "spec": {"imageDigestMirrors": mirror_sets},
            }
        )
    return converted
