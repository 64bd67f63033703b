# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two modules answer, case by case, as written in tests/data/hands."""

from __future__ import annotations

import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cases import table

from .conftest import INTERPRETERS, REPOSITORY, Hands, Host, report_of

DATA = REPOSITORY / "tests" / "data" / "hands"
pytestmark = pytest.mark.slow
needs_root = pytest.mark.root  # changes owners


def cases(name: str) -> Any:
    return pytest.mark.parametrize("case", table(DATA / name), ids=lambda case: case.get("name") or case["says"][:40])


def matches(found: Any, wanted: Any) -> bool:
    """Return whether wanted is a part of found; * in a wanted text stands for anything."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(key in found and matches(found[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(matches, found, wanted))
    if isinstance(wanted, str) and isinstance(found, str):
        return found == wanted or fnmatchcase(found, wanted.replace("[", "[[]").replace("?", "[?]"))
    return type(found) is type(wanted) and found == wanted


@needs_root
@cases("snapshot.yml")
def test_snapshot(case: dict[str, Any], host: Host) -> None:
    for directory in [host.root, *list(host.root.parents)[:3]]:
        directory.chmod(0o755)
    host.sh(case.get("make", ""))
    before = host.tree()
    snapshot = host.snapshot(case["ask"], **{"as": case.get("as")})
    assert matches(snapshot, host.fill(case["answer"])), snapshot
    assert host.tree() == before


def whole(said: dict[str, Any]) -> dict[str, Any]:
    """Complete what a row says of a result: all that it leaves out is as usual."""
    usual = {"conflict": [], "journal": None, "rolled_back": False, "recovered": []}
    if said["committed"] or said.get("step", "") is None:
        usual |= {"step": None, "reason": None}
    else:
        usual |= {"changed": False, "failed": True, "msg": said.get("reason", "*")}
    return usual | said


@needs_root
@cases("transactions.yml")
def test_transaction(case: dict[str, Any], host: Host) -> None:
    host.sh(case.get("make", ""))
    expected = host.tree()
    outcome = host.transaction(case["do"])
    result = outcome["result"]
    assert matches(result, host.fill(whole(case["result"]))), outcome
    assert outcome["stderr"] == ""
    for path, about in case.get("after", {}).items():
        expected[path] = about and tuple(about)
    assert host.tree() == {path: about for path, about in expected.items() if about}
    assert bool(host.leftovers()) == (result["journal"] is not None or result["step"] == "journal_found")


@cases("refused_options.yml")
def test_refused_option(case: dict[str, Any], hands: Hands, tmp_path: Path) -> None:
    outcome = hands.run(case["module"], {"state_directory": str(tmp_path / "state"), **case["options"]})
    assert outcome["rc"] == 1 and outcome["stderr"] == ""
    assert matches(outcome["result"], {"failed": True, "msg": case["says"]}), outcome
    assert "exception" not in outcome["result"]
    assert not list(tmp_path.iterdir())


def test_commands_run_side_by_side(host: Host) -> None:
    """Each of four commands ends only when all four have begun."""
    wait = "touch begun$0; until test -e begun0 -a -e begun1 -a -e begun2 -a -e begun3; do sleep 0.02; done"
    commands = [{"name": str(n), "argv": ["sh", "-c", f"cd {{d}}; {wait}", str(n)]} for n in range(4)]
    answers = host.snapshot({"commands": commands})["commands"]
    assert [answers[str(n)]["state"] for n in range(4)] == ["done"] * 4


def test_contents_and_outputs_stay_out_of_the_plain_result(host: Host) -> None:
    """Old and new contents and what commands say are nowhere in the result but in its opaque report."""
    host.sh("printf old-secret > x")
    outcome = host.transaction({
        "files": [{"path": "x", "before": "old-secret", "content": "new-secret"}],
        "checks": [{"name": "c", "argv": ["cat", "{d}/x"], "expect": [{"pattern": "^nothing$"}]}]})
    assert [entry["stdout"] for entry in report_of(outcome)] == ["new-secret"]
    arguments = outcome["result"].pop("invocation")["module_args"]
    assert "payload" not in arguments
    for secret in ("old-secret", "new-secret", "bmV3LXNlY3JldA", "b2xkLXNlY3JldA"):
        assert secret not in str(outcome["result"]) and secret not in str(arguments)


def test_report_is_not_censored(host: Host) -> None:
    """Ansible masks a secret wherever its text occurs; the payload must not punch holes into the report."""
    outcome = host.transaction({"payload": "e30g", "actions": [{"name": "x{} ", "argv": ["true"]}]})
    assert "e30g" in outcome["result"]["report"] and report_of(outcome)[0]["name"] == "x{} "


def test_report_holds_the_end_of_long_outputs(host: Host) -> None:
    outcome = host.transaction({"actions": [
        {"name": "a", "argv": ["sh", "-c", "yes | head -c 100000; echo the end; exit 5"], "undo": []}]})
    assert [(e["step"], e["name"], e["rc"], len(e["stdout"]), e["stdout"][-8:]) for e in report_of(outcome)] == [
        ("act", "a", 5, 65536, "the end\n")]


def test_state_is_only_for_the_owner(host: Host) -> None:
    """Directory 0700, lock 0600, and the journal, which holds old contents, 0600."""
    host.sh("printf old > x")
    host.transaction({"files": [{"path": "x", "before": "old", "content": "new"}],
                      "actions": [{"name": "a", "argv": ["false"]}]})
    modes = {path.name: oct(path.stat().st_mode & 0o7777) for path in [host.state, *host.state.iterdir()]}
    assert modes == {"state": "0o700", "lock": "0o600", "journal.json": "0o600"}


def test_interrupted_transaction_is_described(host: Host) -> None:
    """A snapshot tells the journal's id, plan, actions, what each file held, and whose content it holds now."""
    host.sh("printf old > x; printf old > y; printf old > z")
    host.transaction({
        "plan_id": "p1", "actions": [{"name": "a", "argv": ["false"]}, {"name": "b", "argv": ["true"], "undo": ["u"]}],
        "files": [{"path": name, "before": "old", "content": "new"} for name in "xyz"]})
    host.sh("printf new > x; printf other > y")
    journal = host.snapshot()["journal"]
    assert (journal["plan_id"], journal["started"], len(journal["id"])) == ("p1", 1, 16)
    assert [(action["name"], action["undo"]) for action in journal["actions"]] == [("a", ["false"]), ("b", ["u"])]
    assert [os.path.basename(f["path"]) + " " + f["present"] for f in journal["files"]] == ["x new", "y other", "z old"]
    assert {old["content"] for old in journal["old"].values()} == {"b2xk"}


@needs_root
def test_a_checkout_that_another_user_may_not_enter(tmp_path: Path) -> None:
    """As below /root. The module is read first, and runs as somebody else then."""
    checkout = tmp_path / "checkout"
    shutil.copytree(REPOSITORY / "plugins", checkout / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    checkout.chmod(0o700)
    python, packages = INTERPRETERS["python3"]
    hands = Hands(python, packages, checkout)
    outcome = hands.run("host_snapshot", {"files": [{"path": "/etc/hostname"}]}, **{"as": 65534})
    hands.close()
    assert outcome["rc"] == 0, outcome["stderr"]
