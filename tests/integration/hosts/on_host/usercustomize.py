# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a module stand still on a real host at a moment that a test asks for; every Python there reads this at start.

/run/moment/wanted holds names of functions ("Class.function") in the order in which they have to be called. When the
last of them is, the process writes its id into /run/moment/held and waits until that file is gone.
"""

import os
import sys
import time

WANTED = "/run/moment/wanted"
HELD = "/run/moment/held"


def stand_still():
    with open(HELD + ".new", "w") as stream:
        stream.write(str(os.getpid()))
    os.rename(HELD + ".new", HELD)
    while os.path.exists(HELD):
        time.sleep(0.01)


def watch_for(names):
    def watch(frame, event, _argument):
        owner, _dot, function = names[0].rpartition(".")
        if event != "call" or frame.f_code.co_name != function:
            return
        if owner and frame.f_locals["self"].__class__.__name__ != owner:
            return
        del names[0]
        if not names:
            sys.setprofile(None)
            stand_still()

    return watch


if os.path.exists(WANTED):
    with open(WANTED) as wanted:
        sys.setprofile(watch_for(wanted.read().split()))
