# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage of hosts: options, layouts and what comes next, stages one after the other, and the program on hosts."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dockyard.openshift.plugins.action import container_storage, container_storage_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils import storage
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import environment_file
from ansible_collections.dockyard.openshift.plugins.plugin_utils.storage import asked
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import SNAPSHOT
from cases import cases
from disks import Host
from hosts import contents
from tasks import COMMITTED, refused_by, run

SETUP = "/etc/sysconfig/docker-storage-setup"


def host_of(case):
    told = {key: value for key, value in case.get("host", {}).items() if key not in ("down", "unsaid")}
    return Host({key: value for key, value in told.items() if not (key == "docker" and value is None)})


def asked_of(case, host, action=container_storage.ActionModule, **more):
    return run(action, case["asks"], [], module=host.module, **more).result


@pytest.mark.parametrize("case", cases("storage/bad.yml"))
def test_bad_options_are_refused_before_any_host_is_looked_at(case, sentences):
    host = Host({})
    result = asked_of(case, host)
    assert result["failed"] and result["msg"].startswith(case["error"]), result["msg"]
    assert "\n" not in result["msg"] and not host.calls
    sentences(result)


@pytest.mark.parametrize("case", cases("storage/decisions.yml", having="refused"))
def test_a_layout_is_refused_and_nothing_is_sent(case, sentences):
    host = host_of(case)
    result = asked_of(case, host)
    assert result.get("failed"), result["account"]
    assert case["refused"] in result["msg"], result["msg"]
    assert not host.transactions
    sentences(result)


@pytest.mark.parametrize("case", cases("storage/decisions.yml", having="stage"))
def test_what_comes_next(case, sentences):
    host = host_of(case)
    host.ends = [{"committed": False, "rolled_back": True, "changed": False, "reason": "stop here", "step": "act"}]
    checked = asked_of(case, host_of(case), check=True)
    assert not checked.get("failed"), checked["msg"]
    assert checked["storage"]["stage"] == case["stage"], checked["account"]
    assert checked["changed"] == bool(case["stage"])
    sentences(checked)
    for kind in ("warned", "noted"):
        if kind in case:
            told = checked.get({"warned": "warnings", "noted": "notes"}[kind], [])
            assert any(case[kind] in text for text in told), told
    result = asked_of(case, host)
    assert bool(host.transactions) == bool(case["stage"]) and bool(result.get("failed")) == bool(case["stage"])
    if not host.transactions:
        assert len(host.calls) == case.get("looks", 1), "a run that changes nothing looks once"
        return
    sent = host.transactions[0]
    if "devs" in case:
        assert f"DEVS='{case['devs']}'" in contents(sent)[SETUP] or f"DEVS={case['devs']}\n" in contents(sent)[SETUP]
    if "written" in case:
        assert contents(sent)[SETUP] == case["written"]
    if "steps" in case:
        assert [each["name"] for each in sent["actions"]] == case["steps"]
    if "told" in case:
        wanted = json.loads(sent["actions"][-1]["argv"][-1])
        assert {key: wanted[key] for key in case["told"]} == case["told"]
    if "checks" in case:
        assert [each["name"] for each in sent["checks"]] == case["checks"]


@pytest.mark.parametrize("case", cases("storage/decisions.yml"))
def test_a_report_of_every_layout_changes_nothing_and_says_the_same(case):
    given = {key: value for key, value in case["asks"].items() if key not in ("activation", "confirm", "timeout")}
    host = host_of(case)
    result = run(container_storage_info.ActionModule, given, [], module=host.module).result
    if result.get("failed"):
        assert case["refused"] in result["msg"]
        return
    assert not host.transactions
    if "refused" in case and "containers here" not in case["refused"]:
        assert any(case["refused"] in text for text in result["problems"])


# a switch from its first to its last stage


class Machine(Host):
    """A host on which transactions do what they say, as far as the description goes. dies: before this transaction."""

    def __init__(self, told, dies=None):
        super().__init__({**told, "groups": json.loads(json.dumps(told["groups"]))})
        self.dies, self.done = dies, []

    def module(self, module_name, module_args, task_vars):
        if module_name == SNAPSHOT:
            return super().module(module_name, module_args, task_vars)
        assert not refused_by(module_name, module_args)
        self.calls.append((module_name, module_args))
        if self.dies == len(self.done):
            return {"failed": True, "msg": "the machine lost power"}
        self.done.append([each["name"] for each in module_args["actions"]])
        for path, text in written(module_args).items():
            self.told.update({"setup": text} if path == SETUP else {"held": text is not None})
        for action in module_args["actions"]:
            getattr(self, action["name"].split(" ")[0].replace("-", "_"))(action["argv"])
        return COMMITTED

    def reload(self, argv):
        pass

    def stop(self, argv):
        assert self.told["held"], "docker could start again"
        self.told.pop("docker", None)
        self.told["units"] = {"docker.service": "inactive enabled", "docker.socket": "inactive enabled"}

    def remove(self, argv):
        assert "docker" not in self.told and self.told["held"]
        wanted = json.loads(argv[-1])
        self.groups[wanted["vg"]]["lvs"].pop(wanted["lv"], None)
        self.told.update(data={}, storage=None)

    def docker_storage_setup(self, argv):
        assert "docker" not in self.told and self.told["held"]
        self.groups["docker_vg"]["lvs"]["dockerlv"] = {"size": "20G", "fs": "xfs", "mount": "/var/lib/docker"}
        self.told["storage"] = 'DOCKER_STORAGE_OPTIONS="--storage-driver overlay2 "\n'

    def start(self, argv):
        assert not self.told["held"]
        self.told.update(docker={"says": [" Supports d_type: true"]}, units={}, data={"images": 0})


def written(transaction):
    texts = contents(transaction)
    return {each["path"]: texts.get(each["path"]) for each in transaction["files"]}


THIN = next(case.values[0] for case in cases("storage/decisions.yml") if case.id == "a switch begins with stopping")
STAGES = [
    ["reload systemd", "stop docker and the node service"],
    ["remove the storage below /var/lib/docker"],
    ["docker-storage-setup"],
    ["reload systemd", "start docker and the node service"],
]


def test_a_switch_goes_through_all_stages_and_a_second_run_does_nothing():
    machine = Machine(THIN["host"])
    result = asked_of(THIN, machine, diff=True)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] and machine.done == STAGES and len(result["stages"]) == len(STAGES)
    assert result["before"]["storage"]["volume_group"]["name"] == "docker_vg"
    assert result["storage"]["docker"]["driver"] == "overlay2" and not result["storage"]["held"]
    assert any("STORAGE_DRIVER=overlay2" in each["after"] for each in result["diff"])
    looks = len(machine.calls)
    again = asked_of(THIN, machine)
    assert not again["changed"] and machine.done == STAGES and len(machine.calls) == looks + 1


@pytest.mark.parametrize("dies", range(len(STAGES)))
def test_the_next_run_goes_on_where_one_has_died(dies):
    machine = Machine(THIN["host"], dies)
    result = asked_of(THIN, machine)
    assert result["failed"] and machine.done == STAGES[:dies] and result["changed"]
    assert ("docker" in machine.told) == (dies == 0), "docker runs only before it was stopped"
    machine.dies = None
    result = asked_of(THIN, machine)
    assert not result.get("failed"), result["msg"]
    assert machine.done == STAGES and "docker" in machine.told


def test_a_host_on_which_nothing_comes_of_a_stage_is_given_up():
    stuck = Host(THIN["host"])
    stuck.ends = [COMMITTED] * 12
    result = asked_of(THIN, stuck)
    assert result["failed"] and result["changed"] and not result["rolled_back"]
    assert not stuck.ends and result["msg"] == (
        "the host is not as asked for after 12 stages; the last: /etc/systemd/system/docker.service.d/"
        "zz-dockyard-storage.conf; /etc/systemd/system/docker.socket.d/zz-dockyard-storage.conf; reload systemd; stop "
        "docker and the node service"
    )


def test_a_plan_that_was_agreed_on_is_carried_out_whole():
    machine = Machine(THIN["host"])
    plan = asked_of(THIN, machine, check=True)["plan"]["id"]
    asks = {**THIN, "asks": {**THIN["asks"], "expect_plan": plan}}
    assert asked_of(asks, machine)["changed"] and machine.done == STAGES
    other = {**THIN, "asks": {**THIN["asks"], "expect_plan": "another"}}
    fresh = Machine(THIN["host"])
    assert asked_of(other, fresh)["failed"] and not fresh.done


def test_what_the_steps_are_told_is_what_the_plan_was_made_from():
    machine = Machine(THIN["host"])
    asked_of(THIN, machine)
    (clear,) = machine.transactions[1]["actions"]
    wanted = json.loads(clear["argv"][-1])
    assert (wanted["vg_uuid"], wanted["lv_uuid"], wanted["root"]) == ("u-docker_vg", "u-docker-pool", "/var/lib/docker")
    assert clear["undo"] == [] and not wanted["remove_volume_group"]
    hold = machine.transactions[0]["actions"][1]
    assert hold["undo"] == ["systemctl", "start", "docker.socket", "docker.service"]


def test_a_failure_after_the_first_stage_says_that_something_was_changed():
    machine = Machine(THIN["host"])
    machine.stop = lambda argv: machine.told.update(
        mounts={"/var/lib/docker/volumes": "/dev/vdd ext4"}, units={"docker.service": "inactive enabled"}
    ) or machine.told.pop("docker")
    result = asked_of(THIN, machine)
    assert result["failed"] and result["changed"]
    assert "/dev/vdd, which is not docker's; 1 stage(s) are done, and the next run goes on from there" in result["msg"]


def findings(**host):
    told = run(container_storage_info.ActionModule, {}, [], module=Host({**OVERLAY["host"], **host}).module).result
    assert not told.get("failed"), told["msg"]
    return told["storage"]["findings"]


OVERLAY = next(case.values[0] for case in cases("storage/decisions.yml") if case.id == "as asked for, with overlay2")


def test_findings_name_what_docker_does_otherwise_than_it_is_told():
    assert findings() == []
    loop = {"driver": "devicemapper", "says": [" Data loop file: /var/lib/docker/data"]}
    assert findings(docker=loop) == [
        "docker runs with devicemapper, and docker-storage says overlay2",
        "docker keeps its data in a loop file",
    ]
    assert findings(setup="VG=docker_vg\n") == ["STORAGE_DRIVER is not set"]
    assert findings(setup="STORAGE_DRIVER=devicemapper\nVG=docker_vg\n") == [
        "docker-storage says overlay2, and docker-storage-setup devicemapper"
    ]
    assert findings(docker={"says": [" Supports d_type: false"]}) == [
        "/var/lib/docker is on a file system without d_type"
    ]


# variables of the inventory


@pytest.mark.parametrize("case", cases("storage/variables.yml", having="keys"))
def test_variables_of_openshift_ansible(case, sentences):
    filled = storage.fill(storage.VARIABLES, case["variables"].get)
    given = {option: value for option, (dummy, value) in filled.items()}
    said = asked.read({"mode": "setup", **given})
    assert {**said.keys, **({"DEVS": " ".join(said.devices)} if said.devices else {})} == case["keys"]
    remarks = storage.fill.remarks({}, case["variables"].get)
    assert [text.partition(" ")[0] for text in remarks] == case.get("unread", [])
    sentences(remarks)


@pytest.mark.parametrize("action", [container_storage, container_storage_info])
@pytest.mark.parametrize("case", cases("storage/variables.yml", having="refused"))
def test_variables_are_refused_by_their_own_names(case, action, sentences):
    host = Host({})
    asks = {"from_variables": True}
    result = run(action.ActionModule, asks, [], module=host.module, variables=case["variables"]).result
    assert result["failed"] and result["msg"].startswith(case["refused"]) and not host.calls, result["msg"]
    sentences(result)


@pytest.mark.parametrize("action", [container_storage, container_storage_info])
def test_variables_that_ask_for_nothing_are_said_to(action):
    host = Host({})
    done = run(action.ActionModule, {"from_variables": True}, [], module=host.module, variables={"other": 1}).result
    assert done["failed"] and not host.calls and done["msg"] == (
        "nothing is asked for: neither node_storage_devices, _driver and _settings nor openshift-ansible's variables "
        "say what storage node1 should get, so nothing was looked at; is group_vars beside the hosts file?"
    )
    near = run(action.ActionModule, {"from_variables": True}, [], variables={"node_storage_divices": ["vdb"]}).result
    assert near["msg"] == "node_storage_divices: is not a variable of the role; did you mean node_storage_devices?"


@pytest.mark.parametrize("case", cases("storage/unmade.yml"))
def test_what_openshift_ansible_would_make_and_nobody_makes_here(case, sentences):
    variables = {"node_storage_driver": "overlay2", **case["variables"]}
    host = Host({})
    asks, acts = {"from_variables": True}, container_storage.ActionModule
    result = run(acts, asks, [], module=host.module, variables=variables, check=True).result
    assert result.get("failed", False) == ("error" in case), result
    assert not case.get("error") or result["msg"].startswith(case["error"]) and not host.calls
    sentences(result)
    told_all = run(acts, {"driver": "overlay2"}, [], module=Host({}).module, variables=variables, check=True).result
    assert not told_all.get("failed"), "a task that is told its options reads no variable"
    info = run(container_storage_info.ActionModule, asks, [], module=Host({}).module, variables=variables).result
    assert not info.get("failed"), info


def test_files_of_strangers_keep_every_byte_but_the_keys(shared_dir):
    paths = sorted((shared_dir / "corpus/docker-storage-setup").glob("*.sh"))
    assert len(paths) > 20
    for path in paths:
        text = path.read_text(encoding="utf-8")
        keys = environment_file.parse(text)
        assert environment_file.differs_in_shell(text) is None, path
        changed = environment_file.edit(text, {**keys, "DEVICE_WAIT_TIMEOUT": "30"})
        assert changed.replace("\nDEVICE_WAIT_TIMEOUT='30'", "").startswith(text.rstrip("\n")), path
