# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person must hear of when it goes wrong: one base class, caught in one place for tasks and one for filters."""

from __future__ import annotations


class Problem(Exception):
    """Something that must be refused. Its text is one sentence for a person."""

    #: The option that is wrong, where the sentence begins with its name: whoever knows the variable that filled the
    #: option puts that name there instead.
    word: str = ""
