#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: container_storage
short_description: Make, grow or switch the storage that a host has for images
version_added: 1.0.0
description:
  - Makes the storage of docker on a node of OpenShift 3 with C(docker-storage-setup), grows it, or goes to another
    driver. Grows the volume below C(/var/lib/containers) or C(/var/lib/docker) of other hosts as well.
  - Everything is checked before anything is touched - keys and sizes, every disk, the group, the volume, the mount, and
    what docker answers. Each step on the host looks once more, right before it acts, at what the plan was made from.
  - Nothing is touched that the configuration does not name, no signature is ever wiped to take a disk, and no disk of
    the system is ever taken.
  - A switch is several transactions. Between them docker is kept from starting, after a reboot too. A run that died is
    gone on with by the next one; the state is read from the host.
  - What C(docker-storage-setup) returns proves nothing, so afterwards the files, the mount and docker itself are asked.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes
# BEGIN make docs: options
options:
  activation:
    description: Whether docker may be stopped while containers run. V(if_idle) refuses that before anything
      is touched.
    type: str
    choices: [now, if_idle]
    default: if_idle
  expect_plan:
    description: Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse
      any other.
    type: str
  driver:
    description: 'The driver that docker shall have, C(STORAGE_DRIVER): V(overlay2) or V(devicemapper).'
    type: str
  devices:
    description:
      - 'Disks for the volume group: whole ones, by any name, as a list or a text with spaces. They are
        added to C(DEVS); disks of it that are in the group stay.'
      - A disk that holds anything, is in use, belongs to another group, or is the system's own, is refused.
    type: raw
  settings:
    description:
      - Keys of C(/etc/sysconfig/docker-storage-setup) by name, such as C(VG) and C(DATA_SIZE); those
        of openshift-ansible's C(docker_storage_setup_options) are taken too.
      - A volume for overlay2 has C(CONTAINER_ROOT_LV_NAME), C(CONTAINER_ROOT_LV_MOUNT_PATH) and perhaps
        C(CONTAINER_ROOT_LV_SIZE).
      - Keys that are not named stay as they are on the host.
    type: dict
  mode:
    description: V(setup) makes the storage of a host that has none, and changes keys of its file. V(grow)
      takes more disks into the group and grows the volume with its file system; everything on it stays.
      V(switch) goes to another driver or volume, and destroys the images and containers there.
    type: str
    choices: [setup, grow, switch]
    default: setup
  path:
    description: With O(mode=grow), the mount point of the volume that shall grow, such as V(/var/lib/containers)
      of podman and CRI-O. Unless given, it is the volume that docker-storage-setup has made.
    type: str
  size:
    description: 'With O(mode=grow), how large the volume shall be: V(100%FREE) for all there is, a share
      of the group such as V(80%VG), or a size such as V(200G). Nothing is ever made smaller.'
    type: str
    default: 100%FREE
  remove_volume_group:
    description: With O(mode=switch), whether the volume group goes as well, with its physical volumes
      and the partition tables of its disks. Refused when it has volumes of anybody else.
    type: bool
    default: false
  confirm:
    description: The name of this host in the inventory, without which nothing is destroyed. The plan
      of a run without it says what that would be.
    type: str
  timeout:
    description: How many seconds docker-storage-setup, or the growth of a file system, may take.
    type: int
    default: 600
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(node_storage)
      and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.container_storage_info
  - module: dockyard.openshift.node_drain
"""

EXAMPLES = r"""
- name: Make the storage of a fresh node
  dockyard.openshift.container_storage:
    driver: overlay2
    devices: [/dev/vdb]
    settings:
      VG: docker_vg
      CONTAINER_ROOT_LV_NAME: dockerlv
      CONTAINER_ROOT_LV_MOUNT_PATH: /var/lib/docker
      CONTAINER_ROOT_LV_SIZE: 100%FREE

- name: Take one more disk, and grow the volume and its file system
  dockyard.openshift.container_storage:
    mode: grow
    devices: [/dev/vdc]

- name: Grow the volume of podman
  dockyard.openshift.container_storage:
    mode: grow
    path: /var/lib/containers
    devices: [/dev/vdc]
    settings: {VG: containers}

- name: Go to overlay2; everything that docker has here goes
  dockyard.openshift.container_storage:
    mode: switch
    driver: overlay2
    settings:
      VG: docker_vg
      CONTAINER_ROOT_LV_NAME: dockerlv
      CONTAINER_ROOT_LV_MOUNT_PATH: /var/lib/docker
      CONTAINER_ROOT_LV_SIZE: 100%FREE
    confirm: "{{ inventory_hostname }}"
    activation: now
"""

RETURN = r"""
# BEGIN make docs: returned
storage:
  description: The storage as the last look found it.
  returned: success
  type: dict
  contains:
    stage:
      description: What would come next, one of V(hold), V(clear), V(make), V(release), V(grow), V(write);
        empty when nothing does.
      type: str
    held:
      description: Whether a switch is under way, so that docker is kept from starting.
      type: bool
    configured:
      description: The driver in C(docker-storage-setup) as it shall be, and the one in C(docker-storage).
      type: dict
    docker:
      description: The driver, the root, the pool and the number of images of a running docker; null when
        it is down.
      type: dict
    root:
      description: The directory in which docker keeps its data.
      type: str
    volume_group:
      description: The name of the volume group, its size and what is free in bytes, and the number of
        its physical volumes.
      type: dict
    volume:
      description: The volume for images with its kind, its size in bytes, and how full a pool is in percent.
      type: dict
    disks:
      description: The disks on which the volume group is.
      type: list
      elements: str
    lost:
      description: What would be destroyed.
      type: list
      elements: str
before:
  description: The same values as they were before the first stage.
  returned: success
  type: dict
stages:
  description: The transactions that were carried out, or would be the next, in the order of their time.
  returned: always
  type: list
  elements: str
account:
  description: The outcome as text for a person. A headline, then the plan or the differences, one line
    each.
  returned: success
  type: list
  elements: str
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
asked_by:
  description:
    - Each option that says what is wanted, with the variables that it was taken from, or its own name
      where the task gives it.
  returned: success
  type: dict
  sample:
    search:
      - registry_policy.search
    insecure:
      - openshift_docker_insecure_registries
      - openshift_docker_options
# END make docs
"""
