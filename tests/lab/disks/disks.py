# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with disks of its own, for what containers cannot show: LVM, thin pools, file systems, power loss.

usage: disks build            make kernel, initrd and root disk from the distribution's packages (half a minute, root)
       disks up               start the machine, or say that it runs; prints the path of its inventory
       disks down [--image]   end it and remove its disks; with --image what was built, too
       disks status           whether it runs, its port, its disks and what it has saved
       disks save NAME        keep memory and disks under a name
       disks load NAME        bring them back; `base` is the machine after its boot
       disks checksums        what each disk holds, as JSON: the same text as before, and no byte has changed
       disks power            cut the power; it boots again
       disks sh [SCRIPT]      run a script in it, or a shell

All files are below .cache/disks. See README.md.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parts.shell import LabError  # noqa: E402

from disks import guest, image  # noqa: E402


def up() -> None:
    guest.up()
    print(guest.INVENTORY)


def down(what: str = "") -> None:
    with guest.locked():
        guest.end()
        if what == "--image":
            shutil.rmtree(image.CACHE / "image", ignore_errors=True)


def status() -> None:
    if not guest.running():
        raise LabError("no guest is running")
    machine = guest.Guest()
    print(f"running as process {guest.process()}, ssh on 127.0.0.1:{machine.port}, image {machine.place.name}")
    print(machine.sh("lsblk -o NAME,SIZE,SERIAL,TYPE,FSTYPE,MOUNTPOINT").rstrip())
    print(machine.monitor("info snapshots").replace("\r", "").rstrip())


def power() -> None:
    guest.Guest().lose_power()


def checksums() -> None:
    print(json.dumps(guest.Guest().checksums()))


def sh(*script: str) -> None:
    sys.exit(subprocess.run([*guest.Guest().ssh(), *script]).returncode)


COMMANDS = {
    "build": image.ensure, "up": up, "down": down, "status": status, "power": power, "sh": sh,
    "checksums": checksums,
    "save": lambda name: guest.Guest().save(name), "load": lambda name: guest.Guest().load(name),
}  # fmt: skip


def main(words: list[str]) -> None:
    if not words or words[0] not in COMMANDS:
        sys.exit(__doc__)
    try:
        COMMANDS[words[0]](*words[1:])
    except LabError as error:
        sys.exit(f"disks: {error}")


main(sys.argv[1:])
