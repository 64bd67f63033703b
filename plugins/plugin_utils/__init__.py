# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The brain of the tasks. All of it is private to this collection: names, shapes and places change in any release.

What others may use are tasks, filters, roles and playbooks. How this is built: docs/architecture.md in the repository.
"""
