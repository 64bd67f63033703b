# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks, volume groups, volumes and mounts of a host as one value, read from what lsblk, LVM and findmnt print.

Sources: lsblk(8) and findmnt(8) (--pairs), lvm(8) (--nameprefixes), of RHEL 7 (util-linux 2.23, lvm2 2.02) and later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..host.observed import HostProblem, Observed
from ..host.watch import Question

_LVM = ("--noheadings", "--nameprefixes", "--units", "b", "--nosuffix", "-o")
_COLUMNS = "NAME,KNAME,PKNAME,TYPE,SIZE,FSTYPE,MOUNTPOINT,RO,SERIAL,WWN"
LSBLK = Question("storage.lsblk", ("lsblk", "--bytes", "--pairs", "--output", _COLUMNS))
PVS = Question("storage.pvs", ("pvs", *_LVM, "pv_name,vg_name,pv_uuid,pv_size,pv_free"))
VGS = Question(
    "storage.vgs", ("vgs", *_LVM, "vg_name,vg_uuid,vg_attr,vg_size,vg_free,vg_extent_size,pv_count,lv_count")
)
LVS = Question(
    "storage.lvs",
    ("lvs", *_LVM, "lv_name,vg_name,lv_uuid,lv_attr,lv_size,segtype,pool_lv,origin,data_percent,metadata_percent"),
)
FINDMNT = Question("storage.findmnt", ("findmnt", "--pairs", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS"))
QUESTIONS = (LSBLK, PVS, VGS, LVS, FINDMNT)

_PAIR = re.compile(r"""([A-Z][A-Z0-9_:%-]*)=(?:"([^"]*)"|'([^']*)')""")
#: Partitions to which lsblk before 2.34 gives the kind of their disk.
_PARTITION = re.compile(r"(md_d|md|loop)\d+p\d+")
_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")
#: Mounts of the system itself: the disks below them are never anybody's storage for images.
_SYSTEM = ("/", "/boot", "/boot/efi", "/usr")


@dataclass(frozen=True)
class Device:
    """A block device. path: as in /dev; parents: names by the kernel of those that it is made of."""

    path: str
    kname: str
    parents: tuple[str, ...]
    kind: str
    size: int
    fstype: str = ""
    mounts: tuple[str, ...] = ()
    read_only: bool = False
    serial: str = ""
    wwn: str = ""

    @property
    def kernel_path(self) -> str:
        """Its path by the kernel's name, which has ! for a slash."""
        return f"/dev/{self.kname.replace('!', '/')}"


@dataclass(frozen=True)
class PhysicalVolume:
    """A physical volume; vg is "" for one that no volume group has."""

    path: str
    vg: str
    uuid: str
    size: int
    free: int


@dataclass(frozen=True)
class VolumeGroup:
    """A volume group; sizes in bytes. problem: why it is not to be changed, "" without a reason.

    takes_disks: whether disks may come in (vgchange --resizeable).
    """

    name: str
    uuid: str
    size: int
    free: int
    extent: int
    pvs: int
    lvs: int
    problem: str = ""
    takes_disks: bool = True


@dataclass(frozen=True)
class LogicalVolume:
    """A logical volume; size in bytes. pool and origin: the volumes that it is made from; used: percent of a pool."""

    vg: str
    name: str
    uuid: str
    size: int
    kind: str
    pool: str = ""
    origin: str = ""
    used: float | None = None
    metadata_used: float | None = None

    @property
    def mapped(self) -> str:
        """Its name below /dev/mapper, in which a hyphen is doubled."""
        return f"/dev/mapper/{self.vg.replace('-', '--')}-{self.name.replace('-', '--')}"

    @property
    def is_pool(self) -> bool:
        return self.kind == "thin-pool"


@dataclass(frozen=True)
class Mount:
    """A mounted file system. source: a device; root: the directory on it that is seen, as in a bind mount."""

    target: str
    source: str
    fstype: str
    options: tuple[str, ...] = ()
    root: str = "/"


@dataclass(frozen=True)
class Layout:
    """All of it. links: other names of devices, as they were asked for, and where they lead ("" for nowhere)."""

    devices: tuple[Device, ...] = ()
    pvs: tuple[PhysicalVolume, ...] = ()
    vgs: tuple[VolumeGroup, ...] = ()
    lvs: tuple[LogicalVolume, ...] = ()
    mounts: tuple[Mount, ...] = ()

    def device(self, path: str) -> Device | None:
        """Find a device by its path, its name by the kernel included."""
        return next((each for each in self.devices if path in (each.path, each.kernel_path)), None)

    def children(self, device: Device) -> tuple[Device, ...]:
        """List the devices that are made of this one, directly."""
        return tuple(each for each in self.devices if device.kname in each.parents)

    def descendants(self, device: Device) -> Iterator[Device]:
        """Yield everything that is made of a device, at any depth."""
        for child in self.children(device):
            yield child
            yield from self.descendants(child)

    def partitions(self, device: Device) -> tuple[Device, ...]:
        return tuple(each for each in self.children(device) if each.kind == "part")

    def pv(self, path: str) -> PhysicalVolume | None:
        """Find the physical volume on a device, by any name of it."""
        device = self.device(path)
        return next((pv for pv in self.pvs if pv.path == path or (device and self.device(pv.path) == device)), None)

    def vg(self, name: str) -> VolumeGroup | None:
        return next((each for each in self.vgs if each.name == name), None)

    def lv(self, vg: str, name: str) -> LogicalVolume | None:
        return next((each for each in self.lvs if (each.vg, each.name) == (vg, name)), None)

    def lv_of(self, source: str) -> LogicalVolume | None:
        """Find the volume that is mounted from a source, /dev/VG/LV or /dev/mapper/VG-LV."""
        return next((each for each in self.lvs if source in (each.mapped, f"/dev/{each.vg}/{each.name}")), None)

    def mount(self, target: str) -> Mount | None:
        """Return what is mounted at exactly this place; of several, the last, which hides the others."""
        return next((each for each in reversed(self.mounts) if each.target == target), None)

    def below(self, target: str) -> tuple[Mount, ...]:
        """List the mounts below a place."""
        return tuple(each for each in self.mounts if each.target.startswith(target.rstrip("/") + "/"))

    def on_itself(self, mount: Mount) -> bool:
        """Return whether a directory is mounted on itself, as docker before 18.02 does with those of its drivers."""
        above = [each for each in self.mounts if mount.target.startswith(each.target.rstrip("/") + "/")]
        if not above:
            return False
        around = max(reversed(above), key=lambda each: len(each.target))
        inside = around.root.rstrip("/") + mount.target[len(around.target.rstrip("/")) :]
        return (mount.source, mount.root) == (around.source, inside)

    def disks_of(self, vg: str) -> tuple[Device, ...]:
        """List the whole disks on which a volume group is."""
        owned = [self.device(pv.path) for pv in self.pvs if pv.vg == vg]
        return tuple(dict.fromkeys(self.disk(device) for device in owned if device))

    def disk(self, device: Device) -> Device:
        """Return the whole disk that a partition is on, any other device as it is."""
        parent = next((each for each in self.devices if each.kname in device.parents), None)
        return parent if parent and device.kind == "part" else device

    def system_disks(self) -> frozenset[str]:
        """Return the paths of the disks that the system itself is on, however many layers are between."""
        found: set[str] = set()
        for device in self.devices:
            if set(device.mounts) & set(_SYSTEM):
                found |= {each.path for each in self._ground(device)}
        return frozenset(found)

    def _ground(self, device: Device) -> Iterator[Device]:
        """Yield the lowest devices below one: its parents, and for a volume all disks of its group."""
        lv = self.lv_of(device.path)
        if lv:
            yield from self.disks_of(lv.vg)
        parents = [each for each in self.devices if each.kname in device.parents]
        for parent in parents:
            yield from self._ground(parent)
        if not parents and not lv:
            yield device


def layout_of(host: Observed) -> Layout:
    """Read the layout of a host. Raises HostProblem for a program that is not there, failed, or said nothing usable."""
    with_lvm = host.answer(PVS.name).there
    return Layout(
        devices=_devices(host),
        pvs=tuple(map(_pv, _rows(host, PVS))) if with_lvm else (),
        vgs=_vgs(host) if with_lvm else (),
        lvs=_lvs(host) if with_lvm else (),
        mounts=tuple(_mount(row) for row in _rows(host, FINDMNT)),
    )


def _rows(host: Observed, question: Question) -> Iterator[Mapping[str, str]]:
    answer, program = host.answer(question.name), question.argv[0]
    if not answer.there:
        raise HostProblem(f"{program} is not on this host, and its disks cannot be looked at without it")
    if answer.failure or answer.rc:
        lines = answer.stderr.strip().splitlines() or ["it says nothing"]
        why = answer.failure or f"ended with {answer.rc} ({lines[-1].strip()})"
        raise HostProblem(f"{program} {why}, so it is not known what is on the disks; nothing was changed")
    columns = set(question.argv[-1].upper().split(","))
    for line in answer.stdout.splitlines():
        if line.strip():
            yield _pairs(line, program, columns)


def _pairs(line: str, program: str, columns: set[str]) -> dict[str, str]:
    """Read one line, which has every column that was asked for, be it empty. Raises HostProblem for another one."""
    found = {key.removeprefix("LVM2_"): _unescaped(double or single) for key, double, single in _PAIR.findall(line)}
    if columns - found.keys():
        raise HostProblem(f"{program} printed {line.strip()[:80]!r}, which is not understood; nothing was changed")
    return found


def _unescaped(text: str) -> str:
    """Undo the escapes of lsblk and findmnt, which are bytes."""
    if "\\x" not in text:
        return text
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "replace"))
    return raw.decode("utf-8", "replace")


def _devices(host: Observed) -> tuple[Device, ...]:
    """List each device once: lsblk prints one for each of its parents."""
    found: dict[str, Device] = {}
    for row in _rows(host, LSBLK):
        kname, before = row["KNAME"], found.get(row["KNAME"])
        parents = (before.parents if before else ()) + ((row["PKNAME"],) if row.get("PKNAME") else ())
        mounts = (before.mounts if before else ()) + ((row["MOUNTPOINT"],) if row.get("MOUNTPOINT") else ())
        kind = "part" if _PARTITION.fullmatch(kname) else row["TYPE"]
        found[kname] = Device(
            _path(row), kname, tuple(dict.fromkeys(parents)), kind, number(row["SIZE"]), row.get("FSTYPE", ""),
            tuple(dict.fromkeys(mounts)), row.get("RO", "0") == "1", row.get("SERIAL") or row.get("WWN", ""),
            row.get("WWN", ""),
        )  # fmt: skip
    return tuple(found.values())


def _path(row: Mapping[str, str]) -> str:
    """Return the path of a device: the kernel writes ! for / in names, as in cciss!c0d1."""
    mapped = row["KNAME"].startswith("dm-") and row["NAME"] != row["KNAME"]
    return f"/dev/mapper/{row['NAME']}" if mapped else f"/dev/{row['NAME'].replace('!', '/')}"


def _pv(row: Mapping[str, str]) -> PhysicalVolume:
    return PhysicalVolume(
        row["PV_NAME"], row.get("VG_NAME", ""), row.get("PV_UUID", ""), number(row["PV_SIZE"]), number(row["PV_FREE"])
    )


def _vgs(host: Observed) -> tuple[VolumeGroup, ...]:
    groups = [_vg(row) for row in _rows(host, VGS)]
    names = [group.name for group in groups]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise HostProblem(f"two volume groups are named {twice}; rename one of them (vgrename UUID NAME) first")
    return tuple(groups)


def _vg(row: Mapping[str, str]) -> VolumeGroup:
    attributes = row.get("VG_ATTR", "").ljust(6, "-")
    problems = {
        "is exported": attributes[2] == "x",
        "lacks disks (partial)": attributes[3] == "p",
        "is read-only": attributes[0] == "r",
        "is shared or clustered": attributes[5] in "cs",
    }
    return VolumeGroup(
        row["VG_NAME"], row.get("VG_UUID", ""), number(row["VG_SIZE"]), number(row["VG_FREE"]),
        number(row["VG_EXTENT_SIZE"]) or 1, number(row["PV_COUNT"]), number(row["LV_COUNT"]),
        next((problem for problem, holds in problems.items() if holds), ""), attributes[1] != "-",
    )  # fmt: skip


def _lvs(host: Observed) -> tuple[LogicalVolume, ...]:
    """List each volume once: lvs prints a row for each of its segments, of which the first tells the kind."""
    found: dict[tuple[str, str], LogicalVolume] = {}
    for volume in map(_lv, _rows(host, LVS)):
        found.setdefault((volume.vg, volume.name), volume)
    return tuple(found.values())


def _lv(row: Mapping[str, str]) -> LogicalVolume:
    return LogicalVolume(
        row["VG_NAME"], row["LV_NAME"].strip("[]"), row.get("LV_UUID", ""), number(row["LV_SIZE"]),
        row.get("SEGTYPE", ""), row.get("POOL_LV", ""), row.get("ORIGIN", ""), _percent(row.get("DATA_PERCENT", "")),
        _percent(row.get("METADATA_PERCENT", "")),
    )  # fmt: skip


def _mount(row: Mapping[str, str]) -> Mount:
    options = tuple(row.get("OPTIONS", "").split(","))
    source, _bracket, root = row.get("SOURCE", "").partition("[")
    return Mount(row["TARGET"], source, row.get("FSTYPE", ""), options, root.removesuffix("]") or "/")


def number(text: str) -> int:
    """Read a number of bytes. Raises HostProblem for anything else."""
    found = re.match(r"\s*(\d+)", text)
    if not found:
        raise HostProblem(f"a size on this host is {text!r}, which is not a number; nothing was changed")
    return int(found[1])


def _percent(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text) else None


def human(size: int) -> str:
    """Say a number of bytes as people do."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.1f} {unit}".replace(".0 ", " ")
