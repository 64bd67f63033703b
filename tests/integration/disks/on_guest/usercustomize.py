# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes every Python in the guest stand still right before each thing it does to disks, units or files in /etc.

Only while /run/moment is there. The process writes its id and what it is about to do into /run/moment/held, and waits
until that file is gone. The interpreter's own audit events tell what is done, so no program has to know of this.
"""

import os
import sys
import time

PLACE = "/run/moment"
HELD = PLACE + "/held"
ALWAYS = (
    "docker-storage-setup", "dd", "rm", "umount", "mount", "sfdisk", "pvcreate", "pvremove", "vgcreate", "vgextend",
    "vgremove", "lvcreate", "lvextend", "lvremove", "lvchange", "mkfs.xfs", "xfs_growfs", "resize2fs",
)  # fmt: skip
#: Programs that also only look, by the words with which they do something.
WITH = {
    "systemctl": ("start", "stop", "restart", "enable", "disable", "mask", "unmask", "daemon-reload"),
    "wipefs": ("--all",),
    "dmsetup": ("remove",),
}


def watch(event, arguments):
    if event == "subprocess.Popen":
        words = [str(word) for word in arguments[1]]
        # A command that a timeout or a shell carries is the command.
        for at, word in enumerate(words[:6]):
            name = os.path.basename(word)
            if name in ALWAYS or (name in WITH and any(verb in words[at:] for verb in WITH[name])):
                stand_still(" ".join([name] + words[at + 1 :])[:120])
                return
    elif event in ("os.rename", "os.remove"):
        path = str(arguments[1] if event == "os.rename" else arguments[0])
        if path.startswith("/etc/"):
            stand_still(("write " if event == "os.rename" else "remove ") + path)


def stand_still(what):
    if not os.path.isdir(PLACE):
        return
    with open(HELD + ".new", "w") as stream:
        stream.write("%d %s" % (os.getpid(), what))
    os.rename(HELD + ".new", HELD)
    while os.path.exists(HELD):
        time.sleep(0.02)


if os.path.isdir(PLACE):
    sys.addaudithook(watch)
