# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the inventory that fill the options: the role's own, and those of openshift-ansible with their meaning.

Facts about the old variables: openshift-ansible 3.9 to 3.11, role container_runtime (defaults/main.yml,
templates/docker_storage_setup.j2): nothing is written unless container_runtime_docker_storage_type is overlay2; without
a device only the driver and the extra options are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..formats import FormatError, yaml_text
from ..policy.word import shown
from ..variables import behind
from .asked import DOCKER_ROOT, ROOT_PATH, StorageProblem
from .asked import EXTRA as EXTRA_KEY
from .asked import KEYS as CHECKS

PREFIX = "node_storage_"
TYPE = "container_runtime_docker_storage_type"
DEVICE = "container_runtime_docker_storage_setup_device"
KEYS = "docker_storage_setup_options"
EXTRA = "docker_storage_extra_options"
_PLACE, _SIZE = "docker_storage_path", "docker_storage_size"
_OTHER_PLACES, _LINK = "container_runtime_extra_storage", "docker_alt_storage_path"

VARIABLES = {
    **behind(PREFIX, ("mode", "path", "size", "remove_volume_group", "query")),
    **behind(PREFIX, ("activation", "expect_plan", "confirm", "timeout")),
    "driver": (f"{PREFIX}driver", TYPE),
    "devices": (f"{PREFIX}devices", DEVICE),
    "settings": (f"{PREFIX}settings", KEYS),
}

#: Defaults of openshift-ansible, where it writes the file.
_DEFAULTS = {
    "vg": "docker_vg",
    "data_size": "99%VG",
    "root_lv_name": "docker-root-lv",
    "root_lv_size": "100%FREE",
}

#: What is not acted upon, and why; a task that changes a host refuses the last two, see refuse_unmade.
_UNREAD = {
    "docker_storage_driver": "openshift-ansible never acted on it either; the driver is node_storage_driver",
    _OTHER_PLACES: "file systems of other places are not made here",
    _LINK: "docker's place is not made a link here",
}


@dataclass(frozen=True)
class Fill:
    """Gives options the values of variables (see task/base.py); the role's own are nearer than the old ones."""

    sources: Mapping[str, tuple[str, ...]]

    def __call__(self, options: Iterable[str], value_of: Callable[[str], Any]) -> dict[str, tuple[str, Any]]:
        """Return, for each option that some variable sets, that variable and its value. Raises StorageProblem."""
        old = _of_openshift_ansible(value_of)
        found = {}
        for option in options:
            for name in self.sources.get(option, ()):
                value = value_of(name) if name.startswith(PREFIX) else old.get(name)
                if value is not None:
                    found[option] = (name, value)
                    break
        return found

    def trail(
        self, origins: Mapping[str, str], value_of: Callable[[str], Any]
    ) -> dict[str, tuple[str, ...]]:
        """Return the variables that settings add up from, where openshift-ansible's fill them."""
        if origins.get("settings") != KEYS:
            return {}
        named = tuple(name for name in (KEYS, EXTRA, _PLACE, _SIZE) if value_of(name) is not None)
        return {"settings": named or (TYPE,)}

    def remarks(self, origins: Mapping[str, str], value_of: Callable[[str], Any]) -> list[str]:
        """Name the variables that are left out."""
        return [f"{name} is not read: {why}" for name, why in _UNREAD.items() if value_of(name) not in (None, [], "")]


fill = Fill(VARIABLES)


def refuse_unmade(value_of: Callable[[str], Any]) -> None:
    """Refuse what openshift-ansible would make and nobody makes here, with the nearest way. Raises StorageProblem."""
    others = _value(_OTHER_PLACES, value_of) or []
    if not isinstance(others, list) or not all(isinstance(one, Mapping) for one in others):
        raise StorageProblem(_OTHER_PLACES, "must be a list of file systems, such as [{device: /dev/vdd, path: /data}]")
    if others:
        places = ", ".join(f"{one.get('device')} at {one.get('path')}" for one in others)
        raise StorageProblem(
            _OTHER_PLACES,
            f"asks for file systems ({places}), and only docker's storage is made here; make them with "
            f"community.general.filesystem and ansible.posix.mount, then set {_OTHER_PLACES}: [] for this play",
        )
    link = value_of(_LINK) or None
    if link not in (None, value_of(_PLACE)):
        raise StorageProblem(
            _LINK,
            f"{shown(link)} is what openshift-ansible makes {DOCKER_ROOT} a link to, and no link is made here; say "
            f"docker's place in {_PLACE}, then leave {_LINK} out or give it the same path",
        )


def _of_openshift_ansible(value_of: Callable[[str], Any]) -> dict[str, Any]:
    """Return what openshift-ansible would write: nothing without the type."""
    kind = value_of(TYPE)
    if kind in (None, "", False):
        return {}
    if kind != "overlay2":
        raise StorageProblem(TYPE, f"{kind!r} has no effect; openshift-ansible acts on overlay2 alone")
    device = value_of(DEVICE) or None
    extra = {EXTRA_KEY: _extra(value_of, device)}
    if not device:
        return {TYPE: kind, KEYS: extra}
    given = _value(KEYS, value_of) or {}
    if not isinstance(given, Mapping):
        raise StorageProblem(KEYS, "must be a mapping, such as {vg: docker_vg}")
    place = CHECKS[ROOT_PATH](_PLACE, value_of(_PLACE) or DOCKER_ROOT)
    keys = {**_DEFAULTS, "root_lv_mount_path": place, **given}
    return {TYPE: kind, DEVICE: device, KEYS: {**keys, **extra}}


def _value(name: str, value_of: Callable[[str], Any]) -> Any:
    """Return a variable that a hosts file may hold as text. Raises StorageProblem."""
    value = value_of(name)
    if not isinstance(value, str):
        return value
    try:
        return yaml_text.parse(value)
    except FormatError as error:
        raise StorageProblem(name, f"is neither JSON nor YAML: {error}") from None


#: Checks a part of the flags under the name of its own variable.
_flag = CHECKS[EXTRA_KEY]


def _extra(value_of: Callable[[str], Any], device: Any) -> list[str]:
    given = _value(EXTRA, value_of)
    if given is not None:
        if not isinstance(given, list):
            raise StorageProblem(EXTRA, "must be a list of flags")
        return [_flag(EXTRA, str(each)) for each in given if str(each).strip()]
    size = [f"--storage-opt overlay2.size={_flag(_SIZE, value_of(_SIZE) or '40G')}"] if device else []
    place = _flag(_PLACE, value_of(_PLACE) or DOCKER_ROOT)
    return ["--storage-opt overlay2.override_kernel_check=true", *size, f"--graph={place}"]
