# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_storage on disks as they are found in the field: it grows, switches, or refuses, and nothing else changes.

A row of disks.yml: from (a state of states.yml), before (a script that makes the layout), storage (options of the
task), ends (refused, changed or unchanged), says (in the message or the plan), then (a command → what it prints),
touches (disks that may differ afterwards), same (commands that print the same before and after), reboots (whether
`then` has to hold after a power loss, too).
"""

from __future__ import annotations

import json

import pytest

from .conftest import checksums, chosen, looks, storage, table

#: What a run that changes nothing leaves as it was, beside the disks: files, what runs, what is mounted, other groups.
#: Warnings of LVM stand before or behind its lines, as it comes.
STATE = """
find /etc/sysconfig /etc/systemd/system /etc/lvm/profile /etc/fstab /etc/docker -type f 2>/dev/null | sort |
  xargs sha256sum
systemctl is-active docker.service docker.socket atomic-openshift-node.service
findmnt -rno TARGET,SOURCE -t ext4,xfs,vfat,btrfs
lvs --noheadings -o vg_name,lv_name,lv_uuid,lv_size 2>/dev/null
"""
#: What belongs to other groups than the one that the task names. Not aligned: a new group would move the columns.
OTHERS = """
vgs --noheadings --unaligned --separator , -o vg_name,vg_uuid,vg_seqno,vg_size 2>/dev/null | sort |
  grep -vw {group} || true
"""


def layouts(ends):
    """Choose rows for this run: those that the week takes, or all."""
    return chosen([row for row in table("disks.yml") if row["ends"] == ends])


def begin(disks, row):
    """Make the layout; return what it is, for the comparison."""
    disks.begin(row.get("from", "base"))
    disks.machine.sh("set -e\n" + row.get("before", ":"))
    others = OTHERS.format(group=row["storage"].get("settings", {}).get("VG", "docker_vol"))
    same = "\n".join([others, *row.get("same", [])])
    return same, disks.look(STATE), disks.look(same), disks.settled()


def said(result):
    return " ".join([result.get("msg", ""), *result.get("account", []), *result.get("warnings", [])])


def holds(row, result):
    for text in row.get("says", []):
        assert text in said(result), result


def refusals():
    """Put the rows together that begin with the same layout: what is refused leaves it as it was for the next."""
    groups = {}
    for row in table("disks.yml"):
        if row["ends"] == "refused":
            groups.setdefault((row.get("from", "base"), row.get("before", "")), []).append(row)
    return [pytest.param(rows, id=f"{rows[0]['name']}, and {len(rows) - 1} more") for rows in groups.values()]


@pytest.mark.parametrize("rows", refusals())
def test_refused(disks, subtests, rows):
    _same, state, _others, contents = begin(disks, rows[0])
    results = disks.play(*(storage(row["storage"]) for row in rows))
    for row, result in zip(rows, results, strict=True):
        with subtests.test(row["name"]):
            assert result["failed"], result
            assert row["says"], "a refusal is known by its reason"
            holds(row, result)
    assert disks.machine.checksums() == contents
    assert disks.look(STATE) == state


@pytest.mark.parametrize("row", layouts("unchanged"))
def test_unchanged(disks, row):
    _same, state, _others, contents = begin(disks, row)
    (result,) = disks.play(storage(row["storage"]))
    assert not result["failed"], result
    assert result["changed"] is False, result
    holds(row, result)
    assert disks.machine.checksums() == contents
    assert disks.look(STATE) == state


@pytest.mark.parametrize("row", layouts("changed"))
def test_changed(disks, row):
    same, state, others, contents = begin(disks, row)
    options = row["storage"]
    check, after_check, state_after_check, real, again = disks.play(
        storage(options, check=True), checksums(), looks(STATE), storage(options), storage(options)
    )
    assert not check["failed"], check
    assert check["changed"] is True
    assert json.loads(after_check["stdout"]) == contents
    assert state_after_check["stdout"].split() == state.split()
    assert not real["failed"], real
    assert real["changed"] is True
    holds(row, real)
    assert (again["failed"], again["changed"]) == (False, False), again
    is_as_promised(disks, row)
    assert disks.look(same) == others
    afterwards = disks.machine.checksums()
    touched = {name for name in contents if afterwards[name] != contents[name]}
    assert touched <= set(row["touches"])
    if row.get("reboots"):
        disks.machine.lose_power()
        disks.look("systemctl is-system-running --wait >/dev/null || true")
        is_as_promised(disks, row)


def is_as_promised(disks, row):
    for command, answer in row.get("then", {}).items():
        assert " ".join(disks.look(command).split()) == str(answer), command
