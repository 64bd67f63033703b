# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many cases a test generates, and which: CASES and SEED of the environment.

The same seed gives the same cases. Without one it is the week of the year, so that CI sees new cases; the first lines
of the run say it, for a failure to be had again.
"""

from __future__ import annotations

import datetime
import os

from hypothesis import HealthCheck, Phase, settings

SEED = int(os.environ.get("SEED") or "%d%02d" % datetime.date.today().isocalendar()[:2])
CASES = int(os.environ.get("CASES") or 400)
ENOUGH = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
