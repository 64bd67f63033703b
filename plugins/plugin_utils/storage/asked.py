# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person asks for: the keys of docker-storage-setup, each with its own check, before any host is looked at.

The tool validates late, after disks are partitioned; so everything that can be known is refused here. Its contract:
projectatomic/container-storage-setup 0.11, as observed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from ..policy.word import kind_of, shown
from ..problems import Problem

MODES = ("setup", "grow", "switch")
DRIVERS = ("overlay2", "overlay", "devicemapper")
POOL = "docker-pool"
DOCKER_ROOT = "/var/lib/docker"

#: Keys that count only when the volume is made, by what they are the size or shape of.
FIRST_DAY = {
    "pool": ("DATA_SIZE", "MIN_DATA_SIZE", "POOL_META_SIZE", "CHUNK_SIZE"),
    "root": ("CONTAINER_ROOT_LV_SIZE",),
}
#: Keys that mean nothing to overlay and overlay2.
OF_THE_POOL = (
    *FIRST_DAY["pool"],
    "CONTAINER_THINPOOL",
    "AUTO_EXTEND_POOL",
    "POOL_AUTOEXTEND_THRESHOLD",
    "POOL_AUTOEXTEND_PERCENT",
)
EXTRA = "EXTRA_STORAGE_OPTIONS"
ROOT_LV, ROOT_PATH, ROOT_SIZE = (f"CONTAINER_ROOT_LV_{part}" for part in ("NAME", "MOUNT_PATH", "SIZE"))

_SIZE = re.compile(r"([0-9]{1,15})([bskmgtpe]?)", re.IGNORECASE)
_SHARE = re.compile(r"([0-9]{1,3})%(FREE|VG)")
_UNITS = {"b": 1, "s": 512, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50, "e": 1 << 60}
_NAME = re.compile(r"[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]{0,126}")
#: What LVM keeps for its own volumes (lvm(8), VALID NAMES).
_RESERVED = re.compile(
    r"(snapshot|pvmove).*|.*(_cdata|_cmeta|_corig|_mlog|_mimage|_pmspare|_rimage|_rmeta|_tdata|_tmeta|_vorigin|_vdata).*"
)
_DEVICE = re.compile(r"/dev/[A-Za-z0-9_.:@+,/=-]+|[A-Za-z0-9_.:@+,=-]+(/[A-Za-z0-9_.:@+,=-]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9 _.:@%+,/=-]*")
#: Places that are never emptied or covered.
_NOT_A_ROOT = re.compile(r"/|/(boot|dev|etc|home|opt|proc|root|run|sys|tmp|usr|var|var/lib|var/log|srv|mnt|media)")


class StorageProblem(Problem):
    """What is wrong with an option, as one sentence that begins with its name."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(f"{word}: {text}")
        self.word = word


@dataclass(frozen=True)
class Said:
    """What is asked for. keys: those of the file, by the name they have there, without DEVS; None: key is to go.

    devices: disks, in order; path: where the volume to be grown is mounted, "" for docker's; size: how large it shall
    be. host: the name of the host in the inventory, which `confirm` must be.
    """

    mode: str = "setup"
    keys: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    path: str = ""
    size: str = "100%FREE"
    confirm: str = ""
    host: str = ""
    remove_volume_group: bool = False
    timeout: int = 600
    activation: str = "now"


def read(options: Mapping[str, Any]) -> Said:
    """Read the options of the task. Raises StorageProblem."""
    keys = _keys(options.get("settings"))
    devices = _devices("devices", options.get("devices"))
    if listed := keys.pop("DEVS", None):
        of_keys = _devices("settings: DEVS", listed)
        if devices and devices != of_keys:
            raise StorageProblem("devices", f"{' '.join(devices)}, and DEVS in settings is {listed}; say it once")
        devices = of_keys
    driver = options.get("driver")
    if driver is not None:
        checked = _driver("driver", driver)
        if keys.get("STORAGE_DRIVER", checked) != checked:
            raise StorageProblem("driver", f"{checked}, and STORAGE_DRIVER in settings is {keys['STORAGE_DRIVER']}")
        keys["STORAGE_DRIVER"] = checked
    said = Said(
        options["mode"], keys, devices, _path("path", options["path"]) if options.get("path") else "",
        _growth(options.get("size")), str(options.get("confirm") or ""), str(options.get("host") or ""),
        bool(options.get("remove_volume_group")), _seconds(options.get("timeout")), options.get("activation") or "now",
    )  # fmt: skip
    _refuse_contradictions(said)
    return said


def _keys(value: Mapping[Any, Any] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for given, each in (value or {}).items():
        name = _OLD_NAMES.get(str(given), str(given))
        if name not in KEYS:
            near = get_close_matches(name.upper(), KEYS, 1, 0.7)
            hint = f"; is {near[0]} meant?" if near else ""
            raise StorageProblem("settings", f"docker-storage-setup has no key {shown(given)}{hint}")
        if name in found:
            raise StorageProblem("settings", f"{name} is there twice, as {shown(given)} too")
        if each is not None:
            found[name] = KEYS[name](f"settings: {given}", each)
    return found


# one check a kind of value: (what to call it, value) → the text for the file


def _text(where: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _wrong(where, f"must be a text, not {kind_of(value)}")
    return str(value).strip()


def _wrong(where: str, text: str) -> StorageProblem:
    word, colon, rest = where.partition(": ")
    return StorageProblem(word, f"{rest}: {text}" if colon else text)


def _driver(where: str, value: Any) -> str:
    text = _text(where, value)
    if text not in (*DRIVERS, ""):
        raise _wrong(where, f"{shown(text)} is not a driver; overlay2 and devicemapper are")
    return text


def _volume(where: str, value: Any) -> str:
    text = _text(where, value)
    if not _NAME.fullmatch(text) or text in (".", "..") or _RESERVED.fullmatch(text):
        raise _wrong(where, f"{shown(text)} is not a name that LVM takes")
    return text


def _size(where: str, value: Any) -> str:
    text = _text(where, value)
    if not _SIZE.fullmatch(text) or not size_of(text):
        raise _wrong(where, f"{shown(text)} is not a size above 0, such as 20G")
    return text


def _size_or_share(where: str, value: Any) -> str:
    text = _text(where, value)
    share = _SHARE.fullmatch(text)
    if share and 1 <= int(share[1]) <= 100:
        return text
    if share or not _SIZE.fullmatch(text) or not size_of(text):
        raise _wrong(where, f"{shown(text)} is not a size such as 20G, 40%FREE or 95%VG")
    return text


def _chunk(where: str, value: Any) -> str:
    text = _size(where, value)
    size = size_of(text)
    if size % (64 << 10) or not 64 << 10 <= size <= 1 << 30:
        raise _wrong(where, f"{shown(text)} is not a multiple of 64K from 64K to 1G")
    return text


def _path(where: str, value: Any) -> str:
    text = re.sub(r"(?<=[^/])/$", "", _text(where, value))
    clean = text.startswith("/") and not re.search(r"//|/\.{1,2}(/|$)|/$", text) and re.fullmatch(r"[\w./:@+-]+", text)
    if not clean or _NOT_A_ROOT.fullmatch(text):
        raise _wrong(where, f"{shown(text)} is not the path of a directory of its own, such as {DOCKER_ROOT}")
    return text


def _number(least: int, most: int) -> Callable[[str, Any], str]:
    def check(where: str, value: Any) -> str:
        text = _text(where, value)
        if not re.fullmatch("[0-9]+", text) or not least <= int(text) <= most:
            raise _wrong(where, f"{shown(text)} is not a number from {least} to {most}")
        return text

    return check


def _switch(yes: str, no: str) -> Callable[[str, Any], str]:
    def check(where: str, value: Any) -> str:
        # a truth value, or the text that Jinja makes of one
        text = {"True": yes, "False": no}.get(str(value)) or _text(where, value)
        if text not in (yes, no):
            raise _wrong(where, f"{shown(text)} is neither {yes} nor {no}")
        return text

    return check


def _never(reason: str) -> Callable[[str, Any], str]:
    def check(where: str, value: Any) -> str:
        if value in (False, "False", "false", "no"):
            return "false"
        raise _wrong(where, reason)

    return check


def _gone(instead: str) -> Callable[[str, Any], str]:
    def check(where: str, value: Any) -> str:
        raise _wrong(where, f"the key is out of use; write {instead}")

    return check


def _plain(where: str, value: Any) -> str:
    text = " ".join(_text(where, each) for each in value) if isinstance(value, list) else _text(where, value)
    if not _PLAIN.fullmatch(text):
        raise _wrong(where, f"{shown(text)} holds a sign that a shell or docker would read as its own")
    return text


def _listed(where: str, value: Any) -> str:
    return " ".join(_devices(where, value))


KEYS: Mapping[str, Callable[[str, Any], str]] = {
    "STORAGE_DRIVER": _driver,
    "DEVS": _listed,
    "VG": _volume,
    "DATA_SIZE": _size_or_share,
    "MIN_DATA_SIZE": _size,
    "POOL_META_SIZE": _size,
    "CHUNK_SIZE": _chunk,
    "CONTAINER_THINPOOL": _volume,
    ROOT_LV: _volume,
    ROOT_PATH: _path,
    ROOT_SIZE: _size_or_share,
    EXTRA: _plain,
    "AUTO_EXTEND_POOL": _switch("yes", "no"),
    "POOL_AUTOEXTEND_THRESHOLD": _number(50, 100),
    "POOL_AUTOEXTEND_PERCENT": _number(1, 1000),
    "DEVICE_WAIT_TIMEOUT": _number(0, 3600),
    "WIPE_SIGNATURES": _never(
        "is never asked for here: the tool would wipe every disk of DEVS, that of another volume group too; look at "
        "the disk, and wipe it yourself (wipefs --all DISK)"
    ),
    "GROWPART": _never("would change the disk of the system, which is not touched here"),
    "ROOT_SIZE": _gone("nothing: it would change the volume of the system, which is not touched here"),
    "DOCKER_ROOT_VOLUME": _gone(f"{ROOT_LV} and {ROOT_PATH}"),
    "DOCKER_ROOT_VOLUME_SIZE": _gone(ROOT_SIZE),
    "EXTRA_DOCKER_STORAGE_OPTIONS": _gone(EXTRA),
}

#: Keys of openshift-ansible's docker_storage_setup_options.
_OLD_NAMES = {
    "vg": "VG",
    "data_size": "DATA_SIZE",
    "storage_driver": "STORAGE_DRIVER",
    "root_lv_name": ROOT_LV,
    "root_lv_size": ROOT_SIZE,
    "root_lv_mount_path": ROOT_PATH,
}


def _devices(where: str, value: Any) -> tuple[str, ...]:
    """Read disks in any shape: a list, or a text with spaces or commas. A bare name is one in /dev."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, (list, tuple)):
        raise _wrong(where, f"must be a list of disks, not {kind_of(value)}")
    found: list[str] = []
    for each in value:
        text = _text(where, each)
        if not _DEVICE.fullmatch(text) or re.search(r"//|/\.{1,2}(/|$)|/$", text):
            raise _wrong(where, f"{shown(text)} is not the path of a disk, such as /dev/vdb")
        path = text if text.startswith("/") else f"/dev/{text}"
        if path in found:
            raise _wrong(where, f"{path} is named twice")
        found.append(path)
    return tuple(found)


def _growth(value: Any) -> str:
    """Read how large a volume shall be; the same in every run, so no other share of what is free."""
    if value is None:
        return "100%FREE"
    text = _size_or_share("size", value)
    if text.endswith("%FREE") and text != "100%FREE":
        raise StorageProblem(
            "size", f"{shown(text)} would grow the volume in every run; write 100%FREE, a share of the VG, or a size"
        )
    return text


def _seconds(value: Any) -> int:
    if value is None:
        return 600
    if not 10 <= value <= 7200:
        raise StorageProblem("timeout", f"{value} is not a number of seconds from 10 to 7200")
    return int(value)


def _refuse_contradictions(said: Said) -> None:
    """Refuse what contradicts itself, as far as no host is needed to know it."""
    keys, driver = said.keys, said.keys.get("STORAGE_DRIVER")
    lone = [name for name in (ROOT_LV, ROOT_PATH) if name in keys]
    if len(lone) == 1:
        other = ROOT_PATH if lone[0] == ROOT_LV else ROOT_LV
        raise StorageProblem("settings", f"{lone[0]} is there without {other}; the tool wants both or neither")
    if ROOT_SIZE in keys and not lone:
        raise StorageProblem("settings", f"{ROOT_SIZE} is there without {ROOT_LV} and {ROOT_PATH}")
    if driver == "devicemapper" and lone:
        raise StorageProblem("settings", f"{ROOT_LV} is for overlay2, and the driver is devicemapper")
    if said.path and said.mode != "grow":
        raise StorageProblem("path", f"is for the mode grow, and the mode is {said.mode}")
    if said.size != "100%FREE" and said.mode != "grow":
        raise StorageProblem("size", f"is for the mode grow, and the mode is {said.mode}; a first size is in settings")
    if said.remove_volume_group and said.mode != "switch":
        raise StorageProblem("remove_volume_group", f"is for the mode switch, and the mode is {said.mode}")
    if said.mode == "switch" and not driver:
        raise StorageProblem("driver", "is missing; the mode switch needs to know to which")
    if said.confirm and said.confirm != said.host:
        raise StorageProblem("confirm", f"{shown(said.confirm)} is not the name of this host, {said.host}")


def missing(keys: Mapping[str, str], driver: str, has_disks: bool) -> str:
    """Say which key the tool needs, and would replace by something else; "" when none is missing.

    keys: those of the file as it will be.
    """
    pool, volume = driver == "devicemapper", ROOT_LV in keys and ROOT_PATH in keys
    if (pool or volume or has_disks) and "VG" not in keys:
        return "VG is missing; the tool would take the volume group of the system"
    if not pool and not volume and (has_disks or ROOT_LV in keys or ROOT_PATH in keys):
        return f"{ROOT_LV} and {ROOT_PATH} are missing; docker would stay on its old file system"
    return ""


def size_of(text: str) -> int:
    """Return the bytes of a size in LVM's writing; without a unit it means megabytes."""
    found = _SIZE.fullmatch(text)
    return int(found[1]) * _UNITS[found[2].lower() or "m"] if found else 0


def wanted_bytes(size: str, vg_size: int, vg_free: int, now: int, extent: int) -> int:
    """Return how large a volume of `now` bytes shall be, in whole extents; never smaller than it is."""
    share = _SHARE.fullmatch(size)
    if share and share[2] == "FREE":
        wanted = now + vg_free * int(share[1]) // 100
    else:
        wanted = vg_size * int(share[1]) // 100 if share else size_of(size)
    return max(now, wanted // extent * extent)
