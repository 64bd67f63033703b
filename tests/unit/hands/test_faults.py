# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transaction that is killed, or meets an error, at every single call that changes a disk: old or new, as a whole."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Hands, Host

pytestmark = [pytest.mark.slow, pytest.mark.root]  # changes owners

WORLD = """
mkdir real; printf old > a; chmod 0640 a; chown 12:34 a; printf old > real/l; chmod 0600 real/l; ln -s real/l l
printf old > gone; printf same > mode; printf old > engine
mkdir -m 0710 dir; chown 12:34 dir; printf old > dir/only
"""
# One of each kind: replaced, behind a link, new in new directories, removed, only its mode; and an engine that reads a.
CHANGE = {
    "files": [
        {"path": "a", "before": "old", "content": "new"},
        {"path": "l", "before": "old", "content": "new"},
        {"path": "n/m/b", "before": None, "content": "new", "mode": "0600"},
        {"path": "gone", "before": "old", "state": "absent"},
        {"path": "dir/only", "before": "old", "state": "absent"},
        {"path": "mode", "before": "same", "content": "same", "mode": "0600"},
    ],
    "remove_empty": ["{d}/dir"],
    "validate": [{"name": "validate", "argv": ["grep", "-q", "new", "{staged:{d}/a}"]}],
    "actions": [{"name": "restart", "argv": ["cp", "{d}/a", "{d}/engine"]}],
    "checks": [{"name": "ask", "argv": ["grep", "-q", "new", "{d}/engine"]}],
}

# A service that keeps what its file no longer says: it has to be told once more.
RELOAD = ["sh", "-c", "! grep -qs ^list= {d}/n/list || cp {d}/n/list {d}/force"]
KEEPS = {
    "files": [{"path": "n/list", "before": None, "content": "list=new", "way_back": "list=old"}],
    "actions": [{"name": "reload", "argv": RELOAD}],
    "undo_checks": [{"name": "the old list", "argv": ["grep", "-q", "list=old", "{d}/force"]}],
    "checks": [{"name": "ask", "argv": ["grep", "-q", "list=new", "{d}/force"]}],
}
CHANGES = {"all kinds": (WORLD, CHANGE), "keeps": ("printf list=old > force", KEEPS)}

PUT_BACK = re.compile(r"cannot put back (.*?): ")


class Worlds:
    """As many fresh hosts as a test needs, all alike."""

    def __init__(self, hands: Hands, directory: Path, world: str, change: dict[str, Any]) -> None:
        self.hands, self.directory, self.made, self.world, self.change = hands, directory, 0, world, change
        host = self.fresh()
        self.old = host.tree()
        outcome = host.transaction(change)
        assert outcome["result"]["committed"], outcome
        self.new = host.tree()
        self.calls = [name for name, _path in outcome["calls"]]
        self.watched = outcome["calls"]
        assert self.old != self.new and len(self.calls) > 25 and host.leftovers() == []

    def fresh(self) -> Host:
        self.made += 1
        directory = self.directory / str(self.made)
        directory.mkdir()
        host = Host(self.hands, directory)
        host.sh(self.world)
        return host

    def faults(self, do: str | int, **more: Any) -> Iterator[tuple[Host, dict[str, Any], str]]:
        """A host and the outcome for a fault at each call; the text tells which one."""
        for at, name in enumerate(self.calls):
            host = self.fresh()
            outcome = host.transaction(self.change, fault={"at": at, "do": do, **more})
            yield host, outcome, f"{do} at call {at} ({name})"


@pytest.fixture
def worlds(hands: Hands, request: pytest.FixtureRequest) -> Iterator[Worlds]:
    # In memory: the thousand transactions of this file would mostly wait for the disk.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as directory:
        yield Worlds(hands, Path(directory), *CHANGES[getattr(request, "param", "all kinds")])


each_kind = pytest.mark.parametrize("worlds", CHANGES, indirect=True)


@each_kind
@pytest.mark.parametrize("do", ["kill", "tear"])
def test_killed_anywhere_then_recovered(worlds: Worlds, do: str) -> None:
    """After kill -9 the next run undoes the whole of it, or finds it complete, and nothing is left behind."""
    outcomes = set()
    for host, outcome, where in worlds.faults(do):
        assert outcome["signal"] == 9, where
        recovered = host.recover()
        assert recovered["result"]["committed"], (where, recovered)
        tree = host.tree()
        assert tree in (worlds.old, worlds.new), (where, tree)
        assert host.leftovers() == [], where
        outcomes.add(tree == worlds.new)
    assert outcomes == {False, True}


@each_kind
def test_killed_anywhere_then_run_again(worlds: Worlds) -> None:
    """After kill -9 the same change, planned from what the journal says was there, gets through: the engine has it."""
    for host, _outcome, where in worlds.faults("kill"):
        journal = host.snapshot()["journal"]
        if host.tree() == worlds.new and not journal:
            continue      # killed when all was done
        again = host.transaction({**worlds.change, "recover": journal and journal["id"]})
        assert again["result"]["committed"], (where, again)
        assert host.tree() == worlds.new and host.leftovers() == [], where


def test_killed_anywhere_while_it_goes_back(hands: Hands, tmp_path: Path) -> None:
    """A transaction that fails and is killed while it puts everything back: the next run brings the rest back."""
    failing = {**KEEPS, "checks": [{"name": "no", "argv": ["false"]}]}
    worlds = Worlds(hands, tmp_path, *CHANGES["keeps"])
    for at in range(200):
        host = worlds.fresh()
        outcome = host.transaction(failing, fault={"at": at, "do": "kill"})
        if outcome["signal"]:
            assert host.recover()["result"]["committed"], at
        assert host.tree() == worlds.old and host.leftovers() == [], (at, host.tree())
        if not outcome["signal"]:
            assert at > 35 and outcome["result"]["rolled_back"], outcome
            return


def test_killed_anywhere_while_recovering(worlds: Worlds) -> None:
    """A recovery that is killed itself, at any call, is completed by the next."""
    # the journal says that the action began; what is renamed after it is the journal itself, when all is done
    in_action = [at for at, name in enumerate(worlds.calls) if name == "rename"][-2] + 1
    assert killed_in_recovery(worlds, in_action, None)
    for at in range(200):
        if not killed_in_recovery(worlds, in_action, at):
            assert at > 20
            return
    raise AssertionError("recovery does not end")


def killed_in_recovery(worlds: Worlds, first: int, second: int | None) -> bool:
    """Return whether the second kill, in the recovery, struck (for None: whether there was something to recover)."""
    host = worlds.fresh()
    host.transaction(CHANGE, fault={"at": first, "do": "kill"})
    journal = host.snapshot()["journal"]
    assert {entry["present"] for entry in journal["files"]} == {"new"}
    fault = None if second is None else {"at": second, "do": "tear"}
    killed = host.transaction({"recover": journal["id"]}, fault=fault)
    assert host.recover()["result"]["committed"]
    assert host.tree() == worlds.old and host.leftovers() == [], second
    return killed["signal"] == 9 or second is None


@each_kind
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=errno.errorcode.get)
def test_error_anywhere(worlds: Worlds, number: int) -> None:
    """One failing call: all is as it was, one sentence, no journal; or, where it does not matter, all is done."""
    failed = 0
    for host, outcome, where in worlds.faults(number):
        result = outcome["result"]
        assert outcome["stderr"] == "" and host.leftovers() == [], (where, outcome)
        if result["committed"]:
            assert host.tree() == worlds.new, where
            continue
        failed += 1
        assert host.tree() == worlds.old, (where, outcome)
        assert os.strerror(number).lower() in result["reason"].lower(), (where, result["reason"])
        assert result["rolled_back"] == (result["step"] not in ("options", "lock", "recover", "inspect")), where
    assert failed > len(worlds.calls) * 0.8


def test_error_that_lasts(worlds: Worlds) -> None:
    """From some call on nothing can be written: what cannot be undone stays in a journal, and is undone later."""
    kept, named = 0, []
    for host, outcome, where in worlds.faults(errno.EROFS, lasting=True):
        result = outcome["result"]
        if result["journal"]:
            kept += 1
            assert not result["rolled_back"] and "; rolling back failed: " in result["reason"], (where, result)
            named += [os.path.relpath(path, host.root) for path in PUT_BACK.findall(result["reason"])]
        assert host.recover()["result"]["committed"], where
        assert host.tree() in (worlds.old, worlds.new), where
        assert host.leftovers() == [], where
    assert kept > 10
    assert named and set(named) <= worlds.old.keys() | worlds.new.keys(), "the file is named that could not be put back"


def test_other_journal_stops_everything(worlds: Worlds) -> None:
    """A transaction that does not name the journal it finds touches nothing."""
    host = worlds.fresh()
    host.transaction(CHANGE, fault={"at": len(worlds.calls) - 6, "do": "kill"})
    before = host.tree()
    for recover in (None, "0123456789abcdef"):
        result = host.transaction({**CHANGE, "recover": recover})["result"]
        assert (result["step"], result["committed"], result["changed"]) == ("journal_found", False, False)
        assert host.tree() == before and host.leftovers() == ["journal.json"]


def test_recovery_leaves_changes_of_others(worlds: Worlds) -> None:
    host = worlds.fresh()
    host.transaction(CHANGE, fault={"at": len(worlds.calls) - 6, "do": "kill"})
    host.sh("printf other > a; printf other > gone")
    result = host.recover()["result"]
    outcomes = {os.path.basename(entry["what"]): entry["outcome"] for entry in result["recovered"]}
    assert outcomes == {"a": "left", "l": "restored", "b": "restored", "gone": "left", "only": "restored",
                        "mode": "restored", "restart": "undone"}
    tree = host.tree()
    assert (tree["a"][3], tree["gone"][3], tree["engine"][3], tree["l"]) == ("other", "other", "other", worlds.old["l"])
    assert host.leftovers() == []


def test_times_and_attributes_come_back_with_the_file(worlds: Worlds) -> None:
    """Rolling back brings back the file itself, not a copy of it."""
    host = worlds.fresh()
    before = (host.root / "a").stat()
    change = {**CHANGE, "checks": [{"name": "no", "argv": ["false"]}]}
    assert host.transaction(change)["result"]["rolled_back"]
    after = (host.root / "a").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)


def test_without_hard_links_the_journal_brings_files_back(worlds: Worlds) -> None:
    """A file system that has no hard links: link() fails, and a failing check still undoes all."""
    change = {**CHANGE, "files": CHANGE["files"][:1], "checks": [{"name": "no", "argv": ["false"]}]}
    at = [name for name, _path in worlds.fresh().transaction(change)["calls"]].index("link")
    host = worlds.fresh()
    inode = (host.root / "a").stat().st_ino
    assert host.transaction(change, fault={"at": at, "do": errno.EPERM})["result"]["rolled_back"]
    assert (host.root / "a").stat().st_ino != inode
    assert host.tree() == worlds.old and host.leftovers() == []


def test_everything_reaches_the_disk_in_order(worlds: Worlds) -> None:
    """What is renamed was synced before, with nothing written since; its directory is synced right after."""
    synced: set[str] = set()
    for at, (name, path) in enumerate(worlds.watched):
        if name == "fsync":
            synced.add(path)
        elif name in ("write", "fchown", "fchmod"):
            synced.discard(path)
        elif name == "rename" or (name == "unlink" and os.path.basename(path) in ("gone", "journal.json")):
            # the journal that becomes last.json was synced under the name of its .new
            assert name == "unlink" or path in synced or os.path.basename(path) == "journal.json", path
            assert worlds.watched[at + 1:at + 3] == [["open", os.path.dirname(path)], ["fsync", os.path.dirname(path)]]


@pytest.mark.parametrize("mended", [True, False])
def test_undo_that_keeps_failing(worlds: Worlds, mended: bool) -> None:
    """What cannot be undone stops a recovery that has nothing to mend it with, but not a change that has."""
    host = worlds.fresh()
    broken = {**CHANGE, "actions": [{"name": "restart", "argv": ["false"]}]}
    journal = host.transaction(broken)["result"]["journal"]
    assert host.tree() == worlds.old and journal
    result = host.transaction({**(CHANGE if mended else {}), "recover": journal})["result"]
    assert {"what": "restart", "outcome": "failed"} in result["recovered"]
    assert result["committed"] == mended and result["journal"] == (None if mended else journal)
    assert host.tree() == (worlds.new if mended else worlds.old)


def interrupted_in_action(worlds: Worlds) -> tuple[Host, str]:
    """A host whose engine has the new file already, and the id of the journal that says how far it came."""
    host = worlds.fresh()
    host.transaction({**CHANGE, "checks": [{"name": "power", "argv": ["sh", "-c", "kill -9 $PPID"]}]})
    journal = host.snapshot()["journal"]
    assert (journal["started"], host.tree()["engine"][3]) == (1, "new")
    return host, journal["id"]


def test_begun_actions_that_will_run_anyway_are_not_undone_first(worlds: Worlds) -> None:
    host, journal = interrupted_in_action(worlds)
    again = host.transaction({**CHANGE, "recover": journal})["result"]
    assert again["committed"] and "restart" not in [entry["what"] for entry in again["recovered"]]
    assert host.tree() == worlds.new and host.leftovers() == []


def test_begun_actions_of_another_kind_are_undone_first(worlds: Worlds) -> None:
    host, journal = interrupted_in_action(worlds)
    other = {**CHANGE, "actions": [{"name": "touch", "argv": ["true"]}], "checks": []}
    again = host.transaction({**other, "recover": journal})["result"]
    assert again["committed"] and {"what": "restart", "outcome": "undone"} in again["recovered"]
    assert host.tree()["engine"][3] == "old"


SPELLED = {"name": "restart engine", "argv": ["sh", "-c", "echo again >>{d}/log; cp {d}/a {d}/engine"]}


def test_an_action_is_run_in_place_of_one_that_is_spelled_in_another_way(worlds: Worlds) -> None:
    host, journal = interrupted_in_action(worlds)
    step = {**SPELLED, "instead_of": [0]}
    again = host.transaction({**CHANGE, "actions": [step], "recover": journal})["result"]
    assert again["committed"] and "restart" not in [entry["what"] for entry in again["recovered"]]
    assert host.tree()["log"][3] == "again\n" and host.leftovers() == []


def test_a_settled_action_is_neither_undone_nor_run(worlds: Worlds) -> None:
    """The engine holds the new file already, which is what is asked for: nothing has to be done to it."""
    host, journal = interrupted_in_action(worlds)
    host.sh("printf held > engine")
    done = host.transaction({**CHANGE, "actions": [], "checks": [], "settled": [0], "recover": journal})["result"]
    assert done["committed"] and "restart" not in [entry["what"] for entry in done["recovered"]]
    assert (host.tree()["engine"][3], host.leftovers()) == ("held", [])


def test_a_settled_action_is_undone_with_its_transaction(worlds: Worlds) -> None:
    """Then the old files are back, and the engine that holds the new ones has to look again."""
    host, journal = interrupted_in_action(worlds)
    failing = {"actions": [], "checks": [{"name": "no", "argv": ["false"]}], "settled": [0]}
    failed = host.transaction({**CHANGE, **failing, "recover": journal})["result"]
    assert failed["rolled_back"] and {"what": "restart", "outcome": "undone"} in failed["recovered"]
    assert host.tree() == worlds.old and host.leftovers() == []


SECOND = {
    "settled": {"actions": [], "checks": [], "settled": [0]},
    "instead_of": {"actions": [{**SPELLED, "instead_of": [0]}]},
}


@pytest.mark.parametrize("how", SECOND)
def test_the_run_that_takes_over_is_killed_anywhere_itself(worlds: Worlds, how: str) -> None:
    """The third finds one journal that knows all that had begun: it undoes the whole of it, or does the change."""
    ends = set()
    for at in range(0, 200, 3):
        host, journal = interrupted_in_action(worlds)
        second = {**CHANGE, **SECOND[how], "recover": journal}
        if not host.transaction(second, fault={"at": at, "do": "kill"})["signal"]:
            break  # it has no call of that number
        left = host.snapshot()["journal"]
        again = host.transaction({**CHANGE, "recover": left["id"]}) if left and at % 2 else host.recover()
        assert again["result"]["committed"], (at, again)
        (host.root / "log").unlink(missing_ok=True)
        tree = host.tree()
        assert tree in (worlds.old, worlds.new) and host.leftovers() == [], (at, tree)
        ends.add((bool(left), tree == worlds.new))
    assert at > 40 and ends == {(True, False), (True, True), (False, True)}


@pytest.mark.parametrize("number", [1, -1])
def test_only_begun_actions_can_be_settled(worlds: Worlds, number: int) -> None:
    host, journal = interrupted_in_action(worlds)
    refused = host.transaction({**CHANGE, "settled": [number], "recover": journal})["result"]
    assert not refused["committed"] and "had not begun" in refused["reason"]


def test_an_empty_undo_means_nothing(worlds: Worlds) -> None:
    """Also when it comes back from a journal."""
    host = worlds.fresh()
    change = {**CHANGE, "actions": [{**CHANGE["actions"][0], "undo": []}]}
    host.transaction({**change, "checks": [{"name": "power", "argv": ["sh", "-c", "kill -9 $PPID"]}]})
    assert host.snapshot()["journal"]["actions"][0]["undo"] == []
    assert host.recover()["result"]["committed"]
    assert host.tree() == {**worlds.old, "engine": worlds.new["engine"]}


def test_a_journal_names_the_unit_and_the_parts_of_an_action(worlds: Worlds) -> None:
    host = worlds.fresh()
    about = {"whom": "docker.service", "disruption": "restart", "parts": ["registry_trust"]}
    actions = [{**CHANGE["actions"][0], **about, "instead_of": []}]
    power = {"name": "power", "argv": ["sh", "-c", "kill -9 $PPID"]}
    host.transaction({**CHANGE, "actions": actions, "checks": [power]})
    (action,) = host.snapshot()["journal"]["actions"]
    assert {key: action[key] for key in about} == about and "instead_of" not in action


@pytest.mark.parametrize("failing", [
    {"validate": [{"name": "no", "argv": ["false"]}]},
    {"checks": [{"name": "no", "argv": ["false"]}]},
])
def test_begun_actions_are_undone_when_the_next_transaction_fails(worlds: Worlds, failing: dict[str, Any]) -> None:
    """Also when that one has not come to its own actions yet: the engine runs with what the first left behind."""
    host, journal = interrupted_in_action(worlds)
    failed = host.transaction({**CHANGE, **failing, "recover": journal})["result"]
    assert failed["rolled_back"] and failed["journal"] is None
    assert host.tree() == worlds.old and host.leftovers() == []


def test_begun_actions_are_not_forgotten_by_a_transaction_that_finds_other_files(worlds: Worlds) -> None:
    host, journal = interrupted_in_action(worlds)
    elsewhere = {**CHANGE, "files": [{"path": "a", "before": "somebody's", "content": "new"}], "recover": journal}
    result = host.transaction(elsewhere)["result"]
    assert (result["step"], result["journal"]) == ("compare", journal)
    assert host.snapshot()["journal"]["started"] == 1
    assert host.recover()["result"]["committed"] and host.tree() == worlds.old
