# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""registries.d: where signatures of images are looked for, which is beside an image at the place it is pulled from.

Source: containers/image docs/containers-registries.d.5.md and docker/registries_d.go (files end in .yaml, no scope may
stand in two of them); MCO helpers.go generateSigstoreRegistriesdConfig.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .pull_sources import endpoints
from .references import parse
from .registries_conf import RegistriesConf

DIRECTORY = "/etc/containers/registries.d"
#: The key of a scope by which engines look for signatures of sigstore.
ATTACHMENTS = "use-sigstore-attachments"


def of_scope(scope: str, conf: RegistriesConf) -> Iterator[str]:
    """Yield the names that engines ask for, of an image made up within the scope, by digest and by tag.

    Raises ReferenceProblem, RewriteProblem for mirrors whose names make no sense.
    """
    registry = conf.find(scope)
    if registry is None:
        return
    text = scope.replace("*", "matched", 1) if scope.startswith("*.") else scope
    made_up = "" if "/" in text else "/a"
    named = parse(text + made_up)
    for image in (replace(named, tag="", digest="sha256:" + "a" * 64), replace(named, tag="aaa", digest="")):
        for endpoint in endpoints(image, registry, conf):
            if endpoint.location:  # a wildcard has none of its own
                yield endpoint.reference.name.removesuffix(made_up)


def scopes_of(document: Any) -> dict[str, Any]:
    """Return what a decoded file says of each scope of docker's transport."""
    scopes = document.get("docker") if isinstance(document, dict) else None
    return {str(scope): said for scope, said in scopes.items()} if isinstance(scopes, dict) else {}
