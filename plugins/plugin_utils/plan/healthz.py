# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a master of OpenShift 3 is asked whether it has come back after a restart."""

from __future__ import annotations

from .draft import Check

_HEALTHY = ({"pattern": "^ok"},)
_DELAY = 2


def address(bound: str) -> str:
    """Return HOST:PORT at which an API that listens on servingInfo.bindAddress answers on the host itself."""
    host, _colon, port = (bound or "0.0.0.0:8443").rpartition(":")
    everywhere = host in ("", "0.0.0.0", "[::]", "::")
    return f"{'127.0.0.1' if everywhere else host}:{port if port.isdigit() else '8443'}"


def check(bound: str, timeout: int) -> Check:
    """Make the check that waits so many seconds for the API."""
    # A proxy in the environment of the host is not asked: it cannot know whether this host answers itself.
    url = f"https://{address(bound)}/healthz"
    argv = ("curl", "--silent", "--show-error", "--insecure", "--noproxy", "*", "--max-time", "5", url)
    return Check(f"{url} answers ok", argv, _HEALTHY, attempts=max(timeout // _DELAY, 1), delay=_DELAY, timeout=10)
