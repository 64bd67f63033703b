# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a forecast, and the filters as Ansible calls them."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.dockyard.openshift.plugins.action import cluster_forecast
from ansible_collections.dockyard.openshift.plugins.filter.icsp_to_idms import icsp_to_idms
from ansible_collections.dockyard.openshift.plugins.filter.mco_disruption import mco_disruption
from ansible_collections.dockyard.openshift.plugins.filter.mco_forecast import mco_forecast
from ansible_collections.dockyard.openshift.plugins.filter.mco_node_files import mco_node_files
from ansible_collections.dockyard.openshift.plugins.filter.pull_sources import pull_sources
from ansible_collections.dockyard.openshift.plugins.filter.registries_conf_problems import registries_conf_problems
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    ManifestProblem,
    account,
    forecast,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4.clusters import beside_nodes
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import base
from cases import DATA, cases
from hypothesis import given
from hypothesis import strategies as st
from openshift4 import manifests
from tasks import run
from test_node_files import WHOLE, anything, clusters, mutated

CLUSTER = yaml.safe_load((DATA / "openshift4/cluster.yml").read_text())
RELOAD = [{"path": "/etc/containers", "actions": [{"type": "Reload", "reload": {"serviceName": "crio.service"}}]}]


def test_nothing_proposed():
    found = forecast.of_cluster(CLUSTER, "4.19")
    assert found["lines"] == [
        "Forecast for OpenShift 4.19",
        "Nodes, 4.19: nothing to notice",
        "Guards: nothing to say",
        "  read: Image/cluster, ClusterVersion/version, 1 ImageDigestMirrorSet",
        "  not among the manifests, so taken as not there: ImageTagMirrorSet, ImageContentSourcePolicy,"
        " ClusterImagePolicy, ImagePolicy, ConfigMap, MachineConfig, MachineConfiguration, MachineConfigPool,"
        " Infrastructure, CatalogSource",
        "Files",
        "  no file changes",
    ]
    assert list(found["generated"]) == ["/etc/containers/registries.conf"]
    assert found["before"] == found["files"]


def test_words_and_manifests_are_applied_in_order():
    image = {"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"}}
    proposed = [image | {"spec": {"registrySources": {"blockedRegistries": ["a.io"], "insecureRegistries": ["b.io"]}}}]
    found = forecast.of_cluster(CLUSTER, "4.19", proposed=proposed, policy=read_policy({"blocked": ["docker.io"]}))
    assert 'location = "docker.io"' in found["files"]["/etc/containers/registries.conf"]
    assert 'location = "b.io"' in found["files"]["/etc/containers/registries.conf"]
    assert "a.io" not in found["files"]["/etc/containers/registries.conf"]
    assert found["disruption"]["4.19"]["drain"] and not found["disruption"]["4.19"]["reboot"]
    reasons = found["disruption"]["4.19"]["reasons"]
    assert reasons and {f"  {reason}" for reason in reasons} <= set(found["lines"])
    assert '    +    "docker.io": [' in found["lines"]


def test_an_exact_allow_list_names_the_payload():
    found = forecast.of_cluster(
        CLUSTER, "4.19", policy=read_policy({"allowed": ["registry.redhat.io", "quay.io/team"]})
    )
    assert found["findings"] == []
    assert "quay.io/openshift-release-dev/ocp-v4.0-art-dev" in found["files"]["/etc/containers/policy.json"]


def test_manifests_that_stop_the_operator_reach_no_node():
    image = {"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"}}
    policy = [image | {"spec": {"registrySources": {"insecureRegistries": ["*"]}}}]
    found = forecast.of_cluster(CLUSTER, "4.19", proposed=policy, other_releases=["4.8"])
    assert found["disruption"] == {"4.19": None, "4.8": None}
    assert "Nodes, 4.8: nothing arrives" in found["lines"]
    assert any("would stop, silently" in line for line in found["lines"])
    assert [finding["guard"] for finding in found["findings"]] == ["invalid-entry"]


def test_costs_of_other_releases_and_overridden_guards():
    words = {"search": ["registry.example.com"]}
    found = forecast.of_cluster(
        CLUSTER, "4.19", policy=read_policy(words), other_releases=["4.8"], overridden=["search-reboots-nodes"]
    )
    assert [cost["reboot"] for cost in found["disruption"].values()] == [True, True]
    assert found["findings"] == []


def test_other_releases_are_told_in_objects_of_their_own():
    words = {"mirrors": [{"source": "quay.io/b", "mirrors": ["m.io/b"], "pull": "digest"}]}
    present = manifests({})
    found = forecast.of_cluster(present, "4.19", policy=read_policy(words), other_releases=["4.12"])
    assert [cost["reload"] for cost in found["disruption"].values()] == [["crio.service"]] * 2
    words["mirrors"][0]["pull"] = "tag"
    found = forecast.of_cluster(present, "4.19", policy=read_policy(words), other_releases=["4.12"])
    assert found["disruption"]["4.12"] is None and "cannot be told for 4.12: mirrors:" in found["notes"][0]


def test_node_disruption_policies_come_from_the_cluster_or_an_option():
    status = {"nodeDisruptionPolicyStatus": {"clusterPolicies": {"files": RELOAD}}}
    knobs = {"apiVersion": "operator.openshift.io/v1", "kind": "MachineConfiguration", "status": status}
    words = {"search": ["registry.example.com"]}
    assert not forecast.of_cluster([CLUSTER, knobs], "4.19", policy=read_policy(words))["disruption"]["4.19"]["reboot"]
    said = forecast.of_cluster(CLUSTER, "4.19", policy=read_policy(words), node_disruption_policy=RELOAD)
    assert said["disruption"]["4.19"]["reload"] == ["crio.service"]


def test_the_status_may_be_behind_the_spec():
    knobs = {"kind": "MachineConfiguration", "metadata": {"generation": 3}, "status": {"observedGeneration": 2}}
    assert any("was changed" in line for line in forecast.of_cluster([CLUSTER, knobs])["lines"])
    knobs["status"]["observedGeneration"] = 3
    assert forecast.of_cluster([CLUSTER, knobs])["notes"] == []


def test_the_release_is_that_of_the_cluster_or_is_said():
    assert forecast.of_cluster(CLUSTER)["release"] == "4.19"
    assert forecast.of_cluster(manifests({}), "4.8")["release"] == "4.8"
    with pytest.raises(ManifestProblem, match="ClusterVersion/version says no status.desired.version"):
        forecast.of_cluster(manifests({}))


def test_files_stand_for_their_manifests():
    text = (DATA / "openshift4/cluster.yml").read_text()
    lists = "spec: {registrySources: {blockedRegistries: [docker.io]}}\n"
    image = f"apiVersion: config.openshift.io/v1\nkind: Image\nmetadata: {{name: cluster}}\n{lists}"
    files = [{"name": "cluster.yml", "content": text}, {"name": "empty.yml", "content": "---\n---\n"}]
    found = forecast.of_cluster(files, proposed=[{"name": "image.yml", "content": image}])
    assert found["before"] == forecast.of_cluster(CLUSTER)["files"]
    assert found["disruption"]["4.19"]["drain"]



def test_what_no_node_notices_is_read_from_the_image_configuration_alone():
    other = {"apiVersion": "config.openshift.io/v1", "kind": "Proxy", "metadata": {"name": "cluster"}}
    image = {"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"}}
    asked = {**image, "spec": {"imageStreamImportMode": "PreserveOriginal"}}
    (said,) = beside_nodes([other, image], [other, asked])
    assert said.startswith("spec.imageStreamImportMode of Image/cluster changes ")
    assert not list(beside_nodes([other, image], [other, image]))


@pytest.mark.parametrize("case", cases("openshift4/unreadable.yml"))
def test_a_file_that_cannot_be_read_is_one_sentence(case):
    with pytest.raises(ManifestProblem) as problem:
        present = [*manifests({})[1:], {"name": "cluster.yml", "content": case["text"] * case.get("repeat", 1)}]
        forecast.of_cluster(present, "4.18")
    assert case["error"] in str(problem.value)
    assert "\n" not in str(problem.value) and len(str(problem.value)) < 300


@pytest.mark.parametrize("wrong", [{"name": 5}, {"content": 5}, {"name": 5, "content": None}])
def test_a_file_whose_name_or_content_is_not_text(wrong):
    with pytest.raises(ManifestProblem, match="a file of manifests must have name and content as text"):
        forecast.of_cluster([{"name": "cluster.yml", "content": "kind: Image\n", **wrong}])


def test_a_file_that_is_not_text():
    with pytest.raises(ManifestProblem, match=r"^cluster\.yml cannot be read as YAML: [^\n]*$"):
        forecast.of_cluster([{"name": "cluster.yml", "content": b"\xff\xfe".decode(errors="surrogateescape")}])


def test_where_images_come_from():
    words = {"blocked": ["quay.io/team/old"], "search": ["registry.example.com"]}
    images = ["quay.io/team/app@sha256:" + "a" * 64, "quay.io/team/old:1", "app", "No Name"]
    found = forecast.of_cluster(CLUSTER, policy=read_policy(words), images=images)
    lines = found["lines"][found["lines"].index(f"Pull of {images[0]!r}") : found["lines"].index("Why, in 4.19")]
    assert lines == [
        f"Pull of {images[0]!r}",
        f"  {images[0]}: tried in this order",
        f"    mirror.example.com/team/app@sha256:{'a' * 64} (mirror)",
        f"    {images[0]}",
        "    policy.json: insecureAcceptAnything by default",
        "Pull of 'quay.io/team/old:1'",
        "  quay.io/team/old:1: every endpoint is blocked, by the entry 'quay.io/team/old' of"
        " /etc/containers/registries.conf",
        "    quay.io/team/old:1 (blocked)",
        "    not asked: mirror.example.com/team/old, which serves pulls by digest only",
        "    policy.json: reject by quay.io/team/old",
        "Pull of 'app'",
        "  registry.example.com/app:latest: tried in this order",
        "    registry.example.com/app:latest",
        "    policy.json: insecureAcceptAnything by default",
        "Pull of 'No Name'",
        "  'No Name' is not an image reference: 'No Name' cannot be part of a name",
    ]


def test_images_on_nodes_that_do_not_load_their_files():
    found = forecast.of_cluster(CLUSTER, proposed=manifests({"insecure": ["http://a.io"]})[:1], images=["a.io/app"])
    assert "begins with a scheme" in found["images"][0]["refused"]


def test_a_long_difference_is_told_by_its_size():
    many = {"idms": [[f"quay.io/a{number}", ["m.io/a"]] for number in range(1000)]}
    found = forecast.of_cluster(manifests({}), "4.19", proposed=manifests(many))
    assert any("lines before" in line for line in found["lines"])
    assert len(found["lines"]) < 20


@pytest.mark.slow
@given(clusters, clusters, st.sampled_from(["4.8", "4.15", "4.22"]))
def test_every_change_has_an_account(before, after, release):
    found = forecast.of_cluster(manifests(before), release, proposed=manifests(after))
    assert all("\n" not in line for line in found["lines"])
    assert ("  no file changes" in found["lines"]) == (not found["error"] and found["files"] == found["before"])


some_yaml = anything | st.builds(mutated, st.just(WHOLE), st.lists(st.integers(0, 9), max_size=8), anything)
some_files = st.builds(lambda text: [{"name": "f", "content": text}], st.text() | some_yaml.map(yaml.safe_dump))


@pytest.mark.slow
@given(some_yaml | some_files, some_yaml | some_files, anything, anything, anything | st.lists(st.text()))
def test_no_yaml_gives_anything_but_an_account_or_a_sentence(present, proposed, policy, knobs, images):
    try:
        mco_forecast(present, proposed=proposed, policy=policy, node_disruption_policy=knobs, images=images)
    except AnsibleFilterError as problem:
        assert "\n" not in str(problem)


@pytest.mark.slow
@given(anything, anything, anything, anything)
def test_no_value_gives_anything_but_an_answer_or_a_sentence(one, two, three, four):
    calls = [
        lambda: mco_node_files(one, release=two),
        lambda: mco_disruption(one, two, release=three, node_disruption_policy=four),
        lambda: icsp_to_idms(one),
        lambda: pull_sources(one, registries_conf=two, drop_ins=three, policy=four),
        lambda: registries_conf_problems(one, drop_ins=two),
        lambda: mco_forecast(one, release=two, other_releases=three, overridden=four),
    ]
    for call in calls:
        try:
            call()
        except AnsibleFilterError as problem:
            assert "\n" not in str(problem)


def test_filters_answer_in_the_shapes_documented():
    found = mco_node_files(iter([CLUSTER]), release="4.19")
    assert set(found) == {"files", "error", "warnings"} and found["error"] is None
    cost = mco_disruption({}, found["files"], release="4.19")
    assert cost == {
        "drain": False,
        "reboot": False,
        "reload": ["crio.service"],
        "restart": [],
        "reasons": cost["reasons"],
    }
    assert mco_forecast(CLUSTER, release="4.19")["error"] is None
    assert icsp_to_idms([]) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: mco_node_files("text"),
        lambda: mco_node_files([], release="3.11"),
        lambda: mco_disruption([], {}),
        lambda: mco_disruption({}, {"/etc/containers/registries.conf": "="}, release="4.8"),
        lambda: mco_forecast([], policy={"blocked": 1}),
        lambda: icsp_to_idms([{"kind": "Pod"}]),
    ],
)
def test_filters_refuse_in_one_sentence(call):
    with pytest.raises(AnsibleFilterError) as refusal:
        call()
    assert "\n" not in str(refusal.value)


BREAKS = "a\nb\x85c\u2028d\x1b[0m"
CONF = "/etc/containers/registries.conf"
SIGNED = {"rootOfTrust": {"policyType": BREAKS}}


@pytest.mark.parametrize(
    "call",
    [
        lambda: mco_forecast(manifests({"search": [BREAKS], "insecure": [BREAKS + "*"]})),
        lambda: mco_forecast(manifests({"blocked": [BREAKS], "insecure": ["http://" + BREAKS]})),
        lambda: mco_forecast(manifests({"idms": {BREAKS: [[BREAKS, [BREAKS], BREAKS]]}}), "4.14"),
        lambda: mco_forecast(manifests({"signed": [BREAKS], "signed_in": {BREAKS: [BREAKS]}})),
        lambda: mco_forecast(
            [{"kind": "ClusterImagePolicy", "metadata": {"name": BREAKS}, "spec": {"policy": SIGNED}}]
        ),
        lambda: mco_forecast([], policy={"blocked": "[" + BREAKS}),
        lambda: mco_forecast([], policy={"mirrors": [{BREAKS: 1}]}),
        lambda: mco_forecast([], policy={"trust": [{"registry": BREAKS}]}),
        lambda: mco_forecast([{"name": BREAKS, "content": "["}]),
        lambda: mco_disruption({BREAKS: ""}, {}),
        lambda: mco_disruption({}, {CONF: '[[registry]]\nlocation = "a\\nb"\n'}),
        lambda: icsp_to_idms([{"kind": BREAKS}]),
        lambda: pull_sources(BREAKS),
        lambda: pull_sources("a", policy='{"a\\nb": 1}'),
        lambda: registries_conf_problems("", drop_ins=[{"name": BREAKS + ".conf", "content": "="}]),
    ],
)
def test_texts_of_people_break_no_line(call):
    try:
        found = call()
    except AnsibleFilterError as problem:
        found = [str(problem)]
    if isinstance(found, dict):
        found = [*found.get("lines", ()), *found.get("reasons", ())]
    assert found and all(line.isprintable() for line in found), found


@pytest.mark.slow
@pytest.mark.parametrize(
    "call",
    [
        mco_node_files,
        lambda deep: mco_node_files([], release=deep),
        lambda deep: mco_disruption({}, {}, node_disruption_policy=[deep]),
        lambda deep: mco_forecast([], policy={"blocked": deep}),
        icsp_to_idms,
        pull_sources,
        lambda deep: pull_sources("app", drop_ins=[deep]),
        lambda deep: pull_sources("app", policy=deep),
        registries_conf_problems,
        lambda deep: registries_conf_problems("", drop_ins=[{"name": "x", "content": deep}]),
    ],
)
def test_deeply_nested_values_are_refused(call):
    value: list = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(AnsibleFilterError, match="nested too deeply"):
        call(value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("file {}", [*(f"    file {number}" for number in range(10)), "    and 2 more"]),
        ("r{}.io", [f"    {', '.join(f'r{number}.io' for number in range(10))} and 2 more"]),
    ],
)
def test_of_many_findings_of_a_guard_ten_are_shown(name, told):
    one = {"guard": "short-name", "effect": "surprises", "already": False, "sentence": "Say the registry."}
    found = [{**one, "found": name.format(number)} for number in range(12)]
    assert list(account._findings(found)) == ["  surprises: short-name (12 times): Say the registry.", *told]
    assert list(account._findings([{**found[0], "already": True}])) == [
        f"  surprises: short-name, already so today: {name.format(0)}. Say the registry."
    ]


# the task


def foretold(tmp_path, **options):
    """Run the task on files with the cluster and a proposal: its result, and what is the same without a task."""
    files = {"cluster.yml": yaml.safe_dump(CLUSTER), "proposal.yml": yaml.safe_dump(PROPOSAL)}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    given = {"manifests": [str(tmp_path / "cluster.yml")], "release": "4.19", **options}
    return run(cluster_forecast.ActionModule, given, [], loader=DataLoader()).result


PROPOSAL = {
    "apiVersion": "config.openshift.io/v1", "kind": "ImageTagMirrorSet", "metadata": {"name": "tags"},
    "spec": {"imageTagMirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]},
}  # fmt: skip


@pytest.mark.parametrize("shows", [True, False])
def test_the_task_foretells_what_the_filter_does(tmp_path, monkeypatch, shows):
    shown = []
    monkeypatch.setattr(base.Display, "display", lambda display, line: shown.append(line))
    path = str(tmp_path / "proposal.yml")
    options = {"removed": ["idms/team"], "images": ["quay.io/a/b:1"], "other_releases": ["4.18"]}
    found = foretold(tmp_path, proposed=[path], policy={"blocked": ["docker.io"]}, show=shows, **options)
    wanted = forecast.of_cluster(
        CLUSTER, "4.19", proposed=[PROPOSAL], policy=read_policy({"blocked": ["docker.io"]}), **options
    )
    assert found == {"changed": False, "forecast": json.loads(json.dumps(wanted))}
    assert shown == (wanted["lines"] if shows else [])


def test_a_question_of_a_survey_that_nobody_answered_asks_for_nothing(tmp_path):
    empty = dict.fromkeys(sorted(cluster_forecast.ActionModule.spec.keys() - {"manifests", "release"}), "")
    assert foretold(tmp_path, **empty) == foretold(tmp_path)
    path = str(tmp_path / "cluster.yml")
    assert foretold(tmp_path, release="", removed="idms/team, ", manifests=f"{path}, {path},") == foretold(
        tmp_path, removed=["idms/team"], manifests=[path, path]
    )


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (None, None),
        ({"blokked": []}, "policy.blokked: is not a word of a policy; did you mean 'blocked'?"),
        ({"blocked": "a b"}, "policy.blocked: 'a b' contains a space"),
        ([], "policy: a mapping of words"),
    ],
)
def test_a_policy_of_the_task_is_named_as_it_was_given(tmp_path, policy, says):
    found = foretold(tmp_path, policy=policy)
    assert found["msg"].startswith(says) if says else found["forecast"]["disruption"]["4.19"]["reasons"] == [], found


def test_a_file_of_the_task_that_holds_no_manifests_is_named(tmp_path):
    (tmp_path / "broken.yml").write_text("{a: 1")
    found = foretold(tmp_path, proposed=[str(tmp_path / "broken.yml")])
    assert found["failed"] and str(tmp_path / "broken.yml") in found["msg"]
