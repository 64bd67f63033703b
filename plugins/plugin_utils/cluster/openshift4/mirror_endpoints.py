# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which mirrors have to hold which images: every manifest to be asked for, before nodes have nothing but the mirrors.

Source: CI docker/docker_image_src.go for the endpoints of a pull; the API of registries (OCI distribution) for the
addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...resolution import pull_sources, registries_conf
from ...resolution.names import DOCKER_HUB
from ...resolution.pull_sources import Candidate, Endpoint
from ...resolution.references import ReferenceProblem
from ...resolution.registries_conf import RegistriesConf, RegistriesConfProblem
from . import ManifestProblem, rendered
from .objects import cited, kind_of

_DROP_INS = "/etc/containers/registries.conf.d/"
#: Where the registry of this name answers.
_HOSTS = {DOCKER_HUB: "registry-1.docker.io"}


def of_images(files: Any, images: Any) -> list[dict[str, Any]]:
    """Return each image that has mirrors, once, with every mirror that nodes would ask for it, in their order.

    files: path → text of the files of a node, as a forecast gives them. images: references, each in full. A mirror is
    {reference, registry, repository, manifest, url, insecure}. `contacted`: whether the source itself is asked after
    them. Raises ManifestProblem.
    """
    conf, found = _read(files), []
    for image in dict.fromkeys(_texts(images)):
        try:
            candidates = pull_sources.resolve(image, conf)
        except ReferenceProblem as problem:
            raise ManifestProblem(str(problem)) from None
        found += [_result(image, one) for one in candidates if any(endpoint.mirror for endpoint in one.endpoints)]
    return found


def of_node(files: Mapping[str, str]) -> RegistriesConf:
    """Return what a node makes of its registries.conf and the drop-ins beside it. Raises RegistriesConfProblem."""
    conf = rendered.conf(files[registries_conf.MAIN])
    for path in sorted(path for path in files if path.startswith(_DROP_INS) and path.endswith(".conf")):
        conf = conf.with_drop_in(registries_conf.read(files[path], path, drop_in=True))
    return conf


def _result(image: str, candidate: Candidate) -> dict[str, Any]:
    mirrors = [_mirror(endpoint) for endpoint in candidate.endpoints if endpoint.mirror and not endpoint.blocked_by]
    contacted = any(not endpoint.mirror and not endpoint.blocked_by for endpoint in candidate.endpoints)
    return {"image": image, "mirrors": mirrors, "contacted": contacted}


def _mirror(endpoint: Endpoint) -> dict[str, Any]:
    reference = endpoint.reference
    host, manifest = _HOSTS.get(reference.domain, reference.domain), reference.digest or reference.tag
    return {
        "reference": str(reference),
        "registry": reference.domain,
        "repository": reference.path,
        "manifest": manifest,
        "url": f"https://{host}/v2/{reference.path}/manifests/{manifest}",
        "insecure": endpoint.insecure,
    }


def _read(files: Any) -> RegistriesConf:
    if not isinstance(files, Mapping) or not isinstance(files.get(registries_conf.MAIN), str):
        raise ManifestProblem(f"the files of a node must be a mapping that holds {registries_conf.MAIN}")
    for path, text in files.items():
        if not isinstance(path, str) or not isinstance(text, str):
            raise ManifestProblem(f"the files of a node: {cited(path)} must be a path with text, not {kind_of(text)}")
    try:
        return of_node(files)
    except RegistriesConfProblem as problem:
        raise ManifestProblem(str(problem)) from None


def _texts(images: Any) -> Iterable[str]:
    if not isinstance(images, (list, tuple)):
        raise ManifestProblem(f"images must be a list, not {kind_of(images)}: {cited(images)}")
    for image in images:
        if not isinstance(image, str):
            raise ManifestProblem(f"images: an item must be text, not {kind_of(image)}: {cited(image)}")
        yield image
