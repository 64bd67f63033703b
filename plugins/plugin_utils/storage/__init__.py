# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storage for the images of docker, podman and CRI-O as a feature of tasks about hosts: made, grown, switched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from ..host.observed import Observed
from ..host.watch import Watch
from ..plan.proposal import Drafter, Proposal
from . import asked, facts
from . import drafts as drafting
from . import report as reporting
from .asked import MODES, Said
from .stages import decide
from .variables import PREFIX, VARIABLES, fill, refuse_unmade

__all__ = ["PREFIX", "VARIABLES", "fill", "refuse_unmade"]

WATCH = facts.WATCH

WORD_OPTIONS: dict[str, dict[str, Any]] = {
    "driver": {
        "type": "str",
        "description": ["The driver that docker shall have, C(STORAGE_DRIVER): V(overlay2) or V(devicemapper)."],
    },
    "devices": {
        "type": "raw",
        "description": [
            "Disks for the volume group: whole ones, by any name, as a list or a text with spaces. They are added to "
            "C(DEVS); disks of it that are in the group stay.",
            "A disk that holds anything, is in use, belongs to another group, or is the system's own, is refused.",
        ],
    },
    "settings": {
        "type": "dict",
        "description": [
            "Keys of C(/etc/sysconfig/docker-storage-setup) by name, such as C(VG) and C(DATA_SIZE); those of "
            "openshift-ansible's C(docker_storage_setup_options) are taken too.",
            "A volume for overlay2 has C(CONTAINER_ROOT_LV_NAME), C(CONTAINER_ROOT_LV_MOUNT_PATH) and perhaps "
            "C(CONTAINER_ROOT_LV_SIZE).",
            "Keys that are not named stay as they are on the host.",
        ],
    },
}

OPTIONS = WORD_OPTIONS | {
    "mode": {
        "type": "str",
        "choices": list(MODES),
        "default": "setup",
        "description": [
            "V(setup) makes the storage of a host that has none, and changes keys of its file. V(grow) takes more "
            "disks into the group and grows the volume with its file system; everything on it stays. V(switch) goes "
            "to another driver or volume, and destroys the images and containers there.",
        ],
    },
    "path": {
        "type": "str",
        "description": [
            "With O(mode=grow), the mount point of the volume that shall grow, such as V(/var/lib/containers) of "
            "podman and CRI-O. Unless given, it is the volume that docker-storage-setup has made.",
        ],
    },
    "size": {
        "type": "str",
        "default": "100%FREE",
        "description": [
            "With O(mode=grow), how large the volume shall be: V(100%FREE) for all there is, a share of the group "
            "such as V(80%VG), or a size such as V(200G). Nothing is ever made smaller.",
        ],
    },
    "remove_volume_group": {
        "type": "bool",
        "default": False,
        "description": [
            "With O(mode=switch), whether the volume group goes as well, with its physical volumes and the partition "
            "tables of its disks. Refused when it has volumes of anybody else.",
        ],
    },
}

CHANGE_OPTIONS: dict[str, dict[str, Any]] = {
    "activation": {
        "type": "str",
        "choices": ["now", "if_idle"],
        "default": "if_idle",
        "description": [
            "Whether docker may be stopped while containers run. V(if_idle) refuses that before anything is touched.",
        ],
    },
    "confirm": {
        "type": "str",
        "description": [
            "The name of this host in the inventory, without which nothing is destroyed. The plan of a run without it "
            "says what that would be.",
        ],
    },
    "timeout": {
        "type": "int",
        "default": 600,
        "description": ["How many seconds docker-storage-setup, or the growth of a file system, may take."],
    },
}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}

#: Options that say what is wanted.
ASKING = tuple(WORD_OPTIONS)


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Said:
    return asked.read(options)


def watch(said: Said) -> Watch:
    return WATCH + facts.watch(said)


def drafts(host: Observed, said: Said) -> Iterable[Drafter]:
    return [partial(drafting.draft, said)]


def withdraw(host: Observed) -> Iterable[Drafter]:
    return []  # what is on disks is never taken away because nobody names it


def confirm(host: Observed) -> Iterable[Drafter]:
    return []


def report(proposal: Proposal, said: Said, report: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    about = next(draft.about for draft in proposal.drafts)
    return {"storage": reporting.told(about)}


def survey(host: Observed, said: Said, options: Mapping[str, Any]) -> dict[str, Any]:
    found = facts.facts_of(host, said)
    told = reporting.told(drafting.About(found, decide(found)))
    return {"storage": {**told, "findings": reporting.differences(found)}}
