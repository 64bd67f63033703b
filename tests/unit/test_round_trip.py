# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the controller to the programs on a host and back: what one packs, the other understands."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import stat
import time
from types import SimpleNamespace

import pytest
from ansible_collections.dockyard.openshift.plugins.action import host_snapshot
from ansible_collections.dockyard.openshift.plugins.module_utils import _hands, _snapshot
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH, HostProblem, Observed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.snapshot import from_snapshot, pack_json, unpack
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.watch import Question, Tree, Watch
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.certificates import certificates_in
from tasks import asked, run
from trust.pki import certificate, key_pem


@pytest.fixture
def look(tmp_path):
    """Ask this machine, with its record and journal below tmp_path."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "state.json").write_text("{}")

    def look(watch: Watch) -> Observed:
        wanted = asked({"wanted": pack_json(watch.arguments())}) | {"state_directory": str(state)}
        return from_snapshot(unpack(_snapshot.answer(wanted)["snapshot"]))

    return look


def test_a_directory_with_more_files_than_anyone_reads_is_named(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.conf").touch()
    entry = {"path": str(tmp_path), "pattern": "*.conf", "depth": 1, "count": 2}
    assert _snapshot.list_directory(entry) == {"state": "failed", "reason": "too many files (3, limit 2)"}
    assert _snapshot.list_directory(entry | {"count": 3})["entries"] == ["0.conf", "1.conf", "2.conf"]
    entry["pattern"] = "[z-a]"
    assert _snapshot.list_directory(entry) in (
        {"state": "failed", "reason": "the pattern [z-a] is not valid"},  # Python before 3
        {"state": "directory", "entries": []},
    )


def test_every_question_is_answered(look, tmp_path):
    (tmp_path / "a.conf").write_text("search: ä\n")
    (tmp_path / "a.conf").chmod(0o640)
    (tmp_path / "other").write_text("not asked for")
    deep = tmp_path / "certs.d" / "a.example.com"
    deep.mkdir(parents=True)
    (deep / "ca.crt").write_text(certificate("one"))
    (deep / "me.key").write_text(key_pem("me"))
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(certificate("one") + certificate("two"))
    one, two = certificates_in(bundle.read_bytes())
    place, gone = str(tmp_path / "certs.d"), str(tmp_path / "gone")
    host = look(
        Watch(
            files=(str(tmp_path / "a.conf"), gone),
            directories=(str(tmp_path), gone),
            trees=(Tree(place, pattern="*", depth=2, secret="*.key"),),
            bundles=(str(bundle),),
            commands=(
                Question("said", ("sh", "-c", "echo out; echo err >&2; exit 3")),
                Question("there", ("no-such-program",)),
                Question("needs", ("true",), "no-such-program"),
                Question("unless", ("true",), unless="sh"),
            ),
        )
    )
    assert host.entries(str(tmp_path)) == [str(tmp_path / "a.conf")] and host.entries(gone) == []
    assert host.text(str(tmp_path / "a.conf")) == "search: ä\n" and host.text(gone) is None
    about = host.about(str(tmp_path / "a.conf"))
    assert (about["mode"], about["uid"], about["gid"], about["link"]) == ("0640", os.getuid(), os.getgid(), None)
    assert host.checksum(str(tmp_path / "a.conf")) == hashlib.sha256("search: ä\n".encode()).hexdigest()
    assert host.listing(place).files == (str(deep / "ca.crt"), str(deep / "me.key"))
    assert host.listing(place).holds("a.example.com") and not host.listing(gone).there
    assert host.content(str(deep / "ca.crt")) == certificate("one").encode()
    with pytest.raises(HostProblem, match="its content was left on the host"):
        host.content(str(deep / "me.key"))
    assert host.certificates(str(bundle)) == (one.fingerprint, two.fingerprint)
    said = host.answer("said")
    assert (said.rc, said.stdout, said.stderr, said.failure) == (3, "out\n", "err\n", "")
    answers = {name: (host.answer(name).there, host.answer(name).asked) for name in ("there", "needs", "unless")}
    assert answers == {"there": (False, True), "needs": (False, True), "unless": (False, False)}
    assert abs(host.clock - time.time()) < 60 and (host.uid, host.locked, host.journal) == (os.geteuid(), False, None)
    assert host.text(STATE_PATH) == "{}"


def test_a_command_that_hangs_is_a_failure(look):
    host = look(Watch(commands=(Question("hangs", ("sleep", "30")),), timeout=0.1))
    assert host.answer("hangs").failure == "no answer within 0.1 s" and host.answer("hangs").there


@pytest.mark.parametrize("labels", [True, False])
def test_labels_of_files_are_told_where_they_are_asked_for(look, tmp_path, monkeypatch, labels):
    monkeypatch.setattr(_snapshot, "label_of", lambda path: "system_u:object_r:cert_t:s0")
    (tmp_path / "a").write_text("")
    host = look(Watch(files=(str(tmp_path / "a"), str(tmp_path / "gone")), labels=labels))
    assert host.about(str(tmp_path / "a")).get("label") == ("system_u:object_r:cert_t:s0" if labels else None)
    assert host.about(str(tmp_path / "gone")).get("label") is None


@pytest.mark.parametrize("there", [True, False])
def test_where_a_label_is_read(monkeypatch, there):
    def getxattr(path, name, place, size):
        assert (path, name, size) == (b"/etc/x", b"security.selinux", 4096)
        place.value = b"system_u:object_r:etc_t:s0"
        return 27

    with monkeypatch.context() as patched:
        patched.setattr(_snapshot.os.path, "isdir", lambda path: there and path == "/sys/fs/selinux")
        patched.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(getxattr=getxattr))
        found = _snapshot.label_of("/etc/x")
    assert found == ("system_u:object_r:etc_t:s0" if there else None)


def test_host_snapshot_sends_only_the_given_options(tmp_path):
    said = {
        "files": [{"path": "/a", "limit": 5}],
        "directories": [{"path": "/d", "depth": 2, "pattern": "*"}],
        "commands": [{"name": "c", "argv": ["true"], "timeout": 3.0}],
        "labels": False,
    }
    done = run(host_snapshot.ActionModule, said, [{"time": 7}])
    ((_module, arguments),) = done.calls
    assert asked(arguments) == said
    assert unpack(done.result["snapshot"]) == {"time": 7}


# -- parts of the programs that no table of hosts can reach ---------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (stat.S_IFDIR, "directory"),
        (stat.S_IFIFO, "fifo"),
        (stat.S_IFSOCK, "socket"),
        (stat.S_IFCHR, "character device"),
        (stat.S_IFBLK, "block device"),
    ],
)
def test_a_file_that_is_not_regular_is_named(monkeypatch, kind, name):
    with monkeypatch.context() as patched:
        patched.setattr(_hands.os, "stat", lambda path: SimpleNamespace(st_mode=kind | 0o644))
        found = _hands.describe("/x", 5)
    assert found == {"state": "failed", "reason": f"not a regular file ({name})"}


@pytest.mark.parametrize(("ended", "waits"), [(None, range(2, 12)), (-signal.SIGKILL, [0])], ids=["never", "at once"])
def test_a_process_that_cannot_be_killed_is_not_waited_for_without_end(monkeypatch, ended, waits):
    slept, clock = [], iter(range(1000))

    def sleep(seconds):
        slept.append(seconds)
        assert len(slept) < 100

    monkeypatch.setattr(_hands.os, "killpg", lambda group, number: None)
    monkeypatch.setattr(_hands, "now", lambda: next(clock) / 5)
    monkeypatch.setattr(_hands.time, "sleep", sleep)
    command = _hands.Command.__new__(_hands.Command)
    command.process = SimpleNamespace(pid=0, poll=lambda: ended)
    command._kill("no answer")
    assert len(slept) in waits and command.problem == {"state": "failed", "reason": "no answer"}


@pytest.mark.parametrize(
    ("head", "end"),
    [
        ("3000", 2), ("307f", 129), ("3080", 2), ("308180", 131), ("3081ff", 258), ("30820100", 260),
        ("3082ffff", 65539), ("3083010000", 65541),
    ],
)  # fmt: skip
def test_a_certificate_ends_where_its_length_says(head, end):
    """Up to 127 stands in one byte; more in as many bytes as the first one says (X.690, 8.1.3)."""
    assert _snapshot.end_of_element(bytearray.fromhex(head) + bytearray(8)) == end
