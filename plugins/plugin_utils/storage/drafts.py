# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a decision to the draft of its one transaction: files, steps that look once more before they act, and proofs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..formats import environment_file
from ..host.observed import HostProblem, Observed
from ..host.programs import with_python
from ..host.services import DOCKER_INFO
from ..plan.draft import Check, Draft, FileChange, Step
from ..plan.plan import Disruption, view
from .asked import POOL, ROOT_LV, Said, size_of
from .facts import (
    DOCKER_UNITS,
    DROP_INS,
    NODE_UNITS,
    OF_DOCKER,
    OF_DOCKER_TOO,
    SETUP_FILE,
    STORAGE_FILE,
    Facts,
    facts_of,
)
from .layout import LogicalVolume, human
from .stages import CLEAR, GROW, HOLD, MAKE, RELEASE, WRITE, Decision, decide

PART = ("storage",)
_PROGRAM = Path(__file__).parents[2] / "module_utils/_storage.py"
_DROP_IN = """\
# dockyard.openshift changes where docker keeps its images on this host, and has not finished. Until then docker must
# not start. Run the task with mode switch again; it goes on where it was.
[Unit]
ConditionPathExists=!{path}
"""
#: Starts that failed before count towards systemd's limit, and are forgotten first.
_START = 'systemctl reset-failed "$@" 2>/dev/null; exec systemctl start "$@"'
_RELOAD = Step("reload systemd", ("systemctl", "daemon-reload"), "the condition of docker changes")


@dataclass(frozen=True)
class About:
    """What the report needs of a draft."""

    facts: Facts
    decision: Decision


def draft(said: Said, host: Observed) -> Draft:
    """Decide what comes next on the host, as the draft of one transaction. Raises NotAsked, and HostProblem."""
    facts = facts_of(host, said)
    decision = decide(facts)
    about = About(facts, decision)
    if decision.refusals:
        return Draft(PART, refusals=tuple(dict.fromkeys(decision.refusals)), about=about)
    made = _STAGES[decision.stage](facts, decision) if decision.stage else Draft(PART)
    return Draft(
        PART,
        files=made.files,
        steps=made.steps,
        checks=made.checks,
        notes=(*decision.notes, *(f"then: {text}" for text in decision.later)),
        warnings=tuple(decision.warnings),
        only_a_real_run_shows=(_SHOWN_LATER[decision.stage],) if decision.stage in _SHOWN_LATER else (),
        about=about,
    )


#: What no plan can tell, by stage.
_SHOWN_LATER = dict.fromkeys((HOLD, CLEAR, MAKE, RELEASE), "whether docker comes up with it")
_SHOWN_LATER[GROW] = "whether every image is there afterwards"

# stages


def _hold(facts: Facts, decision: Decision) -> Draft:
    """Stop docker and the node, and keep docker from starting until all is done."""
    if facts.docker and facts.docker.running and facts.said.activation == "if_idle":
        raise HostProblem(
            f"docker runs containers here ({facts.docker.running}), and they would be stopped; drain the node first "
            "(node_drain), or set activation to now"
        )
    files = [path for unit, path in DROP_INS.items() if facts.unit(unit)]
    stopped = [unit for unit in (*NODE_UNITS, "docker.socket", "docker.service") if facts.unit(unit)]
    again = [unit for unit in ("docker.socket", "docker.service", *NODE_UNITS) if facts.active(unit)]
    running = f" with {facts.docker.running} container(s)" if facts.docker else ""
    stop = Step(
        "stop docker and the node service",
        ("systemctl", "stop", *stopped),
        "the storage below them changes",
        f"{', '.join(stopped)}{running}",
        Disruption.DRAIN,
        ("systemctl", "start", *again) if again else None,
        600.0,
    )
    return Draft(
        PART,
        files=tuple(
            FileChange(path, _DROP_IN.format(path=path).encode(), "docker must not start while its storage changes")
            for path in files
        ),
        steps=(_RELOAD, stop),
        checks=tuple(_stopped(unit) for unit in stopped),
    )


def _clear(facts: Facts, decision: Decision) -> Draft:
    """Remove the storage before."""
    old = decision.remove
    root = facts.old_root
    names = _sources(facts.old_group, facts.old_name)
    wanted = {
        "units": [unit for unit in (*DOCKER_UNITS, *NODE_UNITS) if facts.unit(unit)],
        "root": root,
        "mount_unit": f"/etc/systemd/system/{_escaped(root)}.mount",
        "sources": names,
        "storage_file": STORAGE_FILE,
        "known": sorted(OF_DOCKER),
        "known_too": OF_DOCKER_TOO,
        "remove_volume_group": facts.said.remove_volume_group,
        "group_disks": (_group_disks(facts) or _begun_disks(facts)) if facts.said.remove_volume_group else [],
        **_expected(facts, facts.old_group, old),
    }
    why = f"{old.vg}/{old.name} and its data go" if old else "its data go"
    return Draft(PART, steps=(_step(f"remove the storage below {root}", "clear", wanted, why, 1800.0),))


def _make(facts: Facts, decision: Decision) -> Draft:
    """Write the keys and run docker-storage-setup; what it says is not believed before it was looked at."""
    vg = facts.keys.get("VG", "")
    wanted = {
        **_expected(facts, vg, None),
        "disks": _disks(decision),
        "stopped": list(DOCKER_UNITS[:1]) if facts.held or not facts.active("docker.service") else [],
        "empty_lv": decision.empty_lv,
    }
    step = _step("docker-storage-setup", "setup", wanted, "the storage is made as its file says", facts.said.timeout)
    return Draft(PART, files=_setup_file(decision, facts), steps=(step,), checks=_told(facts))


def _release(facts: Facts, decision: Decision) -> Draft:
    """Let docker start, start it, and ask it."""
    units = facts.to_start()
    drop_ins = [path for path in DROP_INS.values() if facts.host.exists(path)]
    start = Step(
        "start docker and the node service",
        ("sh", "-c", _START, "sh", *units),
        "its storage is as asked for",
        ", ".join(units),
        Disruption.NONE,
        ("systemctl", "stop", *reversed(units)),
        300.0,
    )
    return Draft(
        PART,
        files=(
            *_setup_file(decision, facts),
            *(FileChange(path, None, "docker may start again") for path in drop_ins),
        ),
        steps=(_RELOAD, start) if drop_ins else (start,),
        checks=(
            *_told(facts),
            *docker_answers(facts.driver, facts.keys, facts.root),
            *(_is_active(unit) for unit in units),
        ),
    )


def _grow(facts: Facts, decision: Decision) -> Draft:
    """Take the disks into the group, and grow the volume and its file system."""
    volume, vg = decision.volume, facts.layout.vg(facts.keys["VG"])
    if volume is None or vg is None:
        raise HostProblem("there is no volume to grow")  # decided before; said again for whoever calls it otherwise
    expected = _expected(facts, vg.name, volume)
    steps = []
    if decision.disks:
        verb, what = ("setup", "docker-storage-setup") if decision.keys else ("add", f"take disks into {vg.name}")
        names = ", ".join(f"{disk.name} ({human(disk.size)})" for disk in decision.disks)
        wanted = {**expected, "disks": _disks(decision), "stopped": [], "empty_lv": None}
        steps.append(_step(what, verb, wanted, f"{names} for {vg.name}", facts.said.timeout))
    size = facts.said.size
    wanted = {**expected, "mount": decision.mount, "fstype": decision.fstype, "size": _size(size)}
    why = f"now {human(volume.size)}, asked for: {size}"
    steps.append(_step(f"grow {volume.vg}/{volume.name}", "extend", wanted, why, facts.said.timeout))
    return Draft(PART, files=_setup_file(decision, facts), steps=tuple(steps), checks=_same_images(facts))


def _write(facts: Facts, decision: Decision) -> Draft:
    return Draft(PART, files=_setup_file(decision, facts))


_STAGES = {HOLD: _hold, CLEAR: _clear, MAKE: _make, RELEASE: _release, GROW: _grow, WRITE: _write}


# their parts


def _step(name: str, verb: str, wanted: Mapping[str, Any], why: str, timeout: float) -> Step:
    argv = with_python(_program(), verb, json.dumps(wanted, sort_keys=True))
    return Step(name, argv, why, undo=None, timeout=float(timeout))


def _expected(facts: Facts, vg: str, lv: LogicalVolume | None) -> dict[str, Any]:
    """Tell the step which group and volume the plan is about; another one of the name is not touched."""
    group = facts.layout.vg(vg) if vg else None
    return {
        "vg": vg,
        "vg_uuid": group.uuid if group else None,
        "lv": lv.name if lv else None,
        "lv_uuid": lv.uuid if lv else None,
    }


def _disks(decision: Decision) -> list[dict[str, Any]]:
    return [{"path": disk.name, "size": disk.size, "resume": disk.resumes} for disk in decision.disks]


def _group_disks(facts: Facts) -> list[dict[str, Any]]:
    """Tell on which disks the group is, and by which physical volumes."""
    owned = [facts.layout.device(pv.path) for pv in facts.layout.pvs if pv.vg == facts.old_group]
    found: dict[str, list[str]] = {}
    for device in owned:
        if device:
            found.setdefault(facts.layout.disk(device).path, []).append(device.path)
    sizes = {device.path: device.size for device in facts.layout.devices}
    return [{"path": path, "pvs": pvs, "size": sizes[path]} for path, pvs in found.items()]


def _begun_disks(facts: Facts) -> list[dict[str, Any]]:
    """Tell which disks an interrupted run was about to free; the group itself may be gone."""
    return list(facts.begun.get("group_disks", ()))


def _size(size: str) -> str | int:
    """Return a size as the step takes it: a share of the group, or bytes."""
    return size if size.endswith(("%FREE", "%VG")) else size_of(size)


def _setup_file(decision: Decision, facts: Facts) -> tuple[FileChange, ...]:
    """Write the keys; lines of others stay."""
    before = facts.host.text(SETUP_FILE)
    if not decision.keys or decision.keys == dict(facts.setup):
        return ()
    after = environment_file.edit(before or "", decision.keys)
    views = (_view(facts.setup), _view(decision.keys))
    return (FileChange(SETUP_FILE, after.encode(), "the keys of docker-storage-setup", *views),)


def _view(keys: Mapping[str, str]) -> str:
    return view(f"{name}={value}" for name, value in keys.items())


def _stopped(unit: str) -> Check:
    argv = ("systemctl", "show", "-p", "ActiveState", unit)
    return Check(f"{unit} is stopped", argv, ({"pattern": "^ActiveState=(inactive|failed)$"},), attempts=5, delay=2.0)


def _is_active(unit: str) -> Check:
    return Check(f"{unit} runs", ("systemctl", "is-active", unit), ({"rc": 0},), attempts=30, delay=2.0)


def _told(facts: Facts) -> tuple[Check, ...]:
    """Check what docker is told, and that the volume is where it shall be."""
    checks = []
    if facts.driver:
        told = rf"(--storage-driver|-s)[ =]{facts.driver}\b"
        if facts.driver == "devicemapper":
            told += r"|dm\.thinpooldev="  # which says it too, in files of long ago
        checks.append(Check(f"{STORAGE_FILE} says {facts.driver}", ("cat", STORAGE_FILE), ({"pattern": told},)))
    if facts.driver != "devicemapper" and facts.keys.get(ROOT_LV):
        sources = "|".join(map(re.escape, _sources(facts.keys["VG"], facts.keys[ROOT_LV])))
        argv = ("findmnt", "-n", "-o", "SOURCE", "--target", facts.root)
        checks.append(Check(f"{facts.root} is mounted from its volume", argv, ({"pattern": f"^({sources})\\s*$"},)))
    return tuple(checks)


def docker_answers(driver: str, keys: Mapping[str, str], root: str) -> tuple[Check, ...]:
    """Ask docker itself: its driver, its place, and whether overlay works there."""
    expect: list[Mapping[str, Any]] = [
        {"pattern": rf"^ *Storage Driver: {driver}\s*$"},
        {"pattern": "Data loop file", "found": False},
    ]
    if driver == "devicemapper":
        vg, pool = keys.get("VG", ""), keys.get("CONTAINER_THINPOOL", POOL)
        mapped = LogicalVolume(vg, pool, "", 0, "").mapped.removeprefix("/dev/mapper/")
        expect.append({"pattern": rf"^ *Pool Name: {re.escape(mapped)}\s*$"})
    else:
        # docker before 1.13 does not tell
        expect.append({"pattern": r"^ *Supports d_type: false\s*$", "found": False})
    expect.append({"pattern": rf"^ *Docker Root Dir: {re.escape(root)}\s*$"})
    name = f"docker answers with {driver} in {root}"
    return (Check(name, DOCKER_INFO.argv, tuple(expect), attempts=30, delay=2.0, timeout=60.0),)


def _same_images(facts: Facts) -> tuple[Check, ...]:
    """Check that every image is there afterwards, and no other."""
    return tuple(
        Check(
            "the images are those of before",
            question.argv,
            ({"pattern": r"^(?P<items>\S+)$", "items": list(images), "ordered": False},),
            attempts=3,
            timeout=60.0,
        )
        for question, images in facts.images()
        if images
    )


def _sources(vg: str, lv: str) -> list[str]:
    """List the names under which a volume is mounted."""
    return [f"/dev/{vg}/{lv}", LogicalVolume(vg, lv, "", 0, "").mapped] if vg and lv else []


def _escaped(path: str) -> str:
    """Return the name of the mount unit of a path (systemd-escape(1))."""
    return path.strip("/").replace("-", "\\x2d").replace("/", "-")


@cache
def _program() -> str:
    return _PROGRAM.read_text(encoding="utf-8")
