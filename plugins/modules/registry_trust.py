#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: registry_trust
short_description: Have the container engines of a host trust the certificates of registries
version_added: 1.0.0
description:
  - Puts certificate authorities where each engine of the host looks for them, which is the trust store of the operating
    system, C(certs.d) of docker, or C(certs.d) of podman, skopeo, buildah and CRI-O.
  - Every certificate is judged on the controller first. A key in place of a certificate, a server's certificate in
    place of its authority's, what is expired or not yet valid, and two authorities for one name are refused before the
    host is touched.
  - After the commit the host itself verifies the certificates against what programs read, and makes a TLS connection
    to every registry that answers, by every name. If one is not believed, everything is put back.
  - docker and CRI-O read the trust store of the operating system only when they start. They are restarted when a
    registry is found through it alone, and it changed for that registry. C(certs.d) is read at every pull.
  - Later it removes what it put there, and nothing else.
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
  trust:
    description:
      - Registries whose certificates the host shall trust. A list of mappings with C(registry), C(ca)
        or C(ca_file), and if wanted C(aliases), C(client_cert) and C(client_key) (or their files), and
        C(state); or a JSON text of one.
      - C(registry) is C(host) or C(host:port), as in names of images. C(aliases) are further names and
        addresses.
      - C(ca) holds the certificates of the authorities that sign for it, as PEM text; C(ca_file) names
        a file on the controller with them. Several authorities are trusted side by side, for instance
        while one replaces another.
      - C(client_cert) and C(client_key), or C(client_cert_file) and C(client_key_file), are what the
        host shows the registry when it asks. Files may be encrypted with ansible-vault.
      - C(state) is V(present) (the default) or V(absent).
      - Without it, all certificates stay as they are; an empty list removes everything that earlier runs
        put on the host.
    type: raw
  warn_days:
    description: Warn of certificates that expire within so many days.
    type: int
    default: 30
  scope:
    description:
      - V(system) puts authorities into the trust store of the operating system, where all programs see
        them. V(engine) puts them into C(certs.d) of the engines, where they count for their registry
        only. V(both) does both.
      - V(auto) uses the trust store. It adds a directory in C(certs.d) for names with a port, for addresses,
        and for all names on docker before 1.13, which forgets the trust store when it finds anything
        in C(certs.d).
      - A client certificate always goes into C(certs.d), because there is no other place for it.
    type: str
    choices: [auto, system, engine, both]
    default: auto
  purge:
    description:
      - Whether to remove what earlier runs put on the host for registries that the list no longer names.
      - V(false) looks at the registries of the list only.
    type: bool
    default: true
  verify:
    description: V(full) makes the host verify the certificates against its trust store and connect to
      the registries; a registry that cannot be reached is not a failure. V(store) does the first only,
      V(none) neither.
    type: str
    choices: [full, store, none]
    default: full
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(docker_registries),
      from C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.registry_trust_info
  - module: dockyard.openshift.certificates_backup
"""

EXAMPLES = r"""
- name: Trust the company's registry, by name and by address
  dockyard.openshift.registry_trust:
    trust:
      - registry: registry.example.com:5000
        aliases: [10.10.10.10:5000]
        ca_file: company-ca.crt

- name: A registry that wants to see a client certificate
  dockyard.openshift.registry_trust:
    trust:
      - registry: registry.example.com
        ca_file: company-ca.crt
        client_cert_file: node.crt
        client_key_file: node.key # may be encrypted with ansible-vault

- name: Trust one registry no longer, whatever others there are
  dockyard.openshift.registry_trust:
    trust:
      - registry: old.example.com
        state: absent
    purge: false
"""

RETURN = r"""
# BEGIN make docs: returned
registries:
  description: The registries that the host shall trust.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: Name of the registry.
      type: str
    names:
      description: Name and aliases of the registry.
      type: list
      elements: str
    certificates:
      description: The authorities that sign for it.
      type: list
      elements: dict
      contains:
        subject:
          description: Subject of the certificate.
          type: str
        issuer:
          description: Issuer of the certificate.
          type: str
        fingerprint:
          description: SHA-256 fingerprint, hexadecimal.
          type: str
        not_before:
          description: Start of its validity, in UTC.
          type: str
        not_after:
          description: End of its validity, in UTC.
          type: str
        days_left:
          description: Whole days until the certificate expires; negative after that.
          type: int
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
