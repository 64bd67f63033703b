# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One step of a change of storage. What the plan assumed is looked at once more, right before anything is done.

Runs on managed hosts by itself (python -c), under Python 2.7 and later. Two words: the name of the step, and a JSON
object with what it needs and what it expects. A step that is done already does nothing, so it can be run again after
an interruption at any moment. Ends with 1 and one sentence on standard error when something is not as expected; then
it has not begun, or has stopped where the next run goes on.

setup: runs docker-storage-setup. add: makes disks physical volumes of a group. extend: grows a volume and its file
system. clear: removes the volume and the data of the old storage.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import re
import subprocess
import sys
import time

PAIR = re.compile(r"""LVM2_([A-Z_]+)='([^']*)'""")
LVM = ["--noheadings", "--nameprefixes", "--units", "b", "--nosuffix", "-o"]
#: What runs in mount points below docker's root may leave behind there, all of it docker's own.
OF_DOCKER = ("overlay", "tmpfs", "nsfs", "proc", "sysfs", "mqueue", "shm", "fuse.overlayfs", "aufs")
#: The devices that docker makes in its pool by itself.
DEVICE_OF_DOCKER = r"docker-\d+:\d+-\d+-"
#: Partitions to which lsblk before 2.34 gives the kind of their disk.
PARTITION = r"(md_d|md|loop)\d+p\d+$"
#: Leave time for a device to be let go by those who look at every new one.
PATIENCE = 10


class Refused(Exception):
    """Why the step is not carried out, as a sentence."""


# texts


def native(data):
    """Return bytes of the system as this Python has names of files: none is lost or refused, in any locale."""
    return data if str is bytes else os.fsdecode(data)


def told(value):
    """Return what the plan tells, with its texts like those of the system."""
    if isinstance(value, dict):
        return dict((told(key), told(each)) for key, each in value.items())
    if isinstance(value, list):
        return [told(each) for each in value]
    return native(value.encode("utf-8")) if isinstance(value, type(u"")) else value


def write(stream, text):
    """Write a line with the bytes that the system gave."""
    line = "%s\n" % text
    getattr(stream, "buffer", stream).write(line if str is bytes else os.fsencode(line))
    stream.flush()


# programs


def run(argv):
    """Run a program; return (rc, stdout, stderr). Its output is kept from ours."""
    try:
        with open(os.devnull) as nothing:
            streams = dict(stdin=nothing, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process = subprocess.Popen(argv, env=dict(os.environ, LC_ALL="C"), **streams)
    except OSError as error:
        raise Refused("%s cannot be run: %s" % (argv[0], os.strerror(error.errno)))
    out, err = process.communicate()
    return process.returncode, native(out), native(err)


def must(argv):
    """Run a program that has to succeed; return its output."""
    rc, out, err = run(argv)
    if rc:
        lines = [line.strip() for line in (err or out).splitlines() if line.strip()]
        said = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["it says nothing"]
        raise Refused("%s ended with %d: %s" % (" ".join(argv[:4]), rc, said[-1]))
    return out


def rows(program, columns, *names):
    rc, out, err = run([program] + LVM + [columns] + list(names))
    return [dict(PAIR.findall(line)) for line in out.splitlines() if line.strip()] if not rc else []


def say(text):
    write(sys.stdout, text)


# looking


def group(name, uuid):
    """Return the volume group, or None where none of the name is; refuses another one of the same name."""
    found = rows("vgs", "vg_name,vg_uuid,vg_size,vg_free,vg_extent_size,lv_count", name)
    if not found:
        return None
    if len(found) > 1 or (uuid and found[0]["VG_UUID"] != uuid):
        raise Refused("the volume group %s is another one than when the plan was made" % name)
    return found[0]


def volume(vg, lv, uuid):
    """Return the volume, or None where it is gone; refuses another one of the same name."""
    found = [row for row in rows("lvs", "lv_name,vg_name,lv_uuid,lv_size,lv_attr", vg) if row["LV_NAME"] == lv]
    if found and uuid and found[0]["LV_UUID"] != uuid:
        raise Refused("the volume %s/%s is another one than when the plan was made" % (vg, lv))
    return found[0] if found else None


def mounts():
    """Return [(target, source, type, directory on it)], in the order in which they were mounted."""
    found = []
    for line in read("/proc/self/mountinfo").split("\n")[:-1]:
        place, dummy, device = line.partition(" - ")
        words, (kind, source) = place.split(" "), device.split(" ")[:2]
        found.append((unescaped(words[4]), unescaped(source), kind, unescaped(words[3])))
    return found


def on_itself(mount, others):
    """Return whether a directory is mounted on itself, as docker before 18.02 does with those of its drivers."""
    target, source, dummy, root = mount
    above = [each for each in others if target.startswith(each[0].rstrip("/") + "/")]
    if not above:
        return False
    place, device, dummy, top = max(reversed(above), key=lambda each: len(each[0]))
    return (source, root) == (device, top.rstrip("/") + target[len(place.rstrip("/")):])


def unescaped(text):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def same_device(one, other):
    """Return whether two paths are one block device."""
    try:
        return os.stat(one).st_rdev == os.stat(other).st_rdev != 0
    except OSError:
        return False


def is_member(disk, vg):
    """Return whether a disk, or a partition of it, is a physical volume of the group already."""
    for row in rows("pvs", "pv_name,vg_name"):
        if row["VG_NAME"] == vg and whole_of(os.path.realpath(row["PV_NAME"])) == os.path.realpath(disk):
            return True
    return False


def whole_of(path):
    """Return the disk that a partition is on, by what the kernel tells; any other device as it is."""
    entry = os.path.realpath("/sys/class/block/%s" % os.path.basename(path))
    if os.path.exists(os.path.join(entry, "partition")):
        return "/dev/" + os.path.basename(os.path.dirname(entry)).replace("!", "/")
    if text_of(os.path.join(entry, "dm/uuid")).startswith("part"):  # a partition of a disk on several paths
        return "/dev/" + os.listdir(os.path.join(entry, "slaves"))[0]
    return path


def read(path):
    with open(path, "rb") as stream:
        return native(stream.read())


def text_of(path):
    try:
        return read(path)
    except (IOError, OSError):
        return ""


def check_disk(disk):
    """Refuse a new disk that is not as the plan saw it: another one, or no longer empty and unused."""
    path, name = os.path.realpath(disk["path"]), disk["path"]
    if not there_is(path):
        raise Refused("%s is gone" % name)
    size = must(["blockdev", "--getsize64", path]).strip()
    if int(size) != disk["size"]:
        raise Refused("%s has %s bytes, and had %d when the plan was made" % (name, size, disk["size"]))
    if disk["resume"] and (partitions(path) or signatures(path)):
        check_half_a_disk(path, name)
        return
    found = must(["lsblk", "--noheadings", "--raw", "--output", "KNAME,MOUNTPOINT", path]).splitlines()
    if len(found) != 1 or len(found[0].split()) > 1:
        raise Refused("%s is in use: %s" % (name, " ".join(found)))
    signed = signatures(path)
    if signed:
        raise Refused("%s has the signature %s" % (name, signed[0]))
    entry = os.path.join("/sys/class/block", os.path.basename(path), "holders")
    if os.path.isdir(entry) and os.listdir(entry):
        raise Refused("%s is held by %s" % (name, ", ".join(os.listdir(entry))))
    refuse_wanted(path, name)
    refuse_used(path)


def refuse_wanted(path, name):
    """Refuse a disk that a line of fstab names."""
    for words in [line.split() for line in text_of("/etc/fstab").splitlines()]:
        if words and words[0].startswith("/dev/") and os.path.realpath(words[0]) == path:
            raise Refused("%s is named in /etc/fstab" % name)


def refuse_used(path):
    """Refuse a device that anybody has for itself: a mount, swap, another layer."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL))
    except OSError as error:
        raise Refused("%s is in use: %s" % (path, os.strerror(error.errno)))


def there_is(path):
    return os.path.exists(path)


def check_half_a_disk(path, name):
    """Refuse a disk that is not as an interrupted step leaves it: at most one partition, and no group."""
    parts = partitions(path)
    for each in [path] + parts:
        own = [row for row in rows("pvs", "pv_name,vg_name") if os.path.realpath(row["PV_NAME"]) == each]
        if own and own[0]["VG_NAME"]:
            raise Refused("%s belongs to the volume group %s" % (each, own[0]["VG_NAME"]))
    strange = [each for each in signatures(parts[0] if parts else path) if "LVM2_member" not in each]
    if len(parts) > 1 or strange:
        raise Refused("%s is not as an interrupted run left it: %s" % (name, " ".join(parts[1:] + strange)))
    for each in [path] + parts:
        refuse_used(each)


def partitions(path):
    """Return the paths of the partitions of a disk."""
    out = must(["lsblk", "--noheadings", "--raw", "--output", "KNAME,TYPE", path])
    found = [line.split() for line in out.splitlines()]
    names = [words[0] for words in found if words[-1] == "part" or re.match(PARTITION, words[0])]
    return ["/dev/" + name.replace("!", "/") for name in names]


def signatures(path):
    """Return what wipefs finds on a device, a line each."""
    lines = [line for line in must(["wipefs", "--parsable", path]).splitlines() if line and line[0] != "#"]
    return [line.replace(",", " ").strip() for line in lines]


def finish_disk(disk, vg):
    """Give the partition that an interrupted run had made to the group; the tool would refuse the disk."""
    parts = partitions(os.path.realpath(disk["path"])) if disk["resume"] else []
    if parts:
        must(["vgextend" if group(vg, None) else "vgcreate", vg, parts[0]])


def fill_volume(vg, lv):
    """Make the file system of a volume that an interrupted run has made; never on one that holds anything."""
    device = "/dev/%s/%s" % (vg, lv)
    if not signatures(device):
        must(["mkfs.xfs", "-q", device])


# steps


def setup(wanted):
    """Run docker-storage-setup, after a last look at every disk that it would partition."""
    group(wanted["vg"], wanted["vg_uuid"]) if wanted["vg"] else None
    if wanted["stopped"]:
        check_stopped(wanted["stopped"])
    new = [disk for disk in wanted["disks"] if not is_member(disk["path"], wanted["vg"])]
    for disk in new:
        check_disk(disk)
    for disk in new:
        finish_disk(disk, wanted["vg"])
    if wanted["empty_lv"]:
        fill_volume(wanted["vg"], wanted["empty_lv"])
    out = must(["docker-storage-setup"])
    for line in out.splitlines():
        say(line)
    must(["sync"])  # what it writes it leaves in memory, and docker is let start next: without it after a power loss
    check_members(wanted)


def add(wanted):
    """Make each disk a physical volume of the group; the group must be there."""
    if group(wanted["vg"], wanted["vg_uuid"]) is None:
        raise Refused("the volume group %s is gone" % wanted["vg"])
    for disk in wanted["disks"]:
        if not is_member(disk["path"], wanted["vg"]):
            check_disk(disk)
            must(["vgextend", wanted["vg"], disk["path"]])
            say("%s is in %s now" % (disk["path"], wanted["vg"]))
    check_members(wanted)


def check_members(wanted):
    """Refuse to go on with a disk that is not in the group, whatever a program's return code said."""
    for disk in wanted["disks"]:
        if not is_member(disk["path"], wanted["vg"]):
            raise Refused("%s is not in the volume group %s afterwards" % (disk["path"], wanted["vg"]))


def extend(wanted):
    """Grow the volume to its size, then its file system to the size of the volume."""
    vg, lv = wanted["vg"], wanted["lv"]
    free, found = group(vg, wanted["vg_uuid"]), volume(vg, lv, wanted["lv_uuid"])
    if free is None or found is None:
        raise Refused("the volume %s/%s is gone" % (vg, lv))
    if wanted["mount"]:
        check_mounted(wanted)
    size = target_size(wanted["size"], free, found)
    if size - int(found["LV_SIZE"]) > int(free["VG_FREE"]):
        raise Refused("%s has %s bytes free, and %d are needed" % (vg, free["VG_FREE"], size - int(found["LV_SIZE"])))
    if size > int(found["LV_SIZE"]):
        exactly = ["-l", "+100%FREE"] if wanted["size"] == "100%FREE" else ["-L", "%db" % size]
        must(["lvextend"] + exactly + ["%s/%s" % (vg, lv)])
    if wanted["mount"]:
        grow = {"xfs": ["xfs_growfs", wanted["mount"]]}.get(wanted["fstype"], ["resize2fs", "/dev/%s/%s" % (vg, lv)])
        must(grow)
    say("%s/%s has %s bytes now" % (vg, lv, volume(vg, lv, wanted["lv_uuid"])["LV_SIZE"]))


def target_size(size, free, found):
    """Return the bytes that the volume shall have: those of 100%FREE, N%VG, or a number; never less than it has."""
    now, extent = int(found["LV_SIZE"]), int(free["VG_EXTENT_SIZE"])
    if size == "100%FREE":
        return now + int(free["VG_FREE"])
    if str(size).endswith("%VG"):
        size = int(free["VG_SIZE"]) * int(size[:-3]) // 100
    return max(now, int(size) // extent * extent)


def check_mounted(wanted):
    source = [each for each in mounts() if each[0] == wanted["mount"]]
    device = "/dev/%s/%s" % (wanted["vg"], wanted["lv"])
    if not source or not same_device(source[-1][1], device):
        raise Refused("%s is not mounted from %s any more" % (wanted["mount"], device))


def clear(wanted):
    """Remove the old storage: its mount, its volume, what docker kept below its root, and last docker-storage.

    Only when docker is stopped. Everything that is gone already is passed over.
    """
    check_stopped(wanted["units"])
    check_root(wanted)
    if wanted["lv"]:
        volume(wanted["vg"], wanted["lv"], wanted["lv_uuid"])
        group(wanted["vg"], wanted["vg_uuid"])
    unmount(wanted)
    remove_unit(wanted)
    if wanted["lv"]:
        remove_volume(wanted)
    refuse_foreign(wanted)  # once more: the mount may have hidden something
    empty(wanted["root"])
    if wanted["vg"] and wanted["remove_volume_group"]:
        remove_group(wanted)
    if os.path.lexists(wanted["storage_file"]):
        os.unlink(wanted["storage_file"])
        say("%s is removed" % wanted["storage_file"])


def check_stopped(units):
    """Refuse while a unit runs, or a daemon of docker without one."""
    for unit in units:
        dummy, out, dummy = run(["systemctl", "show", "-p", "ActiveState", unit])
        if out.strip() not in ("ActiveState=inactive", "ActiveState=failed"):
            raise Refused("%s is not stopped (%s)" % (unit, out.strip() or "systemctl does not answer"))
    for pid, name in daemons():
        raise Refused("%s runs (process %s)" % (name, pid))


def daemons():
    """Return [(process, name)] of daemons of docker, whoever started them."""
    found = []
    for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
        found.append((pid, text_of("/proc/%s/comm" % pid).strip()))
    return [(pid, name) for pid, name in found if name in ("dockerd", "dockerd-current")]


def check_root(wanted):
    """Refuse a root that is not a directory of docker's own, at any place that is not docker's."""
    root = wanted["root"]
    if os.path.realpath(root) != root:
        raise Refused("%s is a symbolic link, or below one" % root)
    refuse_foreign(wanted)
    mounted = mounts()
    for mount in mounted:
        target, source, kind, dummy = mount
        own = kind in OF_DOCKER or re.match(DEVICE_OF_DOCKER, os.path.basename(source)) or on_itself(mount, mounted)
        if target.startswith(root + "/") and not own:
            raise Refused("%s is mounted from %s, which is not docker's" % (target, source))
        if target == root and not (wanted["lv"] and same_device(source, "/dev/%s/%s" % (wanted["vg"], wanted["lv"]))):
            raise Refused("%s is mounted from %s, which the configuration does not name" % (root, source))


def refuse_foreign(wanted):
    """Refuse to empty a directory that holds what docker never makes."""
    root = wanted["root"]
    found = os.listdir(root) if os.path.isdir(root) else []
    foreign = sorted(name for name in found if name not in wanted["known"] and not re.match(wanted["known_too"], name))
    if foreign:
        raise Refused("%s holds what is not docker's: %s" % (root, ", ".join(foreign[:5])))


def unmount(wanted):
    """Unmount docker's root and what docker left below it, the deepest first."""
    root = wanted["root"]
    inside = [mount[0] for mount in mounts() if mount[0] == root or mount[0].startswith(root + "/")]
    for target in reversed(inside):
        patience = PATIENCE
        while True:
            rc, out, err = run(["umount", target])
            if not rc:
                break
            patience -= 1
            if patience < 0:
                raise Refused("%s cannot be unmounted: %s" % (target, err.strip()))
            time.sleep(1)


def remove_unit(wanted):
    """Remove the mount unit of the root, if it mounts the volume that goes."""
    path = wanted["mount_unit"]
    if not os.path.isfile(path):
        return
    what = re.findall(r"^What=(.*)$", read(path), re.MULTILINE)
    if what and what[-1].strip() not in wanted["sources"]:
        raise Refused("%s mounts %s, which the configuration does not name" % (path, what[-1].strip()))
    must(["systemctl", "disable", os.path.basename(path)])
    if os.path.lexists(path):
        os.unlink(path)
    must(["systemctl", "daemon-reload"])


def remove_volume(wanted):
    vg, lv = wanted["vg"], wanted["lv"]
    if volume(vg, lv, wanted["lv_uuid"]) is None:
        return
    if any(row["POOL_LV"] == lv or row["ORIGIN"] == lv for row in rows("lvs", "lv_name,pool_lv,origin", vg)):
        raise Refused("other volumes are made from %s/%s" % (vg, lv))
    release_thin_devices(vg, lv)
    must(["lvremove", "--yes", "%s/%s" % (vg, lv)])
    say("%s/%s is removed" % (vg, lv))


def release_thin_devices(vg, lv):
    """Let go the devices that docker made in its pool by itself, of which LVM knows nothing."""
    pool = "%s-%s" % (vg.replace("-", "--"), lv.replace("-", "--"))
    rc, out, dummy = run(["dmsetup", "info", "--columns", "--noheadings", "-o", "name"])
    for name in out.split() if not rc else ():
        if re.match(DEVICE_OF_DOCKER, name):
            dummy, out, dummy = run(["dmsetup", "deps", "-o", "devname", name])
            if "(%s)" % pool in out or "(%s-tpool)" % pool in out:
                must(["dmsetup", "remove", "--retry", name])


def empty(root):
    """Remove everything below docker's root; the root itself stays. Nothing is mounted there any more."""
    if not os.path.isdir(root) or os.path.ismount(root):
        return
    device = os.lstat(root).st_dev
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        if os.path.islink(path) or not os.path.isdir(path):
            os.unlink(path)
            continue
        if os.lstat(path).st_dev != device:
            raise Refused("%s is on another file system" % path)
        must(["rm", "-rf", "--one-file-system", "--", path])


def remove_group(wanted):
    """Remove the group, when it is empty, its physical volumes, and the partition tables that hold nothing else."""
    vg = wanted["vg"]
    found = group(vg, wanted["vg_uuid"])
    if found and int(found["LV_COUNT"]):
        raise Refused("%s has other volumes, so it stays" % vg)
    if found:
        must(["vgremove", vg])
    for disk in wanted["group_disks"]:
        for path in disk["pvs"]:
            own = [row for row in rows("pvs", "pv_name,vg_name") if row["PV_NAME"] == path]
            if own and own[0]["VG_NAME"]:
                raise Refused("%s belongs to %s by now" % (path, own[0]["VG_NAME"]))
            if own:
                must(["pvremove", path])
        remove_table(disk)


def remove_table(disk):
    """Remove the partition table of a disk, when its only partition was a physical volume of the group."""
    path = disk["path"]
    parts = partitions(path)
    if not parts:
        return
    if parts != disk["pvs"]:
        raise Refused("%s has other partitions, so its partition table stays" % path)
    left = signatures(parts[0])
    if left:
        raise Refused("%s still has a signature: %s" % (disk["pvs"][0], left[0]))
    must(["wipefs", "--all", path])
    run(["blockdev", "--rereadpt", path])


STEPS = {"setup": setup, "add": add, "extend": extend, "clear": clear}


def main(name, text):
    try:
        STEPS[name](told(json.loads(text)))
    except (Refused, IOError, OSError) as error:
        write(sys.stderr, error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
