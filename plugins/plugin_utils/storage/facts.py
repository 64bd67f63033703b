# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of the storage of one host: its layout, the two files of docker-storage-setup, and what docker answers.

Sources: projectatomic/container-storage-setup 0.11 (its two files), docker 1.13 and 20.10 (`docker info`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..formats import FormatError, environment_file
from ..host.observed import Answer, HostProblem, Observed
from ..host.services import DOCKER_INFO, DOCKER_STATE, docker_info
from ..host.watch import NotAsked, Question, Watch
from ..shapes import fits
from .asked import DOCKER_ROOT, EXTRA, POOL, ROOT_LV, ROOT_PATH, ROOT_SIZE, Said
from .layout import QUESTIONS, Layout, LogicalVolume, layout_of

SETUP_FILE = "/etc/sysconfig/docker-storage-setup"
STORAGE_FILE = "/etc/sysconfig/docker-storage"
FSTAB = "/etc/fstab"
DOCKER_UNITS = ("docker.service", "docker.socket")
#: What must not start while the storage changes: docker, and the tool, which a boot would run with the old keys.
HELD_UNITS = (*DOCKER_UNITS, "docker-storage-setup.service")
DROP_INS = {unit: f"/etc/systemd/system/{unit}.d/zz-dockyard-storage.conf" for unit in HELD_UNITS}
NODE_UNITS = ("atomic-openshift-node.service", "origin-node.service")

_UNITS = Question(
    "storage.units",
    ("systemctl", "show", "-p", "Id,LoadState,ActiveState,UnitFileState", *HELD_UNITS, *NODE_UNITS),
)
_TOOL = Question("storage.tool", ("sh", "-c", "command -v docker-storage-setup"))
_NAMES = (
    "sh", "-c", 'for d; do printf "%s %s\\n" "$d" "$(readlink -e "$d")"; done', "sh",
)  # fmt: skip
#: What docker keeps below its root, counted without docker: where it is, names, images, containers, volumes.
_DATA = (
    "sh", "-c",
    'printf "at %s\\n" "$(readlink -f "$1")"; '
    'cd "$1" 2>/dev/null || { test -e "$1" && echo sick; exit 0; }; '
    'for n in * .[!.]*; do test -e "$n" || test -L "$n" && printf "entry %s\\n" "$n"; done; '
    'printf "images %s\\n" "$(ls image/*/imagedb/content/sha256 2>/dev/null | grep -Ec "^[0-9a-f]{64}$")"; '
    'printf "containers %s\\n" "$(ls containers 2>/dev/null | grep -Ec "^[0-9a-f]{64}$")"; '
    'printf "volumes %s\\n" "$(find volumes -mindepth 1 -maxdepth 1 -type d 2>/dev/null | grep -c .)"; exit 0',
    "sh",
)  # fmt: skip
#: The file system at a place, or at the nearest place above that is there: how large it is and could be.
_FILES = (
    "sh", "-c",
    'p=$1; while ! test -e "$p"; do p=${p%/*}; p=${p:-/}; done; '
    'findmnt --pairs --output TARGET,SOURCE,FSTYPE --target "$p" | tail -n 1; df -P -B1 "$p" | tail -n 1; '
    'case $(findmnt -n -o FSTYPE --target "$p" | tail -n 1) in '
    'xfs) xfs_info "$(findmnt -n -o TARGET --target "$p" | tail -n 1)";; '
    'ext[234]) dumpe2fs -h "$(findmnt -n -o SOURCE --target "$p" | tail -n 1)" 2>/dev/null;; esac',
    "sh",
)  # fmt: skip

WATCH = Watch(
    files=(SETUP_FILE, STORAGE_FILE, FSTAB, *DROP_INS.values()),
    commands=(*QUESTIONS, _UNITS, _TOOL, DOCKER_STATE, DOCKER_INFO),
)

#: What docker of any release makes below its root; anything else there is somebody's.
OF_DOCKER = frozenset(
    "aufs btrfs builder buildkit containerd containers devicemapper execdriver graph image init key.json linkgraph.db "
    "network nuke-graph-directory.sh overlay overlay2 plugins runtimes swarm tmp tmp-old trust vfs volumes "
    "zfs engine-id lost+found".split()
)
OF_DOCKER_TOO = r"(repositories-\w+|\.migration-v1-\w+\.json)$"
#: The devices that docker makes in its pool; a volume of a group named docker begins like them.
DEVICE_OF_DOCKER = re.compile(r"/dev/mapper/docker-\d+:\d+-\d+-")


#: What a step was told, as far as the next run goes on with it.
_DISK = {"path": str, "size": int}
_TOLD = {"vg?": str, "disks?": [_DISK], "group_disks?": [{**_DISK, "pvs": [str]}]}


@dataclass(frozen=True)
class Data:
    """What docker keeps below its root, as its files tell.

    foreign: names there that docker never makes. link: where the root leads when it is a link, or below one.
    """

    entries: tuple[str, ...] = ()
    images: int = 0
    containers: int = 0
    volumes: int = 0
    foreign: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class FileSystem:
    """The file system at a place. extent: bytes of the device that it uses, None when it does not tell."""

    target: str
    source: str
    fstype: str
    size: int = 0
    used: int = 0
    extent: int | None = None
    ftype: bool = True


@dataclass(frozen=True)
class Docker:
    """A running docker, as `docker info` describes itself. running: containers that it would stop, paused ones too."""

    driver: str
    root: str
    backing: str = ""
    d_type: bool | None = None
    pool: str = ""
    loop: bool = False
    images: int = 0
    containers: int = 0
    running: int = 0


@dataclass(frozen=True)
class Configured:
    """What the file docker-storage tells docker. problem: why nobody can say, in words."""

    driver: str = ""
    pool: str = ""
    problem: str = ""
    root: str = DOCKER_ROOT


@dataclass(frozen=True)
class Facts:
    """All of one host that decisions are made from."""

    host: Observed = field(repr=False)
    said: Said
    layout: Layout
    setup: Mapping[str, str]
    configured: Configured
    docker: Docker | None

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The keys of the file as they would be, without DEVS; a pool has no use for those of a volume."""
        # an empty value is none to the tool, but for the driver
        written = {name: value for name, value in self.setup.items() if value or name == "STORAGE_DRIVER"}
        keys = {**written, **self.said.keys}
        of_a_volume = (ROOT_LV, ROOT_PATH, ROOT_SIZE) if keys.get("STORAGE_DRIVER") == "devicemapper" else ()
        return {name: value for name, value in keys.items() if name not in ("DEVS", *of_a_volume)}

    @property
    def driver(self) -> str:
        """The driver that is wanted; docker's packages have set overlay2 since 0.9 where nothing is said."""
        return self.keys.get("STORAGE_DRIVER", self.configured.driver or "overlay2")

    @property
    def root(self) -> str:
        """The directory in which docker keeps, or is to keep, its data."""
        return root_of(self.keys)

    @property
    def line_for_shell(self) -> int | None:
        """The line of the tool's file that the tool, a shell, reads otherwise than it is read here."""
        return environment_file.differs_in_shell(self.host.text(SETUP_FILE) or "")

    @property
    def extra(self) -> Mapping[str, list[str]]:
        """The flags that the tool appends to those of its own, see flags_of."""
        return flags_of(self.keys.get(EXTRA, ""))

    @property
    def held(self) -> bool:
        """Whether a switch is under way: docker is kept from starting."""
        return any(map(self.host.exists, DROP_INS.values()))

    @cached_property
    def begun(self) -> Mapping[str, Any]:
        """What a step was told that an interrupted run had begun here, under "step" its name; {} without one."""
        journal = self.host.journal or {"actions": [], "started": 0}
        for action in reversed(journal["actions"][: journal["started"]]):
            argv = action["argv"]
            if "storage" in (action.get("parts") or ()) and len(argv) > 2 and argv[-2] in ("setup", "add", "clear"):
                try:
                    told = json.loads(argv[-1])
                except (ValueError, RecursionError):
                    return {}
                return {**told, "step": argv[-2]} if fits(told, _TOLD) else {}
        return {}

    @cached_property
    def fstab(self) -> tuple[tuple[str, str], ...]:
        """What /etc/fstab mounts, and where; a place without the slash at its end."""
        text = (self.host.content(FSTAB) or b"").decode("utf-8", "replace")  # a comment may be in any encoding
        lines = map(str.split, text.splitlines())
        return tuple(
            (line[0], line[1].rstrip("/") or "/") for line in lines if len(line) > 1 and not line[0].startswith("#")
        )

    @property
    def has_tool(self) -> bool:
        return self.host.answer(_TOOL.name).rc == 0

    def unit(self, name: str) -> Mapping[str, str]:
        """Return the states of a unit, as systemctl shows them; {} where there is no such unit."""
        found = _blocks(self.host.answer(_UNITS.name)).get(name, {})
        return found if found.get("LoadState") in ("loaded", "masked") else {}

    def active(self, name: str) -> bool:
        return self.unit(name).get("ActiveState") not in (None, "inactive", "failed")

    def enabled(self, name: str) -> bool:
        return self.unit(name).get("UnitFileState") == "enabled"

    def to_start(self) -> tuple[str, ...]:
        """List the units that are to run in the end, in the order of their starts."""
        wanted = (
            name
            for name in ("docker.socket", "docker.service", *NODE_UNITS)
            if self.active(name) or self.enabled(name) or name == "docker.service"
        )
        return tuple(name for name in wanted if self.unit(name))

    @cached_property
    def data(self) -> Data:
        """What is below docker's root. Raises NotAsked, and HostProblem when it cannot be read."""
        lines = self._lines(("storage.data", _DATA), self.root)
        if ["sick"] in lines:
            raise HostProblem(f"{self.root} cannot be read, so it is not known what docker keeps there")
        entries = tuple(line[1] for line in lines if line[0] == "entry" and len(line) == 2)
        counts = {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}
        foreign = tuple(each for each in entries if each not in OF_DOCKER and not re.match(OF_DOCKER_TOO, each))
        at = next((line[1] for line in lines if line[0] == "at" and len(line) == 2), "")
        return Data(
            entries, counts.get("images", 0), counts.get("containers", 0), counts.get("volumes", 0), foreign,
            at if at != self.root else "",
        )  # fmt: skip

    def files(self, path: str) -> FileSystem:
        """Return the file system at a place. Raises NotAsked, and HostProblem."""
        answer = self._ask(("storage.files", _FILES), path)
        target = dict(re.findall(r'(TARGET|SOURCE|FSTYPE)="([^"]*)"', answer.stdout))
        sizes = re.search(r"^\S+\s+(\d+)\s+(\d+)\s+(\d+)\s+\d+%", answer.stdout, re.MULTILINE)
        if "TARGET" not in target or not sizes:
            raise HostProblem(f"the file system at {path} could not be read; nothing was changed")
        return FileSystem(
            target["TARGET"], target.get("SOURCE", "").partition("[")[0], target.get("FSTYPE", ""), int(sizes[1]),
            int(sizes[2]), _extent(answer.stdout), "ftype=0" not in answer.stdout,
        )  # fmt: skip

    def kernel_path(self, device: str) -> str:
        """Return where a name of a device leads, "" for nowhere. Raises NotAsked."""
        if self.layout.device(device):
            return device
        names = self._ask(("storage.name", _NAMES), device).stdout.splitlines()
        return next((line.partition(" ")[2] for line in names if line.partition(" ")[0] == device), "")

    def signatures(self, device: str) -> tuple[str, ...] | None:
        """List the signatures on a device, as "ext4 at 0x438"; None when it cannot be read. Raises NotAsked."""
        answer = self._ask(("storage.signatures", ("wipefs", "--parsable")), device)
        if answer.rc != 0:
            return None
        rows = [line.split(",") for line in answer.stdout.splitlines() if line and not line.startswith("#")]
        return tuple(f"{row[-1]} at {row[0]}" for row in rows if len(row) > 1)

    def old_lv(self) -> LogicalVolume | None:
        """Return the volume that the configuration on the host names for images, if it is there."""
        return self.layout.lv(self.old_group, self.old_name)

    @property
    def old_group(self) -> str:
        return self.setup.get("VG") or self.keys.get("VG", "")

    @property
    def old_name(self) -> str:
        """The name of the volume that the present driver uses, as the file on the host has it."""
        if self._is_pool:
            return self.setup.get("CONTAINER_THINPOOL", POOL)
        return self.setup.get(ROOT_LV, "")

    @property
    def old_root(self) -> str:
        return root_of(self.setup)

    @property
    def _is_pool(self) -> bool:
        if self.configured.driver:
            return self.configured.driver == "devicemapper"
        # docker-storage is gone already: the pool is what is left, if it is there
        return self.layout.lv(self.old_group, self.setup.get("CONTAINER_THINPOOL", POOL)) is not None

    def _ask(self, question: tuple[str, tuple[str, ...]], path: str) -> Answer:
        name, argv = f"{question[0]} {path}", (*question[1], path)
        if name not in self.host.answers:
            raise NotAsked(Watch(commands=(Question(name, argv),)))
        return self.host.answer(name)

    def _lines(self, question: tuple[str, tuple[str, ...]], path: str) -> list[list[str]]:
        return [line.split(" ", 1) for line in self._ask(question, path).stdout.splitlines()]

    def images(self) -> list[tuple[Question, tuple[str, ...]]]:
        """List the images of each engine that tells them, and how it was asked. Raises NotAsked."""
        if IMAGES[0].name not in self.host.answers:
            raise NotAsked(Watch(commands=IMAGES))
        told = ((question, self.host.answer(question.name)) for question in IMAGES)
        return [(question, tuple(sorted(set(answer.stdout.split())))) for question, answer in told if answer.rc == 0]

    def sizes(self) -> str:
        """Say how much the data of a running docker is, as `docker system df` does; "" when it does not. NotAsked.

        On devicemapper docker mounts each layer to measure it, which writes to the pool: a look must not.
        """
        if self.docker is None or self.docker.driver == "devicemapper":
            return ""
        if _SIZES.name not in self.host.answers:
            raise NotAsked(Watch(commands=(_SIZES,)))
        rows = [line.split("\t") for line in self.host.answer(_SIZES.name).stdout.splitlines()]
        return ", ".join(f"{row[0].lower()} {row[1]}" for row in rows if len(row) == 2)


_DOCKER_UP = "systemctl is-active --quiet docker.service && exec "
IMAGES = (
    Question("storage.images", ("sh", "-c", _DOCKER_UP + "docker images -aq --no-trunc"), "docker"),
    Question("storage.podman", ("podman", "images", "-aq", "--no-trunc")),
    Question("storage.crictl", ("crictl", "images", "-q")),
)
_SIZES = Question(
    "storage.sizes", ("sh", "-c", _DOCKER_UP + "docker system df --format '{{.Type}}\t{{.Size}}'"), "docker"
)


def watch(said: Said) -> Watch:
    """Name what is to be asked beside WATCH, as far as the options tell it."""
    root = root_of(said.keys)
    files, data = ("storage.files", _FILES, said.path or root), ("storage.data", _DATA, root)
    without_volume = ROOT_LV not in said.keys and said.keys.get("STORAGE_DRIVER") != "devicemapper"
    places = (files,) if said.mode == "grow" else (data, files) if without_volume else (data,)
    names = (("storage.name", _NAMES, device) for device in said.devices if device.startswith("/dev/disk/"))
    return Watch(commands=tuple(_question(*each) for each in (*places, *names)), timeout=_TIMEOUT)


#: Seconds that LVM and docker may take to answer on a host that is busy with its disks.
_TIMEOUT = 60.0


def _question(name: str, argv: tuple[str, ...], path: str) -> Question:
    return Question(f"{name} {path}", (*argv, path))


def root_of(keys: Mapping[str, str]) -> str:
    """Return where docker keeps its data: on its volume, else at the place among its flags."""
    flags = flags_of(keys.get(EXTRA, ""))["root"]
    named = keys.get(ROOT_PATH) if keys.get(ROOT_LV) else "".join(flags[-1:])
    return (named or DOCKER_ROOT).rstrip("/") or "/"


def facts_of(host: Observed, said: Said) -> Facts:
    """Read everything that was asked of a host. Raises HostProblem for what cannot be read."""
    layout = layout_of(host)
    return Facts(host, said, layout, _setup_keys(host), _configured(host), _docker(host))


def _setup_keys(host: Observed) -> Mapping[str, str]:
    try:
        return environment_file.parse(host.text(SETUP_FILE) or "")
    except FormatError as error:
        raise HostProblem(f"{SETUP_FILE}: {error}") from None


def _configured(host: Observed) -> Configured:
    """Read docker-storage in all the forms in which it was ever written."""
    try:
        options = environment_file.parse(host.text(STORAGE_FILE) or "").get("DOCKER_STORAGE_OPTIONS", "")
    except FormatError as error:
        raise HostProblem(f"{STORAGE_FILE}: {error}") from None
    flags = flags_of(options)
    drivers, stores = flags["driver"], flags["option"]
    pool = next((value.partition("=")[2] for value in stores if value.startswith("dm.thinpooldev=")), "")
    if any(value.startswith(("dm.datadev=", "dm.metadatadev=")) for value in stores):
        return Configured("devicemapper", pool, "it names devices for a loop file (dm.datadev), which is never a pool")
    if len(set(drivers)) > 1:
        return Configured(drivers[-1], pool, f"it names the drivers {' and '.join(drivers)}")
    driver = drivers[0] if drivers else ("devicemapper" if pool else "")
    if options.strip() and not driver:
        return Configured("", "", "its options name no driver")
    return Configured(driver, pool.removeprefix("/dev/mapper/"), root=root_of({EXTRA: options}))


_FLAGS = {
    **dict.fromkeys(("--storage-driver", "-s"), "driver"),
    **dict.fromkeys(("--storage-opt",), "option"),
    **dict.fromkeys(("--data-root", "--graph", "-g"), "root"),
}


def flags_of(options: str) -> dict[str, list[str]]:
    """Gather the values of docker's flags by what they are for, written with a space or an equals sign."""
    found: dict[str, list[str]] = {purpose: [] for purpose in _FLAGS.values()}
    rest = iter(environment_file.words(options))
    for word in rest:
        flag, equals, value = word.partition("=")
        if flag in _FLAGS:
            found[_FLAGS[flag]].append(value if equals else next(rest, ""))
    return found


def _docker(host: Observed) -> Docker | None:
    info = docker_info(host)
    if info is None:
        return None

    def value(name: str) -> str:
        found = re.search(rf"^ *{name}: *(.*)$", info, re.MULTILINE)
        return found[1].strip() if found else ""

    def count(name: str) -> int:
        return int(value(name)) if value(name).isdigit() else 0

    return Docker(
        value("Storage Driver"), value("Docker Root Dir") or DOCKER_ROOT, value("Backing Filesystem"),
        {"true": True, "false": False}.get(value("Supports d_type").lower()), value("Pool Name"),
        bool(value("Data loop file")), count("Images"), count("Containers"), count("Running") + count("Paused"),
    )  # fmt: skip


def _blocks(answer: Answer) -> dict[str, dict[str, str]]:
    """Read the answer of systemctl show for several units."""
    if answer.failure or answer.rc:
        raise HostProblem(f"systemctl show gave {answer.failure or answer.stderr.strip()}; nothing was changed")
    found = {}
    for block in answer.stdout.split("\n\n"):
        pairs = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        found[pairs.get("Id", "")] = pairs
    return found


def _extent(text: str) -> int | None:
    """Return how many bytes of its device an XFS or ext file system uses."""
    xfs = re.search(r"^data\s+=\s*bsize=(\d+)\s+blocks=(\d+)", text, re.MULTILINE)
    if xfs:
        return int(xfs[1]) * int(xfs[2])
    blocks, size = (re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE) for name in ("Block count", "Block size"))
    return int(blocks[1]) * int(size[1]) if blocks and size else None
