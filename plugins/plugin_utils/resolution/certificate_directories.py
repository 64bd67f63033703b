# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certs.d: the directories of a registry's certificates, and which of several is read.

Sources: containers/image docs/containers-certs.d.5.md and docker/docker_client.go; docker registry/registry.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

DOCKER = "/etc/docker/certs.d"
CONTAINERS = "/etc/containers/certs.d"
ROOTS_OWN = "/root/.config/containers/certs.d"

#: podman, skopeo, buildah and CRI-O look here, in this order; docker in its own place only.
FAMILY = (ROOTS_OWN, CONTAINERS, DOCKER)
PLACES = FAMILY


def of_registry(places: Sequence[str], name: str, exists: Callable[[str], bool]) -> list[str]:
    """List the directories that exist for host[:port]; only the first is read, even when it is empty."""
    return [path for place in places if exists(path := f"{place}/{name}")]
