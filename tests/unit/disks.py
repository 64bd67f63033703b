# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with disks, described in a few lines, that answers whatever host_snapshot would ask it.

disks: name → size, or {size, kind, serial, wwn, fs, mount, ro, parts: {name: …}, children: {name: …}}.
groups: name → {pvs: {path: bytes}, free, attr, lvs: {name: size, or {size, kind, pool, origin, used, metadata, fs,
mount}}}.
mounts: place → "source type"; links: another name → path; signatures: path → "type at offset", or null when wipefs
fails. begun: the step of an interrupted run, and what it was told,
a text as it stands. setup, storage, fstab: texts of files. docker: what
`docker info` says, absent when it is down. units: name → "active enabled". data: {entries, images, containers,
volumes}. extents: place → bytes that its file system uses. says: name of a question → an
answer in place of the usual one.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.storage.facts import (
    DROP_INS,
    FSTAB,
    HELD_UNITS,
    NODE_UNITS,
    SETUP_FILE,
    STORAGE_FILE,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import SNAPSHOT
from hosts import described
from tasks import asked, hear_call, opaque, refused_by

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
EXTENT = 4 << 20
#: The disk of the system, which every host has.
SYSTEM = {"vda": {"size": "20G", "serial": "root", "parts": {"vda1": {"size": "20G", "fs": "ext4", "mount": "/"}}}}
RUNS = {"docker.service": "active enabled", "docker.socket": "active enabled"}
DOWN = {"docker.service": "inactive disabled", "docker.socket": "inactive disabled"}


def size(text: Any) -> int:
    """4G → bytes."""
    found = re.fullmatch(r"(\d+)([KMGT]?)", str(text))
    return int(found[1]) * _UNITS.get(found[2], 1)


def whole(about: Any) -> dict[str, Any]:
    return about if isinstance(about, dict) else {"size": about}


def mapped(vg: str, lv: str) -> str:
    return f"{vg.replace('-', '--')}-{lv.replace('-', '--')}"


class Host:
    """Answers questions from the description; keeps the calls of modules."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.disks = {**SYSTEM, **told.get("disks", {})}
        self.groups = told.get("groups", {})
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.ends: list[dict[str, Any]] = []

    def module(self, module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        """Stand for both modules."""
        self.calls.append((module_name, module_args))
        assert not refused_by(module_name, module_args)
        hear_call(module_name, module_args)
        if module_name != SNAPSHOT:
            return self.ends.pop(0)
        wanted = asked(module_args)
        files = {entry["path"]: self.file(entry["path"]) for entry in wanted["files"]}
        commands = {each["name"]: self.answer(each["name"], each["argv"]) for each in wanted["commands"]}
        seen = {"files": files, "commands": commands, "uid": 0, "user": "root"}
        return {"snapshot": opaque({**seen, "journal": self.journal()})}

    def journal(self) -> dict[str, Any] | None:
        """Tell of the step that an interrupted run had begun."""
        if "begun" not in self.told:
            return None
        step, wanted = self.told["begun"]
        said = wanted if isinstance(wanted, str) else json.dumps(wanted)
        action = {
            "name": step, "argv": ["sh", "-c", "x", step, said], "undo": [], "timeout": 1,
            "parts": ["storage"],
        }  # fmt: skip
        return {"id": "cafe", "started": 1, "directories": [], "files": [], "actions": [action], "old": {}}

    @property
    def transactions(self) -> list[dict[str, Any]]:
        return [arguments for module, arguments in self.calls if module != SNAPSHOT]

    def file(self, path: str) -> dict[str, Any]:
        texts = {SETUP_FILE: "setup", STORAGE_FILE: "storage", FSTAB: "fstab"}
        text = self.told.get(texts.get(path, ""))
        if path in DROP_INS.values() and self.told.get("held"):
            text = "held"
        return {"state": "absent"} if text is None else described(text)

    def answer(self, name: str, argv: list[str]) -> dict[str, Any]:
        kind, _space, about = name.partition(" ")
        missing = self.told.get("missing", [])
        if argv[0] in missing:
            return {"state": "absent"}
        if argv[0] in self.told.get("fails", {}):
            return {"state": "done", "rc": 5, "stdout": "", "stderr": self.told["fails"][argv[0]]}
        says = self.told.get("says", {})
        text = says[kind] if kind in says else getattr(self, kind.replace(".", "_"))(about)
        if text is None:
            return {"state": "done", "rc": 1, "stdout": "", "stderr": "cannot"}
        return {"state": "done", "rc": 0, "stdout": text, "stderr": ""}

    # one method a question

    def storage_lsblk(self, about: str) -> str:
        lines: list[str] = []

        def put(name: str, told: Any, parent: str, kind: str) -> None:
            each = whole(told)
            row = {
                "NAME": name, "KNAME": each.get("kname", name), "PKNAME": parent, "TYPE": each.get("kind", kind),
                "SIZE": size(each["size"]), "FSTYPE": each.get("fs", ""), "MOUNTPOINT": each.get("mount", ""),
                "RO": int(each.get("ro", False)), "SERIAL": each.get("serial", ""), "WWN": each.get("wwn", ""),
            }  # fmt: skip
            lines.append(" ".join(f'{key}="{value}"' for key, value in row.items()))
            for below, partition in each.get("parts", {}).items():
                put(below, partition, name, "part")
            for below, child in each.get("children", {}).items():
                put(below, child, name, "lvm")

        for name, told in self.disks.items():
            put(name, told, "", "disk")
        for number, (vg, name, lv) in enumerate(self.volumes()):
            first = next(iter(self.groups[vg]["pvs"])).rpartition("/")[2]
            put(mapped(vg, name), {**lv, "kname": f"dm-{number}"}, first, "lvm")
        return "\n".join(lines)

    def volumes(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [(vg, name, whole(lv)) for vg, each in self.groups.items() for name, lv in each.get("lvs", {}).items()]

    def sizes(self, vg: str) -> tuple[int, int]:
        """Size of a group, and what is free."""
        each = self.groups[vg]
        total = sum(size(pv) // EXTENT * EXTENT for pv in each["pvs"].values())
        used = sum(size(whole(lv)["size"]) for lv in each.get("lvs", {}).values() if not whole(lv).get("pool"))
        return total, size(each["free"]) if "free" in each else total - used

    def storage_pvs(self, about: str) -> str:
        orphans = {"": {"pvs": self.told.get("orphans", {})}}
        return "\n".join(
            f"  LVM2_PV_NAME='{path}' LVM2_VG_NAME='{vg}' LVM2_PV_UUID='{path}' LVM2_PV_SIZE='{size(pv)}' "
            "LVM2_PV_FREE='0'"
            for vg, each in {**self.groups, **orphans}.items()
            for path, pv in each["pvs"].items()
        )

    def storage_vgs(self, about: str) -> str:
        lines = []
        for vg, each in self.groups.items():
            total, free = self.sizes(vg)
            lines.append(
                f"  LVM2_VG_NAME='{vg}' LVM2_VG_UUID='u-{vg}' LVM2_VG_ATTR='{each.get('attr', 'wz--n-')}' "
                f"LVM2_VG_SIZE='{total}' LVM2_VG_FREE='{free}' LVM2_VG_EXTENT_SIZE='{EXTENT}' "
                f"LVM2_PV_COUNT='{len(each['pvs'])}' LVM2_LV_COUNT='{len(each.get('lvs', {}))}'"
            )
        return "\n".join(lines * (2 if self.told.get("same_name") else 1))

    def storage_lvs(self, about: str) -> str:
        return "\n".join(
            f"  LVM2_LV_NAME='{name}' LVM2_VG_NAME='{vg}' LVM2_LV_UUID='u-{name}' LVM2_LV_ATTR='-wi-a-----' "
            f"LVM2_LV_SIZE='{size(lv['size'])}' LVM2_SEGTYPE='{lv.get('kind', 'linear')}' "
            f"LVM2_POOL_LV='{lv.get('pool', '')}' LVM2_ORIGIN='{lv.get('origin', '')}' "
            f"LVM2_DATA_PERCENT='{lv.get('used', '')}' LVM2_METADATA_PERCENT='{lv.get('metadata', '')}'"
            for vg, name, lv in self.volumes()
        )

    def mounts(self) -> dict[str, str]:
        volumes = {
            lv["mount"]: f"/dev/mapper/{mapped(vg, name)} {lv.get('fs', 'xfs')}"
            for vg, name, lv in self.volumes()
            if "mount" in lv
        }
        return {"/": "/dev/vda1 ext4", **volumes, **self.told.get("mounts", {})}

    def storage_findmnt(self, about: str) -> str:
        lines = []
        for target, told in self.mounts().items():
            source, kind, *options = told.split()
            lines.append(f'TARGET="{target}" SOURCE="{source}" FSTYPE="{kind}" OPTIONS="{",".join(options) or "rw"}"')
        return "\n".join(lines)

    def storage_units(self, about: str) -> str:
        units = {**(RUNS if "docker" in self.told else DOWN), **self.told.get("units", {})}
        names = (*HELD_UNITS, *NODE_UNITS)
        blocks = []
        for name in names:
            active, _space, enabled = (units.get(name) or "").partition(" ")
            load = {"": "not-found", "masked": "masked"}.get(active, "loaded")
            active = active if load == "loaded" else "inactive"
            blocks.append(f"Id={name}\nLoadState={load}\nActiveState={active}\nUnitFileState={enabled}")
        return "\n\n".join(blocks)

    def storage_tool(self, about: str) -> str | None:
        return None if self.told.get("no_tool") else "/usr/bin/docker-storage-setup\n"

    def docker_state(self, about: str) -> str:
        return f"ActiveState={'active' if 'docker' in self.told else 'inactive'}\n"

    def docker_info(self, about: str) -> str | None:
        if "docker" not in self.told:
            return None
        counts = dict.fromkeys(("images", "containers", "running", "paused"), 0)
        told = {"driver": "overlay2", "root": "/var/lib/docker", **counts, **self.told["docker"]}
        lines = [
            f"Containers: {told['containers']}", f" Running: {told['running']}", f" Paused: {told['paused']}",
            f"Images: {told['images']}", f"Storage Driver: {told['driver']}", *told.get("says", []),
            f"Docker Root Dir: {told['root']}", "Insecure Registries:", " 127.0.0.0/8",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def storage_name(self, about: str) -> str:
        return f"{about} {self.told.get('links', {}).get(about, '')}\n"

    def storage_signatures(self, about: str) -> str | None:
        found = self.told.get("signatures", {})
        if about in found and found[about] is None:
            return None
        kind, _at, offset = found.get(about, "").partition(" at ")
        return "# offset,uuid,label,type\n" + (f"{offset},,,{kind}\n" if kind else "")

    def storage_data(self, about: str) -> str:
        data = self.told.get("data", {})
        if data == "sick":
            return "sick\n"
        entries = data.get("entries", ["containers", "image", "overlay2", "volumes"] if data else [])
        counts = [f"{name} {data.get(name, 0)}" for name in ("images", "containers", "volumes")]
        at = f"at {self.told.get('links', {}).get(about, about)}"
        return "\n".join([at, *(f"entry {each}" for each in entries), *counts]) + "\n"

    def storage_files(self, about: str) -> str:
        there = [target for target in self.mounts() if f"{about}/".startswith(f"{target.rstrip('/')}/")]
        target = max(there, key=len)
        source, kind, *_options = self.mounts()[target].split()
        extent = self.told.get("extents", {}).get(target)
        if extent is None:
            lv = next((lv for vg, name, lv in self.volumes() if source.endswith(f"/{mapped(vg, name)}")), None)
            extent = lv["size"] if lv else "20G"
        ftype = self.told.get("ftype", 1)
        extra = f"data     =                       bsize=4096   blocks={size(extent) // 4096}, imaxpct=25\n"
        extra += f"naming   =version 2              bsize=4096   ascii-ci=0, ftype={ftype}\n"
        return (
            f'TARGET="{target}" SOURCE="{source}" FSTYPE="{kind}"\n{source} {size(extent)} 1000 1000 1% {target}\n'
            + (extra if kind == "xfs" else "")
        )

    def storage_images(self, about: str) -> str:
        return "\n".join(self.told.get("images", [])) + "\n"

    def storage_podman(self, about: str) -> str:
        return "\n".join(self.told.get("podman_images", [])) + "\n"

    def storage_crictl(self, about: str) -> str | None:
        return "\n".join(self.told["crictl_images"]) if "crictl_images" in self.told else None

    def storage_sizes(self, about: str) -> str:
        return self.told.get("sizes", "Images\t1.2GB\nContainers\t3MB\nLocal Volumes\t0B\n")
