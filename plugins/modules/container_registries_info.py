#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: container_registries_info
short_description: Report which image registries the container engines of a host search, block and reach insecurely
version_added: 1.0.0
description:
  - Asks every engine of the host and reads its files; changes nothing.
  - Given the options of M(dockyard.openshift.container_registries), it tells whether that task would change something.
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
  search:
    description:
      - Registries that engines try, in order, for an image name without a registry.
      - A list, a comma separated text or a JSON text. Each is C(host) or C(host:port).
      - Without it, the list on the host stays as it is; an empty list empties it. This holds for all
        lists here.
    type: raw
  blocked:
    description:
      - Scopes that engines must not pull from. V(public) means C(docker.io). V(all) stands alone and
        means everything but O(search) and O(allowed).
      - A scope is C(host), C(host:port), either with a path, or C(*.domain).
    type: raw
  allowed:
    description:
      - Scopes that engines may pull from beside those of O(search) when everything else is blocked.
      - Without O(blocked) it implies O(blocked=all). Any other value of O(blocked) beside it is refused.
    type: raw
  insecure:
    description:
      - Scopes that engines reach over plain HTTP, or without verifying their certificate.
      - Address ranges such as V(10.0.0.0/8) are allowed where the engine supports them.
    type: raw
  mirrors:
    description:
      - Where engines look first for images of a scope. A list of mappings with C(source), C(mirrors),
        and if wanted C(pull) (V(all), V(digest), V(tag)) and C(contact_source); or a JSON text of one.
      - C(source) is a scope. C(mirrors) is a list of C(host[:port][/path]), tried in order. C(pull) says
        which pulls the mirrors serve, V(all) unless given. C(contact_source) (V(true) unless given) says
        whether engines try the source itself when no mirror has the image.
      - docker mirrors C(docker.io) only, as a whole, and for all pulls.
    type: raw
  short_name_mode:
    description: How podman and its family resolve an image name without a registry when they search several
      registries, V(enforcing), V(permissive) or V(disabled).
    type: str
    choices: [enforcing, permissive, disabled]
  aliases:
    description: Full image names by short name, for podman and its family. An empty full name removes
      an alias that other files define.
    type: dict
  signatures:
    description:
      - Scopes whose images must be signed (sigstore); others than these need no signature. A list of
        mappings with C(scope) and C(key) or C(key_file), or a JSON text of one.
      - C(key) is a public key in PEM, as C(cosign.pub) holds it; C(key_file) names a file on the controller.
      - C(rekor_key) or C(rekor_key_file) is the public key of the log in which signatures must stand.
        C(signed_as) is the name under which the images of the scope were signed, where they are copies.
      - In place of a key, C(ca) or C(ca_file), C(issuer), C(email) and C(rekor_key) demand signatures
        by a person (keyless). That was not tested with real signatures.
      - podman, skopeo, buildah and CRI-O verify signatures; docker does not. Without it, what must be
        signed stays as it is; an empty list takes away what earlier runs demanded.
    type: raw
  hosted_registry_insecure:
    description: Whether to add O(hosted_registry_network) to O(insecure).
    type: bool
    default: false
  hosted_registry_network:
    description:
      - The service network of the cluster, which holds the address of its integrated registry.
      - An engine without address ranges leaves this one out with a note, instead of refusing it.
    type: str
    default: 172.30.0.0/16
  mode:
    description: V(exact) makes the lists exactly those of the policy and removes every other entry. V(merge)
      puts the entries of the policy beside those of others, and later removes only its own. Unless given,
      V(exact) for docker of Red Hat's fork (RHEL 7), and V(merge) for every other engine.
    type: str
    choices: [exact, merge]
  unenforceable:
    description: What to do when an engine cannot enforce what is asked; V(warn) applies the rest.
    type: str
    choices: [fail, warn]
    default: fail
  foreign_scopes:
    description: What to do with a scope of others in C(policy.json) that accepts images outside the allow-list.
      V(fail) names it and changes nothing, V(reject) makes it reject until the allow-list is lifted,
      V(keep) leaves it and warns.
    type: str
    choices: [fail, reject, keep]
    default: fail
  verify_pull:
    description:
      - Images that prove the lists, pulled by the engines of the host itself after a change; when one
        is not as it should be, everything is put back. Nothing is pulled unless this is set, or where
        nothing changes.
      - The task that only reports pulls them at every run. An image that was not there before is removed
        again.
      - With it comes a warning for each insecure registry, and one where V(all) is blocked and images
        of C(docker.io) are out of reach.
    type: dict
    suboptions:
      comes:
        description: Images that the host must be able to pull.
        type: list
        elements: str
        default: []
      refused:
        description: Images that it must not be able to pull, for whatever reason.
        type: list
        elements: str
        default: []
      pushed:
        description: Names under which an empty image is pushed and then pulled; it stays in the registry.
          CRI-O cannot push.
        type: list
        elements: str
        default: []
  images:
    description: Images for which RV(images) says where podman, skopeo, buildah and CRI-O of this host
      would pull them from. The task contacts no registry and returns no secret.
    type: list
    elements: str
  record:
    description:
      - A file on the controller to which the look at this host is written, readable for its owner only,
        for the filter P(dockyard.openshift.registries_plan#filter) and for reports of mistakes. One file
        a host.
      - Passwords in addresses, values of settings whose names speak of a password, token, secret or key,
        and files of logins are left out of it. In check mode nothing is written.
    type: path
  record_encrypt:
    description: Whether to encrypt the file of O(record) with the vault password of this run; then nothing
      is left out.
    type: bool
    default: false
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(docker_registries),
      from C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.container_registries
"""

EXAMPLES = r"""
- name: What do the engines of this host have?
  dockyard.openshift.container_registries_info:
  register: registries

- name: Where would this host pull these images from, and could it?
  dockyard.openshift.container_registries_info:
    images: [registry.example.com/team/app, busybox]
    query: images[].candidates[].[reference, refused, endpoints[].reference]
  register: sources

- name: Is Docker Hub blocked everywhere?
  dockyard.openshift.container_registries_info:
    blocked: docker.io
    query: "engines[].{engine: title, blocked: blocked}"
  register: registries
  failed_when: registries.drift
"""

RETURN = r"""
# BEGIN make docs: returned
policy:
  description: The words of the policy about lists, mirrors and names, as they were understood.
  returned: success
  type: dict
pulled:
  description: What came of each image of O(verify_pull).
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: The image.
      type: str
    engine:
      description: The program that pulled it.
      type: str
    expected:
      description: One of V(comes), V(refused), V(pushed).
      type: str
    ok:
      description: Whether it was as expected.
      type: bool
    said:
      description: What happened, in one line.
      type: str
own_files:
  description:
    - Files that users without root have of their own, which their podman, skopeo and buildah read instead
      of those of the system or beside them, and units and quadlets that name another file.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    user:
      description: Whose programs read it.
      type: str
    line:
      description: The line that sets RV(own_files[].variable); null for a file that is read by its name.
      type: int
    variable:
      description: C(REGISTRY_AUTH_FILE) or C(CONTAINERS_REGISTRIES_CONF).
      type: str
recorded:
  description: The file of O(record); null where none was written.
  returned: success
  type: str
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
      description: Full name.
      type: str
    version:
      description: Version, as the engine reports it.
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
      description: The files that hold these lists.
      type: list
      elements: str
    problems:
      description: What is wrong with these files.
      type: list
      elements: str
images:
  description: One answer for each of O(images), as the filter P(dockyard.openshift.pull_sources#filter)
    gives it.
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: The image as given in O(images).
      type: str
    candidates:
      description:
        - One for each full name that the image may stand for, with C(reference), C(prefix), C(refused),
          C(policy) and C(endpoints).
        - Each endpoint has C(reference), C(location), C(mirror), C(insecure), C(blocked), C(blocked_by)
          (file, line and prefix), C(ca_directory) and C(credential).
        - The credential is the file and key of the login that would be used, or the helper of C(credential-helpers)
          that would be asked, which alone knows whether it has one.
      type: list
      elements: dict
drift:
  description: Whether M(dockyard.openshift.container_registries) with the same options would change something.
  returned: success
  type: bool
problems:
  description: Why M(dockyard.openshift.container_registries) would refuse the same options.
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
