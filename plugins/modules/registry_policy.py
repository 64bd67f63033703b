#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: registry_policy
short_description: Check a registry policy without contacting any host
version_added: 1.0.0
description:
  - Reads the words of a policy in all their shapes and returns them as plain lists.
  - Fails with one sentence that names the variable, the value and the reason when they are invalid.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes.controller
# BEGIN make docs: options
options:
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
- name: Check what the inventory says before any host is touched
  dockyard.openshift.registry_policy:
    search: registry.example.com:5000, registry.access.redhat.com
    blocked: public
"""

RETURN = r"""
policy:
  description: The words that were said, normalised.
  returned: success
  type: dict
  sample:
    search: ["registry.example.com:5000", registry.access.redhat.com]
    blocked: [docker.io]
trust:
  description: Registries to be trusted, and their authorities.
  returned: when O(trust) was given
  type: list
  elements: dict
notes:
  description: How entries were understood, where that is not obvious.
  returned: success
  type: list
  elements: str
"""
