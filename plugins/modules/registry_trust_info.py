#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: registry_trust_info
short_description: Report which certificates of registries a host trusts, and until when
version_added: 1.0.0
description:
  - Tells for every engine and registry which files it reads, whose certificates they hold, how long they are valid, and
    which files it never looks at because others hide them. Changes nothing.
  - Given the options of M(dockyard.openshift.registry_trust), it tells whether that task would change something.
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
  expires_in_days:
    description:
      - Name the certificates that expire within so many days in RV(expiring).
      - With it the host connects to the registries of the list, and RV(shown) says until when the certificates
        are valid that they show.
    type: int
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(docker_registries),
      from C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.registry_trust
"""

EXAMPLES = r"""
- name: Fail a nightly job when a certificate expires within a month
  dockyard.openshift.registry_trust_info:
    expires_in_days: 30
  register: certificates
  failed_when: certificates.expiring | length > 0

- name: Is everything still as it was put there?
  dockyard.openshift.registry_trust_info:
    trust: "{{ docker_registries_trust }}"
    query: "registries[].{name: name, engine: engine, files: files, shadowed: shadowed}"
  register: certificates
  failed_when: certificates.drift
"""

RETURN = r"""
# BEGIN make docs: returned
registries:
  description: One entry for each engine and each registry that has a directory in C(certs.d) or was asked
    for.
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
      contains:
        path:
          description: The file.
          type: str
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
      contains:
        path:
          description: The file.
          type: str
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
shown:
  description: The certificates that the registries of the list show to this host; empty without O(expires_in_days).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name or address of the registry.
      type: str
    certificate:
      description: The certificate, as in RV(registries[].certificates) without a path; null when it showed
        none.
      type: dict
    reason:
      description: Why it showed none.
      type: str
expiring:
  description: Certificates that expire within O(expires_in_days), soonest first.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
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
days_left:
  description: Days until the first of all these certificates expires; null when there is none.
  returned: success
  type: int
drift:
  description: Whether M(dockyard.openshift.registry_trust) with the same options would change something.
  returned: success
  type: bool
problems:
  description: Why M(dockyard.openshift.registry_trust) would refuse the same options.
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
