#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_policy
short_description: Bring a whole registry policy to a host, registries and certificates at once
version_added: 1.0.0
description:
  - Does what M(dockyard.openshift.container_registries) and M(dockyard.openshift.registry_trust) do, with one look at
    the host, one plan, one commit and at most one restart of each engine.
  - Whole or not at all counts for everything together. When a registry is not believed afterwards, the new lists are
    taken back too.
  - A call that asks for nothing fails.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.policy.variables
  - dockyard.openshift.policy
  - dockyard.openshift.policy.applying
  - dockyard.openshift.policy.trust
  - dockyard.openshift.policy.trust_applying
  - dockyard.openshift.attributes
options:
  verify:
    description:
      - With V(full) the host verifies the certificates against its trust store and connects to the registries. One
        that cannot be reached is no failure.
      - With V(store) it does the first only, with V(none) neither.
    type: str
    choices: [full, store, none]
    default: full
  activation:
    description:
      - What to do when an engine has to be restarted, for its lists or for the system's trust.
      - With V(if_idle) a restart that would take down running containers is refused before anything is written.
      - With V(now) it is restarted. With V(defer) it is not, and RV(pending) says so in every run until it was.
    type: str
    choices: [now, if_idle, defer]
    default: if_idle
  expect_plan:
    description: Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse any other.
    type: str
seealso:
  - module: dockyard.openshift.host_policy_info
  - module: dockyard.openshift.container_registries
  - module: dockyard.openshift.registry_trust
"""

EXAMPLES = r"""
- name: Search the company's registry, and believe it
  dockyard.openshift.host_policy:
    search: registry.example.com:5000
    trust:
      - registry: registry.example.com:5000
        ca_file: company-ca.crt

- name: What the inventory says
  dockyard.openshift.host_policy:
    from_variables: true
"""

RETURN = r"""
engines:
  description: The engines found, with the lists they have once the plan is applied.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Short name.
      type: str
      sample: docker-fork
    title:
      description: Name for people.
      type: str
    version:
      description: Its version, as it says.
      type: str
    search:
      description: Search list in force.
      type: list
      elements: str
    blocked:
      description: Blocked scopes in force.
      type: list
      elements: str
    insecure:
      description: Insecure scopes in force.
      type: list
      elements: str
registries:
  description: What is to be trusted.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: Its name.
      type: str
    names:
      description: Its name and aliases.
      type: list
      elements: str
    certificates:
      description: The authorities that sign for it.
      type: list
      elements: dict
      contains:
        subject:
          description: Whose it is.
          type: str
        issuer:
          description: Who signed it.
          type: str
        fingerprint:
          description: SHA-256 of it, hexadecimal.
          type: str
        not_before:
          description: Since when it is valid, in UTC.
          type: str
        not_after:
          description: Until when it is valid, in UTC.
          type: str
        days_left:
          description: Whole days until it expires; negative once it has.
          type: int
verified:
  description: What the host said of each registry it tried to reach; empty when nothing changed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name or address of the registry.
      type: str
    engine:
      description: With whose view of trust.
      type: str
    outcome:
      description: V(trusted), or V(unreachable), which is no failure. V(untrusted) fails the task.
      type: str
    reason:
      description: Why.
      type: str
account:
  description: The outcome as a person reads it. A headline, then the plan or what differs, one line each.
  returned: success
  type: list
  elements: str
plan:
  description: What changes and why. With nothing to do its C(changes) is empty.
  returned: success
  type: dict
  contains:
    id:
      description: Names this plan; the same id means the same changes to the same files, down to what is sent.
      type: str
    text:
      description: The plan as a person reads it, several lines.
      type: str
    disruption:
      description: The most that running workloads notice.
      type: str
      sample: restart
    changes:
      description: One entry for each file and each step.
      type: list
      elements: dict
      contains:
        what:
          description: Path of the file, or the step.
          type: str
        why:
          description: What asked for it.
          type: str
        before:
          description: Our settings in it before, one a line.
          type: str
        after:
          description: Our settings in it afterwards, one a line.
          type: str
        disruption:
          description: One of V(none), V(reload), V(restart), V(drain), V(reboot).
          type: str
        whom:
          description: What is disturbed.
          type: str
        undo:
          description: How it is undone when something fails.
          type: str
notes:
  description: What a person may want to know.
  returned: success
  type: list
  elements: str
pending:
  description: Restarts that were deferred and are still to be done.
  returned: success
  type: list
  elements: str
rolled_back:
  description: Whether something failed and everything was put back.
  returned: always
  type: bool
"""
