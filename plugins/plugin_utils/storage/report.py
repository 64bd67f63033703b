# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of the storage of a host: driver, place, group, volume, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from .drafts import About
from .facts import Facts
from .layout import LogicalVolume, VolumeGroup, human


def told(about: About) -> dict[str, Any]:
    """Tell of the storage as the last look found it."""
    facts = about.facts
    docker, volume = facts.docker, about.decision.volume
    vg = facts.layout.vg(facts.keys.get("VG", ""))
    return {
        "stage": about.decision.stage,
        "held": facts.held,
        "configured": {"driver": facts.keys.get("STORAGE_DRIVER", ""), "docker_storage": facts.configured.driver},
        "docker": docker and {name: getattr(docker, name) for name in ("driver", "root", "pool", "images")},
        "root": facts.root,
        "volume_group": vg and _group(vg),
        "volume": volume and _volume(volume),
        "disks": [disk.path for disk in facts.layout.disks_of(vg.name)] if vg else [],
        "lost": about.decision.lost,
    }


def differences(facts: Facts) -> list[str]:
    """Say where docker differs from what it is told and what is configured."""
    docker, told_driver, wanted = facts.docker, facts.configured.driver, facts.setup.get("STORAGE_DRIVER")
    found = []
    if facts.configured.problem:
        found.append(f"docker-storage: {facts.configured.problem}")
    if not wanted:
        found.append("STORAGE_DRIVER is not set")
    elif told_driver and told_driver != wanted:
        found.append(f"docker-storage says {told_driver}, and docker-storage-setup {wanted}")
    if docker and told_driver and docker.driver != told_driver:
        found.append(f"docker runs with {docker.driver}, and docker-storage says {told_driver}")
    if docker and docker.loop:
        found.append("docker keeps its data in a loop file")
    if docker and docker.d_type is False:
        found.append(f"{docker.root} is on a file system without d_type")
    return found


def _group(vg: VolumeGroup) -> dict[str, Any]:
    return {"name": vg.name, "size": vg.size, "free": vg.free, "physical_volumes": vg.pvs}


def _volume(lv: LogicalVolume) -> dict[str, Any]:
    kind = "thin-pool" if lv.is_pool else lv.kind
    return {"name": f"{lv.vg}/{lv.name}", "kind": kind, "size": lv.size, "text": human(lv.size), "used": lv.used}
