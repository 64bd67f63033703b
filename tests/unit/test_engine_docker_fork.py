# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's docker: recognised from the host, given its files, asked for its lists."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from ansible_collections.dockyard.openshift.plugins.modules.host_transaction import unmet
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Lists, Request, docker
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker_fork import DockerFork
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import json_text, toml_text
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.services import DOCKER
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import check_option
from cases import cases
from hosts import host

START = "ExecStart=/usr/bin/dockerd-current \\\n  --default-runtime=docker-runc \\\n  $OPTIONS \\\n"
SYSCONFIG = "EnvironmentFile=-/etc/sysconfig/docker\n"
GENERATED = "EnvironmentFile=-/run/containers/registries.conf\n"


def answers(reads: list[str]) -> dict[str, str]:
    """Make the answers of systemd about a docker whose unit takes its lists from these places."""
    variables = (["$ADD_REGISTRY", "$BLOCK_REGISTRY", "$INSECURE_REGISTRY"] if "sysconfig" in reads else []) + (
        ["$REGISTRIES"] if "generated" in reads else []
    )
    start = START if "sysconfig" in reads else START.replace("$OPTIONS ", "")
    unit = "[Service]\n" + SYSCONFIG * ("sysconfig" in reads) + GENERATED * ("generated" in reads)
    return {
        "docker.unit": unit + start + "  " + " ".join(variables) + "\n",
        "docker.state": "ActiveState=active\n",
        "registries.state": f"LoadState={'loaded' if 'generated' in reads else 'not-found'}\n",
        "dockerd-current.help": "      --add-registry list   Registry to query before a public one\n",
    }


def desired(case):
    request = Request(mode=case.get("mode"), record=case.get("had", {}))
    return DockerFork().desired(host(case["files"], answers(case["reads"])), read_policy(case["policy"]), request)


@pytest.mark.parametrize("case", cases("engines/docker_fork.yml"))
def test_desired_files(case, sentences):
    if "error" in case:
        with pytest.raises(HostProblem) as refusal:
            desired(case)
        assert case["error"] in str(refusal.value)
        sentences(refusal.value)
        return
    found = desired(case)
    sentences(found.refusals, found.unenforceable, found.notes, found.warnings)
    edits = {edit.path: edit.text for edit in found.edits}
    if "after" in case:
        assert edits == case["after"]
    for path, wanted in case.get("lists", {}).items():
        assert (json_text if path.endswith(".json") else toml_text).parse(edits[path]) == wanted
    if "expected" in case:
        assert found.expected.plain() == {"mirrors": []} | case["expected"]
    if "record" in case:
        assert found.record == case["record"]
    said, wanted = found.unenforceable, case.get("unenforceable", [])
    assert len(said) == len(wanted)
    assert all(part in text for part, text in zip(wanted, said, strict=True))


@pytest.mark.parametrize("case", cases("engines/docker_fork.yml", having="after"))
def test_a_second_run_changes_nothing(case):
    first = desired(case)
    files = {**case["files"], **{edit.path: edit.text for edit in first.edits}}
    assert desired({**case, "files": files, "had": first.record}).edits == ()


@pytest.mark.parametrize("case", cases("engines/answers.yml"))
def test_the_answer_of_docker_is_read(case):
    engine, said = DockerFork(), {"docker.state": "ActiveState=active\n", **case["answers"]}
    found = engine.in_force(host({}, said))
    assert found.plain() == {"mirrors": []} | case["in_force"]
    assert DOCKER.containers(host({}, said)) == case.get("busy", 0)


@pytest.mark.parametrize("case", cases("engines/answers.yml"))
def test_the_check_on_the_host_accepts_this_answer_and_no_other(case):
    """The transaction compares by patterns what the controller compares by value: both must agree."""
    right = Lists(**{word: tuple(items) for word, items in case["in_force"].items()})
    assert satisfied(case, right)
    for word in ("search", "blocked", "insecure", "mirrors"):
        items = getattr(right, word)
        assert not satisfied(case, Lists(**{**asdict(right), word: (*items, "more.example.com")})), word
        if items:
            assert not satisfied(case, Lists(**{**asdict(right), word: items[1:]})), word


def satisfied(case, expected: Lists) -> bool:
    info, flags = (check_option(check) for check in DockerFork().checks(host({}), expected))
    texts = {"docker info shows the lists": "docker.info", "the daemon runs with the block list": "docker.flags"}
    answers = [
        {"state": "done", "rc": 0, "stdout": case["answers"][texts[check["name"]]], "stderr": ""}
        for check in (info, flags)
    ]
    return not any(unmet(check["expect"], answer) for check, answer in zip((info, flags), answers, strict=True))


@pytest.mark.parametrize("answer", [{"rc": 0}, {"rc": 1}])
def test_a_daemon_that_says_nothing_has_not_shown_its_lists(answer):
    """Also where nothing is asked for: no answer is not an empty list."""
    for check in DockerFork().checks(host({}), Lists()):
        expect = check_option(check)["expect"]
        said = {"state": "done", "stdout": "", "stderr": "", **answer}
        assert unmet(expect, said) or (answer["rc"] == 0 and check.name == "the daemon runs with the block list")


def test_a_check_grows_with_the_number_of_names():
    """It was one regular expression of five megabytes for 500 names."""
    sizes = []
    for number in (500, 1000):
        names = tuple(f"r{each}.example.com:5000" for each in range(number))
        sizes.append(
            len(
                json.dumps([check_option(check) for check in DockerFork().checks(host({}), Lists(names, names, names))])
            )
        )
    assert sizes[1] < 2.1 * sizes[0] < 500_000


def test_a_failed_check_is_one_sentence():
    names = tuple(f"r{each}.example.com:5000" for each in range(500))
    info, _flags = (check_option(check) for check in DockerFork().checks(host({}), Lists(search=names)))
    text = "Insecure Registries:\n 127.0.0.0/8\nRegistries: secret.example.com (secure)\n"
    said = unmet(info["expect"], {"state": "done", "rc": 0, "stdout": text, "stderr": ""})
    assert said == (
        "its answer lacks r0.example.com:5000, r1.example.com:5000, r2.example.com:5000, 497 more "
        "and holds 1 that was not asked for"
    )


@pytest.mark.parametrize("reads", [["sysconfig"], ["generated"], ["sysconfig", "generated"]])
def test_recognised_by_its_unit_without_help_output(reads):
    said = {name: text for name, text in answers(reads).items() if name != "dockerd-current.help"}
    assert DockerFork().present(host({}, said))


def test_upstream_docker_is_another_engine():
    unit = "[Service]\nExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock\n"
    assert not DockerFork().present(host({}, {"docker.unit": unit}))


def test_an_empty_exec_start_of_a_drop_in_resets_the_unit():
    unit = answers(["sysconfig"])["docker.unit"] + "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd $OTHER\n"
    assert not DockerFork().present(host({}, {"docker.unit": unit}))


@pytest.mark.parametrize(
    ("entry", "forks", "upstreams"),
    [
        ("http://a.example.com", "http://a.example.com", "a.example.com"),
        ("10.0.0.7/8", "10.0.0.0/8", "10.0.0.0/8"),
        ("a.example.com:5000", "a.example.com:5000", "a.example.com:5000"),
    ],
)
def test_the_fork_keeps_a_scheme_that_upstream_cuts(entry, forks, upstreams):
    assert (docker.insecure_name(entry), docker.insecure_name(entry, cuts_scheme=True)) == (forks, upstreams)


def test_docker_would_show_nothing_of_a_list_without_entries():
    said = docker.without_effect({"blocked": ("b.example.com",)}, {"blocked": str}, Lists())
    assert said == ["blocked 'b.example.com' would have no effect: docker would show nothing"]
