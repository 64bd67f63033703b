# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host and the word trust to plan and commit: cases in tests/data/trust, and what must hold for all of them."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH, HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.records import record_of, state_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.certificates import certificates_in
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import certs_d, report
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust.drafts import PART, RECORD, slug
from cases import cases

from trust.pki import NOW, certificate, key_pem
from trust.test_policy import entries, read_trust
from trust.world import after, contents, described, propose, world, world_after

PLANS = cases("trust/plan.yml", having="writes")


def anchor(name: str) -> str:
    return slug(certificates_in(certificate(name).encode())[0])


def proposed(case, host=None, **options):
    trust = read_trust(entries({"given": case["trust"]}), NOW)
    return propose(host or world(case["host"]), trust, case.get("options", {}) | options)


def files(commit, state="file"):
    return sorted(f["path"] for f in commit.get("files", []) if f["state"] == state and f["path"] != STATE_PATH)


def probes(commit):
    """Name [engine] and directory of each connection to be tried."""
    found = [check for check in commit["checks"] if check["name"] == "the registries are trusted"]
    words = found[0]["argv"][4:] if found else []
    return [f"{words[at]} {words[at + 3].replace('/nonexistent', '-')}" for at in range(0, len(words), 7)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Corp CA 1", "corp-ca-1"),
        ("Corp CA 2", "corp-ca-2"),
        ("../..\n/x", "x"),
        ("ä", "ca"),
        ("a" * 60, "a" * 40),
    ],
)
def test_a_file_is_named_after_its_certificate(name, words):
    (one,) = certificates_in(certificate(name).encode())
    assert slug(one) == f"dockyard-{words}-{one.fingerprint[:12]}.crt"


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        ("/etc/docker/certs.d/a/ca.crt", certificate("one") + certificate("two"), ["CN=one, ", "CN=two, "]),
        ("/etc/docker/certs.d/a/client.key", key_pem("client"), ["a private key"]),
        ("/etc/docker/certs.d/a/ca.crt", key_pem("client"), ["no certificate"]),
    ],
)
def test_the_view_of_a_file(path, content, says):
    lines = certs_d.view_of(path, content.encode()).splitlines()
    assert len(lines) == len(says)
    assert all(line.startswith(words) for line, words in zip(lines, says, strict=True)), lines


@pytest.mark.parametrize("case", PLANS)
def test_the_plan_of_certificates(case, sentences):
    proposal = proposed(case)
    sentences(proposal.plan.text(), *(getattr(proposal.plan, kind) for kind in ("warnings", "notes", "pending")))
    assert files(proposal.commit) == sorted(path.replace("{one}", anchor("one")) for path in case["writes"])
    assert files(proposal.commit, "absent") == []
    assert [action["name"] for action in proposal.commit.get("actions", [])] == case["steps"]
    for kind in ("warnings", "notes", "pending"):
        said = getattr(proposal.plan, kind)
        assert len(said) == len(case.get(kind, [])), said
        assert all(wanted in text for wanted, text in zip(case.get(kind, []), said, strict=True))
    for path, mode in case.get("modes", {}).items():
        assert next(file for file in proposal.commit["files"] if file["path"] == path)["mode"] == mode
    if "probes" in case:
        assert probes(proposal.commit) == case["probes"]


@pytest.mark.parametrize("case", cases("trust/plan.yml", having="refused"))
def test_plans_that_are_refused(case, sentences):
    with pytest.raises(HostProblem) as refusal:
        proposed(case)
    assert case["refused"] in str(refusal.value)
    sentences(refusal.value)


@pytest.mark.parametrize("case", PLANS)
def test_a_second_run_finds_nothing_to_do(case):
    first = proposed(case)
    if not first.plan.changed:
        return
    _later, host = world_after(case["host"], world(case["host"]), first.commit)
    second = proposed(case, host)
    assert not second.plan.changed, second.plan.text()
    assert second.plan.pending == first.plan.pending


ONE, BEGIN = certificate("one"), "-----BEGIN CERTIFICATE-----\n"
BODY = ONE.removeprefix(BEGIN).partition("\n-----END")[0]
#: What somebody's file holds → whether Go's AppendCertsFromPEM loads `one` from it (tried with Go 1.26).
AS_GO_READS = {
    "as it is": (ONE, True),
    "ends of lines of Windows": (ONE.replace("\n", "\r\n"), True),
    "one long line": (ONE.replace(BODY, BODY.replace("\n", "")), True),
    "blank lines": (ONE.replace("\n", "\n\n"), True),
    "blanks behind the frame": (ONE.replace("-----\n", "----- \t\n"), True),
    "no last end of line": (f"# ours\n{ONE.strip()}", True),
    "behind another": (certificate("two") + ONE, True),
    "joined without an end of line": (certificate("two").strip() + ONE, False),
    "a byte order mark": (f"\ufeff{ONE}", False),
    "ends of lines of an old Macintosh": (ONE.replace("\n", "\r"), False),
    "indented": (ONE.replace("\n", "\n  ").join(["  ", ""]), False),
    "a word before it": (f"ca: {ONE}", False),
    "a word behind it": (f"{ONE.strip()} x\n", False),
    "six dashes": (ONE.replace("-----", "------"), False),
    "a header": (ONE.replace(BEGIN, f"{BEGIN}a: b\n\n"), False),
    "another label": (ONE.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), False),
    "the oldest label": (ONE.replace("CERTIFICATE", "X509 CERTIFICATE"), False),
}


@pytest.mark.parametrize(("text", "loads"), AS_GO_READS.values(), ids=AS_GO_READS)
def test_a_file_of_others_counts_where_engines_load_it(text, loads, sentences):
    path = "/etc/docker/certs.d/10.0.0.1/ca.crt"
    trust = read_trust(entries({"given": [{"registry": "10.0.0.1", "ca": {"cert": "one"}}]}), NOW)
    node = world({"docker": "20.10.24", "files": {path: text}})
    proposal = propose(node, trust, {"scope": "engine"})
    assert files(proposal.commit) == ([] if loads else [f"{path[:-6]}dockyard.crt"])
    warned = [text for text in proposal.plan.warnings if path in text]
    assert len(warned) == (not loads)
    sentences(*warned)
    (told,) = report.survey(node, trust, NOW, None)["registries"]
    assert ("CN=one" in {each["subject"] for each in told["certificates"]}, len(told["problems"])) == (loads, not loads)


def is_anchor_of_debian(path):
    return path.startswith("/usr/local/share/ca-certificates/")


def of_debian(commit, key):
    """Return what a transaction says of the calls of Debian's tool."""
    return [one[key] for one in commit.get("actions", []) if one["argv"][0] == "update-ca-certificates"]


@pytest.mark.parametrize("case", PLANS)
def test_only_our_files_are_removed(case):
    start = world(case["host"])
    first = proposed(case)
    later, host = world_after(case["host"], start, first.commit) if first.plan.changed else (case["host"], start)
    gone = propose(host, read_trust([], NOW), {"activation": "now"})
    assert files(gone.commit, "absent") == files(first.commit)
    assert files(gone.commit) == []
    if not gone.plan.changed:
        return
    # Debian's tool alone would leave links to anchors that are gone.
    fresh = [["update-ca-certificates", "--fresh"]] * any(map(is_anchor_of_debian, files(first.commit)))
    assert of_debian(gone.commit, "argv") == of_debian(first.commit, "undo") == fresh
    _last, end = world_after(later, host, gone.commit)
    assert state_of(end) == {}
    theirs = {path for path in start.files if path.startswith("/") and path != STATE_PATH}
    assert {path for path in end.files if path != STATE_PATH} == theirs
    made = {path.rpartition("/")[0] for path in files(first.commit) if "/certs.d/" in path}
    made -= set(case["host"].get("directories", []))
    made -= {path.rpartition("/")[0] for path in theirs}
    assert made <= set(gone.commit.get("remove_empty", []))
    assert not set(gone.commit.get("remove_empty", [])) & set(case["host"].get("directories", []))


@pytest.mark.parametrize("theirs", ["theirs.example.com", ""])
def test_a_place_that_we_made_stays_while_others_have_files_in_it(theirs):
    case = {"podman": True, "family": "debian"}
    start, place = world(case), "/etc/containers/certs.d"
    entries = [{"registry": "a.example.com:5000", "ca": certificate("one")}]
    first = propose(start, read_trust(entries, NOW), {"activation": "now"})
    later = after(case, start, first.commit)
    assert place in later["record"]["directories"]
    came = {f"{place}/{theirs}/ca.crt": described(certificate("two"))} if theirs else {}
    later["directories"] += [f"{place}/{theirs}"] if theirs else []
    gone = propose(world(later, later["described"] | came), read_trust([], NOW), {"activation": "now"})
    ours = f"{place}/a.example.com:5000"
    assert gone.commit["remove_empty"] == ([ours] if theirs else [ours, place])


@pytest.mark.parametrize("case", PLANS)
def test_no_key_in_anything_a_person_sees(case):
    proposal = proposed(case)
    seen = json.dumps([proposal.plan.result(), proposal.plan.diff()]) + repr(proposal)
    assert "PRIVATE" not in seen
    assert key_pem("me").splitlines()[1] not in seen


ONE = [{"registry": "a.example.com", "ca": certificate("one")}]
TWO = [*ONE, {"registry": "b.example.com", "ca": certificate("one")}]
HOST = {"podman": True}
ANCHOR = f"/etc/pki/ca-trust/source/anchors/{anchor('one')}"


def run(host, case, trust, **options):
    proposal = propose(host, read_trust(trust, NOW), options)
    return proposal, *(world_after(case, host, proposal.commit) if proposal.plan.changed else (case, host))


def test_a_shared_anchor_goes_with_the_last_registry():
    _first, case, host = run(world(HOST), HOST, TWO)
    one_less, case, host = run(host, case, ONE)
    assert files(one_less.commit, "absent") == [] and one_less.plan.changes[0].what == STATE_PATH
    last, case, host = run(host, case, [])
    assert files(last.commit, "absent") == [ANCHOR]


def test_without_purge_unlisted_registries_stay():
    _first, case, host = run(world(HOST), HOST, ONE)
    other, case, host = run(host, case, [{"registry": "c.example.com", "ca": certificate("two")}], purge=False)
    assert files(other.commit, "absent") == []
    absent, case, host = run(host, case, [{"registry": "a.example.com", "state": "absent"}], purge=False)
    assert files(absent.commit, "absent") == [ANCHOR]


def test_an_old_anchor_is_moved_out_of_the_directory_of_anchors():
    """p11-kit takes every file of the directory for an anchor, whatever its name."""
    _first, case, host = run(world(HOST), HOST, ONE)
    gone, case, host = run(host, case, [])
    assert [file["path"] for file in gone.commit["files"] if file.get("keep") is False] == [ANCHOR]


def test_a_file_of_ours_that_somebody_changed_is_theirs():
    _first, case, host = run(world(HOST), HOST, ONE)
    changed = case | {"described": case["described"] | {ANCHOR: world({"files": {ANCHOR: "theirs"}}).files[ANCHOR]}}
    gone = propose(world(changed, changed["described"]), read_trust([], NOW), {})
    assert files(gone.commit, "absent") == []
    assert f"{ANCHOR} was changed by somebody else" in gone.plan.warnings[0]


def test_a_lost_record_is_made_again():
    _first, case, host = run(world(HOST), HOST, ONE)
    lost = {key: value for key, value in case.items() if key != "record"}
    again, case, host = run(world(lost, lost["described"]), lost, ONE)
    assert [change.what for change in again.plan.changes] == [STATE_PATH]
    assert record_of(state_of(host), PART, RECORD)["files"].keys() == {ANCHOR}


def test_an_empty_request_changes_nothing():
    _first, case, host = run(world(HOST), HOST, ONE)
    assert not propose(host, read_trust(None, NOW), {}).plan.changed


def test_a_deferred_restart_is_made_up_for():
    docker = {"docker": "1.13.1", "busy": 1}
    first, case, host = run(world(docker), docker, ONE, activation="defer")
    still, case, host = run(host, case, ONE, activation="defer")
    assert not still.plan.changed and still.plan.pending == first.plan.pending
    now, case, host = run(host, case, ONE, activation="now")
    assert [action["name"] for action in now.commit["actions"]] == ["restart docker.service"]
    assert not run(host, case, ONE)[0].plan.changed


def test_a_deferred_restart_after_a_removal_is_not_forgotten():
    docker = {"docker": "1.13.1", "busy": 1, "started": 5}
    _first, case, host = run(world(docker), docker, ONE, activation="now")
    case = case | {"started": -1000}
    removed, case, host = run(host, case, [], activation="defer")
    assert files(removed.commit, "absent") == [ANCHOR] and removed.plan.pending
    assert run(host, case, [], activation="defer")[0].plan.pending == removed.plan.pending


def test_a_daemon_with_an_unknown_start_is_not_restarted_again_and_again():
    docker = {"docker": "1.13.1"}
    _first, case, host = run(world(docker), docker, ONE)
    host.answers["docker.started"] = type(host.answers["docker.started"])(rc=0, stdout="")
    assert not propose(host, read_trust(ONE, NOW), {}).plan.changed


def cut_off(case, trust):
    """The host of a case whose run was killed after its first action, which came through nevertheless."""
    first = propose(world(case), read_trust(trust, NOW), {})
    journal = {
        "id": "cafe", "plan_id": "p", "time": 1, "started": 1, "directories": [], "old": {ANCHOR: {"state": "absent"}},
        "files": [{"path": ANCHOR, "new": "n", "present": "new"}], "actions": first.commit["actions"],
    }  # fmt: skip
    return case | {"files": {ANCHOR: {"cert": "one"}}, "effective": [{"cert": "one"}], "more": {"journal": journal}}


def test_an_update_that_was_cut_off_is_run_again():
    again = propose(world(cut_off(HOST, ONE)), read_trust(ONE, NOW), {})
    assert again.plan.changes[0].what == "interrupted transaction cafe"
    assert next(file for file in again.commit["files"] if file["path"] == ANCHOR)["before"] == "absent"
    assert [action["name"] for action in again.commit["actions"]] == ["run update-ca-trust extract"]


def test_a_daemon_that_an_update_before_the_cut_has_not_reached_is_restarted():
    """What programs read has the authority already; a daemon that started before it does not."""
    half_done = cut_off({"docker": "1.13.1"}, ONE)
    again = propose(world(half_done), read_trust(ONE, NOW), {})
    assert [action["name"] for action in again.commit["actions"]] == [
        "run update-ca-trust extract",
        "restart docker.service",
    ]


def test_directories_of_a_commit_that_was_cut_off_count_as_made_by_the_next():
    directory = "/etc/containers/certs.d/10.0.0.1"
    journal = {
        "id": "cafe", "plan_id": "p", "time": 1, "started": 0, "directories": [directory], "files": [], "old": {},
        "actions": [],
    }  # fmt: skip
    case = {"podman": True, "directories": [directory], "more": {"journal": journal}}
    trust = [{"registry": "10.0.0.1", "ca": certificate("one")}]
    again = propose(world(case), read_trust(trust, NOW), {"scope": "engine"})
    assert directory in json.loads(contents(again.commit)[STATE_PATH])["registry_trust"]["directories"]


def test_the_key_travels_as_it_was_given_and_only_in_the_payload():
    pair = {"client_cert": certificate("me", by="one", ca=False), "client_key": key_pem("me")}
    commit = propose(world(HOST), read_trust([{**ONE[0], **pair}], NOW), {}).commit
    key = contents(commit)["/etc/containers/certs.d/a.example.com/dockyard.key"]
    assert key == key_pem("me")
    assert "PRIVATE" not in json.dumps({name: value for name, value in commit.items() if name != "payload"})


def test_no_verification():
    assert propose(world(HOST), read_trust(ONE, NOW), {"verify": "none"}).commit["checks"] == []
    (store,) = propose(world(HOST), read_trust(ONE, NOW), {"verify": "store"}).commit["checks"]
    assert store["name"] == "the system's trust holds the certificates"


def test_the_api_of_a_master_is_awaited_after_its_restart():
    case = {"masters": ["origin-master-api", "origin-master-controllers"]}
    checks = propose(world(case), read_trust(ONE, NOW)).commit["checks"]
    assert [check["argv"][-1] for check in checks if "healthz" in check["name"]] == ["https://127.0.0.1:8443/healthz"]
