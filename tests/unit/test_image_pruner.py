# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pruner of clusters in memory: every case is run as a quartet (check, run, check, run)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import image_pruner, image_pruner_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_pruner.service import cron_mistake
from api_server import KINDS, ApiServer, on, ref, run, status
from cases import cases

NAMESPACE = "openshift-image-registry"
STOCK = yaml.safe_load("""
- {kind: Config, metadata: {name: cluster}, spec: {managementState: Managed, replicas: 1}}
- kind: ImagePruner
  metadata: {name: cluster}
  spec: {schedule: "", suspend: false, keepTagRevisions: 3, keepYoungerThan: 3600000000000, theirs: kept}
- kind: Job
  metadata: {name: image-pruner-1, namespace: openshift-image-registry}
  status: {conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded, message: 503 of the registry}]}
- kind: Job
  metadata: {name: image-pruner-2, namespace: openshift-image-registry}
  status: {conditions: [{type: Complete, status: "True"}]}
- kind: Job
  metadata: {name: theirs, namespace: openshift-image-registry}
  status: {conditions: [{type: Failed, status: "True"}]}
""")
TABLE = cases("cluster/image_pruner.yml", "spec")
REFUSED = cases("cluster/image_pruner.yml", "refused")


def cluster(*changed: dict[str, Any]) -> ApiServer:
    objects = {ref(one).path: one for one in [*STOCK, *changed]}
    return ApiServer().put(
        *({"apiVersion": KINDS[one["kind"]].api_version, **copy.deepcopy(one)} for one in objects.values())
    )


@pytest.mark.parametrize("case", TABLE)
def test_fields_are_as_asked_and_a_second_run_writes_nothing(case, sentences):
    server = cluster()
    before = server.get("ImagePruner", "cluster")["spec"]
    planned = run(image_pruner.ActionModule, case["given"], server, check=True)
    assert planned["changed"] and {method for method, *_rest in server.log} == {"GET"}, planned
    done = run(image_pruner.ActionModule, case["given"], server)
    assert done["changed"] and done["plan"]["id"] == planned["plan"]["id"], done
    sentences(done)
    found = server.get("ImagePruner", "cluster")["spec"]
    wanted = {**before, **case["spec"]}
    assert found == {key: value for key, value in wanted.items() if value is not None}
    assert not run(image_pruner.ActionModule, case["given"], server)["changed"]


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_sentence_before_anything_is_sent(case, sentences):
    server = cluster()
    result = run(image_pruner.ActionModule, case["given"], server)
    assert result["failed"] and case["refused"] in result["msg"] and not server.log, result
    sentences(result)


def test_there_are_many_bad_inputs():
    assert len(REFUSED) >= 40


@pytest.mark.parametrize("case", cases("cluster/cron.yml"))
def test_a_schedule_is_taken_as_cron_takes_it(case, sentences):
    mistake = cron_mistake(case["schedule"])
    assert (case["mistake"] in mistake) if case["mistake"] else not mistake, mistake
    sentences(mistake)


def test_pruning_goes_on_when_nothing_else_is_asked_for():
    server = cluster({"kind": "ImagePruner", "metadata": {"name": "cluster"}, "spec": {"suspend": True}})
    assert run(image_pruner.ActionModule, {"suspend": False}, server)["changed"]
    assert server.get("ImagePruner", "cluster")["spec"] == {"suspend": False}
    assert not run(image_pruner.ActionModule, {"suspend": False}, server)["changed"]


def test_another_spelling_of_the_same_value_changes_nothing():
    spec = {"keepYoungerThanDuration": "96h0m0s", "resources": {"limits": {"memory": "1Gi"}}}
    server = cluster({"kind": "ImagePruner", "metadata": {"name": "cluster"}, "spec": spec})
    given = {"keep_younger_than": "96h", "resources": {"limits": {"memory": "1024Mi"}}}
    assert not run(image_pruner.ActionModule, given, server)["changed"] and not server.writes


def test_failed_jobs_are_removed_and_no_other():
    server = cluster()
    result = run(image_pruner.ActionModule, {"remove_failed_jobs": True}, server)
    assert result["written"] == ["delete Job openshift-image-registry/image-pruner-1"], result
    assert server.get("Job", "image-pruner-2", NAMESPACE) and server.get("Job", "theirs", NAMESPACE)
    assert not run(image_pruner.ActionModule, {"remove_failed_jobs": True}, server)["changed"]


@pytest.mark.parametrize("state", ["Removed", "Unmanaged"])
def test_r11_what_the_state_of_the_registry_means_for_pruning_is_said(state):
    server = cluster({"kind": "Config", "metadata": {"name": "cluster"}, "spec": {"managementState": state}})
    result = run(image_pruner.ActionModule, {"schedule": "@weekly"}, server)
    assert result["changed"] and f"the registry is {state}: only objects of the API are pruned" in result["warnings"][0]
    found = run(image_pruner_info.ActionModule, {}, server)
    assert found["registry_state"] == state and not found["prunes_storage"]


def test_a_failed_job_is_named_with_what_ends_it():
    found = run(image_pruner_info.ActionModule, {}, cluster())
    (job,) = found["pruner"]["failed_jobs"]
    assert job["name"] == "image-pruner-1" and job["reason"] == "BackoffLimitExceeded: 503 of the registry"
    assert "nothing tries again before the next time of the schedule" in job["remedy"] and found["prunes_storage"]


@pytest.mark.parametrize("case", cases("cluster/pruner_jobs.yml"))
def test_of_failed_jobs_those_count_that_failed_since_the_last_success(case):
    """jobs: name: [day of its creation, condition]."""
    jobs = [
        {
            "kind": "Job",
            "metadata": {"name": name, "namespace": NAMESPACE, "creationTimestamp": f"2026-01-{day:02}T00:00:00Z"},
            "status": {"conditions": [{"type": kind, "status": "True"}] if kind else []},
        }
        for name, (day, kind) in case["jobs"].items()
    ]
    conditions = [{"type": "Degraded", "status": case["degraded"]}]
    pruner = {"kind": "ImagePruner", "metadata": {"name": "cluster"}, "spec": {}, "status": {"conditions": conditions}}
    server = ApiServer().put(
        *({"apiVersion": KINDS[one["kind"]].api_version, **one} for one in [STOCK[0], pruner, *jobs])
    )
    found = run(image_pruner_info.ActionModule, {}, server)["pruner"]
    assert {one["name"]: case["remedy"] in one["remedy"] for one in found["failed_jobs"]} == dict.fromkeys(
        case["failed"], True
    )
    assert [one["name"] for one in found["failed_earlier"]] == case["earlier"]
    looked = any("/statefulsets" in path for _method, path, *_rest in server.log)
    assert looked == any(name.startswith("image-pruner-") for name in case["failed"])


@pytest.mark.parametrize("case", cases("cluster/unreadable_images.yml"))
def test_r12_the_object_with_an_unreadable_image_is_named(case, sentences):
    spec = {"ignoreInvalidImageReferences": case.get("ignores")}
    server = cluster(*case["cluster"], {"kind": "ImagePruner", "metadata": {"name": "cluster"}, "spec": spec})
    if case.get("healthy"):
        server.objects = {path: one for path, one in server.objects.items() if one["kind"] != "Job"}
    found = run(image_pruner_info.ActionModule, {}, server)["pruner"]["unreadable"]
    assert [f"{one['object']}: {one['image']}" for one in found] == case["finds"]
    assert all("ignore_invalid_image_references: true" in one["remedy"] for one in found) and not server.writes
    sentences([f"{one['object']} ({one['image']}) {one['reason']}; {one['remedy']}" for one in found])


def test_r12_a_kind_that_nobody_may_read_is_named():
    server = cluster({"kind": "ImagePruner", "metadata": {"name": "cluster"}, "spec": {}})
    server.faults.insert(0, on("GET", "/statefulsets", lambda: status(403, "Forbidden", "no")))
    found = run(image_pruner_info.ActionModule, {}, server)["pruner"]["unreadable"]
    (one,) = found
    assert (one["object"], one["image"], one["reason"]) == ("all statefulsets", "", "all statefulsets: no")


def test_a_pruner_that_is_not_there_is_not_made():
    server = cluster()
    del server.objects[ref(STOCK[1]).path]
    result = run(image_pruner.ActionModule, {"suspend": True, "wait_timeout": 0}, server)
    assert result["failed"] and "ImagePruner/cluster: the registry operator has not made it yet" in result["msg"]
    assert not server.writes
