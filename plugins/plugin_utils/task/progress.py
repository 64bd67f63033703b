# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says while it works."""

from __future__ import annotations

import sys
from contextlib import suppress

from ansible.utils.display import Display  # type: ignore[import-untyped]


def say(line: str) -> None:
    """Show a line now, not only with the result."""
    Display().display(line)


def _let_lines_through() -> None:
    """Let each line reach a pipe when it is written.

    ansible-core 2.16 leaves that to Python, which waits for 8 KiB: half a rollout in the log of a CI job. Lines of
    workers are written by the process that loaded the action before it made them, and so comes by here.
    """
    if hasattr(sys.stdout, "reconfigure"):
        with suppress(OSError, ValueError):  # nobody may read the pipe any more
            sys.stdout.reconfigure(line_buffering=True)


_let_lines_through()
