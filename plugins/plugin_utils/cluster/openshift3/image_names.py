# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of images as OpenShift 3 takes them apart, which is not how docker, podman and OpenShift 4's nodes do it.

Source: ORIGIN pkg/image/apis/image/reference/reference.go (before 3.11 in helper.go beside it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ...resolution import references
from ...resolution.references import is_registry

DOCKER_HUB = "docker.io"
#: What an image of Docker Hub is really asked for at.
HUB_SERVER = f"registry-1.{DOCKER_HUB}"
_OLD_HUB_SERVER = f"index.{DOCKER_HUB}"
HUB_SERVERS = (_OLD_HUB_SERVER, HUB_SERVER)
LATEST = "latest"
_DIGEST = re.compile(r"sha256:[0-9A-Fa-f]{64}|sha384:[0-9A-Fa-f]{96}|sha512:[0-9A-Fa-f]{128}")
_HEX = re.compile(r"@(sha[0-9]{3}):([0-9A-Fa-f]+)$")  # upper-case digits are taken here, and kept


@dataclass(frozen=True)
class ImageName:
    """``registry/namespace/name:tag@digest``; a part that is not there is empty.

    The registry is empty where none is written: nothing is completed.
    """

    registry: str = ""
    namespace: str = ""
    name: str = ""
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """Write the name as the plug-in does: a tag hides the digest, and an id that is not a digest becomes a tag."""
        if not self.name:
            return ""
        end = self.tag or self.digest
        end = f"{'@' if not self.tag and _DIGEST.fullmatch(end) else ':'}{end}" if end else ""
        return "/".join(part for part in (self.registry, self.namespace, self.name + end) if part)


def parse(text: str) -> ImageName:
    """Take a name apart. Raises ReferenceProblem."""
    read = references.parse(_HEX.sub(lambda found: f"@{found[1]}:{found[2].lower()}", text))
    registry, slash, path = read.name.partition("/")
    if not (slash and is_registry(registry)):
        registry, path = "", read.name
    namespace, slash, name = path.partition("/")
    if not slash:
        namespace, name = "", path
    digest = text.partition("@")[2]
    return ImageName(registry, namespace, name, read.tag, digest)


def host_and_port(name: ImageName, insecure: bool) -> tuple[str, str]:
    """Say where the image is asked for: at port 443, or 80 when insecure, unless a port is written."""
    registry = server_of(name.registry) or DOCKER_HUB
    host, colon, port = registry.partition(":")
    return (host, port) if colon else (host, "80" if insecure else "443")


def server_of(registry: str) -> str:
    """Return the server that docker.io stands for where it is written without a port."""
    return HUB_SERVER if registry in (DOCKER_HUB, _OLD_HUB_SERVER) else registry


def untagged(name: ImageName, digest: str) -> ImageName:
    """Name the same image by a digest."""
    return replace(name, tag="", digest=digest)
