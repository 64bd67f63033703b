# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What breaks while a host is made to trust a registry: the next run has it as a whole, or all is as it was."""

from __future__ import annotations

import pytest
from test_trust import ALL, NAMES, PORT, assert_pulls, assert_refused, bundle_of, entry, everything, trust

pytestmark = pytest.mark.trust

#: On origin1 and moby1 the bare name is what a daemon has to be restarted for; "restarting" is while the store is made.
KILLED = {
    "podman1": ("staged", "between two renames", "renamed", "restarting", "checking", "before the journal goes"),
    "origin1": ("between two renames", "restarting", "restarted", "checked"),
    "moby1": ("restarting",),
}
KILLED_AT = [(name, moment) for name, moments in KILLED.items() for moment in moments]


def steps(*entries):
    return [{"trust": each} for each in entries]


def killed(controller, node, moment, *more):
    """A run whose first task is killed at the moment; the results of all its tasks."""
    node.stop_at(moment)
    started = controller.begin(node, *more, task="registry_trust")
    node.go_on(f"kill -9 {node.stopped()}")
    tasks = controller.ended(started).tasks
    assert tasks[0]["msg"] == "the module was interrupted on the host; the next run repairs that"
    return tasks


@pytest.mark.parametrize(("name", "moment"), KILLED_AT, ids=map(" ".join, KILLED_AT))
def test_killed_then_run_again(controller, untrusting, name, moment):
    node = untrusting(name)
    _killed, again, unchanged = killed(controller, node, moment, *steps(ALL, ALL, ALL))
    assert again["changed"] and "an earlier run was interrupted" in again["plan"]["text"], again
    assert not unchanged["changed"], unchanged
    assert_pulls(node, *NAMES)
    assert node.leftovers() == ""


@pytest.mark.parametrize("moment", ["renamed", "restarting", "checked"])
def test_killed_while_it_is_taken_away(controller, untrusting, moment):
    """A daemon that still believes is the worst that may be left."""
    origin1 = untrusting("origin1")
    before = everything(origin1)
    assert trust(controller, origin1, ALL).rc == 0
    _killed, again, unchanged = killed(controller, origin1, moment, *steps([], [], []))
    assert again["changed"] and not unchanged["changed"], again
    assert everything(origin1) == before and origin1.leftovers() == ""
    assert_refused(origin1, *NAMES)


# Half of its work, and then the machine dies: what is killed is the module, and all that it has started.
DIES = """#!/bin/sh
head -c 20000 {bundle} > {bundle}.half; cat {bundle}.half > {bundle}; rm {bundle}.half
kill -9 $PPID
"""


@pytest.mark.parametrize("name", ["podman1", "origin1"])
def test_an_update_that_was_cut_off_half_way_is_repaired(controller, untrusting, name):
    node = untrusting(name)
    bundle, before = bundle_of(node), everything(node)
    tool = "update-ca-trust" if name == "origin1" else "update-ca-certificates"
    node.write(f"/usr/local/bin/{tool}", DIES.format(bundle=bundle))
    # before any directory of the system, as an administrator's own wrapper would be
    node.sh(
        f"chmod 755 /usr/local/bin/{tool}; mkdir -p /usr/local/sbin; mv /usr/local/bin/{tool} /usr/local/sbin/{tool}"
    )
    try:
        cut = trust(controller, node, ALL)
        assert cut.rc == 2 and "was interrupted on the host" in cut.last["msg"], cut.output
        assert node.sh(f"wc -c < {bundle}").strip() == "20000", "the store is half of what it was"
    finally:
        node.sh(f"rm /usr/local/sbin/{tool}")
    run = trust(controller, node, ALL)
    assert run.rc == 0, run.output
    assert_pulls(node, *NAMES)
    assert trust(controller, node, []).rc == 0
    assert everything(node) == before and node.leftovers() == ""


def test_a_store_that_somebody_broke_is_made_again(controller, untrusting):
    """podman would still find what it needs in a directory beside it; other programs would not."""
    podman1 = untrusting("podman1")
    assert trust(controller, podman1, ALL).rc == 0
    whole = everything(podman1)
    podman1.sh(f": > {bundle_of(podman1)}")
    assert trust(controller, podman1, ALL).last["changed"]
    assert everything(podman1) == whole


# -- disks ------------------------------------------------------------------------------------------------------------

ANCHORS = "/usr/local/share/ca-certificates"
DISKS = {
    "read-only anchors": (
        f"mount --bind {ANCHORS} {ANCHORS} && mount -o remount,ro,bind {ANCHORS}", f"umount {ANCHORS}",
        f"cannot write beside {ANCHORS}/dockyard-", "read-only file system; everything is as it was before",
    ),
    "read-only certs.d": (
        "mkdir -p /etc/containers/certs.d; mount --bind /etc/containers/certs.d /etc/containers/certs.d && "
        "mount -o remount,ro,bind /etc/containers/certs.d", "umount /etc/containers/certs.d",
        "cannot create the directory /etc/containers/certs.d/", "read-only file system; everything is as it was before",
    ),
    "full certs.d": (
        "mkdir -p /etc/containers/certs.d; mount -t tmpfs -o size=8k,mode=755 full /etc/containers/certs.d; "
        "dd if=/dev/zero of=/etc/containers/certs.d/filler bs=1k 2>/dev/null; true", "umount /etc/containers/certs.d",
        "/etc/containers/certs.d/", "no space left on device; everything is as it was before",
    ),
    "full anchors": (
        f"mount -t tmpfs -o size=4k,mode=755 full {ANCHORS}; "
        f"dd if=/dev/zero of={ANCHORS}/filler bs=1k 2>/dev/null; true",
        f"umount {ANCHORS}", f"cannot write beside {ANCHORS}/dockyard-",
        "no space left on device; everything is as it was before",
    ),
    "full /var/lib/dockyard": (
        "mkdir -p /var/lib/dockyard; mount -t tmpfs -o size=4k,mode=700 full /var/lib/dockyard; "
        "dd if=/dev/zero of=/var/lib/dockyard/filler bs=1k 2>/dev/null; true", "umount /var/lib/dockyard",
        "cannot write the journal /var/lib/dockyard/journal.json: ",
        "no space left on device; everything is as it was before",
    ),
}  # fmt: skip


@pytest.mark.parametrize("disk", DISKS)
def test_a_disk_that_takes_nothing(controller, untrusting, disk):
    podman1 = untrusting("podman1")
    script, undo, begin, end = DISKS[disk]
    podman1.sh(script)
    try:
        before = everything(podman1)
        run = trust(controller, podman1, ALL)
        assert run.rc == 2 and begin in run.last["msg"] and run.last["msg"].endswith(end), run.output
        assert everything(podman1) == before and podman1.leftovers() == ""
    finally:
        podman1.sh(undo)
    assert trust(controller, podman1, ALL).rc == 0
    assert_pulls(podman1, *NAMES)


def test_a_bundle_that_cannot_be_written(controller, untrusting):
    """The store's own tool fails, and fails again when all is put back; what counts is that the files are."""
    podman1 = untrusting("podman1")
    podman1.sh("mount --bind /etc/ssl/certs /etc/ssl/certs && mount -o remount,ro,bind /etc/ssl/certs")
    try:
        before = everything(podman1)
        run = trust(controller, podman1, ALL)
        assert run.rc == 2 and "update-ca-certificates" in run.last["msg"], run.output
        assert everything(podman1) == before
    finally:
        podman1.sh("umount /etc/ssl/certs")
    assert trust(controller, podman1, ALL).rc == 0
    assert_pulls(podman1, *NAMES)
    assert podman1.leftovers() == ""


# -- others at the same time ------------------------------------------------------------------------------------------


def test_a_directory_that_somebody_makes_in_between_is_planned_again(controller, untrusting):
    """Theirs would hide ours."""
    podman1 = untrusting("podman1")
    podman1.stop_at("before the commit")
    started = controller.begin(podman1, {"trust": [entry()], "scope": "engine"}, task="registry_trust")
    podman1.stopped()
    podman1.go_on(f"mkdir -p /root/.config/containers/certs.d/{PORT}")
    run = controller.ended(started)
    assert run.rc == 0 or run.last["rolled_back"], run.output
    again = trust(controller, podman1, [entry()], scope="engine")
    assert again.rc == 0, again.output
    assert_pulls(podman1, PORT)
