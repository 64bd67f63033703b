# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The word `trust` of a task: from its options, and the files on the controller that they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .policy import TEXTS, Trust, entries_of, read_trust


def trust_of(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide_key: Callable[[str], None]
) -> Trust:
    """The word `trust` of these options, judged at this time. Raises Problem.

    read_file: the bytes of a file on the controller; hide_key: is told every private key.
    """
    entries = entries_of(options["trust"])
    read: dict[str, str] = {}  # one authority may sign for all registries
    for entry in entries or ():
        for text in TEXTS:
            path = entry.pop(f"{text}_file", None) if text not in entry else None
            if path is not None and str(path) not in read:
                read[str(path)] = read_file(str(path)).decode("utf-8", "replace")
            if path is not None:
                entry[text] = read[str(path)]
        hide_key(str(entry.get("client_key", "")))
    return read_trust(entries, now, warn_days=options["warn_days"])
