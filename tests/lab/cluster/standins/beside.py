# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all stand-ins share: they work in a thread beside a test."""

from __future__ import annotations

import threading
from typing import Any


class Beside:
    """Works from the beginning of a `with` to its end. failures: what went wrong meanwhile, for the test to look at."""

    def __init__(self, pause: float = 0.2) -> None:
        self.pause = pause
        self.ended, self.failures = threading.Event(), list[BaseException]()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def sync(self) -> None:
        """Look once, and do what there is to do."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        self.thread.join()

    def _work(self) -> None:
        while not self.ended.wait(self.pause):
            try:
                self.sync()
            except BaseException as failure:  # told to the test, which would wait for nothing otherwise
                self.failures.append(failure)
