# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an interrupted run has left to do (tests/data/plan), and what earlier versions left (tests/data/history)."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH, HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan import records, undo
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.draft import Draft, FileChange, Step
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, propose
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive
from cases import DATA, cases
from hosts import commit, described, host
from test_engine_docker_fork import answers
from trust.pki import NOW, certificate
from trust.test_policy import read_trust
from trust.world import propose as propose_trust
from trust.world import restore_of, world

HISTORY = DATA / "history"
POLICY = read_policy({"search": "a.example.com"})
PODMAN = '{"version": {"Version": "4.3.1"}, "registries": {"search": ["a.example.com"]}}'


def journal_of(begun: list, old: dict, **more) -> dict:
    """Make the answer of host_snapshot about a journal as 3700bd3 wrote it."""
    actions = [{"name": name, "argv": argv, "undo": argv, "timeout": 90.0} for name, *argv in begun]
    return {
        "id": "cafe", "plan_id": "p", "time": 1, "started": len(actions), "directories": [], "actions": actions,
        "files": [{"path": path, "new": "n", "present": "new"} for path in old],
        "old": {path: {"state": "absent"} if text is None else described(text) for path, text in old.items()}, **more,
    }  # fmt: skip


def found(case: dict):
    old = case.get("old", {})
    journal = journal_of(case["begun"], old)
    if case["host"] == "podman":
        said = {"podman.info": PODMAN}
        if "crio" in case:
            said["crio.state"] = f"LoadState=loaded\nActiveState={case['crio']}\n"
            said["crio.version"] = "crio version 1.24.1\n"
        drop_in = "unqualified-search-registries = ['a.example.com']\n"
        files = {"/etc/containers/registries.conf.d/90-dockyard.conf": drop_in, **case["files"]}
        return host(files, said, journal=journal)
    said = answers(["sysconfig"]) | {"docker.flags": "/usr/bin/dockerd-current\n"}
    names = ", ".join(f"{name} (secure)" for name in case.get("shows", []))
    said["docker.info"] = (
        f" Running: {case.get('running', 0)}\nInsecure Registries:\n 127.0.0.0/8\nRegistries: {names}\n"
    )
    if case.get("stopped"):
        said |= {"docker.state": "ActiveState=inactive\n", "docker.info": ""}
    return host(case["files"], said, journal=journal)


@pytest.mark.parametrize("case", cases("plan/interrupted.yml"))
def test_an_interrupted_run_is_completed(case):
    node, how = found(case), Applying(case.get("activation", "if_idle"))
    drafters = registries.drafts(node, registries.Said(POLICY))
    if "says" in case:
        with pytest.raises(HostProblem) as refusal:
            propose(node, drafters, how)
        assert case["says"] in str(refusal.value)
        return
    proposal = propose(node, drafters, how)
    sent = commit(proposal)
    assert sent["recover"] == "cafe"
    half_done = [line.rpartition(" ")[2] for line in proposal.plan.changes[0].before.splitlines()]
    assert half_done == list(case.get("old", {}))
    assert [action["name"] for action in sent["actions"]] == case["steps"]
    assert str(proposal.plan.disruption) == case["disruption"]
    assert sent.get("settled", []) == case["settled"]
    stood_for = [number for action in sent["actions"] for number in action["instead_of"]]
    assert sorted(stood_for + case["settled"]) == list(range(len(case["begun"]))), "every begun action is seen to"


@pytest.mark.parametrize(("undo", "sent"), [((), []), (None, []), (("lvremove", "x"), ["lvremove", "x"])])
def test_nothing_to_undo_is_not_the_same_as_once_more(undo, sent):
    """W3: an empty undo used to mean the command itself."""
    step = Step("make it", ("lvcreate", "x"), undo=undo)
    change = FileChange("/etc/a", b"x", "why")
    proposal = propose(host({}), [lambda world: Draft(("test",), files=(change,), steps=(step,))], Applying())
    assert commit(proposal)["actions"][0]["undo"] == sent
    again = journal_of([["make it", "lvcreate", "x"]], {})
    again["actions"][0]["undo"] = sent
    back = commit(propose(host({}, journal=again), [], Applying()))
    assert back["recover"] and back["actions"] == [], "host_transaction runs the undo; nobody runs lvcreate again"


def test_a_step_that_cannot_be_undone_goes_on_under_its_name():
    """It is told anew what it finds; until it has ended, every journal says that it was begun."""
    step = Step("fill it", ("fill", "the rest"), undo=None)
    again = journal_of([["fill it", "fill", "all"]], {})
    again["actions"][0]["undo"] = []
    back = commit(propose(host({}, journal=again), [lambda world: Draft(("test",), steps=(step,))], Applying()))
    assert [(each["argv"], each["instead_of"]) for each in back["actions"]] == [(["fill", "the rest"], [0])]


def test_a_plan_is_taken_back_by_the_undo_of_its_steps_or_not_at_all():
    last = journal_of([["stop it", "systemctl", "stop", "x"]], {})
    last["actions"][0]["undo"] = ["systemctl", "start", "x"]
    (step,) = undo.draft(["p"], host({}, last=last)).steps
    assert (step.argv, step.undo) == (("systemctl", "start", "x"), ("systemctl", "stop", "x"))
    last["actions"][0]["undo"] = []
    with pytest.raises(HostProblem, match="stop it of plan p cannot be undone, so the plan is not taken back"):
        undo.draft(["p"], host({}, last=last))


def test_no_line_of_a_plan_is_a_journals():
    path = "/etc/x\n    + everything is as it was\u2028\x1b[2J"
    proposal = propose(host({}, journal=journal_of([[f"do{path}", "true"]], {path: None})), [], Applying())
    assert proposal.plan.changes[0].before == "half done: /etc/x     + everything is as it was  [2J\n"
    assert proposal.plan.text().replace("\n", "").isprintable()


D = "/etc/containers/registries.conf.d"


@pytest.mark.parametrize("case", cases("plan/taken_back.yml"))
def test_a_directory_once_an_interrupted_transaction_is_taken_back(case):
    journal = journal_of([], {f"{D}/{name}": text for name, text in case["old"].items()})
    journal["directories"] = [path.replace("D", D, 1) for path in case.get("made", [])]
    for entry in journal["files"]:
        entry["present"] = "other" if entry["path"][len(D) + 1 :] in case.get("other", []) else "new"
    start = host({}, directories={D: case["listing"]}, journal=journal).without_interrupted()
    found = start.listing(D)
    then = {kind: [path[len(D) + 1 :] for path in getattr(found, kind)] for kind in ("files", "directories")}
    assert (then if found.there else None) == case["then"]


# -- what earlier versions left ---------------------------------------------------------------------------------------

COMMITS = sorted(path.name for path in HISTORY.iterdir() if path.is_dir())
CUT_OFF = [path for version in COMMITS for path in sorted((HISTORY / version).glob("*.journal.json"))]
STATES = [path for version in COMMITS for path in sorted((HISTORY / version).glob("*.state.json"))]
TRUST = [
    {"registry": "a.example.com", "ca": certificate("one")},
    {"registry": "b.example.com:5000", "ca": certificate("two")},
]


def snapshot_of(path) -> dict:
    """The journal as a snapshot tells it, everything half done."""
    kept = json.loads(path.read_text())
    files = [{"path": entry["path"], "new": "n", "present": "new"} for entry in kept["files"]]
    told = {key: kept[key] for key in ("id", "plan_id", "time", "actions", "started", "directories")}
    return {**told, "files": files, "old": {entry["path"]: entry["old"] for entry in kept["files"]}}


@pytest.mark.parametrize("path", CUT_OFF, ids=lambda path: path.name)
def test_an_interrupted_run_of_an_earlier_version_is_completed(path):
    """By whatever task comes next: nothing of it is forgotten, and every begun action is seen to."""
    case = {"docker": "1.13.1"} if "docker" in path.name else {"podman": True}
    if "crio" in path.name:
        case["crio"] = "active"
    journal = snapshot_of(path)
    node = world({**case, "more": {"journal": journal, "state": described(path.with_name(
        path.name.replace("journal", "state")).read_text())}})  # fmt: skip
    again = propose_trust(node, read_trust(TRUST, NOW), {"activation": "now"})
    assert again.plan.changes[0].what == f"interrupted transaction {journal['id']}"
    assert again.commit["recover"] == journal["id"]
    stood_for = [number for action in again.commit["actions"] for number in action["instead_of"]]
    assert sorted(stood_for + again.commit.get("settled", [])) == list(range(journal["started"]))
    names = [action["name"] for action in again.commit["actions"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", STATES, ids=lambda path: path.name)
def test_records_of_an_earlier_version_are_still_ours(path):
    kept = json.loads(path.read_text())
    node = host({}, state=described(path.read_text()))
    assert records.state_of(node) == kept
    written = records.change_of({}, records.state_of(node))
    assert json.loads(written.content) == kept, "written back as it was read"


@pytest.mark.parametrize("version", COMMITS)
def test_certificates_that_an_earlier_version_put_there_go(version):
    path = HISTORY / version / "docker-trust.state.json"
    ours = json.loads(path.read_text())["registry_trust"]["files"]
    files = {
        name: world({"files": {name: {"cert": "one"}}}).files[name] | {"sha256": about["sha256"]}
        for name, about in ours.items()
    }
    case = {"docker": "1.13.1", "more": {"state": described(path.read_text())}}
    gone = propose_trust(world(case, files), read_trust([], NOW), {"activation": "now"})
    assert {file["path"] for file in gone.commit["files"] if file["state"] == "absent"} == set(ours)


@pytest.mark.parametrize("version", COMMITS)
def test_an_archive_of_an_earlier_version_is_put_back(version):
    found = archive.unpack((HISTORY / version / "docker-trust.tar").read_bytes())
    back = restore_of(world({"docker": "1.13.1"}), found)
    assert {file["path"] for file in back.commit["files"]} - {STATE_PATH} == {
        saved.path for saved in found.files if not saved.path.endswith(".cert")
    }
    state = json.loads(records.change_of({}, found.record).content)
    assert state["files"]


@pytest.mark.parametrize("version", [2, 99, True, "1", None, 1.5])
def test_a_record_of_a_newer_version_is_refused(version):
    with pytest.raises(HostProblem) as refusal:
        records.state_of(host({}, state=described(json.dumps({"version": version, "container_registries": {}}))))
    newer = isinstance(version, int) and version is not True
    assert ("newer version of dockyard.openshift" in str(refusal.value)) is newer
