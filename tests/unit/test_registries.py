# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From host and policy to plan and commit: what all engines share."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import STATE_PATH, HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import propose as propose_drafts
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from cases import cases
from hosts import commit, contents, described, host, views
from test_engine_docker_fork import answers

SYSCONFIG = "/etc/sysconfig/docker"
DROP_IN = "/etc/containers/registries.conf.d/90-dockyard.conf"
POLICY = read_policy({"search": "a.example.com"})


def propose(found, policy=POLICY, **options):
    """(plan, options of host_transaction, proposal)"""
    how = Applying(**{key: options.pop(key) for key in ("activation", "unenforceable") if key in options})
    proposal = propose_drafts(found, registries.drafts(found, registries.Said(policy, **options)), how)
    told = registries.report(proposal, registries.Said(policy), ())
    return SimpleNamespace(plan=proposal.plan, commit=commit(proposal), **told)


def docker(case):
    """A host whose docker reads sysconfig and shows what the case says."""
    state = "inactive" if case.get("stopped") else "failed" if case.get("failed") else "active"
    lines = [f" Running: {case.get('running', 0)}", "Insecure Registries:", " 127.0.0.0/8"]
    lines += [f"Live Restore Enabled: {str(case.get('live_restore', False)).lower()}"]
    lines += ["Registries: " + ", ".join(f"{name} (secure)" for name in case.get("shows", {}).get("search", []))]
    said = answers(["sysconfig"]) | {
        "docker.state": f"ActiveState={state}\n",
        "docker.flags": "/usr/bin/dockerd-current\n",
    }
    found = host({SYSCONFIG: case["files"]}, said | {"docker.info": "\n".join(lines) + "\n"})
    if case.get("hangs"):
        found.answers["docker.info"] = type(found.answers["docker.info"])(failure="no answer within 10 s")
    elif state != "active":
        found.answers["docker.info"] = type(found.answers["docker.info"])(
            rc=1, stderr="Cannot connect to the Docker daemon."
        )
    return found


def podman(files=None, **more):
    return host(files or {}, {"podman.info": '{"version": {"Version": "4.3.1"}, "registries": {}}'}, **more)


@pytest.mark.parametrize("case", cases("engines/activation.yml"))
def test_activation(case, sentences):
    options = {"activation": case["activation"]} if "activation" in case else {}
    if "refusal" in case:
        with pytest.raises(HostProblem) as refusal:
            propose(docker(case), **options)
        assert case["refusal"] in str(refusal.value)
        sentences(refusal.value)
        return
    proposal = propose(docker(case), **options)
    assert [action["name"] for action in proposal.commit.get("actions", [])] == case["steps"]
    sentences(proposal.plan.text(), proposal.plan.pending)
    assert proposal.plan.changed == bool(case["steps"] or case.get("edited"))
    assert len(proposal.plan.pending) == len(case.get("pending", []))
    assert all(part in text for part, text in zip(case.get("pending", []), proposal.plan.pending, strict=True))
    if case["steps"]:
        assert proposal.commit["checks"], "whatever acts is asked afterwards"


@pytest.mark.parametrize("case", cases("engines/whole.yml"))
def test_a_whole_proposal(case, sentences):
    found = host(case["files"], case["answers"])
    proposal = propose(found, read_policy(case["policy"]), **case.get("options", {}))
    wanted = [{**action, "undo": action["argv"], "instead_of": []} for action in case["actions"]]
    assert proposal.commit.get("actions", []) == wanted
    assert [check["name"] for check in proposal.commit.get("checks", [])] == case["checks"]
    shown = views(SimpleNamespace(path=each["after_header"], **each) for each in proposal.plan.diff())
    assert {path: lines for path, lines in shown.items() if path != STATE_PATH} == case["diff"]
    assert all(part in proposal.plan.text() for part in case["plan"]), proposal.plan.text()
    (planned,) = map(filled, proposal.planned)
    sentences(proposal.plan.text(), proposal.plan.notes)
    assert planned == case["planned"]
    assert list(map(filled, proposal.engines)) == [case["engines"]]
    looked = registries.survey(found, registries.Said(read_policy({})), {})
    assert list(map(filled, looked["engines"])) == [case["survey"]]


def filled(engine):
    """Leave the empty lists out of an engine's report."""
    return {key: value for key, value in engine.items() if value not in ([], None)}


def test_no_engine():
    with pytest.raises(HostProblem, match="no container engine found on this host; looked for docker"):
        propose(host({}))


def test_an_empty_request_changes_nothing():
    proposal = propose(podman({DROP_IN: "unqualified-search-registries = ['a.example.com']\n"}), read_policy({}))
    assert not proposal.plan.changed and proposal.commit == {}


def test_unenforceable_words_are_refused_or_reported():
    policy = read_policy({"insecure": ["10.0.0.0/8", "a.example.com"]})
    with pytest.raises(HostProblem, match=r"cannot enforce insecure '10.0.0.0/8'"):
        propose(podman(), policy)
    warned = propose(podman(), policy, unenforceable="warn")
    assert any("cannot enforce insecure '10.0.0.0/8'" in text for text in warned.plan.beyond)
    assert 'location = "a.example.com"' in contents(warned.commit)[DROP_IN]


def test_every_file_is_compared_with_the_snapshot():
    found = podman({DROP_IN: "unqualified-search-registries = []\n"})
    files = {file["path"]: file for file in propose(found).commit["files"]}
    assert files[DROP_IN]["before"] == found.files[DROP_IN]["sha256"]
    main = "/etc/containers/registries.conf"
    read = propose(podman({main: "", DROP_IN: ""})).commit["unchanged"]
    assert read == {main: described("")["sha256"]}
    assert files[STATE_PATH].pop("shown") == ["", "container_registries containers words search: a.example.com\n"]
    assert files[STATE_PATH] == {"path": STATE_PATH, "before": "absent", "state": "file", "mode": "0600"}


def test_the_record_of_others_is_kept():
    found = podman(state=described(json.dumps({"version": 1, "registry_trust": {"theirs": 1}})))
    state = json.loads(contents(propose(found).commit)[STATE_PATH])
    assert state["registry_trust"] == {"theirs": 1}
    assert state["container_registries"] == {"containers": {"words": {"search": ["a.example.com"]}}}


def test_a_damaged_record_is_refused():
    with pytest.raises(HostProblem, match=r"/var/lib/dockyard/state.json: this record .* is damaged"):
        propose(podman(state=described("no JSON")))


@pytest.mark.parametrize("kept", [{"container_registries": "x"}, {"container_registries": {"containers": []}}])
def test_a_record_that_is_not_a_mapping_is_damaged(kept):
    with pytest.raises(HostProblem, match=r"/var/lib/dockyard/state.json: this record .* is damaged"):
        propose(podman(state=described(json.dumps({"version": 1, **kept}))), read_policy({"blocked": "a.example.com"}))


def test_a_directory_that_cannot_be_listed_stops_everything():
    failed = {DROP_IN.rpartition("/")[0]: {"state": "failed", "reason": "Input/output\nerror"}}
    with pytest.raises(HostProblem, match=r"^/etc/containers/registries.conf.d: Input/output error$"):
        propose(podman(directories=failed), read_policy({"blocked": ["a.example.com"]}))


RELOAD = ["systemctl", "reload", "crio"]


def journal(present, started=0, old="[[registry]]\nlocation = 'old.example.com'\nblocked = true\n"):
    return {
        "id": "cafe", "plan_id": "p", "time": 1, "started": started, "directories": [],
        "files": [{"path": DROP_IN, "new": "n", "present": present}],
        "old": {DROP_IN: described(old)},
        "actions": [{"name": "reload crio.service", "argv": RELOAD, "undo": RELOAD, "timeout": 9}],
    }  # fmt: skip


def test_an_interrupted_transaction_is_taken_back_first():
    found = podman({DROP_IN: "half done"}, journal=journal("new"))
    proposal = propose(found)
    assert proposal.plan.changes[0].what == "interrupted transaction cafe"
    assert proposal.commit["recover"] == "cafe"
    assert (
        next(file for file in proposal.commit["files"] if file["path"] == DROP_IN)["before"]
        == described(journal("new")["old"][DROP_IN] and "[[registry]]\nlocation = 'old.example.com'\nblocked = true\n")[
            "sha256"
        ]
    )


def test_a_file_somebody_changed_after_an_interruption_is_theirs():
    text = "unqualified-search-registries = ['theirs.example.com']\n"
    proposal = propose(podman({DROP_IN: text}, journal=journal("other")), read_policy({"blocked": "docker.io"}))
    assert "theirs.example.com" in contents(proposal.commit)[DROP_IN]


def test_steps_that_were_begun_are_run_again():
    begun = propose(podman(journal=journal("old", started=1)))
    assert [action["name"] for action in begun.commit["actions"]] == ["reload crio.service"]
    assert propose(podman(journal=journal("old"))).commit["actions"] == []


def test_an_unreadable_journal_stops_everything():
    with pytest.raises(HostProblem, match="a person has to look at it"):
        propose(podman(journal_problem="the journal cannot be read: x"))


def test_two_engines_share_an_old_style_file():
    text = "".join(f"[registries.{kind}]\nregistries = []\n" for kind in ("search", "block", "insecure"))
    said = answers(["generated"]) | {
        "podman.info": "{}",
        "docker.info": " Running: 0\nInsecure Registries:\n 127.0.0.0/8\nRegistries: docker.io (secure)\n",
        "docker.flags": "",
    }
    policy = read_policy({"search": "a.example.com", "blocked": "all", "insecure": "172.30.0.0/16"})
    found = host(
        {"/etc/containers/registries.conf": text, "/etc/containers/policy.json": '{"default": [{"type": "reject"}]}'},
        said,
    )
    first = contents(propose(found, policy).commit)
    lists = first["/etc/containers/registries.conf"]
    assert 'registries = ["all"]' in lists and '"a.example.com"' in lists and '"172.30.0.0/16"' in lists
    shown = said | {
        "docker.info": "Insecure Registries:\n 172.30.0.0/16\n 127.0.0.0/8\nRegistries: a.example.com (secure)\n",
        "docker.flags": "--block-registry\nall\n",
    }
    state = described(first.pop(STATE_PATH))
    assert not propose(host(first, shown, state=state), policy).plan.changed


@pytest.mark.parametrize(
    ("unit", "options", "steps"),
    [
        ("", {}, ["restart registries.service", "restart docker.service"]),
        ("", {"activation": "defer"}, ["restart registries.service"]),
        ("Requires=docker.socket registries.service\n", {"activation": "defer"}, []),
        ("#Requires=registries.service\n", {"activation": "defer"}, ["restart registries.service"]),
        ("stopped", {}, ["restart registries.service"]),
    ],
)
def test_the_generated_file_is_made_even_when_docker_is_not_restarted(unit, options, steps):
    """Else its next start would find old lists; a docker that requires the service would be restarted with it."""
    said = answers(["generated"])
    said["docker.unit"] = f"[Unit]\n{unit}{said['docker.unit']}"
    if unit == "stopped":
        said["docker.state"] = "ActiveState=inactive\n"
    found = host(
        {"/etc/containers/registries.conf": ""},
        said | {"docker.info": " Running: 0\nInsecure Registries:\n 127.0.0.0/8\nRegistries: docker.io (secure)\n"},
    )
    assert [action["name"] for action in propose(found, **options).commit["actions"]] == steps
