#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: container_registries
short_description: Say which image registries the container engines of a host search, block and reach insecurely
version_added: 1.0.0
description:
  - Serves every engine found on the host with the same words. These are docker 1.12 and 1.13 of Red Hat's fork, and
    podman, skopeo, buildah and CRI-O.
  - Reads the host once, plans, and writes only what differs; when nothing differs the host is called no second time.
  - Files are written all or none. The engine is then asked whether it sees the lists; if it does not, or does not
    come back, everything is put back as it was.
  - What an engine cannot enforce is refused before anything is written.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.policy.variables
  - dockyard.openshift.policy
  - dockyard.openshift.policy.applying
  - dockyard.openshift.attributes
options:
  activation:
    description:
      - What to do when an engine has to be restarted to see its files. podman, skopeo and buildah never have to be.
      - With V(if_idle) a restart that would take down running containers is refused before anything is written.
      - With V(now) it is restarted. With V(defer) it is not, and RV(pending) says so in every run until it was.
    type: str
    choices: [now, if_idle, defer]
    default: if_idle
  expect_plan:
    description: Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse any other.
    type: str
seealso:
  - module: dockyard.openshift.container_registries_info
  - module: dockyard.openshift.registry_policy
"""

EXAMPLES = r"""
- name: Search two registries, block Docker Hub
  dockyard.openshift.container_registries:
    search:
      - registry.example.com:5000
      - registry.access.redhat.com
    blocked: docker.io

- name: Pull from the company's registry only
  dockyard.openshift.container_registries:
    search: registry.example.com
    blocked: all

- name: Reach one registry over plain HTTP, and restart docker even under running containers
  dockyard.openshift.container_registries:
    insecure: plain.example.com:5000
    activation: now
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
