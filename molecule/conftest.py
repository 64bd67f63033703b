# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests of scenarios on the cluster lab."""

import json
import os
from pathlib import Path

import pytest

CLUSTER = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "tests/lab/cluster/cluster"


@pytest.fixture(scope="module")
def get(host):
    """get(WORD…): what kubectl gets of the API server."""
    return lambda *what: json.loads(host.check_output(f"'{CLUSTER}' kubectl get {' '.join(what)} -o json"))
