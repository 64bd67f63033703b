# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Old mirror policies become new ones without a moment that has neither, and without a node that notices."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import mirrors_migrate
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.releases import (
    RELEASES,
    takes_icsp_beside,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.rollout.migration import Migration
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from api_server import KINDS, ApiServer, run, status
from cases import cases
from openshift4 import manifests
from rolling import FACTOR, Rolling, Running

THREE = {f"icsp-{number}": [[f"quay.io/{number}", [f"m.example.com/{number}"]]] for number in range(3)}


def cluster(icsp: dict[str, Any] | None = None, **case: Any) -> Rolling:
    """A settled cluster with old objects."""
    rolling = Rolling(workers=3, settled=False)
    sets = {"icsp": icsp or {"icsp-0": [["quay.io/a", ["m.example.com/a"]]]}, "idms": case.get("idms") or {}}
    found = [one for one in manifests(sets) if one["kind"] in ("ImageContentSourcePolicy", "ImageDigestMirrorSet")]
    for one in found:
        if case.get("keeper") and one["metadata"]["name"] == "icsp-0":
            owned = {"f:spec": {"f:repositoryDigestMirrors": {}}}
            one["metadata"]["managedFields"] = [{"manager": case["keeper"], "operation": "Apply", "fieldsV1": owned}]
    rolling.server.put(*found)
    rolling.server.get("Image", "cluster")["spec"] = {"registrySources": case.get("image", {})}
    rolling.server.get("ClusterVersion", "version")["status"]["desired"]["version"] = case.get("version", "4.16.30")
    topology = {"controlPlaneTopology": case.get("topology", "HighlyAvailable")}
    rolling.server.put(
        {"kind": "Infrastructure", "apiVersion": KINDS["Infrastructure"].api_version, "metadata": {"name": "cluster"},
         "status": topology}
    )  # fmt: skip
    rolling.server.without = tuple(case.get("without", ()))
    rolling.controllers.release = "4.16"
    if not case.get("image"):
        rolling.controllers.settle(12)
    return rolling


def migrate(rolling: Rolling, names: tuple[str, ...] | None = None) -> dict[str, Any]:
    rollout = rolling.rollout()
    with Running(rolling.controllers, pause=0.01):
        return Migration(rollout.client, rollout, names).run()


def kinds(rolling: Rolling) -> tuple[int, int]:
    every = [one["kind"] for one in rolling.server.objects.values()]
    return every.count("ImageContentSourcePolicy"), every.count("ImageDigestMirrorSet")


def ours(rolling: Rolling, start: int) -> list[str]:
    """List the writes of the task, without those of the controllers."""
    return [
        f"{method} {path.split('/')[-1 if method == 'POST' else -2]}"
        for method, path, query, _body in rolling.server.log[start:]
        if method != "GET" and "mirrorset" in path + "" or method == "DELETE"
        if query.get("dryRun") != "All"
    ]


def test_create_wait_prove_delete() -> None:
    """C3."""
    rolling = cluster(THREE)
    target = rolling.server.get("MachineConfigPool", "worker")["spec"]["configuration"]["name"]
    start = len(rolling.server.log)
    done = migrate(rolling)
    assert not done.get("failed"), done
    assert kinds(rolling) == (0, 3)
    assert ours(rolling, start) == ["POST imagedigestmirrorsets"] * 3 + ["DELETE imagecontentsourcepolicies"] * 3
    assert rolling.server.get("MachineConfigPool", "worker")["spec"]["configuration"]["name"] == target
    assert done["account"][-1] == "no file of a node differs"
    assert done["created"] == [f"ImageDigestMirrorSet/icsp-{number}" for number in range(3)]
    again = migrate(rolling)
    assert not again["changed"] and again["account"] == ["there is no ImageContentSourcePolicy to migrate"]


def test_check_mode_writes_nothing() -> None:
    rolling = cluster(THREE)
    start = len(rolling.server.log)
    foreseen = Migration(rolling.rollout().client, rolling.rollout()).run(check=True)
    assert foreseen["changed"] and foreseen["account"][0] == "would create ImageDigestMirrorSet/icsp-0"
    assert {method for method, *_rest in rolling.server.log[start:]} == {"GET"}


@pytest.mark.parametrize(
    ("after", "names"),
    [*[(after, None) for after in range(6)], *[(after, ("icsp-0", "icsp-1")) for after in range(4)]],
)
def test_a_run_that_is_killed_is_gone_on_with_and_never_leaves_neither(after: int, names: tuple[str, ...]) -> None:
    rolling = cluster(THREE)
    rollout, told = rolling.rollout(), []

    def killed(line: str) -> None:
        if line.startswith(("created", "deleted")):
            told.append(line)
            if len(told) > after:
                raise KeyboardInterrupt

    rollout.say = killed
    with pytest.raises(KeyboardInterrupt), Running(rolling.controllers, pause=0.01):
        Migration(rollout.client, rollout, names).run()
    for number in range(3):
        kept = [rolling.server.get(kind, f"icsp-{number}")
                for kind in ("ImageContentSourcePolicy", "ImageDigestMirrorSet")]  # fmt: skip
        assert any(kept)
    left = (1, 2) if names else (0, 3)
    done = migrate(rolling, names)
    assert not done.get("failed") and kinds(rolling) == left
    again = migrate(rolling, names)
    said = f"there is no ImageContentSourcePolicy{' named icsp-0 or icsp-1' if names else ''} to migrate"
    assert not again["changed"] and kinds(rolling) == left and again["account"] == [said]


def test_nothing_is_deleted_when_a_node_degrades() -> None:
    rolling = cluster(THREE)
    sick = rolling.server.get("Node", "worker-00")["metadata"]["annotations"]
    sick["machineconfiguration.openshift.io/state"] = "Degraded"
    done = migrate(rolling)
    assert done["failed"] and "node worker-00 is Degraded" in done["msg"] and kinds(rolling) == (3, 3)
    assert "and nothing was deleted; the next run goes on" in done["msg"]
    sick["machineconfiguration.openshift.io/state"] = "Done"
    rolling.server.get("Node", "worker-00")["metadata"]["annotations"].update(sick)
    assert not migrate(rolling).get("failed") and kinds(rolling) == (0, 3)


def test_old_objects_go_only_when_every_node_of_every_pool_has_its_files() -> None:
    """C3: another change rolls while the migration begins."""
    rolling, when = cluster(THREE), []

    def deleted(method: str, path: str, body: Any) -> None:
        if method == "DELETE":
            when.append((rolling.all_have("worker"), rolling.all_have("master"), rolling.holds("bad.example.com")))

    rolling.server.faults.insert(0, deleted)
    rolling.server.get("Image", "cluster")["spec"] = {"registrySources": {"blockedRegistries": ["bad.example.com"]}}
    done = migrate(rolling)
    assert not done.get("failed") and kinds(rolling) == (0, 3)
    assert when and set(when) == {(True, True, True)}
    assert done["account"][-1] == "no file of a node differs"


def test_a_paused_pool_that_lags_stops_it() -> None:
    rolling = cluster()
    rolling.server.get("MachineConfigPool", "worker")["spec"]["paused"] = True
    rolling.server.get("Image", "cluster")["spec"] = {"registrySources": {"blockedRegistries": ["bad.example.com"]}}
    done = migrate(rolling)
    assert done["failed"] and "pool worker is paused" in done["msg"] and kinds(rolling) == (1, 1)


def test_a_delete_that_is_refused_is_told_with_what_was_done() -> None:
    rolling = cluster(THREE)
    refusal = status(403, "Forbidden", "nobody may delete")
    rolling.server.faults.insert(0, lambda method, path, body: refusal if method == "DELETE" else None)
    done = migrate(rolling)
    assert done["failed"] and "nobody may delete; created ImageDigestMirrorSet/icsp-0, " in done["msg"]


def test_files_become_files_of_the_same_name_every_run(tmp_path: Path) -> None:
    old = [one for one in manifests({"icsp": THREE}) if one["kind"] == "ImageContentSourcePolicy"]
    given = {"files": ["old.yaml"], "to": str(tmp_path)}
    files = {"old.yaml": yaml.safe_dump_all(old)}
    assert run(mirrors_migrate.ActionModule, given, None, files=files, check=True)["changed"]
    assert not list(tmp_path.iterdir())
    done = run(mirrors_migrate.ActionModule, given, None, files=files)
    names = [f"imagedigestmirrorset-icsp-{number}.yaml" for number in range(3)]
    assert done["changed"] and sorted(path.name for path in tmp_path.iterdir()) == names
    first = yaml.safe_load((tmp_path / names[0]).read_text())
    assert first == {
        "apiVersion": "config.openshift.io/v1", "kind": "ImageDigestMirrorSet", "metadata": {"name": "icsp-0"},
        "spec": {"imageDigestMirrors": [{"mirrors": ["m.example.com/0"], "source": "quay.io/0"}]},
    }  # fmt: skip
    assert not run(mirrors_migrate.ActionModule, given, None, files=files)["changed"]


@pytest.mark.parametrize("case", cases("rollout/migration.yml"))
def test_what_is_refused(case: dict[str, Any]) -> None:
    about = {key: case[key] for key in ("idms", "version", "topology", "keeper", "without", "image") if key in case}
    rolling = cluster(case.get("icsp"), **about)
    start = len(rolling.server.log)
    failed = run(mirrors_migrate.ActionModule, case.get("given", {}), rolling.server)
    assert failed.get("failed") and case["says"] in failed["msg"] and "\n" not in failed["msg"], failed
    assert {method for method, *_rest in rolling.server.log[start:]} <= {"GET"}


@pytest.mark.parametrize("case", cases("rollout/migration_bad_input.yml"))
def test_bad_input_is_one_sentence_before_the_first_request(case: dict[str, Any], tmp_path: Path) -> None:
    server, given = ApiServer(), dict(case["given"])
    if given.get("to"):
        given["to"] = str(tmp_path / given["to"])
    failed = run(mirrors_migrate.ActionModule, given, server, files=case.get("files", {}))
    assert failed.get("failed") and case["says"] in failed["msg"] and "\n" not in failed["msg"], failed
    assert server.log == [] and not list(tmp_path.iterdir())


def test_a_keeper_may_be_overridden() -> None:
    rolling = cluster(keeper="argocd-controller")
    rollout = rolling.rollout()
    with Running(rolling.controllers, pause=0.01):
        done = Migration(rollout.client, rollout, overridden=("managed-by-others",)).run()
    assert not done.get("failed") and kinds(rolling) == (0, 1) and FACTOR


@pytest.mark.parametrize("as_expected", [True, False, None])
def test_every_node_has_to_have_its_files(as_expected: bool | None) -> None:
    nodes = [{"name": "n1", "as_expected": True}, {"name": "n2", "as_expected": as_expected}]
    rollout = MagicMock(report=lambda: {"pools": [{"nodes": []}, {"nodes": nodes}]})
    proof = Migration(rollout.client, rollout)._prove_on_nodes
    if as_expected:
        assert proof() is None
        return
    with pytest.raises(Problem, match="^the files of n2 are not those of the objects$"):
        proof()


@pytest.mark.parametrize(
    ("waited", "says"),
    [
        ({"notes": ["a"], "verified": True}, None),
        ({"notes": ["a", "b"], "verified": False}, "^not every node was seen with its files: a; b$"),
        ({"notes": [], "verified": True, "failed": True, "msg": "node n1 is Degraded"}, "^node n1 is Degraded$"),
    ],
)
def test_a_wait_ends_with_every_node_or_with_a_sentence(waited: dict[str, Any], says: str | None) -> None:
    rollout = MagicMock(wait=lambda: waited)
    migration = Migration(rollout.client, rollout)
    migration.done = {"notes": ["a", "first"]}
    if says is None:
        assert migration._wait() is waited and migration.done["notes"] == ["a", "first"]
        return
    with pytest.raises(Problem, match=says):
        migration._wait()
    assert migration.done["notes"] == list(dict.fromkeys(["a", "first", *waited["notes"]]))


@pytest.mark.parametrize(
    ("made", "gone", "says"),
    [
        ([], [], "nothing was deleted"),
        (["x/a", "x/b"], [], "created x/a, x/b, and nothing was deleted; the next run goes on"),
        ([], ["y/a"], "deleted y/a; the next run goes on"),
        (["x/a"], ["y/a", "y/b"], "created x/a and deleted y/a, y/b; the next run goes on"),
    ],
)
def test_what_was_done_is_told_with_a_failure(made: list[str], gone: list[str], says: str) -> None:
    rollout = MagicMock()
    migration = Migration(rollout.client, rollout)
    migration.done = {"created": made, "deleted": gone}
    assert migration._so_far() == says


@pytest.mark.parametrize(
    ("release", "version", "takes"),
    [
        ("4.13", "4.13.25", False), ("4.13", "4.13.26", True), ("4.13", "v4.13.26", True), ("4.13", "4.13", False),
        ("4.13", "", False), ("4.14", "4.14.2", False), ("4.14", "4.14.3", True), ("4.14", "4.14.0-rc.7", False),
        ("4.14", "4.14.0-0.nightly-2023-12-31-101010", False), ("4.14", "4.14.0-0.nightly-2024-01-01-101010", True),
        ("4.13", "4.13.0-0.nightly-2024-01-01-101010", True), ("4.13", "4.13.30-0.nightly-2023-05-05-1", False),
        ("4.15", "4.15.0", True), ("4.15", "4.15", True), ("4.15", "4.15.0-0.nightly-2023-06-06-1", True),
    ],
)  # fmt: skip
def test_which_builds_render_old_mirrors_beside_new_ones(release: str, version: str, takes: bool) -> None:
    assert takes_icsp_beside(RELEASES[release], version) is takes


def expected(files: dict[str, str] | None = None, **why: str) -> Any:
    """Files that nodes will have, or why nobody can tell."""
    found = {"unknown": "", "problem": "", **why}
    return SimpleNamespace(generated=SimpleNamespace(on_node=files or {}), **found)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (expected({"/a": "1"}), expected({"/a": "1"}), None),
        (
            expected({"/b": "1", "/a": "1", "/c": "1"}),
            expected({"/b": "2", "/c": "1"}),
            "the files of nodes would differ in /a, /b without the old objects, since other mirror sets name the same "
            "sources; merge them first",
        ),
        (expected(), expected({"/a": "1"}), "would differ in /a without"),
        (expected(unknown="no list"), expected(), "that the files of nodes stay as they are: no list"),
        (expected(problem="a stop"), expected(), "that the files of nodes stay as they are: a stop"),
        (expected(), expected(unknown="no new list"), "that the files of nodes stay as they are: no new list"),
        (expected(), expected(problem="a new stop"), "that the files of nodes stay as they are: a new stop"),
    ],
)
def test_old_objects_go_only_when_the_forecast_is_the_same(before: Any, after: Any, says: str | None) -> None:
    answers = [before, after]
    rollout = MagicMock(answered=lambda question: answers.pop(0))
    proof = Migration(rollout.client, rollout)._prove_by_forecast
    if says is None:
        assert proof([], []) is None
        return
    with pytest.raises(Problem) as problem:
        proof([], [])
    assert says in str(problem.value) and not answers
