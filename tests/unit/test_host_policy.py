# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole tasks about hosts: one look, one plan, one transaction, one restart, one account."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.dockyard.openshift.plugins.action import (
    container_registries,
    container_registries_info,
    host_policy,
    host_policy_info,
    registry_policy,
    registry_trust,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils import libraries
from cases import cases
from hosts import contents, described, snapshot
from tasks import COMMITTED, asked, holds, opaque, run
from test_engine_docker_fork import answers
from trust.pki import certificate, key_pem
from trust.test_policy import entries
from trust.world import CLOCK, PLACES, listing

ACTIONS = {
    action.__name__.rpartition(".")[2]: action
    for action in (
        container_registries, container_registries_info, host_policy, host_policy_info, registry_policy, registry_trust,
    )  # fmt: skip
}
SYSCONFIG = "/etc/sysconfig/docker"
ANCHORS = "/etc/pki/ca-trust/source/anchors"
TRUST = [{"registry": "a.example.com", "ca": certificate("one")}]
EVERYTHING = {"search": ["a.example.com"], "trust": TRUST, "verify": "none"}


def docker(shows=("docker.io",), running=0, sysconfig="OPTIONS=''\n", **more):
    """Make the snapshot of a RHEL 7 with docker 1.13."""
    names = ", ".join(f"{name} (secure)" for name in shows)
    said = answers(["sysconfig"]) | {
        "docker.info": f" Running: {running}\nInsecure Registries:\n 127.0.0.0/8\nRegistries: {names}\n",
        "docker.flags": "/usr/bin/dockerd-current\n",
        "docker.version": "Docker version 1.13.1, build x\n",
        "docker.started": f"started {(CLOCK - 2000) * 100}\nbtime 1000\nticks 100\n",
        "store.redhat": "",
        "trust.tools": "openssl\n",
    }
    return {
        "files": {SYSCONFIG: described(sysconfig)}, "time": CLOCK, "uid": 0, "user": "root",
        "directories": {place: listing(place, {}, [], "redhat") for place in PLACES},
        "commands": {name: {"state": "done", "rc": 0, "stdout": text, "stderr": ""} for name, text in said.items()},
        **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "looks"),
    [
        ({"search": ["docker.io"]}, False),
        ({"trust": []}, True),
        ({"search": ["docker.io"], "trust": []}, True),
        ({"state": "absent"}, True),
        ({"undo": ["cafe"]}, True),
    ],
)
def test_the_trust_of_a_host_is_looked_at_when_it_matters(words, looks):
    """What a host trusts is long, and a run that asks for lists alone does not need it."""
    done = run(host_policy.ActionModule, words, [docker()] * 2, COMMITTED)
    wanted = asked(done.calls[0][1])
    assert ("trust.tools" in {question["name"] for question in wanted["commands"]}) is looks
    assert any(each["path"] == "/etc/docker/certs.d" for each in wanted["directories"]) is looks
    assert any(each.get("form") == "certificates" for each in wanted["files"]) is looks


def test_the_account_of_a_run_holds_all_warnings():
    """A name that no allow-list contains, a certificate that expires soon: play 1 warned, the account was silent."""
    words = {"search": ["b.example.com"], "blocked": "all", "trust": TRUST, "warn_days": 9999, "verify": "none"}
    done = run(host_policy.ActionModule, words, [docker()], check=True)
    warnings = [line for line in done.result["account"] if line.startswith("  warning: ")]
    assert len(warnings) == len(set(warnings)) == 2, done.result["account"]
    assert "'a.example.com' is trusted but neither searched nor allowed" in "".join(warnings)
    assert "a.example.com: the authority 'CN=one' expires in " in "".join(warnings)
    assert any(done.result["plan"]["id"] in line for line in done.result["account"])


def test_certificates_and_lists_are_one_transaction_with_one_restart():
    """W7: docker 1.13 was restarted twice, once for the certificate and once for the list."""
    done = run(host_policy.ActionModule, EVERYTHING, [docker()], COMMITTED)
    assert done.result["changed"] and not done.result.get("failed"), done.result
    assert len(done.calls) == 2
    (sent,) = done.transactions
    assert [action["name"] for action in sent["actions"]] == ["run update-ca-trust extract", "restart docker.service"]
    assert {path.rpartition("/")[0] for path in contents(sent)} == {ANCHORS, "/etc/sysconfig", "/var/lib/dockyard"}
    assert sent["actions"][1]["parts"] == ["registry_trust", "container_registries"]
    assert sent["plan_id"] == done.result["plan"]["id"]


def test_the_account_is_one_for_everything():
    """It said "unchanged" while a certificate was written and docker restarted."""
    done = run(host_policy.ActionModule, EVERYTHING, [docker()], COMMITTED)
    account = "\n".join(done.result["account"])
    assert account.startswith("changed, with restart docker.service\n")
    for part in (
        "dockyard-one-",
        "+ CN=one",
        "ADD_REGISTRY: --add-registry a.example.com",
        f"Plan {done.result['plan']['id']}",
    ):
        assert part in account, account
    foreseen = run(host_policy.ActionModule, EVERYTHING, [docker()], check=True)
    assert foreseen.result["account"][0] == "would change, with restart docker.service"
    assert foreseen.result["plan"]["id"] == done.result["plan"]["id"] and foreseen.transactions == []


@pytest.mark.parametrize("expect", ["right", "wrong"])
def test_one_plan_id_for_everything(expect):
    known = run(host_policy.ActionModule, EVERYTHING, [docker()], check=True).result["plan"]["id"]
    wanted = {**EVERYTHING, "expect_plan": known if expect == "right" else "0123456789abcdef"}
    done = run(host_policy.ActionModule, wanted, [docker(time=CLOCK + 600)], COMMITTED)
    assert bool(done.transactions) is (expect == "right")
    assert bool(done.result.get("failed")) is (expect == "wrong")


def test_half_of_a_policy_is_not_done_before_the_other_half_is_refused():
    """Nothing is written when a word cannot be enforced, whatever else was asked."""
    wanted = {**EVERYTHING, "mirrors": [{"source": "quay.io", "mirrors": ["m.example.com"]}]}
    done = run(host_policy.ActionModule, wanted, [docker()])
    assert done.result["failed"] and "cannot enforce mirrors" in done.result["msg"]
    assert done.transactions == []


def test_deferred_lists_are_not_in_force():
    """W8: what the task called "in force" was what had been planned."""
    lists = {"search": ["a.example.com"], "activation": "defer"}
    done = run(container_registries.ActionModule, lists, [docker(running=3)], COMMITTED)
    (engine,) = done.result["engines"]
    assert engine["search"] == ["docker.io"] and done.result["pending"], done.result
    assert done.result["account"][0] == "changed"
    written = docker(running=3, sysconfig="OPTIONS=''\nADD_REGISTRY='--add-registry a.example.com'\n")
    again = run(container_registries.ActionModule, lists, [written]).result
    assert again["engines"][0]["search"] == ["docker.io"] and not again["changed"]
    assert again["account"][0] == "unchanged, and not in force before a restart"
    assert "the host already is as asked for" not in "\n".join(again["account"])


@pytest.mark.parametrize("case", cases("tasks/refused.yml"))
def test_refused_before_the_host_is_written(case):
    action = ACTIONS[case["task"]].ActionModule
    seen = docker(**case["seen"]) if "seen" in case else case.get("answer", docker())
    done = run(action, case["args"], [seen], variables=case.get("variables", {}))
    assert done.result["failed"] and case["says"] in done.result["msg"], done.result
    assert done.transactions == []
    assert "\n" not in done.result["msg"]


@pytest.mark.parametrize("case", cases("tasks/results.yml"))
def test_the_results_of_a_task(case):
    seen = docker(**case.get("seen", {})) if "answers" not in case else snapshot(case.get("files", {}), case["answers"])
    ends = [{**end, "report": opaque(end.get("report", []))} for end in case.get("ends", [{"committed": True}])]
    args = case["args"] | ({"trust": entries({"given": case["args"]["trust"]})} if "trust" in case["args"] else {})
    done = run(
        ACTIONS[case["task"]].ActionModule, args, [seen] * 3, *ends,
        **{key: case[key] for key in ("variables", "check", "diff") if key in case},
    )  # fmt: skip
    assert holds(done.result, case["result"]), done.result
    if "sends" in case:
        assert holds(done.transactions[-1], case["sends"]), done.transactions
    assert case.get("hidden", "no such text") not in json.dumps(done.result)
    assert len(done.transactions) == (0 if case.get("check") else len(ends))


@pytest.mark.parametrize(
    ("args", "seen", "headline", "says"),
    [
        ({"search": ["a.example.com"]}, {}, "differs from the policy:", "+ ADD_REGISTRY: --add-registry a.example.com"),
        ({"search": ["a.example.com"]}, {}, "differs from the policy:", "\n  search: a.example.com is missing\n"),
        (
            {"search": ["a.example.com"], "mode": "exact"},
            {"sysconfig": "#\nADD_REGISTRY='--add-registry b.example.com'\n", "shows": ["b.example.com", "docker.io"]},
            "differs from the policy:",
            "\n  search: a.example.com is missing, b.example.com is not asked for (/etc/sysconfig/docker line 2)\n",
        ),
        (
            {"search": ["b.example.com", "a.example.com"], "mode": "exact"},
            {
                "sysconfig": "ADD_REGISTRY='--add-registry a.example.com --add-registry b.example.com'\n",
                "shows": ["a.example.com", "b.example.com", "docker.io"],
            },
            "differs from the policy:",
            "\n  search: a.example.com, b.example.com, docker.io is another order than the one that was asked for\n",
        ),
        ({"trust": TRUST}, {}, "differs from the policy:", "+ CN=one"),
        ({"trust": TRUST}, {}, "differs from the policy:", ".crt for a.example.com is missing\n"),
        ({"search": []}, {}, "as the policy says", ""),
        (
            {"search": ["b.example.com"], "blocked": ["all"], "trust": TRUST}, {}, "differs from the policy:",
            "warning: 'a.example.com' is trusted but neither searched nor allowed",
        ),
        (
            {"search": [], "short_name_mode": "enforcing", "unenforceable": "warn"}, {},
            "as the policy says, as far as the engines can", "not enforced: docker (Red Hat's fork) cannot",
        ),
        (
            {"short_name_mode": "enforcing"}, {},
            "differs from the policy:", "cannot enforce short_name_mode 'enforcing'",
        ),
    ],
)  # fmt: skip
def test_the_account_of_a_look(args, seen, headline, says):
    done = run(host_policy_info.ActionModule, args, [docker(**seen)])
    assert done.result["account"][0] == headline, done.result
    assert says in "\n".join(done.result["account"])
    assert done.result["drift"] is headline.startswith("differs") and not done.result["changed"]


def test_a_certificate_that_is_gone_is_seen_and_named():
    """verify was green while a certificate of the same policy was missing."""
    seen = run(host_policy_info.ActionModule, {"trust": TRUST}, [docker()]).result["account"]
    place = next(line for line in seen if ".crt for a.example.com is missing" in line).split()[1]
    record = {"version": 1, "registry_trust": {"files": {place: {"sha256": "0" * 64, "registries": ["a.example.com"]}}}}
    gone = run(host_policy_info.ActionModule, {"trust": TRUST}, [docker(state=described(json.dumps(record)))])
    assert f"  certificates: {place} for a.example.com is gone" in gone.result["account"]

    ours = f"{ANCHORS}/dockyard-one.crt"
    record = {"version": 1, "registry_trust": {"files": {ours: {"sha256": "0" * 64, "registries": ["a.example.com"]}}}}
    done = run(host_policy_info.ActionModule, {"trust": TRUST}, [docker(state=described(json.dumps(record)))])
    assert done.result["drift"] and "dockyard-one-" in "\n".join(done.result["account"])


def test_no_key_in_the_result_of_a_task():
    pair = {"client_cert": certificate("me", by="one", ca=False), "client_key": key_pem("me")}
    done = run(
        host_policy.ActionModule, {**EVERYTHING, "trust": [{**TRUST[0], **pair}]}, [docker()], COMMITTED, diff=True
    )
    assert done.result["changed"] and key_pem("me").splitlines()[1] not in json.dumps(done.result)


@pytest.mark.parametrize(
    ("answer", "says", "rolled_back"),
    [
        ({"committed": False, "rolled_back": True, "changed": True}, "x: no; everything is as it was before", True),
        ({"committed": False, "rolled_back": False, "changed": True}, "x: no; and it could not be undone", False),
        (
            {"committed": False, "rolled_back": True, "changed": True, "report": "%"},
            "the host sent back something that is no answer of this collection's modules", False,
        ),
        ({"module_stderr": "  zip_data: str\nSyntaxError: invalid syntax\n"}, "its Python is too old for this", False),
        ({"module_stdout": "", "msg": "MODULE FAILURE"}, "the module was interrupted on the host; the next", False),
    ],
)
def test_a_transaction_that_fails(answer, says, rolled_back):
    failed = {"report": opaque([]), "step": "check", "reason": "x: no", **answer} if "committed" in answer else answer
    done = run(host_policy.ActionModule, EVERYTHING, [docker()], failed)
    assert done.result["failed"] and says in done.result["msg"] and done.result["rolled_back"] is rolled_back
    assert done.result["plan"]["changes"]


def test_a_world_that_moves_is_planned_again_a_few_times():
    moved = {"committed": False, "rolled_back": False, "step": "compare", "reason": "x changed", "report": opaque([])}
    done = run(host_policy.ActionModule, EVERYTHING, [docker(), docker()], moved, COMMITTED)
    assert done.result["changed"] and len(done.calls) == 4
    lost = run(host_policy.ActionModule, EVERYTHING, [docker()] * 3, moved, moved, moved)
    assert lost.result["failed"] and "kept changing" in lost.result["msg"] and "x changed" in lost.result["msg"]


def test_a_plan_that_was_agreed_on_is_not_replaced_by_another_in_between():
    moved = {"committed": False, "rolled_back": False, "step": "compare", "reason": "x changed", "report": opaque([])}
    known, other = (
        run(host_policy.ActionModule, EVERYTHING, [docker(**more)], check=True).result["plan"]["id"]
        for more in ({}, {"sysconfig": "OPTIONS='-D'\n"})
    )
    looks = [docker(), docker(sysconfig="OPTIONS='-D'\n")]
    done = run(host_policy.ActionModule, {**EVERYTHING, "expect_plan": known}, looks, moved)
    assert known != other and done.result["msg"] == (
        f"expect_plan is {known}, but the plan for this host is now {other}; nothing was changed; meanwhile "
        "x changed"
    )


def test_a_host_that_cannot_be_reached_says_why_aloud():
    """The connection is quiet while modules run; what keeps it from running at all holds none of our secrets."""
    quiet = []

    class Task(host_policy.ActionModule):
        def _low_level_execute_command(self, command):
            quiet.append((command, self._connection._play_context.no_log is True))

    def module(module_name, module_args, task_vars):
        raise AnsibleConnectionFailure("no route to host")

    with pytest.raises(AnsibleConnectionFailure, match="no route to host"):
        run(Task, EVERYTHING, [], module=module)
    assert quiet == [("true", False)]


def unanswering(**more):
    host = docker(**more)
    host["commands"]["docker.info"] = {"state": "done", "rc": 1, "stdout": "", "stderr": "connection reset by peer"}
    return host


def test_an_engine_that_another_transaction_restarts_is_asked_again(monkeypatch):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    looks = [unanswering(locked=True), unanswering(locked=True), docker()]
    done = run(host_policy.ActionModule, EVERYTHING, looks, COMMITTED)
    assert done.result["changed"] and not done.result.get("failed"), done.result
    assert len(waited) == 2


def test_an_engine_that_does_not_answer_by_itself_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("time.sleep", None)
    done = run(host_policy.ActionModule, EVERYTHING, [unanswering()])
    assert done.result["failed"] and "connection reset by peer" in done.result["msg"]


def test_a_transaction_that_does_not_end_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    done = run(host_policy.ActionModule, EVERYTHING, [unanswering(locked=True)] * 100)
    assert done.result["failed"] and "connection reset by peer" in done.result["msg"]
    assert 10 < len(done.calls) < 50


OLD, NEW = "OPTIONS=''\n", "OPTIONS=''\nADD_REGISTRY='--add-registry a.example.com'\n"
RESTART = {
    "name": "restart docker.service", "argv": ["sh", "-c", "x", "docker.service"], "undo": [], "timeout": 90.0,
    "whom": "docker.service", "disruption": "restart", "parts": ["container_registries"],
}  # fmt: skip


def last(**more):
    """Make the answer of host_snapshot about a plan that added a searched registry."""
    file = {"path": SYSCONFIG, "present": "new", "new": described(NEW)["sha256"], "shown": ["", "--add-registry\n"]}
    return {
        "id": "cafe", "plan_id": "p1", "time": CLOCK - 600, "started": 1, "directories": [], "actions": [RESTART],
        "files": [file], "old": {SYSCONFIG: described(OLD) | {"uid": 0, "gid": 0}}, **more,
    }  # fmt: skip


@pytest.mark.parametrize("case", cases("tasks/undo.yml"))
def test_undo(case):
    about = {"shows": case.get("shows", ["a.example.com", "docker.io"]), "running": case.get("running", 0)}
    about |= {"last": last(**case.get("last", {})), **case.get("seen", {})}
    seen = docker(sysconfig=case.get("now", NEW), **about)
    args = {"undo": ["p1"], **case.get("args", {})}
    done = run(host_policy.ActionModule, args, [seen], *[COMMITTED] * bool(case.get("actions") is not None))
    if "says" in case:
        assert done.result["failed"] and case["says"] in done.result["msg"] and done.transactions == []
        return
    assert not done.result.get("failed"), done.result
    assert holds(done.result, case.get("result", {})), done.result
    (sent,) = done.transactions or [{}]
    assert [action["name"] for action in sent.get("actions", [])] == (case["actions"] or [])
    assert (contents(sent) if sent else {}) == case.get("writes", {SYSCONFIG: OLD})
    assert sent.get("undoes") == ("p1" if sent else None)
    # the engine is asked for what the old files say
    if case.get("asked"):
        assert case["asked"] in json.dumps(sent["checks"])


def test_libraries_that_the_controller_lacks_are_named_before_any_host_is_touched(monkeypatch):
    monkeypatch.setattr(libraries, "tomlkit", libraries._Missing("tomlkit"))
    monkeypatch.setattr(libraries, "jmespath", libraries._Missing("jmespath"))
    done = run(registry_policy.ActionModule, {"search": ["a.example.com"]}, [])
    assert done.result["failed"] and done.result["msg"].endswith("need: pip install tomlkit jmespath")


@pytest.mark.parametrize("warned", [True, False])
def test_a_policy_is_given_back_with_its_warnings_where_there_are_any(warned):
    authority = certificate("weak one", kind="weak") if warned else certificate("one")
    trust = [{"registry": "r.example.com", "ca": authority}]
    done = run(registry_policy.ActionModule, {"search": ["a.example.com"], "trust": trust}, [])
    assert ("warnings" in done.result) == warned and done.result["policy"]["search"] == ["a.example.com"]
    assert [one["registry"] for one in done.result["trust"]] == ["r.example.com"]
