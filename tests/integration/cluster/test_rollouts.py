# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that goes wrong in a rollout, at the same time, on a real API server and in real time.

Each row of the table is a pool with nodes of its own and a wait for it. One change rolls all of them. The stand-in for
the machine-config controllers notes when it told which node what; a wait is judged by these notes.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import _PAUSES
from api_server import KINDS
from cases import cases
from machine_config_controllers import DESIRED, STATE
from openshift4 import manifests
from rolling import Controllers, Running, node, pool

from .conftest import FACTOR, LAB, Lab, settled, taken
from .test_playbooks import command, inline, kill

TABLE = "rollout/on_the_lab.yml"
ROWS = [case.values[0] for case in cases(TABLE)]
#: Seconds of a real cluster within which a wait has to end once it can.
PROMPT = 160.0
USUAL = {"node_timeout": 5400, "render_timeout": 900, "explain_after": 120}


@dataclass
class Waiting:
    """A run of ansible-playbook that waits for pools, one a host, and when it said each line."""

    core: str
    home: Path
    rows: list[dict[str, Any]]
    kubeconfigs: dict[str, Path]
    lines: list[tuple[float, str]] = field(default_factory=list)

    def start(self) -> Waiting:
        self.home.mkdir(exist_ok=True)
        hosts = {
            row["name"]: {
                "ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3",
                "wait": USUAL | row.get("wait", {}), "login": str(self.kubeconfigs[row.get("login", "admin")]),
            }
            for row in self.rows
        }  # fmt: skip
        options = {name: f"{{{{ [1, (wait.{name} * {FACTOR}) | int] | max }}}}" for name in USUAL}
        options |= {"kubeconfig": "{{ login }}", "accept_paused": "{{ wait.accept_paused | default(false) }}"}
        wait = {"dockyard.openshift.node_pools": {"pools": ["{{ inventory_hostname }}"], **options}}
        following = {"ansible.builtin.debug": {"msg": "the next play"}}
        plays = [{"hosts": "all", "gather_facts": False, "tasks": [task]} for task in (wait, following)]
        (self.home / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        (self.home / "wait.yml").write_text(yaml.safe_dump(plays))
        output = {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_CALLBACK_FORMAT_PRETTY": "false"}
        self.process = subprocess.Popen(
            **command(self.core, self.home, "-v", "-f", 20, "-i", "hosts.yml", "wait.yml", **output),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip("\n")))

    def text(self) -> str:
        return "\n".join(line for _moment, line in self.lines)

    def has_begun(self) -> bool:
        return "TASK [" in self.text()

    def end(self) -> None:
        self.process.wait(timeout=240)
        self.reader.join()

    def result(self, name: str) -> tuple[float, dict[str, Any]]:
        """Return when the wait of a pool ended, and with what."""
        for moment, line in self.lines:
            if found := re.fullmatch(rf"(?:ok|fatal): \[{name}\](?:: FAILED!)? => (\{{.*\}})", line):
                return moment, json.loads(found[1]) | {"failed": line.startswith("fatal")}
        raise AssertionError(f"{name} has no result:\n{self.text()}")


@dataclass
class Rollouts:
    """All pools of the table while they roll. told: what the controllers noted, by the name of a node or pool."""

    lab: Lab
    home: Path
    controllers: Controllers
    waits: dict[str, Waiting] = field(default_factory=dict)
    killed: list[Waiting] = field(default_factory=list)
    began: float = 0.0
    #: When the API server was killed, and when it answered again.
    outage: list[float] = field(default_factory=list)
    at_work: Running | None = None

    def prepare(self) -> None:
        for row in ROWS:
            name = row["name"]
            roles = {"key": "machineconfiguration.openshift.io/role", "operator": "In", "values": ["worker", name]}
            spec = {"machineConfigSelector": {"matchExpressions": [roles]}, **row.get("spec", {})}
            self.lab.apply(pool(name, **{**spec, "paused": False}))
            for number in range(row["nodes"]):
                self.new_node(f"{name}-{number}", name)
        self.controllers.settle(4)
        self.lab.apply({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "team"}})
        for row in ROWS:
            self.controllers.stalled |= set(row.get("stalled", ()))
            self.controllers.degrade |= row.get("degrade", {})
            if "pod_on" in row:
                self.lab.new_pod("web", row["pod_on"])
                self.lab.hold("web", "web")
            if "stuck_pod_on" in row:
                self.lab.new_pod("stuck", row["stuck_pod_on"], finalizers=["example.com/wait"])
            if row.get("spec", {}).get("paused"):
                self.controllers.objects.merge(Ref(KINDS["MachineConfigPool"], row["name"]).path, {"spec": row["spec"]})
        self.controllers.told.clear()
        self.controllers.most_away.clear()

    def new_node(self, name: str, pool_name: str) -> None:
        made = node(name, "worker", pool_name)
        del made["status"]
        self.lab.apply(made)

    def change(self) -> None:
        """Write what rolls every node: a blocked registry, and mirrors by digest and by tag."""
        path = Ref(KINDS["Image"], "cluster").path
        self.controllers.objects.merge(path, {"spec": {"registrySources": {"blockedRegistries": ["bad.example.com"]}}})
        sets = [["quay.io/a", ["m.example.com/a"]]]
        for one in manifests({"idms": sets, "itms": sets}):
            if "MirrorSet" in one["kind"]:
                self.lab.apply(one)

    def run(self) -> None:
        """Change something, wait for it in every pool, and do meanwhile what the table says."""
        self.controllers.steps, self.controllers.second_step = 2, 60.0
        self.change()
        kubeconfigs = {"admin": self.lab.kubeconfig, "renewed": self.log_in_again()}
        for core in ("2.19", "2.16"):
            rows = [row for row in ROWS if row.get("core", "2.19") == core]
            waiting = Waiting(core, self.home / core, rows, kubeconfigs).start()
            self.waits |= {row["name"]: waiting for row in rows}
        self.lab.wait_for(lambda: all(one.has_begun() for one in self.waits.values()))
        self.began = time.monotonic()
        self.start_controllers()
        try:
            self.do_meanwhile({row["name"]: list(row["events"]) for row in ROWS if "events" in row})
            for one in self.waits.values():
                one.end()
        finally:
            self.stop_controllers()
            if len(self.outage) == 1:  # other tests need it
                subprocess.run([LAB / "cluster", "api-up"], check=True)
            for one in self.waits.values():
                if one.process.poll() is None:
                    kill(one.process)

    def do_meanwhile(self, events: dict[str, list[dict[str, Any]]]) -> None:
        """Let happen what the table says: of each pool one after the other, in its time, and after what was said."""
        while any(events.values()):
            assert any(one.process.poll() is None for one in self.waits.values()), f"{events} is left\n{self.text()}"
            passed, text = (time.monotonic() - self.began) / FACTOR, self.text()
            for name, mine in events.items():
                if mine and self.may_happen(mine[0], passed, text):
                    event = mine.pop(0)
                    EVENTS[event["do"]](self, name, event)
                    break  # what was said is looked at anew
            time.sleep(0.05)

    def may_happen(self, event: dict[str, Any], passed: float, text: str) -> bool:
        """Say whether it is time for an event; what asks the API server waits for the end of the outage."""
        if len(self.outage) == 1 and event["do"] in ASK:
            return False
        again = event.get("begun_again")
        if again and not (self.killed and f"pool {again}: " in self.waits[again].text()):
            return False
        return passed >= event.get("at", 0) and all(said in text for said in event.get("said", ()))

    def text(self) -> str:
        return "\n".join(one.text() for one in self.waits.values())

    def start_controllers(self) -> None:
        self.at_work = Running(self.controllers)
        self.at_work.__enter__()

    def stop_controllers(self) -> None:
        if self.at_work:
            self.at_work.__exit__()
            self.at_work = None

    def log_in_again(self) -> Path:
        """Write the kubeconfig of the user whose token is another one whenever the API server starts."""
        config, place = inline(self.lab), self.home / "renewed.kubeconfig"
        config["users"][0]["user"] = {"token": json.loads(self.lab.kubeconfig.with_name("state.json").read_text())
                                      ["tokens"]["renewed"]}  # fmt: skip
        place.write_text(json.dumps(config))
        return place

    # --- what happens meanwhile ---

    def free_the_budget(self, name: str, event: dict[str, Any]) -> None:
        self.lab.let_go("web")

    def join(self, name: str, event: dict[str, Any]) -> None:
        self.new_node(event["node"], name)

    def restart(self, name: str, event: dict[str, Any]) -> None:
        self.stop_controllers()
        self.controllers.restart()
        self.start_controllers()

    def api(self, name: str, event: dict[str, Any]) -> None:
        self.outage.append(time.monotonic())
        subprocess.run([LAB / "cluster", "api-down" if event["do"].startswith("kill") else "api-up"], check=True)
        if event["do"].startswith("start"):
            self.outage[-1] = time.monotonic()
            self.log_in_again()

    def go_on(self, name: str, event: dict[str, Any]) -> None:
        self.controllers.stalled.discard(event["node"])

    def kill(self, name: str, event: dict[str, Any]) -> None:
        waiting = self.waits[name]
        kill(waiting.process)
        waiting.end()
        self.killed.append(waiting)
        self.waits[name] = Waiting(waiting.core, waiting.home, waiting.rows, waiting.kubeconfigs).start()

    # --- when a wait could end ---

    def when(self, pool_name: str, annotation: str, *values: str) -> list[float]:
        """List the moments at which nodes of a pool were told a value of an annotation, any without one."""
        return [
            moment for moment, name, told in self.controllers.told
            if name.rpartition("-")[0] == pool_name and annotation in told
            and (not values or told[annotation] in values)
        ]  # fmt: skip

    def could_end(self, row: dict[str, Any]) -> float:
        """Return the moment at which the wait of a row could end first."""
        name = row["name"]
        if row["ends"] == "done":
            return max(self.when(name, STATE, "Done"))
        if row["ends"] == "degraded":
            return min(self.when(name, STATE, "Degraded"))
        if row["ends"] == "late":
            return self.first_of_its_time(name) + row["wait"]["node_timeout"] * FACTOR
        return next(moment for moment, line in self.waits[name].lines if line.startswith("TASK ["))

    def has_to_end(self, could: float, ended: float) -> float:
        """Return the moment before which a wait has to end: one that could while nobody answered, soon afterwards."""
        away, back = self.outage
        return PROMPT * FACTOR + (back + sum(_PAUSES) if away < ended and could < back else could)

    def first_of_its_time(self, name: str) -> float:
        """Return when the first node of a pool was told of the config that it did not get in its time."""
        return [moment for moment, one, told in self.controllers.told if one == f"{name}-0" and DESIRED in told][-1]


EVENTS = {
    "free the budget": Rollouts.free_the_budget, "join": Rollouts.join, "go on": Rollouts.go_on,
    "restart the controllers": Rollouts.restart, "kill the API server": Rollouts.api,
    "start the API server": Rollouts.api, "kill the wait and start it again": Rollouts.kill,
}  # fmt: skip


#: Those that ask the API server themselves.
ASK = ("free the budget", "join")


@pytest.fixture(scope="module")
def rollouts(running: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollouts]:
    with taken(running) as lab:
        found = Rollouts(lab, tmp_path_factory.mktemp("rollouts"), settled(lab))
        found.prepare()
        found.run()
        yield found


def test_the_table_has_everything_that_goes_wrong() -> None:
    assert {row["thing"] for row in ROWS} >= {
        "maxUnavailable", "a budget", "a paused pool", "a node that degrades", "a render in two steps",
        "a stalled node", "a node that joins", "an API that is away", "a controller restart",
        "killed and started again",
    }  # fmt: skip


@pytest.mark.parametrize("row", cases(TABLE))
def test_a_wait_ends_exactly_when_it_should_and_says_why(row: dict[str, Any], rollouts: Rollouts) -> None:
    name, waiting = row["name"], rollouts.waits[row["name"]]
    ended, result = waiting.result(name)
    (found,) = result["pools"]
    text = waiting.text()
    could = rollouts.could_end(row)
    assert could <= ended < rollouts.has_to_end(could, ended), f"{ended - could} s late\n{text}"
    for sentence in row["says"]:
        assert sentence in text, text
    goes_on = any(f"ok: [{name}] => " in line and "the next play" in line for line in text.splitlines())
    assert goes_on == row["goes_on"] == (not result["failed"])
    if row["ends"] != "at once":
        assert found["done"] == row["done"] == [one["phase"] for one in found["nodes"]].count("done")
    assert result["verified"] is (row["ends"] == "done")
    if row["ends"] == "done":
        target = rollouts.lab.get("MachineConfigPool", name)["spec"]["configuration"]["name"]
        have = {(one["current"], one["desired"], one["state"], one["as_expected"]) for one in found["nodes"]}
        assert have == {(target, target, "Done", True)}


def rows(key: str) -> list[Any]:
    return [case for case in cases(TABLE) if key in case.values[0]]


@pytest.mark.parametrize("row", rows("most_away"))
def test_no_more_nodes_were_away_than_allowed(row: dict[str, Any], rollouts: Rollouts) -> None:
    assert rollouts.controllers.most_away[row["name"]] == row["most_away"]


@pytest.mark.parametrize("row", rows("renders"))
def test_the_config_of_the_first_step_did_not_end_the_wait(row: dict[str, Any], rollouts: Rollouts) -> None:
    targets = [told["target"] for _moment, name, told in rollouts.controllers.told if name == row["name"]]
    assert len(dict.fromkeys(targets)) == row["renders"]


def test_what_holds_a_drain_is_said_after_a_minute_and_again(rollouts: Rollouts) -> None:
    said = [moment for moment, line in rollouts.waits["budget"].lines if "budget-0 is not empty yet" in line]
    drains = rollouts.when("budget", f"{STATE}", "Working")[0]
    assert said[0] - drains >= 60 * FACTOR and len(said) > 1


def test_a_paused_pool_is_said_before_and_after(rollouts: Rollouts) -> None:
    _ended, result = rollouts.waits["paused"].result("paused")
    said = "pool paused is paused: 2 of its nodes keep old files, and nodes that join get those too"
    assert said in result["notes"] and said in result["account"] and result["msg"].startswith(said)
    assert any(line == said for _moment, line in rollouts.waits["paused"].lines)


def test_the_api_server_was_away_in_the_middle_of_a_wait(rollouts: Rollouts) -> None:
    away, back = rollouts.outage
    done = rollouts.when("away", STATE, "Done")
    assert min(done) < back < max(done) and back - away > 60 * FACTOR


def test_the_token_of_the_one_that_was_away_is_another_one(rollouts: Rollouts) -> None:
    old = rollouts.lab.state["tokens"].get("renewed")
    new = json.loads(rollouts.lab.kubeconfig.with_name("state.json").read_text())["tokens"]["renewed"]
    assert old != new and old not in rollouts.waits["away"].text()


def test_the_killed_run_had_begun_and_was_not_done(rollouts: Rollouts) -> None:
    (killed,) = rollouts.killed
    assert "pool killed: killed-" in killed.text() and "=> {" not in killed.text()
    assert killed.process.returncode == -signal.SIGKILL
