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
  search:
    description:
      - Registries that are tried, in order, for an image name without a registry.
      - A list, a comma separated text or a JSON text. Each is C(host) or C(host:port).
      - Omitted, the list is left alone; an empty list empties it. So it is with all lists here.
    type: raw
  blocked:
    description:
      - Scopes that must not be pulled from. V(public) means C(docker.io). V(all) stands alone and means
        everything but O(search) and O(allowed).
      - A scope is C(host), C(host:port), either with a path, or C(*.domain).
    type: raw
  allowed:
    description:
      - Scopes that may be pulled from beside those of O(search) when everything else is blocked.
      - Without O(blocked) it means O(blocked=all). With any other O(blocked) it is refused.
    type: raw
  insecure:
    description:
      - Scopes that are reached over plain HTTP, or without verifying their certificate.
      - Address ranges such as V(10.0.0.0/8) are taken where the engine knows them.
    type: raw
  mirrors:
    description:
      - Where images of a scope are looked for first. A list of mappings with C(source), C(mirrors), and
        if wanted C(pull) (V(all), V(digest), V(tag)) and C(contact_source); or a JSON text of one.
      - C(source) is a scope. C(mirrors) is a list of C(host[:port][/path]), tried in order. C(pull) says
        which pulls the mirrors serve, V(all) unless given. C(contact_source) (V(true) unless given) says
        whether the source itself is tried when no mirror has the image.
      - docker mirrors C(docker.io) only, as a whole, and for all pulls.
    type: raw
  short_name_mode:
    description: How podman and its family resolve an image name without registry when several are searched,
      V(enforcing), V(permissive) or V(disabled).
    type: str
    choices: [enforcing, permissive, disabled]
  aliases:
    description: Full image names by short name, for podman and its family. An empty full name takes away
      an alias that other files define.
    type: dict
  hosted_registry_insecure:
    description: Whether O(hosted_registry_network) is one of O(insecure).
    type: bool
    default: false
  hosted_registry_network:
    description:
      - The service network of the cluster, in which the integrated registry has its address.
      - An engine that knows no address ranges leaves this one out with a note, instead of refusing it.
    type: str
    default: 172.30.0.0/16
  mode:
    description: With V(exact) the lists are ours; what else stands in them goes. With V(merge) ours are
      put beside those of others, and later only ours are removed. Unless given, V(exact) for docker of
      Red Hat's fork (RHEL 7), and V(merge) for every other engine.
    type: str
    choices: [exact, merge]
  unenforceable:
    description: What to do when an engine cannot enforce what is asked; V(warn) applies the rest.
    type: str
    choices: [fail, warn]
    default: fail
  foreign_scopes:
    description: What becomes of a scope of others in C(policy.json) that accepts something outside the
      allow-list. V(fail) names it and changes nothing, V(reject) makes it reject until the allow-list
      is lifted, V(keep) warns.
    type: str
    choices: [fail, reject, keep]
    default: fail
  from_variables:
    description: Whether options that are not given are taken from the variables of the role C(docker_registries),
      from C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
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
# BEGIN make docs: returned
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
