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
    description: What to do when an engine has to be restarted to see what changed. With V(if_idle) a
      restart that would take down running containers is refused before anything is written. With V(now)
      it is restarted. With V(defer) it is not, and RV(pending) says so in every run until it was.
    type: str
    choices: [now, if_idle, defer]
    default: if_idle
  expect_plan:
    description: Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse
      any other.
    type: str
  trust:
    description:
      - Registries whose certificates are to be trusted. A list of mappings with C(registry), C(ca) or
        C(ca_file), and if wanted C(aliases), C(client_cert) and C(client_key) (or their files), and C(state);
        or a JSON text of one.
      - C(registry) is C(host) or C(host:port), as in names of images. C(aliases) are further names and
        addresses.
      - C(ca) holds the certificates of the authorities that sign for it, as PEM text; C(ca_file) names
        a file on the controller with them. Several of them are trusted side by side, for instance while
        one takes over.
      - C(client_cert) and C(client_key), or C(client_cert_file) and C(client_key_file), are what the
        registry is shown when it asks. Files may be encrypted with ansible-vault.
      - C(state) is V(present) (the default) or V(absent).
      - Omitted, everything is left alone; an empty list takes away all that was put on the host.
    type: raw
  warn_days:
    description: Warn of certificates that expire within so many days.
    type: int
    default: 30
  scope:
    description:
      - With V(system) authorities go into the trust store of the operating system, where all programs
        see them. With V(engine) they go into C(certs.d) of the engines, where they count for their registry
        only. With V(both) they go into both.
      - With V(auto) they go into the first; names with a port, addresses, and all names on docker before
        1.13, which forgets the first when it finds anything in the second, get a directory in C(certs.d)
        as well.
      - A client certificate always goes into C(certs.d), because there is no other place for it.
    type: str
    choices: [auto, system, engine, both]
    default: auto
  purge:
    description:
      - Whether the list is all that is ours, so that what an earlier run put on the host for other registries
        goes.
      - With V(false) only the registries of the list are looked at.
    type: bool
    default: true
  verify:
    description: With V(full) the host verifies the certificates against its trust store and connects
      to the registries. One that cannot be reached is no failure. With V(store) it does the first only,
      with V(none) neither.
    type: str
    choices: [full, store, none]
    default: full
  from_variables:
    description: Whether options that are not given are taken from the variables of the role C(docker_registries),
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
      description: Names this plan; the same id means the same changes to the same files, down to what
        is sent.
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
