# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream's docker, a real dockerd: reloaded and never restarted, and left alone when it cannot take a policy."""

from __future__ import annotations

import json

import pytest
from test_quartet import MIRRORS_SHOWN, MOBY_POLICY

pytestmark = pytest.mark.engines

DAEMON_JSON = "/etc/docker/daemon.json"
PLAIN, HUB = "plain.lab.example:5001/apps/hello:1", "docker.io/library/hello:1"
HAS_POLICY = {"insecure": sorted(MOBY_POLICY["insecure"]), "mirrors": MIRRORS_SHOWN}
NOTHING = {"insecure": [], "mirrors": []}
# on a machine with cgroup v1 a container in a container needs a name space of its own
RUN = f"docker run -d --name work --cgroupns=private --network none {PLAIN} sleep 1000"
LIFE = "systemctl show -p MainPID docker.service; docker inspect -f '{{.State.Pid}} {{.State.Running}}' work"


def pulled(node, image):
    return "PULLED" in node.sh(f"docker pull {image} && echo PULLED", check=False)


def apply(controller, node, policy=MOBY_POLICY, *flags, **options):
    return controller.task(node, "container_registries", {**policy, **options}, *flags)


def daemon_json(node, content):
    node.write(DAEMON_JSON, json.dumps(content))


# -- at work ----------------------------------------------------------------------------------------------------------


def test_lists_at_work(controller, moby1):
    assert not pulled(moby1, PLAIN) and not pulled(moby1, HUB)
    assert apply(controller, moby1).rc == 0
    assert pulled(moby1, PLAIN), "plain HTTP"
    assert pulled(moby1, HUB), "by the mirror of Docker Hub, which cannot be reached itself"


def test_running_containers_do_not_notice(controller, moby1):
    apply(controller, moby1)
    moby1.sh(f"docker pull {PLAIN}; {RUN}")
    before = moby1.sh(LIFE)
    assert "true" in before
    run = apply(controller, moby1, {"insecure": ["other.lab.example"], "mirrors": []})
    assert run.last["plan"]["disruption"] == "reload", run.output
    assert moby1.lists() == {"insecure": ["other.lab.example"], "mirrors": []}
    assert moby1.sh(LIFE) == before


def test_an_emptied_policy_is_gone_from_the_daemon(controller, moby1):
    daemon_json(moby1, {"insecure-registries": ["theirs.lab.example"], "debug": False})
    moby1.sh("systemctl reload docker")
    runs = controller.tasks(moby1, MOBY_POLICY, {"insecure": [], "mirrors": []}, {"insecure": [], "mirrors": []})
    assert [task["changed"] for task in runs.tasks] == [True, True, False], runs.output
    assert moby1.lists() == {"insecure": ["theirs.lab.example"], "mirrors": []}
    assert json.loads(moby1.read(DAEMON_JSON))["debug"] is False


def test_a_list_that_somebody_took_out_of_the_file_is_made_to_go(controller, moby1):
    """SIGHUP does not notice that a key is gone."""
    apply(controller, moby1)
    moby1.sh(f"rm {DAEMON_JSON}; systemctl reload docker")
    assert moby1.lists() == HAS_POLICY
    only_mirrors = apply(controller, moby1, {"mirrors": []})
    assert only_mirrors.rc == 0 and only_mirrors.last["changed"], only_mirrors.output
    assert moby1.lists() == {**HAS_POLICY, "mirrors": []}
    assert apply(controller, moby1, {"insecure": []}).rc == 0
    assert moby1.lists() == NOTHING


def test_looking_does_not_start_it(controller, moby1):
    """Its socket is systemd's: any question of the client would."""
    moby1.sh("systemctl stop docker.service 2>/dev/null; systemctl is-active docker.socket")
    assert apply(controller, moby1, MOBY_POLICY, "--check").last["changed"]
    assert controller.task(moby1, "container_registries_info", {}).last["engines"][0]["running"] is False
    assert apply(controller, moby1).rc == 0
    assert moby1.sh("systemctl is-active docker.service", check=False) == "inactive\n"
    assert moby1.lists() == HAS_POLICY, "it starts with the policy"


# -- refused ----------------------------------------------------------------------------------------------------------

BEYOND = {
    "search": (
        {"search": ["plain.lab.example:5001"]},
        "search 'plain.lab.example:5001': docker searches docker.io only",
    ),
    "blocked": (
        {"blocked": ["untrusted.lab.example:5002"]},
        "blocked 'untrusted.lab.example:5002': docker cannot block",
    ),
    "allowed": (
        {"allowed": ["plain.lab.example:5001"]},
        "allowed 'plain.lab.example:5001': docker cannot block anything",
    ),
    "digests": (
        {"mirrors": [{"source": "docker.io", "mirrors": ["mirror.lab.example:5003"], "pull": "digest"}]},
        "mirrors of 'docker.io': docker uses a mirror for all pulls",
    ),
    "aliases": ({"aliases": {"app": "plain.lab.example:5001/apps/hello"}}, "alias 'app': docker knows no aliases"),
}


def test_unenforceable_words_are_refused_before_anything_is_written(controller, moby1):
    before = moby1.facts()
    refusing = [MOBY_POLICY | policy for policy, _sentence in BEYOND.values()]
    warning = [policy | {"unenforceable": "warn"} for policy, _sentence in BEYOND.values()]
    tasks = controller.tasks(moby1, *refusing, *warning).tasks
    for (_policy, sentence), refused, warned in zip(
        BEYOND.values(), tasks[: len(BEYOND)], tasks[len(BEYOND) :], strict=True
    ):
        assert f"docker (upstream) cannot enforce {sentence}" in refused["msg"]
        assert not warned["changed"] and any(sentence in text for text in warned["warnings"]), warned
    assert moby1.facts() == before


def test_the_same_option_as_a_flag_is_refused_before_it_stops_the_daemon(controller, moby1):
    moby1.write("/etc/default/docker", '# options\nDOCKER_OPTS="--insecure-registry theirs.lab.example"\n')
    moby1.sh("systemctl restart docker.service")
    before = moby1.facts(), moby1.sh("systemctl show -p MainPID docker.service")
    run = apply(controller, moby1)
    assert run.rc == 2
    assert run.last["msg"] == (
        "docker is given --insecure-registry by /etc/default/docker line 2 and 'insecure-registries' by "
        "/etc/docker/daemon.json; with both it does not start, so take the flag away first"
    )
    assert (moby1.facts(), moby1.sh("systemctl show -p MainPID docker.service")) == before


def test_a_file_that_cannot_be_parsed_is_refused_with_its_line(controller, moby1):
    moby1.write(DAEMON_JSON, '{\n  "debug": true,\n}\n')
    before = moby1.facts()
    run = apply(controller, moby1)
    assert run.rc == 2 and run.last["msg"].startswith(f"{DAEMON_JSON}: line 3"), run.last
    assert moby1.facts() == before


# -- faults -----------------------------------------------------------------------------------------------------------


def test_a_reload_that_fails_is_taken_back(controller, moby1):
    """systemd does not say so: the daemon only writes it to its log, and goes on with what it had."""
    daemon_json(moby1, {"insecure-registries": ["theirs.lab.example"]})
    moby1.sh("systemctl reload docker")
    daemon_json(moby1, {"insecure-registries": ["theirs.lab.example"], "no-such-option": True})
    before = moby1.facts()
    run = apply(controller, moby1)
    assert run.rc == 2 and run.last["rolled_back"], run.output
    assert "docker (upstream) was told to look again but does not use the new lists: asked for" in run.last["msg"]
    assert moby1.facts() == before and moby1.leftovers() == ""
    assert moby1.lists() == {"insecure": ["theirs.lab.example"], "mirrors": []}


@pytest.mark.parametrize("moment", ["renamed", "restarting", "checking"])
def test_killed_then_run_again(controller, moby1, moment):
    moby1.stop_at(moment)
    started = controller.begin(moby1, MOBY_POLICY, MOBY_POLICY, MOBY_POLICY)
    moby1.go_on(f"kill -9 {moby1.stopped()}")
    killed, again, unchanged = controller.ended(started).tasks
    assert killed["msg"] == "the module was interrupted on the host; the next run repairs that"
    assert again["changed"] and not unchanged["changed"], again
    assert moby1.lists() == HAS_POLICY and moby1.leftovers() == ""


def test_killed_then_run_with_an_empty_policy(controller, moby1):
    """The file that comes back has no key, and the daemon has the list already."""
    moby1.stop_at("checking")
    started = controller.begin(moby1, MOBY_POLICY)
    moby1.go_on(f"kill -9 {moby1.stopped()}")
    assert controller.ended(started).rc == 2
    empty = {"insecure": [], "mirrors": []}
    again, unchanged = controller.tasks(moby1, empty, empty).tasks
    assert again["changed"] and not unchanged["changed"], again
    assert moby1.lists() == NOTHING and moby1.leftovers() == ""


def test_killed_then_run_with_another_word(controller, moby1):
    """What the killed run had put in force goes, though the next one does not speak of it."""
    moby1.stop_at("checking")
    started = controller.begin(moby1, {"insecure": MOBY_POLICY["insecure"]})
    moby1.go_on(f"kill -9 {moby1.stopped()}")
    assert controller.ended(started).rc == 2 and moby1.lists() != NOTHING
    again, unchanged = controller.tasks(moby1, {"mirrors": []}, {"mirrors": []}).tasks
    assert again["changed"] and not unchanged["changed"], again
    assert moby1.lists() == NOTHING and moby1.leftovers() == ""


@pytest.mark.parametrize("before", [None, {}, {"debug": False, "insecure-registries": ["theirs.lab.example"]}])
def test_a_policy_that_proves_wrong_is_out_of_force_again(controller, moby1, before):
    """SIGHUP does not notice that a key is gone: the old file says once more what was in force."""
    if before is not None:
        daemon_json(moby1, before)
        moby1.sh("systemctl reload docker")
    facts, lists = moby1.facts(), moby1.lists()
    run = apply(controller, moby1, MOBY_POLICY, verify_pull={"refused": [PLAIN]})
    assert run.rc == 2 and run.last["rolled_back"], run.output
    assert "everything is as it was before" in run.last["msg"]
    assert (moby1.facts(), moby1.lists()) == (facts, lists) and moby1.leftovers() == ""


def test_one_that_does_not_answer_is_left_alone(controller, moby1):
    moby1.write("/usr/local/bin/docker", "#!/bin/sh\nsleep 3333\n")
    moby1.sh("chmod 755 /usr/local/bin/docker")
    before = moby1.facts()
    run = apply(controller, moby1)
    assert run.rc == 2
    assert run.last["msg"] == ("docker info gave no answer within 10 s; the daemon is sick, nothing was changed")
    assert moby1.sh("pgrep -x sleep", check=False) == ""
    assert moby1.facts() == before
