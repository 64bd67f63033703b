# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of unit tests on a real API server with OpenShift's own CRDs: quartets, refusals, objects of others."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import (
    cluster_access_info,
    cluster_registries,
    cluster_registries_info,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import access
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import ClusterProblem, Ref, Resource
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Rejected
from api_server import KINDS, run
from cases import cases
from test_cluster_registries import part, with_certificates

TABLE = cases("cluster/registries.yml")
#: What only a server without some kinds, or with other writers' marks, can show; and a status that a controller keeps.
NOT_HERE = (
    "without",
    "managedFields",
    "PodDisruptionBudget",
    "import_mode",
    "CatalogSource",
    "does not say what it is made of",
)


def here(case: Any) -> bool:
    text = json.dumps(case.values[0])
    return not any(word in text for word in NOT_HERE)


REFUSED = [one for one in TABLE if here(one) and "refused" in one.values[0]["then"]]
DONE = [one for one in TABLE if here(one) and one not in REFUSED]


def task(lab: Any, given: dict[str, Any], action: Any = cluster_registries, **more: Any) -> dict[str, Any]:
    """Run a task on the cluster, with the login of an administrator unless another one is given."""

    class Recorded(action.ActionModule):
        def transport(self, login):
            found = super().transport(login)
            lab.sent = getattr(lab, "sent", [])
            send = found.send

            def noted(method, path, *rest):
                lab.sent.append((method, path))
                return send(method, path, *rest)

            found.send = noted
            return found

    args = {"kubeconfig": str(lab.kubeconfig), **with_certificates(given)}
    return run(Recorded, args, None, **more)


@pytest.fixture
def case(request, lab, operator):
    """A case whose objects are in the cluster."""
    found = request.param
    for manifest in with_certificates(found.get("cluster", [])):
        lab.apply(manifest)
    lab.sent = []
    return found


@pytest.mark.parametrize("case", REFUSED, indirect=True)
def test_what_is_refused_is_refused_before_anything_is_written(lab, case):
    result = task(lab, case["given"], files=case.get("files", {}))
    assert result["failed"] and case["then"]["refused"] in result["msg"], result["msg"]
    assert {method for method, _path in lab.sent} <= {"GET"}


@pytest.mark.parametrize("case", DONE, indirect=True)
def test_quartet(lab, case):
    then, files = case["then"], case.get("files", {})
    planned = task(lab, case["given"], files=files, check=True)
    assert not planned.get("failed") and planned["changed"], planned
    assert {method for method, _path in lab.sent} == {"GET"}
    done = task(lab, case["given"], files=files)
    assert done["changed"] and not done.get("failed"), done
    assert done["plan"]["id"] == planned["plan"]["id"]
    wrong = [text for name, wanted in then.get("objects", {}).items() for text in differences(lab, name, wanted)]
    assert not wrong, wrong
    assert not [name for name in then.get("gone", ()) if object_of(lab, name)]
    assert then.get("disruption", done["plan"]["disruption"]) == done["plan"]["disruption"]
    lab.sent = []
    for check in (True, False):
        again = task(lab, case["given"], files=files, check=check)
        assert not again["changed"] and not again.get("failed"), again
    assert {method for method, _path in lab.sent} == {"GET"}


def differences(lab: Any, name: str, wanted: Any) -> list[str]:
    return part(object_of(lab, name), with_certificates(wanted), name)


def object_of(lab: Any, name: str) -> Any:
    kind, _slash, short = name.partition("/")
    return lab.get(kind, short, "openshift-config" if kind == "ConfigMap" else "")


# --- what only a real server can show ---


def test_labels_annotations_and_order_of_others_stay(lab):
    image = copy.deepcopy(lab.get("Image", "cluster"))
    lab.apply({
        "kind": "Image", "metadata": {"name": "cluster", "labels": {"keep": "me"}, "annotations": {"also": "this"}},
        "spec": {"allowedRegistriesForImport": [{"domainName": "z.example.com"}, {"domainName": "a.example.com"}],
                 "registrySources": {"insecureRegistries": ["z.example.com", "a.example.com"]}},
        "status": image["status"],
    })  # fmt: skip
    assert task(lab, {"blocked": "docker.io"})["changed"]
    found = lab.get("Image", "cluster")
    assert found["metadata"]["labels"] == {"keep": "me"} and found["metadata"]["annotations"]["also"] == "this"
    assert found["spec"]["registrySources"] == {
        "insecureRegistries": ["z.example.com", "a.example.com"], "blockedRegistries": ["docker.io"],
    }  # fmt: skip
    assert found["status"] == image["status"]
    managers = {entry["manager"] for entry in found["metadata"]["managedFields"]}
    assert "dockyard.openshift" in managers


def test_a_field_that_the_kind_does_not_have_is_refused_by_name(lab):
    """C11, by the server's own strictness."""
    image = lab.get("Image", "cluster")
    with pytest.raises(Rejected, match=r'unknown field "spec\.registrySources\.blokedRegistries"'):
        lab.client.patch(
            Ref(KINDS["Image"], "cluster"), {"spec": {"registrySources": {"blokedRegistries": ["x"]}}},
            image["metadata"]["resourceVersion"],
        )  # fmt: skip
    assert lab.get("Image", "cluster")["metadata"]["resourceVersion"] == image["metadata"]["resourceVersion"]


def test_two_writers_at_once_lose_nothing(lab):
    """A real conflict: somebody edits between our read and our write."""

    class Interrupted(cluster_registries.ActionModule):
        def carry_out(self, proposal):
            if not getattr(self, "edited", False):
                self.edited = True
                spec = {"registrySources": {"blockedRegistries": ["theirs.example.com"]}}
                lab.apply({"kind": "Image", "metadata": {"name": "cluster"}, "spec": spec})
            return super().carry_out(proposal)

    result = run(Interrupted, {"kubeconfig": str(lab.kubeconfig), "blocked": "docker.io"}, None)
    assert result["changed"] and not result.get("failed"), result
    lists = lab.get("Image", "cluster")["spec"]["registrySources"]
    assert lists == {"blockedRegistries": ["theirs.example.com", "docker.io"]}


def test_check_mode_asks_the_server_only_when_told(lab):
    given = {"mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]}
    lab.sent = []
    assert task(lab, {**given, "server_dry_run": True}, check=True)["changed"]
    assert {method for method, _path in lab.sent} == {"GET", "POST"}
    assert all("dryRun=All" in path for method, path in lab.sent if method == "POST")
    assert lab.client.read_all(Ref(KINDS["ImageDigestMirrorSet"])) == ()


def test_a_login_without_rights_and_with_the_roles_that_are_shipped(lab):
    nobody = login_of(lab, "nobody")
    result = task(lab, {**nobody, "blocked": "docker.io"})
    assert result["failed"] and 'User "nobody" cannot get resource "images"' in result["msg"]
    assert lab.state["tokens"]["nobody"] not in json.dumps(result)
    found = task(lab, nobody, cluster_access_info)
    assert not found["allowed"] and "cannot patch images.config.openshift.io cluster" in found["missing"]
    made = grant(lab)
    try:
        found = task(lab, nobody, cluster_access_info)
        assert found["allowed"], found["missing"]
        given = {
            "blocked": "docker.io", "mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}],
            "trust": [{"registry": "r.example.com", "ca": "CA"}],
        }  # fmt: skip
        result = task(lab, {**nobody, **given})
        assert result["changed"] and not result.get("failed"), result
    finally:
        for place in made:
            there = lab.client.read(place)
            lab.client.delete(place, there["metadata"]["uid"], there["metadata"]["resourceVersion"])


def login_of(lab: Any, user: str) -> dict[str, Any]:
    """Options that log a user in by token alone."""
    token = lab.state["tokens"][user]
    return {"kubeconfig": None, "host": lab.address, "api_key": token, "ca_cert": lab.authority}


def grant(lab: Any) -> list[Ref]:
    """Give the user nobody the roles that are shipped."""
    group = "rbac.authorization.k8s.io"
    made = []
    for role in access.manifests("cluster_registries"):
        kind, namespace = role["kind"], role["metadata"].get("namespace", "")
        plural = f"{kind.lower()}s"
        place = Ref(Resource(kind, group, "v1", plural, bool(namespace)), role["metadata"]["name"], namespace)
        lab.client.create(place, role)
        bound = {
            **role, "kind": f"{kind}Binding", "roleRef": {"apiGroup": group, "kind": kind, "name": place.name},
            "subjects": [{"kind": "User", "name": "nobody", "apiGroup": group}],
        }  # fmt: skip
        bound.pop("rules")
        bindings = Resource(f"{kind}Binding", group, "v1", f"{kind.lower()}bindings", bool(namespace))
        binding = Ref(bindings, place.name, namespace)
        lab.client.create(binding, bound)
        made += [place, binding]
    return made


def test_logins_of_every_kind(lab, tmp_path):
    folder = lab.kubeconfig.parent
    script = tmp_path / "login"
    status = {"token": lab.state["tokens"]["admin"]}
    token = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    script.write_text(f"#!/bin/sh\ncat <<'E'\n{json.dumps(token)}\nE\n")
    script.chmod(0o755)
    config = json.loads(lab.kubeconfig.read_text())
    program = {"exec": {"apiVersion": token["apiVersion"], "command": str(script), "interactiveMode": "Never"}}
    logins = (
        login_of(lab, "admin"),
        {**login_of(lab, "admin"), "api_key": None, "client_cert": str(folder / "client.crt"),
         "client_key": str(folder / "client.key")},
        {"kubeconfig": {**config, "users": [{"name": "admin", "user": program}]}},
        {**login_of(lab, "admin"), "ca_cert": None, "validate_certs": False},
    )  # fmt: skip
    for login in logins:
        found = task(lab, login, cluster_registries_info)
        assert not found.get("failed"), found
        assert found["version"] == "4.20.3"
        assert lab.state["tokens"]["admin"] not in json.dumps(found)


def test_an_unknown_authority_is_refused(lab):
    found = task(lab, {**login_of(lab, "admin"), "ca_cert": None}, cluster_registries_info)
    assert found["failed"] and "cannot be trusted" in found["msg"]


def test_a_wrong_address_is_not_taken_for_an_empty_cluster(lab):
    found = task(lab, {**login_of(lab, "admin"), "host": f"{lab.address}/nowhere", "blocked": "docker.io"})
    assert found["failed"], found


def test_a_budget_that_allows_no_eviction_is_named(lab):
    """The disruption controller's own status, of pods that simulated nodes run."""
    namespace, deployment = "shop", Resource("Deployment", "apps", "v1", "deployments", True)
    labels = {"app": "db"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "db", "image": "db"}]}}
    place = Ref(Resource("Namespace", "", "v1", "namespaces"), namespace)
    if lab.client.read(place) is None:
        lab.client.create(place, place.manifest())
    chosen = {"selector": {"matchLabels": labels}}
    wanted = {
        Ref(deployment, "db", namespace): {**chosen, "replicas": 1, "template": template},
        Ref(KINDS["PodDisruptionBudget"], "db", namespace): {**chosen, "minAvailable": 1},
    }
    for place, manifest in wanted.items():
        if lab.client.read(place) is None:
            lab.client.create(place, {**place.manifest(), "spec": manifest})
    lab.wait_for(lambda: lab.get("PodDisruptionBudget", "db", namespace).get("status", {}).get("currentHealthy") == 1)
    told = task(lab, {"blocked": "docker.io"}, check=True)["warnings"]
    assert any("PodDisruptionBudget shop/db allows no eviction now (1 of 1 pods" in text for text in told), told


def test_lists_come_in_pages_from_a_real_server(lab):
    place = Ref(KINDS["ConfigMap"], namespace="openshift-config")
    for number in range(5):
        one = Ref(place.resource, f"page-{number}", "openshift-config")
        lab.client.create(one, {**one.manifest(), "data": {}})
    client = lab.client_of({"kubeconfig": str(lab.kubeconfig)})
    from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import client as module

    whole, before = len(client.read_all(place)), module._PAGE
    module._PAGE = 2
    try:
        assert len(client.read_all(place)) == whole >= 5
    finally:
        module._PAGE = before
    assert client.requests["GET"] == 1 + -(-whole // 2)


def test_problems_are_sentences(lab):
    for kind in ("Image", "ImageDigestMirrorSet"):
        with pytest.raises(ClusterProblem) as refusal:
            lab.client.create(Ref(KINDS[kind], "x"), {"kind": kind, "apiVersion": "wrong/v1", "metadata": {}})
        assert str(refusal.value).isprintable()
