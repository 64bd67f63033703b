# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML as Go reads it, beside the modules of the other formats."""

from __future__ import annotations

from functools import partial

from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import yaml_text

parse = partial(yaml_text.parse, go=True)
edit = partial(yaml_text.edit, go=True)
