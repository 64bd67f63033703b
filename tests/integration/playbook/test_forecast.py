# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of forecasts and its filters in ansible-playbook, with both cores."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from .conftest import CORES, REPOSITORY, ansible_playbook

CLUSTER = "tests/data/openshift4/cluster.yml"


@pytest.fixture(params=CORES)
def forecast(request, tmp_path):
    """forecast(variables) runs the playbook with the real collection."""

    def run(*arguments, **variables):
        (tmp_path / "variables.json").write_text(json.dumps({"forecast_manifests": CLUSTER} | variables))
        return ansible_playbook(
            request.param,
            tmp_path,
            "playbooks/forecast.yml",
            "-e",
            f"@{tmp_path / 'variables.json'}",
            *arguments,
            ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg",
        )

    return run


def test_the_release_of_the_cluster_counts(forecast):
    run = forecast()
    assert run.returncode == 0, run.stdout
    assert "Forecast for OpenShift 4.19" in run.stdout and "no file changes" in run.stdout


def test_a_question_of_a_survey_that_nobody_answered_asks_for_nothing(forecast):
    names = "proposed removed policy host release releases images overridden strict"
    run = forecast(
        forecast_manifests=f" {CLUSTER}, ", **dict.fromkeys([f"forecast_{name}" for name in names.split()], "")
    )
    assert run.returncode == 0, run.stdout
    assert "Forecast for OpenShift 4.19" in run.stdout and "no file changes" in run.stdout
    run = forecast(forecast_manifests="")
    assert run.returncode == 2 and "forecast_manifests names no file" in run.stdout, run.stdout


def test_a_policy_and_releases(forecast, tmp_path):
    (tmp_path / "proposed.yml").write_text("---\n---\napiVersion: v1\nkind: List\nitems: []\n")
    run = forecast(
        forecast_policy={"blocked": ["docker.io"]},
        forecast_proposed=str(tmp_path / "proposed.yml"),
        forecast_releases=["4.8"],
    )
    assert run.returncode == 0, run.stdout
    assert "Nodes, 4.19: drain, reload crio.service" in run.stdout and "Nodes, 4.8: drain, reboot" in run.stdout


def test_the_words_are_those_of_hosts(forecast, tmp_path):
    """The trust of README, with a file; aliases in a text; a registry that is no longer trusted; words for hosts."""
    make = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=company -days 100 -keyout company.key -out company-ca.crt"
    )
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    entry = {"registry": "registry.example.com:5000", "aliases": "10.0.0.1:5000, b", "ca_file": "company-ca.crt"}
    words = {
        "trust": [entry, {"registry": "old.example.com", "state": "absent"}],
        "short_name_mode": "disabled",
    }
    run = forecast(forecast_policy=words | {"trust": [entry | {"ca_file": str(tmp_path / "company-ca.crt")}]})
    assert run.returncode == 0, run.stdout
    assert "'short_name_mode' is a word for hosts" in run.stdout
    run = forecast(forecast_policy=words)
    assert run.returncode == 2
    assert "company-ca.crt cannot be read on the controller: there is no such file; looked for " in run.stdout


def test_a_policy_that_is_invalid_is_called_by_its_variable(forecast):
    run = forecast(registry_policy={"serach": []})
    assert run.returncode == 2
    assert "registry_policy.serach: is not a word of a policy; did you mean 'search'?" in run.stdout
    run = forecast(forecast_policy={"search": "bob:s3cret@registry.example.com"})
    assert run.returncode == 2 and "forecast_policy.search: '…@registry.example.com' contains an '@'" in run.stdout
    assert "s3cret" not in run.stdout and "Traceback" not in run.stdout


@pytest.mark.parametrize("variable", ["openshift_docker_hosted_registry_network", "openshift_portal_net"])
def test_the_service_network_is_that_of_the_inventory(forecast, variable):
    words = {"insecure": ["172.40.0.0/16", "plain.example.com"]}
    run = forecast(registry_policy=words)
    assert run.returncode == 2 and "'172.40.0.0/16' is an address range, and OpenShift 4 takes none" in run.stdout
    run = forecast(registry_policy=words, **{variable: "172.40.0.0/16"})
    assert run.returncode == 0, run.stdout
    assert "'172.40.0.0/16' is left out" in run.stdout and "plain.example.com" in run.stdout


def test_the_variables_of_a_host_of_the_inventory_count(forecast, tmp_path):
    (tmp_path / "hosts").write_text(
        "[OSEv3:children]\nmasters\n[masters]\nmaster1\n[OSEv3:vars]\nopenshift_portal_net=172.40.0.0/16\n"
    )
    words = {"insecure": ["172.40.0.0/16"]}
    run = forecast("-i", tmp_path / "hosts", registry_policy=words, forecast_host="master1")
    assert run.returncode == 0 and "'172.40.0.0/16' is left out" in run.stdout, run.stdout


def test_strict(forecast):
    said = {"forecast_policy": {"blocked": ["quay.io"]}, "forecast_strict": True}
    run = forecast(**said)
    assert run.returncode == 2 and "blocked-payload-without-mirror" in run.stdout
    assert forecast(**said, forecast_overridden=["blocked-payload-without-mirror"]).returncode == 0


def test_strict_fails_only_for_what_the_change_brings(forecast, tmp_path):
    never = {"source": "quay.io/a", "mirrors": ["m.example.com/a"], "mirrorSourcePolicy": "NeverContactSource"}
    mirrors = {"apiVersion": "config.openshift.io/v1", "kind": "ImageDigestMirrorSet", "metadata": {"name": "a"}}
    (tmp_path / "mirrors.yml").write_text(yaml.safe_dump(mirrors | {"spec": {"imageDigestMirrors": [never]}}))
    run = forecast(forecast_manifests=[CLUSTER, str(tmp_path / "mirrors.yml")], forecast_strict=True)
    assert run.returncode == 0 and "already so today" in run.stdout, run.stdout
    run = forecast(forecast_proposed=str(tmp_path / "mirrors.yml"), forecast_strict=True)
    assert run.returncode == 2 and "never-contact-without-tag-mirrors" in run.stdout, run.stdout
    one = {"never-contact-without-tag-mirrors": "quay.io/a"}
    run = forecast(forecast_proposed=str(tmp_path / "mirrors.yml"), forecast_strict=True, forecast_overridden=[one])
    assert run.returncode == 0, run.stdout


def test_an_export_that_is_none_is_not_a_success(forecast, tmp_path):
    (tmp_path / "cluster.yml").write_text("")
    run = forecast(forecast_manifests=str(tmp_path / "cluster.yml"), forecast_policy={"blocked": ["docker.io"]})
    assert run.returncode == 2 and "the manifests hold no ClusterVersion/version" in run.stdout, run.stdout


def test_objects_that_go_and_lines_without_quotes(forecast):
    run = forecast(forecast_removed=["idms/team"])
    assert run.returncode == 0, run.stdout
    assert '    -  location = "quay.io/team"\n' in run.stdout
    assert "source-mirror-lost: quay.io/team." in run.stdout
    run = forecast(forecast_removed="idms/other")
    assert run.returncode == 2 and "removed: there is no ImageDigestMirrorSet other" in run.stdout, run.stdout


def test_a_file_that_a_shell_of_windows_wrote(forecast, tmp_path):
    text = (REPOSITORY / CLUSTER).read_text()
    (tmp_path / "cluster.yml").write_bytes(text.encode("utf-16"))
    run = forecast(forecast_manifests=str(tmp_path / "cluster.yml"))
    assert run.returncode == 0 and "Nodes, 4.19: nothing to notice" in run.stdout, run.stdout


def test_problems_are_sentences(forecast, tmp_path):
    (tmp_path / "odd.yml").write_text("- 1\n")
    run = forecast(forecast_manifests=str(tmp_path / "odd.yml"))
    assert run.returncode == 2 and "a manifest must be a mapping, and one is a number: 1" in run.stdout
    assert "Traceback" not in run.stdout


def test_files_that_are_not_yaml_are_named(forecast, tmp_path):
    (tmp_path / "odd.yml").write_text("kind: Image\n---\nkind: [\n")
    run = forecast(forecast_proposed=str(tmp_path / "odd.yml"))
    assert run.returncode == 2 and "odd.yml, line 4: did not find expected node content" in run.stdout
    assert "Traceback" not in run.stdout


def test_where_images_come_from(forecast):
    run = forecast(forecast_images=["quay.io/team/app@sha256:" + "a" * 64, "docker.io/library/app:1"])
    assert run.returncode == 0, run.stdout
    assert f"mirror.example.com/team/app@sha256:{'a' * 64} (mirror)" in run.stdout
    assert "docker.io/library/app:1: tried in this order" in run.stdout


@pytest.mark.parametrize("core", CORES)
def test_manifests_of_mirrors_are_those_where_the_playbook_was_started(core, tmp_path):
    """As the head of mirrors_migrate says it, and with the home of whoever starts it."""
    objects = {"kind": "ImageContentSourcePolicy", "apiVersion": "operator.openshift.io/v1alpha1"}
    spec = {"repositoryDigestMirrors": [{"source": "quay.io/b", "mirrors": ["m.lab/b"]}]}
    for name in ("icsp", "other"):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(objects | {"metadata": {"name": name}, "spec": spec}))
    said = {"mirrors_migrate_files": ["icsp.yaml", "~/other.yaml"], "mirrors_migrate_to": "manifests"}
    run = ansible_playbook(
        core, tmp_path, "-i", "localhost,", REPOSITORY / "playbooks/mirrors_migrate.yml",
        *("-e", "cluster_hosts=localhost", "-e", json.dumps(said)),
        cwd=tmp_path, HOME=tmp_path, ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    names = ["imagedigestmirrorset-icsp.yaml", "imagedigestmirrorset-other.yaml"]
    assert sorted(one.name for one in (tmp_path / "manifests").iterdir()) == names


CALLS = {
    "rendered": "{{ manifests | dockyard.openshift.mco_node_files(release='4.18') }}",
    "cost": "{{ {} | dockyard.openshift.mco_disruption(rendered.files, release='4.18', node_disruption_policy=[]) }}",
    "usual": "{{ {} | dockyard.openshift.mco_disruption({'/etc/x': ''}) }}",
    "idms": "{{ icsps | dockyard.openshift.icsp_to_idms }}",
    "sources": "{{ image | dockyard.openshift.pull_sources(registries_conf=conf, drop_ins=[], policy=policy) }}",
    "problems": "{{ conf | dockyard.openshift.registries_conf_problems(drop_ins=[]) }}",
}


@pytest.mark.parametrize("core", CORES)
def test_filters_answer_in_the_shapes_they_promise(core, tmp_path):
    icsp = {
        "apiVersion": "operator.openshift.io/v1alpha1",
        "kind": "ImageContentSourcePolicy",
        "metadata": {"name": "x"},
    }
    icsp["spec"] = {"repositoryDigestMirrors": [{"source": "quay.io/b", "mirrors": ["m.lab/b"]}]}
    cluster = yaml.safe_load((REPOSITORY / CLUSTER).read_text())
    tasks = [
        {
            "ansible.builtin.debug": {"msg": CALLS},
            "vars": {
                "manifests": [*cluster["items"], icsp],
                "icsps": [icsp],
                "rendered": CALLS["rendered"],
                "image": "quay.io/b/app@sha256:" + "a" * 64,
                "conf": "{{ rendered.files['/etc/containers/registries.conf'] }}",
                "policy": '{"default": [{"type": "reject"}]}',
            },
        }
    ]
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    arguments = ("-i", "localhost,", "-c", "local", tmp_path / "play.yml")
    run = ansible_playbook(core, tmp_path, *arguments, ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg")
    said = re.search(r"^ok: \[localhost\] => (\{.*\})$", run.stdout, re.MULTILINE)
    assert said, run.stdout
    answers = json.loads(said[1])["msg"]
    assert set(answers["rendered"]) == {"files", "error", "warnings"}
    assert answers["rendered"]["error"] is None and answers["rendered"]["warnings"] == []
    assert list(answers["rendered"]["files"]) == ["/etc/containers/registries.conf"]
    reasons = answers["cost"].pop("reasons")
    assert answers["cost"] == {"drain": False, "reboot": False, "reload": ["crio.service"], "restart": []}
    assert all(isinstance(reason, str) for reason in reasons) and reasons
    assert answers["usual"]["reboot"] and answers["usual"]["drain"]
    assert [one["spec"] for one in answers["idms"]] == [{"imageDigestMirrors": icsp["spec"]["repositoryDigestMirrors"]}]
    (candidate,) = answers["sources"]["candidates"]
    assert set(candidate) == {"reference", "prefix", "refused", "endpoints", "policy"}
    assert candidate["policy"] == {"scope": None, "requirement": [{"type": "reject"}]}
    keys = {"reference", "location", "mirror", "insecure", "blocked"}
    assert [set(place) for place in candidate["endpoints"]] == [keys, keys]
    assert [place["location"] for place in candidate["endpoints"]] == ["m.lab/b", "quay.io/b"]
    assert answers["problems"] == []
