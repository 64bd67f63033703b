# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a disk may not be taken: nothing of anybody else is ever on a disk that a run takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from .facts import FSTAB, Facts
from .layout import Device, human

#: Kinds of lsblk that are a whole disk, or stand for one.
_WHOLE = ("disk", "mpath", "loop", "dmraid", "raid0", "raid1", "raid4", "raid5", "raid6", "raid10", "md")
#: What LVM needs for a label, its metadata and one extent.
_LEAST = 8 << 20
#: Below it the tool makes no pool (MIN_DATA_SIZE).
LEAST_OF_A_POOL = 2 << 30
#: Below it mkfs.xfs of some distributions refuses.
LEAST_OF_A_VOLUME = 300 << 20
_LVM = "LVM2_member"
#: What the parts of arrays and other layers have for a file system.
_PART_OF_A_LAYER = re.compile(r"(?!LVM2)\w+_member")
#: The kernel's numbers of mapped devices, in the order in which they were made.
_CHANGES = re.compile(r"/dev/dm-\d+")
_TABLES = ("dos", "gpt", "PMBR", "mac", "sun", "sgi", "bsd")


@dataclass(frozen=True)
class Disk:
    """A disk that was asked for. member: whether the volume group has it already; whole: without a partition.

    resumes: whether an interrupted run of ours had begun with it. refusal: why it may not be taken. warning: what is
    to be known of one that may.
    """

    name: str
    path: str = ""
    size: int = 0
    serial: str = ""
    member: bool = False
    whole: bool = False
    resumes: bool = False
    refusal: str = ""
    warning: str = ""


def disk_of(facts: Facts, name: str, vg: str) -> Disk:
    """Look at one disk, for one volume group. Raises NotAsked."""
    path = facts.kernel_path(name)
    device = facts.layout.device(path) if path else None
    if device is None:
        why = f"is {path}, which lsblk does not know" if path else "is not on this host"
        return Disk(name, refusal=f"{name} {why}")
    called = name if device.path == name else f"{name} ({device.path})"
    disk = Disk(name, device.path, device.size, device.serial)
    if device.kind not in _WHOLE:
        return _refused(disk, f"{called} {_kind(facts, device)}; whole disks are taken, and nothing else")
    whole, first = (facts.layout.pv(each.path) if each else None for each in (device, _first_partition(facts, device)))
    if vg and any(pv and pv.vg == vg for pv in (whole, first)):
        return replace(disk, member=True, whole=whole is not None)
    if name != device.path and _CHANGES.fullmatch(name):
        return _refused(disk, f"{name} is another device after the next boot; write {device.path}")
    ours = _left_by_us(facts, name, device)
    for problem in _PROBLEMS:
        if text := "" if ours and problem in _OF_HALF_A_DISK else problem(facts, device):
            return _refused(disk, f"{called} {text}")
    warning = f"{called} is a file (losetup), and not there after a boot until it is set up again"
    return replace(disk, resumes=ours, warning=warning if device.kind == "loop" else "")


def _left_by_us(facts: Facts, name: str, device: Device) -> bool:
    """Return whether the disk is as a step of ours leaves it that was interrupted: a partition, and no group yet."""
    begun = facts.begun
    told = [(disk["path"], disk["size"]) for key in ("disks", "group_disks") for disk in begun.get(key) or ()]
    parts = facts.layout.partitions(device)
    if (name, device.size) not in told and (device.path, device.size) not in told or len(parts) > 1:
        return False
    if any((pv := facts.layout.pv(each.path)) and pv.vg for each in (device, *parts)):
        return False
    found = facts.signatures(parts[0].path if parts else device.path)
    return found is not None and all(each.startswith(_LVM) for each in found)


def twice(disks: list[Disk]) -> list[str]:
    """Return the sentences about disks that are one, under several names."""
    found: dict[str, str] = {}
    problems = []
    for disk in disks:
        if disk.path and disk.path in found:
            problems.append(f"{found[disk.path]} and {disk.name} are one disk, {disk.path}; name it once")
        found.setdefault(disk.path, disk.name)
    return problems


def _refused(disk: Disk, text: str) -> Disk:
    return replace(disk, refusal=text)


def _first_partition(facts: Facts, device: Device) -> Device | None:
    return next(iter(facts.layout.partitions(device)), None)


def _kind(facts: Facts, device: Device) -> str:
    if device.kind == "part":
        return f"is a partition of {facts.layout.disk(device).path}"
    return f"is of the kind {device.kind}"


# in the order in which a person wants to hear of them


def _of_the_system(facts: Facts, device: Device) -> str:
    return "is a disk of the system itself" if device.path in facts.layout.system_disks() else ""


def _memory(facts: Facts, device: Device) -> str:
    return "is memory, and empty after the next boot" if re.fullmatch(r"z?ram\d+", device.kname) else ""


def _read_only(facts: Facts, device: Device) -> str:
    return "is read-only" if device.read_only else ""


def _mounted(facts: Facts, device: Device) -> str:
    for each in (device, *facts.layout.descendants(device)):
        if each.mounts:
            what = "in use as swap" if each.mounts == ("[SWAP]",) else f"mounted at {each.mounts[0]}"
            return f"is {what}" if each == device else f"holds {each.path}, which is {what}"
    return ""


def _in_fstab(facts: Facts, device: Device) -> str:
    """Say what a line of fstab wants with a disk that it names; one by UUID= or LABEL= has a signature."""
    for source, target in facts.fstab:
        path = facts.kernel_path(source) if source.startswith("/dev/disk/") else source
        if path and facts.layout.device(path) == device:
            where = f"at {target}" if target.startswith("/") else "for swap"
            return f"is wanted {where} by {FSTAB}; when nobody needs it: take the line {source} out"
    return ""


def _of_another_group(facts: Facts, device: Device) -> str:
    for each in (device, *facts.layout.descendants(device)):
        pv = facts.layout.pv(each.path)
        if pv and pv.vg:
            return f"belongs to the volume group {pv.vg}"
        if pv:
            return (
                f"is a physical volume of no group ({each.path}); when nobody needs it, or an interrupted run left it: "
                f"pvremove {each.path}"
            )
    return ""


def _held(facts: Facts, device: Device) -> str:
    others = [each for each in facts.layout.children(device) if each.kind != "part"]
    return f"is in use by {others[0].path} ({others[0].kind})" if others else ""


def _of_a_layer(facts: Facts, device: Device) -> str:
    """Say of which layer it is a part, even where lsblk tells that layer below another of its disks alone."""
    for each in (device, *facts.layout.partitions(device)):
        if _PART_OF_A_LAYER.fullmatch(each.fstype):
            called = "is" if each == device else f"holds {each.path},"
            return f"{called} a part of an array or of another layer ({each.fstype})"
    return ""


def _partitioned(facts: Facts, device: Device) -> str:
    parts = facts.layout.partitions(device)
    if not parts:
        return ""
    names = " ".join(part.path for part in parts)
    return f"is partitioned and not in the volume group; when nobody needs it: wipefs --all {names} {device.path}"


def _two_paths(facts: Facts, device: Device) -> str:
    if not device.serial or device.kind == "mpath":
        return ""
    same = [
        each.path
        for each in facts.layout.devices
        if each.serial == device.serial and each != device and each.kind == "disk"
        # namespaces of NVMe have the serial number of their controller, and names of their own
        and (not each.wwn or device.wwn in ("", each.wwn))
    ]
    return f"has the same serial number as {same[0]}, so both may be one disk on two paths" if same else ""


def _signed(facts: Facts, device: Device) -> str:
    found = facts.signatures(device.path)
    if found is None:
        return "could not be read for signatures of file systems"
    if not found and device.fstype:
        found = (f"{device.fstype}",)
    if not found:
        return ""
    if member := _PART_OF_A_LAYER.match(found[0]):
        return f"is a part of an array or of another layer ({member[0]})"
    table = found[0].partition(" ")[0] in _TABLES
    what = f"has a partition table ({found[0]})" if table else f"has the signature of {', '.join(found)}"
    return f"{what}; when nobody needs what is on it: wipefs --all {device.path}"


def _too_small(facts: Facts, device: Device) -> str:
    return f"has {human(device.size)}, which is too small" if device.size < _LEAST else ""


#: What a step that was interrupted leaves behind.
_OF_HALF_A_DISK = (_of_another_group, _partitioned, _signed)
_PROBLEMS: tuple[Callable[[Facts, Device], str], ...] = (
    _memory, _of_the_system, _mounted, _of_another_group, _held, _in_fstab, _read_only, _two_paths, _of_a_layer,
    _partitioned, _too_small, _signed,
)  # fmt: skip
