# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MachineConfigs of others that write files of nodes, beside the one that the operator generates.

Those that the selector of a pool selects, whatever the pool is called, are merged in the order of their names; of two
that write one path the later one counts. Source: MCO pkg/controller/render getMachineConfigsForPool and
pkg/controller/common MergeMachineConfigs; Ignition 2 and 3 for the contents of files (RFC 2397).
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from .. import labels
from .node_files import NodeFiles
from .objects import Manifest

#: Files that decide where images come from and whether they are run.
_IMAGE_PATHS = ("/etc/containers/", "/etc/crio/", "/etc/docker/")
_ROLE = "machineconfiguration.openshift.io/role"
_BY_CONTROLLER = "machineconfiguration.openshift.io/generated-by-controller-version"
BUILT_IN = ("master", "worker", "arbiter")
_MOST = 10_000_000
_BESIDE_FILES = {
    "kernelArguments": "kernel arguments", "extensions": "extensions", "fips": "FIPS mode", "kernelType": "a kernel",
    "osImageURL": "an image of the operating system",
}  # fmt: skip


@dataclass(frozen=True)
class MachineConfig:
    """One MachineConfig. files: path → text, None for contents that cannot be read here.

    entries: path → checksum of all that is said of the file, because a node compares its mode, its owner and the source
    of its contents as it is written.
    """

    name: str
    labels: Mapping[str, str]
    files: Mapping[str, str | None]
    is_ours: bool
    reboots: tuple[str, ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """The pool that it is made for, as people say it."""
        return self.labels.get(_ROLE, "")

    @property
    def about_images(self) -> list[str]:
        return [path for path in self.files if path.startswith(_IMAGE_PATHS)]


def read(manifests: Iterable[Manifest]) -> list[MachineConfig]:
    """Return the MachineConfigs that people or controllers made, by name; rendered and generated ones are left out."""
    found = []
    for manifest in manifests:
        if manifest.get("kind") != "MachineConfig":
            continue
        metadata = _mapping(manifest.get("metadata"))
        carried = {str(key): str(value) for key, value in _mapping(metadata.get("labels")).items()}
        name = str(metadata.get("name"))
        if name.startswith("rendered-") or name == f"99-{carried.get(_ROLE, '')}-generated-registries":
            continue
        by_controller = _BY_CONTROLLER in _mapping(metadata.get("annotations"))
        spec = _mapping(manifest.get("spec"))
        config = _mapping(spec.get("config"))
        reboots = tuple(_reboots(spec, config))
        entries = {path: _checksum(file) for path, file in _entries(config)}
        found.append(MachineConfig(name, carried, dict(_files(config)), not by_controller, reboots, entries))
    return sorted(found, key=lambda one: one.name)


def files_of(manifest: Manifest) -> dict[str, str | None]:
    """Return the files of a MachineConfig of any origin: path → text, None for contents that cannot be read here."""
    return dict(_files(_mapping(_mapping(manifest.get("spec")).get("config"))))


def changed(before: Iterable[Manifest], after: Iterable[Manifest]) -> list[MachineConfig]:
    """Return the MachineConfigs that a change brings, alters or takes away, each as it is and as it was."""
    old, new = read(before), read(after)
    return [one for one in (*new, *old) if (one in old) != (one in new)]


def selector_of(role: str) -> Mapping[str, Any]:
    """Return the selector that a pool of this name has as a rule: one that people make takes those of workers too."""
    roles = [role] if role in BUILT_IN else [role, "worker"]
    return {"matchExpressions": [{"key": _ROLE, "operator": "In", "values": roles}]}


def generated_for(role: str) -> str:
    """Return the name under which the operator writes the files of images for a pool that is built in."""
    return f"99-{role}-generated-registries"


def generated_in(selector: Mapping[str, Any]) -> str:
    """Return the last of the operator's own that a pool takes, whose files they all have; "" where it takes none."""
    own = (generated_for(role) for role in BUILT_IN if _takes(selector, {_ROLE: role}))
    return max(own, default="")


def _takes(selector: Mapping[str, Any], carried: Mapping[str, str]) -> bool:
    """Say whether a pool takes what carries these labels; of an empty selector the operator makes nothing."""
    return not labels.is_empty(selector) and labels.selects(selector, carried)


def on_node(
    generated: NodeFiles, configs: Sequence[MachineConfig], selector: Mapping[str, Any], more: Iterable[str] = ()
) -> dict[str, str]:
    """Return the files of a node of a pool: those that have to do with images, and `more` paths.

    Of contents that cannot be read here stands a checksum there, unless readers of images would take it for a text.
    """
    wanted, found = set(more), generated.on_node if generated_in(selector) else dict[str, str]()
    for config, path in _counted_in(generated, configs, selector):
        text, is_read = config.files[path], path.startswith(_IMAGE_PATHS)
        if text is not None and (is_read or path in wanted):
            found[path] = text
        elif path in wanted and not is_read:
            found[path] = f"cannot be read here; checksum {config.entries[path]}\n"
    return found


def entries(
    generated: NodeFiles, configs: Sequence[MachineConfig], selector: Mapping[str, Any]
) -> dict[str, str]:
    """Return path → checksum of what is said of each file that a node of a pool has of MachineConfigs."""
    return {path: config.entries[path] for config, path in _counted_in(generated, configs, selector)}


def _counted_in(
    generated: NodeFiles, configs: Sequence[MachineConfig], selector: Mapping[str, Any]
) -> Iterator[tuple[MachineConfig, str]]:
    """Yield (MachineConfig, path) for what takes the place of the operator's file, and of earlier ones."""
    own = generated_in(selector)
    for config in (one for one in configs if _takes(selector, one.labels)):
        after_operator = config.name > own
        yield from ((config, path) for path in config.files if after_operator or path not in generated.files)


def overridden(
    generated: NodeFiles, configs: Sequence[MachineConfig], selector: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield (MachineConfig, path) where somebody else's file takes the place of one that the operator writes."""
    counted = _counted_in(generated, configs, selector)
    return ((config.name, path) for config, path in counted if path in generated.files)


def notes(generated: NodeFiles, configs: Sequence[MachineConfig], role: str) -> Iterator[str]:
    """Yield what a reader has to know of MachineConfigs that decide about images too."""
    selector = selector_of(role)
    for config in configs:
        paths = config.about_images if config.is_ours else []
        for path in paths:
            said = f"MachineConfig {config.name} writes {path}"
            if not config.role:
                yield f"{said}, and no pool takes it, because it has no label {_ROLE}"
            elif not _takes(selector, config.labels):
                yield f"{said} for the pool {config.role}, and what follows is about {role}"
            elif config.files[path] is None:
                yield f"{said}, whose contents cannot be read here, so the answer does not count it in"
            elif path in generated.files:
                wins = config.name > generated_in(selector)
                yield f"{said} too, and {'it wins' if wins else 'the operator wins'}, because of the names"
            else:
                yield f"{said}, which is counted in"


def _files(config: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    return ((path, _text(_mapping(file.get("contents")))) for path, file in _entries(config))


def _entries(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in _list(_mapping(config.get("storage")).get("files")):
        one = _mapping(file)
        if isinstance(one.get("path"), str):
            yield one["path"], one


def _checksum(value: Any) -> str:
    return hashlib.sha256(repr(_without_order(value)).encode(errors="replace")).hexdigest()


def _without_order(value: Any) -> Any:
    """Return a value in which keys have one order, and null is as nothing."""
    if isinstance(value, Mapping):
        return sorted((str(key), repr(_without_order(item))) for key, item in value.items() if item is not None)
    return [_without_order(item) for item in value] if isinstance(value, (list, tuple)) else value


def _text(contents: Mapping[str, Any]) -> str | None:
    source = contents.get("source")
    if source in (None, ""):
        return ""
    if not isinstance(source, str) or not source.startswith("data:"):
        return None
    head, comma, data = source[len("data:") :].partition(",")
    try:
        raw = unquote_to_bytes(data)
        if head.endswith(";base64"):
            raw = base64.b64decode(raw.translate(None, b"\r\n"), validate=True)  # as Go does
        if contents.get("compression") == "gzip":
            raw = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(raw, _MOST)
        return raw.decode() if comma else None
    except (ValueError, zlib.error):
        return None


def _reboots(spec: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a MachineConfig sets beside files, all of which reboots."""
    yield from (words for key, words in _BESIDE_FILES.items() if spec.get(key))
    if _list(_mapping(config.get("systemd")).get("units")):
        yield "units"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()
