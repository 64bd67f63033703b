# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are, and what lab.toml says."""

from __future__ import annotations

from pathlib import Path

import tomllib

LAB = Path(__file__).resolve().parent.parent
CACHE = LAB.parent.parent / ".cache" / "lab"
# every container and image of the lab carries it: `down` removes by label, never by a guess
LABEL = "dockyard.lab=1"

_conf = tomllib.loads((LAB / "lab.toml").read_text())
NETWORK: dict = _conf["network"]
IMAGES: dict[str, dict] = _conf["image"]
NODES: dict[str, dict] = _conf["node"]
REGISTRIES: dict[str, dict] = _conf["registry"]
TEST_IMAGES: dict[str, str] = _conf["test_image"]
REGISTRY_ADDRESS: str = NODES["registry"]["address"]
TLS_NAMES: list[str] = NODES["registry"]["names"]
PRIVATE_PORT: int = REGISTRIES["private"]["listen"][0]
