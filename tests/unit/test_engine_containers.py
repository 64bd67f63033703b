# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman and its family: the files they are given for a policy."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.dockyard.openshift.plugins.modules.host_transaction import unmet
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Lists, Request
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers import Containers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.draft import DROP_IN
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.info import VERSIONS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import toml_text
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.watch import NotAsked, Watch
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.registries import WATCH, Said, watch
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.registries_conf import MAIN
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.signature_policy import PATH
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import check_option
from cases import cases
from hosts import host, views


def desired(case):
    request = Request(mode=case.get("mode"), record=case.get("record", {}))
    versions = case.get("engines", {"podman": "4.3.1"})
    said = {f"{name}.version": f"{name} version {version}\n" for name, version in versions.items() if name != "podman"}
    if "podman" in versions:
        said["podman.info"] = json.dumps({"version": {"Version": versions["podman"]}})
    return Containers().desired(host(case["files"], said), read_policy(case["policy"]), request)


@pytest.mark.parametrize("case", cases("engines/containers.yml"))
def test_desired_files(case, sentences):
    if "error" in case:
        with pytest.raises(Problem) as refusal:
            desired(case)
        assert case["error"] in str(refusal.value)
        sentences(refusal.value)
        return
    found = desired(case)
    sentences(found.refusals, found.unenforceable, found.notes, found.warnings)
    for kind in ("refusals", "unenforceable", "notes", "warnings"):
        said, wanted = getattr(found, kind), case.get(kind, [])
        assert len(said) == len(wanted), said
        assert all(part in text for part, text in zip(wanted, said, strict=True))
    edits = {edit.path: edit.text for edit in found.edits}
    if case.get("unchanged"):
        assert edits == {}
    if "drop_in" in case:
        assert edits[DROP_IN] == case["drop_in"]
    if "main" in case:
        assert edits[MAIN] == case["main"]
    if case.get("gone"):
        assert edits == {DROP_IN: None}
    if "search" in case or "tables" in case:
        document = toml_text.parse(edits[DROP_IN])
        assert document.get("unqualified-search-registries") == case.get("search")
        assert {table.pop("prefix"): table for table in document.get("registry", [])} == case.get("tables", {})
    if "policy_json" in case:
        scopes = json.loads(edits[PATH])["transports"]["docker"]
        assert {scope: items[0]["type"] for scope, items in scopes.items()} == case["policy_json"]
    else:
        assert PATH not in edits
    if "expected" in case:
        assert filled(found.expected) == case["expected"]
    if "views" in case:
        assert views(found.edits) == case["views"]


def filled(lists):
    """Lists as cases write them: those without an entry are left out."""
    return {word: items for word, items in lists.plain().items() if items}


@pytest.mark.parametrize("case", cases("engines/podman.yml"))
def test_the_answer_of_podman_is_read(case):
    assert filled(Containers().in_force(host({}, answer_of(case)))) == case["in_force"]


@pytest.mark.parametrize("case", cases("engines/podman.yml"))
def test_the_check_on_the_host_accepts_this_answer_and_none_that_lacks_an_entry(case):
    """podman shows what others block and reach insecurely too, so more of that is not a mistake."""
    right = Lists(**{word: tuple(items) for word, items in case["in_force"].items()})
    assert satisfied(case, right)
    for word, more in {**dict.fromkeys(("search", "blocked", "insecure"), "x"), "mirrors": "quay.io from x"}.items():
        assert not satisfied(case, replace(right, **{word: (*getattr(right, word), more)})), word
    for word in ("search", "mirrors"):
        if items := getattr(right, word):
            assert not satisfied(case, replace(right, **{word: items[:-1]})), word


def answer_of(case):
    return {"podman.info": json.dumps({"version": {"Version": "4.3.1"}, "registries": case["registries"]})}


def satisfied(case, expected):
    said = {"state": "done", "rc": 0, "stdout": answer_of(case)["podman.info"], "stderr": ""}
    (check,) = Containers().checks(host({}, answer_of(case)), expected)
    return not unmet(check_option(check)["expect"], said)


@pytest.mark.parametrize("answer", ["podman.info", "skopeo.version", "buildah.version", "crio.state", ""])
def test_each_of_the_family_alone_is_an_engine(answer):
    said = {answer: "ActiveState=active\nLoadState=loaded\n" if answer == "crio.state" else "x version 1.0.0\n"}
    assert Containers().present(host({}, said if answer else {})) is bool(answer)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"state": "failed", "reason": "no answer within 10 s"}, "podman info gave no answer within 10 s"),
        ({"state": "done", "rc": 125, "stdout": "", "stderr": "x\nbad file\n"}, "podman info ended with 125 (bad"),
    ],
)
def test_a_podman_that_does_not_answer_stops_everything(answer, says):
    with pytest.raises(HostProblem) as refusal:
        Containers().in_force(host({}, commands={"podman.info": answer}))
    assert str(refusal.value).startswith(says)


@pytest.mark.parametrize("case", [case for case in cases("engines/containers.yml") if "error" not in case.values[0]])
def test_a_second_run_changes_nothing(case):
    first = desired(case)
    if first.refusals or first.unenforceable:
        return
    texts = {**case["files"], **{edit.path: edit.text for edit in first.edits}}
    after = {path: text for path, text in texts.items() if text is not None}
    second = desired({**case, "files": after, "record": first.record})
    assert second.edits == ()
    assert second.record == first.record


VERSIONS_NOT_ASKED = {name: {"state": "needless"} for name in ("skopeo.version", "buildah.version")}


@pytest.mark.parametrize(("pull", "matters"), [("all", False), ("digest", True), ("tag", True)])
def test_other_versions_are_asked_only_when_they_matter(pull, matters):
    """registries.watch foresees it for what the policy says, NotAsked sees to mirrors that stand in files."""
    policy = read_policy({"mirrors": [{"source": "quay.io", "mirrors": ["m.example.com"], "pull": pull}]})
    assert watch(Said(policy)) == WATCH + (VERSIONS if matters else Watch())
    info = {"state": "done", "rc": 0, "stderr": "", "stdout": json.dumps({"version": {"Version": "4.3.1"}})}
    node = host({}, commands={"podman.info": info, **VERSIONS_NOT_ASKED})
    if not matters:
        assert Containers().desired(node, policy, Request()).edits
        return
    with pytest.raises(NotAsked) as question:
        Containers().desired(node, policy, Request())
    assert question.value.more == VERSIONS


def test_a_question_that_matters_is_always_asked():
    usual, more = Containers.watch.arguments(), (Containers.watch + VERSIONS).arguments()
    assert {command["name"] for command in usual["commands"] if "unless" in command} == set(VERSIONS_NOT_ASKED)
    assert not any("unless" in command for command in more["commands"])
    assert [command["name"] for command in more["commands"]] == [command["name"] for command in usual["commands"]]


@pytest.mark.parametrize(("mode", "text"), [("merge", None), ("exact", "unqualified-search-registries = []")])
def test_an_empty_list_beside_that_of_others_freezes_nothing(mode, text):
    """A copy of the distribution's list in our drop-in would hide what a package update brings."""
    theirs = host({"/etc/containers/registries.conf": 'unqualified-search-registries = ["quay.io"]\n'})
    desired = Containers().desired(theirs, read_policy({"search": []}), Request(mode))
    (written,) = [edit.text for edit in desired.edits] or [None]
    assert written is None if text is None else text in written
