#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: registry_policy
short_description: Check a registry policy without contacting any host
version_added: 1.0.0
description:
  - Reads the words of a policy in all their shapes and returns them as plain lists.
  - Fails with one sentence that names the variable, the value and the reason when they cannot be meant.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.policy.variables
  - dockyard.openshift.policy
  - dockyard.openshift.policy.trust
  - dockyard.openshift.attributes.controller
seealso:
  - module: dockyard.openshift.container_registries
"""

EXAMPLES = r"""
- name: Check what the inventory says before any host is touched
  dockyard.openshift.registry_policy:
    search: registry.example.com:5000, registry.access.redhat.com
    blocked: public
"""

RETURN = r"""
policy:
  description: The words that were said, normalised.
  returned: success
  type: dict
  sample:
    search: ["registry.example.com:5000", registry.access.redhat.com]
    blocked: [docker.io]
trust:
  description: Registries to be trusted, and their authorities.
  returned: when O(trust) was given
  type: list
  elements: dict
notes:
  description: How entries were understood, where that is not obvious.
  returned: success
  type: list
  elements: str
"""
