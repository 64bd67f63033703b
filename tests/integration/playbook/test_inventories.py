# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example inventories work as they are: the real policy check accepts them, for the hosts one would expect."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import CORES, REPOSITORY, ansible_playbook

CASES = yaml.safe_load((REPOSITORY / "tests/data/playbook/inventories.yml").read_text())


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("case", CASES, ids=[case["inventory"] for case in CASES])
def test_inventory(case: dict[str, Any], core: str, tmp_path: Path) -> None:
    # Only the first play can succeed: nobody listens on port 1, should one of the example names ever resolve.
    nowhere = ["-e", "ansible_host=127.0.0.1", "-e", "ansible_port=1"]
    inventory = REPOSITORY / "inventory" / case["inventory"]
    arguments = ("-v", "-i", inventory, REPOSITORY / "playbooks/registries.yml", *nowhere)
    done = ansible_playbook(core, tmp_path, *arguments, ANSIBLE_CONFIG=REPOSITORY / "ansible.cfg")
    checked = re.findall(r'^ok: \[([^\]]+)\] => (\{.*"policy".*\})$', done.stdout, re.MULTILINE)
    policies = {host: json.loads(result)["policy"] for host, result in checked}
    assert policies == dict.fromkeys(case["hosts"], case["policy"])
    waiting = len(case["hosts"]) - 1
    assert waiting < 1 or f"{waiting} {'was' if waiting == 1 else 'were'} not started" in done.stdout
    assert done.returncode == 2
