# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our programs on a host, run by any Python that it has."""

from __future__ import annotations

#: What is run when there is no Python: the first word after the shell.
_RUN = (
    "missing=$1; shift; for p in /usr/libexec/platform-python python3 python2 python; do "
    'command -v "$p" >/dev/null 2>&1 && exec "$p" -c "$@"; done; eval "$missing"'
)
_MISSING = "echo 'this host has no Python' >&2; exit 1"


def with_python(program: str, *words: str, missing: str = _MISSING) -> tuple[str, ...]:
    """Return the command that runs a program, by its text, with these words. missing: a shell's command instead."""
    return ("sh", "-c", _RUN, "sh", missing, program, *words)
