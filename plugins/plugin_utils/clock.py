# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time of day, asked for here alone, so that tests can say which it is; and how Kubernetes writes one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial

#: Where the time comes from.
source: Callable[[], datetime] = partial(datetime.now, timezone.utc)
_TO_THE_SECOND = "%Y-%m-%dT%H:%M:%SZ"


def now() -> datetime:
    """Return the time in UTC."""
    return source()


def stamp(moment: datetime) -> str:
    """Write a time in UTC to the second, such as 2026-06-01T12:00:00Z."""
    return moment.strftime(_TO_THE_SECOND)


def moment_of(stamp: str) -> datetime:
    """Read what stamp wrote. Raises ValueError."""
    return datetime.strptime(stamp, _TO_THE_SECOND).replace(tzinfo=timezone.utc)
