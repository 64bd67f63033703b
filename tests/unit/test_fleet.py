# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run, its page and its metrics: what results of tasks become, and that hostile text stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime, timezone
from html.parser import HTMLParser

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import fleet_report
from ansible_collections.dockyard.openshift.plugins.plugin_utils.fleet import metrics, page, report
from conftest import REPOSITORY
from tasks import holds, run

CASES = yaml.safe_load((REPOSITORY / "tests/data/fleet/subjects.yml").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)
BY_NAME = {case["name"]: case for case in CASES}


def reported(*cases, check=True, name="host{}"):
    """Make the report of a run that met these cases."""
    subjects = [
        report.Subject(name.format(number), case.get("kind", "host"), case["results"], case.get("expected", ()))
        for number, case in enumerate(cases)
    ]
    return report.document(subjects, "plan", NOW, check_mode=check)


@pytest.mark.parametrize("case", CASES, ids=BY_NAME)
def test_a_subject(case):
    (found,) = reported(case, check=case.get("check", False))["subjects"]
    assert holds(found, case["found"]), found
    for part, wanted in zip(found["parts"], case.get("parts", ()), strict=False):
        assert holds(part, wanted), part
    shown = Read(page.render(reported(case, check=case.get("check", False)))).text
    assert re.findall(r"Take it back: .* undo_plan=(\S*)", shown) == case.get("taken_back", [])


def test_the_worst_come_first_and_the_same_is_said_once():
    same, plan = BY_NAME["everything is as asked"], BY_NAME["a plan"]
    failed = BY_NAME["a failure is told with its sentence"]
    found = reported(same, plan, same, failed, plan)
    assert [one["name"] for one in found["subjects"]] == ["host3", "host1", "host4", "host0", "host2"]
    assert [(one["count"], one["subjects"]) for one in found["groups"]] == [
        (1, ["host3"]), (2, ["host1", "host4"]), (2, ["host0", "host2"]),
    ]  # fmt: skip
    assert found["summary"]["outcomes"] == {
        **dict.fromkeys(report.OUTCOMES, 0), "failed": 1, "would change": 2, "as asked": 2,
    }  # fmt: skip
    assert report.failing(found) == ["host3: the engine did not take it; everything is as it was before"]


def test_plans_of_different_ids_are_the_same_when_they_say_the_same():
    other = json.loads(json.dumps(BY_NAME["a plan"]).replace('"p1"', '"p9"'))
    found = reported(BY_NAME["a plan"], other)
    assert [one["count"] for one in found["groups"]] == [2]
    assert "undo_plan=p1,p9" in page.render(reported(BY_NAME["a plan"], other, check=False))


def test_who_is_disturbed():
    found = reported(BY_NAME["a plan"], BY_NAME["a plan"], BY_NAME["pools of a cluster, one of them paused"])
    said = [(one["disruption"], one["whom"], one["count"], one["nodes"]) for one in found["disturbed"]]
    assert said == [("drain", "host2, pool master", 1, 3), ("restart", "docker", 2, 0)]


def test_certificates_are_listed_once_the_soonest_first():
    found = reported(BY_NAME["certificates by days left"], BY_NAME["certificates by days left"])
    said = [(one["days_left"], one["subject"], one["for"], one["on"], one["count"]) for one in found["certificates"]]
    assert said == [
        (-3, "CN=b", ["b.example.com"], ["host0", "host1"], 2),
        (9, "CN=a", ["a.example.com"], ["host0", "host1"], 2),
        (400, "CN=c", ["/etc/x.crt"], ["host0", "host1"], 2),
    ]
    assert (found["summary"]["certificates_expired"], found["summary"]["certificates_ending"]) == (1, 1)


SUBJECT = (
    "name", "kind", "outcome", "headline", "drift", "disruption", "changes", "warnings", "days_left", "plans", "parts",
    "group",
)  # fmt: skip
PART = (
    "about", "outcome", "headline", "drift", "plan", "disruption", "changes", "problems", "warnings", "notes",
    "pending", "policy", "pools", "reasons", "certificates", "images",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=BY_NAME)
def test_an_event_has_always_the_same_keys(case):
    """Others read them: a key less, or one of another meaning, needs another number in FORMAT."""
    (one,) = reported(case)["subjects"]
    assert tuple(one) == SUBJECT and {tuple(part) for part in one["parts"]} <= {PART}
    text = (REPOSITORY / "docs/page.md").read_text(encoding="utf-8")
    assert [key for key in PART if f"`{key}`" not in text] == []


def test_the_service_of_the_timer_calls_what_there_is():
    text = (REPOSITORY / "docs/events/dockyard-verify.service").read_text(encoding="utf-8")
    command = text.partition("ExecStart=")[2].replace("\\\n", " ").split()
    playbook = (REPOSITORY / "playbooks" / f"{command[3].rpartition('.')[2]}.yml").read_text(encoding="utf-8")
    given = [word.partition("=")[0] for flag, word in zip(command, command[1:], strict=False) if flag == "-e"]
    assert given == ["verify_fail_on_drift", "plan_page", "plan_metrics"]
    assert all(f"#   {name} " in playbook for name in given)


# --- the page ---


class Read(HTMLParser):
    """The text of a page, without its style and its script, and every tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.tags, self.inside = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"style", "script"} & set(self.inside):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "node\u202egpj.exe",
    "a\u2066b\u200bc\ufeff",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "bell\x07and\x1b[31mred",
]


def everywhere(text):
    """Make the report of a host and of a cluster that say this text wherever a text can be."""
    change = dict.fromkeys(("what", "why", "before", "after", "whom", "undo"), text) | {"disruption": "restart"}
    certificate = {"subject": text, "issuer": text, "fingerprint": text, "not_after": text, "days_left": 3}
    end = {"reference": text, "mirror": True}
    pool = {"name": text, "machines": 2, "at_once": 1, "degraded": text}
    result = {
        "changed": True, "account": [text], "plan": {"id": text, "disruption": "restart", "changes": [change]},
        "warnings": [text], "notes": [text], "pending": [text], "problems": [text], "policy": {text: [text]},
        "registries": [{"registry": text, "certificates": [certificate]}], "pools": [pool],
        "images": [{"image": text, "candidates": [{"refused": text, "endpoints": [end]}]}],
    }  # fmt: skip
    hosts = [report.Subject(f"{text}{kind}", kind, {text: result}) for kind in ("host", "cluster")]
    return report.document(hosts, text, NOW)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    ours, theirs = (Read(page.render(everywhere(given))) for given in ("harmless", text))
    assert [tag for tag, _ in theirs.tags] == [tag for tag, _ in ours.tags]
    assert [sorted(attributes) for _, attributes in theirs.tags] == [sorted(attributes) for _, attributes in ours.tags]
    shown = page.visible(text)
    assert " ".join(shown.split()) in theirs.text


@pytest.mark.parametrize("text", ["node\u202egpj.exe", "a\u2066b\u200bc\ufeff", "bell\x07"])
def test_what_cannot_be_seen_is_shown_by_its_number(text):
    rendered = page.render(everywhere(text))
    assert not [sign for sign in rendered if not sign.isprintable() and sign != "\n"]
    assert "[U+" in Read(rendered).text


def test_the_policy_of_the_page_allows_its_own_style_and_script_only():
    rendered = page.render(everywhere("x"))
    read = Read(rendered)
    (policy,) = [one["content"] for tag, one in read.tags if one.get("http-equiv") == "Content-Security-Policy"]
    for kind in ("style", "script"):
        (source,) = re.findall(f"<{kind}>(.*?)</{kind}>", rendered, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert not [one for _tag, one in read.tags if {"src", "style", "srcset"} & one.keys() or "onclick" in one]
    assert {one["href"][0] for _tag, one in read.tags if "href" in one} == {"#"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["a.example.com", "b.example.com"], "a.example.com, b.example.com"),
        ([], "nothing"),
        ("all", "all"),
        ({"source": "é", "mirrors": [1]}, '{"mirrors": [1], "source": "é"}'),
        ([{"b": 1, "a": None}], '[{"a": null, "b": 1}]'),
    ],
)
def test_a_value_of_a_policy_is_shown_as_a_person_writes_it(value, words):
    assert page._words(value) == words


def test_every_number_of_the_page_is_in_the_report():
    found = reported(*CASES, check=False)
    text = Read(page.render(found)).text
    known = set(re.findall(r"\d+", json.dumps(found)))
    # "docker 1.13" and the like are texts of results; what the template itself says has no number
    assert set(re.findall(r"\d+", text)) <= known


def test_a_page_without_hosts_speaks_of_it():
    assert "the run had no host and no cluster" in Read(page.render(report.document([], "plan", NOW))).text


# --- metrics ---


def test_metrics():
    names = ("a look that finds a difference", "nobody has looked", "certificates by days left")
    cases = [BY_NAME[name] for name in names]
    lines = metrics.render(reported(*cases, name='h"{}\\')).splitlines()
    assert 'dockyard_outcome{name="h\\"0\\\\",kind="host",outcome="differs"} 1' in lines
    drift = [line for line in lines if line.startswith("dockyard_drift{")]
    assert drift == ['dockyard_drift{name="h\\"0\\\\",kind="host"} 1', 'dockyard_drift{name="h\\"2\\\\",kind="host"} 0']
    assert 'dockyard_certificate_days_left{name="h\\"2\\\\",subject="CN=b",fingerprint="f2"} -3' in lines
    assert f'dockyard_report_time_seconds{{run="plan"}} {int(NOW.timestamp())}' in lines
    assert [line for line in lines if not re.fullmatch(r"# (HELP|TYPE) \S+ .+|\w+\{.*\} -?\d+", line)] == []


# --- the task ---


class HostVars:
    """Stand for the variables of all hosts, as Ansible keeps them."""

    def __init__(self, variables):
        self.variables = variables

    def raw_get(self, name):
        return self.variables.get(name)


VARIABLES = {
    "a": {"docker_registries_result": BY_NAME["a plan"]["results"]["registries"], "registry_password": "hunter22"},
    "b": {},
    "c1": {"cluster_result": {"failed": True, "msg": "no such kubeconfig"}},
}


def told(tmp_path, **options):
    given = {"hosts": ["a", "b"], "clusters": ["c1"], "run": "plan", **options}
    variables = {"hostvars": HostVars(VARIABLES)}
    return run(fleet_report.ActionModule, given, [], variables=variables, check=True).result


def test_the_task_writes_the_page_with_the_json_beside_it(tmp_path):
    result = told(tmp_path, page=str(tmp_path / "out/plan.html"), metrics=str(tmp_path / "registries.prom"))
    names = [tmp_path / name for name in ("out/plan.html", "out/plan.json", "registries.prom")]
    assert result["files"] == [str(name) for name in names] and not result["changed"]
    assert [name.stat().st_mode & 0o777 for name in names] == [0o600, 0o600, 0o644]
    written = json.loads(names[1].read_text())
    assert written["summary"] == result["summary"] and page.render(written) == names[0].read_text()
    assert names[1].read_text() == json.dumps(written, indent=1) + "\n", "a line for each value, which diff shows well"
    assert result["failing"] == ["c1: no such kubeconfig", "b: no task has looked at it"]
    assert result["drifted"] == ["a"]
    assert "hunter22" not in names[0].read_text() + names[1].read_text()


def test_the_task_expects_of_a_host_what_is_said_of_it(tmp_path):
    variables = {"docker_registries_result": "{{ not a result }}", "trust_result": {"changed": False}}
    hostvars = HostVars({"a": variables, "b": variables})
    options = {"hosts": ["a", "b"], "clusters": [], "expected": {"registries": ["a"]}, "page": str(tmp_path / "x.html")}
    given = {"results": {"docker_registries_result": "registries", "trust_result": "trust"}, "run": "apply", **options}
    told = run(fleet_report.ActionModule, given, [], variables={"hostvars": hostvars}).result
    found = {one["name"]: one for one in json.loads((tmp_path / "x.json").read_text())["subjects"]}
    parts = {name: [part["about"] for part in one["parts"]] for name, one in found.items()}
    assert (told["changed"], parts) == (False, {"a": ["trust", "registries"], "b": ["trust"]}), found


@pytest.mark.parametrize(
    ("options", "written"),
    [({}, []), ({"metrics": "x.prom"}, ["x.prom"]), ({"page": "x.html"}, ["x.html", "x.json"])],
)
def test_the_task_names_the_files_that_it_wrote(tmp_path, monkeypatch, options, written):
    monkeypatch.chdir(tmp_path)
    assert told(tmp_path, **options)["files"] == [str(tmp_path / name) for name in written]
    assert sorted(one.name for one in tmp_path.iterdir()) == written


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"page": "plan.json"}, "page: plan.json does not end in .html"),
        ({"hosts": ["nobody"]}, "hosts: nobody is not in the inventory"),
        ({"clusters": ["nobody"]}, "clusters: nobody is not in the inventory"),
    ],
)
def test_the_task_refuses_what_makes_no_sense(tmp_path, options, says):
    result = told(tmp_path, **options)
    assert result["failed"] and says in result["msg"]


def test_what_was_found_is_told_though_no_page_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    result = told(tmp_path, page=str(tmp_path / "file/plan.html"), metrics=str(tmp_path / "new/registries.prom"))
    assert result["failed"] and "cannot be written on the controller" in result["msg"]
    assert result["account"][1].startswith("c1 (cluster): failed") and result["failing"]
    assert result["files"] == [str(tmp_path / "new/registries.prom")]
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755
