#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_policy_info
short_description: Report how a host differs from a whole registry policy
version_added: 1.0.0
description:
  - Asks every engine of the host and reads its files and certificates; changes nothing.
  - Given the options of M(dockyard.openshift.host_policy), it tells whether that task would change something, and what.
  - With O(from_variables=true) it fails when no variable asks for anything.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.policy.variables
  - dockyard.openshift.policy
  - dockyard.openshift.policy.applying
  - dockyard.openshift.policy.trust
  - dockyard.openshift.policy.trust_applying
  - dockyard.openshift.attributes.info
options:
  images:
    description:
      - Images of which to tell in RV(images) where podman, skopeo, buildah and CRI-O of this host would pull them from.
      - Nothing is contacted, and no secret is returned.
    type: list
    elements: str
  expires_in_days:
    description: Name the certificates that expire within so many days in RV(expiring).
    type: int
  query:
    description: A JMESPath query over the other returned values, for RV(selected).
    type: str
seealso:
  - module: dockyard.openshift.host_policy
"""

EXAMPLES = r"""
- name: Is this host as the inventory says?
  dockyard.openshift.host_policy_info:
    from_variables: true
  register: found
  failed_when: found.drift
"""

RETURN = r"""
engines:
  description: The engines found on the host.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Short name.
      type: str
      sample: containers
    title:
      description: Name for people.
      type: str
    version:
      description: Its version, as it says.
      type: str
    running:
      description: Whether a daemon holds the lists in memory.
      type: bool
    mode:
      description: The mode used when none is given.
      type: str
    search:
      description: Search list in force.
      type: list
      elements: str
    blocked:
      description: Blocked scopes in force; V(all) when all but the allowed ones are.
      type: list
      elements: str
    insecure:
      description: Insecure scopes in force.
      type: list
      elements: str
    files:
      description: The files that say so.
      type: list
      elements: str
    problems:
      description: What is wrong with them.
      type: list
      elements: str
images:
  description: One answer for each of O(images), as the filter P(dockyard.openshift.pull_sources#filter) gives it.
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: The image as it was asked for.
      type: str
    candidates:
      description:
        - One for each full name it may stand for, with C(reference), C(prefix), C(refused), C(policy) and C(endpoints).
        - Each endpoint has C(reference), C(location), C(mirror), C(insecure), C(blocked), C(blocked_by) (file, line
          and prefix), C(ca_directory) and C(credential).
        - The credential is the file and key of the login that would be used, or the helper of C(credential-helpers)
          that would be asked, which alone knows whether it has one.
      type: list
      elements: dict
registries:
  description: One entry for each engine and each registry that has a directory in C(certs.d) or was asked for.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name or address of the registry.
      type: str
    engine:
      description: The engine.
      type: str
    directory:
      description: The directory that it reads; null when there is none.
      type: str
    files:
      description: Files with authorities in it.
      type: list
      elements: str
    system_trust:
      description: Whether the engine looks into the trust store of the operating system too.
      type: bool
    certificates:
      description: What the files hold.
      type: list
      elements: dict
      contains: &certificate
        path:
          description: The file.
          type: str
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
    shadowed:
      description: Files in directories that it does not look at, because it found an earlier one.
      type: list
      elements: str
    problems:
      description: What is wrong in the directory.
      type: list
      elements: str
anchors:
  description: Files that somebody added to the trust store of the operating system.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    effective:
      description: Whether programs see all of it.
      type: bool
    certificates:
      description: What it holds.
      type: list
      elements: dict
      contains: *certificate
expiring:
  description: Certificates that expire within O(expires_in_days), soonest first.
  returned: success
  type: list
  elements: dict
  contains: *certificate
days_left:
  description: Days until the first of all these certificates expires; null when there is none.
  returned: success
  type: int
drift:
  description: Whether M(dockyard.openshift.host_policy) with the same options would change something.
  returned: success
  type: bool
problems:
  description: Why M(dockyard.openshift.host_policy) would refuse the same options.
  returned: success
  type: list
  elements: str
selected:
  description: What O(query) selects.
  returned: success
  type: raw
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
"""
