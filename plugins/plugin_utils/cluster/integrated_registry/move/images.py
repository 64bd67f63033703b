# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images the registry keeps, and the pull of one of them as a proof.

Sources: OpenShift image.openshift.io/v1 (Image: annotation openshift.io/image.managed, dockerImageLayers; ImageStream:
status.tags); Kubernetes PodStatus (imageID is set once an image was pulled).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ....policy.word import PolicyError
from ...api import Manifest, Ref, Resource, annotation, at
from ...marks import LABEL
from .state import ABSENT, DONE, FAILED, WORKS

IMAGES = Ref(Resource("Image", "image.openshift.io", "v1", "images"))
STREAMS = Ref(Resource("ImageStream", "image.openshift.io", "v1", "imagestreams", namespaced=True))
CONFIG_IMAGE = Ref(Resource("Image", "config.openshift.io", "v1", "images"), "cluster")
POD = Resource("Pod", "", "v1", "pods", namespaced=True)
PROOF = "dockyard-registry-proof"
SERVICE = "image-registry.openshift-image-registry.svc:5000"
_MANAGED = "openshift.io/image.managed"
_NAME = re.compile(r"([a-z0-9][a-z0-9-]*)/([a-z0-9][a-z0-9._-]*)(:[\w.-]+|@sha256:[0-9a-f]{64})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """How many images the registry keeps, and the bytes of their layers, each counted once."""

    count: int
    size: int


def kept(images: Iterable[Manifest]) -> Kept:
    """Count the images that were pushed to the registry itself."""
    layers: dict[str, int] = {}
    count = 0
    for image in images:
        if annotation(image, _MANAGED) == "true":
            count += 1
            found = image.get("dockerImageLayers")
            for layer in found if isinstance(found, list) else ():
                size = at(layer, "size")
                layers[str(at(layer, "name"))] = size if isinstance(size, int) else 0
    return Kept(count, sum(layers.values()))


def read_proof(text: str) -> tuple[str, str]:
    """Read PROJECT/NAME:TAG or PROJECT/NAME@DIGEST: the project, the name with its end. Raises PolicyError."""
    found = _NAME.fullmatch(text)
    if not found:
        raise PolicyError("proof_image", text, "is not PROJECT/NAME, with :TAG or @sha256:DIGEST if wanted")
    return found[1], f"{found[2]}{found[3] or ':latest'}"


def choose(images: Iterable[Manifest], streams: Iterable[Manifest]) -> tuple[str, str] | None:
    """Choose an image that a stream names and the registry keeps: its project, and name@digest; None without any."""
    managed = {str(at(one, "metadata", "name")) for one in images if annotation(one, _MANAGED) == "true"}
    for stream in streams:
        for tag in at(stream, "status", "tags") or ():
            for item in (at(tag, "items") or ())[:1]:
                digest = str(at(item, "image"))
                if digest in managed and _DIGEST.fullmatch(digest):
                    return str(at(stream, "metadata", "namespace")), f"{at(stream, 'metadata', 'name')}@{digest}"
    return None


def proof_pod(project: str, name: str, host: str) -> tuple[Ref, Mapping[str, Any]]:
    """Make a pod for which a node has to pull the image from the registry."""
    container = {
        "name": "proof", "image": f"{host or SERVICE}/{project}/{name}", "imagePullPolicy": "Always",
        "command": ["true"], "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }  # fmt: skip
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
    return Ref(POD, PROOF, project), {"metadata": {"labels": {LABEL: "move"}}, "spec": spec}


def proof_of(pod: Manifest | None) -> str:
    """Say what the pull has come to: a container that has an image was pulled, whether it can run or not."""
    if pod is None:
        return ABSENT
    for one in at(pod, "status", "containerStatuses") or ():
        if at(one, "imageID") or at(one, "state", "terminated") or at(one, "state", "running"):
            return DONE
        if at(one, "state", "waiting", "reason") in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
            return FAILED
    return WORKS


def why_not_pulled(pod: Manifest | None) -> str:
    """Quote what the node says of the pull."""
    for one in at(pod, "status", "containerStatuses") or ():
        waiting = at(one, "state", "waiting") or {}
        if waiting:
            return ": ".join(filter(None, (str(waiting.get("reason") or ""), str(waiting.get("message") or ""))))
    return "no node says anything of it"
