# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases below tests/data, one pytest parameter a case; and upstream's own tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

DATA = Path(__file__).resolve().parents[1] / "data"


def cases(file: str, having: str | None = None) -> list:
    """The cases of a table, named after themselves; only those that have a key, when one is given."""
    table = yaml.safe_load((DATA / file).read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in table if having is None or having in case]


def upstream(shared_dir: Path, number: int) -> list[dict[str, Any]]:
    """The cases of one table that was cut from a project whose behaviour we predict."""
    return json.loads(next((shared_dir / "upstream-cases").glob(f"{number:02}_*.json")).read_text())["cases"]
