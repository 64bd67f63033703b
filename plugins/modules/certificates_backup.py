#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: certificates_backup
short_description: Save the certificates of registries of a host in an archive on the controller
version_added: 1.0.0
description:
  - Saves all of C(certs.d) of docker and podman, the anchors of the operating system's trust store, and authorities
    that stand in that store alone, as C(trust anchor --store) leaves them.
  - The same certificates give the same archive, so an unchanged host reports no change. An encrypted archive is
    decrypted to be compared.
  - Client keys are in the archive. It is readable for its owner only, and can be encrypted, or made without keys.
  - Symbolic links are named in the archive and not followed. They belong to packages.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes
# BEGIN make docs: options
options:
  path:
    description: The archive on the controller. The task creates missing directories, readable for their
      owner only.
    type: path
    required: true
  keys:
    description: Whether to save private keys.
    type: bool
    default: true
  encrypt:
    description: Whether to encrypt the archive with the vault password of this run.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.certificates_restore
"""

EXAMPLES = r"""
- name: Save the certificates
  dockyard.openshift.certificates_backup:
    path: /srv/backup/certificates/{{ inventory_hostname }}.tar
    encrypt: true
"""

RETURN = r"""
path:
  description: The archive.
  returned: success
  type: str
files:
  description: What is in it, as its manifest says.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Where it stood.
      type: str
    sha256:
      description: Checksum of it.
      type: str
    size:
      description: Bytes.
      type: int
    mode:
      description: Octal permissions.
      type: str
    uid:
      description: Number of its owner.
      type: int
    gid:
      description: Number of its group.
      type: int
    label:
      description: SELinux label; null without SELinux.
      type: str
    origin:
      description: V(file), or V(system trust) for an authority that stood in no file of its own.
      type: str
    certificates:
      description: What it holds.
      type: list
      elements: dict
      contains:
        subject:
          description: Whose it is.
          type: str
        fingerprint:
          description: SHA-256 of it.
          type: str
        not_after:
          description: The day on which it expires.
          type: str
        pkcs11:
          description: Address under which C(trust extract) finds it.
          type: str
        label:
          description: Name under which C(trust list) shows it.
          type: str
links:
  description: Symbolic links and where they lead.
  returned: success
  type: dict
left_out:
  description: Private keys that were not saved.
  returned: success
  type: list
  elements: str
"""
