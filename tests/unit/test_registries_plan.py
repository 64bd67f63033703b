# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter registries_plan: hosts in a few lines, and what would be done on them."""

from __future__ import annotations

import base64
import json
import os
import stat
import time
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.action.container_registries_info import ActionModule
from ansible_collections.dockyard.openshift.plugins.filter.registries_plan import registries_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.info import VERSIONS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host import record
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.short import ShortHost
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.watch import Watch
from cases import cases
from tasks import run
from trust.pki import certificate, key_pem

SHAPE = {"changed", "plan", "files", "steps", "planned", "notes", "warnings", "refused"}


def planned(case):
    arguments = {key: case[key] for key in ("policy", "variables") if key in case}
    return registries_plan(case["host"], **arguments, **case.get("options", {}))


def check(case):
    """Compare an answer with a table."""
    found = planned(case)
    assert found.keys() == SHAPE
    if "refused" in case:
        assert case["refused"] in (found["refused"] or ""), found
        assert found["plan"]["text"] == f"No plan: {found['refused']}"
        assert (found["changed"], found["files"], found["steps"]) == (False, {}, [])
        return
    assert found["refused"] is None
    for kind in ("notes", "warnings"):
        wanted = case.get(kind, [])
        assert len(found[kind]) == len(wanted), found[kind]
        assert all(part in text for part, text in zip(wanted, found[kind], strict=True)), found[kind]
    assert [step["name"] for step in found["steps"]] == case.get("steps", [])
    for path, parts in case.get("has", {}).items():
        assert all(part in found["files"][path] for part in parts), found["files"][path]
    for path, parts in case.get("lacks", {}).items():
        assert not any(part in (found["files"].get(path) or "") for part in parts), found["files"][path]
    if "files" in case:
        assert found["files"] == case["files"]
    elif "has" not in case:
        assert found["files"] == {}
    else:
        assert found["files"].keys() == case["has"].keys() | case.get("lacks", {}).keys()
    if "planned" in case:
        assert found["planned"] == case["planned"]
    if "asked_by" in case:
        assert {each["what"]: each["asked_by"] for each in found["plan"]["changes"]} == case["asked_by"]


@pytest.mark.parametrize("case", cases("registries_plan/plans.yml"))
def test_what_would_be_done(case, sentences):
    if "error" not in case:
        check(case)
        sentences(planned(case))
        return
    with pytest.raises(AnsibleFilterError, match="registries_plan") as refusal:
        planned(case)
    assert case["error"] in str(refusal.value)


@pytest.mark.parametrize("case", cases("registries_plan/docker.yml"))
def test_dockers_as_they_are_found(case, sentences):
    check(case)
    sentences(planned(case))


@pytest.mark.parametrize("case", cases("registries_plan/containers.yml"))
def test_podman_and_its_family_as_they_are_found(case, sentences):
    check(case)
    sentences(planned(case))


FOUND = [*cases("registries_plan/docker.yml"), *cases("registries_plan/containers.yml")]


@pytest.mark.parametrize("case", [case for case in FOUND if "refused" not in case.values[0]])
def test_a_second_run_has_nothing_to_do(case):
    """No engine's files undo those of another, when each shows what they say."""
    host = {key: dict(about or {}) for key, about in case["host"].items() if key not in ("state", "journal")}
    for about in host.values():
        about.pop("shows", None)
    second = planned(case | {"host": host | {"files": host.get("files", {}) | planned(case)["files"]}})
    assert (second["refused"], second["files"], second["steps"]) == (None, {}, [])


def test_the_second_run_of_a_plan_has_nothing_to_do():
    """The host that a plan leaves, with what it remembers, is as its policy says."""
    policy = {"search": ["a.example.com"], "blocked": ["docker.io"]}
    first = registries_plan({"podman": {}}, policy=policy)
    state = {"version": 1, "container_registries": {"containers": {"words": policy}}}
    second = registries_plan({"podman": {}, "files": first["files"], "state": state}, policy=policy)
    assert first["changed"] and not second["changed"] and "Nothing to do" in second["plan"]["text"]


def test_no_plan_shows_a_private_key():
    pair = {"client_cert": certificate("me", by="one", ca=False), "client_key": key_pem("me")}
    found = registries_plan({"podman": {}}, policy={"trust": [{"registry": "a.example.com", **pair}]})
    place = "/etc/containers/certs.d/a.example.com/dockyard"
    assert found["files"] == {f"{place}.cert": pair["client_cert"], f"{place}.key": "a private key\n"}
    assert pair["client_key"].splitlines()[1] not in json.dumps(found)


@pytest.mark.parametrize("path", ["docker/daemon.json", "sysconfig/docker", "containers/registries.conf"])
@pytest.mark.parametrize("login", ["https://us@er:{}@", "https://{}@", "http://u:p@/{}@", "u:{}@", "us@er:{}@"])
def test_no_plan_shows_a_secret_of_a_file_that_was_there(path, login):
    theirs = login.format("S3CRETs3cret") + "m.example.com:5000"
    text = {
        "docker/daemon.json": json.dumps({"insecure-registries": [theirs], "registry-mirrors": [theirs]}),
        "sysconfig/docker": f"OPTIONS='--registry-mirror={theirs} --insecure-registry {theirs}'\n",
        "containers/registries.conf": f"[registries.insecure]\nregistries = ['{theirs}']\n",
    }[path]
    policy = {"insecure": ["a.example.com"], "mirrors": [{"source": "docker.io", "mirrors": ["n.example.com"]}]}
    for engine in ({"moby": {}}, {"fork": {}}, {"fork": {"reads": ["sysconfig", "generated"]}}, {"podman": {}}):
        found = registries_plan(
            {**engine, "files": {f"/etc/{path}": text}}, policy=policy, mode="exact", unenforceable="warn"
        )
        assert "S3CRET" not in json.dumps(found)


def test_no_answer_of_a_host_steers_a_terminal():
    theirs = "unqualified-search-registries = ['a.example.com']\n"
    theirs += "[[registry]]\nlocation = \"c.example.com/\\u001B[2J\\u202E\"\ninsecure = true\n"
    host = {"podman": {}, "files": {"/etc/containers/registries.conf": theirs}}
    for policy in ({"blocked": ["b.example.com"]}, {"search": ["b.example.com"], "insecure": ["c.example.com"]}):
        found = json.dumps(registries_plan(host, policy=policy) | {"files": {}})
        assert "c.example.com/" in found and not any(sign in found for sign in (r"\u001b", r"\u202e"))


def test_a_warning_about_flags_of_docker_shows_no_secret():
    theirs = "https://us@er:S3CRETs3cret@m.example.com"
    given = {"openshift_docker_options": f"--registry-mirror={theirs}", "openshift_docker_insecure_registries": "a.b"}
    found = registries_plan({"fork": {}}, variables=given)
    assert "://********@m.example.com" in "".join(found["warnings"]) and "S3CRET" not in json.dumps(found)


def test_what_is_not_a_text_is_recorded_as_it_is():
    kept = {path: {"state": "file", "content": held} for path, held in {"/a": "/w==", "/b": "A"}.items()}
    assert record.redacted({"files": kept, "directories": {}})["files"] == kept


@pytest.mark.parametrize("case", cases("registries_plan/records.yml"))
def test_a_record_has_no_secret_and_stays_what_it_was(case):
    content = base64.b64encode(case["held"].encode()).decode()
    found = record.redacted({"files": {"/a": {"content": content}}, "commands": {"b": {"stdout": case["held"]}}})
    assert found["commands"]["b"]["stdout"] == case["kept"]
    kept = base64.b64encode(case["kept"].encode()).decode()
    assert found["files"]["/a"] == ({} if case.get("logins") else {"content": kept})


@pytest.mark.parametrize("bad", ["token", 'token="', 'token=\\"', "://a", "://a,", "a:b@", "--token ", "\n ", "'key="])
def test_a_long_text_is_recorded_in_a_time_that_grows_with_it(bad):
    began = time.process_time()
    record.redacted({"x": bad * (200_000 // len(bad))})
    assert time.process_time() - began < 5


SECRETS = {
    "/etc/sysconfig/docker": "OPTIONS='--log-opt splunk-token=verysecret'\nHTTP_PROXY='http://me:verysecret@proxy'\n",
    "/etc/docker/daemon.json": '{"log-opts": {"splunk-token": "verysecret"}, "insecure-registries": ["a.example.com"]}',
    "/root/.docker/config.json": '{"auths": {"a.example.com": {"auth": "dmVyeTpzZWNyZXQ="}}}',
}


@pytest.fixture
def looked() -> dict:
    """What a look at a host with upstream's docker and a few secrets sends."""
    seen = ShortHost({"moby": {}, "files": SECRETS}, lambda name, host: {"search": ["docker.io"]})
    found = seen.see(registries.WATCH + VERSIONS + Watch(files=("/root/.docker/config.json",)))
    answers = {
        name: {"state": "done", "rc": said.rc, "stdout": said.stdout, "stderr": ""}
        if said.there
        else {"state": "absent"}
        for name, said in {question.name: found.answer(question.name) for question in WATCHED}.items()
    }
    files = {path: about for path, about in found.files.items() if path != STATE_PATH}
    return {"files": files, "directories": dict(found.directories), "commands": answers}


WATCHED = (registries.WATCH + VERSIONS).commands


def test_a_recorded_host_is_planned_for_like_the_real_one(looked, tmp_path):
    path = tmp_path / "records" / "node1.json"
    told = run(ActionModule, {"record": str(path), "insecure": ["a.example.com"]}, [looked]).result
    assert told["recorded"] == str(path) and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "verysecret" not in path.read_text() and "dmVyeTpzZWNyZXQ=" not in path.read_text()
    kept = json.loads(path.read_text())
    assert not any(b"secret" in content(about) for about in kept["snapshot"]["files"].values() if "content" in about)
    assert not registries_plan(kept, policy={"insecure": ["a.example.com"]})["files"]
    added = registries_plan(kept, policy={"insecure": ["b.example.com"]})
    assert '"b.example.com", "a.example.com"' in added["files"]["/etc/docker/daemon.json"]


def content(about) -> bytes:
    return base64.b64decode(about["content"])


def test_a_record_under_the_vault_holds_everything(looked, tmp_path):
    path, vault = tmp_path / "node1.json", MagicMock()
    vault._vault.encrypt = lambda data: b"$ANSIBLE_VAULT;" + base64.b64encode(data)
    run(ActionModule, {"record": str(path), "record_encrypt": True}, [looked], loader=vault)
    kept = json.loads(base64.b64decode(path.read_bytes().removeprefix(b"$ANSIBLE_VAULT;")))
    assert b"verysecret" in content(kept["snapshot"]["files"]["/etc/docker/daemon.json"])


@pytest.mark.parametrize("name", ["~/node1.json", "node1.json"])
def test_a_record_in_the_home_or_where_the_run_was_started(looked, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    told = run(ActionModule, {"record": name}, [looked]).result
    assert os.path.samefile(told.pop("recorded"), tmp_path / "node1.json")
    assert [each.name for each in tmp_path.iterdir()] == ["node1.json"]


def test_check_mode_records_nothing(looked, tmp_path):
    told = run(ActionModule, {"record": str(tmp_path / "node1.json")}, [looked], check=True).result
    assert told["recorded"] is None and not list(tmp_path.iterdir())


def test_what_a_record_does_not_say_is_named(looked):
    """A record of an older version may lack what this one looks at."""
    del looked["files"]["/etc/docker/daemon.json"]
    with pytest.raises(
        AnsibleFilterError, match=r"does not say what /etc/docker/daemon.json is; record the host again"
    ):
        registries_plan(json.loads(record.text(looked, whole=False)), policy={"insecure": []})
