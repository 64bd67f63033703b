# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration file of a master as a value: where things are in it.

Source: openshift/api legacyconfig/v1/types.go (AdmissionPluginConfig: configuration wins over location).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..formats import yaml_text
from ..host.observed import HostProblem, Observed, in_file
from ..host.watch import NotAsked, Watch
from ..resolution.references import is_registry
from .asked import PLUGIN

Path = tuple[str, ...]

PLUGINS: Path = ("admissionConfig", "pluginConfig")
CONFIGURATION: Path = (*PLUGINS, PLUGIN, "configuration")
ORDER: Path = ("admissionConfig", "pluginOrderOverride")
IMAGE_POLICY: Path = ("imagePolicyConfig",)


@dataclass
class File:
    """One file of a master, as it is and as it is to be."""

    path: str
    text: str
    value: Any = field(init=False)

    def __post_init__(self) -> None:
        self.value = parsed(self.path, self.text)


def parsed(path: str, text: str) -> Any:
    """Read a file that may hold passwords: a mapping. Raises HostProblem, which tells the line and no value of it."""
    with in_file(path):
        value = yaml_text.parse(text, go=True)
    if not isinstance(value, dict):
        raise HostProblem(
            f"{path}: the file is {'empty' if value is None else 'not a mapping'}; nothing is written to it"
        )
    return value


def master_file(host: Observed, path: str) -> File:
    """Read the configuration of the master. Raises HostProblem."""
    text = host.text(path)
    if text is None:
        raise HostProblem(f"{path}: there is no such file, so this host is not a master of OpenShift 3")
    file = File(path, text)
    kind = file.value.get("kind", "MasterConfig")
    if kind != "MasterConfig":
        raise HostProblem(f"{path}: its kind is {kind!r}, not MasterConfig; nothing is written to it")
    return file


def at(value: Any, path: Path) -> Any:
    """Return what is below these keys, None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def policy_place(host: Observed, master: File) -> tuple[File, Path]:
    """Find the file and the keys of the image policy that counts. Raises HostProblem, and NotAsked for its file."""
    plugin = at(master.value, (*PLUGINS, PLUGIN))
    configuration, location = at(plugin, ("configuration",)), at(plugin, ("location",))
    if configuration or not location:
        return master, CONFIGURATION
    if not isinstance(location, str):
        raise HostProblem(f"{master.path}: the location of {PLUGIN} is not a text")
    path = posixpath.join(posixpath.dirname(master.path), location)
    if not host.knows(path):
        raise NotAsked(Watch(files=(path,)))
    text = host.text(path)
    if text is None:
        raise HostProblem(f"{master.path}: {PLUGIN} names the file {path}, which is not there")
    return File(path, text), ()


def dotted(path: Path) -> str:
    return ".".join(f'"{key}"' if "." in key else key for key in path)


def platform_registries(value: Any) -> list[str]:
    """Return the registries that images of the platform name: that of its own images, and the names of its registry."""
    found = []
    image_format = at(value, ("imageConfig", "format"))
    if isinstance(image_format, str) and image_format:
        registry, slash, _rest = image_format.partition("/")
        found.append(registry if slash and is_registry(registry) else "")
    internal = at(value, (*IMAGE_POLICY, "internalRegistryHostname"))
    if isinstance(internal, str) and internal:
        found.append(internal)
    return found


def bound(master: File) -> str:
    """Return the address at which the master's API listens, "" where the file does not say it."""
    return str(at(master.value, ("servingInfo", "bindAddress")) or "")


def mapping_for(path: str, value: dict[str, Any], keys: Path) -> dict[str, Any]:
    """Return the mapping below these keys; it is made where there is nothing. Raises HostProblem for another kind."""
    for n, key in enumerate(keys):
        if not value.get(key):
            value[key] = {}
        if not isinstance(value[key], dict):
            raise HostProblem(f"{path}: {dotted(keys[: n + 1])} is not a mapping; nothing is written to it")
        value = value[key]
    return value
