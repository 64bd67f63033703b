# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The smallest image that a registry takes: one layer with one empty file.

Source: image manifest version 2, schema 2 (docker/distribution), which every registry of OpenShift stores.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import NamedTuple

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Image(NamedTuple):
    """Its blobs in the order in which they are sent, and the manifest that names them."""

    blobs: tuple[bytes, ...]
    manifest: bytes


def digest(content: bytes) -> str:
    """Return the name of a blob."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tiny() -> Image:
    """Make the image; it has the same bytes every time."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("dockyard-registry-proof"))
    layer = gzip.compress(tar.getvalue(), mtime=0)
    about = {
        "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest(tar.getvalue())]},
    }  # fmt: skip
    config = json.dumps(about, sort_keys=True).encode()
    described = [
        {"mediaType": kind, "size": len(content), "digest": digest(content)}
        for kind, content in ((_CONFIG, config), (_LAYER, layer))
    ]
    whole = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    return Image((layer, config), json.dumps(whole, sort_keys=True).encode())
