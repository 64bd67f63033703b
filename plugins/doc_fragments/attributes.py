# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would without it.
    support: full
  diff_mode:
    description: Returns what has changed, or would change, in diff mode.
    support: full
  action:
    description: Runs on the controller and reads and writes the host through two small modules.
    support: full
  async:
    description: Supports being run with the C(async) keyword.
    support: none
  platform:
    description: Where it runs.
    platforms: Linux
    support: full
"""

    # A task that contacts nobody.
    CONTROLLER = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would without it.
    support: full
  diff_mode:
    description: Returns what has changed, or would change, in diff mode.
    support: N/A
  action:
    description: Runs on the controller and contacts nobody.
    support: full
  async:
    description: Supports being run with the C(async) keyword.
    support: none
  platform:
    description: Where it runs.
    platforms: Linux
    support: full
"""

    # A task about a cluster.
    CLUSTER = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would without it.
    support: full
  diff_mode:
    description: Returns what has changed, or would change, in diff mode.
    support: full
  action:
    description: Runs on the controller and speaks to the API server of the cluster.
    support: full
  async:
    description: Supports being run with the C(async) keyword.
    support: none
  platform:
    description: Where it runs.
    platforms: Linux
    support: full
"""

    # A task that only reads.
    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would without it.
    support: full
  diff_mode:
    description: Returns what has changed, or would change, in diff mode.
    support: N/A
  action:
    description: Runs on the controller and reads the host through one small module.
    support: full
  async:
    description: Supports being run with the C(async) keyword.
    support: none
  platform:
    description: Where it runs.
    platforms: Linux
    support: full
"""
