# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forecasts as people in the field ask for them: what they bring, what they propose, what the account must say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (
    ManifestProblem,
    account,
    exports,
    forecast,
    releases,
    scenario,
    schema,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from cases import DATA, cases
from conftest import REPOSITORY
from hypothesis import given
from hypothesis import strategies as st
from test_node_files import anything, mutated
from trust.pki import certificate

TABLES = [f"forecast/field/{path.name}" for path in sorted((DATA / "forecast/field").glob("[!e]*.yml"))]
PAYLOAD = "quay.io/openshift-release-dev/ocp-release@sha256:" + "a" * 64
CERTIFICATE = certificate("field", days=10_000)


def of_cluster(said):
    """Image/cluster and ClusterVersion/version. said: {version, image, spec}, each with a default."""
    desired = {"version": said.get("version", "4.18.10"), "image": said.get("image", PAYLOAD)}
    return [
        _object("config.openshift.io/v1", "Image", "cluster", spec=said.get("spec", {})),
        _object("config.openshift.io/v1", "ClusterVersion", "version", status={"desired": desired}),
    ]


def _object(api, kind, name, **more):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **more}


def real(value):
    """The value with a certificate where it says PEM."""
    if isinstance(value, dict):
        return {key: real(item) for key, item in value.items()}
    if isinstance(value, list):
        return [real(item) for item in value]
    return CERTIFICATE if value == "PEM" else value


def forecast_of(case):
    """The forecast of a case of our own or of the shared ones, which have the same keys."""
    proposed = case.get("proposed", [])
    if "proposed_text" in case:
        proposed = [{"name": "proposed.yml", "content": case["proposed_text"]}]
    present = of_cluster(case["cluster"]) if "cluster" in case else []
    if "manifests_text" in case:
        present.append({"name": "cluster.yml", "content": case["manifests_text"]})
    return forecast.of_cluster(
        real([*present, *case.get("manifests", [])]),
        case.get("release"),
        proposed=real(proposed),
        removed=case.get("removed", []),
        policy=read_policy(real(case["policy"])) if "policy" in case else None,
        images=case.get("images", []),
        other_releases=case.get("releases", []),
        overridden=case.get("overridden", []),
    )


@pytest.mark.parametrize("case", [case for table in TABLES for case in cases(table)])
def test_what_the_account_says(case, sentences):
    if "refused" in case:
        with pytest.raises(ManifestProblem) as problem:
            forecast_of(case)
        assert case["refused"] in str(problem.value) and "\n" not in str(problem.value)
        sentences(problem.value)
        return
    found = forecast_of(case)
    said = "\n".join(found["lines"])
    sentences(found["notes"], [one["sentence"] for one in found["findings"] if not one["already"]])
    guards = [finding["guard"] for finding in found["findings"] if not finding["already"]]
    assert guards == case.get("guards", []), said
    assert sorted({finding["guard"] for finding in found["findings"] if finding["already"]}) == case.get("already", [])
    failing = {one["guard"] for one in found["findings"] if one["effect"] != "surprises" and not one["already"]}
    assert found["failing"] == sorted(failing)
    if "nodes" in case:
        assert case["nodes"] in [line.partition(": ")[2] for line in found["lines"] if line.startswith("Nodes, ")], said
    for part in case.get("says", []):
        assert part in said, said
    for part in case.get("silent", []):
        assert part not in said, said


@pytest.mark.parametrize(
    ("path", "text", "shown"),
    [
        ("/p.json", '{"a":1,"transports":{"docker":{"a":[]},"atomic":{"b":[]}}}', {"a": 1, "transports": {"a": []}}),
        ("/p.json", '{"transports":{}}', {"transports": {}}),
        ("/p.json", "", None), ("/p.json", "{not JSON", None), ("/p.json", "[]", None), ("/p.json", "{}", None),
        ("/p.json", '{"transports": []}', None), ("/p.json", '{"transports": "x"}', None),
        ("/p.conf", '{"transports":{}}', None),
    ],
)  # fmt: skip
def test_what_somebody_else_wrote_is_shown_as_it_stands(path, text, shown):
    found = account._readable(path, text)
    assert (json.loads(found) if shown is not None else found) == (shown if shown is not None else text)


@pytest.mark.parametrize("case", cases("forecast/field/exports.yml"))
def test_what_is_not_a_whole_export_is_named(case, sentences):
    """whole: how many of ClusterVersion and Image stand in a file beside it."""
    present = [*reversed(of_cluster({})[-case.get("whole", 0) or 2 :])] if case.get("whole") else []
    present.append({"name": "cluster.yml", "content": case["given"]})
    if case["refused"] is None:
        assert forecast.of_cluster(present)["error"] is None
        return
    with pytest.raises(ManifestProblem) as problem:
        forecast.of_cluster(present)
    assert case["refused"] in str(problem.value)
    sentences(problem.value)
    assert "\n" not in str(problem.value) and len(str(problem.value)) < 400


KINDS = {*exports.ELSEWHERE, *exports.READ, *exports.WORKLOADS, "Secret", "KubeletConfig"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_a_kind_is_not_read_for_is_said(kind, sentences):
    group = {**exports.READ, **exports.WORKLOADS}.get(kind, ("example.com",))[0]
    one = {"kind": kind, "apiVersion": f"{group}/v1" if group else "v1", "metadata": {"name": "x"}}
    sentences(list(exports.passed_over([one], proposed=True)), list(exports.passed_over([one], proposed=False)))


#: Kind → the group in which it is run or offers images.
RUN = {
    "CatalogSource": "operators.coreos.com", "ClusterServiceVersion": "operators.coreos.com",
    "ClusterCatalog": "olm.operatorframework.io", "UpdateService": "updateservice.operator.openshift.io",
    "DeploymentConfig": "apps.openshift.io", "Pod": "", "ReplicationController": "", "Deployment": "apps",
    "DaemonSet": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "Job": "batch", "CronJob": "batch",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "group"), RUN.items())
def test_images_are_those_of_a_kind_in_its_group(kind, group):
    def found(group: str) -> list[str]:
        version = f"{group}/v1" if group else "v1"
        one = {"kind": kind, "apiVersion": version, "metadata": {"name": "x"}, "spec": {"a": [{"image": "r.io/a"}]}}
        return [image for image, _where in exports.images_of([one])]

    assert RUN.keys() == exports.WORKLOADS.keys()
    assert found(group) == ["r.io/a"] and found("elsewhere.example.com") == []


def test_shared_cases_each_have_one_of_ours(shared_dir):
    """The shared cases are told apart by their number, which is the first word of a case of ours."""
    ours = {case.values[0]["name"].split()[0] for table in TABLES for case in cases(table)}
    for path in sorted((shared_dir / "field-cases/cluster").glob("*.yml")):
        assert path.name[:2] in ours | {"20"}, path.name


SHARED = {
    "01": {"guards": {"search-reboots-nodes"}, "says": ["insecureAcceptAnything by quay.io/okd/scos-content"]},
    "02": {"refused": "no ClusterVersion/version"},
    "03": {"guards": {"schema-refuses"}, "says": ["spec.repositoryDigestMirrors", "is spec.imageDigestMirrors meant?"]},
    "04": {"refused": "it looks like an install-config"},
    "05": {
        "guards": set(),
        "says": ["certs.d/new.example.com:5000: new, without reload and drain", "kept and extended"],
    },
    "06": {
        "guards": set(),
        "says": ["99-worker-mirror-by-tag writes /etc/containers", "    mirror.example.com/library"],
    },
    "07": {"guards": {"signed-scope-against-lists", "blocked-payload-components"}, "says": ["nothing arrives"]},
    "08": {"guards": set(), "says": ["Nodes, 4.18: reload crio.service\n"]},
    "09": {"guards": {"image-in-use-rejected"}, "says": ["CatalogSource openshift-marketplace/cs"]},
    "10": {"guards": {"unknown-kind"}, "says": ["in version v1alpha1 only"]},
    "11": {"guards": {"schema-refuses"}, "says": ["Nodes, 4.18: drain, reload crio.service"]},
    "12": {"guards": set(), "says": ["Nodes, 4.18: reload crio.service\n", "apply it first"]},
    "13": {"guards": set(), "says": ["Nodes, 4.18: drain, reload crio.service"]},
    "14": {"guards": set(), "says": ["Guards: 2 breaks already so today"]},
    "15": {"guards": set(), "says": ["Nodes, 4.14: nothing to notice"]},
    "16": {"guards": {"payload-mirror-lost"}, "says": ["the registry quay.io is gone", "back to its template"]},
    "17": {"guards": {"unknown-kind"}, "says": ["OpenShift 4.12 has no such kind"]},
    "18": {"guards": {"schema-refuses", "ca-key-of-no-registry"}, "says": ["write mirror.example.com..5000"]},
    "19": {"guards": {"insecure-entry-misses"}, "says": ["is mirror.example.com:5000 meant?"]},
    "21": {"guards": set(), "says": ["docker.io: a new registry that is blocked and has no mirrors"]},
    "22": {"guards": set(), "says": ["busybox:1: rejected by policy.json, by its default"]},
}


@pytest.mark.parametrize("number", SHARED)
def test_shared_cases(shared_dir, number):
    path = next(Path(shared_dir / "field-cases/cluster").glob(f"{number}-*.yml"))
    case = yaml.safe_load(
        path.read_text().replace("-----BEGIN CERTIFICATE-----\\nx\\n-----END CERTIFICATE-----", "PEM")
    )
    case = {**case["input"], "removed": ["ImageContentSourcePolicy/quay-mirror"] if number == "16" else []}
    wanted = SHARED[number]
    if "refused" in wanted:
        with pytest.raises(ManifestProblem, match=wanted["refused"]):
            forecast_of(case)
        return
    found = forecast_of(case)
    assert {one["guard"] for one in found["findings"] if not one["already"]} == wanted["guards"]
    said = "\n".join(found["lines"])
    assert all(part in said for part in wanted["says"]), said


def kinds_exported(text):
    """The kinds of the command that a page shows: the words between `for kind in` and `; do`."""
    (words,) = re.findall(r"for kind in ([^;]*);", text)
    return [word for word in words.split() if word not in ("\\\\", "\\", "#")]


def test_every_page_exports_the_same_kinds_and_all_that_are_read():
    pages = [(REPOSITORY / path).read_text() for path in ("docs/forecast.md", "playbooks/forecast.yml")]
    one, other = map(kinds_exported, pages)
    assert one == other
    assert all("oc get configmap -n openshift-config -o yaml > config.yml" in page for page in pages)
    assert {*map(scenario.kind_of_word, one), "ConfigMap"} >= {*exports.ASKED_FOR}


#: One object of every kind that is read, for random changes.
EVERY_KIND = [
    *of_cluster({"spec": {"additionalTrustedCA": {"name": "cas"}, "registrySources": {"blockedRegistries": ["a.io"]}}}),
    *(
        _object(f"{groups[0]}/v1".lstrip("/"), kind, "cluster", spec={}, status={"controlPlaneTopology": "HA"})
        for kind, groups in {**exports.READ, **exports.WORKLOADS}.items()
        if kind not in ("Image", "ClusterVersion", "ConfigMap", "MachineConfig", "ClusterImagePolicy", "ImagePolicy")
    ),
    _object("v1", "ConfigMap", "cas", data={"a.io": CERTIFICATE}, binaryData={"b.io": "eA=="})
    | {"metadata": {"name": "cas", "namespace": "openshift-config"}},
    _object(
        "machineconfiguration.openshift.io/v1",
        "MachineConfig",
        "99-worker-x",
        spec={
            "kernelArguments": ["a"],
            "config": {
                "storage": {
                    "files": [{"path": "/etc/containers/policy.json", "contents": {"source": "data:;base64,eA=="}}]
                },
                "systemd": {"units": [{"name": "a.service"}]},
            },
        },
    )
    | {"metadata": {"name": "99-worker-x", "labels": {"machineconfiguration.openshift.io/role": "worker"}}},
]
some = st.builds(mutated, st.just(EVERY_KIND), st.lists(st.integers(0, 20), max_size=8), anything)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("clusterimagepolicies", "ClusterImagePolicy"),
        ("clusterimagepolicy", "ClusterImagePolicy"),
        ("ImageDigestMirrorSets", "ImageDigestMirrorSet"),
        ("imagedigestmirrorset.config.openshift.io", "ImageDigestMirrorSet"),
        ("idms", "ImageDigestMirrorSet"),
        ("clusterimagepolicys", "ClusterImagePolicy"),
        ("elephants", "elephants"),
    ],
)
def test_a_kind_by_the_word_of_a_command_line(word, kind):
    assert scenario.kind_of_word(word) == kind


@pytest.mark.slow
@given(some | st.just(EVERY_KIND), some, st.lists(anything | st.just("cm/cas"), max_size=1), anything)
def test_no_objects_give_anything_but_an_account_or_a_sentence(present, proposed, removed, overridden):
    try:
        found = forecast.of_cluster(present, proposed=proposed, removed=removed, overridden=overridden or [])
    except ManifestProblem as problem:
        assert "\n" not in str(problem) and len(str(problem)) < 900
    else:
        assert all("\n" not in line for line in found["lines"])


@given(some)
def test_what_an_api_server_refuses_is_a_sentence_for_any_object(objects):
    for one in objects if isinstance(objects, list) else []:
        for release in ("4.12", "4.22") if isinstance(one, dict) else ():
            assert all("\n" not in text for text in schema.refusals(one, releases.find(release)))
