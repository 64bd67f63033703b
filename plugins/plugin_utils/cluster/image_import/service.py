# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports as they were asked for: a tag that is imported as asked is left alone, others are requested.

Source: OpenShift API image/v1 (ImageStreamImport, ImageStream, TagImportPolicy): the request leaves no object behind;
the server answers for each image whether it was found, and writes the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...policy.word import UNSHOWN, PolicyError
from ...problems import one_line
from ...resolution.references import Reference, ReferenceProblem, parse_normalized
from ...variables import Fill, behind
from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..changes import ClusterDraft, WantedObject
from ..labels import is_label, is_subdomain
from ..seen import Cluster

_GROUP = "image.openshift.io"
STREAMS = Resource("ImageStream", _GROUP, "v1", "imagestreams", namespaced=True)
IMPORTS = Resource("ImageStreamImport", _GROUP, "v1", "imagestreamimports", namespaced=True)
WATCH: tuple[Ref, ...] = ()
PREFIX = "image_import_"
_LONGEST = 300

OPTIONS: dict[str, dict[str, Any]] = {
    "namespace": {"type": "str", "required": True, "description": ["The project with the image streams."]},
    "images": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "description": ["The images, each with the stream and the tag that it becomes."],
        "options": {
            "from": {
                "type": "str",
                "required": True,
                "description": ["The image with its registry, as V(quay.io/team/app:1)."],
            },
            "stream": {"type": "str", "description": ["The image stream. Unless given, the last part of the name."]},
            "tag": {"type": "str", "description": ["The tag of the stream. Unless given, that of the image."]},
            "scheduled": {
                "type": "bool",
                "default": False,
                "description": ["Whether the cluster looks for a newer image by itself, every quarter of an hour."],
            },
            "insecure": {
                "type": "bool",
                "default": False,
                "description": ["Whether the registry is reached over HTTP, or without verifying its certificate."],
            },
            "local": {
                "type": "bool",
                "default": False,
                "description": ["Whether pods pull it through the registry of the cluster (C(referencePolicy))."],
            },
        },
    },
    "refresh": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether images that are imported already are looked for again. Such a run always counts as a change."
        ],
    },
    "from_variables": {
        "type": "bool",
        "default": False,
        "description": ["Whether to take options that are not given from variables C(" + PREFIX + "...)."],
    },
}
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}
VARIABLES: dict[str, tuple[str, ...]] = dict(behind(PREFIX, (name for name in OPTIONS if name != "from_variables")))
fill = Fill(VARIABLES)


@dataclass(frozen=True)
class Import:
    """One image and the tag that it becomes."""

    stream: str
    tag: str
    source: str
    scheduled: bool
    insecure: bool
    local: bool

    @property
    def policy(self) -> dict[str, bool]:
        """What the API writes only where it is true."""
        pairs = (("insecure", self.insecure), ("scheduled", self.scheduled))
        return {name: True for name, said in pairs if said}

    def request(self) -> dict[str, Any]:
        """Return the part of an ImageStreamImport that is about this image."""
        found: dict[str, Any] = {"from": {"kind": "DockerImage", "name": self.source}, "to": {"name": self.tag}}
        found["importPolicy"] = self.policy
        return found | ({"referencePolicy": {"type": "Local"}} if self.local else {})

    def line(self) -> str:
        words = [word for word in ("scheduled", "insecure", "local") if getattr(self, word)]
        return f"{self.stream}:{self.tag} from {self.source}" + (f" ({', '.join(words)})" if words else "")


@dataclass(frozen=True)
class Asked:
    """What a task was asked for: the imports by stream."""

    namespace: str
    streams: Mapping[str, tuple[Import, ...]]
    refresh: bool
    warnings: tuple[str, ...]


def access(projects: tuple[str, ...]) -> dict[Ref, tuple[str, ...]]:
    """Return what the task reads and writes in these projects."""
    found: dict[Ref, tuple[str, ...]] = {}
    for project in projects:
        found[Ref(STREAMS, namespace=project)] = ("get",)
        found[Ref(IMPORTS, namespace=project)] = ("create",)
    return found


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read what the options say. Raises PolicyError before anything is sent."""
    namespace = options["namespace"]
    if not is_label(namespace):
        raise PolicyError("namespace", namespace, "cannot be the name of a project")
    if not options["images"]:
        raise PolicyError("images", UNSHOWN, "names no image")
    found: dict[str, dict[str, Import]] = {}
    for one in options["images"]:
        made = _import(one)
        if found.setdefault(made.stream, {}).setdefault(made.tag, made) != made:
            raise PolicyError("images", f"{made.stream}:{made.tag}", "is the tag of two images")
    insecure = [each.source for tags in found.values() for each in tags.values() if each.insecure]
    warnings = [f"images: {source} is imported without verifying its registry" for source in insecure]
    streams = {stream: tuple(tags.values()) for stream, tags in found.items()}
    return Asked(namespace, streams, options["refresh"], tuple(warnings))


def _import(given: Mapping[str, Any]) -> Import:
    text = str(given["from"]).strip()
    try:
        reference: Reference = parse_normalized(text)
    except ReferenceProblem as problem:
        raise PolicyError("images", UNSHOWN, str(problem)) from None
    if "/" not in text or reference.domain != text.partition("/")[0]:
        raise PolicyError("images", text, "has no registry; write it out, as in docker.io/library/nginx:1")
    _host, _colon, port = reference.domain.partition(":")
    if port and not 0 < int(port) < 65536:
        raise PolicyError("images", text, "has a port that does not exist")
    stream = given.get("stream") or reference.path.rpartition("/")[2]
    tag = given.get("tag") or reference.tag or "latest"
    if not is_subdomain(stream):
        raise PolicyError("images", stream, "cannot be the name of an image stream")
    try:
        parse_normalized(f"{stream}:{tag}")
    except ReferenceProblem:
        raise PolicyError("images", tag, "cannot be a tag") from None
    return Import(stream, tag, text, given["scheduled"], given["insecure"], given["local"])


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Decide which images are requested. Raises NotRead, ClusterProblem."""
    cluster.need(*(Ref(STREAMS, stream, asked.namespace) for stream in asked.streams))
    imports: list[dict[str, Any]] = []
    wanted = []
    for stream, images in asked.streams.items():
        there = cluster.try_one(Ref(STREAMS, stream, asked.namespace))
        if there is not None and not isinstance(there, Mapping):
            raise ClusterProblem(f"image streams of {asked.namespace} cannot be read: {there.why}")
        due = [one for one in images if asked.refresh or not _is_imported(there, one)]
        imports += [_present(there, one) for one in images if one not in due]
        if due:
            wanted.append(_request(asked.namespace, stream, due, imports))
    return ClusterDraft(tuple(wanted), warnings=asked.warnings, result={"imports": imports})


def _request(namespace: str, stream: str, due: list[Import], imports: list[dict[str, Any]]) -> WantedObject:
    ref = Ref(IMPORTS, stream, namespace)
    fields = {"spec": {"import": True, "images": [one.request() for one in due]}}

    def heard(answer: Manifest) -> str:
        """Note what became of each image, and return what went wrong."""
        told = at(answer, "status", "images") or []
        results = [_result(one, told[number] if number < len(told) else {}) for number, one in enumerate(due)]
        imports.extend(results)
        return "; ".join(f"{one['stream']}:{one['tag']}: {one['message']}" for one in results if not one["imported"])

    return WantedObject(ref, fields, "images", view=lambda manifest: [one.line() for one in due], heard=heard)


def _result(one: Import, told: Mapping[str, Any]) -> dict[str, Any]:
    status = at(told, "status") or {}
    done = status.get("status") == "Success"
    message = one_line(str(status.get("message") or "the API server says nothing of it"))[:_LONGEST]
    image = str(at(told, "image", "dockerImageReference") or at(told, "image", "metadata", "name") or "")
    return {
        "stream": one.stream, "tag": one.tag, "from": one.source, "imported": done, "image": image if done else "",
        "message": "" if done else message,
    }  # fmt: skip


def _tags(there: Manifest | None, section: str, name: str, tag: str) -> Mapping[str, Any]:
    items: Iterable[Any] = at(there, section, "tags") or ()
    return next((item for item in items if isinstance(item, Mapping) and item.get(name) == tag), {})


def _is_imported(there: Manifest | None, one: Import) -> bool:
    """Say whether the stream has the tag from this image, with these policies, and the last import went well."""
    spec, status = _tags(there, "spec", "name", one.tag), _tags(there, "status", "tag", one.tag)
    policy = {name: True for name in ("insecure", "scheduled") if at(spec, "importPolicy", name)}
    return (
        at(spec, "from", "kind") == "DockerImage"
        and at(spec, "from", "name") == one.source
        and policy == one.policy
        and (at(spec, "referencePolicy", "type") == "Local") == one.local
        and bool(status.get("items"))
        and not any(_failed(status))
    )


def _failed(status: Mapping[str, Any]) -> Iterator[bool]:
    for one in status.get("conditions") or ():
        yield at(one, "type") == "ImportSuccess" and at(one, "status") == "False"


def _present(there: Manifest | None, one: Import) -> dict[str, Any]:
    newest = (_tags(there, "status", "tag", one.tag).get("items") or [{}])[0]
    image = str(at(newest, "dockerImageReference") or at(newest, "image") or "")
    return {
        "stream": one.stream, "tag": one.tag, "from": one.source, "imported": True, "image": image, "message": "",
    }  # fmt: skip
