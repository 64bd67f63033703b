# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins of hosts: the word, the old variables, whole tasks on hosts that answer as told, and no secret in a result."""

from __future__ import annotations

import base64
import json
import re

import pytest
from ansible_collections.dockyard.openshift.plugins.action import host_policy, registry_auth, registry_auth_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host import record
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import PolicyError, read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading
from cases import cases
from hosts import contents, described, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st
from tasks import COMMITTED, opaque, run
from test_host_policy import EVERYTHING, docker

STATE = "/var/lib/dockyard/state.json"
DOCKER = "/root/.docker/config.json"


def read(value, files=None):
    kept = []
    reading = Reading(lambda path: (files or {})[path].encode(), kept.append)
    return read_policy({"credentials": value}, reading=reading).credentials, kept


@pytest.mark.parametrize("case", cases("credentials/read.yml"))
def test_the_word(case):
    found, kept = read(case["value"], case.get("files"))
    told = [[c.registry, c.username, c.password] if c.present else [c.registry, "absent"] for c in found]
    assert told == case["wanted"]
    for credential in found:
        assert credential.password in kept or not credential.present
        assert "password" not in repr(credential)


@pytest.mark.parametrize("case", cases("credentials/bad.yml"))
def test_bad_words_are_refused_in_one_sentence_without_the_secret(case):
    with pytest.raises(PolicyError) as problem:
        read(case["value"])
    assert case["error"] in str(problem.value)
    assert str(problem.value).startswith("credentials: ")
    assert "topsecret" not in str(problem.value) and "\n" not in str(problem.value)


def test_a_file_is_refused_where_none_can_be_read():
    with pytest.raises(PolicyError) as problem:
        read_policy({"credentials": [{"registry": "q.io", "username": "b", "password_file": "x"}]})
    says = "has a password_file, which only a task can read; give its text as password"
    assert str(problem.value) == f"credentials: 'q.io' {says}"


# whole tasks


def seen(files, tools="docker", directories=(), mode=None):
    """Make the answer of host_snapshot. mode: of every file."""
    told = [*tools.split(), *(f"{directory} {directory}" for directory in directories)]
    files, state = {path: text for path, text in files.items() if path != STATE}, files.get(STATE)
    kept = {"state": described(state)} if state else {}
    found = snapshot(files, {"auth.engines": "".join(f"{line}\n" for line in told)}, time=1, uid=0, user="root", **kept)
    for about in found["files"].values():
        about["mode"] = mode or "0600"
    return found


def logins(pairs):
    return [{"registry": name, "username": user, "password": f"topsecret-{user}"} for name, user in pairs.items()]


def words(case):
    asked = logins(case.get("logins", {})) + [{"registry": name, "state": "absent"} for name in case.get("absent", [])]
    return {"credentials": asked, "auth_files": case.get("auth_files", [])}


def of_case(case, **more):
    found = seen(case.get("before", {}), case.get("tools", ""), case.get("directories", ()))
    return run(registry_auth.ActionModule, words(case), [found, found, found], COMMITTED, diff=True, **more)


def written(done):
    files = {path: text for sent in done.transactions for path, text in contents(sent).items()}
    gone = {each["path"]: None for sent in done.transactions for each in sent["files"] if each["state"] == "absent"}
    return {path: text for path, text in {**files, **gone}.items() if path != STATE}


@pytest.mark.parametrize("case", cases("credentials/plan.yml", having="after"))
def test_plan(case, sentences):
    done = of_case(case)
    assert not done.result.get("failed"), done.result
    found = written(done)
    sentences(done.result)
    assert found.keys() == case["after"].keys()
    assert {path: text for path, text in found.items() if case["after"][path] != "any"} == {
        path: text for path, text in case["after"].items() if text != "any"
    }
    for kind in ("warnings", "notes"):
        for text in case.get(kind, []):
            assert any(told.startswith(text) for told in done.result[kind]), done.result[kind]
    if "warnings" not in case:
        assert "warnings" not in done.result


@pytest.mark.parametrize("case", cases("credentials/plan.yml", having="refused"))
def test_refused(case):
    done = of_case(case)
    assert done.result["failed"] and case["refused"] in done.result["msg"]
    assert not done.transactions and "topsecret" not in json.dumps(done.result)


@pytest.mark.parametrize("case", cases("credentials/plan.yml", having="after"))
def test_check_mode_has_the_same_plan_and_a_second_run_none(case):
    done, checked = of_case(case), of_case(case, check=True)
    assert checked.result["plan"]["id"] == done.result["plan"]["id"] and not checked.transactions
    sent = {path: text for each in done.transactions for path, text in contents(each).items()}
    after = {path: text for path, text in {**case.get("before", {}), **sent}.items() if text is not None}
    again = seen(after, case.get("tools", ""), case.get("directories", ()))
    second = run(registry_auth.ActionModule, words(case), [again, again], COMMITTED)
    assert not second.result["changed"] and not second.transactions, second.result["plan"]["text"]


BEFORE = [
    None,
    "",
    "\n",
    "{ }\n",
    '{"auths":{ }}',
    '{\n\t"credsStore": "x",\n\t"auths": {\t}\n}',
    '{"auths":{"a.io":{"auth":"eDp5"}}}',
]

OUT = (
    {"credentials": [{"registry": "quay.io", "state": "absent"}]},
    {"credentials": [], "purge_credentials": True},
    {"state": "absent"},
)


@pytest.mark.parametrize("text", BEFORE)
def test_in_and_out_again(text):
    before = {} if text is None else {DOCKER: text}
    done = run(registry_auth.ActionModule, {"credentials": logins({"quay.io": "bot"})}, [seen(before)], COMMITTED)
    state = contents(done.transactions[0])
    for asked in OUT:
        out = run(registry_auth.ActionModule, asked, [seen({**before, **state})], COMMITTED)
        assert written(out) == {DOCKER: text}
        assert contents(out.transactions[0]).get(STATE, "{}\n") == "{}\n"


def test_without_purge_earlier_logins_stay():
    done = run(registry_auth.ActionModule, {"credentials": logins({"quay.io": "bot"})}, [seen({})], COMMITTED)
    left = run(registry_auth.ActionModule, {"credentials": []}, [seen(contents(done.transactions[0]))], COMMITTED)
    assert not left.result["changed"]


def test_purge_spares_entries_of_others():
    files = {DOCKER: '{"auths":{"theirs.io":{"auth":"eDp5"}}}'}
    done = run(registry_auth.ActionModule, {"credentials": [], "purge_credentials": True}, [seen(files)], COMMITTED)
    assert not done.result["changed"]


def test_a_file_of_an_earlier_run_is_looked_at_again():
    """It was named then, and nobody names it now: the host is asked for it, and purge takes the entry out."""
    asked = {"credentials": logins({"quay.io": "bot"}), "auth_files": ["/srv/auth.json"]}
    done = run(registry_auth.ActionModule, asked, [seen({})], COMMITTED)
    sent = contents(done.transactions[0])
    first, second = seen({STATE: sent[STATE]}), seen(sent)
    out = run(registry_auth.ActionModule, {"credentials": [], "purge_credentials": True}, [first, second], COMMITTED)
    assert written(out) == {"/srv/auth.json": None}


def test_a_file_that_others_can_read_is_closed():
    files = {DOCKER: json.dumps({"auths": {"quay.io": {"auth": base64.b64encode(b"bot:topsecret-bot").decode()}}})}
    asked = {"credentials": logins({"quay.io": "bot"})}
    done = run(registry_auth.ActionModule, asked, [seen(files, mode="0644")], COMMITTED)
    (sent,) = done.transactions
    assert [(each["path"], each["mode"]) for each in sent["files"]] == [(DOCKER, "0600")]
    assert "uid" not in sent["files"][0] and contents(sent)[DOCKER] == files[DOCKER]
    assert "- mode: 0644\n    + mode: 0600" in done.result["plan"]["text"]


def test_every_file_is_written_for_its_owner_only():
    done = run(registry_auth.ActionModule, {"credentials": logins({"quay.io": "bot"})}, [seen({})], COMMITTED)
    assert {each["mode"] for each in done.transactions[0]["files"]} == {"0600"}


def test_the_info_task_tells_users_and_no_secrets():
    files = {
        DOCKER: json.dumps(
            {"auths": {"q.io": {"auth": base64.b64encode(b"bot:topsecret").decode()}}, "credsStore": "x"}
        )
    }
    result = run(registry_auth_info.ActionModule, {}, [seen(files)]).result
    assert result["auth_files"][0]["entries"] == [
        {"key": "q.io", "kind": "basic", "username": "bot", "helper": None},
        {"key": "", "kind": "helper", "username": None, "helper": "x"},
    ]
    assert "topsecret" not in json.dumps(result)


def test_the_info_task_names_a_file_that_it_cannot_read():
    result = run(registry_auth_info.ActionModule, {}, [seen({DOCKER: "{"})]).result
    assert result["auth_files"][0]["entries"] == [] and result["auth_files"][0]["problem"].startswith(f"{DOCKER}: ")


AUTH = base64.b64encode(b"bot:topsecret").decode()
KUBELET = "/var/lib/kubelet/config.json"
PODMAN = "/root/.config/containers/auth.json"
USER = {"username": "bot", "password": "topsecret"}


@pytest.mark.parametrize(
    ("path", "text", "problem", "kinds"),
    [
        (KUBELET, {"auths": {"q.io": {"auth": AUTH, "email": 5}}}, '"email" is not text', []),
        (KUBELET, {"auths": {"q.io": {"auth": "dG9wc2VjcmV0"}}}, "the auth of \"q.io\" is not the base64 of user:", []),
        (KUBELET, {"auths": {"q.io": USER}, "credHelpers": {"r.io": "x"}}, None, ["basic"]),
        (DOCKER, {"auths": {"q.io": USER}}, None, ["basic"]),
        (DOCKER, '{"credHelpers": {"r.io": "x"}, "credsStore": "y"} text behind it', None, ["helper", "helper"]),
        (DOCKER, "", None, []),
        (DOCKER, {"auths": {"q.io": {"auth": AUTH}}, "HttpHeaders": []}, '"HttpHeaders" is not an object', []),
        (PODMAN, {"auths": {"q.io": USER}}, None, ["empty"]),
        (PODMAN, "", "is not valid JSON", []),
    ],
)  # fmt: skip
def test_the_info_task_reads_a_file_as_its_engine_does(path, text, problem, kinds):
    files = {path: text if isinstance(text, str) else json.dumps(text)}
    tools = {DOCKER: "docker", PODMAN: "podman", KUBELET: ""}[path]
    found = seen(files, tools, ["/var/lib/kubelet"] if path == KUBELET else ())
    (told,) = run(registry_auth_info.ActionModule, {}, [found]).result["auth_files"]
    assert [entry["kind"] for entry in told["entries"]] == kinds
    assert told["problem"] == problem or told["problem"].startswith(f"{path}: {problem}"), told
    assert "topsecret" not in json.dumps(told)


def test_the_info_task_tells_drift():
    asked = {"credentials": logins({"quay.io": "bot"})}
    assert run(registry_auth_info.ActionModule, asked, [seen({})]).result["drift"] is True


@pytest.mark.parametrize("path", ["auth.json", "/srv/", "/srv/../etc/auth.json", "/srv/a\nb"])
def test_paths_that_are_refused(path):
    done = run(registry_auth.ActionModule, {"credentials": [], "auth_files": [path]}, [])
    assert done.result["failed"] and done.result["msg"].startswith("auth_files: ")


# the variables of openshift-ansible


@pytest.mark.parametrize("case", cases("credentials/openshift_ansible.yml"))
def test_old_variables(case):
    made = run(registry_auth.ActionModule, {"from_variables": True}, [seen({})], COMMITTED, variables=case["variables"])
    assert "topsecret" not in json.dumps(made.result)
    if "error" in case:
        assert made.result["failed"] and made.result["msg"].startswith(case["error"]), made.result
    elif case["wanted"] or "remark" not in case:
        assert [f"{each['registry']} {each['username']}" for each in made.result["logins"]] == case["wanted"]
    else:
        assert "so nothing was looked at" in made.result["msg"]


def test_a_login_that_is_left_out_is_remarked():
    variables = {"oreg_auth_user": "bot", "oreg_auth_password": "topsecret", "oreg_url": "openshift/x"}
    asked = {"from_variables": True, "search": ["a.example.com"], "verify": "none"}
    result = run(host_policy.ActionModule, asked, [docker()], COMMITTED, variables=variables).result
    remarks = [*result["notes"], *result.get("warnings", [])]
    assert any(text.startswith("oreg_auth_user is left out: oreg_url names no registry") for text in remarks), result


# no secret is told

SIGNS = st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="\x7f{}$")
#: Hypothesis likes words of our own source, which a result may well hold; with this sign they are none.
SECRETS = st.text(SIGNS, min_size=8, max_size=16).map("{}¢".format)


@pytest.mark.slow
@settings(max_examples=25)
@given(SECRETS, SECRETS, st.sampled_from(["check", "diff", "both"]))
def test_no_secret_in_any_result(new, old, how):
    files = {DOCKER: json.dumps({"auths": {"quay.io": {"auth": base64.b64encode(f"u:{old}".encode()).decode()}}})}
    args = {"credentials": [{"registry": "quay.io", "username": "bot", "password": new}]}
    more = {"check": how != "diff", "diff": how != "check"}
    done = run(registry_auth.ActionModule, args, [seen(files, mode="0644")], COMMITTED, **more)
    told = json.dumps(done.result, ensure_ascii=False)
    forms = [form for secret in (new, old) for user in ("u", "bot") for form in forms_of(user, secret)]
    assert not [form for form in forms if form in told]
    for sent in done.transactions:
        shown = json.dumps([each.get("shown") for each in sent["files"]] + [contents(sent)[STATE]], ensure_ascii=False)
        assert not [form for form in forms if form in shown]


def forms_of(user, secret):
    return secret, base64.b64encode(f"{user}:{secret}".encode()).decode(), base64.b64encode(secret.encode()).decode()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/crio/global.json", '{"auths": {"q.io": {"auth": "topsecret"}}}'),
        ("/srv/any", '{"q.io": {"auth": "topsecret"}}'),
        ("/var/lib/kubelet/config.json", "broken topsecret"),
        ("/root/.dockercfg", "topsecret"),
    ],
)
def test_a_recorded_host_holds_no_logins(path, text):
    """Wherever they are: a file, and what a journal keeps of an earlier one."""
    told = seen({path: text, "/etc/hostname": "node"})
    told["journal"] = {"old": {"/srv/other": described('{"auths": {"q.io": {"auth": "topsecret"}}}')}}
    kept = record.text(told, whole=False)
    assert base64.b64encode(b"node").decode() in kept
    contents_kept = [base64.b64decode(found).decode() for found in re.findall(r'"content": "([^"]*)"', kept)]
    assert not [found for found in [kept, *contents_kept] if "topsecret" in found]


def test_marks_of_two_runs_differ_and_the_plan_is_the_same():
    asked = {"credentials": logins({"quay.io": "bot"})}
    one, two = (run(registry_auth.ActionModule, asked, [seen({})], COMMITTED) for _ in range(2))
    assert one.result["plan"]["text"] != two.result["plan"]["text"]
    assert one.result["plan"]["id"] == two.result["plan"]["id"]


def test_another_password_is_another_plan():
    ids = set()
    for password in ("one-password", "two-password"):
        asked = {"credentials": [{"registry": "quay.io", "username": "bot", "password": password}]}
        ids.add(run(registry_auth.ActionModule, asked, [seen({})], COMMITTED).result["plan"]["id"])
    assert len(ids) == 2


def test_logins_are_a_part_of_the_one_transaction_of_host_policy():
    found = docker()
    found["commands"]["auth.engines"] = {"state": "done", "rc": 0, "stdout": "docker\n", "stderr": ""}
    found["files"][DOCKER] = described('{"auths":{}}')
    asked = {**EVERYTHING, "credentials": logins({"quay.io": "bot"})}
    done = run(host_policy.ActionModule, asked, [found], COMMITTED)
    assert not done.result.get("failed"), done.result
    (sent,) = done.transactions
    assert {DOCKER, "/etc/sysconfig/docker", STATE} <= contents(sent).keys()


def test_logins_are_tried_by_the_host_when_it_is_asked_for():
    asked = {"credentials": logins({"quay.io": "bot"}), "verify_logins": True}
    said = {**COMMITTED, "report": opaque([{"step": "check", "stdout": "quay.io accepted: by quay.io\n"}])}
    done = run(registry_auth.ActionModule, asked, [seen({})], said)
    (check,) = done.transactions[0]["checks"]
    assert check["argv"][-4:] == ["quay.io", DOCKER, "quay.io", "secure"] and "topsecret" not in json.dumps(check)
    assert done.result["logins_verified"] == [{"registry": "quay.io", "outcome": "accepted", "reason": "by quay.io"}]
    unasked = run(registry_auth.ActionModule, {**asked, "verify_logins": False}, [seen({})], COMMITTED)
    assert unasked.transactions[0]["checks"] == []


def test_the_id_of_a_plan_with_a_secret_is_of_no_use_for_trying_passwords(rounds):
    assert rounds >= 100_000
