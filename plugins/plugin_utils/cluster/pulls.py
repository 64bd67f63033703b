# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From where a cluster takes an image: its nodes, imports of image streams, and builds, which differ.

Sources: containers/image for nodes (resolution/pull_sources.py); OpenShift documentation, "Using Cluster Samples
Operator with alternate registries" (imports use no mirror), and okd-project/okd#1687 (builds use no tag mirror).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..resolution.references import parse_normalized
from ..variables import Fill
from . import preflight
from .api import ClusterProblem, Manifest, Ref, at
from .changes import ClusterDraft
from .kinds import image as images
from .kinds import trusted_cas
from .openshift3 import import_policy
from .openshift3 import releases as import_releases
from .openshift4 import authorities, forecast, machine_configs
from .pull_secrets import entries
from .rollout import expected
from .rollout.expected import Expected
from .seen import Cluster, Unread

WATCH: tuple[Ref, ...] = ()
OPTIONS: dict[str, dict[str, Any]] = {}
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {
    "images": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": [
            "Images, as C(quay.io/team/app:1), for which the result says where nodes, imports of image streams and "
            "builds take them from.",
        ],
    },
}
VARIABLES: dict[str, tuple[str, ...]] = {}
fill = Fill(VARIABLES)


def read(
    options: Mapping[str, Any], _now: datetime, _read_file: Callable[[str], bytes], _hide: Callable[[str], None]
) -> tuple[str, ...]:
    """Read the images. Raises ReferenceProblem for a text that names no image."""
    found = tuple(dict.fromkeys(options["images"]))
    for image in found:
        if not image.strip():
            raise ClusterProblem("images: an image without a name")
        parse_normalized(image)
    return found


def draft(_cluster: Cluster, _asked: tuple[str, ...]) -> ClusterDraft:
    """Want nothing of the cluster."""
    return ClusterDraft()


def survey(cluster: Cluster, asked: tuple[str, ...]) -> dict[str, Any]:
    """Return the answer for each image. Raises NotRead, ClusterProblem."""
    if not asked:
        return {}
    wanted = expected.of(cluster)
    cluster.need(images.IMAGE, images.VERSION, preflight.PULL_SECRET)
    image = cluster.one(images.IMAGE)
    named = str(at(image, "spec", "additionalTrustedCA", "name") or "")
    config_map = cluster.try_one(Ref(trusted_cas.RESOURCE, named, trusted_cas.NAMESPACE)) if named else None
    secret = cluster.try_one(preflight.PULL_SECRET)
    known = _Known(
        wanted, image, str(at(cluster.one(images.VERSION), "status", "desired", "version") or ""),
        secret,
        None if isinstance(config_map, Unread) else _trusted(image, config_map),
    )  # fmt: skip
    return {"images": [_answer(known, name) for name in asked]}


def _trusted(*manifests: Manifest | None) -> frozenset[str]:
    """Return the registries for which nodes have an authority."""
    return frozenset(authorities.read(filter(None, manifests)).on_nodes)


@dataclass(frozen=True)
class _Known:
    """What is known of the cluster. authorities: for which registries, None where they may not be read."""

    expected: Expected
    image: Manifest | None
    version: str
    secret: Manifest | Unread | None
    authorities: frozenset[str] | None

    def has_login(self, place: str) -> bool | None:
        if isinstance(self.secret, Unread):
            return None
        try:
            return self.secret is not None and not entries.without_login(self.secret, [place])
        except ClusterProblem:
            return None  # damaged: what it has is not known

    def has_authority(self, place: str) -> bool | None:
        return None if self.authorities is None else place.partition("/")[0] in self.authorities


def _answer(known: _Known, name: str) -> dict[str, Any]:
    nodes = _on_nodes(known, name)
    importable = _importable(known, name)
    mirrors = [one for one in nodes["endpoints"] if one["mirror"]]
    by_digest = "@" in name
    uses = {"nodes": bool(mirrors), "imports": False, "builds": bool(mirrors) and by_digest}
    found = {"image": name, "nodes": nodes, "import": importable, "uses_mirror": uses}
    return found | {"lines": list(_lines(found, by_digest))}


def _on_nodes(known: _Known, name: str) -> dict[str, Any]:
    """Return the endpoints that nodes ask, in their order, and what would keep them from it."""
    if why := known.expected.unknown or known.expected.problem:
        return {"endpoints": [], "refused": None, "unknown": why}
    (found,) = forecast.pulls([name], known.expected.on_node(machine_configs.selector_of("worker")))
    endpoints = [
        {**endpoint, "login": known.has_login(endpoint["reference"]), "ca": known.has_authority(endpoint["reference"])}
        for candidate in found["candidates"]
        for endpoint in candidate["endpoints"]
    ]  # fmt: skip
    return {"endpoints": endpoints, "refused": found["refused"], "unknown": None}


def _importable(known: _Known, name: str) -> dict[str, Any]:
    """Say whether people may import the image."""
    release = import_releases.find(".".join(known.version.split(".")[:2]), with_4=True)
    entries = at(known.image, "spec", images.IMPORT)
    policy = import_policy.load({images.IMPORT: list(entries)} if entries else None, release)
    internal = at(known.image, "status", "internalRegistryHostname")
    found = import_policy.allowed(name, policy, release, internal, False, "import")
    return {"allowed": found["allowed"], "sentence": found["sentence"]}


def _lines(found: Mapping[str, Any], by_digest: bool) -> Iterator[str]:
    """Say it for a person."""
    nodes, uses = found["nodes"], found["uses_mirror"]
    yield f"{found['image']}:"
    if nodes["unknown"]:
        yield f"  nodes: not known: {nodes['unknown']}"
    elif nodes["refused"]:
        yield f"  nodes: refused: {nodes['refused']}"
    for number, one in enumerate(nodes["endpoints"], 1):
        words = ["mirror" if one["mirror"] else "source"]
        words += ["blocked"] if one["blocked"] else []
        words += ["insecure"] if one["insecure"] else []
        words += {True: ["login"], False: ["no login"], None: ["login not known"]}[one["login"]]
        words += ["CA"] if one["ca"] else []
        yield f"  nodes, {number}: {one['reference']} ({', '.join(words)})"
    sentence = found["import"]["sentence"]
    yield f"  imports: {'allowed' if found['import']['allowed'] else 'refused'}, {sentence}"
    if uses["nodes"]:
        without = [word for word in ("imports", "builds") if not uses[word]]
        who = "nodes and builds" if uses["builds"] else "nodes"
        tag = "" if by_digest else ", since it is pulled by tag"
        yield f"  the mirror is used by {who}, and not by {' and '.join(without)}{tag}"
