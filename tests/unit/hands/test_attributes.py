# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new file has the attributes of the old one: nobody gains access, and nobody loses it."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from .conftest import Host

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")

ACL = "system.posix_acl_access"
NOBODY = 0xFFFFFFFF


def access_list(user: int, others: int = 0) -> bytes:
    """For the owner and this user to read and write; the group may do nothing."""
    entries = [(1, 6, NOBODY), (2, 6, user), (4, 0, NOBODY), (16, 6, NOBODY), (32, others, NOBODY)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


def give(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            pytest.skip("this file system has no such attributes")
        raise


@pytest.fixture
def listed(host: Host) -> Path:
    """A file of root:1000, mode 0600, that user 1234 may read and write through its access list."""
    path = host.root / "x"
    path.write_text("old")
    path.chmod(0o600)
    os.chown(path, 0, 1000)
    give(path, ACL, access_list(1234))
    give(path, "user.note", b"theirs")
    return path


def about(path: Path) -> tuple[Any, ...]:
    found = path.stat()
    names = {name: os.getxattr(path, name) for name in os.listxattr(path) if not name.startswith("security.")}
    return oct(found.st_mode & 0o7777), found.st_uid, found.st_gid, names


CHANGE = {"files": [{"path": "x", "before": "old", "content": "new"}]}


def test_access_lists_and_attributes_stay(host: Host, listed: Path) -> None:
    before = about(listed)
    assert host.transaction(CHANGE)["result"]["committed"]
    assert listed.read_text() == "new" and about(listed) == before


@pytest.mark.parametrize("keep", [True, False])
def test_they_come_back_with_the_old_file(host: Host, listed: Path, keep: bool) -> None:
    """Also where the old file did not stand beside the new one, and only the journal knows it."""
    before = about(listed)
    change = {"files": [{**CHANGE["files"][0], "keep": keep}], "checks": [{"name": "no", "argv": ["false"]}]}
    assert host.transaction(change)["result"]["rolled_back"]
    assert listed.read_text() == "old" and about(listed) == before


def test_a_replaced_file_gets_no_default_attributes_of_its_directory(host: Host) -> None:
    give(host.root, "system.posix_acl_default", access_list(1234))
    path = host.root / "x"
    path.write_text("old")
    os.removexattr(path, ACL)
    path.chmod(0o640)
    before = about(path)
    assert host.transaction(CHANGE)["result"]["committed"]
    assert about(path) == before


def test_a_mode_that_is_asked_for_counts(host: Host, listed: Path) -> None:
    change = {"files": [{**CHANGE["files"][0], "mode": "0600"}]}
    assert host.transaction(change)["result"]["committed"]
    assert oct(listed.stat().st_mode & 0o7777) == "0o600" and os.getxattr(listed, "user.note") == b"theirs"
