# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry policy on clusters in memory: every case is run as a quartet (check, run, check, run)."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import quartet
import yaml
from ansible_collections.dockyard.openshift.plugins.action import cluster_registries, cluster_registries_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import registries
from api_server import KINDS, ApiServer, on, ref, run, status
from cases import cases
from quartet import READS
from tasks import holds
from trust.pki import certificate

IMAGE = "quay.io/openshift-release-dev/ocp-release@sha256:" + "a" * 64
STOCK = [
    {
        "kind": "Image", "metadata": {"name": "cluster", "labels": {"keep": "me"}}, "spec": {},
        "status": {"internalRegistryHostname": "image-registry.openshift-image-registry.svc:5000"},
    },
    {
        "kind": "ClusterVersion", "metadata": {"name": "version"}, "spec": {},
        "status": {"desired": {"version": "4.18.3", "image": IMAGE}, "history": [{"state": "Completed"}]},
    },
    {"kind": "Infrastructure", "metadata": {"name": "cluster"}, "spec": {}, "status": {"controlPlaneTopology": "HA"}},
    {
        "kind": "MachineConfigPool", "metadata": {"name": "worker"}, "spec": {"maxUnavailable": "10%"},
        "status": {"machineCount": 20, "updatedMachineCount": 20},
    },
    {"kind": "MachineConfiguration", "metadata": {"name": "cluster"}, "spec": {}, "status": {"observedGeneration": 1}},
]  # fmt: skip
TABLE = cases("cluster/registries.yml")


def cluster(case: dict[str, Any]) -> ApiServer:
    """The cluster of a case; an operator that takes node disruption policies into the status at once."""
    objects = {ref(one).path: one for one in [*STOCK, *with_certificates(case.get("cluster", []))]}
    gone = case.get("missing", ())
    there = [one for one in objects.values() if f"{one['kind']}/{one['metadata']['name']}" not in gone]
    whole = [{"apiVersion": KINDS[one["kind"]].api_version, **copy.deepcopy(one)} for one in there]
    server = ApiServer(without=tuple(case.get("without", ()))).put(*whole)
    server.faults.append(lambda method, path, body: operator(server))
    return server


def operator(server: ApiServer) -> None:
    """Act as the machine-config-operator does on node disruption policies."""
    found = server.get("MachineConfiguration", "cluster")
    if found:
        files = (found["spec"].get("nodeDisruptionPolicy") or {}).get("files", [])
        found["status"] = {
            "observedGeneration": found["metadata"]["generation"],
            "nodeDisruptionPolicyStatus": {"clusterPolicies": {"files": files}},
        }


def with_certificates(value: Any) -> Any:
    """The word CA stands for a certificate of an authority."""
    return yaml.safe_load(yaml.safe_dump(value).replace(" CA\n", " |\n%s" % indented(certificate("one"))))


def indented(text: str) -> str:
    return "".join(f"{' ' * 40}{line}\n" for line in text.splitlines())


def name_of(path: str) -> str:
    """Kind/name of an object by its path."""
    plural, name = path.split("/")[-2:]
    return f"{next(kind for kind, one in KINDS.items() if one.plural == plural)}/{name}"


def ordered(server: ApiServer) -> list[str]:
    """The writes in order, as "POST Kind/name"."""
    found = []
    for method, path, query, body in server.log:
        if method != "GET" and query.get("dryRun") != "All":
            found.append(f"{method} {name_of(f'{path}/' + body['metadata']['name'] if method == 'POST' else path)}")
    return found


def part(found: Any, wanted: Any, path: str = "") -> list[str]:
    """List the differences of an object; null stands for absence."""
    if isinstance(wanted, dict):
        have = found if isinstance(found, dict) else {}
        return [text for key, value in wanted.items() for text in part(have.get(key), value, f"{path}.{key}")]
    return [] if found == wanted else [f"{path} is {found}, not {wanted}"]


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" in one.values[0]["then"]])
def test_what_is_refused_is_one_sentence_before_anything_is_written(case, sentences):
    server = cluster(case)
    for check in (True, False):
        result = task(case, server, check=check)
        assert result["failed"] and case["then"]["refused"] in result["msg"], result["msg"]
        assert "\n" not in result["msg"] and not result.get("changed")
    sentences(result)
    assert {method for method, *_rest in server.log} <= READS


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" not in one.values[0]["then"]])
def test_objects_are_as_asked_and_a_second_run_writes_nothing(case, sentences):
    server, then = cluster(case), case["then"]
    before = copy.deepcopy(server.objects)
    planned, done = quartet.planned_and_done(task, case, server)
    sentences(done)
    assert done["written"]
    wrong = [text for name, wanted in then.get("objects", {}).items() for text in differences(server, name, wanted)]
    assert not wrong, wrong
    assert not [name for name in then.get("gone", ()) if server_object(server, name)]
    assert then.get("order", ordered(server)) == ordered(server)
    assert then.get("disruption", done["plan"]["disruption"]) == done["plan"]["disruption"]
    quartet.told(done, then)
    assert all(any(wanted in line for line in done["account"]) for wanted in then.get("lines", ())), done["account"]
    assert {path: one for path, one in server.objects.items() if path not in touched(server)} == {
        path: one for path, one in before.items() if path not in touched(server)
    }, "objects of others are left as they are"
    assert server.get("Image", "cluster")["metadata"].get("labels") in (None, {"keep": "me"})
    count = len(server.log)
    quartet.nothing_left(task, case, server)
    reads = [path for method, path, *_rest in server.log[count:]]
    assert len(reads) == 2 * len(set(reads)), "every object and list is read once a run"


def task(case: dict[str, Any], server: ApiServer, **more: Any) -> dict[str, Any]:
    given = with_certificates(case["given"])
    return run(cluster_registries.ActionModule, given, server, files=case.get("files", {}), **more)


def differences(server: ApiServer, name: str, wanted: Any) -> list[str]:
    return part(server_object(server, name), with_certificates(wanted), name)


def server_object(server: ApiServer, name: str) -> Any:
    kind, _slash, short = name.partition("/")
    return server.get(kind, short, "openshift-config" if kind == "ConfigMap" else "")


def touched(server: ApiServer) -> set[str]:
    return {
        f"{path}/{body['metadata']['name']}" if method == "POST" else path
        for method, path, _q, body in server.log
        if method != "GET"
    } | {
        ref({"kind": "MachineConfiguration", "metadata": {"name": "cluster"}}).path  # the operator's status
    }


@pytest.mark.parametrize("case", cases("cluster/bad_input.yml"))
def test_bad_input_is_one_sentence_before_the_first_request(case, sentences):
    server = ApiServer()
    result = run(cluster_registries.ActionModule, with_certificates(case["given"]), server, files=case.get("files", {}))
    assert result["failed"] and case["says"] in result["msg"], result["msg"]
    assert "\n" not in result["msg"] and result["msg"].isprintable() and not server.log
    assert case.get("lacks", "\n") not in result["msg"]
    sentences(result)


# --- whole runs ---

BLOCKED = {"given": {"blocked": "docker.io"}}


@pytest.mark.parametrize(
    ("cost", "level"),
    [
        (None, "none"), ({}, "none"), ({"reload": []}, "none"), ({"reload": ["crio.service"]}, "reload"),
        ({"reload": ["x"], "restart": ["crio.service"]}, "restart"), ({"restart": ["x"], "drain": True}, "drain"),
        ({"drain": True, "reboot": True}, "reboot"), ({"drain": False, "reboot": False, "reload": ["x"]}, "reload"),
    ],
)  # fmt: skip
def test_the_level_of_a_change_is_the_worst_of_its_costs(cost, level):
    assert registries.level_of(cost).name.lower() == level


def test_a_kind_of_mirrors_that_nobody_may_list_is_not_taken_for_absent():
    server = cluster(BLOCKED)
    server.faults.insert(0, on("GET", "/imagedigestmirrorsets", lambda: status(403, "Forbidden", "no list")))
    mirrors = [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]
    result = task({"given": {"mirrors": mirrors}}, server)
    assert result["failed"] and result["msg"] == "all imagedigestmirrorsets: no list" and not server.writes


def test_a_run_without_a_change_reads_one_object():
    server = cluster(BLOCKED)
    task(BLOCKED, server)
    count = len(server.log)
    assert not task(BLOCKED, server)["changed"]
    assert [(method, path) for method, path, *_rest in server.log[count:]] == [
        ("GET", "/apis/config.openshift.io/v1/images/cluster")
    ]


def test_a_plan_stays_the_same_while_controllers_write_status():
    server = cluster(BLOCKED)
    first = task(BLOCKED, server, check=True)["plan"]["id"]
    image = server.get("Image", "cluster")
    image["status"]["externalRegistryHostnames"] = ["new.example.com"]
    image["metadata"]["resourceVersion"] = "9999"
    assert task(BLOCKED, server, check=True)["plan"]["id"] == first
    image["spec"]["registrySources"] = {"blockedRegistries": ["x.example.com"]}
    assert task(BLOCKED, server, check=True)["plan"]["id"] != first


def test_only_the_plan_that_was_read_is_applied():
    server = cluster(BLOCKED)
    result = run(cluster_registries.ActionModule, {"blocked": "docker.io", "expect_plan": "0123456789abcdef"}, server)
    assert result["failed"] and "expect_plan is 0123456789abcdef, but the plan for this cluster is now" in result["msg"]
    assert not server.writes


def test_several_writes_are_judged_by_the_server_before_the_first():
    case = {"given": {"trust": [{"registry": "r.example.com", "ca": "CA"}], "blocked": "docker.io"}}
    server = cluster(case)
    server.faults.append(
        on("PATCH", "/images/", lambda: status(422, "Invalid", "Image.config.openshift.io is invalid"))
    )
    result = task(case, server)
    assert result["failed"] and "Image.config.openshift.io is invalid; nothing was changed" in result["msg"]
    assert [method for method, _path in server.writes] == [] and not server.get(
        "ConfigMap", "dockyard-registry-cas", "openshift-config"
    )


def test_an_old_server_that_would_take_a_rehearsal_for_the_write_is_not_asked():
    case = {"given": {"trust": [{"registry": "r.example.com", "ca": "CA"}]}}
    server = cluster(case)
    server.version = ("1", "11+")
    assert task(case, server)["changed"]
    assert not [query for _method, _path, query, _body in server.log if "dryRun" in query]


@pytest.mark.parametrize(("minor", "says"), [("17", "this API server is too old to judge without writing"), ("18", "")])
def test_a_server_judges_without_writing_where_it_can(minor, says):
    case = {"given": {"trust": [{"registry": "r.example.com", "ca": "CA"}], "server_dry_run": True}}
    server = cluster(case)
    server.version = ("1", minor)
    result = task(case, server, check=True)
    asked = [query for _method, _path, query, _body in server.log if "dryRun" in query]
    assert not server.writes and bool(asked) != bool(says) and result.get("failed", False) == bool(says)
    assert result.get("msg", "") == (f"server_dry_run: {says}" if says else "")


def test_what_the_server_remarks_is_told_once():
    case = {"given": {"blocked": "docker.io"}}
    server = cluster(case)
    send, remark = server.send, {"Warning": '299 - "this kind goes with the next release"'}
    server.send = lambda *given: (reply := send(*given)) and replace(reply, headers={**reply.headers, **remark})
    told = task(case, server)["warnings"]
    assert told.count("the API server remarks: this kind goes with the next release") == 1


def test_what_is_written_when_a_later_write_fails_is_named():
    case = {"given": {"trust": [{"registry": "r.example.com", "ca": "CA"}], "blocked": "docker.io"}}
    server = cluster(case)
    real = []
    server.faults.append(
        lambda method, path, body: (
            status(422, "Invalid", "no") if method == "PATCH" and "/images/" in path and real else None
        )
    )
    server.faults.append(
        lambda method, path, body: real.append(1) if method == "POST" and len(real) < 1 and created(server) else None
    )
    result = task(case, server)
    assert result["failed"] and result["changed"], result
    assert result["written"] == ["create ConfigMap openshift-config/dockyard-registry-cas"]
    assert "done before it: create ConfigMap openshift-config/dockyard-registry-cas" in result["msg"]
    assert "not done: change Image/cluster" in result["msg"]
    server.faults.clear()
    again = task(case, server)
    assert again["written"] == ["change Image/cluster"], "a second run does the rest"


def created(server: ApiServer) -> bool:
    """Return whether the request at hand is a real one, not a rehearsal."""
    return server.log[-1][2].get("dryRun") != "All"


def test_an_edit_in_between_is_planned_anew():
    server = cluster(BLOCKED)

    def edit(method, path, body):
        if method == "PATCH" and not edit.done:
            edit.done = True
            image = server.get("Image", "cluster")
            image["spec"] = {"registrySources": {"blockedRegistries": ["theirs.example.com"]}}
            image["metadata"]["resourceVersion"] = "4711"

    edit.done = False
    server.faults.append(edit)
    result = task(BLOCKED, server)
    assert result["changed"] and not result.get("failed"), result
    lists = server.get("Image", "cluster")["spec"]["registrySources"]["blockedRegistries"]
    assert lists == ["theirs.example.com", "docker.io"], "two writers at once lose nothing"


def test_manifests_for_a_repository(tmp_path):
    case = {"given": {"blocked": "docker.io", "mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]}}
    server = cluster(case)
    case["given"]["manifests_to"] = str(tmp_path / "out")
    planned = task(case, server, check=True)
    assert planned["changed"] and not (tmp_path / "out").exists()
    result = task(case, server)
    assert result["changed"] and not server.writes
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "image-cluster.yaml", "imagedigestmirrorset-dockyard.yaml", "imagetagmirrorset-dockyard.yaml",
    ]  # fmt: skip
    image = yaml.safe_load((tmp_path / "out/image-cluster.yaml").read_text())
    assert image["spec"] == {"registrySources": {"blockedRegistries": ["docker.io"]}}
    assert not {"status", "resourceVersion"} & {*image, *image["metadata"]}
    assert not task(case, server)["changed"], "files that are as they should be are left alone"


def test_a_manifest_says_null_for_what_has_to_go_while_the_cluster_has_it(tmp_path):
    theirs = {"registrySources": {"allowedRegistries": ["theirs.example.com"]}}
    case = {
        "cluster": [{"kind": "Image", "metadata": {"name": "cluster"}, "spec": theirs}],
        "given": {"blocked": ["docker.io"], "insecure": [], "mode": "exact", "manifests_to": str(tmp_path)},
    }
    result = task(case, cluster(case))
    image = yaml.safe_load((tmp_path / "image-cluster.yaml").read_text())
    lists = {"blockedRegistries": ["docker.io"], "allowedRegistries": None}
    assert image["spec"] == {"registrySources": lists}, "and nothing of a list that is not there"
    assert any("spec.registrySources.allowedRegistries must go" in note for note in result["notes"])


@pytest.mark.slow
@pytest.mark.parametrize("case", [one for one in TABLE if "refused" not in one.values[0]["then"]])
def test_manifests_that_are_applied_make_what_the_task_makes(case, tmp_path):
    quartet.manifests_do_the_same(task, case, cluster(case), tmp_path)


def test_info_reports_and_says_whether_the_task_would_change_something():
    server = cluster(BLOCKED)
    args = {"blocked": "docker.io", "query": "pools[].name"}
    found = run(cluster_registries_info.ActionModule, args, server)
    assert holds(found, {"drift": True, "changed": False, "problems": [], "selected": ["worker"], "version": "4.18.3"})
    assert found["lists"] == {"search": [], "blocked": [], "allowed": [], "insecure": []}
    task(BLOCKED, server)
    assert holds(
        run(cluster_registries_info.ActionModule, args, server), {"drift": False, "lists": {"blocked": ["docker.io"]}}
    )
    found = run(cluster_registries_info.ActionModule, {}, server)
    assert not found.get("failed") and not found["drift"]


POOL = {"kind": "MachineConfigPool", "metadata": {"name": "worker"}, "spec": {}}
DEGRADED = [{"type": "NodeDegraded", "status": "True", "message": "node x"}]


@pytest.mark.parametrize(
    ("pool", "pending"),
    [
        ({"status": {"machineCount": 20, "updatedMachineCount": 20}}, []),
        ({"status": {"machineCount": 20, "updatedMachineCount": 20}, "spec": {"paused": True}}, []),
        ({"status": {"machineCount": 0}}, []),
        (
            {"status": {"machineCount": 20, "updatedMachineCount": 3}},
            ["pool worker: 3 of 20 nodes up to date"],
        ),
        (
            {"status": {"machineCount": 20, "updatedMachineCount": 3}, "spec": {"paused": True}},
            ["pool worker (paused): 3 of 20 nodes up to date"],
        ),
        (
            {"status": {"machineCount": 1, "updatedMachineCount": 0, "conditions": DEGRADED}},
            ["pool worker (degraded: node x): 0 of 1 node up to date"],
        ),
    ],
)
def test_info_says_that_nodes_do_not_have_it_yet(pool, pending):
    server = cluster({"cluster": [POOL | pool]})
    found = run(cluster_registries_info.ActionModule, {}, server)
    assert holds(found, {"drift": False, "changed": False, "pending": pending, "problems": []}), found
    verdict = "as the policy says, but not in force on every node yet" if pending else "as the policy says"
    assert found["account"] == [verdict, *(f"  pending: {text}" for text in pending)]


INVENTORY = {
    "openshift_docker_additional_registries": ["registry.redhat.io", "old.example.com"],
    "openshift_docker_blocked_registries": "all",
    "openshift_docker_insecure_registries": "172.30.0.0/16,old.example.com",
    "openshift_master_image_policy_config": {
        "imagePolicyConfig": {"allowedRegistriesForImport": [{"domainName": "quay.io"}]}
    },
}


def test_an_inventory_that_configured_3_11_configures_4():
    server = cluster({})
    result = run(cluster_registries.ActionModule, {"from_variables": True}, server, variables=INVENTORY)
    assert result["changed"] and not result.get("failed") and not result.get("warnings"), result
    spec = server.get("Image", "cluster")["spec"]
    assert spec["registrySources"]["allowedRegistries"][:2] == ["registry.redhat.io", "old.example.com"]
    assert "containerRuntimeSearchRegistries" not in spec["registrySources"], "they would reboot every node"
    assert spec["allowedRegistriesForImport"] == [{"domainName": "quay.io"}]
    (change,) = result["plan"]["changes"]
    assert change["asked_by"] == [
        "openshift_docker_insecure_registries", "openshift_docker_blocked_registries",
        "openshift_docker_additional_registries", "openshift_master_image_policy_config",
    ]  # fmt: skip


SETS = """
{kind: ImageDigestMirrorSet, apiVersion: config.openshift.io/v1, metadata: {name: sets},
 spec: {imageDigestMirrors: [{source: old.example.com, mirrors: [m.example.com/old]}]}}
"""


@pytest.mark.parametrize(
    "more", [{"additional_registries": ["old.example.com"]}, {"mirrors_from": ["sets.yaml"]}], ids="-".join
)
def test_what_may_be_pulled_beside_the_words_is_not_called_out_of_reach(more):
    guards = ["allow-list-without-redhat-registry", "allow-list-without-insecure-registry"]
    given = {"blocked": "all", "insecure": ["old.example.com", "other.example.com"], "overridden": guards}
    case = {"given": {**given, **more}, "files": {"sets.yaml": SETS}}
    told = " ".join(task(case, cluster(case))["warnings"])
    assert "'other.example.com' is insecure but neither searched nor allowed" in told
    assert "'old.example.com' is insecure" not in told and "nothing at all can be pulled" not in told


def test_what_is_odd_about_additional_registries_is_told():
    case = {"given": {"blocked": "all", "additional_registries": ["registry.redhat.io", "registry", "index.docker.io"]}}
    done = task(case, cluster(case))
    assert any("additional_registries: 'registry' has neither dot nor port" in text for text in done["warnings"])
    assert any("additional_registries: 'index.docker.io' means docker.io" in text for text in done["notes"])


@pytest.mark.parametrize("task_about", [cluster_registries, cluster_registries_info])
def test_a_misspelt_list_beside_a_right_one_is_refused(task_about):
    server = cluster({})
    variables = {"registry_policy": {"blocked": ["docker.io"]}, "openshift_docker_insecure_registry": ["r.example.com"]}
    result = run(task_about.ActionModule, {"from_variables": True}, server, variables=variables)
    assert result["failed"] and "did you mean openshift_docker_insecure_registries?" in result["msg"]
    assert not server.log


def test_what_hosts_search_asks_nothing_of_a_cluster_without_an_allow_list_and_the_way_is_said():
    server = cluster({})
    policy = {"registry_policy": {"search": ["r.example.com"]}}
    result = run(cluster_registries.ActionModule, {"from_variables": True}, server, variables=policy)
    assert not result.get("failed") and not result["changed"], result
    assert any("nodes go on searching what they search; that takes search" in note for note in result["notes"])


def test_a_change_names_the_options_without_which_it_would_not_be():
    server = cluster({})
    policy = {"blocked": ["a.example.com"], "mirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]}
    given = {"from_variables": True, "external_hostnames": ["r.example.com"]}
    result = run(cluster_registries.ActionModule, given, server, check=True, variables={"registry_policy": policy})
    assert not result.get("failed"), result
    assert {change["what"]: change["asked_by"] for change in result["plan"]["changes"]} == {
        "create ImageDigestMirrorSet/dockyard": ["registry_policy.mirrors"],
        "create ImageTagMirrorSet/dockyard": ["registry_policy.mirrors"],
        "change Image/cluster": ["registry_policy.blocked", "external_hostnames"],
    }


def test_a_demand_for_signatures_names_its_word():
    case = next(one.values[0] for one in TABLE if "signatures" in one.values[0].get("given", {}))
    changes = task(case, cluster(case), check=True)["plan"]["changes"]
    assert [one["asked_by"] for one in changes if "ClusterImagePolicy" in one["what"]] == [["signatures"]]


def test_what_cannot_be_read_is_not_taken_for_absent():
    server = cluster(BLOCKED)
    server.faults.append(on("GET", "/poddisruptionbudgets", lambda: status(403, "Forbidden", "budgets are forbidden")))
    server.faults.append(on("GET", "/machineconfigpools", lambda: status(403, "Forbidden", "pools are forbidden")))
    result = task(BLOCKED, server, check=True)
    told = " ".join(result["warnings"])
    assert "pools of nodes are not known" in told and "budgets of pods are not known" in told
    server.faults.append(on("GET", "/clusterversions/", lambda: status(403, "Forbidden", "versions are forbidden")))
    result = task(BLOCKED, server)
    assert result["failed"] and "versions are forbidden" in result["msg"] and not server.writes


def test_imports_of_others_are_nothing_to_change_where_nothing_is_asked_for():
    there = [{"domainName": "docker.io"}, {"domainName": "docker.io", "insecure": True}, {"domainName": "docker.io"}]
    image = {"kind": "Image", "metadata": {"name": "cluster"}, "spec": {"allowedRegistriesForImport": there}}
    case = {"cluster": [image], "given": {"import": []}}
    server = cluster(case)
    assert not task(case, server)["changed"] and not server.writes


@pytest.mark.parametrize(
    "given",
    [
        {"blocked": []}, {"blocked": ""}, {"allowed": []}, {"import": []}, {"external_hostnames": []}, {"mirrors": []},
        {"search": [], "blocked": [], "allowed": [], "insecure": [], "import": [], "mirrors": [], "trust": []},
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["merge", "exact"])
def test_a_word_emptied_where_nothing_is_has_nothing_to_do(given, mode):
    case = {"given": {**given, "mode": mode}}
    server = cluster(case)
    result = task(case, server)
    assert not result.get("failed") and not result["changed"] and not server.writes, result
