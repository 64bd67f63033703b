# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters whose services are stand-ins (tests/lab/standins/masters): changed one at a time, and put back where one
does not come back.

Only with `make masters`; what a run costs, with `make bench-masters`.
"""

from __future__ import annotations

import json
import statistics
import time

import pytest
import yaml
from conftest import MOMENTS, REPOSITORY, Node

CONFIG = "/etc/origin/master/master-config.yaml"
FAULTS = "/run/dockyard-lab"
WRITING = [moment for moment in MOMENTS if moment not in ("reading", "before the commit")]
ASKED = {
    "image_policy": {"executionRules": [{"name": "no-hub", "reject": True, "matchRegistries": ["docker.io"]}]},
    "allowed_registries_for_import": ["registry.example.com:5000"],
    "timeout": 6,
}
SHARED = yaml.safe_load((REPOSITORY / "inventory/lab/hosts.yml").read_text())["all"]["vars"]
HOSTS = {
    name: {"ansible_host": address, "ansible_python_interpreter": "/usr/bin/python2.7"}
    for name, address in (("master1", "10.99.77.17"), ("master2", "10.99.77.18"))
}
STOCK = f"""
rm -rf {FAULTS} /run/moment /var/lib/dockyard /etc/origin/master/.dockyard-* /etc/origin/master/dockyard-*
mkdir -p {FAULTS}
cat /usr/share/dockyard-lab/master-config.yaml > {CONFIG}; chmod 0600 {CONFIG}
systemctl reset-failed; systemctl restart {{}}
"""
UNITS = {
    "master1": "origin-master-api.service origin-master-controllers.service",
    "master2": "standin-pod-api.service standin-pod-controllers.service",
}
#: What the stand-in tells: whether its API answers, and which processes serve.
HEALTH = "curl -sk https://127.0.0.1:8443/healthz"


def master(name, take):
    take(name)
    node = Node(name, "2.16", "/usr/bin/python2.7")
    node.sh(STOCK.format(UNITS[name]))
    return node


@pytest.fixture
def master1(take) -> Node:
    return master("master1", take)


@pytest.fixture
def master2(take) -> Node:
    return master("master2", take)


@pytest.fixture(params=list(HOSTS))
def node(request) -> Node:
    return request.getfixturevalue(request.param)


@pytest.fixture
def inventory(tmp_path):
    path = tmp_path / "masters.yml"
    variables = {**SHARED, "lab_cache": str(REPOSITORY / ".cache/lab")}
    path.write_text(yaml.safe_dump({"all": {"vars": variables, "children": {"masters": {"hosts": HOSTS}}}}))
    return path


def served(node):
    """The processes that hold the file in memory: others after every restart.

    One that begins a program is there twice for a moment, so they are looked at until two looks agree.
    """
    look = "pgrep -f -- '[c]onfig=/etc/origin' | sort"
    return node.sh(f'for _ in $(seq 50); do a=$({look}); sleep 0.1; [ "$a" = "$({look})" ] && break; done; echo "$a"')


def restarted_by(node, before):
    """Wait until both parts run as new processes."""
    for _attempt in range(60):
        now = served(node)
        if len(now.split()) == 2 and not set(now.split()) & set(before.split()):
            return True
        time.sleep(0.25)
    return False


def healthy(node):
    asked = f"for i in $(seq 40); do {HEALTH} | grep -qx ok && echo yes && break; sleep 0.25; done"
    return node.sh(asked).strip() == "yes"


def failed(run):
    return run.rc == 2 and run.results[-1]["outcome"] == "failed"


def fault(node, name):
    node.sh(f"touch {FAULTS}/{name}")


def test_a_master_is_changed_once_and_by_nothing_but_what_was_asked(controller, node, inventory):
    before, old = node.read(CONFIG), served(node)
    mode = node.sh(f"stat -c '%a %U %G' {CONFIG}")
    changed, again = controller.tasks(node, ASKED, ASKED, task="master_config", inventory=inventory).tasks
    assert changed["changed"], changed
    assert restarted_by(node, old) and healthy(node)
    new = node.read(CONFIG)
    rest = iter(new.splitlines())
    assert all(line in rest for line in before.splitlines()), "every line is there, in its order"
    assert "name: no-hub" in new and "domainName: registry.example.com:5000" in new
    assert node.sh(f"stat -c '%a %U %G' {CONFIG}") == mode
    assert not again["changed"] and "lab-secret-1" not in json.dumps([changed, again])
    now = served(node)
    gone = controller.task(node, "master_config", {"state": "absent"}, inventory=inventory)
    assert gone.last["changed"] and node.read(CONFIG) == before and restarted_by(node, now)


def test_check_mode_tells_the_plan_and_touches_nothing(controller, node, inventory):
    before, old = node.facts(), served(node)
    foreseen = controller.task(node, "master_config", ASKED, "--check", "--diff", inventory=inventory)
    assert foreseen.last["changed"] and "restart" in foreseen.last["plan"]["text"]
    assert (node.facts(), served(node)) == (before, old)


@pytest.mark.parametrize("wrong", ["master-red", "master-hangs"])
def test_a_master_that_does_not_come_back_gets_its_old_file(controller, node, inventory, wrong):
    """The fault stays, so the old file does not bring it back either; the run after its end does."""
    before = node.read(CONFIG)
    fault(node, wrong)
    done = controller.task(node, "master_config", ASKED, inventory=inventory)
    assert failed(done) and node.read(CONFIG) == before, done.output
    node.sh(f"rm {FAULTS}/{wrong}")
    again = controller.task(node, "master_config", ASKED, inventory=inventory)
    assert again.last["changed"] and healthy(node), again.output
    assert "name: no-hub" in node.read(CONFIG) and node.leftovers() == ""


def test_what_the_services_refuse_is_taken_back_and_they_run_with_the_old_file(controller, node, inventory):
    """A rule that no check of ours and of the product finds wrong, and with which no service starts."""
    before = node.read(CONFIG)
    node.write(f"{FAULTS}/master-refuses", "no-hub")
    done = controller.task(node, "master_config", ASKED, inventory=inventory)
    assert failed(done) and "everything is as it was before" in done.last["msg"], done.output
    assert node.read(CONFIG) == before and healthy(node) and len(served(node).split()) == 2
    assert node.leftovers() == ""


#: It takes the file that is there, and no other.
STRICTER = f"""#!/bin/sh
case "$*" in *validate*{CONFIG}) exit 0;; *validate*) echo 'Error: no'; exit 1;; esac
exec /usr/bin/openshift "$@"
"""


def test_the_products_command_refuses_before_anything_is_touched(controller, master1, inventory):
    """Only masters up to 3.9 have it; here it refuses what was staged, as if for a reason of its own."""
    before, old = master1.facts(), served(master1)
    master1.write("/usr/local/bin/openshift", STRICTER)
    master1.sh("chmod 755 /usr/local/bin/openshift")
    try:
        done = controller.task(master1, "master_config", ASKED, inventory=inventory)
        assert done.rc == 2 and "validate master-config" in done.last["msg"], done.output
        assert (master1.facts(), served(master1)) == (before, old)
    finally:
        master1.sh("rm /usr/local/bin/openshift")


@pytest.mark.parametrize("moment", WRITING)
def test_killed_then_run_again(controller, node, inventory, moment):
    node.stop_at(moment)
    started = controller.begin(node, ASKED, ASKED, ASKED, task="master_config", inventory=inventory)
    node.go_on(f"kill -9 {node.stopped()}")
    killed, again, unchanged = controller.ended(started).tasks
    assert killed["msg"] == "the module was interrupted on the host; the next run repairs that"
    assert again["changed"] and "an earlier run was interrupted" in again["plan"]["text"], again
    assert not unchanged["changed"], unchanged
    assert healthy(node) and "name: no-hub" in node.read(CONFIG) and node.leftovers() == ""


# the playbook


def roll(controller, inventory, *flags):
    variables = {"image_policy_rules": ASKED["image_policy"], "image_policy_timeout": 6}
    extra = ("-e", json.dumps(variables))
    return controller.playbook(REPOSITORY / "playbooks/masters.yml", *extra, *flags, core="2.16", inventory=inventory)


def test_the_playbook_changes_one_master_after_the_other(controller, master1, master2, inventory):
    done = roll(controller, inventory)
    assert done.rc == 0, done.output
    for node in (master1, master2):
        assert "name: no-hub" in node.read(CONFIG) and healthy(node)
    again = roll(controller, inventory)
    assert again.rc == 0 and not any(line["result"].get("changed") for line in again.results), again.output


def test_a_red_master_stops_the_run_before_the_next(controller, master1, master2, inventory):
    old, other = master1.read(CONFIG), (master2.read(CONFIG), served(master2))
    fault(master1, "master-red")
    done = roll(controller, inventory)
    assert done.rc == 2
    assert master1.read(CONFIG) == old and (master2.read(CONFIG), served(master2)) == other


@pytest.mark.bench
def test_a_run_that_changes_nothing_costs_little_more_than_a_ping(controller, master1, inventory):
    """Each no-change run is compared with the pings before and after it, which a busy moment hits as well."""
    controller.task(master1, "master_config", ASKED, inventory=inventory)
    assert healthy(master1)
    path = controller.scratch / "turns.yml"
    ping, task = {"ansible.builtin.ping": {}}, {"dockyard.openshift.master_config": ASKED}
    turns = [ping, task] * 24 + [ping]
    variables = {"ansible_python_interpreter": master1.python}
    path.write_text(yaml.safe_dump([{"hosts": "master1", "gather_facts": False, "vars": variables, "tasks": turns}]))
    done = controller.playbook(path, core="2.16", inventory=inventory)
    assert done.rc == 0 and not any(result.get("changed") for result in done.tasks), done.output
    took = [line["seconds"] for line in done.results][2:]  # the first of each load what the others find loaded
    ratios = [took[turn] / statistics.mean((took[turn - 1], took[turn + 1])) for turn in range(1, len(took) - 1, 2)]
    low, middle, high = (round(ratio, 2) for ratio in statistics.quantiles(ratios))
    print(f"{len(ratios)} runs without a change: {middle} pings each, half of them {low} to {high}")
    assert middle <= 1.3
