# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permissions tasks about clusters need: the roles that are shipped, and what a login lacks."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import cluster_access_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import access
from api_server import KINDS, ApiServer, on, reply, reviews, run, status
from conftest import REPOSITORY

ROLES = REPOSITORY / "docs/registries-role.yml"


def test_the_roles_that_are_shipped_are_those_of_the_tasks():
    """One list, because a file of Ansible's collections holds one document."""
    assert yaml.safe_load(ROLES.read_text(encoding="utf-8"))["items"] == [
        one for name in access.TASKS if name not in access.IN_PROJECTS for one in access.manifests(name)
    ]


def test_what_a_login_lacks_is_said():
    answer = reviews(lambda about: (about["verb"], about["resource"]) != ("patch", "images"))
    result = run(cluster_access_info.ActionModule, {}, ApiServer(faults=[answer]))
    assert result["allowed"] is False and result["missing"] == ["cannot patch images.config.openshift.io cluster"]
    assert len(result["access"]) > 20 and not result["changed"]
    result = run(cluster_access_info.ActionModule, {}, ApiServer(faults=[lambda *sent: reply(201, {})]))
    assert not result["allowed"], "what is not said to be allowed is not allowed"
    result = run(cluster_access_info.ActionModule, {}, ApiServer())
    assert result["failed"] and "answers no access reviews" in result["msg"]


def test_a_review_asks_for_the_object_by_its_name():
    asked = []
    answer = reviews(lambda about: asked.append(about) or True)
    run(cluster_access_info.ActionModule, {}, ApiServer(faults=[answer]))
    image = {"group": "config.openshift.io", "version": "v1", "resource": "images", "namespace": "", "name": "cluster"}
    assert {"verb": "patch", **image} in asked
    assert [one for one in asked if one["namespace"] == "openshift-config"]


FORBIDDEN, PROJECT = status(403, "Forbidden", "no"), reply(200, {"kind": "Project", "metadata": {"name": "default"}})


@pytest.mark.parametrize(
    ("of_version", "of_project", "found"),
    [
        (None, None, {"openshift": 4, "version": "4.18.9"}),
        (FORBIDDEN, None, {"openshift": 4, "version": ""}),
        ("no kind", PROJECT, {"openshift": 3, "version": "1.31"}),
        ("no kind", FORBIDDEN, {"openshift": 3, "version": "1.31"}),
        ("no kind", None, {"openshift": None, "version": "1.31"}),
    ],
)
def test_which_openshift_the_api_belongs_to(of_version, of_project, found):
    """Who may not read the version of a cluster sees that the API has one: a refusal is not a kind that is missing."""
    without = ("ClusterVersion",) if of_version == "no kind" else ()
    answers = {"/clusterversions/": None if without else of_version, "/projects/default": of_project}
    faults = [on("GET", path, lambda answer=answer: answer) for path, answer in answers.items() if answer]
    server = ApiServer(faults=[reviews(), *faults], without=without)
    desired = {"version": "4.18.9"}
    server.put({"kind": "ClusterVersion", "metadata": {"name": "version"}, "status": {"desired": desired}})
    result = run(cluster_access_info.ActionModule, {}, server)
    assert {key: result[key] for key in found} == found, result


def test_every_task_about_a_cluster_is_known():
    texts = {one.stem: one.read_text(encoding="utf-8") for one in (REPOSITORY / "plugins/action").glob("*.py")}
    words = ("task.on_cluster import", "task.on_pools import")
    logs_in = [name for name, text in texts.items() if any(word in text for word in words)]
    assert {name.removesuffix("_info") for name in logs_in} - {"cluster_access"} == set(access.TASKS)


def test_a_part_of_an_object_is_asked_for_as_such():
    asked = []
    answer = reviews(lambda about: asked.append(about) or True)
    run(cluster_access_info.ActionModule, {"task": "image_registry"}, ApiServer(faults=[answer]))
    (logs,) = [about for about in asked if about.get("subresource") == "log"]
    assert (logs["resource"], logs["verb"], logs["namespace"]) == ("pods", "get", "openshift-image-registry")
    assert all("subresource" not in about or about["subresource"] for about in asked)


@pytest.mark.parametrize(
    ("task", "more"),
    [
        ("image_registry", ("bind", "clusterroles.rbac.authorization.k8s.io", "")),
        ("image_registry_move", ("create", "pods", "team")),
        ("registry_proof", ("update", "imagestreams/layers.image.openshift.io", "team")),
    ],
)
def test_some_tasks_need_more_in_projects(task, more):
    answers = [
        run(cluster_access_info.ActionModule, {"task": task, **given}, ApiServer(faults=[reviews(lambda about: True)]))
        for given in ({}, {"namespaces": ["team"]})
    ]
    without, inside = (
        {(one["verb"], one["resource"], one["namespace"]) for one in found["access"]} for found in answers
    )
    assert more in inside - without and without < inside


def test_kinds_of_the_stand_in_are_those_of_the_task():
    assert {ref.resource.kind for ref in access.of_task("cluster_registries")} <= KINDS.keys()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"task": "dockercfg_secret"}, "namespaces: names no project"),
        ({"task": "cluster_pull_secret", "namespaces": ["a"]}, "namespaces: means nothing to this task"),
    ],
)
def test_projects_are_named_where_they_count(given, says):
    result = run(cluster_access_info.ActionModule, given, ApiServer())
    assert result["failed"] and says in result["msg"]


def test_what_lacks_in_projects_is_named():
    server = ApiServer(faults=[reviews(lambda about: about["verb"] != "create")])
    found = run(cluster_access_info.ActionModule, {"task": "dockercfg_secret", "namespaces": ["a", "b"]}, server)
    assert found["missing"] == ["cannot create secrets in a", "cannot create secrets in b"] and not found["allowed"]
