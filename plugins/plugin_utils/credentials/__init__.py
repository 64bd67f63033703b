# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins to registries: the files and secrets that hold them, and which entry an engine uses for an image.

No result and no sentence of this package holds a password, a token or the text of an entry.
"""
