# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attacker, a careless hand or a sick host may bring: each case of the shared folder as it is written there.

Cases 03 (a forged proof), 04 (access lists), 06 (a forged journal), 22 (hard links) and 24 (dangling directories) need
a host's hands: trust/test_proof.py and hands/. Archives (09, 10, 15, 21) are in trust/test_archive.py.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.action import (
    certificates_backup,
    container_registries,
    host_policy,
    registry_trust_info,
)
from ansible_collections.dockyard.openshift.plugins.filter.registries_conf_problems import registries_conf_problems
from ansible_collections.dockyard.openshift.plugins.module_utils import _hands
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.snapshot import NO_ANSWER
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import PolicyError, read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive
from hosts import contents, described, snapshot
from tasks import COMMITTED, Run, run
from test_certificates_tasks import node
from test_engine_docker_fork import answers
from test_host_policy import docker
from trust.pki import certificate

SECRET = "S3CRETs3cret"
SYSCONFIG, CONF = "/etc/sysconfig/docker", "/etc/containers/registries.conf"
DROP_INS = "/etc/containers/registries.conf.d"
PODMAN = {"podman.info": '{"version": {"Version": "4.3.1"}, "registries": {}}'}


@pytest.fixture
def case(shared_dir: Path, request: pytest.FixtureRequest) -> Any:
    """The content of the case that the test's name begins with."""
    number = request.node.name.removeprefix("test_")[:2]
    (path,) = (shared_dir / "field-cases" / "attack").glob(f"{number}-*")
    text = path.read_bytes().decode("utf-8", "replace")
    return yaml.safe_load(text) if path.suffix == ".yml" else json.loads(text) if path.suffix == ".json" else text


def seen(case: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The snapshot of a case's host: answers are texts, or what a command said."""
    said = {name: text for name, text in case["answers"].items() if isinstance(text, str)}
    found = snapshot(case["files"], said, time=1, uid=0, **more)
    others = {name: {"state": "done", **raw} for name, raw in case["answers"].items() if not isinstance(raw, str)}
    return {**found, "commands": found["commands"] | others}


def asked(found: dict[str, Any], words: dict[str, Any], action: Any = container_registries, **more: Any) -> Run:
    return run(action.ActionModule, words, [found] * 3, COMMITTED, diff=True, **more)


def test_01_what_docker_info_does_not_say_is_not_nothing(case):
    done = asked(seen(case), {**case["policy"], "activation": case["activation"]})
    assert done.result["failed"] and "tls: bad certificate" in done.result["msg"] and done.transactions == []


def test_02_an_interrupted_restart_is_not_done_again_without_need(case):
    old = {path: described(text) for path, text in case["old"].items()}
    journal = {**case["journal"], "old": old, "directories": [], "plan_id": None, "time": 1}
    found = seen(case, journal=journal)
    done = asked(found, {**case["policy"], "activation": case["activation"]})
    assert not done.result.get("failed"), done.result
    assert [action["name"] for sent in done.transactions for action in sent["actions"]] == []
    other = asked(found, {"search": ["other.example.com"], "activation": case["activation"]})
    assert other.result["failed"] and "3" in other.result["msg"] and other.transactions == []


def test_05_whatever_is_written_is_in_the_plan_and_in_its_id(case):
    plans = []
    for files in (case["read"], case["applied"]):
        done = asked(snapshot(files, PODMAN, uid=0), case["policy"], check=True)
        plans.append(done.result["plan"])
        assert next(iter(files.values())).split("location = '")[1].split("'")[0] in plans[-1]["text"]
    assert plans[0]["id"] != plans[1]["id"]


@pytest.mark.slow
def test_07_what_is_written_can_be_read_again(case):
    names = [f"r{number}.blocked.example.com:5000" for number in range(case["names"])]
    first = asked(snapshot({}, PODMAN, uid=0), {"blocked": names})
    if first.result.get("failed"):
        assert first.transactions == []
        return
    table = {name: {"Prefix": name, "Location": name, "Blocked": True, "Mirrors": None} for name in names}
    answer = json.dumps({"version": {"Version": "4.3.1"}, "registries": table}, indent=2)
    assert len(answer) < _hands.OUTPUT_LIMIT


def test_08_a_key_of_an_unknown_kind_ends_nothing(case, tmp_path):
    files = {"/etc/docker/certs.d/a.example.com/ca.crt": case}
    saved = run(certificates_backup.ActionModule, {"path": str(tmp_path / "x.tar")}, [node(files)]).result
    assert [each["path"] for each in saved["files"]] == list(files)
    told = run(registry_trust_info.ActionModule, {}, [node(files)] * 2).result
    assert "exception" not in told and not told.get("failed")
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy({"trust": [{"registry": "a.example.com", "ca": case}]})


def test_11_a_whole_password_is_hidden_and_nothing_else(case):
    result = asked(docker(sysconfig=case), {"search": ["a.example.com"]}).result
    told = json.dumps(result)
    assert SECRET not in told and "p@" not in told
    assert "disruption" in told and SYSCONFIG in told and "********" not in json.dumps(result["plan"])


@pytest.mark.parametrize("word", ["search", "blocked", "mirrors"])
def test_12_a_login_in_a_name_is_refused_without_it(case, word):
    with pytest.raises(PolicyError) as refusal:
        read_policy({word: case[word]})
    assert SECRET not in str(refusal.value)


def test_13_a_control_character_is_a_sentence_with_file_and_line(case):
    result = asked(docker(sysconfig=case), {"insecure": ["y.example.com"]}).result
    said = f"{SYSCONFIG}: line 1: "
    if result.get("failed"):  # what is added may stand in a variable of its own
        assert result["msg"].startswith(said) and SECRET not in json.dumps(result)
    gone = asked(docker(sysconfig=case), {"insecure": []}).result
    assert gone["failed"] and gone["msg"].startswith(said) and SECRET not in json.dumps(gone)


def test_14_what_is_saved_can_be_put_back(case, tmp_path):
    path, mode = case["file"]["path"], case["file"]["mode"]
    found = node({path: certificate("one")})
    found["files"][path]["mode"] = mode
    saved = run(certificates_backup.ActionModule, {"path": str(tmp_path / "x.tar")}, [found]).result
    assert f"{path} has mode {mode}" in saved["warnings"][0]
    assert [each.path for each in archive.unpack((tmp_path / "x.tar").read_bytes()).files] == [path]


def test_16_a_record_of_another_form_is_damaged(case):
    for state in case:
        found = docker(state=described(json.dumps(state)))
        words = {"search": ["a.example.com"], "blocked": ["b.example.com"], "trust": [], "verify": "none"}
        for host in (found, {**podman_node(), "state": described(json.dumps(state))}):
            result = asked(host, {**words, "unenforceable": "warn"}, host_policy).result
            assert "exception" not in result
            if result.get("failed"):
                assert "is damaged" in result["msg"]


def podman_node() -> dict[str, Any]:
    said = docker()["commands"]
    return {**docker(), "commands": {"podman.info": {**said["docker.info"], "stdout": PODMAN["podman.info"]}}}


def test_17_a_journal_of_another_form_is_damaged(case):
    whole = [journal for journal in case if not _hands.problem_of_journal(journal)]
    assert len(whole) == 1 and all(action["undo"] == ["true"] for action in whole[0]["actions"])


def test_18_an_answer_of_another_form_is_one_sentence(case):
    for part in case["host_snapshot"]:
        found = {**snapshot({}, PODMAN, uid=0, time=1), **part} if isinstance(part, dict) else part
        result = asked(found, {"search": ["a.example.com"]}).result
        assert "exception" not in result and result["failed"] and result["msg"].isprintable(), part
    for end in case["host_transaction"]:
        done = run(container_registries.ActionModule, {"search": ["a.example.com"]}, [docker()] * 3, end).result
        assert done["failed"] and done["msg"].isprintable(), end
        assert NO_ANSWER in done["msg"] or not end, end  # nothing at all is a module that was cut off


def test_19_a_check_grows_with_the_number_of_names(case):
    names = [f"r{number}.example.com:5000" for number in range(case["names"])]
    sent = asked(docker(), {"search": names}).transactions[0]
    assert len(json.dumps(sent["checks"])) < 100 * len(names)


def test_20_a_prefix_that_steers_stands_on_one_line(case):
    files = {f"{DROP_INS}/10.conf": case}
    result = asked(snapshot(files, PODMAN, uid=0), {"blocked": ["blocked.example.com"], "insecure": []}).result
    told = [result["plan"]["text"], *result["notes"], *result["account"], *(each["after"] for each in result["diff"])]
    assert all(line.isprintable() for text in told for line in text.split("\n"))
    assert not any(line.lstrip(" +").startswith("registry.example.com") for text in told for line in text.split("\n"))


def test_23_a_number_without_end_is_one_sentence(case):
    said = {**answers(["sysconfig", "generated"])}
    begin = time.process_time()
    result = asked(snapshot({SYSCONFIG: "OPTIONS=''\n", CONF: case}, said, uid=0), {"search": ["a.example.com"]}).result
    assert result["failed"] and result["msg"].startswith(f"{CONF}: ") and result["msg"].isprintable()
    assert time.process_time() - begin < 3


@pytest.mark.parametrize("word", ["search", "blocked", "insecure"])
def test_25_nothing_in_the_sentence_steers(case, word):
    with pytest.raises(PolicyError) as refusal:
        read_policy({word: case[word]})
    assert str(refusal.value).isprintable()


def test_26_two_long_lists_take_no_product_of_time(case):
    names = [f"r{number}.example.com:5000" for number in range(2 * case["names"])]
    begin = time.process_time()
    read_policy({"search": names[: case["names"]], "blocked": names[case["names"] :]})
    read_policy({"search": names[: case["names"]], "insecure": names[case["names"] :], "blocked": "all"})
    assert time.process_time() - begin < 3


def test_27_half_of_a_surrogate_pair_is_a_sentence(case):
    with pytest.raises(AnsibleFilterError, match="half of a surrogate pair"):
        registries_conf_problems(case["content"])


@pytest.mark.parametrize("engine", ["docker of Red Hat", "podman"])
def test_28_the_bracket_stands_on_a_line_of_its_own(case, engine):
    words = {"search": ["registry.access.redhat.com"], "mode": "exact"}
    shows = {"docker.info": " Running: 0\nInsecure Registries:\n 127.0.0.0/8\nRegistries: docker.io (secure)\n"}
    fork = answers(["sysconfig", "generated"]) | shows | {"docker.flags": "/usr/bin/dockerd-current\n"}
    files = {SYSCONFIG: "OPTIONS=''\n", CONF: case}
    done = asked(snapshot(files, PODMAN if engine == "podman" else fork, uid=0), words)
    assert not done.result.get("failed"), done.result
    new = contents(done.transactions[0])[CONF]
    assert "  # ours\n]\n" in new and "'registry.example.com'" not in new
