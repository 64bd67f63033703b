# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream's docker: recognised, given daemon.json, asked; and what it cannot do."""

from __future__ import annotations

import pytest
from ansible_collections.dockyard.openshift.plugins.modules.host_transaction import unmet
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Lists, Request
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker import DAEMON_JSON, not_taken
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker_moby import Moby
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.services import DOCKER
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import check_option
from cases import cases
from hosts import described, host

INFO = " Running: 2\n Insecure Registries:\n  {insecure}127.0.0.0/8\n{mirrors} Live Restore Enabled: false\n"

JOURNAL = {
    "id": "cafe", "plan_id": "p", "time": 1, "started": 0, "directories": [], "actions": [],
    "files": [{"path": DAEMON_JSON, "new": "n", "present": "old"}], "old": {DAEMON_JSON: described("{}")},
}  # fmt: skip


def moby(case):
    start = case.get("start", "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS")
    unit = f"[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart={start}\n"
    files = {DAEMON_JSON: case["before"]} if "before" in case else {}
    if "environment" in case:
        files["/etc/default/docker"] = case["environment"]
    answers = {"docker.unit": unit, "docker.state": "ActiveState=active\n", "docker.flags": case.get("flags", "")}
    if "version" in case:
        answers["docker.version"] = f"Docker version {case['version']}, build 0\n"
    journal = JOURNAL if case.get("interrupted") else None
    return host(files, answers | ({"docker.info": shown(**case["info"])} if "info" in case else {}), journal=journal)


def shown(insecure=(), mirrors=()):
    """Make the output of docker info for these lists."""
    return INFO.format(
        insecure="".join(f"{name}\n  " for name in insecure),
        mirrors=" Registry Mirrors:\n" * bool(mirrors) + "".join(f"  {url}\n" for url in mirrors),
    )


def desired(case):
    request = Request(mode=case.get("mode"), record=case.get("had", {}))
    return Moby().desired(moby(case), read_policy(case["policy"]), request)


@pytest.mark.parametrize("case", cases("engines/docker_moby.yml"))
def test_desired_files(case, sentences):
    if "error" in case:
        with pytest.raises(HostProblem) as refusal:
            desired(case)
        assert case["error"] in str(refusal.value)
        sentences(refusal.value)
        return
    found = desired(case)
    sentences(found.refusals, found.unenforceable, found.notes, found.warnings)
    for kind in ("refusals", "unenforceable"):
        said, wanted = getattr(found, kind), case.get(kind, [])
        assert len(said) == len(wanted), said
        assert all(part in text for part, text in zip(wanted, said, strict=True))
    if not found.refusals:
        assert [edit.text for edit in found.edits] == ([case["after"]] if "after" in case else [])
    if "way_back" in case:
        (edit,) = found.edits
        assert (edit.way_back.decode() if edit.way_back is not None else None) == case["way_back"]
    if "expected" in case:
        assert {word: items for word, items in found.expected.plain().items() if items} == {
            "search": ["docker.io"]
        } | case["expected"]


@pytest.mark.parametrize("case", cases("engines/docker_moby.yml", having="after"))
def test_a_second_run_changes_nothing(case):
    first = desired(case)
    assert desired({**case, "before": case["after"], "had": first.record}).edits == ()


def test_the_answer_of_docker_is_read():
    info = shown(["a.example.com"], ["https://m.example.com/"])
    found = host({}, {"docker.state": "ActiveState=active\n", "docker.info": info})
    assert Moby().in_force(found).plain() == {
        "search": ["docker.io"], "blocked": [], "insecure": ["a.example.com"], "mirrors": ["https://m.example.com"]
    }  # fmt: skip
    assert DOCKER.containers(found) == 2


def test_a_client_without_a_daemon_answers_with_zero():
    found = host({}, {"docker.state": "ActiveState=failed\n", "docker.info": "Server:\nERROR: Cannot connect\n"})
    assert Moby().in_force(found) is None


def test_the_fork_is_another_engine():
    unit = "[Service]\nExecStart=/usr/bin/dockerd-current $OPTIONS $ADD_REGISTRY\n"
    assert not Moby().present(host({}, {"docker.unit": unit}))
    assert Moby().present(moby({}))


def test_docker_must_show_the_new_lists():
    (check,) = Moby().checks(moby({}), Lists(insecure=("a.example.com",), mirrors=("https://m.example.com",)))
    answers = {
        shown(["a.example.com"], ["https://m.example.com/"]): True,
        shown(["a.example.com"], ["https://m.example.com"]): True,
        shown(["a.example.com"]): False,
        shown(["a.example.com"], ["https://m.example.com/", "https://n.example.com/"]): False,
        shown([], ["https://m.example.com/"]): False,
    }
    for text, good in answers.items():
        said = {"state": "done", "rc": 0, "stdout": text, "stderr": ""}
        assert (unmet(check_option(check)["expect"], said) is None) is good, text


#: What registry.NewService of docker 28.0.4 answered to each entry alone: whether it is taken.
TAKEN = {
    "insecure-registries": {
        "localhost:5000": True, "10.0.0.5:80": True, "xn--bcher-kva.example": True, "[::1]:5000": True, "::1": True,
        "fd00::1": True, "[fd00::1]": True, "A.example.com": True, "a.b-c": True, "host:0": True, "10.1.2.3/8": True,
        "https://a.example.com": True, "reg_x.example.com": False, "a.example.com.": False, "host:": False,
        "*.example.com": False, "a.example.com/x": False, "b.example.com:70000": False, " b": False, "ftp://x": False,
        "a..b": False, "1.2.3.4/33": False, "a:b": False,
    },
    "registry-mirrors": {
        "http://[::1]:5000": True, "https://m.example.com:443/": True, "https://m/#": True, "https://m/hub": True,
        "https://m//": True, "HTTPS://m": True, "https://": True, "https:///": True, "http:/m": True,
        "https://m/ x": True, "m.example.com": False, "https://m?x": False, "https://u:p@m": False,
        "https://m m": False, "https://m/%zz": False,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "entry", "taken"), [(key, *each) for key, entries in TAKEN.items() for each in entries.items()]
)
def test_which_entries_docker_takes(key, entry, taken):
    assert not_taken(key, entry, (28, 0)) is not taken
    assert not not_taken(key, entry, (1, 13))


@pytest.mark.parametrize(
    ("before", "flags", "after"),
    [
        ("{}", "", Lists(("docker.io",))),
        ('{"insecure-registries": ["b.example.com"]}', "", None),
        ("{}", "--insecure-registry\nb.example.com\n", None),
    ],
)
def test_what_only_a_start_forgets(before, flags, after):
    """A reload keeps a list whose key is gone, so a plan that is taken back needs a restart."""
    case = {"before": before, "flags": flags, "info": {"insecure": ["b.example.com"]}}
    assert Moby().after_start(moby(case)) == after
