# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What breaks while a host is changed: afterwards it has the old policy or the new one as a whole, and says so."""

from __future__ import annotations

import fnmatch
import time

import pytest
from conftest import MOMENTS, lab
from test_quartet import EVERY_WORD, POLICY

OTHER = {
    "search": ["plain.lab.example:5001"],
    "blocked": ["registry.lab.example:5000"],
    "insecure": ["plain.lab.example:5001"],
}
#: Registries that the engine has besides ours.
ALSO_SEARCHED = {"podman1": [], "origin1": ["docker.io"]}
WRITING = [moment for moment in MOMENTS if moment not in ("reading", "before the commit")]


@pytest.fixture(params=["podman1", "origin1"])
def node(request):
    return request.getfixturevalue(request.param)


def assert_has(node, policy):
    """The engine has this policy as a whole, and nothing is left of what was interrupted."""
    lists = node.lists()
    wanted = {word: sorted(policy[word]) for word in lists}
    assert lists == wanted | {"search": policy["search"] + ALSO_SEARCHED[node.name]}
    assert node.leftovers() == ""


def moments_of(*moments):
    """Each of these moments on each node; podman1 has nothing to restart."""
    return [
        pytest.param(moment, node, id=f"{moment} {node}")
        for moment in moments
        for node in ALSO_SEARCHED
        if (moment, node) != ("restarting", "podman1")
    ]


# -- the module is killed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "node"), moments_of(*WRITING), indirect=["node"])
def test_killed_then_run_again(controller, node, moment):
    policy = EVERY_WORD[node.name]
    node.stop_at(moment)
    started = controller.begin(node, policy, policy, policy)
    node.go_on(f"kill -9 {node.stopped()}")
    killed, again, unchanged = controller.ended(started).tasks
    assert killed["msg"] == "the module was interrupted on the host; the next run repairs that"
    assert again["changed"] and "an earlier run was interrupted" in again["plan"]["text"], again
    assert not unchanged["changed"], unchanged
    assert_has(node, POLICY)


def killed_at(controller, node, moment, policy=POLICY):
    node.stop_at(moment)
    started = controller.begin(node, policy)
    node.go_on(f"kill -9 {node.stopped()}")
    assert controller.ended(started).rc == 2


def test_killed_then_check_mode_says_so_and_changes_nothing(controller, origin1):
    killed_at(controller, origin1, "renamed")
    before = origin1.facts(), origin1.sh("ls -l /var/lib/dockyard; systemctl show -p MainPID docker")
    foreseen = controller.task(origin1, "container_registries", POLICY, "--check")
    assert foreseen.last["changed"] and "interrupted transaction" in foreseen.last["plan"]["text"]
    assert (origin1.facts(), origin1.sh("ls -l /var/lib/dockyard; systemctl show -p MainPID docker")) == before


@pytest.mark.parametrize("moment", ["renamed", "restarted"])
def test_killed_then_run_with_another_policy(controller, node, moment):
    killed_at(controller, node, moment)
    other, unchanged = controller.tasks(node, OTHER, OTHER).tasks
    assert other["changed"] and not unchanged["changed"]
    assert_has(node, OTHER)


@pytest.mark.parametrize("origin1", ["registries-toml"], indirect=True)
def test_killed_while_the_generated_file_is_made(controller, origin1):
    """Two services: registries.service was restarted, docker was not."""
    killed_at(controller, origin1, "restarting")
    again, unchanged = controller.tasks(origin1, POLICY, POLICY).tasks
    assert again["changed"] and not unchanged["changed"]
    assert_has(origin1, POLICY)


# -- the connection breaks --------------------------------------------------------------------------------------------

# The module's nearest ancestor that is sshd: the session, which all tasks of a run share.
KILL_SESSION = "p={pid}; until grep -qx sshd /proc/$p/comm; do p=$(ps -o ppid= -p $p | tr -d ' '); done; kill -9 $p"


def cut_at(controller, node, moment, side):
    """Cut the connection while the module stands still there, let the run end, and only then let the module go on."""
    node.stop_at(moment)
    started = controller.begin(node, POLICY)
    module = node.stopped()
    if side == "controller":
        controller.cut_connections()
    else:
        node.sh(KILL_SESSION.format(pid=module))
    run = controller.ended(started)
    assert run.results[-1]["outcome"] in ("failed", "unreachable"), run.output
    return module


@pytest.mark.parametrize("side", ["controller", "node"])
@pytest.mark.parametrize(("moment", "node"), moments_of("journal written", "restarting", "checking"), indirect=["node"])
def test_connection_lost_while_committing_and_the_host_finishes_by_itself(controller, node, moment, side):
    module = cut_at(controller, node, moment, side)
    node.go_on(ended=module)
    assert_has(node, POLICY)
    assert not controller.task(node, "container_registries", POLICY).last["changed"]


@pytest.mark.parametrize("side", ["controller", "node"])
def test_connection_lost_while_reading_and_nothing_is_changed(controller, node, side):
    before = node.facts()
    module = cut_at(controller, node, "reading", side)
    node.go_on(ended=module)
    assert node.facts() == before
    assert controller.task(node, "container_registries", POLICY).last["changed"]
    assert_has(node, POLICY)


# -- others change the host at the same time ---------------------------------------------------------------------------


def test_two_at_once_come_one_after_the_other(controller, node):
    node.stop_at("between two renames")
    first = controller.begin(node, POLICY)
    node.stopped()
    second = controller.begin(node, OTHER)
    node.sh(
        "until test $(ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c /var/lib/dockyard/lock) -ge 2; do sleep 0.1; done"
    )
    node.go_on()
    assert controller.ended(first).rc == controller.ended(second).rc == 0
    assert_has(node, OTHER)


@pytest.mark.parametrize("edit", ["1", "1 2"], ids=["once", "twice"])
def test_a_file_that_somebody_edits_in_between_is_planned_again(controller, origin1, edit):
    started = None
    for number in edit.split():
        origin1.stop_at("before the commit")
        started = started or controller.begin(origin1, POLICY)
        origin1.stopped()
        origin1.go_on(f"echo SOMEBODYS={number} >> /etc/sysconfig/docker")
    assert controller.ended(started).rc == 0
    assert f"SOMEBODYS={number}" in origin1.read("/etc/sysconfig/docker")
    assert_has(origin1, POLICY)


def test_a_file_that_somebody_keeps_editing_is_left_to_them(controller, origin1):
    started = None
    for number in range(3):
        origin1.stop_at("before the commit")
        started = started or controller.begin(origin1, POLICY)
        origin1.stopped()
        origin1.go_on(
            f"echo SOMEBODYS={number} >> /etc/sysconfig/docker; sha256sum /etc/sysconfig/docker > /tmp/edited"
        )
    run = controller.ended(started)
    assert run.rc == 2
    assert run.last["msg"] == (
        "the host kept changing while it was planned (3 attempts); "
        "meanwhile /etc/sysconfig/docker changed since the plan was made"
    )
    assert "OK" in origin1.sh("sha256sum -c /tmp/edited")
    assert origin1.leftovers() == ""


def test_a_file_that_was_only_read_counts_too(controller, podman1):
    """The drop-in carries over what the main file says; so the main file must be what the plan was made from."""
    podman1.stop_at("before the commit")
    started = controller.begin(podman1, POLICY)
    podman1.stopped()
    table = '[[registry]]\\nprefix = "plain.lab.example:5001"\\nlocation = "mirror.lab.example:5001"\\n'
    podman1.go_on(f"printf '{table}' >> /etc/containers/registries.conf")
    assert controller.ended(started).rc == 0
    assert "mirror.lab.example:5001" in podman1.read("/etc/containers/registries.conf.d/90-dockyard.conf")


# -- disks ------------------------------------------------------------------------------------------------------------

NOT_TAKEN = "docker (Red Hat's fork) was restarted but does not use the new lists: asked for "
AS_BEFORE = "everything is as it was before"
DISKS = {
    "read-only /etc/containers": (
        "mount --bind /etc/containers /etc/containers && mount -o remount,ro,bind /etc/containers",
        "podman info ended with 125 (*: read-only file system) before anything was touched",
    ),
    "read-only /var/lib/dockyard": (
        "mkdir -p /var/lib/dockyard; mount -t tmpfs -o ro,mode=700 none /var/lib/dockyard",
        f"cannot open the lock in /var/lib/dockyard: read-only file system; {AS_BEFORE}",
    ),
    "full /etc/containers": (
        "cp -a /etc/containers /tmp/containers; mount -t tmpfs -o size=40k,mode=755 full /etc/containers; "
        "cp -a /tmp/containers/. /etc/containers; dd if=/dev/zero of=/etc/containers/filler bs=1k 2>/dev/null; true",
        f"cannot write beside /etc/containers/registries.conf.d/90-dockyard.conf: no space left on device; {AS_BEFORE}",
    ),
    "full /var/lib/dockyard": (
        "mkdir -p /var/lib/dockyard; mount -t tmpfs -o size=4k,mode=700 full /var/lib/dockyard; "
        "dd if=/dev/zero of=/var/lib/dockyard/filler bs=1k 2>/dev/null; true",
        f"cannot write the journal /var/lib/dockyard/journal.json: no space left on device; {AS_BEFORE}",
    ),
}


@pytest.mark.parametrize("disk", DISKS)
def test_a_disk_that_takes_nothing(controller, podman1, disk):
    script, sentence = DISKS[disk]
    podman1.sh(script)
    before = podman1.facts()
    run = controller.task(podman1, "container_registries", POLICY)
    assert run.rc == 2
    assert fnmatch.fnmatchcase(run.last["msg"], sentence), run.last["msg"]
    assert podman1.facts() == before
    assert podman1.leftovers() == ""


# -- engines that misbehave -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin1", ["sysconfig", "registries-toml"], indirect=True)
@pytest.mark.parametrize("fault", [("docker-dies-on", "untrusted.lab.example"), ("docker-ignores-file",)], ids="-".join)
def test_an_engine_that_does_not_take_the_policy_gets_the_old_one_back(controller, origin1, fault):
    old = origin1.lists()
    before = origin1.facts()
    lab("fault", "origin1", *fault)
    run = controller.task(origin1, "container_registries", POLICY)
    assert run.rc == 2 and run.last["rolled_back"], run.output
    assert run.last["msg"].endswith("everything is as it was before")
    assert run.last["msg"].startswith("restart docker.service: " if len(fault) > 1 else NOT_TAKEN)
    assert origin1.sh("systemctl is-active docker") == "active\n"
    lab("fault", "origin1", "off")
    if fault == ("docker-ignores-file",):
        origin1.sh("systemctl restart docker")
    assert origin1.facts() == before and origin1.lists() == old
    assert origin1.leftovers() == ""


HANGING = "#!/bin/sh\nsleep 3333\n"


def test_an_engine_that_does_not_answer_is_left_alone(controller, node):
    before = node.facts()
    if node.name == "origin1":
        lab("fault", "origin1", "docker-hangs")
    else:
        node.write("/usr/local/bin/podman", HANGING)
        node.sh("chmod 755 /usr/local/bin/podman")
    begin = time.monotonic()
    run = controller.task(node, "container_registries", POLICY)
    assert time.monotonic() - begin < 20
    assert run.rc == 2
    assert run.last["msg"].startswith(
        f"{'docker' if node.name == 'origin1' else 'podman'} info gave no answer within 10 s"
    )
    assert run.last["msg"].endswith("nothing was changed")
    assert node.sh("pgrep -f '[s]leep 3333|[d]ocker info'", check=False) == ""
    assert node.facts() == before


# -- files that are not plain -----------------------------------------------------------------------------------------


def test_links_modes_and_owners_stay(controller, origin1):
    origin1.sh(
        "mkdir -p /srv/conf; mv /etc/sysconfig/docker /srv/conf; ln -s ../../srv/conf/docker /etc/sysconfig; "
        "chmod 0640 /srv/conf/docker; chown 1:2 /srv/conf/docker"
    )
    assert controller.task(origin1, "container_registries", POLICY).rc == 0
    assert_has(origin1, POLICY)
    assert origin1.sh("readlink /etc/sysconfig/docker; stat -c '%a %u %g' /srv/conf/docker; rm -r /srv/conf") == (
        "../../srv/conf/docker\n640 1 2\n"
    )


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "cp /etc/sysconfig/docker /tmp/docker; mount --bind /tmp/docker /etc/sysconfig/docker",
            "/etc/sysconfig/docker: it is a mount point (bind mount); everything is as it was before",
        ),
        (
            "rm /etc/sysconfig/docker; ln -s /srv/nowhere /etc/sysconfig/docker",
            "/etc/sysconfig/docker: dangling symbolic link to /srv/nowhere",
        ),
        ("rm /etc/sysconfig/docker; mkfifo /etc/sysconfig/docker", "/etc/sysconfig/docker: not a regular file (fifo)"),
    ],
    ids=["bind mount", "dangling link", "fifo"],
)
def test_a_file_that_is_not_plain_is_refused(controller, origin1, script, sentence):
    origin1.sh(script)
    try:
        before = origin1.facts()
        run = controller.task(origin1, "container_registries", POLICY)
        assert (run.rc, run.last["msg"]) == (2, sentence)
        assert origin1.facts() == before
    finally:
        origin1.sh("umount /etc/sysconfig/docker 2>/dev/null; rm -f /etc/sysconfig/docker /tmp/docker")


def test_a_file_that_cannot_be_parsed_is_refused_with_its_line(controller, podman1):
    podman1.sh("printf '[[registry]]\\nprefix =\\n' > /etc/containers/registries.conf.d/50-broken.conf")
    before = podman1.facts()
    run = controller.task(podman1, "container_registries", POLICY)
    assert run.rc == 2
    assert run.last["msg"].startswith("/etc/containers/registries.conf.d/50-broken.conf: line 2")
    assert podman1.facts() == before
