# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which login would be used, by file and key."""

from __future__ import annotations

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils import auth_files, references
from ansible_collections.dockyard.openshift.plugins.plugin_utils.observed import HostProblem
from cases import cases
from hosts import host

PATHS = dict(zip(("run", "config", "docker", "old"), auth_files.FILES, strict=True))


def find(case):
    files = {path: case[name] for name, path in PATHS.items() if name in case}
    return auth_files.find(host(files), references.parse(case["image"]))


@pytest.mark.parametrize("case", cases("auth_files/find.yml", having="found"))
def test_found(case):
    file, key = case["found"] or (None, None)
    assert find(case) == ({"file": PATHS[file], "key": key} if file else None)


@pytest.mark.parametrize("case", cases("auth_files/find.yml", having="refused"))
def test_refused(case):
    with pytest.raises(HostProblem) as problem:
        find(case)
    assert str(problem.value).startswith(f"{PATHS[case['refused']]}: ")
