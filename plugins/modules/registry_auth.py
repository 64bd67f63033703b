#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: registry_auth
short_description: Log the container engines of a host in to registries
version_added: 1.0.0
description:
  - Puts logins into the files in which docker, podman, CRI-O and the kubelet of the host look for them, and takes them
    out again. No daemon is asked, nothing is restarted, and no password stands on a command line.
  - Entries of others stay, and so does every other byte of these files. A file that cannot be read as JSON, or that
    engines read in different ways, is refused.
  - The files have the mode 0600; owner and label of a file that is there stay.
  - Whatever an engine would use in place of the login that was asked for is a warning, such as a credential helper, an
    entry for a part of the registry, or another file that is read first.
  - A plan and its difference show registries and users. Of a secret they show a mark that is made with a key of this
    run, so that a person sees whether two are the same.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes
# BEGIN make docs: options
options:
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
  state:
    description: 'V(absent) takes everything off the host that this collection ever put there, whatever
      else is asked for: entries of lists, certificates, and what is remembered of them. Entries of others
      stay.'
    type: str
    choices: [present, absent]
    default: present
  undo:
    description:
      - Take back the plan with this RV(plan.id) instead of bringing anything to the host. Of several,
        the one that is the last on the host.
      - Every file becomes what it was before, services look at their files again, and each engine is
        asked whether it agrees. Refused when it is not the last plan that changed the host, or when a
        file of it was changed since.
    type: list
    elements: str
    default: []
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
  verify_logins:
    description:
      - Whether the host itself tries each new login at its registry, after the files are written. If
        one is refused, everything is put back. A registry that cannot be reached is not a failure.
      - The secret is sent over HTTPS to the registry or to the token service that it names, and over
        HTTP only where the policy calls the registry C(insecure). No redirect is followed.
    type: bool
    default: false
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(docker_registries),
      from C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.registry_auth_info
  - plugin: dockyard.openshift.registry_credential
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Log in to two registries
  dockyard.openshift.registry_auth:
    credentials:
      - registry: registry.example.com:5000
        username: puller
        password: "{{ vault_puller_password }}"
      - registry: quay.io/team
        username: team+robot
        token_file: quay-token # may be encrypted with ansible-vault

- name: Log out of one registry, whatever others there are
  dockyard.openshift.registry_auth:
    credentials:
      - registry: old.example.com
        state: absent

- name: A file of a service
  dockyard.openshift.registry_auth:
    auth_files: [/etc/builder/auth.json]
    credentials: "{{ vault_builder_credentials }}"
"""

RETURN = r"""
# BEGIN make docs: returned
logins:
  description: The logins that were asked for, without their secrets.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: The registry, or a part of it.
      type: str
    username:
      description: The user; null for one that is to be absent.
      type: str
    state:
      description: V(present) or V(absent).
      type: str
auth_files:
  description: The files for logins of this host's engines, as they are once the plan is carried out.
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
logins_verified:
  description: What the host found out of the logins; empty unless O(verify_logins), and when nothing
    changed.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: The registry of the login.
      type: str
    outcome:
      description:
        - V(accepted), V(unasked) where the registry wants no login, or V(undecided) where it could not
          be asked. V(refused) fails the task.
      type: str
    reason:
      description: Who said so, or why nobody did.
      type: str
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
