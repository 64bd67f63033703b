#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: registry_auth_info
short_description: Report which registries the container engines of a host are logged in to
version_added: 1.0.0
description:
  - Tells which files with logins there are, who reads them, and which registries and users are in them. Never a secret.
  - Given the options of M(dockyard.openshift.registry_auth), it tells whether that task would change something.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes.info
# BEGIN make docs: options
options:
  query:
    description: A JMESPath query over all returned values but the plan, its notes and what is pending.
      Its answer is RV(selected).
    type: str
  credentials:
    description:
      - Logins to registries. A list of mappings with C(registry), C(username) and C(password), or a JSON
        text of one.
      - C(registry) is C(host), C(host:port) or, for podman, CRI-O and the kubelet, with a path, as in
        names of images.
      - In place of C(password) there may be C(token), for which the user counts for nothing, or C(auth),
        the base64 of C(user:password) as it stands in auth files. C(password_file), C(token_file) and
        C(auth_file) name a file on the controller, which may be encrypted with ansible-vault.
      - C(state) is V(present) (the default) or V(absent), which takes the registry's own entry out of
        the files, whoever put it there.
      - Without it, all logins stay as they are.
    type: raw
  auth_files:
    description:
      - The files to write instead of those that the engines of the host read, as absolute paths. A name
        that ends in C(.dockercfg) is the old form.
      - Unless given, they are for docker C(/root/.docker/config.json), for podman, skopeo, buildah and
        CRI-O C(/root/.config/containers/auth.json), or what C(crio.conf) calls its C(global_auth_file).
      - For the kubelet it is C(/var/lib/kubelet/config.json). Nodes of OpenShift up to 3.10 have a file
        of their own, C(/var/lib/origin/.docker/config.json). What OpenShift 4 writes itself is left alone.
    type: list
    elements: str
    default: []
  purge_credentials:
    description: Whether to remove the entries that earlier runs put into these files for registries that
      the list no longer names. Entries of others stay in any case.
    type: bool
    default: false
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(docker_registries),
      from C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.registry_auth
"""

EXAMPLES = r"""
- name: Who is logged in where?
  dockyard.openshift.registry_auth_info:
  register: found

- name: Hosts on which a login is missing or another one
  dockyard.openshift.registry_auth_info:
    credentials:
      - registry: registry.example.com
        username: puller
        password: "{{ vault_puller_password }}"
  register: wanted
  failed_when: wanted.drift
"""

RETURN = r"""
# BEGIN make docs: returned
auth_files:
  description: The files for logins that the engines of this host read, whether they are there or not.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    read_by:
      description: The engines that read it.
      type: str
    problem:
      description: Why engines cannot read it; null when they can.
      type: str
    entries:
      description: Its entries, those of others too, and helpers. Never a secret.
      type: list
      elements: dict
      contains:
        key:
          description: The key of the entry; empty for the helper of everything (C(credsStore)).
          type: str
        kind:
          description:
            - V(basic) for user and password, V(token) for an identity token, V(helper) for a program
              that is asked, V(empty) for an entry that podman and CRI-O find no login in.
          type: str
        username:
          description: The user; null for a helper.
          type: str
        helper:
          description: Name of the helper; null for an entry.
          type: str
    exists:
      description: Whether the file is there.
      type: bool
    mode:
      description: Its permissions, octal.
      type: str
drift:
  description: Whether M(dockyard.openshift.registry_auth) with the same options would change something.
  returned: success
  type: bool
problems:
  description: Why M(dockyard.openshift.registry_auth) would refuse the same options.
  returned: success
  type: list
  elements: str
selected:
  description: What O(query) selects.
  returned: success
  type: raw
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
