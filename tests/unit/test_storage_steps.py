# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that changes storage on hosts looks once more right before it acts, and passes over what is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.dockyard.openshift.plugins.module_utils import _storage
from ansible_collections.dockyard.openshift.plugins.modules.host_transaction import unmet
from ansible_collections.dockyard.openshift.plugins.plugin_utils.storage.drafts import docker_answers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.storage.facts import OF_DOCKER, OF_DOCKER_TOO
from cases import cases
from hands.conftest import python27

GIB = 1 << 30
LOOKS = ("pvs", "vgs", "lvs", "lsblk", "blockdev", "wipefs", "systemctl", "dmsetup")


class Lvm:
    """Programs of a host, as far as the steps call them. done: what was called that does something."""

    def __init__(self, told, root):
        self.done, self.root = [], str(root)
        self.groups = {"vg": {"uuid": "u-vg", "free": 4 * GIB, **told.get("group", {})}}
        self.volumes = {"pool": {"uuid": "u-pool", "size": 8 * GIB}, **told.get("volumes", {})}
        self.pvs = told.get("pvs", {"/dev/vdb1": "vg"})
        self.parts, self.signed = told.get("parts", {"/dev/vdb": ["vdb1"]}), told.get("signed", {})
        self.sizes, self.active = {"/dev/vdc": 4 * GIB, **told.get("sizes", {})}, told.get("active", [])
        self.mounted = [[word.replace("ROOT", self.root) for word in each] for each in told.get("mounted", [])]
        self.used = told.get("used", [])
        for gone in told.get("gone", []):
            self.groups.pop(gone, None)
            self.volumes.pop(gone, None)

    def run(self, argv):
        """Answer as the program would."""
        name, *words = argv
        looks = name in LOOKS and not {"--all", "remove", "disable", "daemon-reload", "--rereadpt"} & set(words)
        if not looks:
            self.done.append(" ".join(argv).replace(self.root, "ROOT"))
            return getattr(self, "do_" + name.replace(".", "_"), lambda *dummy: (0, "", ""))(*words)
        return getattr(self, name)(*words)

    def vgs(self, *words):
        found = self.groups.get(words[-1])
        if not found:
            return 5, "", "not found"
        size = 20 * GIB
        return 0, (
            f"LVM2_VG_NAME='{words[-1]}' LVM2_VG_UUID='{found['uuid']}' LVM2_VG_SIZE='{size}' "
            f"LVM2_VG_FREE='{found['free']}' LVM2_VG_EXTENT_SIZE='4194304' LVM2_LV_COUNT='{len(self.volumes)}'"
        ), ""  # fmt: skip

    def lvs(self, *words):
        lines = [
            f"LVM2_LV_NAME='{name}' LVM2_VG_NAME='vg' LVM2_LV_UUID='{lv['uuid']}' LVM2_LV_SIZE='{lv['size']}' "
            f"LVM2_LV_ATTR='' LVM2_POOL_LV='{lv.get('pool', '')}' LVM2_ORIGIN='{lv.get('origin', '')}'"
            for name, lv in self.volumes.items()
        ]
        return 0, "\n".join(lines), ""

    def lsblk(self, *words):
        disk = words[-1]
        lines = [disk.rpartition("/")[2] + (" disk" if "TYPE" in words[-2] else "")]
        parts = [(each + " part").split()[:2] for each in self.parts.get(disk, [])]
        lines += [" ".join(each if "TYPE" in words[-2] else each[:1]) for each in parts]
        return 0, "\n".join(lines), ""

    def blockdev(self, *words):
        return 0, str(self.sizes.get(words[-1], 0)), ""

    def wipefs(self, *words):
        found = self.signed.get(words[-1])
        return 0, "# offset,uuid,label,type\n" + (f"0x438,,,{found}\n" if found else ""), ""

    def systemctl(self, *words):
        return 0, "ActiveState=" + ("active" if words[-1] in self.active else "inactive"), ""

    def dmsetup(self, *words):
        return 0, "", ""

    # those that do something

    def do_vgextend(self, vg, path):
        self.pvs_of[path] = vg
        return 0, "", ""

    def do_docker_storage_setup(self):
        return 0, "", ""

    def do_lvremove(self, *words):
        self.volumes.pop(words[-1].partition("/")[2])
        return 0, "", ""

    def do_vgremove(self, vg):
        self.pvs_of = {path: "" if owner == vg else owner for path, owner in self.pvs_of.items()}
        return 0, "", ""

    def do_lvextend(self, *words):
        self.volumes[words[-1].partition("/")[2]]["size"] += 4 * GIB
        return 0, "", ""

    def do_rm(self, *words):
        os.rmdir(words[-1])
        return 0, "", ""


@pytest.fixture
def host(monkeypatch, tmp_path):
    """host(told): the program on such a host; paths of devices exist."""

    def make(told):
        lvm = Lvm(told, tmp_path / "docker")
        lvm.pvs_of = lvm.pvs
        lvm.pvs = lambda *words: (
            0, "\n".join(f"LVM2_PV_NAME='{path}' LVM2_VG_NAME='{vg}'" for path, vg in lvm.pvs_of.items()), "",
        )  # fmt: skip
        monkeypatch.setattr(_storage, "run", lvm.run)
        monkeypatch.setattr(_storage, "mounts", lambda: [(*each, "/")[:4] for each in lvm.mounted])
        monkeypatch.setattr(_storage, "same_device", lambda one, other: one == other)
        monkeypatch.setattr(_storage, "whole_of", lambda path: path.rstrip("0123456789"))
        monkeypatch.setattr(_storage, "refuse_used", lambda path: refuse(lvm, path))
        monkeypatch.setattr(_storage, "there_is", lambda path: path in lvm.sizes)
        monkeypatch.setattr(_storage, "text_of", lambda path: told.get(path.rpartition("/")[2], ""))
        monkeypatch.setattr(_storage, "daemons", lambda: told.get("daemons", []))
        root = tmp_path / "docker"
        root.mkdir()
        for name in told.get("entries", ["containers", "image"]):
            (root / name).mkdir()
        (tmp_path / "docker-storage").write_text("")
        return lvm

    return make


def refuse(lvm, path):
    if path in lvm.used:
        raise _storage.Refused(f"{path} is in use")


def wanted_by(step, case, tmp_path):
    disk = {"path": "/dev/vdc", "size": 4 * GIB, "resume": False, **case.get("disk", {})}
    group = {"vg": "vg", "vg_uuid": "u-vg", "lv": "pool", "lv_uuid": "u-pool"}
    return {
        "setup": {**group, "disks": [disk], "stopped": ["docker.service"], "empty_lv": case.get("empty_lv")},
        "add": {**group, "disks": [disk]},
        "extend": {**group, "mount": "", "fstype": "", "size": "100%FREE"},
        "clear": {
            **group, "units": ["docker.service", "docker.socket"], "root": str(tmp_path / "docker"),
            "mount_unit": str(tmp_path / "docker.mount"), "sources": ["/dev/vg/pool"],
            "storage_file": str(tmp_path / "docker-storage"), "known": sorted(OF_DOCKER), "known_too": OF_DOCKER_TOO,
            "remove_volume_group": False,
            "group_disks": [{"path": "/dev/vdb", "pvs": ["/dev/vdb1"], "size": 4 * GIB}],
        },
    }[step] | case.get("wanted", {})  # fmt: skip


@pytest.mark.parametrize("case", cases("storage/steps.yml"))
def test_a_step(case, host, tmp_path, sentences):
    lvm = host(case.get("host", {}))
    wanted = wanted_by(case["step"], case, tmp_path)
    if "refused" in case:
        with pytest.raises(_storage.Refused) as refusal:
            _storage.STEPS[case["step"]](wanted)
        said = str(refusal.value).replace(lvm.root, "ROOT")
        assert case["refused"] in said
        sentences(said)
    else:
        _storage.STEPS[case["step"]](wanted)
    assert lvm.done == case.get("done", [])


def test_a_refusal_is_one_sentence_and_a_return_code(host, tmp_path, capsys):
    host({"gone": ["vg"]})
    assert _storage.main("add", '{"vg": "vg", "vg_uuid": "u-vg", "disks": []}') == 1
    assert capsys.readouterr().err == "the volume group vg is gone\n"


INFO = """Containers: 0
 Running: 0
Images: 0
Server Version: 1.13.1
Storage Driver: {driver}
{says}
Logging Driver: journald
Docker Root Dir: /var/lib/docker
Insecure Registries:
 127.0.0.0/8
"""
POOL = {"STORAGE_DRIVER": "devicemapper", "VG": "docker_vg"}
VOLUME = {"STORAGE_DRIVER": "overlay2"}


@pytest.mark.parametrize(
    ("keys", "driver", "says", "well"),
    [
        (POOL, "devicemapper", " Pool Name: docker_vg-docker--pool", True),
        (POOL, "devicemapper", " Pool Name: docker-253:1-99-pool\n Data loop file: /var/lib/docker/data", False),
        (POOL, "devicemapper", " Pool Name: other-docker--pool", False),
        (POOL, "overlay2", " Supports d_type: true", False),
        (VOLUME, "overlay2", " Backing Filesystem: xfs\n Supports d_type: true", True),
        (VOLUME, "overlay2", " Backing Filesystem: xfs", True),
        (VOLUME, "overlay2", " Backing Filesystem: xfs\n Supports d_type: false", False),
        (VOLUME, "overlay", " Supports d_type: true", False),
        (VOLUME, "vfs", "", False),
    ],
)
def test_docker_has_to_answer_with_the_storage_that_was_asked_for(keys, driver, says, well):
    (check,) = docker_answers(keys["STORAGE_DRIVER"], keys, "/var/lib/docker")
    answer = {"state": "done", "rc": 0, "stdout": INFO.format(driver=driver, says=says), "stderr": ""}
    usual = {"found": True, "items": None, "path": None, "rc": None}
    assert (unmet([{**usual, **each} for each in check.expect], answer) is None) == well


# what the stand-in of the programs takes the place of


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (["sh", "-c", "echo out; echo err >&2; exit 3"], (3, "out\n", "err\n")),
        (["sh", "-c", "echo $LC_ALL; cat; printf '\\377'"], (0, "C\n" + os.fsdecode(b"\377"), "")),
    ],
)
def test_a_program_is_run_with_nothing_to_read_and_in_plain_english(argv, answer):
    assert _storage.run(argv) == answer


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo one >&2; echo two >&2; exit 5", "ended with 5: two"),
        ("echo ERROR: no room >&2; echo Usage >&2; exit 1", "ended with 1: ERROR: no room"),
        ("echo only out; exit 1", "ended with 1: only out"),
        ("exit 2", "ended with 2: it says nothing"),
    ],
)
def test_of_a_program_that_fails_its_reason_is_told(script, says):
    with pytest.raises(_storage.Refused) as refusal:
        _storage.must(["sh", "-c", script, "more", "and", "more"])
    assert str(refusal.value) == f"sh -c {script} more {says}"
    assert _storage.must(["echo", "well"]) == "well\n"


def test_a_program_that_is_not_there():
    with pytest.raises(_storage.Refused, match=r"^/nowhere/lvs cannot be run: No such file or directory$"):
        _storage.run(["/nowhere/lvs"])


def test_mounts_are_those_of_the_kernel_with_their_names_as_people_write_them():
    assert ("/proc", "proc", "/") in [(target, kind, inside) for target, _source, kind, inside in _storage.mounts()]
    assert _storage.unescaped(r"/a\040b\011c\134d") == "/a b\tc\\d"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/dev/null", "/dev/null", True),
        ("/dev/null", "/dev/zero", False),
        (__file__, __file__, False),
        ("/dev/null", "/dev/none", False),
    ],
)
def test_two_paths_are_one_device(one, other, same):
    assert _storage.same_device(one, other) is same


def test_what_has_no_partition_number_is_a_disk_itself(tmp_path):
    assert _storage.whole_of("/dev/none1") == "/dev/none1"
    (tmp_path / "uuid").write_text("part1-mpath")
    assert (_storage.text_of(tmp_path / "uuid"), _storage.text_of(tmp_path / "none")) == ("part1-mpath", "")


#: Runs a step as if no docker ran, which one of the labs may do on this machine.
ALONE = """
import sys; sys.path.insert(0, sys.argv[1]); import _storage
_storage.daemons = lambda: []; sys.exit(_storage.main("clear", sys.argv[2]))
"""
INTERPRETERS = [name for name in (sys.executable, python27()) if name]


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=["python3", "python2.7"][: len(INTERPRETERS)])
@pytest.mark.parametrize("name", [b"r\xc3\xa4ume", b"r\xe4ume"])
def test_a_name_in_any_letters_is_told_in_a_locale_that_has_none(interpreter, name, tmp_path):
    (tmp_path / "systemctl").write_text("#!/bin/sh\necho ActiveState=inactive\n")
    (tmp_path / "systemctl").chmod(0o755)
    root = tmp_path / "döcker"
    root.mkdir()
    os.mkdir(os.path.join(os.fsencode(root), name))
    told = {"units": ["docker.service"], "root": str(root), "known": [], "known_too": "none"}
    plain = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    argv = [interpreter, "-c", ALONE, str(Path(_storage.__file__).parent), json.dumps(told)]
    done = subprocess.run(argv, env=plain, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr == os.fsencode(f"{root} holds what is not docker's: ") + name + b"\n"


def test_a_file_in_another_encoding_is_read(tmp_path):
    (tmp_path / "fstab").write_bytes(b"# f\xfcr docker\n")
    assert os.fsencode(_storage.text_of(tmp_path / "fstab")) == b"# f\xfcr docker\n"
