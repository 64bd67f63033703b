# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules on real mounts, under real signals, beside each other, and sent by Ansible."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .conftest import INTERPRETERS, REPOSITORY, Hands, Host

pytestmark = [pytest.mark.slow, pytest.mark.root]  # mounts file systems

IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM)
ONE_FILE = {"files": [{"path": "x", "before": "old", "content": "new"}]}


@pytest.fixture
def mounted(host: Host) -> Iterator[Callable[..., Path]]:
    """Mounts below the host, undone after the test."""
    points: list[Path] = []

    def mount(name: str, *options: str) -> Path:
        point = host.directory / name
        subprocess.run(["mount", *options, str(point)], check=True)
        points.append(point)
        return point

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", str(point)], check=True)


def fill_up(directory: Path) -> None:
    with pytest.raises(OSError), open(directory / "ballast", "wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)


def test_full_disk(host: Host, mounted: Callable[..., Path]) -> None:
    mounted("root", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    host.sh("printf old > x")
    fill_up(host.root)
    before = host.tree()
    result = host.transaction(ONE_FILE)["result"]
    assert result["reason"] == f"cannot write beside {host.root}/x: no space left on device"
    assert (result["rolled_back"], host.tree(), host.leftovers()) == (True, before, [])


def test_full_disk_while_acting(host: Host, mounted: Callable[..., Path]) -> None:
    """Going back takes no room."""
    mounted("root", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    host.sh("printf old > x")
    result = host.transaction({**ONE_FILE, "actions": [
        {"name": "fill", "argv": ["sh", "-c", "cat /dev/zero > {d}/ballast"], "undo": []}]})["result"]
    assert (result["rolled_back"], result["step"], host.tree()["x"][3]) == (True, "act", "old")


def test_full_disk_below_the_journal(host: Host, mounted: Callable[..., Path]) -> None:
    host.sh("printf old > x; mkdir ../state")
    fill_up(mounted("state", "-t", "tmpfs", "-o", "size=64k", "tmpfs"))
    before = host.tree()
    result = host.transaction(ONE_FILE)["result"]
    assert result["reason"] == f"cannot write the journal {host.state}/journal.json: no space left on device"
    assert (host.tree(), host.leftovers()) == (before, ["ballast"])


def test_read_only_file_system(host: Host, mounted: Callable[..., Path]) -> None:
    host.sh("printf old > x; mkdir d; touch d/gone")
    mounted("root", "--bind", str(host.root))
    subprocess.run(["mount", "-o", "remount,bind,ro", str(host.root)], check=True)
    before = host.tree()
    for change in (ONE_FILE, {"files": [{"path": "n/y", "before": None, "content": "new"}]}):
        result = host.transaction(change)["result"]
        assert result["reason"].endswith(": read-only file system") and result["rolled_back"], result
        assert (host.tree(), host.leftovers()) == (before, [])


def test_read_only_below_the_journal(host: Host, mounted: Callable[..., Path]) -> None:
    host.sh("printf old > x; mkdir ../state")
    mounted("state", "-t", "tmpfs", "-o", "ro", "tmpfs")
    before = host.tree()
    result = host.transaction(ONE_FILE)["result"]
    assert result["reason"] == f"cannot open the lock in {host.state}: read-only file system"
    assert host.tree() == before


def test_mount_point_is_named_and_not_replaced(host: Host, mounted: Callable[..., Path]) -> None:
    host.sh("printf old > 'x y'; printf other > source")
    mounted("root/x y", "--bind", str(host.root / "source"))
    found = host.snapshot({"files": [{"path": "{d}/x y"}]})["files"][f"{host.root}/x y"]
    assert (found["state"], found["mount"], found["size"]) == ("file", True, 5)
    result = host.transaction({"files": [{"path": "x y", "before": "other", "content": "new"}]})["result"]
    assert result["reason"] == f"{host.root}/x y: it is a mount point (bind mount)"


def test_two_transactions_at_once(host: Host, make_hands: Callable[[], Hands]) -> None:
    """They wait for each other; each plans from what it saw, so only one of them gets through."""
    host.sh("printf old > x; printf 0 > n")
    both = [make_hands(), make_hands()]
    case = {**ONE_FILE, "actions": [{"name": "count", "argv": ["sh", "-c", "sleep 0.3; echo . >> {d}/count"]}]}
    results: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda h=h: results.append(
        h.run("host_transaction", host.arguments(case))["result"])) for h in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for started in both:
        started.close()
    assert sorted((result["committed"], result["step"]) for result in results) == [(False, "compare"), (True, None)]
    assert (host.root / "count").read_text() == ".\n"


def test_the_first_transactions_of_a_host_at_once(host: Host, make_hands: Callable[[], Hands]) -> None:
    """Whichever of them makes the directory of the lock: the others take it as it is."""
    several = [make_hands() for _number in range(3)]
    with ThreadPoolExecutor(len(several)) as pool:
        for number in range(6):
            arguments = {**host.arguments({}), "state_directory": str(host.directory / "deep" / f"state{number}")}
            running = [pool.submit(hands.run, "host_transaction", arguments) for hands in several]
            assert [one.result()["result"]["reason"] for one in running] == [None] * len(several)
    for started in several:
        started.close()


@pytest.fixture
def under_way(host: Host, make_hands: Callable[[], Hands]) -> Iterator[Callable[..., tuple[int, Callable[[], Any]]]]:
    """Starts a transaction in the background that waits, after it wrote x, until the file `go` is there."""
    second = make_hands()
    outcomes: list[Any] = []
    case = {**ONE_FILE, "actions": [
        {"name": "wait", "argv": ["sh", "-c", "touch {d}/writing; until test -e {d}/go; do sleep 0.02; done"]}]}

    def start(**more: Any) -> tuple[int, Callable[[], Any]]:
        host.sh("printf old > x")
        thread = threading.Thread(target=lambda: outcomes.append(
            second.run("host_transaction", host.arguments(case), **more)))
        thread.start()
        while not (host.root / "writing").exists():
            time.sleep(0.01)
        children = Path(f"/proc/{second.process.pid}/task/{second.process.pid}/children").read_text().split()

        def finish() -> Any:
            (host.root / "go").touch()
            thread.join()
            return outcomes[0]

        return int(children[0]), finish

    yield start
    (host.root / "go").touch()
    second.close()


def test_signals_do_not_interrupt(host: Host, under_way: Any) -> None:
    pid, finish = under_way()
    for number in IGNORED:
        os.kill(pid, number)
    outcome = finish()
    assert outcome["signal"] == 0 and outcome["result"]["committed"]
    assert (host.root / "x").read_text() == "new" and host.leftovers() == []


def test_lost_connection_loses_nothing(host: Host, under_way: Any) -> None:
    """Nobody reads standard output and standard error any more: the work is done all the same."""
    _pid, finish = under_way(hung_up=True)
    outcome = finish()
    assert outcome["signal"] == 0 and outcome["result"] is None
    assert (host.root / "x").read_text() == "new" and host.leftovers() == []


def test_lock_is_seen_and_waited_for(host: Host, under_way: Any) -> None:
    _pid, finish = under_way()
    assert host.snapshot()["locked"] is True
    result = host.transaction({**ONE_FILE, "lock_timeout": 0.2})["result"]
    assert (result["step"], result["reason"]) == (
        "lock", "another transaction runs on this host, waited 0.2 s for it")
    finish()
    assert host.snapshot()["locked"] is False


def test_programs_do_not_inherit_ignored_signals(host: Host) -> None:
    """A daemon started by an action must be stoppable."""
    outcome = host.transaction({"actions": [
        {"name": "a", "argv": ["sh", "-c", "grep SigIgn /proc/$$/status > {d}/out"]}]})
    assert outcome["result"]["committed"]
    ignored = int((host.root / "out").read_text().split()[1], 16)
    assert not any(ignored >> (number - 1) & 1 for number in IGNORED)


def test_hanging_command_leaves_no_process(host: Host) -> None:
    mine = f"98765.{time.time_ns()}"
    host.snapshot({"commands": [{"name": "x", "timeout": 0.2, "argv": ["sh", "-c", f"sleep {mine} & sleep {mine}"]}]})
    end = time.monotonic() + 10  # killed processes die when the machine finds time for it
    while _running(mine) and time.monotonic() < end:
        time.sleep(0.05)
    assert _running(mine) == []


def _running(part: str) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if part.encode() in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_labels_are_kept_and_a_failing_label_rolls_back(host: Host) -> None:
    """With SELinux (played by the harness): the old file's label, the policy's for a new one; an error undoes all."""
    host.sh("printf old > x")
    change = {"files": [*ONE_FILE["files"], {"path": "n/y", "before": None, "content": "new"}]}
    outcome = host.transaction(change, labels="work")
    assert outcome["result"]["committed"], outcome
    assert outcome["labels"] == [["n", "default"], [".new", "of x"], [".new", "default"]]
    before = host.tree()
    result = host.transaction({"files": [{"path": "x", "before": "new", "content": "newer"}]}, labels="fail")["result"]
    assert (result["rolled_back"], result["reason"], host.tree()) == (True, "set selinux context failed", before)


@pytest.mark.parametrize("name", INTERPRETERS)
def test_sent_by_ansible(name: str, tmp_path: Path) -> None:
    """Packed and sent as Ansible does it, by both cores; the content is nowhere in what is printed."""
    python, packages = INTERPRETERS[name]
    if not (python and packages):
        pytest.skip(f"{name} is not installed")
    encoded = base64.b64encode(b"secret").decode()
    payload = base64.b64encode(json.dumps({str(tmp_path / "x"): encoded}).encode()).decode()
    arguments = {"payload": payload, "files": [{"path": str(tmp_path / "x"), "before": "absent"}],
                 "state_directory": str(tmp_path / "state")}
    binary = Path(packages).parents[2] / "bin" / "ansible"
    interpreter = tmp_path / "python"  # Ansible does not quote it, and the checkout may be on a path with a space
    interpreter.symlink_to(python)
    collections = tmp_path / "collections" / "ansible_collections" / "dockyard"
    collections.mkdir(parents=True)
    (collections / "openshift").symlink_to(REPOSITORY)
    controller = binary.with_name("python")
    done = subprocess.run(
        [str(controller if controller.exists() else sys.executable), str(binary), "localhost", "-vvv", "-c", "local",
         "-m", "dockyard.openshift.host_transaction", "-a", json.dumps(arguments),
         "-e", f"ansible_python_interpreter={interpreter}"],
        capture_output=True, text=True, timeout=60, cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "collections"),
             "ANSIBLE_HOME": str(tmp_path / "home")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "x").read_text() == "secret"
    for secret in ("secret", encoded, payload):
        assert secret not in done.stdout + done.stderr
