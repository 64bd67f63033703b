# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a change goes through the nodes of OpenShift 4, pool by pool, and how its end is known.

What is seen becomes a judgement in progress.py, which is pure; what the nodes shall have is computed from the objects
of the cluster in expected.py; service.py looks, waits and says how far it is.
"""
