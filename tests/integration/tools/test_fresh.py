# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/tools/fresh: what comes into the root, what does not, and what is left when it is interrupted or killed.

The root is busybox with a script for make, in a network namespace of the test's own; that a Debian can do what README
says is what `make fresh` and CI are for.
"""

from __future__ import annotations

import io
import os
import shlex
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import TOOLS, load

REPOSITORY = TOOLS.parents[1]
MAKE = """#!/bin/sh
case "$2" in
wait) echo waiting; exec sleep 60 ;;
fail) exit 3 ;;
esac
echo "made $2"
echo "limit=$(ulimit -Hn) mask=$(umask) place=$(pwd)"
env | sort
ls Makefile ../shared/mark
touch ../shared/new 2>&1
ps -o args | grep -c "^sleep"
touch .cache/wheels/kept
ls /dev /dev/shm /run
"""
APPLETS = (
    "sh",
    "cat",
    "echo",
    "env",
    "grep",
    "ls",
    "mkdir",
    "mount",
    "ps",
    "pwd",
    "rmdir",
    "sleep",
    "sort",
    "touch",
    "umount",
)


@pytest.fixture(scope="session")
def root(tmp_path_factory) -> Path:
    """An archive that unpacks to a root: /bin/busybox, its applets, make, and the folders a root has."""
    path = tmp_path_factory.mktemp("root") / "root.tar"
    with tarfile.open(path, "w") as archive:
        for folder in ("proc", "sys", "dev", "run", "tmp", "root", "etc/apt/apt.conf.d", "usr/bin"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        archive.add("/bin/busybox", "bin/busybox")
        for applet in APPLETS:
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(entry)
        entry = tarfile.TarInfo("bin/make")
        entry.mode, entry.size = 0o755, len(MAKE)
        archive.addfile(entry, io.BytesIO(MAKE.encode()))
    return path


@pytest.fixture
def fresh(root: Path, tmp_path: Path, monkeypatch) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """fresh(target, …, VARIABLE=value): the tool of a small checkout, started in a network of its own."""
    checkout, cache = tmp_path / "project", tmp_path / "cache"
    for path in ("tests/tools/fresh", "tests/lab/lab.toml"):
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        text = (REPOSITORY / path).read_text()
        # Folders and lock of its own: the machine may be running one.
        text = text.replace("/var/tmp/dockyard-fresh.", f"{tmp_path}/fresh.").replace("/run/lock/", f"{tmp_path}/lock/")
        # The machine's packages are not needed: the root is there.
        (checkout / path).write_text(text)
    (checkout / "Makefile").write_text("")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/mark").write_text("")
    tool = load("fresh")
    (cache / "roots").mkdir(parents=True)
    (cache / "roots" / tool.archive_name("bookworm", tool.debian_mirror())).symlink_to(root)
    tools = tmp_path / "tools"  # mmdebstrap has to be there, not to run
    tools.mkdir()
    (tools / "mmdebstrap").write_text("#!/bin/sh\nexit 1\n")
    (tools / "mmdebstrap").chmod(0o755)
    started = []

    def start(*targets: str, before: str = ":", after: str = "", **variables: str) -> subprocess.Popen[str]:
        command = shlex.join([sys.executable, str(checkout / "tests/tools/fresh"), *targets])
        script = f"ip link set lo up; {before}; {f'{command}; {after}' if after else f'exec {command}'}"
        process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", script], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "DOCKYARD_CACHE": str(cache), **variables},
        )  # fmt: skip
        started.append(process)
        return process

    start.folders = lambda: list(tmp_path.glob("fresh.*"))
    start.cache = cache
    yield start
    for process in started:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[str]) -> str:
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    return output


def wait_for(process: subprocess.Popen[str], line: str) -> None:
    while (said := process.stdout.readline()) and said.strip() != line:
        pass
    assert said, f"it ended without saying {line}"


def test_the_targets_run_in_the_checkout_one_after_the_other(fresh):
    output = ended(fresh("demo", "test"))
    assert output.index("made demo") < output.index("made test")
    assert "place=/srv/project\n" in output and "\nMakefile\n" in output
    assert fresh.folders() == []


def test_a_run_that_ends_before_the_last_target_is_one_failure(fresh):
    process = fresh("fail", "test")
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1 and output.endswith("0 passed, 1 failed, 0 skipped\n")


def test_place_limit_and_umask_can_be_others(fresh):
    output = ended(fresh("demo", PLACE="/srv/a place", FILE_LIMIT="1000", UMASK="077"))
    assert "limit=1000 mask=0077 place=/srv/a place\n" in output


def test_only_settings_of_package_clients_come_in(fresh):
    output = ended(fresh("demo", PIP_TIMEOUT="7", GOPROXY="direct", CI="true", MY_TOKEN="secret", PYTHONPATH="/mine"))
    assert "PIP_TIMEOUT=7\n" in output and "GOPROXY=direct\n" in output and "CI=true\n" in output
    assert "secret" not in output and "PYTHONPATH" not in output
    assert "HOME=/root\n" in output


def test_shared_is_beside_it_and_cannot_be_written(fresh):
    output = ended(fresh("demo"))
    assert "\n../shared/mark\n" in output
    assert "../shared/new: Read-only file system" in output


def test_processes_devices_and_run_are_its_own(fresh):
    with subprocess.Popen(["sleep", "60"]) as outside:
        output = ended(fresh("demo"))
        outside.kill()
    assert "\n0\n" in output, "the sleep outside is not to be seen"
    assert "sda" not in output and "null\n" in output and "dockyard" not in output.partition("/dev/shm:")[2]


def test_the_folder_of_downloads_is_kept_and_can_be_left_out(fresh):
    ended(fresh("demo"))
    assert (fresh.cache / "wheels/kept").exists()
    (fresh.cache / "wheels/kept").unlink()
    process = fresh("demo", NO_CACHE="1")
    assert "mmdebstrap could not make a root of bookworm" in process.communicate(timeout=60)[0]
    assert not (fresh.cache / "wheels/kept").exists() and fresh.folders() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_run_leaves_nothing(fresh, number):
    process = fresh("wait")
    wait_for(process, "waiting")
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "fresh: interrupted\n"
    assert process.returncode == 128 + number
    assert fresh.folders() == []


def test_the_next_run_removes_the_leftovers_of_a_killed_one(fresh):
    process = fresh("wait")
    wait_for(process, "waiting")
    process.kill()
    process.communicate(timeout=20)  # ends only when nobody of it holds the pipe any more
    assert len(fresh.folders()) == 1
    ended(fresh("demo"))
    assert fresh.folders() == []


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8])
def test_killed_at_any_moment_and_started_again(fresh, delay):
    process = fresh("demo")
    time.sleep(delay)
    process.kill()
    process.communicate(timeout=20)
    assert "made demo" in ended(fresh("demo"))
    assert fresh.folders() == []


def test_one_at_a_time(fresh):
    process = fresh("wait")
    wait_for(process, "waiting")
    second = fresh("demo")
    assert "another fresh root is at work on this machine" in second.communicate(timeout=60)[0]
    assert second.returncode == 1
    assert len(fresh.folders()) == 1, "and the first one still is"


BRIDGE = "ip link add lab0 type bridge && ip address add 10.99.77.1/24 dev lab0 && ip link set lab0 up"
NODE = f"{BRIDGE} && ip link add node0 type veth peer name node1 && ip link set node0 master lab0"


def test_the_bridge_of_a_killed_run_is_removed(fresh):
    process = fresh("demo", before=BRIDGE, after="ip -brief link")
    output = ended(process)
    assert "made demo" in output and "\nlo " in output and "lab0" not in output


def test_a_lab_that_is_up_is_left_alone(fresh):
    process = fresh("demo", before=NODE)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert output == "fresh: a lab is up on this machine (lab0, 10.99.77.1); `make demo-down` there first\n"


@pytest.mark.parametrize(("down", "ends"), [("ip link delete node0", 0), ("exit 1", 1)], ids=["ours", "somebody's"])
def test_ci_ends_a_lab_that_was_left(fresh, tmp_path, down, ends):
    lab = tmp_path / "project/tests/lab/lab"
    lab.write_text(f'#!/bin/sh\n[ "$*" = down ] && {down}\n')
    lab.chmod(0o755)
    process = fresh("demo", before=NODE, TAKE_OVER="1")
    output = process.communicate(timeout=60)[0]
    assert "fresh: a lab is up on this machine, and is ended: TAKE_OVER\n" in output
    assert process.returncode == ends
    assert ("made demo" in output) == (ends == 0)
