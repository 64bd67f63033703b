# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One virtual machine with disks of its own: start it, talk to it, keep and bring back its state, cut its power."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parts.shell import LabError, run

from . import image

#: Tests side by side have a guest each; the first one takes that of everybody.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
RUN = image.CACHE / ("run" if WORKER == "gw0" else f"run-{WORKER}")
STATE = RUN / "state.json"
INVENTORY = RUN / "hosts.yml"
HERE = Path(__file__).resolve().parent
STANDINS = {"docker-storage-setup": "/usr/bin/docker-storage-setup", "restorecon": "/usr/sbin/restorecon"}
#: Disks beside the root disk: name in the guest → size and serial number. Two have one serial, as clones do.
DISKS = {
    "vdb": ("4G", "disk-b"), "vdc": ("4G", "disk-c"), "vdd": ("4G", "disk-d"), "vde": ("4G", "disk-e"),
    "vdf": ("64M", "small"), "vdg": ("4G", "twin"), "vdh": ("4G", "twin"), "vdi": ("3T", "huge"),
} | {f"vd{letter}": ("4G", f"disk-{letter}") for letter in "jklmnopqrst"}  # fmt: skip
MACHINE = (
    "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-M", "q35", "-cpu", "qemu64",
    "-accel", "tcg,thread=multi,tb-size=512", "-smp", "2", "-m", "1024", "-display", "none",
    "-serial", "file:serial.log", "-qmp", "unix:qmp.sock,server=on,wait=off", "-pidfile", "pid",
    "-device", "virtio-rng-pci",
)  # fmt: skip
KERNEL = (
    "console=ttyS0 quiet root=/dev/vda rw mitigations=off tsc=reliable no_timer_check audit=0 net.ifnames=0 "
    "systemd.show_status=0 apparmor=0"  # docker would want apparmor_parser for each container
)
#: What file systems put off for half a minute would make the checksum of a disk that nobody touches another one.
_WRITES_SOON = r"""
modprobe xfs; sysctl -qw fs.xfs.xfssyncd_centisecs=100
sed -i 's/^\[defaults\]/&\n\tlazy_itable_init = 0\n\tlazy_journal_init = 0/' /etc/mke2fs.conf
"""
#: What qemu keeps as one piece.
BLOCK = 64 << 10
#: Seconds until a booting guest has to answer: eight on an idle machine.
PATIENCE = 600
#: What the console says of a system that cannot boot.
GIVEN_UP = re.compile(r"emergency mode|root account is locked|[Kk]ernel panic")


class Guest:
    """The running guest. Its files are below .cache/disks/run; qemu runs there, so that no path is too long for it."""

    def __init__(self, control: str = "") -> None:
        """Take the one that runs. control: path of a socket by which all of ssh shares one connection, "" for none."""
        if not running():
            raise LabError("no guest is running: disks up")
        state = json.loads(STATE.read_text())
        self.control = control
        self.port: int = state["port"]
        self.place = Path(state["image"])

    # --- the machine -------------------------------------------------------------------------------------------

    def qmp(self, command: str, **arguments: Any) -> Any:
        """Give the machine one command. Raises LabError with what it answers instead of a result."""
        folder = os.open(RUN, os.O_RDONLY)
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(60)
                connection.connect(f"/proc/self/fd/{folder}/qmp.sock")
                with connection.makefile("rw") as stream:
                    stream.readline()
                    for line in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                        stream.write(json.dumps(line) + "\n")
                        stream.flush()
                        answer = next(json.loads(text) for text in stream if "event" not in json.loads(text))
                        if "error" in answer:
                            raise LabError(f"qemu: {command}: {answer['error']['desc']}")
                    return answer["return"]
        finally:
            os.close(folder)

    def monitor(self, line: str) -> str:
        """Type a line into the human monitor, which says nothing when it is content."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def save(self, name: str) -> None:
        """Keep memory and all disks under a name."""
        if said := self.monitor(f"savevm {name}"):
            raise LabError(f"qemu: savevm {name}: {said}")

    def load(self, name: str) -> None:
        """Bring memory and all disks back, and tell the guest what time it is. Connections to it are gone."""
        self._start_again("-loadvm", name)

    def forget(self, name: str) -> None:
        self.monitor(f"delvm {name}")

    def lose_power(self) -> None:
        """End the machine and boot it again: what the guest had not written to its disks is gone."""
        self._start_again()

    def _start_again(self, *words: str) -> None:
        """End qemu, which writes down what it holds of the disks, start another one on them, and wait for the guest.

        One that goes on would not do: its counter of the processor goes on over loadvm while timers do not, and a
        kernel that believes both stands still for as long as the snapshot is old.

        One of some hundred boots in qemu 7.2 with two emulated processors ends with a fault of qemu, or stands still.
        Such a guest is started once more. One that says on its console what keeps it from booting is not.
        """
        self.disconnect()
        self.qmp("quit")
        until = time.monotonic() + 20
        while running():
            if time.monotonic() > until:
                raise LabError("qemu does not end")
            time.sleep(0.05)
        launch(self.place, self.port, *words)
        try:
            self.wait(PATIENCE / 3)
        except LabError as error:
            if GIVEN_UP.search(str(error)):
                raise
            warnings.warn(f"{error}; it is started once more", stacklevel=2)  # pytest shows it after a green run, too
            stop()
            launch(self.place, self.port, *words)
            self.wait()

    def checksums(self) -> dict[str, str]:
        """Make a checksum of what each disk holds, as the guest would read it: blocks of zeros are as good as none."""
        self.sh("sync")
        self.qmp("stop")  # writes down what qemu itself still holds
        try:
            return {name: checksum(f"{name}.qcow2") for name in DISKS}
        finally:
            self.qmp("cont")

    # --- what runs in it ---------------------------------------------------------------------------------------

    def ssh(self) -> list[str]:
        """Build the command that runs another one in the guest, as root."""
        identity = str(self.place / "id_ed25519")
        shared = ("-o", "ControlMaster=auto", "-o", "ControlPersist=600", "-o", f"ControlPath={self.control}")
        of_all = [*ssh_options(self.place), *(shared if self.control else ()), "-i", identity, "-p", str(self.port)]
        return ["ssh", *of_all, "root@127.0.0.1"]

    def disconnect(self) -> None:
        """End the shared connection: the machine on its other side is about to be another one."""
        if self.control and os.path.exists(self.control):
            subprocess.run([*self.ssh(), "-O", "exit"], stderr=subprocess.DEVNULL)

    def sh(self, script: str, timeout: float = 300, check: bool = True) -> str:
        """Run a script in the guest; stdout and stderr together. Raises LabError when it fails and check is set."""
        done = subprocess.run([*self.ssh(), f"sh -c {shlex.quote(script)}"], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)  # fmt: skip
        if check and done.returncode:
            raise LabError(f"the guest: {script!r} ended with {done.returncode}: {done.stdout}")
        return done.stdout

    def prepare(self) -> None:
        """Put the stand-ins in place once it has booted; the image, which takes long to make, is without them."""
        for path, target in STANDINS.items():
            self.put((HERE / "standins" / path).read_bytes(), target, 0o755)
        self.sh(_WRITES_SOON)
        self.sh("systemctl is-system-running --wait >/dev/null || true; sync")

    def put(self, content: bytes, path: str, mode: int = 0o644) -> None:
        """Write a file in the guest."""
        command = f"mkdir -p $(dirname {path}) && cat > {path} && chmod {mode:o} {path}"
        subprocess.run([*self.ssh(), command], input=content, check=True, timeout=60)

    def wait(self, patience: float = PATIENCE) -> None:
        """Wait until it answers; one that is taken before the guest listens hangs, so each try gets little time."""
        until = time.monotonic() + patience
        seconds = 3.0
        while time.monotonic() < until:
            with contextlib.suppress(subprocess.TimeoutExpired, LabError):
                self.sh(f"date -s @{time.time():.0f} >/dev/null", timeout=seconds)
                return
            if not running():
                raise LabError(f"qemu has ended: {(RUN / 'qemu.log').read_text()[-400:]}")
            seconds = min(seconds * 1.5, 60)
            time.sleep(0.3)
        said = (RUN / "serial.log").read_text(errors="replace")[-2000:]  # the next start begins it anew
        raise LabError(f"the guest did not answer within {patience:.0f} s; its console: {said or 'nothing'}")


# --- up and down ------------------------------------------------------------------------------------------------------


def up() -> None:
    """Start the guest, or leave the one that runs as it is. Its state after the boot is kept as `base`."""
    with locked():
        if running():
            return
        place = image.ensure()
        shutil.rmtree(RUN, ignore_errors=True)
        RUN.mkdir(mode=0o700, parents=True)
        try:
            start(place)
            guest = Guest()
            guest.wait()
            guest.prepare()
            guest.save("base")
        except BaseException:
            end()
            raise


def start(place: Path) -> None:
    """Make the disks and start the machine on them."""
    port = free_port()
    make_disk("vda", place / "root.img")
    for name, (size, _serial) in DISKS.items():
        make_disk(name, size)
    STATE.write_text(json.dumps({"port": port, "image": str(place)}))
    INVENTORY.write_text(inventory(place, port))
    launch(place, port)


def launch(place: Path, port: int, *words: str) -> None:
    """Start qemu on the disks that are there."""
    drives = [drive("vda"), *(drive(name, serial) for name, (_size, serial) in DISKS.items())]
    network = f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22"
    boot = ("-kernel", place / "vmlinuz", "-initrd", place / "initrd", "-append", KERNEL)
    network_card = ("-netdev", network, "-device", "virtio-net-pci,netdev=n0,romfile=")
    (RUN / "qmp.sock").unlink(missing_ok=True)
    with open(RUN / "qemu.log", "wb") as log:
        subprocess.Popen(
            [*MACHINE, *boot, *network_card, *(word for one in drives for word in one), *words], cwd=RUN,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    until = time.monotonic() + 20
    while not (RUN / "qmp.sock").exists() or not running():
        if time.monotonic() > until:
            raise LabError(f"qemu does not start: {(RUN / 'qemu.log').read_text()[-400:]}")
        time.sleep(0.1)


def make_disk(name: str, what: str | Path) -> None:
    """Make a disk that can be saved, of a size or over an image."""
    over, size = (("-b", str(what), "-F", "raw"), ()) if isinstance(what, Path) else ((), (what,))
    run("qemu-img", "create", "-q", "-f", "qcow2", *over, str(RUN / f"{name}.qcow2"), *size)


def drive(name: str, number: str = "") -> tuple[str, ...]:
    """Return qemu's words for a disk with a serial number."""
    serial = f",serial={number}" if number else ""
    return ("-drive", f"file={name}.qcow2,id={name},if=none,cache=unsafe,discard=unmap",
            "-device", f"virtio-blk-pci,drive={name}{serial}")  # fmt: skip


def ssh_options(place: Path) -> list[str]:
    """Return what ssh has to know of the guest, and nothing of this machine's own settings."""
    known = f"UserKnownHostsFile=\"{place / 'known_hosts'}\""
    options = (known, "HostKeyAlias=disks1", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes",
               "LogLevel=ERROR", "ServerAliveInterval=20", "ServerAliveCountMax=6")  # fmt: skip
    return ["-F", "none", *(word for option in options for word in ("-o", option))]


def checksum(name: str) -> str:
    """Hash the blocks of a disk in their order, without those that hold nothing but zeros."""
    extents = json.loads(run("qemu-img", "map", "--force-share", "--output=json", str(RUN / name)).stdout)
    found = hashlib.sha256()
    with open(RUN / name, "rb") as stream:
        for extent in extents:
            if not extent["data"] or extent["zero"]:
                continue
            stream.seek(extent["offset"])
            for at in range(extent["start"], extent["start"] + extent["length"], BLOCK):
                block = stream.read(BLOCK)
                if block.count(0) != len(block):
                    found.update(b"%d " % at + block)
    return found.hexdigest()


def inventory(place: Path, port: int) -> str:
    """Write the host for Ansible."""
    host = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(place / "id_ed25519"),
        "ansible_ssh_common_args": shlex.join(ssh_options(place)),
        "ansible_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    return json.dumps({"nodes": {"hosts": {"disks1": host}}}, indent=1) + "\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def process() -> int | None:
    """Return the id of our qemu, if it runs: a number that is in the file may be somebody else's by now."""
    with contextlib.suppress(OSError, ValueError):
        number = int((RUN / "pid").read_text())
        if os.readlink(f"/proc/{number}/cwd") == str(RUN):
            return number
    return None


def running() -> bool:
    return process() is not None


def end() -> None:
    """End qemu and remove its disks."""
    stop()
    shutil.rmtree(RUN, ignore_errors=True)


def stop() -> None:
    """End qemu if it runs, by force if need be."""
    if number := process():
        os.kill(number, signal.SIGTERM)
        until = time.monotonic() + 20
        while running():
            if time.monotonic() > until:
                os.kill(number, signal.SIGKILL)
            time.sleep(0.05)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    image.CACHE.mkdir(parents=True, exist_ok=True)
    with open(image.CACHE / "lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
