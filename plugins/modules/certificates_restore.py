#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: certificates_restore
short_description: Put back the certificates of registries that an archive holds
version_added: 1.0.0
description:
  - Onto the same host, or one that took its place. What differs from the archive is planned, shown, written as a whole
    and proved as M(dockyard.openshift.registry_trust) does it. What the archive does not know stays.
  - The archive is verified first. One that is damaged, cut off, or holds anything but certificates in their places, a
    link or a device is refused, and nothing is written.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes
# BEGIN make docs: options
options:
  path:
    description: The archive on the controller, encrypted or not.
    type: path
    required: true
  other_host:
    description: Whether the archive may be that of another host.
    type: bool
    default: false
  verify:
    description: V(full) makes the host verify the certificates against its trust store and connect to
      the registries; a registry that cannot be reached is not a failure. V(store) does the first only,
      V(none) neither.
    type: str
    choices: [full, store, none]
    default: full
  activation:
    description: What to do when an engine must be restarted to see what changed. V(if_idle) refuses,
      before anything is written, a restart that would take down running containers. V(now) restarts the
      engine. V(defer) does not, and RV(pending) says so in every run until the engine was restarted.
    type: str
    choices: [now, if_idle, defer]
    default: if_idle
  expect_plan:
    description: Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse
      any other.
    type: str
# END make docs
seealso:
  - module: dockyard.openshift.certificates_backup
"""

EXAMPLES = r"""
- name: Put the certificates back
  dockyard.openshift.certificates_restore:
    path: /srv/backup/certificates/{{ inventory_hostname }}.tar
"""

RETURN = r"""
# BEGIN make docs: returned trust report verified
verified:
  description: What the host reports for each registry that it tried to reach; empty when nothing changed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name or address of the registry.
      type: str
    engine:
      description: The engine whose view of trust was used.
      type: str
    outcome:
      description: V(trusted), or V(unreachable), which is not a failure. V(untrusted) fails the task.
      type: str
    reason:
      description: Reason for the outcome.
      type: str
# END make docs
# BEGIN make docs: returned
plan:
  description: What changes and why. C(changes) is empty when there is nothing to do.
  returned: success
  type: dict
  contains:
    id:
      description: Identifies this plan. The same id means the same changes to the same files, down to
        what is sent.
      type: str
    text:
      description: The plan as text for a person, several lines.
      type: str
    disruption:
      description: The largest disruption that running workloads notice.
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
          description: What asked for this change.
          type: str
        before:
          description: Our settings in the file before, one a line.
          type: str
        after:
          description: Our settings in the file afterwards, one a line.
          type: str
        disruption:
          description: One of V(none), V(reload), V(restart), V(drain), V(reboot).
          type: str
        whom:
          description: The unit or engine that is disturbed.
          type: str
        undo:
          description: How this change is undone when something fails.
          type: str
        asked_by:
          description:
            - The variables without which this change would not be, or options of the task that the task
              itself gives.
            - Empty for what an interrupted run has left to do.
          type: list
          elements: str
          sample:
            - registry_policy.search
            - openshift_docker_options
notes:
  description: Remarks for a person, for instance how an entry was understood.
  returned: success
  type: list
  elements: str
pending:
  description: What keeps it from being in force, restarts that were deferred or pools whose nodes are
    not up to date.
  returned: success
  type: list
  elements: str
diff:
  description: What changes in the settings of each file, in diff mode.
  returned: in diff mode
  type: list
  elements: dict
rolled_back:
  description: Whether something failed and everything was put back.
  returned: always
  type: bool
# END make docs
"""
