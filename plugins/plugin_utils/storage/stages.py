# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which stage comes next between the storage that a host has and the one that is asked for.

    hold      docker and the node are stopped, and a condition keeps docker from starting, after a reboot too
    clear     the old volume, mount and data are removed, docker-storage last
    make      docker-storage-setup is run with its keys
    release   docker may start, is started, and must have the driver and the place that are asked for
    grow      disks come into the group; the volume and its file system grow

The state is read from the host alone, so a run that died is gone on with at the stage that its traces tell. Each stage
is one transaction, and after it the host is looked at anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from .asked import (
    DOCKER_ROOT,
    DRIVERS,
    EXTRA,
    FIRST_DAY,
    KEYS,
    OF_THE_POOL,
    POOL,
    ROOT_LV,
    ROOT_PATH,
    ROOT_SIZE,
    StorageProblem,
    missing,
    size_of,
    wanted_bytes,
)
from .disks import LEAST_OF_A_POOL, LEAST_OF_A_VOLUME, Disk, disk_of, twice
from .facts import DEVICE_OF_DOCKER, DOCKER_UNITS, FSTAB, NODE_UNITS, SETUP_FILE, STORAGE_FILE, Docker, Facts
from .layout import LogicalVolume, VolumeGroup, human

HOLD, CLEAR, MAKE, RELEASE, GROW, WRITE = "hold", "clear", "make", "release", "grow", "write"
_EXPLAINED = {
    HOLD: "docker and the node service are stopped, and docker is kept from starting",
    CLEAR: "the old storage is removed",
    MAKE: "docker-storage-setup is run",
    RELEASE: "docker is started, and asked for its driver and place",
}


@dataclass
class Decision:
    """What comes next: a stage, "" when nothing does, and what is to be said of it.

    lost: what will be destroyed, or is out of reach then. keys: of the file as it shall be. to: bytes that the volume
    shall have.
    """

    stage: str = ""
    later: tuple[str, ...] = ()
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    disks: list[Disk] = field(default_factory=list)
    remove: LogicalVolume | None = None
    volume: LogicalVolume | None = None
    mount: str = ""
    fstype: str = ""
    empty_lv: str | None = None


def decide(facts: Facts) -> Decision:
    """Decide what comes next. Raises NotAsked for facts that matter now, and HostProblem."""
    return _Growing(facts).decide() if facts.said.mode == "grow" else _Changing(facts).decide()


class _Deciding:
    """What both ways have in common."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.said, self.layout = facts, facts.said, facts.layout
        self.decision = Decision()

    def refuse(self, text: str) -> None:
        self.decision.refusals.append(text)

    def warn(self, text: str) -> None:
        self.decision.warnings.append(text)

    @property
    def vg_name(self) -> str:
        return self.facts.keys.get("VG", "")

    @cached_property
    def vg(self) -> VolumeGroup | None:
        return self.layout.vg(self.vg_name) if self.vg_name else None

    @cached_property
    def disks(self) -> list[Disk]:
        """All disks that the file will name: those that are named now and are in the group, and those asked for.

        With a path the file is not written, and may be about another group.
        """
        names = list(self.said.devices)
        known = self.facts.setup.get("DEVS", "").split() if not self.said.path else []
        listed = [name if name.startswith("/") else f"/dev/{name}" for name in known]
        asked = {self.facts.kernel_path(name) for name in names}
        kept = []
        for name in listed:
            disk = disk_of(self.facts, name, self.vg_name)
            if name not in names and disk.path not in asked and (disk.member or not names):
                kept.append(disk)
        return kept + [disk_of(self.facts, name, self.vg_name) for name in names]

    @property
    def new_disks(self) -> list[Disk]:
        return [disk for disk in self.disks if not disk.member]

    def check_disks(self) -> None:
        """Refuse every disk that may not be taken."""
        self.decision.disks = self.new_disks
        for disk in self.disks:
            if disk.refusal:
                self.refuse(disk.refusal)
            if disk.warning and not disk.member:
                self.warn(disk.warning)
        for text in twice(self.disks):
            self.refuse(text)
        if self.new_disks and self.vg and not self.vg.takes_disks:
            self.refuse(f"the volume group {self.vg.name} takes no disks (vgchange --resizeable y {self.vg.name})")
        if self.new_disks and not self.facts.layout.pvs and self.facts.host.answer("storage.pvs").rc is None:
            self.refuse("lvm2 is not installed on this host")

    def check_lines(self) -> None:
        """Refuse a file of which the tool would read something else than we do."""
        if line := self.facts.line_for_shell:
            self.refuse(
                f"{SETUP_FILE}: line {line} is read otherwise by the shell, with which docker-storage-setup reads it; "
                "write NAME='value'"
            )

    def check_file(self) -> None:
        """Refuse what stays in the file, has an effect, and would be refused if it was asked for."""
        others = OF_THE_POOL if self.facts.driver != "devicemapper" else ()
        passed_over = ("DEVS", "STORAGE_DRIVER", "WIPE_SIGNATURES", *self.said.keys, *self.without_effect, *others)
        for name, value in self.facts.keys.items():
            if name in KEYS and name not in passed_over:
                try:
                    KEYS[name](name, value)
                except StorageProblem as problem:
                    self.refuse(f"{SETUP_FILE} has {problem}")
        if EXTRA not in self.without_effect:
            self.check_extra()
        for place in self.facts.extra["root"]:
            self._check_place(place)

    def check_extra(self) -> None:
        """Refuse flags with which docker would not start on the driver, or would have two."""
        driver, extra = self.facts.driver, self.facts.extra
        own = {"devicemapper": "dm"}.get(driver, driver)
        names = [option.partition("=")[0] for option in extra["option"]]
        if others := [name for name in names if "." in name and name.partition(".")[0] != own]:
            self.refuse(
                f"{EXTRA} has {' and '.join(others)}, with which docker does not start on {driver}; give it in "
                "settings without that"
            )
        if strange := [name for name in extra["driver"] if name != driver]:
            self.refuse(f"{EXTRA} has the driver {' and '.join(strange)}, and {driver} is asked for")

    def _check_place(self, place: str) -> None:
        """Refuse a place for docker's data that is not docker's alone, or not that of its volume."""
        try:
            clean = KEYS[ROOT_PATH](EXTRA, place)
        except StorageProblem as problem:
            return self.refuse(str(problem))
        if self.facts.keys.get(ROOT_LV) and clean != self.facts.root:
            self.refuse(f"{EXTRA} has {place} for docker's data, and {ROOT_PATH} is {self.facts.root}")

    def check_group(self) -> None:
        if self.vg and self.vg.problem:
            self.refuse(f"the volume group {self.vg.name} {self.vg.problem}")

    def keys_of_file(self) -> dict[str, str]:
        """Return the keys of the file as they shall be; a key that has no effect any more is not written anew."""
        keys = {name: value for name, value in self.said.keys.items() if name not in self.without_effect}
        listed = [disk.name for disk in self.disks if not disk.whole]
        named = [name if name.startswith("/") else f"/dev/{name}" for name in self.facts.setup.get("DEVS", "").split()]
        if self.disks and (self.said.devices or "DEVS" in self.facts.setup) and listed != named:
            keys["DEVS"] = " ".join(listed)
        stays = ("DEVS", *self.facts.keys)
        kept = {name: value for name, value in self.facts.setup.items() if name in stays or not value}
        return {**kept, **keys}

    @cached_property
    def without_effect(self) -> tuple[str, ...]:
        """Keys that count only when a volume is made, or docker told of a pool, while that is done already."""
        if not self.present:
            return ()
        if self.facts.driver != "devicemapper":
            return FIRST_DAY["root"]
        return (*FIRST_DAY["pool"], EXTRA) if self.facts.configured.pool else FIRST_DAY["pool"]

    @cached_property
    def present(self) -> LogicalVolume | None:
        """The volume that the configuration names for images, if it is there."""
        return self.layout.lv(self.vg_name, self.lv_name) if self.vg_name and self.lv_name else None

    @property
    def lv_name(self) -> str:
        if self.facts.driver == "devicemapper":
            return self.facts.keys.get("CONTAINER_THINPOOL", POOL)
        return self.facts.keys.get(ROOT_LV, "")

    def say_keys(self) -> None:
        """Say which keys have no effect: not for this driver, or not any more."""
        if self.facts.driver != "devicemapper":
            idle = [name for name in OF_THE_POOL if name in self.said.keys]
            if idle:
                self.warn(f"{', '.join(idle)}: for the driver devicemapper alone; {self.facts.driver} ignores it")
        for name in self.without_effect:
            asked, before = self.said.keys.get(name), self.facts.setup.get(name)
            if asked is None or asked == before:
                continue
            what = f"{self.vg_name}/{self.lv_name} is there, so {name} has no effect any more"
            if before is None:
                self.warn(f"{name}: {what}, and is not written")
            else:
                instead = _INSTEAD.get(name, _GROW)
                self.refuse(f"{name} is {before} in {SETUP_FILE}, and {asked} is asked for: {what}; {instead}")


#: Percent from which a pool may run out of metadata, and stop, when it gets more data.
_METADATA_FULL = 80
_GROW = "leave it as it was, and grow the volume with mode grow and size"
_INSTEAD = {EXTRA: f"leave it as it was, and write {STORAGE_FILE} by hand"}


class _Changing(_Deciding):
    """Modes setup and switch."""

    def decide(self) -> Decision:
        decision = self.decision
        self.check_lines()
        if self.facts.driver not in DRIVERS:
            return self._without_storage()
        self._prerequisites()
        self.check_file()
        self.say_keys()
        self.check_disks()
        self.check_group()
        conflicts = list(self._conflicts())
        if not decision.refusals:
            self._room(bool(conflicts))
        decision.keys, decision.volume = self.keys_of_file(), self.present
        decision.stage = self._stage(bool(conflicts))
        if self.facts.docker and decision.stage == MAKE and decision.keys.get(EXTRA) != self.facts.setup.get(EXTRA):
            self.warn(f"{EXTRA}: docker runs, and reads them at its next start")
        if conflicts:
            self._losing(conflicts)
        decision.later = self._later(decision.stage)
        return decision

    def _without_storage(self) -> Decision:
        """Write the file alone: with the driver "" the tool does nothing."""
        self.check_disks()
        self.decision.keys = self.keys_of_file()
        if self.facts.driver:
            where = SETUP_FILE if self.facts.keys.get("STORAGE_DRIVER") else STORAGE_FILE
            self.refuse(f"{where}: {self.facts.driver} is not a driver that docker-storage-setup knows")
        self.warn('STORAGE_DRIVER is "": docker-storage-setup does nothing, and docker chooses a driver itself')
        self.decision.stage = WRITE if self._differs else ""
        return self.decision

    def _prerequisites(self) -> None:
        facts = self.facts
        if lacks := missing(facts.keys, facts.driver, bool(self.disks)):
            self.refuse(f"settings, with what is in {SETUP_FILE}: {lacks}")
        if not facts.has_tool:
            self.refuse("docker-storage-setup is not installed on this host")
        if not facts.unit("docker.service"):
            self.refuse("docker is not installed on this host: it has no docker.service")
        elif facts.unit("docker.service").get("LoadState") == "masked":
            self.refuse("docker.service is masked, so it could not be started afterwards")
        if self.vg_name and not self.vg and not self.disks:
            self.refuse(f"the volume group {self.vg_name} is not there, and no disk is named to make it of")
        if self.present and self.present.is_pool != (facts.driver == "devicemapper"):
            self.refuse(f"{self.vg_name}/{self.lv_name} is there as {self.present.kind or 'another kind of volume'}")
        if not facts.keys.get("STORAGE_DRIVER"):
            self.warn("STORAGE_DRIVER is not set; without it docker may come up on /var with another driver")
        if whole := [disk.name for disk in self.disks if disk.whole]:
            self.decision.notes.append(
                f"{', '.join(whole)}: in {self.vg_name} without a partition; not written to DEVS, because "
                "docker-storage-setup takes such a disk for a new one"
            )
        if facts.setup.get("WIPE_SIGNATURES", "false").lower() == "true" and not self.new_disks:
            self.warn(f"{SETUP_FILE} has WIPE_SIGNATURES=true: a disk that is added to DEVS by hand is wiped unasked")
        self._place()

    def _place(self) -> None:
        """Check where docker keeps its data, and whether overlay works there."""
        facts, root = self.facts, self.facts.root
        docker = facts.docker
        if docker and docker.root != root and not self._moves(docker):
            self.refuse(f"docker keeps its data in {docker.root}, and {root} is configured")
        elif (docker is None or docker.root != root) and facts.data.link:
            self.refuse(f"{root} leads to {facts.data.link}, a link, and the configuration names {root} itself")
        if facts.driver != "devicemapper" and not self.lv_name and not self.facts.files(root).ftype:
            self.refuse(f"{root} is on an XFS file system with ftype=0, on which {facts.driver} does not work")
        mount = self.layout.mount(root)
        pool = facts.driver == "devicemapper"
        if mount and self.lv_name and not pool and mount.source not in self._known_sources():
            self.refuse(f"{root} is mounted from {mount.source}, which the configuration does not name")
        if self.present and not self.present.is_pool and not self._mounted:
            self._volume_in_the_way(self.present)

    def _moves(self, docker: Docker) -> bool:
        """Return whether docker is to move to the place among its flags, and leaves nothing behind; not with a pool."""
        said = self.facts.driver != "devicemapper" and self.facts.extra["root"]
        return bool(said) and not docker.images and not docker.containers

    def _volume_in_the_way(self, volume: LogicalVolume) -> None:
        """Refuse a volume of the name that is somebody's: mounted elsewhere, or with another file system."""
        device = self.layout.device(volume.mapped)
        if device and device.mounts:
            self.refuse(f"{volume.vg}/{volume.name} is mounted at {device.mounts[0]}, not at {self.facts.root}")
        elif device and device.fstype not in ("", "xfs"):
            self.refuse(f"{volume.vg}/{volume.name} holds {device.fstype}, which docker-storage-setup did not make")
        elif device and not device.fstype and not self.facts.signatures(device.path):
            self._empty_volume(volume)

    def _empty_volume(self, volume: LogicalVolume) -> None:
        """Go on with a volume that an interrupted run of ours has made and not yet filled; refuse any other."""
        begun = self.facts.begun
        if begun.get("step") == "setup" and begun.get("vg") == volume.vg:
            self.decision.empty_lv = volume.name
        else:
            self.refuse(
                f"{volume.vg}/{volume.name} has no file system; when nobody needs it, or an interrupted run left it: "
                f"lvremove {volume.vg}/{volume.name}"
            )

    def _known_sources(self) -> tuple[str, ...]:
        found = [self.present, self.facts.old_lv()]
        return tuple(name for lv in found if lv for name in (lv.mapped, f"/dev/{lv.vg}/{lv.name}"))

    # the storage that is there

    @property
    def _mounted(self) -> bool:
        """Whether the volume that is asked for is mounted at docker's root."""
        mount = self.layout.mount(self.facts.root)
        lv = self.layout.lv_of(mount.source) if mount else None
        return lv is not None and lv == self.present

    @property
    def _differs(self) -> bool:
        """Whether the file of docker-storage-setup does not say what it shall."""
        return self.keys_of_file() != dict(self.facts.setup)

    @cached_property
    def _made(self) -> bool:
        """Whether the storage that is asked for is there, and docker is told of it."""
        told = self.facts.configured
        if self.new_disks or told.problem or told.driver != self.facts.driver:
            return False
        if self.facts.driver == "devicemapper":
            return self.present is not None and told.pool == self.present.mapped.removeprefix("/dev/mapper/")
        return self._told_place and (not self.lv_name or self._mounted)

    @property
    def _told_place(self) -> bool:
        """Whether docker was told of its place, where its flags name one, and keeps its data there."""
        facts, docker = self.facts, self.facts.docker
        told = not facts.extra["root"] or facts.configured.root == facts.root
        return told and (docker is None or docker.root == facts.root)

    @cached_property
    def _in_place(self) -> bool:
        """Whether docker's data are, or would be, where they are asked for; then nothing there is lost."""
        if self.facts.driver == "devicemapper":
            return self.present is not None
        return self._mounted or not self.lv_name

    def _conflicts(self) -> Iterator[str]:
        """Yield the reasons why something that is there has to go first."""
        facts, told, docker = self.facts, self.facts.configured, self.facts.docker
        if told.problem:
            yield f"{STORAGE_FILE}: {told.problem}"
        elif told.driver and told.driver != facts.driver:
            yield f"{STORAGE_FILE} says {told.driver}, and {facts.driver} is asked for"
        elif told.pool and told.pool != _mapped(self.vg_name, self.lv_name):
            yield f"{STORAGE_FILE} names the pool {told.pool}, and {self.vg_name}/{self.lv_name} is asked for"
        elif told.pool and not self.present:
            yield f"{STORAGE_FILE} names the pool {told.pool}, which is not there"
        if docker and docker.loop:
            yield "docker keeps its data in a loop file"
        elif docker and docker.driver != facts.driver:
            yield f"docker runs with {docker.driver}, and {facts.driver} is asked for"
        if self._old and self._old != self.present:
            yield f"the volume {self._old.vg}/{self._old.name} is of the storage before"
        if not self._in_place and facts.data.entries:
            yield self._data_in_the_way

    @property
    def _data_in_the_way(self) -> str:
        return f"{self.facts.root} holds data of docker that are not on {self.vg_name}/{self.lv_name}"

    @cached_property
    def _old(self) -> LogicalVolume | None:
        """The volume of the storage before, as the configuration on the host names it: it goes with the data on it."""
        old = self.facts.old_lv()
        changes = (self.facts.configured.driver or self.facts.driver) != self.facts.driver or old != self.present
        return old if old and (changes or self._in_place) else None

    @property
    def _removed_group(self) -> VolumeGroup | None:
        """The group of the storage before, when it is to go too."""
        return self.layout.vg(self.facts.old_group) if self.said.remove_volume_group else None

    # what follows

    def _stage(self, conflicts: bool) -> str:
        facts = self.facts
        if conflicts:
            # a boot in the middle starts the node service, which has no condition
            return CLEAR if facts.held and not any(map(facts.active, (*DOCKER_UNITS, *NODE_UNITS))) else HOLD
        if not self._made:
            starts = any(facts.active(unit) or facts.enabled(unit) for unit in DOCKER_UNITS)
            return HOLD if starts and not facts.held else MAKE
        if facts.held or not facts.active("docker.service"):
            return RELEASE
        return MAKE if self._differs else ""

    def _later(self, stage: str) -> tuple[str, ...]:
        ways = {HOLD: (CLEAR, MAKE, RELEASE) if self.decision.lost else (MAKE, RELEASE), CLEAR: (MAKE, RELEASE)}
        later = ways.get(stage, (RELEASE,) if stage == MAKE and not self._made else ())
        return tuple(_EXPLAINED[name] for name in later)

    def _losing(self, conflicts: list[str]) -> None:
        """Say what goes, and refuse it unless the right host is named."""
        decision = self.decision
        decision.remove = self._old
        decision.lost = list(self._lost())
        self.check_extra()  # a pool that goes is made anew, and docker told anew
        self._refuse_foreign()
        if decision.refusals:
            return
        if self.said.mode != "switch" and (decision.lost or conflicts != [self._data_in_the_way]):
            lost = f"; lost would be: {', '.join(decision.lost)}" if decision.lost else ""
            self.refuse(f"{'; '.join(conflicts)}; mode switch changes that{lost}")
        elif decision.lost and self.said.confirm != self.said.host:
            self.refuse(
                f"{'; '.join(conflicts)}; lost will be: {', '.join(decision.lost)}; to go on, set confirm to the name "
                f"of this host, {self.said.host}"
            )
        decision.warnings += [f"lost: {text}" for text in decision.lost]

    def _lost(self) -> Iterator[str]:
        """Yield what is destroyed, by number and size."""
        facts, docker = self.facts, self.facts.docker
        if self._old:
            used = f", {self._old.used:g} % used" if self._old.used is not None else ""
            kind = "thin pool" if self._old.is_pool else "volume"
            yield f"the {kind} {self._old.vg}/{self._old.name} ({human(self._old.size)}{used})"
        if facts.configured.pool and not self.layout.lv(facts.old_group, facts.old_name):
            yield f"what was in the pool {facts.configured.pool}, which is not there now"
        data = facts.data
        if "devicemapper" in data.entries and not self._old:
            yield f"the metadata of devicemapper in {facts.root}"
        images, containers = data.images, data.containers
        if docker:
            images, containers = max(images, docker.images), max(containers, docker.containers)
        if images or containers or data.volumes:
            sizes = facts.sizes()
            yield (
                f"{images} image(s), {containers} container(s) and {data.volumes} volume(s) in {facts.root}"
                + (f" ({sizes})" if sizes else "")
            )
        if self._removed_group:
            yield f"the volume group {self._removed_group.name} with its disks' partition tables"

    def _refuse_foreign(self) -> None:
        """Refuse to remove anything that is not docker's, or that the configuration does not name."""
        facts, old, told = self.facts, self._old, self.facts.configured
        root = facts.old_root
        mount = self.layout.mount(root)
        if mount and (old is None or old.is_pool):
            self.refuse(f"{root} is mounted from {mount.source}, which the configuration does not name")
        if facts.data.foreign:
            self.refuse(f"{facts.root} holds what is not docker's: {', '.join(facts.data.foreign[:5])}")
        if root != facts.root:
            asked = f"{facts.root} is asked for; a switch keeps the place"
            self.refuse(f"{SETUP_FILE} has docker's data in {root}, and {asked}")
        for mount in self.layout.below(root):
            own = DEVICE_OF_DOCKER.match(mount.source) or self.layout.on_itself(mount)
            if mount.source.startswith("/dev/") and not own:
                self.refuse(f"{mount.target} is mounted from {mount.source}, which is not docker's")
        if told.driver == "devicemapper" and told.pool and told.pool != _mapped(facts.old_group, facts.old_name):
            self.refuse(
                f"{STORAGE_FILE} names the pool {told.pool}, and {SETUP_FILE} names {facts.old_group or 'no VG'}/"
                f"{facts.old_name}; only what is configured is removed"
            )
        if old:
            self._refuse_others_volumes(old)
        if vg := self._removed_group:
            others = [lv.name for lv in self.layout.lvs if lv.vg == vg.name and lv != old and not lv.pool]
            if others:
                self.refuse(f"{vg.name} has the volumes {', '.join(others)} too, so it cannot be removed")
        if old and any(target == root for _source, target in facts.fstab):
            self.refuse(f"{FSTAB} mounts {root}; take the line out first, or the next boot waits for what is gone")
        if self.said.mode == "switch" and not facts.said.confirm and facts.docker and facts.docker.running:
            self.warn(f"{facts.docker.running} container(s) run here now")

    def _refuse_others_volumes(self, old: LogicalVolume) -> None:
        made_of = [lv.name for lv in self.layout.lvs if lv.vg == old.vg and old.name in (lv.pool, lv.origin)]
        if made_of:
            self.refuse(f"the volumes {', '.join(made_of)} are made from {old.vg}/{old.name}, and would go with it")
        root = self.facts.old_root
        mount, device = self.layout.mount(root), self.layout.device(old.mapped)
        elsewhere = [each for each in (device.mounts if device else ()) if not f"{each}/".startswith(f"{root}/")]
        if elsewhere:
            self.refuse(f"{old.vg}/{old.name} is mounted at {elsewhere[0]}, which is not docker's root")
        if mount and not old.is_pool and mount.source not in (old.mapped, f"/dev/{old.vg}/{old.name}"):
            self.refuse(f"{root} is mounted from {mount.source}, not from {old.vg}/{old.name}")

    def _room(self, conflicts: bool) -> None:
        """Refuse a size that the group cannot have, before anything is removed for it."""
        if self.present or not (self.vg_name and self.lv_name):
            return
        old, keys = self._old if conflicts else None, self.facts.keys
        added = sum(max(0, disk.size - (8 << 20)) for disk in self.new_disks)
        removed = old.size if old and old.vg == self.vg_name else 0
        free = (self.vg.free if self.vg else 0) + removed + added
        size = (self.vg.size if self.vg else 0) + added
        pool = self.facts.driver == "devicemapper"
        asked = keys.get("DATA_SIZE" if pool else ROOT_SIZE, "40%FREE")
        least = size_of(keys.get("MIN_DATA_SIZE", "")) or LEAST_OF_A_POOL if pool else LEAST_OF_A_VOLUME
        wanted = max(wanted_bytes(asked, size, free, 0, self.vg.extent if self.vg else 4 << 20), least)
        if wanted > free:
            self.refuse(
                f"the volume group {self.vg_name} will have {human(free)} free, and {human(wanted)} are needed "
                f"({asked}, at least {human(least)})"
            )


class _Growing(_Deciding):
    """Mode grow: of docker's volume, or of the one that is mounted at `path`."""

    def decide(self) -> Decision:
        decision, facts = self.decision, self.facts
        if self.with_tool:
            self.check_lines()
        if facts.held:
            self.refuse("a switch is under way here, and docker is kept from starting; finish it with mode switch")
        if not self.vg_name:
            self.refuse("VG is missing: neither settings nor the file of docker-storage-setup name the volume group")
            return decision
        if not self.vg:
            self.refuse(f"the volume group {self.vg_name} is not there, so there is nothing to grow")
            return decision
        self.check_group()
        if self.with_tool:
            self.check_file()
        self.say_keys()
        self.check_disks()
        volume = self._volume()
        if decision.refusals or volume is None:
            return decision
        decision.volume, decision.keys = volume, self.keys_of_file() if self.with_tool else {}
        decision.stage = GROW if self.new_disks or self._grows(volume) else (WRITE if self._file_differs else "")
        return decision

    @property
    def with_tool(self) -> bool:
        """Whether docker-storage-setup takes care of this volume."""
        return self.facts.has_tool and not self.said.path and bool(self.facts.setup)

    @property
    def _file_differs(self) -> bool:
        return self.with_tool and self.keys_of_file() != dict(self.facts.setup)

    def _volume(self) -> LogicalVolume | None:
        """Find the volume to be grown; say why there is none."""
        path = self.said.path or (self.facts.root if not self._is_pool else "")
        if self._is_pool and not self.said.path:
            if not self.present:
                self.refuse(f"the pool {self.vg_name}/{self.lv_name} is not there, so there is nothing to grow")
            elif not self.present.is_pool:
                self.refuse(f"{self.vg_name}/{self.lv_name} is not a thin pool")
            elif (self.present.metadata_used or 0) >= _METADATA_FULL:
                pool = f"{self.vg_name}/{self.lv_name}"
                self.refuse(
                    f"the metadata of the pool {pool} are {self.present.metadata_used:g} % full, and what is free "
                    f"would go to its data; give them some first: lvextend --poolmetadatasize +256M {pool}"
                )
            return self.present
        mount = self.layout.mount(path)
        volume = self.layout.lv_of(mount.source) if mount else None
        if not mount or not volume:
            what = f"is mounted from {mount.source}, which is not a volume of LVM" if mount else "is not a mount point"
            self.refuse(f"{path} {what}, so there is no volume to grow")
            return None
        name = "" if self.said.path else self.lv_name
        if volume.vg != self.vg_name or name not in ("", volume.name):
            named = f"{self.vg_name}/{name}" if name else f"the group {self.vg_name}"
            self.refuse(f"{path} is mounted from {volume.vg}/{volume.name}, and the configuration names {named}")
            return None
        if mount.fstype not in ("xfs", "ext2", "ext3", "ext4"):
            self.refuse(f"{path} holds {mount.fstype}, which is not grown here; XFS and ext4 are")
        if volume.kind not in ("linear", "striped", "thin", ""):
            self.refuse(f"{volume.vg}/{volume.name} is of the kind {volume.kind}, which is not grown here")
        if volume.kind == "thin":
            self.refuse(f"{volume.vg}/{volume.name} is in the pool {volume.pool}; grow the pool and the volume by hand")
        if "ro" in mount.options:
            self.refuse(f"{path} is mounted read-only")
        taken = [lv.name for lv in self.layout.lvs if (lv.vg, lv.origin) == (volume.vg, volume.name) and not lv.pool]
        if taken:
            self.refuse(
                f"{volume.vg}/{volume.name} has the snapshot {', '.join(taken)}, and LVM does not grow a volume in use "
                "that has one"
            )
        self.decision.mount, self.decision.fstype = path, mount.fstype
        return volume

    @property
    def _is_pool(self) -> bool:
        return self.facts.driver == "devicemapper"

    def _grows(self, volume: LogicalVolume) -> bool:
        """Return whether the volume, or the file system on it, is smaller than it shall be."""
        vg = self.vg
        if vg is None:
            return False
        added = sum(disk.size // vg.extent * vg.extent - vg.extent for disk in self.new_disks)
        free = vg.free + added
        wanted = wanted_bytes(self.said.size, vg.size + added, free, volume.size, vg.extent)
        if wanted - volume.size > free:
            self.refuse(
                f"size: {self.said.size} are {human(wanted)}, and {volume.vg}/{volume.name} can have "
                f"{human(volume.size + free)} at most"
            )
        asked = size_of(self.said.size)
        if asked and asked < volume.size:
            self.decision.notes.append(
                f"{volume.vg}/{volume.name} has {human(volume.size)} already, more than {self.said.size}; nothing is "
                "ever made smaller"
            )
        return wanted > volume.size or self._lags(volume, vg)

    def _lags(self, volume: LogicalVolume, vg: VolumeGroup) -> bool:
        """Return whether the file system is smaller than its volume, as a run leaves it that died in between."""
        if not self.decision.mount:
            return False
        extent = self.facts.files(self.decision.mount).extent
        return extent is not None and volume.size - extent >= vg.extent


def _mapped(vg: str, lv: str) -> str:
    return LogicalVolume(vg, lv, "", 0, "").mapped.removeprefix("/dev/mapper/")


__all__ = ["CLEAR", "DOCKER_ROOT", "GROW", "HOLD", "MAKE", "RELEASE", "WRITE", "Decision", "decide"]
