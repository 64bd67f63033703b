# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_storage on disks as they are found in the field: it grows, switches, or refuses, and nothing else changes.

A row of disks.yml: from (a state of states.yml), before (a script that makes the layout), storage (options of the
task), ends (refused, changed or unchanged), says (in the message or the plan), then (a command → what it prints),
touches (disks that may differ afterwards), same (commands that print the same before and after).
"""

from __future__ import annotations

import json

import pytest

from .conftest import checksums, chosen, looks, storage, table

#: What a run that changes nothing leaves as it was, beside the disks: files, what runs, what is mounted, other groups.
STATE = """
find /etc/sysconfig /etc/systemd/system /etc/lvm/profile /etc/fstab /etc/docker -type f 2>/dev/null | sort |
  xargs sha256sum
systemctl is-active docker.service docker.socket atomic-openshift-node.service
findmnt -rno TARGET,SOURCE -t ext4,xfs,vfat,btrfs
lvs --noheadings -o vg_name,lv_name,lv_uuid,lv_size
"""
#: What belongs to other groups than the one that the task names.
OTHERS = "vgs --noheadings -o vg_name,vg_uuid,vg_seqno,vg_size | sort | grep -vw {group} || true"
ENDS = ("refused", "changed", "unchanged")


def layouts(ends):
    """Choose rows for this run: every refusal, and of the others what the week takes."""
    rows = [row for row in table("disks.yml") if row["ends"] == ends]
    return [pytest.param(row, id=row["name"]) for row in rows if chosen(row["name"], ends == "refused")]


def begin(disks, row):
    """Make the layout; return what it is, for the comparison."""
    disks.begin(row.get("from", "base"))
    made = disks.machine.sh("set -e\n" + row.get("before", ":"))
    others = OTHERS.format(group=row["storage"].get("settings", {}).get("VG", "docker_vol"))
    same = "\n".join([others, *row.get("same", [])])
    return made, same, disks.look(STATE), disks.look(same), disks.machine.checksums()


def said(result):
    return " ".join([result.get("msg", ""), *result.get("account", []), *result.get("warnings", [])])


def holds(row, result):
    for text in row.get("says", []):
        assert text in said(result), result


@pytest.mark.parametrize("row", layouts("refused"))
def test_refused(disks, row):
    _made, _same, state, _others, contents = begin(disks, row)
    (result,) = disks.play(storage(row["storage"]))
    assert result.get("failed"), result
    assert not result.get("exception"), result
    holds(row, result)
    assert row.get("says"), "a refusal is known by its reason"
    assert disks.machine.checksums() == contents
    assert disks.look(STATE) == state


@pytest.mark.parametrize("row", layouts("unchanged"))
def test_unchanged(disks, row):
    _made, _same, state, _others, contents = begin(disks, row)
    (result,) = disks.play(storage(row["storage"]))
    assert not result.get("failed"), result
    assert result["changed"] is False, result
    holds(row, result)
    assert disks.machine.checksums() == contents
    assert disks.look(STATE) == state


@pytest.mark.parametrize("row", layouts("changed"))
def test_changed(disks, row):
    _made, same, state, others, contents = begin(disks, row)
    options = row["storage"]
    check, after_check, state_after_check, real, again = disks.play(
        storage(options, check=True), checksums(), looks(STATE), storage(options), storage(options)
    )
    assert not check.get("failed"), check
    assert check["changed"] is True
    assert json.loads(after_check["stdout"]) == contents
    assert state_after_check["stdout"].split() == state.split()
    assert not real.get("failed"), real
    assert real["changed"] is True
    holds(row, real)
    assert (again.get("failed", False), again["changed"]) == (False, False), again
    for command, answer in row.get("then", {}).items():
        assert " ".join(disks.machine.sh(command).split()) == str(answer), command
    assert disks.look(same) == others
    afterwards = disks.machine.checksums()
    touched = {name for name in contents if afterwards[name] != contents[name]}
    assert touched <= set(row["touches"])
